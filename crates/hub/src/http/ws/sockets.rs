//! The sockets that are open, as the rest of the process needs to know them: what each was opened
//! with, how to end one, and whether all are gone.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tokio_util::task::task_tracker::TaskTrackerToken;

use crate::auth::Credential;

/// All open sockets. Bounded by `limits.connections`, as each holds one.
#[derive(Default)]
pub(crate) struct Sockets {
    by_number: Mutex<BTreeMap<u64, Open>>,
    /// Counts a socket from its request to its last word, which is longer than its entry above.
    alive: TaskTracker,
}

struct Open {
    shown: Option<Credential>,
    over: CancellationToken,
}

/// One socket's entry; leaving is dropping it.
pub(super) struct Entry {
    sockets: Arc<Sockets>,
    number: u64,
    over: CancellationToken,
}

impl Sockets {
    /// A socket is about to open. It counts until this is dropped.
    pub(super) fn arrive(&self) -> TaskTrackerToken {
        self.alive.token()
    }

    /// A socket said hello and showed this.
    pub(super) fn enter(self: &Arc<Self>, number: u64, shown: Option<Credential>) -> Entry {
        let over = CancellationToken::new();
        let open = Open {
            shown,
            over: over.clone(),
        };
        self.lock().insert(number, open);
        Entry {
            sockets: Arc::clone(self),
            number,
            over,
        }
    }

    /// What sockets are open by.
    pub(crate) fn credentials(&self) -> Vec<Credential> {
        let open = self.lock();
        open.values()
            .filter_map(|open| open.shown.clone())
            .collect()
    }

    /// Ends the sockets that were opened with this: it holds no longer.
    pub(crate) fn end(&self, shown: &Credential) {
        let open = self.lock();
        open.values()
            .filter(|open| open.shown.as_ref() == Some(shown))
            .for_each(|open| open.over.cancel());
    }

    /// Ends when the last one is gone. They go by themselves once the process is to stop.
    pub(crate) async fn gone(&self) {
        self.alive.close();
        self.alive.wait().await;
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<u64, Open>> {
        self.by_number
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

impl Entry {
    /// Which socket it is.
    pub(super) const fn number(&self) -> u64 {
        self.number
    }

    /// A newer credential of the same somebody counts from now on.
    pub(super) fn show(&self, shown: Option<Credential>) {
        if let Some(open) = self.sockets.lock().get_mut(&self.number) {
            open.shown = shown;
        }
    }

    /// Cancelled when what the socket was opened with holds no longer.
    pub(super) fn over(&self) -> CancellationToken {
        self.over.clone()
    }
}

impl Drop for Entry {
    fn drop(&mut self) {
        self.sockets.lock().remove(&self.number);
    }
}
