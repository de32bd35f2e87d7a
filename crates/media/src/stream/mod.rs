//! A stream: one writer, many readers, and the current group of pictures for whoever joins.
//!
//! A stream outlives its sources. Viewers hang off the stream; a source may come back, be
//! replaced or fail over beneath them, and each such run is an *epoch*. Everything is cleaned up
//! by Drop: a [`Producer`] that goes leaves a stream without a source, a [`Consumer`] or a
//! [`Demand`] that goes takes its demand with it.
//!
//! One mutex guards it all. It is taken once per batch by the producer and once per pop by a
//! consumer's thread, never per viewer, and no wake is called while it is held.

mod consumer;
mod gop;
mod guards;
mod producer;
mod stats;
#[cfg(test)]
mod tests;

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

pub use consumer::{Consumer, Item, QUEUE_BYTES, QUEUE_TIME};
pub use gop::{GOP_BYTES, GOP_TIME, Join};
pub use guards::{Demand, Watching};
pub use producer::{Producer, Writer};
pub use stats::StreamStats;

use crate::Tracks;
use consumer::Queue;
use gop::Gop;
use stats::Meter;

/// Called when there is something to do. It must be cheap, must not block and must not call back
/// into the stream.
pub type Wake = Arc<dyn Fn() + Send + Sync>;

/// A keyframe is asked of a source at most this often. More would cost the camera quality: each
/// keyframe is 5 to 20 times as large as the frames between.
const KEYFRAME_REQUEST_SPACING: Duration = Duration::from_secs(1);

/// A handle to a stream; clones are the same stream.
#[derive(Clone)]
pub struct Stream {
    state: Arc<Mutex<State>>,
}

/// What the mutex guards.
#[derive(Default)]
struct State {
    epoch: u32,
    /// Whether a producer of the current epoch is alive, and how to tell it of a wish.
    source: Option<Wake>,
    tracks: Option<Arc<Tracks>>,
    /// Per track: the number after the last one written in this epoch.
    next_seq: Vec<u64>,
    gop: Gop,
    meter: Meter,
    wish: Wish,
    readers: Vec<(u64, Queue)>,
    demands: usize,
    demand_changed: Option<Wake>,
    tracks_changed: Vec<(u64, Wake)>,
    last_id: u64,
}

/// A keyframe somebody wants.
#[derive(Default)]
struct Wish {
    pending: bool,
    passed_on: Option<Instant>,
}

impl Wish {
    fn may_pass(&self, now: Instant) -> bool {
        self.passed_on
            .is_none_or(|at| now.saturating_duration_since(at) >= KEYFRAME_REQUEST_SPACING)
    }
}

impl State {
    fn next_id(&mut self) -> u64 {
        self.last_id += 1;
        self.last_id
    }

    fn demanded(&self) -> usize {
        self.readers.len() + self.demands
    }

    /// Makes `tracks` the known ones; true when that changed anything.
    fn learn_tracks(&mut self, tracks: Tracks) -> bool {
        if self.tracks.as_deref() == Some(&tracks) {
            return false;
        }
        if !self
            .tracks
            .as_deref()
            .is_some_and(|known| known.same_shape(&tracks))
        {
            self.gop.clear();
        }
        self.next_seq.resize(tracks.0.len(), 0);
        self.meter.on_tracks(&tracks);
        self.tracks = Some(Arc::new(tracks));
        true
    }

    /// Gives `item` to every reader; the wakes of those that had nothing to do go to `woken`.
    fn give_all(&mut self, item: &Item, woken: &mut Vec<Wake>) {
        let video = self
            .tracks
            .as_deref()
            .and_then(|t| t.first(crate::Kind::Video))
            .map(|(id, _)| id);
        for (_, queue) in &mut self.readers {
            if queue.push(item.clone(), video) {
                woken.push(Arc::clone(queue.wake()));
            }
        }
    }

    /// As [`Self::give_all`] with the tracks now known, for those who watch them too.
    fn give_tracks(&mut self, woken: &mut Vec<Wake>) {
        if let Some(tracks) = self.tracks.clone() {
            self.give_all(&Item::Tracks(tracks), woken);
        }
        woken.extend(self.tracks_changed.iter().map(|(_, wake)| Arc::clone(wake)));
    }
}

