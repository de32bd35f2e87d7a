//! Evenly spaced moments that don't drift and never come in bursts.

use std::time::{Duration, Instant};

/// Counts moments a fixed time apart. The `n`th is computed from the start, so errors don't add up.
#[derive(Debug)]
pub(crate) struct Cadence {
    start: Instant,
    /// Moments in `unit`.
    count: u64,
    unit: Duration,
    /// So many may be made up for when late; older ones are skipped.
    backlog: u64,
    next: u64,
}

impl Cadence {
    /// `count` moments in each `unit`, the first one at `start`.
    pub(crate) fn new(start: Instant, count: u32, unit: Duration, backlog: u64) -> Self {
        Self {
            start,
            count: u64::from(count.max(1)),
            unit,
            backlog,
            next: 0,
        }
    }

    /// Time from the start to the `n`th moment.
    pub(crate) fn offset(&self, n: u64) -> Duration {
        let nanos = self.unit.as_nanos() * u128::from(n) / u128::from(self.count);
        Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
    }

    /// When the next moment is.
    pub(crate) fn due(&self) -> Instant {
        self.start + self.offset(self.next)
    }

    /// The number of the moment that is due now, if one is. When more than the backlog is due (the
    /// machine slept, or is too slow) the oldest are gone, and their numbers with them.
    pub(crate) fn take(&mut self, now: Instant) -> Option<u64> {
        if now < self.due() {
            return None;
        }
        let elapsed = now.saturating_duration_since(self.start).as_nanos();
        let newest = elapsed * u128::from(self.count) / self.unit.as_nanos().max(1);
        let newest = u64::try_from(newest).unwrap_or(u64::MAX);
        let taken = self.next.max(newest.saturating_sub(self.backlog));
        self.next = taken + 1;
        Some(taken)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::any_instant;

    fn thirty(start: Instant, backlog: u64) -> Cadence {
        Cadence::new(start, 30, Duration::from_secs(1), backlog)
    }

    #[test]
    fn moments_do_not_drift() {
        let start = any_instant();
        let mut cadence = thirty(start, 0);
        for n in 0..30 * 3_600 {
            let due = cadence.due();
            assert_eq!(cadence.take(due), Some(n));
            assert_eq!(cadence.take(due), None, "once each");
        }
        assert_eq!(cadence.due(), start + Duration::from_secs(3_600));
    }

    #[test]
    fn a_late_one_is_made_up_for_within_the_backlog_and_skipped_beyond() {
        let start = any_instant();
        let late = start + Duration::from_millis(1_010);
        assert_eq!(thirty(start, 0).take(late), Some(30));
        let mut patient = thirty(start, 2);
        let taken: Vec<u64> = std::iter::from_fn(|| patient.take(late)).collect();
        assert_eq!(taken, [28, 29, 30]);
    }
}
