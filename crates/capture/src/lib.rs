//! Live pictures and sound made on this machine: the demo camera.
#![forbid(unsafe_code)]
