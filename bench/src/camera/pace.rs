//! When a camera's pictures are due, and when they get out: its clock may run fast, its network may
//! stall.

use std::time::Duration;

/// How a camera misbehaves; by default it doesn't.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Quirks {
    /// How much faster than ours its clock runs, in parts per million.
    pub(crate) fast_ppm: u32,
    /// Stalls, if any.
    pub(crate) stalls: Option<Stalls>,
}

/// Stalls that come again and again, of two kinds in turn: the network holds everything back and then
/// lets it go at once; the camera makes no pictures.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stalls {
    /// From the end of one to the begin of the next.
    pub(crate) between: Duration,
    pub(crate) length: Duration,
}

/// What happens to a picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Flow {
    /// It is sent.
    Sent,
    /// It waits for the end of the stall.
    Held,
    /// It is not made.
    Missing,
}

/// A camera's clock.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pace {
    pub(super) rate: u32,
    pub(super) quirks: Quirks,
}

impl Pace {
    /// When the `n`th picture is due, by our clock.
    pub(super) fn due(&self, n: u64) -> Duration {
        let media = Duration::from_nanos(1_000_000_000 / u64::from(self.rate));
        let speed = 1.0 + f64::from(self.quirks.fast_ppm) / 1e6;
        Duration::from_secs_f64(media.as_secs_f64() * n as f64 / speed)
    }

    /// Its time in the camera's clock of 90 kHz.
    pub(super) fn time(&self, n: u64) -> u32 {
        (n * 90_000 / u64::from(self.rate)) as u32
    }

    /// The next picture that is still to come.
    pub(super) fn next(&self, after: u64, elapsed: Duration) -> u64 {
        let interval = self.due(1).as_secs_f64();
        let passed = (elapsed.as_secs_f64() / interval) as u64;
        (after + 1).max(passed + 1)
    }

    pub(super) fn flow(&self, at: Duration) -> Flow {
        let Some(stalls) = self.quirks.stalls else {
            return Flow::Sent;
        };
        let period = (stalls.between + stalls.length).as_secs_f64();
        let (round, place) = (
            (at.as_secs_f64() / period) as u64,
            at.as_secs_f64() % period,
        );
        match (place < stalls.between.as_secs_f64(), round % 2) {
            (true, _) => Flow::Sent,
            (false, 0) => Flow::Held,
            (false, _) => Flow::Missing,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fast_clock_gains_half_a_millisecond_a_second() {
        let quirks = Quirks {
            fast_ppm: 500,
            stalls: None,
        };
        let pace = Pace { rate: 25, quirks };
        let hour = pace.due(25 * 3_600);
        let early = Duration::from_secs(3_600) - hour;
        assert!((1_799..1_801).contains(&early.as_millis()), "{early:?}");
        assert_eq!(pace.time(25 * 3_600), 324_000_000);
        assert_eq!(pace.next(7, Duration::ZERO), 8);
        assert_eq!(pace.next(7, Duration::from_secs(1)), 26);
    }

    #[test]
    fn stalls_take_turns() {
        let stalls = Stalls {
            between: Duration::from_secs(55),
            length: Duration::from_secs(5),
        };
        let pace = Pace {
            rate: 25,
            quirks: Quirks {
                fast_ppm: 0,
                stalls: Some(stalls),
            },
        };
        let flows = [54, 57, 61, 117, 177].map(|second| pace.flow(Duration::from_secs(second)));
        assert_eq!(
            flows,
            [
                Flow::Sent,
                Flow::Held,
                Flow::Sent,
                Flow::Missing,
                Flow::Held
            ]
        );
    }
}
