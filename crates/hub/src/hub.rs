//! The hub: which streams there are, who watches them, and the engine that carries it. It starts
//! and stops things and knows where they are; what a stream or a session is about stands with them.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use arc_swap::ArcSwap;
use lenswire_api::{Code, Problem, StreamName};
use lenswire_media::Tracks;
use lenswire_rtc::{Engine, EngineConfig, Ice, SessionEvent, Watch};
use tokio_util::task::AbortOnDropHandle;

use crate::config::{self, Config, StreamConfig, Viewers};
use crate::session::{self, Identity, Ids, Session, Sessions, Shared};
use crate::source::Source;
use crate::stream::{Entry, Standing};

#[cfg(test)]
mod tests;

/// How long a viewer waits for a stream that is only now starting. A camera behind a proxy takes
/// 5 s for its first frame; clients' own patience ends at 10 to 15 s.
pub(crate) const PATIENCE: Duration = Duration::from_secs(10);

/// How often sessions are looked at for expired grants and lost sockets.
const SWEEP: Duration = Duration::from_secs(1);

/// How far a viewer may fall behind where its stream says nothing.
const DELAY_LIMIT: Duration = Duration::from_secs(1);

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
}

/// Somebody wants to watch, and may.
#[derive(Clone, Debug)]
pub struct WatchRequest {
    /// Which stream.
    pub stream: StreamName,
    /// The SDP offer.
    pub offer: String,
    /// By whose leave.
    pub identity: Identity,
    /// Until when that leave holds, if it ends by itself.
    pub expires: Option<Instant>,
    /// The client's address, as far as it can be known; only for limits, never for leave.
    pub client: Option<IpAddr>,
    /// When the request came in.
    pub now: Instant,
}

impl Hub {
    /// Opens the media port and starts all streams. To be called within a tokio runtime.
    ///
    /// # Errors
    /// When the media port can't be opened.
    pub fn start(config: Config, now: Instant) -> Result<Self, Error> {
        let engine = Engine::start(engine_config(&config))?;
        let sessions = Arc::new(Sessions::default());
        let sweeper = AbortOnDropHandle::new(tokio::spawn(sweep(Arc::clone(&sessions))));
        let inner = Inner {
            config: ArcSwap::from_pointee(Config { streams: BTreeMap::new(), ..config.clone() }),
            streams: Mutex::default(),
            sessions,
            engine,
            runtime: tokio::runtime::Handle::current(),
            applying: Mutex::default(),
            _sweeper: sweeper,
        };
        let hub = Self(Arc::new(inner));
        hub.apply(config, now);
        Ok(hub)
    }

    /// Takes over a new configuration as a difference to the present one: streams come, go or are
    /// changed one by one, and whoever watches an unchanged or changed stream stays.
    pub fn apply(&self, config: Config, now: Instant) {
        let _one_at_a_time = self.0.applying.lock().unwrap_or_else(PoisonError::into_inner);
        let old = self.config();
        let removed: Vec<_> = old.streams.keys().filter(|name| !config.streams.contains_key(*name)).cloned().collect();
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
        self.streams_lock().get(name).map(|running| Arc::clone(&running.entry))
    }

