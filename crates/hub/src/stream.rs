//! One stream as the hub keeps it: its media, what is configured, and the task that runs its source.
//!
//! The [`Entry`] is the stream's handle: anybody may ask it how things stand or tell it that a viewer
//! came. All such events go through the [`Supervisor`] at once, under one small lock; the task only
//! does what the supervisor decided (starts and drops the source) and sleeps until something is due.
//! A source that panics is caught here, counted and tried again: it costs its own stream, nobody else's.

use std::collections::BTreeMap;
use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use futures_util::FutureExt as _;
use lenswire_api::{Code, Problem, StreamName};
use lenswire_media::{Stream, StreamStats, Tracks};
use tokio::sync::{Notify, watch};

use crate::config::StreamConfig;
use crate::source::{End, Progress, Source, Then};
use crate::supervise::{Action, Event, Mode, Phase, Supervisor};

#[cfg(test)]
mod tests;

/// Most warnings kept about one source; more would be a list of everything that can be said.
const MOST_WARNINGS: usize = 16;

/// A stream: outlives its sources, its viewers and its configuration's versions.
pub struct Entry {
    name: StreamName,
    media: Stream,
    state: Mutex<State>,
    /// The task has something to do: an action, or a change of demand.
    kick: Arc<Notify>,
    standing: watch::Sender<Standing>,
}

struct State {
    config: StreamConfig,
    /// Nothing to supervise when there is none: somebody may publish to the stream.
    source: Option<Supervised>,
    /// Decided, not yet done by the task.
    action: Action,
    /// Counts decisions, so that what an earlier run reports late is not taken for the current one.
    run: u64,
    warnings: BTreeMap<&'static str, Problem>,
    panics: u64,
}

struct Supervised {
    source: Arc<Source>,
    supervisor: Supervisor,
}

/// How a stream's source stands.
#[derive(Clone, Debug, PartialEq)]
pub struct Standing {
    pub(crate) phase: Phase,
    pub(crate) since: Instant,
    /// Why it doesn't play; gone when it does.
    pub problem: Option<Problem>,
    /// It plays or could, but somebody should know.
    pub warnings: Vec<Problem>,
    /// How often it came back.
    pub reconnects: u64,
    /// How often its driver panicked.
    pub panics: u64,
}

impl Standing {
    /// One word: `idle`, `connecting`, `live`, `stalled`, `retrying`, `parked`.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self.phase {
            Phase::Idle => "idle",
            Phase::Connecting => "connecting",
            Phase::Live => "live",
            Phase::Stalled => "stalled",
            Phase::Retrying(_) => "retrying",
            Phase::Parked(_) => "parked",
        }
    }

    /// When the source is tried again, if it waits.
    #[must_use]
    pub fn retry_at(&self) -> Option<Instant> {
        match self.phase {
            Phase::Retrying(at) | Phase::Parked(at) => at,
            _ => None,
        }
    }

    /// Since when that word holds.
    #[must_use]
    pub fn since(&self) -> Instant {
        self.since
    }

    /// What is worth a line in the log when it changes; the time of the next attempt is not.
    fn cause(&self) -> (&'static str, Option<Code>) {
        (self.word(), self.problem.as_ref().map(|problem| problem.code))
    }

    fn log(&self, stream: &StreamName) {
        let (stream, state) = (stream.as_str(), self.word());
        match &self.problem {
            Some(problem) => tracing::warn!(stream, state, code = problem.code.name(), %problem, "source"),
            None => tracing::info!(stream, state, "source"),
        }
    }
}

impl Supervised {
    fn new(source: Source, config: &StreamConfig, now: Instant) -> Self {
        Self { source: Arc::new(source), supervisor: Supervisor::new(mode(config), now) }
    }
}

/// A source that runs; `None` when its driver panicked.
type Running = Pin<Box<dyn Future<Output = Option<End>> + Send>>;

impl Entry {
    /// A stream as configured. [`Entry::run`] has to be driven for its source to run.
    pub(crate) fn new(name: StreamName, config: StreamConfig, source: Option<Source>, now: Instant) -> Arc<Self> {
        let kick = Arc::new(Notify::new());
        let media = Stream::new();
        let wake = Arc::clone(&kick);
        media.on_demand_change(Arc::new(move || wake.notify_one()));
        let standing = Standing {
            phase: Phase::Idle,
            since: now,
            problem: None,
            warnings: Vec::new(),
            reconnects: 0,
            panics: 0,
        };
        let source = source.map(|source| Supervised::new(source, &config, now));
        let state = State {
            config,
            source,
            action: Action::Nothing,
            run: 0,
            warnings: BTreeMap::new(),
            panics: 0,
        };
        Arc::new(Self { name, media, state: Mutex::new(state), kick, standing: watch::Sender::new(standing) })
    }

