//! All sessions of the hub, by their secret. Holds nothing about any of them but where they are.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use lenswire_api::{Code, Problem, StreamName};
use tokio_util::sync::CancellationToken;

use super::{Identity, Session};
use crate::config::Limits;
use crate::stream::Standing;

/// When one who is turned away may come again.
const LATER: Duration = Duration::from_secs(5);

/// The hub's sessions.
#[derive(Default)]
pub(crate) struct Sessions {
    open: Mutex<BTreeMap<String, Arc<Session>>>,
    /// Cancelled once the hub takes no more, for good.
    stopping: CancellationToken,
}

impl Sessions {
    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, Arc<Session>>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether one more session of `stream` for `identity` fits.
    pub(crate) fn check(
        &self,
        stream: &StreamName,
        identity: &Identity,
        limits: &Limits,
    ) -> Result<(), Problem> {
        let open = self.lock();
        self.takes_more()?;
        fits(&open, stream, identity, limits)
    }

    /// From now on no session begins (D2).
    pub(crate) fn refuse(&self) {
        // Under the lock, so that nothing is inserted once this has returned.
        let _open = self.lock();
        self.stopping.cancel();
    }

    /// Ends when no session can begin any more.
    pub(crate) async fn refusing(&self) {
        self.stopping.cancelled().await;
    }

    fn takes_more(&self) -> Result<(), Problem> {
        if self.stopping.is_cancelled() {
            Err(stopping())
        } else {
            Ok(())
        }
    }

    /// Takes a session in, unless it no longer fits.
    pub(crate) fn insert(&self, session: &Arc<Session>, limits: &Limits) -> Result<(), Problem> {
        let mut open = self.lock();
        self.takes_more()?;
        fits(&open, session.stream(), session.identity(), limits)?;
        open.insert(session.secret().to_owned(), Arc::clone(session));
        Ok(())
    }

    /// The session with that secret.
    pub(crate) fn find(&self, secret: &str) -> Option<Arc<Session>> {
        self.lock().get(secret).cloned()
    }

    /// The session that lists call so.
    pub(crate) fn find_number(&self, number: &str) -> Option<Arc<Session>> {
        self.lock()
            .values()
            .find(|session| session.number() == number)
            .cloned()
    }

    /// All of them, the oldest first.
    pub(crate) fn list(&self) -> Vec<Arc<Session>> {
        let mut all: Vec<_> = self.lock().values().cloned().collect();
        all.sort_by_key(|session| session.since());
        all
    }

    /// How many show each stream.
    pub(crate) fn count(&self, stream: &StreamName) -> usize {
        self.lock()
            .values()
            .filter(|session| session.stream() == stream)
            .count()
    }

    /// Ends a session; whether there was one.
    pub(crate) fn close(&self, secret: &str, why: Option<Problem>) -> bool {
        let Some(session) = self.forget(secret) else {
            return false;
        };
        session.close(why);
        true
    }

    /// Ends the sessions that `which` names.
    pub(crate) fn close_all(&self, why: &Problem, which: impl Fn(&Session) -> bool) {
        let named: Vec<_> = self
            .lock()
            .values()
            .filter(|session| which(session))
            .cloned()
            .collect();
        for session in named {
            self.close(session.secret(), Some(why.clone()));
        }
    }

    /// Takes a session out without closing it: it is over by itself.
    pub(crate) fn forget(&self, secret: &str) -> Option<Arc<Session>> {
        self.lock().remove(secret)
    }

    /// How a stream's source stands has changed.
    pub(crate) fn on_standing(&self, stream: &StreamName, standing: &Standing) {
        let watching: Vec<_> = self
            .lock()
            .values()
            .filter(|session| session.stream() == stream)
            .cloned()
            .collect();
        for session in watching {
            session.on_standing(standing);
        }
    }

    /// Ends what has to end: expired grants, sockets that did not come back.
    pub(crate) fn sweep(&self, now: Instant) {
        for session in self.list() {
            if let Some(why) = session.tick(now) {
                self.close(session.secret(), why);
            }
        }
    }
}

/// The hub stops; whoever runs it starts it again, as a rule.
pub(crate) fn stopping() -> Problem {
    Problem::new(Code::Overloaded, "Lenswire is stopping.")
        .with_fix("Connect again in a few seconds.")
        .retry_after(LATER)
}

fn fits(
    open: &BTreeMap<String, Arc<Session>>,
    stream: &StreamName,
    identity: &Identity,
    limits: &Limits,
) -> Result<(), Problem> {
    let of_stream = open
        .values()
        .filter(|session| session.stream() == stream)
        .count();
    if of_stream >= limits.sessions_per_stream {
        let detail = format!("{of_stream} sessions show this stream, and that is the limit.");
        return Err(Problem::new(Code::TooManySessions, detail).retry_after(LATER));
    }
    // Whoever comes without a name is bounded by address, at the door and while connecting.
    if matches!(identity, Identity::Grant { .. }) {
        let of_user = open
            .values()
            .filter(|session| session.identity() == identity)
            .count(); // the very same grant
        if of_user >= limits.sessions_per_user {
            let detail =
                format!("{of_user} sessions are open with this permission, and that is the limit.");
            return Err(Problem::new(Code::TooManySessions, detail).retry_after(LATER));
        }
    }
    Ok(())
}
