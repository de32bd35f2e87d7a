//! One viewer on a media thread: its peer, its view of the stream, and what its owner is told.

mod adapting;

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use lenswire_media::viewer::{Dropped, Viewing, Viewstate};
use lenswire_media::{Batch, Demand, Stream, Tracks};

use super::places::{PendingPlace, SessionPlace};
use super::router::{AddressClaim, SessionId, UfragClaim};
use super::session::{Closed, SessionEvent, SessionState, SessionStats};
use super::thread::Work;
use super::timers::Alarm;
use crate::peer::{Clock, Event, Figures, Pair, Peer};
use adapting::{Adapting, Wanted};

/// Addresses that one session may have proven to be at. A phone that roams all day needs more than
/// one, an attacker who knows the password could claim thousands: the oldest is forgotten.
const MAX_ADDRESSES: usize = 16;

/// A session with that many addresses takes a new one no more often than this: each leaves a trace in
/// the ICE agent.
const MOVE_SPACING: Duration = Duration::from_secs(1);

/// A viewer asks the stream for a keyframe this often while it waits for one. The stream merges
/// all wishes; this only spares its lock.
const ASK_AGAIN: Duration = Duration::from_secs(1);

/// What a session's owner and its media thread both hold.
#[derive(Debug, Default)]
pub(super) struct Shared {
    state: Mutex<Told>,
}

#[derive(Debug, Default)]
struct Told {
    stats: SessionStats,
    /// Something of the viewer's has arrived that knew the password.
    heard: bool,
    /// The owner wants it closed; set before the thread is told, in case its queue is full.
    close: Option<Closed>,
}

impl Shared {
    fn with<T>(&self, act: impl FnOnce(&mut Told) -> T) -> T {
        act(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }

    pub(super) fn stats(&self) -> SessionStats {
        self.with(|told| told.stats.clone())
    }

    pub(super) fn is_heard(&self) -> bool {
        self.with(|told| told.heard)
    }

    fn hear(&self, heard: bool) {
        self.with(|told| told.heard = heard);
    }

    pub(super) fn state(&self) -> SessionState {
        self.with(|told| told.stats.state)
    }

    pub(super) fn change(&self, act: impl FnOnce(&mut SessionStats)) {
        self.with(|told| act(&mut told.stats));
    }

    pub(super) fn want_close(&self, why: Closed) {
        self.with(|told| told.close.get_or_insert(why).to_owned());
    }

    pub(super) fn wanted_close(&self) -> Option<Closed> {
        self.with(|told| told.close)
    }
}

/// How the owner is told what happens.
pub(super) type Tell = Arc<dyn Fn(SessionEvent) + Send + Sync>;

/// Where the viewer gets its packets from.
pub(super) struct Source {
    /// The stream, then smaller pictures of the same scene.
    pub(super) layers: Vec<Stream>,
    pub(super) tracks: Arc<Tracks>,
    /// All of them are kept going while this viewer may be shown any of them.
    pub(super) demands: Vec<Demand>,
}

/// What a viewer holds so that others can be counted and found; given back by Drop.
pub(super) struct Held {
    pub(super) _session: SessionPlace,
    pub(super) pending: Option<PendingPlace>,
    pub(super) ufrag: UfragClaim,
    pub(super) addresses: VecDeque<AddressClaim>,
    /// When the newest of them was proven.
    pub(super) moved: Option<Instant>,
}

/// One viewer.
pub(super) struct Viewer {
    pub(super) id: SessionId,
    pub(super) peer: Peer,
    pub(super) source: Source,
    pub(super) held: Held,
    pub(super) shared: Arc<Shared>,
    pub(super) alarm: Alarm,
    tell: Tell,
    born: Instant,
    pub(super) adapting: Adapting,
    view: Option<Viewing>,
    view_due: Option<Instant>,
    told_view: Option<ViewKind>,
    asked: Option<Instant>,
    reported: Reported,
    delay: Option<Duration>,
    /// Its connection had not taken what it was given when the last batch came.
    was_behind: bool,
    /// What it was not given because of that.
    left_out: Dropped,
    #[cfg(test)]
    pub(super) panics: bool,
}

/// The kind of state last told, without its figures.
#[derive(Clone, Copy, PartialEq, Eq)]
enum ViewKind {
    Waiting,
    CatchingUp,
    Live,
}

/// What the last statistics were made of.
#[derive(Clone, Copy, Debug)]
struct Reported {
    at: Instant,
    figures: Figures,
}

/// Something a viewer did while it was driven, for its thread to act on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Turn {
    /// Nothing special.
    Goes,
    /// Media can flow from now on.
    Connected,
    /// Other streams are read from now on.
    Reads,
    /// It is over.
    Ends(Closed),
}

