//! RTSP 1.0 as state machines: bytes and time in, bytes and events out.
#![forbid(unsafe_code)]
