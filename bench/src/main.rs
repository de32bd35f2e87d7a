//! Measures Lenswire and its peers with the same harness.
#![forbid(unsafe_code)]

fn main() {}