impl Viewer {
    pub(super) fn new(
        id: SessionId,
        peer: Peer,
        source: Source,
        held: Held,
        tell: Tell,
        now: Instant,
    ) -> Self {
        let shared = Arc::new(Shared::default());
        shared.change(|stats| stats.codecs = peer.codecs());
        let adapting = Adapting::new(source.layers.len());
        Self {
            id,
            peer,
            source,
            held,
            shared,
            alarm: Alarm::default(),
            tell,
            born: now,
            adapting,
            view: None,
            view_due: None,
            told_view: None,
            asked: None,
            reported: Reported {
                at: now,
                figures: Figures::default(),
            },
            delay: None,
            was_behind: false,
            left_out: Dropped::default(),
            #[cfg(test)]
            panics: false,
        }
    }

    /// What came of what was done to the peer, and when to look at it again.
    pub(super) fn settle(&mut self, clock: Clock, work: &mut Work) -> (Turn, Instant) {
        let mut turn = Turn::Goes;
        while let Some(event) = self.peer.poll_event() {
            match event {
                Event::Connected => turn = Turn::Connected,
                Event::KeyframeWanted => self.shown().request_keyframe(clock.now),
                Event::LinkMeasured => self.on_link(clock, work),
                Event::Goodbye => turn = Turn::Ends(Closed::ByPeer),
                Event::Failed => turn = Turn::Ends(Closed::DtlsFailed),
            }
        }
        if turn == Turn::Goes && self.adapting.take_change() {
            turn = Turn::Reads;
        }
        let at = self.peer.wake(clock.now);
        (turn, self.view_due.map_or(at, |due| due.min(at)))
    }

    /// The stream whose picture is shown.
    fn shown(&self) -> &Stream {
        let layers = &self.source.layers;
        layers
            .get(self.adapting.shown)
            .unwrap_or_else(|| &layers[0])
    }

    /// Starts to watch: from the cached picture on. False when the stream's tracks are not any more
    /// what was negotiated.
    pub(super) fn begin(&mut self, now: Instant) -> bool {
        self.held.pending = None;
        let join = self.source.layers[0].join();
        let fits = join.tracks.0.is_empty() || join.tracks.same_shape(&self.source.tracks);
        self.view = Some(Viewing::new(join, now, &self.peer.tracks()));
        self.begin_adapting(now);
        self.view_due = Some(now);
        if let Some(pair) = self.peer.pair() {
            self.shared.change(|stats| {
                stats.state = SessionState::Connected;
                stats.pair = Some(pair);
            });
            (self.tell)(SessionEvent::Connected { pair });
        }
        fits
    }

    /// Takes a batch of one of its streams; true when something was written. `is_behind` = its
    /// connection has not taken what it was given.
    pub(super) fn on_batch(
        &mut self,
        layer: usize,
        batch: &Arc<Batch>,
        is_behind: bool,
        clock: Clock,
        work: &mut Work,
    ) -> bool {
        #[cfg(test)]
        assert!(!self.panics, "a test wants it so");
        let wanted = self.adapting.wants(layer, batch);
        let Some(view) = self.view.as_mut().filter(|_| wanted != Wanted::Nothing) else {
            return false;
        };
        if is_behind {
            // What waits in its connection is old enough; it goes on at a keyframe.
            if !std::mem::replace(&mut self.was_behind, true) {
                view.on_skipped();
            }
            self.left_out.packets += batch.packets.len() as u64;
            self.left_out.frames += batch
                .packets
                .iter()
                .filter(|packet| packet.frame_end)
                .count() as u64;
            return false;
        }
        self.was_behind = false;
        if wanted == Wanted::Switch {
            view.switch();
        }
        if layer == 0 {
            view.on_batch(batch, clock.now, &mut work.runs);
        } else {
            view.on_layer_batch(batch, clock.now, &mut work.runs);
        }
        if matches!(view.state(), Viewstate::CatchingUp { .. }) {
            // The batch may be all that the replay was waiting for.
            self.view_due = view.poll(clock.now, &mut work.runs);
        }
        if wanted == Wanted::Switch {
            self.now_shows(layer);
        }
        self.write(work, clock)
    }

    /// What is due by the clock: replayed frames, and the peer's own timers.
    pub(super) fn tick(&mut self, clock: Clock, work: &mut Work) {
        if let Some(view) = &mut self.view
            && self.view_due.is_some_and(|due| due <= clock.now)
        {
            self.view_due = view.poll(clock.now, &mut work.runs);
            self.write(work, clock);
        }
        self.peer.advance(clock.now, &mut work.flight);
    }

    fn write(&mut self, work: &mut Work, clock: Clock) -> bool {
        let wrote = !work.runs.is_empty();
        if let Some(last) = work.runs.last() {
            self.delay = Some(clock.now.saturating_duration_since(last.arrived()));
            self.peer.write(&mut work.runs, clock, &mut work.flight);
        }
        self.tell_view();
        self.ask(clock.now);
        wrote
    }

