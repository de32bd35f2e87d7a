//! The hub: which streams there are, who watches them, and the engine that carries it. It starts
//! and stops things and knows where they are; what a stream or a session is about stands with them.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, Instant};

use arc_swap::ArcSwap;
use lenswire_api::{Code, Problem, StreamName};
use lenswire_rtc::Engine;
use tokio_util::task::AbortOnDropHandle;

use crate::config::{Config, Publish, StreamConfig, Viewers};
use crate::events::{Event, Events};
use crate::metrics::Counts;
use crate::session::{self, Identity, Purpose, Session, Sessions};
use crate::still::Stills;
use crate::stream::Entry;

mod figures;
mod publish;
mod pulse;
#[cfg(test)]
mod tests;
mod translate;
mod watch;

pub use publish::PublishRequest;
use translate::{engine_config, sources};
pub use watch::WatchRequest;
pub(crate) use watch::{PATIENCE, no_picture, not_found};

/// How often sessions are looked at for expired grants and lost sockets.
const SWEEP: Duration = Duration::from_secs(1);

/// Why the hub did not start.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The media engine did not.
    #[error(transparent)]
    Media(#[from] lenswire_rtc::Error),
}

/// A running hub; clones are the same one. Dropping the last one stops all sources and sessions.
#[derive(Clone)]
pub struct Hub(Arc<Inner>);

struct Inner {
    config: ArcSwap<Config>,
    streams: Mutex<BTreeMap<StreamName, Running>>,
    sessions: Arc<Sessions>,
    counts: Arc<Counts>,
    events: Arc<Events>,
    stills: Stills,
    engine: Engine,
    /// Changes of the file are noticed on a thread that is none of the runtime's.
    runtime: tokio::runtime::Handle,
    /// Held while a configuration is taken over, so that two changes don't mix.
    applying: Mutex<()>,
    _sweeper: AbortOnDropHandle<()>,
}

/// A stream and the task that runs its source.
struct Running {
    entry: Arc<Entry>,
    _task: AbortOnDropHandle<()>,
    /// Runs the substream. A task of its own, so that it takes no turn from the stream's.
    _substream: Option<AbortOnDropHandle<()>>,
}

impl Hub {
    /// Opens the media port and starts all streams. To be called within a tokio runtime.
    ///
    /// # Errors
    /// When the media port can't be opened.
    pub fn start(config: Config, now: Instant) -> Result<Self, Error> {
        let engine = Engine::start(engine_config(&config))?;
        let counts = Arc::new(Counts::default());
        let sessions = Arc::new(Sessions::new(Arc::clone(&counts)));
        let sweeper = AbortOnDropHandle::new(tokio::spawn(sweep(Arc::clone(&sessions))));
        let inner = Inner {
            config: ArcSwap::from_pointee(Config {
                streams: BTreeMap::new(),
                ..config.clone()
            }),
            streams: Mutex::default(),
            sessions,
            counts,
            events: Arc::default(),
            stills: Stills::default(),
            engine,
            runtime: tokio::runtime::Handle::current(),
            applying: Mutex::default(),
            _sweeper: sweeper,
        };
        let hub = Self(Arc::new(inner));
        hub.apply(config, now);
        tokio::spawn(pulse::pulse(Arc::downgrade(&hub.0)));
        Ok(hub)
    }

    /// Takes over a new configuration as a difference to the present one: streams come, go or are
    /// changed one by one, and whoever watches an unchanged or changed stream stays.
    pub fn apply(&self, config: Config, now: Instant) {
        let _one_at_a_time = self
            .0
            .applying
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let old = self.config();
        let removed: Vec<_> = old
            .streams
            .keys()
            .filter(|name| !config.streams.contains_key(*name))
            .cloned()
            .collect();
        for name in removed {
            self.remove(&name);
        }
        for (name, stream) in &config.streams {
            match old.streams.get(name) {
                Some(before) if before == stream => {}
                Some(before) => self.change(name, before, stream, now),
                None => self.add(name, stream, now),
            }
        }
        if (&old.media, old.listen) != (&config.media, config.listen) {
            tracing::warn!("a changed `media` or `listen` takes effect at the next start");
        }
        self.0.config.store(Arc::new(config));
    }

    /// What is configured at present.
    #[must_use]
    pub fn config(&self) -> Arc<Config> {
        self.0.config.load_full()
    }

    /// The stream of that name.
    #[must_use]
    pub fn stream(&self, name: &StreamName) -> Option<Arc<Entry>> {
        self.streams_lock()
            .get(name)
            .map(|running| Arc::clone(&running.entry))
    }

    /// All streams, by name.
    #[must_use]
    pub fn streams(&self) -> Vec<Arc<Entry>> {
        self.streams_lock()
            .values()
            .map(|running| Arc::clone(&running.entry))
            .collect()
    }

    /// All sessions, the oldest first.
    #[must_use]
    pub fn sessions(&self) -> Vec<Arc<Session>> {
        self.0.sessions.list()
    }

    /// How many sessions show a stream.
    #[must_use]
    pub fn watching(&self, name: &StreamName) -> usize {
        self.0.sessions.count(name)
    }

    /// The same for all streams that somebody watches.
    pub(crate) fn watching_each(&self) -> BTreeMap<StreamName, usize> {
        self.0.sessions.count_each()
    }

    /// The session with that secret.
    #[must_use]
    pub fn session(&self, secret: &str) -> Option<Arc<Session>> {
        self.0.sessions.find(secret)
    }

