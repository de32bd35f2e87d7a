//! How long to wait before a source is tried again.

use std::time::{Duration, Instant};

/// First wait. Most cameras that drop a connection take the next one at once.
const FIRST: Duration = Duration::from_millis(500);
/// Longest wait while the trouble is young: a camera that reboots is back within a few seconds of
/// its port opening.
const CAP: Duration = Duration::from_secs(2);
/// For how long a source counts as briefly away.
const YOUNG: Duration = Duration::from_secs(5 * 60);
/// Wait between tries after that: often enough to be noticed, seldom enough for a dead network.
const CAP_LATER: Duration = Duration::from_secs(15);

/// Counts the failures in a row of one source: 0.5, 1, 2, 2 ... s for 5 minutes, then 15 s, each
/// spread by up to half in both directions *after* the cap, so that many sources which failed
/// together do not come back together.
#[derive(Debug, Default)]
pub struct Backoff {
    failing_since: Option<Instant>,
    failures: u32,
}

impl Backoff {
    /// Nothing has failed yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Notes a failure and says how long to wait before the next try. `random` is evenly spread
    /// over 0 to 1.
    #[must_use]
    pub fn failed(&mut self, now: Instant, random: f64) -> Duration {
        let since = *self.failing_since.get_or_insert(now);
        let doublings = self.failures.min(8);
        self.failures = self.failures.saturating_add(1);
        let wait = if now.saturating_duration_since(since) >= YOUNG {
            CAP_LATER
        } else {
            FIRST.saturating_mul(1 << doublings).min(CAP)
        };
        wait.mul_f64(0.5 + random.clamp(0.0, 1.0))
    }

    /// The source works: the next failure is the first again.
    pub fn succeeded(&mut self) {
        *self = Self::default();
    }

    /// How many failures in a row.
    #[must_use]
    pub fn failures(&self) -> u32 {
        self.failures
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing;

    const MIDDLE: f64 = 0.5;

    #[test]
    fn waits_grow_to_a_cap_and_later_to_a_longer_one() {
        let start = testing::start();
        let mut backoff = Backoff::new();
        let waits: Vec<u128> = (0..4)
            .map(|_| backoff.failed(start, MIDDLE).as_millis())
            .collect();
        assert_eq!(waits, [500, 1_000, 2_000, 2_000]);
        assert_eq!(backoff.failed(start + YOUNG, MIDDLE), CAP_LATER);
        backoff.succeeded();
        assert_eq!(backoff.failed(start + YOUNG * 2, MIDDLE), FIRST);
    }

    // C5: jitter comes after the cap, or sources that failed together stay together.
    #[test]
    fn even_capped_waits_are_spread() {
        let start = testing::start();
        let mut backoff = Backoff::new();
        for _ in 0..100 {
            let _ = backoff.failed(start, MIDDLE);
        }
        assert_eq!(backoff.failed(start, 0.0), Duration::from_secs(1));
        assert_eq!(backoff.failed(start, 1.0), Duration::from_secs(3));
    }
}