    fn ask(&mut self, now: Instant) {
        let wants = self.view.as_ref().is_some_and(Viewing::wants_keyframe);
        let again = self
            .asked
            .is_none_or(|asked| now.saturating_duration_since(asked) >= ASK_AGAIN);
        if wants && again {
            self.asked = Some(now);
            self.shown().request_keyframe(now);
        }
    }

    fn tell_view(&mut self) {
        let Some(state) = self.view.as_ref().map(Viewing::state) else {
            return;
        };
        let kind = match state {
            Viewstate::AwaitingKeyframe => ViewKind::Waiting,
            Viewstate::CatchingUp { .. } => ViewKind::CatchingUp,
            Viewstate::Live => ViewKind::Live,
        };
        if self.told_view != Some(kind) {
            self.told_view = Some(kind);
            self.shared.change(|stats| stats.view = Some(state));
            (self.tell)(SessionEvent::State(state));
        }
    }

    /// The thread's queue of one of its streams had to leave packets out.
    pub(super) fn on_skipped(&mut self, layer: usize) {
        if let Some(view) = self.view.as_mut().filter(|_| layer == self.adapting.shown) {
            view.on_skipped();
        }
        self.tell_view();
    }

    /// The source of one of its streams is gone.
    pub(super) fn on_ended(&mut self, layer: usize) {
        if let Some(view) = self.view.as_mut().filter(|_| layer == self.adapting.shown) {
            view.on_ended();
        }
        self.tell_view();
    }

    /// Once a second: whether it must end, and its figures.
    pub(super) fn check(&mut self, limits: &crate::Limits, now: Instant) -> Option<Closed> {
        if let Some(why) = self.shared.wanted_close() {
            return Some(why);
        }
        if !self.peer.is_connected() {
            self.shared.hear(self.peer.heard().is_some());
            let failed = if self.peer.has_ice() {
                Closed::DtlsFailed
            } else {
                Closed::IceFailed
            };
            return (now.saturating_duration_since(self.born) > limits.pending_life)
                .then_some(failed);
        }
        self.report(now);
        let silent = self
            .peer
            .heard()
            .map_or(Duration::ZERO, |heard| now.saturating_duration_since(heard));
        (silent > limits.vanished_after).then_some(Closed::Vanished)
    }

    fn report(&mut self, now: Instant) {
        let figures = *self.peer.figures();
        let seconds = now
            .saturating_duration_since(self.reported.at)
            .as_secs_f64();
        let bits = (figures.bytes - self.reported.figures.bytes) as f64 * 8.0;
        let dropped = self.view.as_ref().map(Viewing::dropped).unwrap_or_default();
        let view = self.view.as_ref().map(Viewing::state);
        let (pair, delay, left_out) = (self.peer.pair(), self.delay, self.left_out);
        let (layer, link) = (self.adapting.shown, self.peer.link(now));
        let moved = self.shared.with(|told| {
            let stats = &mut told.stats;
            let moved = stats.pair != pair;
            stats.view = view;
            stats.pair = pair;
            stats.rtt = figures.rtt;
            stats.loss = figures.loss;
            if seconds > 0.0 {
                stats.bitrate = (bits / seconds) as u64;
            }
            stats.packets = figures.packets;
            stats.bytes = figures.bytes;
            stats.retransmitted = figures.retransmitted;
            stats.retransmits_refused = figures.refused;
            stats.nacks = figures.nacks;
            stats.keyframe_requests = figures.keyframe_requests;
            stats.dropped_frames = dropped.frames + left_out.frames;
            stats.dropped_packets = dropped.packets + left_out.packets;
            stats.delay = delay;
            stats.layer = layer;
            stats.estimate = link.map(|link| link.bits_per_second);
            moved
        });
        self.reported = Reported { at: now, figures };
        if let Some(pair) = pair.filter(|_| moved) {
            (self.tell)(SessionEvent::Connected { pair });
        }
    }

    /// Whether a new address would be taken now: beyond the first few, one a second.
    pub(super) fn may_move(&self, now: Instant) -> bool {
        let is_settled = self
            .held
            .moved
            .is_none_or(|at| now.saturating_duration_since(at) >= MOVE_SPACING);
        self.held.addresses.len() < MAX_ADDRESSES || is_settled
    }

    /// Remembers where the other side is; gives back the address that is forgotten for it.
    pub(super) fn remember(&mut self, claim: AddressClaim, now: Instant) -> Option<AddressClaim> {
        self.held.moved = Some(now);
        self.held.addresses.push_back(claim);
        if self.held.addresses.len() > MAX_ADDRESSES {
            self.held.addresses.pop_front()
        } else {
            None
        }
    }

    /// Where media goes.
    pub(super) fn pair(&self) -> Option<Pair> {
        self.peer.pair()
    }

    /// Tells the owner that it is over. The last thing that is told.
    pub(super) fn over(&self, why: Closed) {
        self.shared
            .change(|stats| stats.state = SessionState::Closed(why));
        (self.tell)(SessionEvent::Closed(why));
    }
}
