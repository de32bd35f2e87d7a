//! Puts the packets of one RTP stream over UDP back in order, within a short window.
//!
//! In order and without loss nothing waits. When one is missing, what comes behind it waits until
//! it arrives or the window has passed. Only sources over UDP need this: a viewer has its own
//! jitter buffer, and TCP keeps order.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use crate::clock::Unwrap16;

/// How long to wait for a missing packet. Reordering on a LAN is within a few milliseconds; a
/// camera's frame is 33 ms or more, so waiting longer would only add delay to each loss.
pub const REORDER_WINDOW: Duration = Duration::from_millis(50);

/// Most packets that wait: about 50 ms at 100 Mbit/s.
const WAITING_MAX: usize = 512;

/// A number further ahead or behind than this is taken for a new beginning, not for a loss
/// (RFC 3550, A.1, MAX_DROPOUT).
const JUMP: i64 = 3_000;

/// What became of the packets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ReorderCounts {
    /// Came out of order and were put in place.
    pub reordered: u64,
    /// Came again.
    pub duplicate: u64,
    /// Came after the window had passed and were dropped.
    pub late: u64,
    /// Numbers that were given up.
    pub lost: u64,
}

/// A reorder window over packets of type `T`.
#[derive(Debug)]
pub struct Reorder<T> {
    window: Duration,
    numbers: Unwrap16,
    /// The number to be released next; None before the first packet.
    next: Option<i64>,
    waiting: BTreeMap<i64, (Instant, T)>,
    counts: ReorderCounts,
}

impl<T> Reorder<T> {
    /// A window of that length; [`REORDER_WINDOW`] is the usual one.
    #[must_use]
    pub fn new(window: Duration) -> Self {
        Self {
            window,
            numbers: Unwrap16::default(),
            next: None,
            waiting: BTreeMap::new(),
            counts: ReorderCounts::default(),
        }
    }

    /// Waits so long from now on.
    pub fn set_window(&mut self, window: Duration) {
        self.window = window;
    }

    /// Takes a packet as it came. Then call [`Self::pop`] until there is nothing.
    pub fn push(&mut self, seq: u16, item: T, now: Instant) {
        let seq = self.numbers.unwrap(seq);
        let newest = self.waiting.last_key_value().map(|(seq, _)| *seq);
        let next = *self.next.get_or_insert(seq);
        if (seq - next).abs() > JUMP {
            self.restart(seq);
        } else if seq < next {
            self.counts.late += 1;
            return;
        } else if newest.is_some_and(|newest| seq < newest) {
            self.counts.reordered += 1;
        }
        if self.waiting.insert(seq, (now, item)).is_some() {
            self.counts.duplicate += 1;
        }
    }

    /// A new run of numbers: what waits of the old one is given up with it.
    fn restart(&mut self, seq: i64) {
        self.waiting.clear();
        self.next = Some(seq);
    }

    /// The next packet in order, with its number without wraps, if it is there or those in front
    /// of it have been waited for long enough.
    pub fn pop(&mut self, now: Instant) -> Option<(i64, T)> {
        let next = self.next?;
        let entry = self.waiting.first_entry()?;
        let seq = *entry.key();
        let waited = now.saturating_duration_since(entry.get().0) >= self.window;
        if seq != next && !waited && self.waiting.len() <= WAITING_MAX {
            return None;
        }
        let (seq, (_, item)) = self.waiting.pop_first()?;
        self.counts.lost += (seq - next).unsigned_abs();
        self.next = Some(seq + 1);
        Some((seq, item))
    }

    /// When to call [`Self::pop`] again although nothing came; None when nothing waits.
    #[must_use]
    pub fn wake_at(&self) -> Option<Instant> {
        self.waiting
            .first_key_value()
            .map(|(_, (came, _))| *came + self.window)
    }