    /// All streams, by name.
    #[must_use]
    pub fn streams(&self) -> Vec<Arc<Entry>> {
        self.streams_lock().values().map(|running| Arc::clone(&running.entry)).collect()
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

    /// The engine that carries it all.
    #[must_use]
    pub fn engine(&self) -> &Engine {
        &self.0.engine
    }

    /// Begins a session: finds the stream, waits for its tracks if its source is only now starting
    /// (`waiting` hears how that goes), and negotiates.
    ///
    /// # Errors
    /// As a problem that can be shown: no such stream, not live in time, no codec in common, full.
    pub async fn watch(
        &self,
        request: WatchRequest,
        waiting: &mut (dyn FnMut(&Standing) + Send),
    ) -> Result<Arc<Session>, Problem> {
        let entry = self.stream(&request.stream).ok_or_else(|| not_found(&request.stream))?;
        self.0.sessions.check(&request.stream, &request.identity, &self.config().limits)?;
        let _demand = entry.media().demand();
        entry.joined(request.now);
        match entry.tracks(request.now, PATIENCE, waiting).await {
            Some(tracks) => self.negotiate(request, &entry, tracks),
            None => Err(not_live(&entry)),
        }
    }

    fn negotiate(&self, request: WatchRequest, entry: &Entry, tracks: Arc<Tracks>) -> Result<Arc<Session>, Problem> {
        let shared = Shared::new(entry.standing(), request.expires);
        let ids = Ids::random();
        let watch = Watch {
            offer: request.offer,
            stream: entry.media().clone(),
            tracks,
            events: self.listen(&shared, &ids),
            client: request.client,
            delay_limit: entry.config().delay_limit.unwrap_or(DELAY_LIMIT),
            now: request.now,
        };
        let peer = self.0.engine.watch(watch).map_err(|refusal| session::problem(&refusal))?;
        let session = Session::new(ids, request.stream, request.identity, wall_clock(), peer, shared);
        self.0.sessions.insert(&session, &self.config().limits)?;
        if session.is_closed() {
            self.0.sessions.forget(session.secret());
        }
        tracing::debug!(stream = %session.stream(), session = session.number(), "session answered");
        Ok(session)
    }

    /// What the engine calls with a session's events: they are shared out at once, and a session
    /// that is over is forgotten by a task, because the media thread that says so must not wait.
    fn listen(&self, shared: &Arc<Shared>, ids: &Ids) -> Arc<dyn Fn(SessionEvent) + Send + Sync> {
        let (shared, sessions) = (Arc::clone(shared), Arc::downgrade(&self.0.sessions));
        let (secret, number) = (ids.secret.clone(), ids.number.clone());
        let runtime = self.0.runtime.clone();
        Arc::new(move |event| {
            tracing::debug!(session = number, ?event, "session");
            if shared.event(event)
                && let Some(sessions) = sessions.upgrade()
            {
                let secret = secret.clone();
                runtime.spawn(async move { drop(sessions.forget(&secret)) });
            }
        })
    }

    fn add(&self, name: &StreamName, config: &StreamConfig, now: Instant) {
        let entry = Entry::new(name.clone(), config.clone(), source(config), now);
        let task = AbortOnDropHandle::new(self.0.runtime.spawn(run(Arc::clone(&entry), Arc::clone(&self.0.sessions))));
        tracing::info!(stream = %name, "stream added");
        self.streams_lock().insert(name.clone(), Running { entry, _task: task });
    }

    fn change(&self, name: &StreamName, before: &StreamConfig, after: &StreamConfig, now: Instant) {
        let Some(entry) = self.stream(name) else { return };
        tracing::info!(stream = %name, "stream changed");
        entry.configure(after.clone(), source(after), now);
        if (before.viewers, after.viewers) == (Viewers::Anyone, Viewers::Grant) {
            // Being open to anyone was the only leave that these had (SEC-13).
            let why = Problem::new(Code::GrantExpired, "The stream is no longer open to anyone.");
            self.0.sessions.close_all(&why, |session| session.stream() == name && *session.identity() == Identity::Anyone);
        }
    }

    fn remove(&self, name: &StreamName) {
        tracing::info!(stream = %name, "stream removed");
        drop(self.streams_lock().remove(name));
        let why = Problem::new(Code::StreamRemoved, format!("{name} was taken out of the configuration."));
        self.0.sessions.close_all(&why, |session| session.stream() == name);
    }

    fn streams_lock(&self) -> MutexGuard<'_, BTreeMap<StreamName, Running>> {
        self.0.streams.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl std::fmt::Debug for Hub {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Hub").field("streams", &self.streams()).finish_non_exhaustive()
    }
}

/// Runs a stream's source and tells the stream's sessions how it stands.
async fn run(entry: Arc<Entry>, sessions: Arc<Sessions>) {
    let mut standing = entry.follow();
    let telling = async {
        while standing.changed().await.is_ok() {
            let now = standing.borrow_and_update().clone();
            sessions.on_standing(entry.name(), &now);
        }
    };
    tokio::join!(Arc::clone(&entry).run(), telling);
}

#[expect(clippy::disallowed_methods, reason = "the sweep is what makes time pass for sessions")]
async fn sweep(sessions: Arc<Sessions>) {
    let mut beat = tokio::time::interval(SWEEP);
    beat.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Skip);
    loop {
        beat.tick().await;
        sessions.sweep(tokio::time::Instant::now().into_std());
    }
}

/// The source that a stream's configuration asks for.
fn source(config: &StreamConfig) -> Option<Source> {
    match config.source.as_ref()? {
        config::Source::Rtsp(url) => Some(Source::rtsp(url, config.transport)),
        config::Source::Demo => Some(Source::Demo),
    }
}

fn engine_config(config: &Config) -> EngineConfig {
    let limits = &config.limits;
    EngineConfig {
        port: config.media.port,
        addresses: config.media.addresses.clone(),
        ice: match config.media.ice {
            config::Ice::Full => Ice::Full,
            config::Ice::Lite => Ice::Lite,
        },
        threads: 0,
        limits: lenswire_rtc::Limits {
            pending: limits.pending,
            pending_per_client: limits.pending_per_ip,
            pending_life: limits.pending_time,
            vanished_after: limits.vanished_time,
            ..lenswire_rtc::Limits::default()
        },
    }
}

/// There is no such stream.
pub(crate) fn not_found(name: &StreamName) -> Problem {
    Problem::new(Code::StreamNotFound, format!("No stream is called {name}."))
}

/// It shows nothing yet, for the reason that its source gives.
fn not_live(entry: &Entry) -> Problem {
    const AGAIN: Duration = Duration::from_secs(5);
    let name = entry.name();
    let Some(cause) = entry.standing().problem else {
        return Problem::new(Code::StreamNotLive, format!("{name} has no picture yet.")).retry_after(AGAIN);
    };
    let fix = cause.fix().to_owned();
    Problem::new(Code::StreamNotLive, format!("{name} has no picture. {cause}")).with_fix(fix).retry_after(AGAIN)
}

#[expect(clippy::disallowed_methods, reason = "when a session began is shown to people")]
fn wall_clock() -> SystemTime {
    SystemTime::now()
}