    /// The session that lists call so.
    #[must_use]
    pub fn session_by_number(&self, number: &str) -> Option<Arc<Session>> {
        self.0.sessions.find_number(number)
    }

    /// Ends a session; whether there was one.
    pub fn close(&self, secret: &str, why: Option<Problem>) -> bool {
        self.0.sessions.close(secret, why)
    }

    /// Refuses new sessions from now on, those too that still wait for their camera (D2).
    pub fn refuse(&self) {
        self.0.sessions.refuse();
    }

    /// Refuses new sessions and ends all that there are: viewers are told, instead of having to
    /// find out by silence.
    pub fn finish(&self) {
        self.refuse();
        self.0.sessions.close_all(&session::stopping(), |_| true);
    }

    /// What happens, for those who follow it.
    pub(crate) fn events(&self) -> &Arc<Events> {
        &self.0.events
    }

    /// What makes snapshots.
    pub(crate) fn stills(&self) -> &Stills {
        &self.0.stills
    }

    /// The engine that carries it all.
    #[must_use]
    pub fn engine(&self) -> &Engine {
        &self.0.engine
    }

    fn add(&self, name: &StreamName, config: &StreamConfig, now: Instant) {
        let entry = Entry::new(name.clone(), config.clone(), sources(config), now);
        let (runtime, counts) = (&self.0.runtime, &self.0.counts);
        let hub = Arc::downgrade(&self.0);
        let task = run(Arc::clone(&entry), Some(hub), Arc::clone(counts));
        let substream = entry.substream().map(|substream| {
            let task = run(Arc::clone(substream), None, Arc::clone(counts));
            AbortOnDropHandle::new(runtime.spawn(task))
        });
        let running = Running {
            entry,
            _task: AbortOnDropHandle::new(runtime.spawn(task)),
            _substream: substream,
        };
        tracing::info!(stream = %name, "stream added");
        let entry = Arc::clone(&running.entry);
        self.streams_lock().insert(name.clone(), running);
        self.tell_stream(&entry);
    }

    fn change(&self, name: &StreamName, before: &StreamConfig, after: &StreamConfig, now: Instant) {
        let Some(entry) = self.stream(name) else {
            return;
        };
        tracing::info!(stream = %name, "stream changed");
        entry.configure(after.clone(), sources(after), now);
        self.0.sessions.limit_delay(name, watch::delay_limit(after));
        self.tell_stream(&entry);
        self.withdraw(name, before, after);
    }

    /// Ends the sessions that a changed stream leaves no room for.
    fn withdraw(&self, name: &StreamName, before: &StreamConfig, after: &StreamConfig) {
        let is_closed = |purpose| match purpose {
            Purpose::Watch => (before.viewers, after.viewers) == (Viewers::Anyone, Viewers::Grant),
            Purpose::Publish => {
                (before.publish, after.publish) == (Publish::Anyone, Publish::Grant)
            }
        };
        // Being open to anyone was the only leave that these had (SEC-13).
        let why = Problem::new(
            Code::GrantExpired,
            "The stream is no longer open to anyone.",
        );
        self.0.sessions.close_all(&why, |session| {
            session.stream() == name
                && *session.identity() == Identity::Anyone
                && is_closed(session.purpose())
        });
        if after.source.is_some() {
            let detail = format!("{name} has been given a source in its configuration.");
            let why = Problem::new(Code::NotPublishable, detail);
            self.0.sessions.close_all(&why, |session| {
                session.stream() == name && session.purpose() == Purpose::Publish
            });
        }
    }

    fn remove(&self, name: &StreamName) {
        tracing::info!(stream = %name, "stream removed");
        let removed = self.streams_lock().remove(name);
        if let Some(running) = removed {
            let (name, viewers) = (name.clone(), running.entry.config().viewers);
            self.0.events.push(Event::Removed { name, viewers });
        }
        let why = Problem::new(
            Code::StreamRemoved,
            format!("{name} was taken out of the configuration."),
        );
        self.0
            .sessions
            .close_all(&why, |session| session.stream() == name);
    }

    fn streams_lock(&self) -> MutexGuard<'_, BTreeMap<StreamName, Running>> {
        self.0
            .streams
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

impl std::fmt::Debug for Hub {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Hub")
            .field("streams", &self.streams())
            .finish_non_exhaustive()
    }
}

/// Runs a source, counts its problems and tells the stream's sessions and followers how it stands.
/// (A substream's is no business of theirs: they show the stream while it can't play.)
async fn run(entry: Arc<Entry>, hub: Option<Weak<Inner>>, counts: Arc<Counts>) {
    let mut standing = entry.follow();
    let telling = async {
        let mut told = None;
        while standing.changed().await.is_ok() {
            let now = standing.borrow_and_update().clone();
            let cause = now.cause();
            let before = told.replace(cause);
            if let (_, Some(code)) = cause
                && before.is_none_or(|(_, known)| known != Some(code))
            {
                counts.problem(code);
            }
            if let Some(hub) = hub.as_ref().and_then(Weak::upgrade).map(Hub) {
                hub.0.sessions.on_standing(entry.name(), &now);
                hub.tell_standing(&entry, now, before != Some(cause));
            }
        }
    };
    tokio::join!(Arc::clone(&entry).run(), telling);
}

#[expect(
    clippy::disallowed_methods,
    reason = "the sweep is what makes time pass for sessions"
)]
async fn sweep(sessions: Arc<Sessions>) {
    let mut beat = tokio::time::interval(SWEEP);
    beat.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Skip);
    loop {
        beat.tick().await;
        sessions.sweep(tokio::time::Instant::now().into_std());
    }
}
