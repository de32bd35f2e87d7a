//! Live pictures with the time in them, for glass-to-glass delay.

use std::time::Duration;

use anyhow::{Context, Result};
use lenswire_capture::{Source, TestPattern};
use lenswire_codec::{H264Encoder, H264Settings};

use super::{Feed, Parameters};
use crate::clock;

/// Not 30: its phase would lock to a display of 60 Hz, and the median with it.
const RATE: u32 = 29;

/// Pictures left out that make a pause: three seconds.
const PAUSE: u64 = 3 * RATE as u64;

/// The demo camera's pattern, drawn and encoded when it is due.
pub(super) struct Live {
    pattern: TestPattern,
    encoder: H264Encoder,
    parameters: Parameters,
    /// The number of the next picture, if it follows the last one.
    next: u64,
}

impl Live {
    pub(super) fn new(keyframes: Duration) -> Result<Self> {
        let mut pattern = TestPattern::new()?;
        let size = pattern.format().size;
        let settings = H264Settings {
            size,
            rate: RATE,
            bitrate: 2_000_000,
            keyframe_interval: keyframes,
        };
        let mut encoder = H264Encoder::new(settings)?;
        let first = encoder.encode(pattern.picture(clock::wall()), Duration::ZERO, false)?;
        let parameters = Parameters::of(first.nal_units()).context("no parameter sets")?;
        Ok(Self {
            pattern,
            encoder,
            parameters,
            next: 0,
        })
    }
}

impl Feed for Live {
    fn parameters(&self) -> Parameters {
        self.parameters.clone()
    }

    fn picture(&mut self, n: u64) -> Result<Vec<Vec<u8>>> {
        let time = Duration::from_secs(n) / RATE;
        // Who comes after a pause must not wait for a keyframe; a picture that a busy machine left out
        // is no pause, or the GOP would not be what it is called.
        let paused = n > self.next + PAUSE;
        self.next = n + 1;
        let encoded = self
            .encoder
            .encode(self.pattern.picture(clock::wall()), time, paused)?;
        Ok(encoded.nal_units().map(<[u8]>::to_vec).collect())
    }

    fn rate(&self) -> u32 {
        RATE
    }
}
