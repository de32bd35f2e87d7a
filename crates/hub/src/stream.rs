//! One stream as the hub keeps it: its media, what is configured, and the task that runs its source.
//!
//! The [`Entry`] is the stream's handle: anybody may ask it how things stand or tell it that a viewer
//! came. All such events go through the `Supervisor` at once, under one small lock; the task only
//! does what the supervisor decided (starts and drops the source) and sleeps until something is due.
//! A source that panics is caught here, counted and tried again: it costs its own stream, nobody else's.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use lenswire_api::{Problem, StreamName};
use lenswire_media::{Demand, Stream, StreamStats, Tracks};
use tokio::sync::{Notify, watch};

use crate::config::StreamConfig;
use crate::curves::{Curves, Sample, Span};
use crate::source::Source;
use crate::supervise::{Action, Event, Mode, Phase, Supervisor};

mod configure;
mod publisher;
mod role;
mod standing;
mod task;
#[cfg(test)]
mod tests;

pub(crate) use role::{Role, Sources};
pub use standing::Standing;

/// A stream: outlives its sources, its viewers and its configuration's versions.
pub struct Entry {
    name: StreamName,
    /// Unlike that of any other entry, of this process or another: for entity tags.
    id: u32,
    media: Stream,
    state: Mutex<State>,
    /// The task has something to do: an action, or a change of demand.
    kick: Arc<Notify>,
    standing: watch::Sender<Standing>,
    curves: Mutex<Curves>,
    role: Role,
}

struct State {
    config: StreamConfig,
    /// Counts the configurations that it has had.
    revision: u64,
    /// Nothing to supervise when there is none: somebody may publish to the stream.
    source: Option<Supervised>,
    /// The session that publishes to it.
    publisher: Option<String>,
    /// Decided, not yet done by the task.
    action: Action,
    /// Counts decisions, so that what an earlier run reports late is not taken for the current one.
    run: u64,
    warnings: BTreeMap<&'static str, Problem>,
    panics: u64,
    /// Keeps the substream warm while the stream itself is wanted.
    warm: Option<Demand>,
}

struct Supervised {
    source: Arc<Source>,
    supervisor: Supervisor,
}

impl Supervised {
    fn new(source: Source, config: &StreamConfig, now: Instant) -> Self {
        Self {
            source: Arc::new(source),
            supervisor: Supervisor::new(mode(config), now),
        }
    }
}

impl Entry {
    /// A stream as configured. [`Entry::run`] has to be driven for its source to run, and its
    /// [`Entry::substream`]'s for that one.
    pub(crate) fn new(
        name: StreamName,
        config: StreamConfig,
        sources: impl Into<Sources>,
        now: Instant,
    ) -> Arc<Self> {
        let Sources { main, substream } = sources.into();
        let substream = Self::part(
            name.clone(),
            config.clone(),
            substream,
            Role::Substream,
            now,
        );
        Self::part(name, config, main, Role::Main(substream), now)
    }

    fn part(
        name: StreamName,
        config: StreamConfig,
        source: Option<Source>,
        role: Role,
        now: Instant,
    ) -> Arc<Self> {
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
            revision: 1,
            source,
            publisher: None,
            action: Action::Nothing,
            run: 0,
            warnings: BTreeMap::new(),
            panics: 0,
            warm: None,
        };
        Arc::new(Self {
            name,
            id: rand::random(),
            media,
            state: Mutex::new(state),
            kick,
            standing: watch::Sender::new(standing),
            curves: Mutex::default(),
            role,
        })
    }

    /// The smaller picture of the same scene, which is in no list of its own. It is always there,
    /// so that a configuration may give and take its source while viewers stay; without a source
    /// it is idle, and [`Entry::has_source`] says so.
    pub(crate) fn substream(&self) -> Option<&Arc<Self>> {
        match &self.role {
            Role::Main(substream) => Some(substream),
            Role::Substream => None,
        }
    }

    /// Its substream, if one is configured.
    #[must_use]
    pub fn configured_substream(&self) -> Option<&Arc<Self>> {
        self.substream().filter(|substream| substream.has_source())
    }

    /// Whether a source is configured.
    pub(crate) fn has_source(&self) -> bool {
        self.lock().source.is_some()
    }

    /// The stream's name.
    #[must_use]
    pub fn name(&self) -> &StreamName {
        &self.name
    }

    /// Unlike that of any other entry, of this process or another.
    pub(crate) fn id(&self) -> u32 {
        self.id
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

    /// Names its present configuration: other after each change, and in each process.
    pub(crate) fn revision(&self) -> String {
        format!("{:x}.{}", self.id, self.lock().revision)
    }

    /// Its curves grow by a sample: so many watch, and that is their delay.
    pub(crate) fn sample(&self, delay: Option<Duration>, watching: usize, now: Instant) {
        let stats = self.stats(now);
        let mut curves = self.curves.lock().unwrap_or_else(PoisonError::into_inner);
        curves.take(&stats, self.media.is_live(), delay, watching);
    }

    /// One of its curves, and the time between two samples.
    pub(crate) fn curve(&self, span: Span) -> (Duration, Vec<Sample>) {
        let curves = self.curves.lock().unwrap_or_else(PoisonError::into_inner);
        curves.span(span)
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
        if let Some(substream) = self.substream() {
            substream.retry(now);
        }
    }

    /// A viewer came: a source that waits for its next attempt is tried sooner.
    pub fn joined(&self, now: Instant) {
        self.tell(Event::Joined, now);
        if let Some(substream) = self.substream() {
            substream.joined(now);
        }
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

    fn lock(&self) -> MutexGuard<'_, State> {
        // Whoever held it panicked between two assignments of plain values: they are usable.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Puts an event through the supervisor and tells everybody what came of it.
    fn tell(&self, event: Event, now: Instant) {
        let mut state = self.lock();
        let Some(source) = &mut state.source else {
            return;
        };
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
        let old = (self.standing.borrow().phase, self.standing.borrow().since);
        let (phase, since) = match supervisor {
            Some(supervisor) => (supervisor.phase(), supervisor.since()),
            None => publisher::standing(state.publisher.is_some(), old, clock()),
        };
        let standing = Standing {
            phase,
            since,
            problem: supervisor.and_then(Supervisor::problem).cloned(),
            warnings: state.warnings.values().cloned().collect(),
            reconnects: supervisor.map_or(0, Supervisor::reconnects),
            panics: state.panics,
        };
        // Under the state's lock, so that standings come in the order of their events.
        self.standing.send_if_modified(|old| {
            let differs = *old != standing;
            if old.cause() != standing.cause() {
                standing.log(&self.name, &self.role);
            }
            *old = standing;
            differs
        });
        drop(state);
    }
}

impl std::fmt::Debug for Entry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Entry")
            .field("name", &self.name)
            .field("standing", &self.standing())
            .finish_non_exhaustive()
    }
}

/// The time, read where events enter the supervisor. tokio's, so that a test may turn it.
#[expect(
    clippy::disallowed_methods,
    reason = "the source's task is where its supervisor learns the time"
)]
fn clock() -> Instant {
    tokio::time::Instant::now().into_std()
}

fn mode(config: &StreamConfig) -> Mode {
    if config.on_demand {
        Mode::OnDemand
    } else {
        Mode::Always
    }
}
