//! How fast a camera is read at most, on a clock that the caller turns.
//!
//! A camera that sends as fast as it is read (A7, A9: units without an end) would cost a core here
//! and another one at its end, for as long as it takes to see that no picture comes of it. Not read,
//! it has to wait over TCP, and over UDP the kernel drops what it sends.

use std::time::{Duration, Instant};

/// Bytes in a second: 256 Mbit/s, five times what the largest cameras are set to.
const RATE: u64 = 32 * 1024 * 1024;

/// How far ahead of that rate a camera may be: 8 MiB, twice the largest frame that is taken.
const AHEAD: Duration = Duration::from_millis(250);

/// The pace of one session.
#[derive(Debug, Default)]
pub(super) struct Pace {
    /// When what has been read would have been through at [`RATE`].
    through: Option<Instant>,
}

impl Pace {
    /// So many bytes were read.
    pub(super) fn on_read(&mut self, bytes: usize, now: Instant) {
        let bytes = u64::try_from(bytes).unwrap_or(u64::MAX);
        let takes = Duration::from_nanos(bytes.saturating_mul(1_000_000_000) / RATE);
        let from = self.through.map_or(now, |through| through.max(now));
        self.through = Some(from + takes);
    }

    /// Until when nothing is to be read; `None`: read on.
    pub(super) fn pause(&self, now: Instant) -> Option<Instant> {
        let until = self.through?.checked_sub(AHEAD)?;
        (until > now).then_some(until)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[expect(
        clippy::disallowed_methods,
        reason = "the fake clock needs a first value"
    )]
    fn start() -> Instant {
        Instant::now()
    }

    // A9: read as fast as it sends, it gets no more than the rate.
    #[test]
    fn who_sends_without_end_is_read_at_the_rate() {
        let (mut pace, begin) = (Pace::default(), start());
        let (mut now, mut read) = (begin, 0);
        while now < begin + Duration::from_secs(10) {
            match pace.pause(now) {
                Some(until) => now = until,
                None => {
                    pace.on_read(64 * 1024, now);
                    read += 64 * 1024;
                }
            }
        }
        let most = RATE * 10 + 8 * 1024 * 1024;
        assert!(
            (RATE * 10..=most + 64 * 1024).contains(&read),
            "{read} of {most}"
        );
    }

    // A keyframe of 4 MiB in one piece, and what a stalled network held back for a second, wait for
    // nothing.
    #[test]
    fn bursts_of_real_cameras_are_not_held_up() {
        let (mut pace, mut now) = (Pace::default(), start());
        for _ in 0..20 {
            pace.on_read(4 * 1024 * 1024, now);
            assert_eq!(pace.pause(now), None);
            now += Duration::from_secs(1);
        }
        // 50 Mbit/s, all of a second at once.
        pace.on_read(50_000_000 / 8, now);
        assert_eq!(pace.pause(now), None);
    }
}
