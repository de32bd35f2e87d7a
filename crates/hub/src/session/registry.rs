//! All sessions of the hub, by their secret. Holds nothing about any of them but where they are.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use lenswire_api::{Code, Problem, StreamName};
use tokio_util::sync::CancellationToken;

use super::{Identity, Late, Purpose, Session};
use crate::config::Limits;
use crate::metrics::{Counts, Totals};
use crate::stream::Standing;

/// When one who is turned away may come again.
const LATER: Duration = Duration::from_secs(5);

type Open = BTreeMap<String, Arc<Session>>;

/// The hub's sessions.
#[derive(Default)]
pub(crate) struct Sessions {
    known: Mutex<Known>,
    counts: Arc<Counts>,
    /// Cancelled once the hub takes no more, for good.
    stopping: CancellationToken,
}

#[derive(Default)]
struct Known {
    open: Open,
    /// The figures of those that have ended.
    ended: Totals,
}

impl Sessions {
    pub(crate) fn new(counts: Arc<Counts>) -> Self {
        Self {
            counts,
            ..Self::default()
        }
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn with<T>(&self, look: impl FnOnce(&Open) -> T) -> T {
        look(&self.known().open)
    }

    /// What all viewers' sessions have carried, those that have ended included.
    pub(crate) fn totals(&self) -> Totals {
        let known = self.known();
        let mut totals = known.ended;
        for session in known.open.values().filter(|session| watches(session)) {
            totals.add(&session.stats());
        }
        totals
    }

    /// Whether one more viewer of `stream` with `identity` fits.
    pub(crate) fn check(
        &self,
        stream: &StreamName,
        identity: &Identity,
        limits: &Limits,
    ) -> Result<(), Problem> {
        self.takes_more()?;
        self.with(|open| {
            fits_stream(open, stream, limits)?;
            fits_user(open, identity, limits)
        })
    }

    /// From now on no session begins (D2).
    pub(crate) fn refuse(&self) {
        // Under the lock, so that nothing is inserted once this has returned.
        let _known = self.known();
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
        let mut known = self.known();
        self.takes_more()?;
        if watches(session) {
            fits_stream(&known.open, session.stream(), limits)?;
        }
        fits_user(&known.open, session.identity(), limits)?;
        known
            .open
            .insert(session.secret().to_owned(), Arc::clone(session));
        Ok(())
    }

    /// The session with that secret.
    pub(crate) fn find(&self, secret: &str) -> Option<Arc<Session>> {
        self.with(|open| open.get(secret).cloned())
    }

    /// The session that lists call so.
    pub(crate) fn find_number(&self, number: &str) -> Option<Arc<Session>> {
        self.with(|open| {
            open.values()
                .find(|session| session.number() == number)
                .cloned()
        })
    }

    /// All of them, the oldest first.
    pub(crate) fn list(&self) -> Vec<Arc<Session>> {
        let mut all: Vec<_> = self.with(|open| open.values().cloned().collect());
        all.sort_by_key(|session| session.since());
        all
    }

    /// How many show a stream.
    pub(crate) fn count(&self, stream: &StreamName) -> usize {
        self.with(|open| watching(open, stream))
    }

    /// The session that sends a stream.
    pub(crate) fn publisher(&self, stream: &StreamName) -> Option<Arc<Session>> {
        let sends = |session: &&Arc<Session>| {
            session.purpose() == Purpose::Publish && session.stream() == stream
        };
        self.with(|open| open.values().find(sends).cloned())
    }

    /// The same for all streams at once.
    pub(crate) fn count_each(&self) -> BTreeMap<StreamName, usize> {
        let mut counts = BTreeMap::new();
        self.with(|open| {
            for session in open.values() {
                *counts.entry(session.stream().clone()).or_default() += 1;
            }
        });
        counts
    }

    /// Ends a session; whether there was one.
    pub(crate) fn close(&self, secret: &str, why: Option<Problem>) -> bool {
        let Some(session) = self.take(secret) else {
            return false;
        };
        session.close(why);
        self.count_end(&session);
        true
    }

    /// Ends the sessions that `which` names.
    pub(crate) fn close_all(&self, why: &Problem, which: impl Fn(&Session) -> bool) {
        let named = self.those(which);
        for session in named {
            self.close(session.secret(), Some(why.clone()));
        }
    }

    /// Takes a session out without closing it: it is over by itself.
    pub(crate) fn forget(&self, secret: &str) -> Option<Arc<Session>> {
        let session = self.take(secret)?;
        self.count_end(&session);
        Some(session)
    }

    /// Takes a session out, and what it has carried into the books: in one step, so that totals
    /// never fall.
    fn take(&self, secret: &str) -> Option<Arc<Session>> {
        let mut known = self.known();
        let session = known.open.remove(secret)?;
        if watches(&session) {
            known.ended.add(&session.stats());
        }
        Some(session)
    }

    fn count_end(&self, session: &Session) {
        if let Some(why) = session.shown().reason {
            self.counts.problem(why.code);
        }
    }

    fn those(&self, which: impl Fn(&Session) -> bool) -> Vec<Arc<Session>> {
        self.with(|open| {
            let named = open.values().filter(|session| which(session));
            named.cloned().collect()
        })
    }

    /// A stream allows its viewers another delay.
    pub(crate) fn limit_delay(&self, stream: &StreamName, limit: Duration) {
        for session in self.those(|session| session.stream() == stream) {
            session.limit_delay(limit);
        }
    }

    /// How a stream's source stands has changed.
    pub(crate) fn on_standing(&self, stream: &StreamName, standing: &Standing) {
        for session in self.those(|session| session.stream() == stream) {
            session.on_standing(standing);
        }
    }

    /// Ends what has to end: expired grants, sockets that did not come back. Looks at how late the
    /// others' pictures are.
    pub(crate) fn sweep(&self, now: Instant) {
        for session in self.list() {
            match session.tick(now) {
                Some(why) => drop(self.close(session.secret(), why)),
                None => self.look_at_delay(&session, now),
            }
        }
    }

    fn look_at_delay(&self, session: &Session, now: Instant) {
        let (delay, late) = session.look_at_delay(now);
        if let Some(delay) = delay {
            self.counts.delay(delay.time);
        }
        let (stream, number) = (session.stream().as_str(), session.number());
        match late {
            Some(Late::Begins { first }) => {
                self.counts.problem(Code::ViewerDelayed);
                let warning = session.shown().warning.map(|warning| warning.to_string());
                let warning = warning.unwrap_or_default();
                // A viewer whose delay goes up and down says so once, not all day long.
                if first {
                    tracing::warn!(stream, session = number, %warning, "late picture");
                } else {
                    tracing::debug!(stream, session = number, %warning, "late picture");
                }
            }
            Some(Late::Ends) => {
                tracing::debug!(stream, session = number, "its picture is in time again");
            }
            None => {}
        }
    }
}

/// The hub stops; whoever runs it starts it again, as a rule.
pub(crate) fn stopping() -> Problem {
    Problem::new(Code::Overloaded, "Lenswire is stopping.")
        .with_fix("Connect again in a few seconds.")
        .retry_after(LATER)
}

fn watches(session: &Session) -> bool {
    session.purpose() == Purpose::Watch
}

fn watching(open: &Open, stream: &StreamName) -> usize {
    let shows = |session: &&Arc<Session>| watches(session) && session.stream() == stream;
    open.values().filter(shows).count()
}

fn fits_stream(open: &Open, stream: &StreamName, limits: &Limits) -> Result<(), Problem> {
    let of_stream = watching(open, stream);
    if of_stream < limits.sessions_per_stream {
        return Ok(());
    }
    let detail = format!("{of_stream} sessions show this stream, and that is the limit.");
    Err(Problem::new(Code::TooManySessions, detail).retry_after(LATER))
}

fn fits_user(open: &Open, identity: &Identity, limits: &Limits) -> Result<(), Problem> {
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
