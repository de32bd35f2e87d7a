//! Guards of a stream: what they stand for ends when they are dropped.

use super::{Stream, call_one};

/// Demand for a stream by somebody who does not read it yet.
#[derive(Debug)]
#[must_use = "demand ends when this is dropped"]
pub struct Demand {
    stream: Stream,
}

impl Demand {
    pub(super) fn new(stream: Stream) -> Self {
        Self { stream }
    }
}

impl Drop for Demand {
    fn drop(&mut self) {
        let mut state = self.stream.lock();
        state.demands -= 1;
        let fell = (state.demanded() == 0)
            .then(|| state.demand_changed.clone())
            .flatten();
        drop(state);
        call_one(fell);
    }
}

/// Somebody is told when a stream's tracks change.
#[derive(Debug)]
#[must_use = "nobody is told any more once this is dropped"]
pub struct Watching {
    stream: Stream,
    id: u64,
}

impl Watching {
    pub(super) fn new(stream: Stream, id: u64) -> Self {
        Self { stream, id }
    }
}

impl Drop for Watching {
    fn drop(&mut self) {
        self.stream
            .lock()
            .tracks_changed
            .retain(|(id, _)| *id != self.id);
    }
}
