//! H.264 by OpenH264: Constrained Baseline out, any progressive 8-bit 4:2:0 profile without
//! reordering in.

mod decoder;
mod encoder;
#[cfg(test)]
mod tests;

pub use decoder::H264Decoder;
pub use encoder::{Encoded, H264Encoder, H264Settings};
