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
