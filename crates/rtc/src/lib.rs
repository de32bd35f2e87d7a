//! WebRTC: a pure peer and the engine of media threads that drives it.
#![forbid(unsafe_code)]
