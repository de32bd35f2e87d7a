//! H.264 and Opus encoders, colour conversion: the C libraries live behind this door.
#![forbid(unsafe_code)]