    /// What became of the packets so far.
    #[must_use]
    pub fn counts(&self) -> ReorderCounts {
        self.counts
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{self, Chance};

    fn drain(reorder: &mut Reorder<u64>, now: Instant) -> Vec<u64> {
        std::iter::from_fn(|| reorder.pop(now))
            .map(|(_, item)| item)
            .collect()
    }

    #[test]
    fn in_order_nothing_waits() {
        let now = testing::start();
        let mut reorder = Reorder::new(REORDER_WINDOW);
        for n in 65_530..65_550_u64 {
            reorder.push(n as u16, n, now);
            assert_eq!(drain(&mut reorder, now), [n]);
        }
        assert_eq!(
            (reorder.wake_at(), reorder.counts()),
            (None, ReorderCounts::default())
        );
    }

    #[test]
    fn a_missing_packet_is_waited_for_and_then_given_up() {
        let now = testing::start();
        let mut reorder = Reorder::new(REORDER_WINDOW);
        reorder.push(1, 1, now);
        reorder.push(3, 3, now);
        reorder.push(4, 4, now + Duration::from_millis(20));
        assert_eq!(drain(&mut reorder, now + Duration::from_millis(49)), [1]);
        assert_eq!(reorder.wake_at(), Some(now + REORDER_WINDOW));
        assert_eq!(drain(&mut reorder, now + REORDER_WINDOW), [3, 4]);
        reorder.push(2, 2, now + REORDER_WINDOW);
        assert_eq!(drain(&mut reorder, now + REORDER_WINDOW * 2), []);
        assert_eq!(
            reorder.counts(),
            ReorderCounts {
                lost: 1,
                late: 1,
                ..ReorderCounts::default()
            }
        );
    }

    // requirement 58: any order within the window comes out in order, over wraps, with duplicates.
    #[test]
    fn any_shuffle_within_the_window_comes_out_in_order() {
        for seed in 0..200 {
            let mut chance = Chance::new(seed);
            let start = testing::start();
            let first = 65_000 + chance.below(600);
            // One packet a millisecond, each late by up to 40 ms, some twice.
            let mut arrivals: Vec<(u64, u64)> =
                (0..400).map(|n| (n + chance.below(40), n)).collect();
            arrivals.extend((0..40).map(|n| (n * 10 + 41, n * 10)));
            // The very first is not overtaken, or it would be late by definition.
            arrivals[0].0 = 0;
            arrivals[1..]
                .iter_mut()
                .for_each(|(at, _)| *at = (*at).max(1));
            arrivals.sort_unstable();
            let mut reorder = Reorder::new(REORDER_WINDOW);
            let mut got = Vec::new();
            for (at, n) in arrivals {
                let now = start + Duration::from_millis(at);
                reorder.push((first + n) as u16, n, now);
                got.extend(drain(&mut reorder, now));
            }
            got.extend(drain(&mut reorder, start + Duration::from_secs(9)));
            assert_eq!(got, (0..400).collect::<Vec<_>>(), "seed {seed}");
            assert_eq!(reorder.counts().lost, 0);
        }
    }

    // A7: numbers that jump begin anew instead of waiting for thousands.
    #[test]
    fn numbers_that_jump_begin_anew() {
        let now = testing::start();
        let mut reorder = Reorder::new(REORDER_WINDOW);
        reorder.push(10, 10, now);
        assert_eq!(drain(&mut reorder, now), [10]);
        reorder.push(20_000, 20_000, now);
        assert_eq!(drain(&mut reorder, now), [20_000]);
        assert_eq!(reorder.counts().lost, 0);
    }

    #[test]
    fn what_waits_is_bounded() {
        let now = testing::start();
        let mut reorder = Reorder::new(REORDER_WINDOW);
        for n in (0..2_000).filter(|n| n % 2 == 0 || *n == 1) {
            reorder.push(n, u64::from(n), now);
            drain(&mut reorder, now);
            assert!(reorder.waiting.len() <= WAITING_MAX);
        }
    }
}
