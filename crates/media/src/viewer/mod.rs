//! What one viewer is sent of one stream, and when: pure, on the caller's clock.
//!
//! A viewer starts at a keyframe and never in the middle. One who joins late gets the cached group
//! of pictures replayed faster than it was recorded until it is at the live edge, or its keyframe
//! as a still until the next keyframe, whichever is sooner; sound comes from the live edge only.
//! Numbers and times are the viewer's own (`rebase`), so that sources may come and go beneath, and
//! another layer (a camera's second profile) may take the picture's place at a keyframe.
//!
//! A media thread calls this for each viewer and batch: nothing here locks, and nothing allocates
//! but the caller's `out`, which is meant to be used again and again.

mod gate;
pub mod layers;
mod rebase;
mod replay;
mod run;
#[cfg(test)]
mod tests;

use std::cmp::Ordering;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::{Batch, Join, Kind, Packet, TrackId};
use gate::Gate;
use rebase::Lane;
use replay::{Plan, Replay};
pub use run::{Outgoing, Run};

/// A keyframe is worth asking for when catching up would take longer than this.
const PATIENCE: Duration = Duration::from_millis(500);

/// How far a viewer is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Viewstate {
    /// Nothing that can be decoded has come yet, or not since the source came back.
    AwaitingKeyframe,
    /// Sees a picture, but of the past.
    CatchingUp {
        /// How old the next picture to be sent was at the last call.
        behind: Duration,
    },
    /// At the live edge.
    Live,
}

/// Video that this viewer was not sent although it had begun to play, because packets were
/// missing in front of it. What a joiner passes over on its way to the live edge does not count.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Dropped {
    /// Packets.
    pub packets: u64,
    /// Frames.
    pub frames: u64,
}

/// One viewer's view of one stream.
#[derive(Debug)]
pub struct Viewing {
    lanes: Vec<Lane>,
    gate: Gate,
    replay: Option<Replay>,
    dropped: Dropped,
}

impl Viewing {
    /// Begins with what the stream had at the time of `join`; `wanted` are the tracks that the
    /// viewer negotiated. Call [`Self::poll`] at once: the first picture is due now.
    #[must_use]
    pub fn new(join: Join, now: Instant, wanted: &[TrackId]) -> Self {
        let lane = |&id: &TrackId| {
            let codec = join.tracks.get(id)?.codec;
            let next = join.next_seq.get(usize::from(id.0)).copied().unwrap_or(0);
            Some(Lane::new(id, codec, join.epoch, next, now))
        };
        let mut lanes: Vec<Lane> = wanted.iter().filter_map(lane).collect();
        let video = lanes.iter_mut().find(|lane| lane.kind() == Kind::Video);
        let gate = if video.is_some() {
            Gate::closed()
        } else {
            Gate::open()
        };
        let plan = Plan::of(&join, now);
        let replay = video.and_then(|lane| {
            let replay = Replay::new(join.gop, lane.id(), plan, now)?;
            lane.begin_before_live();
            Some(replay)
        });
        Self {
            lanes,
            gate,
            replay,
            dropped: Dropped::default(),
        }
    }

    /// Takes a live batch. Whatever is to be sent at once is appended to `out`; while the viewer
    /// catches up, video is queued behind the replay instead.
    pub fn on_batch(&mut self, batch: &Arc<Batch>, now: Instant, out: &mut Vec<Run>) {
        if let Some(at) = self.lanes.iter().position(|lane| lane.id() == batch.track) {
            self.take(at, batch, now, out);
        }
    }

    /// Takes a live batch of the picture as another layer has it.
    pub fn on_layer_batch(&mut self, batch: &Arc<Batch>, now: Instant, out: &mut Vec<Run>) {
        if let Some(at) = self.video() {
            self.take(at, batch, now, out);
        }
    }

    /// The picture comes from another layer, from the next keyframe on: call it just before
    /// the batch that begins with one.
    pub fn switch(&mut self) {
        if let Some(at) = self.video() {
            self.begin_epoch(at, 0, 0);
        }
    }

    /// The picture comes from another layer at once: from its cached keyframe on, caught up like a
    /// viewer who joins. For when the present layer can't be shown until the next keyframe.
    pub fn switch_to(&mut self, join: Join, now: Instant) {
        let (Some(at), Some((track, _))) = (self.video(), join.tracks.first(Kind::Video)) else {
            return;
        };
        let next = join.next_seq.get(usize::from(track.0)).copied();
        self.begin_epoch(at, join.epoch, next.unwrap_or(0));
        let plan = Plan::of(&join, now);
        self.replay = Replay::new(join.gop, track, plan, now);
        if self.replay.is_some() {
            self.lanes[at].begin_before_live();
        }
    }

    fn video(&self) -> Option<usize> {
        self.lanes
            .iter()
            .position(|lane| lane.kind() == Kind::Video)
    }

