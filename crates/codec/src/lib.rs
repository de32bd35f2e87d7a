//! Encoders and decoders: the C libraries live behind this door.
//!
//! | door | library | for |
//! |---|---|---|
//! | [`H264Encoder`], [`H264Decoder`] | OpenH264 | what `capture` makes; pictures for tests and snapshots |
//! | [`OpusEncoder`], [`OpusDecoder`] | libopus | 20 ms of sound at a time |
//! | [`SoundConverter`] | Symphonia, rubato, libopus | AAC-LC and plain samples to Opus |
//! | [`jpeg`] | yuv, fast_image_resize, jpeg-encoder | snapshots |
//! | [`Picture`] | none | I420, BT.709 limited range, as the encoder signals it |
//!
//! Nothing here knows RTP, threads or clocks: pictures and times in, NAL units and packets out.
//! What a forwarded stream needs is never decoded; this crate works only where pixels are asked for, and
//! where sound is of a kind that no browser plays.
#![forbid(unsafe_code)]

mod error;
mod h264;
mod jpeg;
mod opus;
mod picture;
mod sound;

pub use error::Error;
pub use h264::{Encoded, H264Decoder, H264Encoder, H264Settings};
pub use jpeg::jpeg;
pub use opus::{OPUS_FRAME, OPUS_RATE, OpusDecoder, OpusEncoder, OpusSettings};
pub use picture::{Picture, Size, Yuv};
pub use sound::{OpusPacket, SoundCoding, SoundConverter, SoundSettings};