impl Stream {
    /// A stream without a source, whose tracks nobody knows yet.
    #[must_use]
    pub fn new() -> Self {
        Self {
            state: Arc::default(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Nothing that holds the lock calls foreign code, so a poisoned state is still whole.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A source begins or takes over: a new epoch, with the group of pictures emptied and the
    /// writes of an older producer ignored. `wake` is called when somebody wishes a keyframe;
    /// [`Producer::keyframe_wanted`] then says whether it is time to ask for it.
    pub fn produce(&self, tracks: Tracks, wake: Wake) -> Producer {
        let mut woken = Vec::new();
        let mut state = self.lock();
        state.epoch += 1;
        let epoch = state.epoch;
        if state.source.replace(wake).is_some() {
            state.give_all(&Item::Ended, &mut woken);
        }
        state.gop.clear();
        state.next_seq.clear();
        state.next_seq.resize(tracks.0.len(), 0);
        state.meter.on_epoch();
        state.wish = Wish::default();
        if state.learn_tracks(tracks) {
            state.give_tracks(&mut woken);
        }
        drop(state);
        call(&mut woken);
        Producer::new(self.clone(), epoch)
    }

    /// Starts to read. The queue starts empty (what is cached comes from [`Self::join`]), counts
    /// as demand while it lives, and `wake` is called when it goes from empty to not empty.
    pub fn consume(&self, wake: Wake) -> Consumer {
        let mut state = self.lock();
        let id = state.next_id();
        state.readers.push((id, Queue::new(wake)));
        let rose = (state.demanded() == 1)
            .then(|| state.demand_changed.clone())
            .flatten();
        drop(state);
        call_one(rose);
        Consumer::new(self.clone(), id)
    }

    /// Demand without reading, for a viewer that still negotiates.
    pub fn demand(&self) -> Demand {
        let mut state = self.lock();
        state.demands += 1;
        let rose = (state.demanded() == 1)
            .then(|| state.demand_changed.clone())
            .flatten();
        drop(state);
        call_one(rose);
        Demand::new(self.clone())
    }

    /// How many consumers and demands live.
    #[must_use]
    pub fn demanded(&self) -> usize {
        self.lock().demanded()
    }

    /// Has `wake` called whenever demand starts (0 to 1) or ends (1 to 0). There is one listener,
    /// the task that runs the stream's source; a later call replaces an earlier one.
    pub fn on_demand_change(&self, wake: Wake) {
        self.lock().demand_changed = Some(wake);
    }

    /// The tracks last known. They survive the source, so that a viewer can be answered at once.
    #[must_use]
    pub fn tracks(&self) -> Option<Arc<Tracks>> {
        self.lock().tracks.clone()
    }

    /// Has `wake` called when [`Self::tracks`] changes, until the guard is dropped.
    pub fn on_tracks(&self, wake: Wake) -> Watching {
        let mut state = self.lock();
        let id = state.next_id();
        state.tracks_changed.push((id, wake));
        drop(state);
        Watching::new(self.clone(), id)
    }

    /// Whether both are handles of one stream.
    #[must_use]
    pub fn is_same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.state, &other.state)
    }

    /// Whether a source is writing.
    #[must_use]
    pub fn is_live(&self) -> bool {
        self.lock().source.is_some()
    }

    /// Asks the source for a keyframe. Wishes are merged; the source passes on at most one a
    /// second, and a keyframe that comes by itself fulfils them.
    pub fn request_keyframe(&self, now: Instant) {
        let mut state = self.lock();
        let first = !std::mem::replace(&mut state.wish.pending, true);
        let wake = (first || state.wish.may_pass(now))
            .then(|| state.source.clone())
            .flatten();
        drop(state);
        call_one(wake);
    }

    /// What a viewer that joins now starts from.
    #[must_use]
    pub fn join(&self) -> Join {
        let state = self.lock();
        Join {
            epoch: state.epoch,
            tracks: state.tracks.clone().unwrap_or_default(),
            gop: state.gop.batches().to_vec(),
            keyframe_interval: state.meter.keyframe_interval(),
            size: state.meter.size(),
            next_seq: state.next_seq.clone(),
        }
    }

    /// Measurements as of `now`.
    #[must_use]
    pub fn stats(&self, now: Instant) -> StreamStats {
        self.lock().meter.stats(now)
    }
}

impl Default for Stream {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Stream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = self.lock();
        f.debug_struct("Stream")
            .field("epoch", &state.epoch)
            .field("live", &state.source.is_some())
            .field("demanded", &state.demanded())
            .finish_non_exhaustive()
    }
}

/// Calls and forgets the collected wakes, after the lock has been let go.
fn call(woken: &mut Vec<Wake>) {
    for wake in woken.drain(..) {
        wake();
    }
}

fn call_one(wake: Option<Wake>) {
    if let Some(wake) = wake {
        wake();
    }
}