    fn take(&mut self, at: usize, batch: &Arc<Batch>, now: Instant, out: &mut Vec<Run>) {
        match batch.epoch.cmp(&self.lanes[at].epoch()) {
            Ordering::Less => return,
            Ordering::Equal => {}
            Ordering::Greater => self.begin_epoch(at, batch.epoch, 0),
        }
        if self.lanes[at].is_known(&batch.packets) {
            return;
        }
        if self.lanes[at].kind() == Kind::Audio {
            let all = 0..batch.packets.len();
            self.lanes[at].send(batch, all, rebase::At::Live(now), out);
            return;
        }
        if let Some(replay) = &mut self.replay {
            let Some(entry) = gate::entry(&batch.packets) else {
                if !replay.append(batch) {
                    self.count_dropped(&batch.packets);
                }
                return;
            };
            // A keyframe is the live edge itself: nobody needs what is left of the past.
            self.replay = None;
            self.lanes[at].pass_over_to(batch.packets[entry].seq);
            self.lanes[at].follow_source();
        }
        self.send_live(at, batch, now, out);
    }

    fn send_live(&mut self, at: usize, batch: &Arc<Batch>, now: Instant, out: &mut Vec<Run>) {
        let lane = &mut self.lanes[at];
        let was_playing = self.gate.has_been_open();
        let unseen = lane.unseen(&batch.packets);
        let held = unseen..unseen + self.gate.hold(&batch.packets[unseen..]);
        if let Some(last) = batch.packets[held.clone()].last() {
            lane.pass_over_to(last.seq.saturating_add(1));
        }
        let passed = held.end..batch.packets.len();
        lane.send(batch, passed, rebase::At::Live(now), out);
        if was_playing {
            self.count_dropped(&batch.packets[held]);
        }
    }

    fn count_dropped(&mut self, packets: &[Packet]) {
        self.dropped.packets += packets.len() as u64;
        self.dropped.frames += packets.iter().filter(|p| p.frame_end).count() as u64;
    }

    fn begin_epoch(&mut self, at: usize, epoch: u32, live_from: u64) {
        let lane = &mut self.lanes[at];
        lane.begin_epoch(epoch, live_from);
        if lane.kind() == Kind::Video {
            self.replay = None;
            self.gate.close();
        }
    }

    /// Appends the replayed frames that are due to `out`; says when to call again, None when
    /// nothing is waiting.
    pub fn poll(&mut self, now: Instant, out: &mut Vec<Run>) -> Option<Instant> {
        let replay = self.replay.as_mut()?;
        let lane = self
            .lanes
            .iter_mut()
            .find(|lane| lane.kind() == Kind::Video)?;
        while let Some((due, batch)) = replay.pop(now) {
            let unseen = lane.unseen(&batch.packets);
            let passed = unseen + self.gate.hold(&batch.packets[unseen..])..batch.packets.len();
            lane.send(&batch, passed, rebase::At::Replayed(due), out);
        }
        let next = replay.next_due(now);
        if next.is_none() {
            if replay.is_sealed() {
                self.gate.close();
            }
            self.replay = None;
            lane.follow_source();
        }
        next
    }

    /// Packets are missing in front of the next batch: video is held until a keyframe.
    pub fn on_skipped(&mut self) {
        for lane in &mut self.lanes {
            lane.renumber();
        }
        match &mut self.replay {
            Some(replay) => replay.seal(),
            None if self.lanes.iter().any(|lane| lane.kind() == Kind::Video) => self.gate.close(),
            None => {}
        }
    }

    /// The source is gone. What is still to be replayed is shown; then the picture stands until
    /// another epoch begins with a keyframe.
    pub fn on_ended(&mut self) {
        self.on_skipped();
    }

    /// Whether a keyframe would bring this viewer to the live edge sooner. Ask after each call
    /// and pass it on to [`crate::Stream::request_keyframe`].
    #[must_use]
    pub fn wants_keyframe(&self) -> bool {
        match &self.replay {
            Some(replay) => replay.is_sealed() || replay.time_left() > PATIENCE,
            None => !self.gate.is_open(),
        }
    }

    /// What this viewer was not sent.
    #[must_use]
    pub fn dropped(&self) -> Dropped {
        self.dropped
    }

    /// How far this viewer is.
    #[must_use]
    pub fn state(&self) -> Viewstate {
        match &self.replay {
            Some(replay) if self.gate.is_open() => Viewstate::CatchingUp {
                behind: replay.behind(),
            },
            None if self.gate.is_open() => Viewstate::Live,
            _ => Viewstate::AwaitingKeyframe,
        }
    }

    /// What the viewer's link is estimated to bear, in bit/s; replaying stays below 80 % of it.
    pub fn set_link(&mut self, bits_per_second: u64) {
        if let Some(replay) = &mut self.replay {
            replay.set_link(bits_per_second);
        }
    }

    /// An estimate of the link is on its way: until it comes the replay holds back.
    pub fn await_link(&mut self, now: Instant) {
        if let Some(replay) = &mut self.replay {
            replay.await_link(now);
        }
    }

    /// How many frames the player received whole and how many of them it has decoded: the replay
    /// follows what it can do.
    pub fn set_decoded(&mut self, received: u64, decoded: u64) {
        if let Some(replay) = &mut self.replay {
            replay.set_decoded(received, decoded);
        }
    }
}
