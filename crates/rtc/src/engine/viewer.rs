//! A viewer's session on a media thread: its view of the stream, and what of it is sent when.

mod adapting;

use std::sync::Arc;
use std::time::{Duration, Instant};

use lenswire_media::viewer::{Dropped, Viewing, Viewstate};
use lenswire_media::{Batch, Demand, Stream, Tracks};

use super::member::{Core, Turn};
use super::session::{Closed, SessionEvent};
use super::thread::Work;
use crate::peer::{Clock, Event};
use adapting::{Adapting, Wanted};

/// A viewer asks the stream for a keyframe this often while it waits for one. The stream merges
/// all wishes; this only spares its lock.
const ASK_AGAIN: Duration = Duration::from_secs(1);

/// Where the viewer gets its packets from.
pub(super) struct Source {
    /// The stream, then smaller pictures of the same scene.
    pub(super) layers: Vec<Stream>,
    pub(super) tracks: Arc<Tracks>,
    /// All of them are kept going while this viewer may be shown any of them.
    pub(super) demands: Vec<Demand>,
}

/// One viewer.
pub(super) struct Viewer {
    pub(super) core: Core,
    pub(super) source: Source,
    pub(super) adapting: Adapting,
    view: Option<Viewing>,
    view_due: Option<Instant>,
    told_view: Option<ViewKind>,
    asked: Option<Instant>,
    delay: Option<Duration>,
    /// Its connection had not taken what it was given when the last batch came.
    was_behind: bool,
    /// What it was not given because of that.
    left_out: Dropped,
}

/// The kind of state last told, without its figures.
#[derive(Clone, Copy, PartialEq, Eq)]
enum ViewKind {
    Waiting,
    CatchingUp,
    Live,
}

impl Viewer {
    pub(super) fn new(core: Core, source: Source) -> Self {
        let adapting = Adapting::new(source.layers.len());
        Self {
            core,
            source,
            adapting,
            view: None,
            view_due: None,
            told_view: None,
            asked: None,
            delay: None,
            was_behind: false,
            left_out: Dropped::default(),
        }
    }

    /// What came of what was done to the peer, and when to look at it again.
    pub(super) fn settle(&mut self, clock: Clock, work: &mut Work) -> (Turn, Instant) {
        let mut turn = Turn::Goes;
        while let Some(event) = self.core.peer.poll_event() {
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
        let at = self.core.peer.wake(clock.now);
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
        let join = self.source.layers[0].join();
        let fits = join.tracks.0.is_empty() || join.tracks.same_shape(&self.source.tracks);
        self.view = Some(Viewing::new(join, now, &self.core.peer.tracks()));
        self.begin_adapting(now);
        self.view_due = Some(now);
        self.core.connected();
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
        assert!(!self.core.panics, "a test wants it so");
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
        self.core.peer.advance(clock.now, &mut work.flight);
    }

    fn write(&mut self, work: &mut Work, clock: Clock) -> bool {
        let wrote = !work.runs.is_empty();
        if let Some(last) = work.runs.last() {
            self.delay = Some(clock.now.saturating_duration_since(last.arrived()));
            self.core
                .peer
                .write(&mut work.runs, clock, &mut work.flight);
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
            self.core.shared.change(|stats| stats.view = Some(state));
            (self.core.tell)(SessionEvent::State(state));
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

    /// Once a second: its figures.
    pub(super) fn report(&mut self, now: Instant) {
        let dropped = self.view.as_ref().map(Viewing::dropped).unwrap_or_default();
        let view = self.view.as_ref().map(Viewing::state);
        let (delay, left_out, layer) = (self.delay, self.left_out, self.adapting.shown);
        let link = self.core.peer.link(now);
        self.core.report(
            now,
            |figures| figures.bytes,
            |stats, figures| {
                stats.view = view;
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
            },
        );
    }
}
