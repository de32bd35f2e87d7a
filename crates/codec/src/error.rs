//! What can go wrong in a codec.

use crate::Size;

/// Why something was not encoded, decoded or converted.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// OpenH264 refused its settings, a picture or a NAL unit.
    #[error("H.264: {0}")]
    H264(#[from] openh264::Error),
    /// libopus refused its settings or a packet.
    #[error("Opus: {0}")]
    Opus(#[from] opus::Error),
    /// Symphonia refused its settings or an access unit.
    #[error("AAC: {0}")]
    Aac(String),
    /// rubato refused its settings or samples.
    #[error("resampling: {0}")]
    Resampling(String),
    /// I420 halves both sides for colour, so they must be even and not zero.
    #[error("a picture of {0} can't be held as I420: both sides must be even and not zero")]
    Size(Size),
    /// A picture of another size than the encoder was made for.
    #[error("the encoder was made for {expected} and got {got}")]
    OtherSize {
        /// What the encoder was made for.
        expected: Size,
        /// What it was given.
        got: Size,
    },
    /// A picture can't become a JPEG.
    #[error("JPEG: {0}")]
    Still(String),
    /// As many bytes or samples as the format asks for, or nothing.
    #[error("expected {expected} bytes or samples, got {got}")]
    Length {
        /// What the format asks for.
        expected: usize,
        /// What there was.
        got: usize,
    },
}
