//! When to look at which session again. A session is in the heap once: a time that moves further
//! away is found out when the earlier one comes, so that the usual case, each frame moving each
//! viewer's next time a little, costs a look and no more.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::time::Instant;

use super::router::SessionId;

/// Where a session stands in the heap: kept with the session.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Alarm {
    /// When it wants to be looked at.
    wanted: Option<Instant>,
    /// The earliest entry of it in the heap.
    queued: Option<Instant>,
}

/// The heap.
#[derive(Debug, Default)]
pub(super) struct Timers {
    heap: BinaryHeap<Reverse<(Instant, SessionId)>>,
}

impl Timers {
    /// The session wants to be looked at at `at`.
    pub(super) fn set(&mut self, id: SessionId, alarm: &mut Alarm, at: Instant) {
        alarm.wanted = Some(at);
        if alarm.queued.is_none_or(|queued| at < queued) {
            alarm.queued = Some(at);
            self.heap.push(Reverse((at, id)));
        }
    }

    /// When something may be due.
    pub(super) fn next(&self) -> Option<Instant> {
        self.heap.peek().map(|Reverse((at, _))| *at)
    }

    /// A session whose entry has come; ask [`Timers::is_due`] with its alarm.
    pub(super) fn pop(&mut self, now: Instant) -> Option<(Instant, SessionId)> {
        let Reverse((at, _)) = self.heap.peek()?;
        if *at > now {
            return None;
        }
        self.heap.pop().map(|Reverse(entry)| entry)
    }

    /// Whether the session is due; when its time has moved away it is queued anew.
    pub(super) fn is_due(
        &mut self,
        (at, id): (Instant, SessionId),
        alarm: &mut Alarm,
        now: Instant,
    ) -> bool {
        if alarm.queued != Some(at) {
            // An entry that an earlier one took the place of.
            return false;
        }
        alarm.queued = None;
        match alarm.wanted {
            Some(wanted) if wanted > now => {
                self.set(id, alarm, wanted);
                false
            }
            wanted => {
                alarm.wanted = None;
                wanted.is_some()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[expect(clippy::disallowed_methods, reason = "a test's beginning of time")]
    #[test]
    fn a_time_that_moves_is_kept_once_and_met_at_its_newest() {
        let now = Instant::now();
        let at = |ms: u64| now + Duration::from_millis(ms);
        let (mut timers, mut alarm, id) = (Timers::default(), Alarm::default(), SessionId(1));
        for ms in 0..100 {
            timers.set(id, &mut alarm, at(100 + ms));
        }
        assert_eq!(timers.heap.len(), 1);
        let entry = timers.pop(at(150)).unwrap();
        assert!(!timers.is_due(entry, &mut alarm, at(150)));
        assert_eq!(timers.next(), Some(at(199)));
        // Sooner again: two entries, one alarm.
        timers.set(id, &mut alarm, at(160));
        let entry = timers.pop(at(199)).unwrap();
        assert!(timers.is_due(entry, &mut alarm, at(199)));
        let entry = timers.pop(at(199)).unwrap();
        assert!(!timers.is_due(entry, &mut alarm, at(199)));
        assert_eq!(timers.next(), None);
    }
}