    /// The stream's name.
    #[must_use]
    pub fn name(&self) -> &StreamName {
        &self.name
    }

    /// What its viewers hang off.
    #[must_use]
    pub fn media(&self) -> &Stream {
        &self.media
    }

    /// What is configured.
    #[must_use]
    pub fn config(&self) -> StreamConfig {
        self.lock().config.clone()
    }

    /// How its source stands.
    #[must_use]
    pub fn standing(&self) -> Standing {
        self.standing.borrow().clone()
    }

    /// Follows how its source stands; the current standing counts as seen.
    #[must_use]
    pub fn follow(&self) -> watch::Receiver<Standing> {
        self.standing.subscribe()
    }

    /// Measurements of its source.
    #[must_use]
    pub fn stats(&self, now: Instant) -> StreamStats {
        self.media.stats(now)
    }

    /// A person wants its source tried now.
    pub fn retry(&self, now: Instant) {
        self.tell(Event::Retry, now);
    }

    /// A viewer came: a source that waits for its next attempt is tried sooner.
    pub fn joined(&self, now: Instant) {
        self.tell(Event::Joined, now);
    }

    /// Takes over a changed configuration. Only what a change is about changes: viewers stay, and
    /// the source runs on unless it is the source that changed.
    pub(crate) fn configure(&self, config: StreamConfig, source: Option<Source>, now: Instant) {
        let mut state = self.lock();
        let mode = mode(&config);
        let moded = mode != self::mode(&state.config);
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

    /// Waits until the stream's tracks are known, which for a stream that never ran means until its
    /// source tells. Hold a demand meanwhile. `waiting` hears how the source stands, now and at each
    /// change. `None` after `patience`, or at once when the source won't be tried within it.
    pub(crate) async fn tracks(
        &self,
        started: Instant,
        patience: Duration,
        waiting: &mut (dyn FnMut(&Standing) + Send),
    ) -> Option<Arc<Tracks>> {
        let learned = Arc::new(Notify::new());
        let wake = Arc::clone(&learned);
        let _watching = self.media.on_tracks(Arc::new(move || wake.notify_one()));
        let mut standing = self.follow();
        let deadline = started + patience;
        let mut out_of_time = std::pin::pin!(tokio::time::sleep_until(deadline.into()));
        loop {
            if let Some(tracks) = self.media.tracks().filter(|tracks| !tracks.0.is_empty()) {
                return Some(tracks);
            }
            let now = standing.borrow_and_update().clone();
            waiting(&now);
            if matches!(now.phase, Phase::Parked(Some(at)) if at > deadline) {
                return None;
            }
            tokio::select! {
                () = learned.notified() => {}
                changed = standing.changed() => changed.ok()?,
                () = &mut out_of_time => return None,
            }
        }
    }

    /// Runs the stream's source, as often and as long as the supervisor wants it. Never returns;
    /// dropping the future stops the source.
    pub(crate) async fn run(self: Arc<Self>) {
        let mut running: Option<Running> = None;
        self.tick();
        loop {
            match self.take_action() {
                Action::Nothing => {}
                Action::Start => {
                    drop(running.take());
                    running = self.start();
                }
                Action::Stop => running = None,
            }
            let wake = self.lock().source.as_ref().and_then(|source| source.supervisor.wake());
            tokio::select! {
                end = ended(&mut running) => {
                    running = None;
                    self.on_end(end);
                }
                () = self.kick.notified() => {}
                () = sleep_until(wake) => {}
            }
            self.tick();
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Whoever held it panicked between two assignments of plain values: they are usable.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Puts an event through the supervisor and tells everybody what came of it.
    fn tell(&self, event: Event, now: Instant) {
        let mut state = self.lock();
        let Some(source) = &mut state.source else { return };
        let due = source.supervisor.wake();
        let action = source.supervisor.handle(event, now, rand::random());
        if source.supervisor.wake() != due {
            self.kick.notify_one(); // The task sleeps towards another time.
        }
        if action != Action::Nothing {
            state.action = action;
            state.run += 1;
            if action == Action::Start {
                state.warnings.clear();
            }
            self.kick.notify_one();
        }
        self.publish(state);
    }

    /// Shows what the supervisor now says to everybody who follows.
    fn publish(&self, state: MutexGuard<'_, State>) {
        let supervisor = state.source.as_ref().map(|source| &source.supervisor);
        let standing = Standing {
            phase: supervisor.map_or(Phase::Idle, Supervisor::phase),
            since: supervisor.map_or_else(|| self.standing.borrow().since, Supervisor::since),
            problem: supervisor.and_then(Supervisor::problem).cloned(),
            warnings: state.warnings.values().cloned().collect(),
            reconnects: supervisor.map_or(0, Supervisor::reconnects),
            panics: state.panics,
        };
        // Under the state's lock, so that standings come in the order of their events.
        self.standing.send_if_modified(|old| {
            let differs = *old != standing;
            if old.cause() != standing.cause() {
                standing.log(&self.name);
            }
            *old = standing;
            differs
        });
        drop(state);
    }

    /// Looks at what can't tell by itself: the clock, demand, and when the last video came.
    fn tick(&self) {
        let now = clock();
        self.tell(Event::Demand(self.media.demanded() > 0), now);
        let live = self.standing.borrow().phase == Phase::Live;
        if let Some(at) = self.media.stats(now).last_video.filter(|_| live) {
            self.tell(Event::Video(at), now);
        }
        self.tell(Event::Tick, now);
    }

    fn take_action(&self) -> Action {
        std::mem::replace(&mut self.lock().action, Action::Nothing)
    }

    /// Makes the future that is one run of the source.
    fn start(self: &Arc<Self>) -> Option<Running> {
        let state = self.lock();
        let (source, run) = (Arc::clone(&state.source.as_ref()?.source), state.run);
        drop(state);
        let entry = Arc::clone(self);
        let driver = async move {
            let mut report = |progress| entry.report(run, progress);
            source.run(&entry.media, &mut report).await
        };
        Some(Box::pin(AssertUnwindSafe(driver).catch_unwind().map(Result::ok)))
    }

    fn report(&self, run: u64, progress: Progress) {
        let mut state = self.lock();
        if state.run != run {
            return; // An earlier run, about to be dropped.
        }
        match progress {
            Progress::Connecting => {}
            Progress::Live => {
                drop(state);
                let now = clock();
                self.tell(Event::Video(now), now);
            }
            Progress::Bad(packets) => {
                drop(state);
                self.tell(Event::Bad(packets), clock());
            }
            Progress::Warning(problem) => {
                if state.warnings.len() < MOST_WARNINGS || state.warnings.contains_key(problem.code.name()) {
                    state.warnings.insert(problem.code.name(), problem);
                }
                self.publish(state);
            }
            Progress::Resolved(code) => {
                state.warnings.remove(code.name());
                self.publish(state);
            }
        }
    }

    fn on_end(&self, end: Option<End>) {
        let mut state = self.lock();
        if end.is_none() {
            // The panic's own words are in the log already, by the panic hook.
            tracing::error!(stream = self.name.as_str(), "the source's driver panicked; it is started again");
            state.panics += 1;
        }
        let stopped_anyway = state.action != Action::Nothing;
        drop(state);
        if !stopped_anyway {
            self.tell(Event::Ended(end.unwrap_or_else(panicked)), clock());
        }
    }
}

impl std::fmt::Debug for Entry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Entry").field("name", &self.name).field("standing", &self.standing()).finish_non_exhaustive()
    }
}

/// The time, read where events enter the supervisor. tokio's, so that a test may turn it.
#[expect(clippy::disallowed_methods, reason = "the source's task is where its supervisor learns the time")]
fn clock() -> Instant {
    tokio::time::Instant::now().into_std()
}

fn mode(config: &StreamConfig) -> Mode {
    if config.on_demand { Mode::OnDemand } else { Mode::Always }
}

/// A driver's panic as an end like any other (D9).
fn panicked() -> End {
    let detail = "The part of Lenswire that reads this source failed. It is started again.";
    End { problem: Problem::new(Code::Internal, detail), then: Then::Retry }
}

/// The end of the running source; waits for ever when none runs.
async fn ended(running: &mut Option<Running>) -> Option<End> {
    match running {
        Some(source) => source.await,
        None => std::future::pending().await,
    }
}

async fn sleep_until(wake: Option<Instant>) {
    match wake {
        Some(at) => tokio::time::sleep_until(at.into()).await,
        None => std::future::pending().await,
    }
}
