//! Any camera, on any screen and in any program, in real time: the binary.
#![forbid(unsafe_code)]

mod log;

fn main() {}
