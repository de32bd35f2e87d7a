//! Taking over a changed configuration.

use std::sync::Arc;
use std::time::Instant;

use super::{Entry, Sources, Supervised, mode};
use crate::config::StreamConfig;
use crate::source::Source;
use crate::supervise::{Action, Event};

impl Entry {
    /// Takes over a changed configuration. Only what a change is about changes: viewers stay, and
    /// the source runs on unless it is the source that changed.
    pub(crate) fn configure(
        &self,
        config: StreamConfig,
        sources: impl Into<Sources>,
        now: Instant,
    ) {
        let Sources { main, substream } = sources.into();
        if let Some(entry) = self.substream() {
            entry.configure(config.clone(), Sources::from(substream), now);
        }
        self.reconfigure(config, main, now);
    }

    fn reconfigure(&self, config: StreamConfig, source: Option<Source>, now: Instant) {
        let mut state = self.lock();
        let mode = mode(&config);
        let moded = mode != super::mode(&state.config);
        let mut changed = false;
        match (&mut state.source, source) {
            (Some(old), Some(new)) if *old.source == new => {}
            (Some(old), Some(new)) => {
                old.source = Arc::new(new);
                changed = true;
            }
            (old @ None, Some(new)) => *old = Some(Supervised::new(new, &config, now)),
            (old, None) => {
                *old = None;
                state.action = Action::Stop;
                state.run += 1;
            }
        }
        state.revision += u64::from(state.config != config);
        state.config = config;
        self.publish(state);
        if moded {
            self.tell(Event::Mode(mode), now);
        }
        if changed {
            self.tell(Event::Changed, now);
        }
        self.kick.notify_one();
    }
}
