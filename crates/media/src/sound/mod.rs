//! Sound that no browser plays as the camera sends it: what it is, and how it is taken out of its RTP.
//!
//! AAC by RFC 3640 (`MPEG4-GENERIC`) and RFC 6416 (`MP4A-LATM`), and plain samples (L16, RFC 3551). It
//! never enters a stream like this: its source has it converted to Opus first. Pure, like all of this
//! crate; nothing is decoded here.

mod bits;
mod config;
mod depacketize;
#[cfg(test)]
mod tests;

use std::fmt;

pub use config::{Unsupported, aac_lc, latm};
pub use depacketize::{Depacketizer, Unit};

/// Samples of one channel in an AAC access unit.
pub const AAC_FRAME: u32 = 1_024;

/// How the samples are coded, and how that is carried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Coding {
    /// AAC-LC in access units with AU headers (RFC 3640, 3.2.1); the sizes of their fields in bits.
    Aac(AuHeaders),
    /// AAC-LC in audioMuxElements without configuration (RFC 6416, `cpresent=0`).
    AacLatm,
    /// Samples of 16 bits, the high byte first.
    L16,
}

/// The fields of an AU header (RFC 3640, 3.2.1.1). Those not named here are absent in AAC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AuHeaders {
    /// AU-size.
    pub size: u8,
    /// AU-Index, which the first header of a packet has.
    pub index: u8,
    /// AU-Index-delta, which the others have.
    pub index_delta: u8,
}

/// Sound as a camera sends it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Format {
    /// How it is coded.
    pub coding: Coding,
    /// Samples a second of one channel.
    pub rate: u32,
    /// The RTP clock in hertz; the same but for cameras that announce what a better decoder makes of it.
    pub clock_rate: u32,
    /// 1 or 2.
    pub channels: u8,
}

/// As people say it.
impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.coding {
            Coding::Aac(_) | Coding::AacLatm => "AAC",
            Coding::L16 => "L16",
        })
    }
}
