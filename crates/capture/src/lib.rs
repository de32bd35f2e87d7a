//! Live pictures and sound made on this machine, encoded and written to a stream.
//!
//! | part | owns | reads the clock |
//! |---|---|---|
//! | [`Source`] | where pictures and sound come from: now [`TestPattern`], later cameras and files | no |
//! | `recorder` | what is due when, encoding, packets; pure, time is an argument | no |
//! | [`Camera`] | the thread that drives a recorder and writes to a [`Stream`](lenswire_media::Stream) | yes, only it |
//!
//! Encoding is work for a processor, so each camera has a thread of its own and no runtime. It runs
//! while its [`Camera`] lives; when to start and stop one is the caller's decision.
#![forbid(unsafe_code)]

mod cadence;
mod camera;
pub mod pattern;
mod recorder;

use lenswire_codec::{Picture, Size};
use lenswire_media::WallTime;

pub use camera::{Camera, Ended, Event};
pub use pattern::{TestPattern, stamp};

/// What a source gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Format {
    /// Of every picture.
    pub size: Size,
    /// Pictures a second.
    pub rate: u32,
    /// Sound channels, 1 or 2.
    pub channels: u8,
}

/// Something that can be seen and heard at any moment it is asked.
pub trait Source: Send {
    /// What it gives; the same for its whole life.
    fn format(&self) -> Format;

    /// The picture of this moment, which is what viewers will take it for.
    fn picture(&mut self, now: WallTime) -> &Picture;

    /// Fills `samples` (48 kHz, channels interleaved) with what sounds from `start` on.
    fn sound(&mut self, start: WallTime, samples: &mut [i16]);
}

/// Some instant: clocks in tests start anywhere.
#[cfg(test)]
#[expect(
    clippy::disallowed_methods,
    reason = "there is no other way to make an Instant"
)]
fn any_instant() -> std::time::Instant {
    std::time::Instant::now()
}
