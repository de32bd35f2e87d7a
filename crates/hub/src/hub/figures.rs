//! How everything stands, gathered for whoever watches over the hub.

use std::time::Instant;

use super::Hub;
use crate::metrics::{self, Picture};

impl Hub {
    /// How everything stands, for `/metrics`: OpenMetrics text.
    #[must_use]
    pub fn metrics(&self, now: Instant) -> String {
        let (totals, load) = (self.0.sessions.totals(), self.0.engine.load());
        let tasks = tokio::runtime::Handle::try_current()
            .map_or(0, |runtime| runtime.metrics().num_alive_tasks());
        let mut figures = metrics::Figures::new(totals, load, tasks);
        for entry in self.streams() {
            let watching = self.watching(entry.name());
            figures.add(&entry, Picture::Main { watching }, now);
            if let Some(substream) = entry.configured_substream() {
                figures.add(substream, Picture::Substream, now);
            }
        }
        metrics::text(&figures, &self.0.counts)
    }

    /// How many requests were answered with 500 because their handler panicked: each is a bug.
    #[must_use]
    pub fn request_panics(&self) -> u64 {
        self.0.counts.request_panics()
    }

    /// A request's handler panicked; how often that has happened.
    pub(crate) fn request_panicked(&self) -> u64 {
        self.0.counts.request_panicked()
    }
}
