//! A stream without a source of its own stands as whoever publishes to it.

use std::time::Instant;

use super::Entry;
use crate::supervise::Phase;

impl Entry {
    /// The session with that number sends it from now on. Cheap: called from media threads.
    pub(crate) fn published(&self, session: &str) {
        let mut state = self.lock();
        state.publisher = Some(session.to_owned());
        self.publish(state);
    }

    /// That session is over; nothing happens if another one sends by now.
    pub(crate) fn unpublished(&self, session: &str) {
        let mut state = self.lock();
        if state.publisher.as_deref() == Some(session) {
            state.publisher = None;
            self.publish(state);
        }
    }
}

/// How it stands, and since when.
pub(super) fn standing(
    is_published: bool,
    old: (Phase, Instant),
    now: Instant,
) -> (Phase, Instant) {
    let phase = if is_published {
        Phase::Live
    } else {
        Phase::Idle
    };
    (phase, if phase == old.0 { old.1 } else { now })
}
