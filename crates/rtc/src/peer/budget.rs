//! What one peer may cost: counted per second, the rest is refused until the second is over.

use std::time::{Duration, Instant};

const WINDOW: Duration = Duration::from_secs(1);

/// So many in a second.
#[derive(Debug)]
pub(super) struct Budget {
    most: u32,
    used: u32,
    since: Instant,
}

impl Budget {
    pub(super) fn new(most: u32, now: Instant) -> Self {
        Self {
            most,
            used: 0,
            since: now,
        }
    }

    /// Takes one; false when the second's share is used up.
    pub(super) fn take(&mut self, now: Instant) -> bool {
        self.renew(now);
        let left = self.used < self.most;
        self.used += u32::from(left);
        left
    }

    /// Whether the second's share is used up.
    pub(super) fn is_spent(&mut self, now: Instant) -> bool {
        self.renew(now);
        self.used >= self.most
    }

    fn renew(&mut self, now: Instant) {
        if now.saturating_duration_since(self.since) >= WINDOW {
            self.since = now;
            self.used = 0;
        }
    }
}
