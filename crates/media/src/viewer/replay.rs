//! Catching up: the group of pictures between a keyframe of the past and now.
//!
//! Tried in Chromium: replayed at four times the speed of 720p30, with timestamps that follow the
//! sending clock, a group of 9.3 s is at the live edge after 3.1 s without a freeze. Squeezed
//! timestamps make it freeze or stay behind, and five times is more than it decodes.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::stream::{GOP_BYTES, GOP_TIME};
use crate::{Batch, Join, Kind, TrackId};

/// Replay speed at [`PACE_PIXELS`]; above, in proportion less.
const PACE: f64 = 4.0;
/// Pixels a second of 720p30: what two busy cores still decode at four times.
const PACE_PIXELS: f64 = 1280.0 * 720.0 * 30.0;
/// Slower than this a replay hardly gains on the live edge: show a still instead.
const PACE_MIN: f64 = 1.25;
/// While nothing is known of the link yet, and something soon will be.
const PACE_BLIND: f64 = 1.5;
/// A player that keeps up is given this much more with each report, and one that falls behind this
/// much less; up to twice the pace that the picture's size suggests.
const FASTER: f64 = 1.15;
const SLOWER: f64 = 0.75;
const FASTEST: f64 = 2.0;
/// A player with so many frames before its decoder falls behind; with so many it keeps up.
const FRAMES_MANY: u64 = 12;
const FRAMES_FEW: u64 = 5;
/// The rate of less than this, in seconds, is no rate.
const RATE_TIME: f64 = 1.0;
/// An estimate that has not come by then never will: the replay goes on as if there were none.
const AWAITED_TIME: Duration = Duration::from_millis(400);
/// The part of a viewer's link that a replay may fill.
const LINK_SHARE: f64 = 0.8;
/// A keyframe that is later than its usual interval by more than this part of it, plus
/// [`OVERDUE_SLACK`], is not waited for any more.
const OVERDUE: f64 = 0.2;
/// See [`OVERDUE`].
const OVERDUE_SLACK: Duration = Duration::from_millis(200);
/// A still is the keyframe and as many of the frames behind it: a receiver misses the end of a
/// keyframe, which a full socket buffer may cost it, only when something comes after it.
const STILL_FRAMES: usize = 3;
/// Frames sent in one call when the caller was late; the rest is put off, for a burst is what
/// pacing is there to avoid.
const BURST: u32 = 4;
/// Longest distance between two replayed frames, whatever the source's rhythm.
const STEP_MAX: Duration = Duration::from_millis(250);

/// How a viewer gets from the cached keyframe to the live edge.
#[derive(Clone, Copy, Debug)]
pub(super) struct Plan {
    /// Times the recorded speed, as far as the picture's size goes.
    pace: f64,
    /// Show the still alone until this moment, by which the next keyframe should have come.
    still_until: Option<Instant>,
    /// Bits per second of the recording at its own speed.
    bitrate: f64,
}

impl Plan {
    /// Decides whichever is sooner: replaying, or the next keyframe.
    pub(super) fn of(join: &Join, now: Instant) -> Self {
        let video = join.tracks.first(Kind::Video).map(|(id, _)| id);
        let recorded = || join.gop.iter().filter(|batch| Some(batch.track) == video);
        let age = recorded().next().map_or(Duration::ZERO, |first| {
            now.saturating_duration_since(first.arrived)
        });
        let frames = recorded()
            .flat_map(|batch| &batch.packets)
            .filter(|p| p.frame_end)
            .count();
        let bits = recorded().map(|batch| batch.bytes()).sum::<usize>() as f64 * 8.0;
        let seconds = age.as_secs_f64().max(0.001);
        let pace = join
            .size
            .map_or(PACE, |size| pace_of(size, frames as f64 / seconds));
        let mut plan = Self {
            pace,
            still_until: None,
            // A keyframe that has just come says nothing of the rate: what follows it is small.
            bitrate: bits / seconds.max(RATE_TIME),
        };
        plan.still_until = plan.wait_for_keyframe(age, join.keyframe_interval, now);
        plan
    }

    fn wait_for_keyframe(
        &self,
        age: Duration,
        interval: Option<Duration>,
        now: Instant,
    ) -> Option<Instant> {
        let interval = interval?;
        let patience = interval.mul_f64(1.0 + OVERDUE) + OVERDUE_SLACK;
        if age >= patience || self.time_to_edge(age) <= interval.saturating_sub(age) {
            return None;
        }
        Some(now + (patience - age))
    }

    /// How long a replay of what is `age` behind takes: the live edge moves on meanwhile.
    fn time_to_edge(&self, age: Duration) -> Duration {
        if self.pace < PACE_MIN {
            Duration::MAX
        } else {
            age.div_f64(self.pace - 1.0)
        }
    }
}

fn pace_of((width, height): (u32, u32), frames_per_second: f64) -> f64 {
    let pixels = f64::from(width) * f64::from(height) * frames_per_second;
    PACE * (PACE_PIXELS / pixels.max(1.0)).min(1.0)
}

/// What is known of the viewer's link.
#[derive(Clone, Copy, Debug)]
enum Link {
    /// Nothing, and nothing will be.
    Unknown,
    /// Nothing yet; until then something should.
    Awaited(Instant),
    /// It bears so many times the recorded speed.
    Bears(f64),
}

/// A replay under way.
#[derive(Debug)]
pub(super) struct Replay {
    waiting: VecDeque<Arc<Batch>>,
    bytes: usize,
    plan: Plan,
    /// What the link bears, as a pace.
    link: Link,
    /// What the player decodes, as a part of the plan's pace.
    player: f64,
    due: Instant,
    behind: Duration,
    /// Frames that have been sent as a whole, as far as a still goes.
    shown: usize,
    /// Something is missing behind what waits: the replay ends at a closed gate.
    sealed: bool,
}

impl Replay {
    /// None when there is nothing to replay.
    pub(super) fn new(
        mut gop: Vec<Arc<Batch>>,
        video: TrackId,
        plan: Plan,
        now: Instant,
    ) -> Option<Self> {
        gop.retain(|batch| batch.track == video);
        let behind = now.saturating_duration_since(gop.first()?.arrived);
        let bytes = gop.iter().map(|batch| batch.bytes()).sum();
        let mut replay = Self {
            waiting: gop.into(),
            bytes,
            plan,
            link: Link::Unknown,
            player: 1.0,
            due: now,
            behind,
            shown: 0,
            sealed: false,
        };
        if plan.pace < PACE_MIN {
            replay.keep_still_only();
        }
        Some(replay)
    }

    /// Puts a live batch behind what waits; false when it can't be shown.
    pub(super) fn append(&mut self, batch: &Arc<Batch>) -> bool {
        if self.sealed {
            return false;
        }
        self.bytes += batch.bytes();
        self.waiting.push_back(Arc::clone(batch));
        let oldest = self
            .waiting
            .front()
            .map_or(batch.arrived, |front| front.arrived);
        if self.bytes > GOP_BYTES || batch.arrived.saturating_duration_since(oldest) > GOP_TIME {
            // It does not catch up. The picture stands until the next keyframe.
            self.waiting.clear();
            self.sealed = true;
        }
        true
    }

    /// Forgets all but the still, when the rest can't be shown fast enough.
    fn keep_still_only(&mut self) {
        let ends = self.waiting.iter().enumerate();
        let mut ends = ends.filter(|(_, batch)| ends_frame(batch));
        let end = match (STILL_FRAMES - self.shown).checked_sub(1) {
            None => 0,
            Some(last) => ends.nth(last).map_or(self.waiting.len(), |(at, _)| at + 1),
        };
        self.waiting.truncate(end);
        self.waiting.shrink_to_fit();
        self.bytes = self.waiting.iter().map(|batch| batch.bytes()).sum();
        self.sealed = true;
    }

    pub(super) fn seal(&mut self) {
        self.sealed = true;
    }

    pub(super) fn is_sealed(&self) -> bool {
        self.sealed
    }

    /// The next batch if it is due, with the moment it was due.
    pub(super) fn pop(&mut self, now: Instant) -> Option<(Instant, Arc<Batch>)> {
        // A caller that comes late gets a few frames with the times they should have had.
        let step = self.step(now);
        self.due = self.due.max(now.checked_sub(step * BURST).unwrap_or(now));
        if self.due > now {
            return None;
        }
        let batch = self.waiting.pop_front()?;
        self.bytes -= batch.bytes();
        let due = self.due;
        self.behind = self
            .waiting
            .front()
            .map_or(Duration::ZERO, |b| now.saturating_duration_since(b.arrived));
        if ends_frame(&batch) {
            self.shown = (self.shown + 1).min(STILL_FRAMES);
            let is_still = self.shown == STILL_FRAMES;
            let until = is_still.then(|| self.plan.still_until.take()).flatten();
            self.due = until.unwrap_or_else(|| due + self.step(now));
        }
        Some((due, batch))
    }

    /// When the next batch is due; None when nothing waits.
    pub(super) fn next_due(&self, now: Instant) -> Option<Instant> {
        (!self.waiting.is_empty()).then(|| self.due.max(now))
    }

    /// The distance to the next frame: the mean of what waits, divided by the pace.
    fn step(&self, now: Instant) -> Duration {
        let Some(front) = self.waiting.front() else {
            return Duration::ZERO;
        };
        let frames = u32::try_from(self.waiting.len()).unwrap_or(u32::MAX);
        let mean = now.saturating_duration_since(front.arrived) / frames;
        mean.div_f64(self.pace(now)).min(STEP_MAX)
    }

    pub(super) fn behind(&self) -> Duration {
        self.behind
    }

    /// About how long it takes to the live edge.
    pub(super) fn time_left(&self) -> Duration {
        self.plan.time_to_edge(self.behind)
    }

    /// Never slower than it was recorded: a picture that stays behind goes on until the next
    /// keyframe brings it to the live edge, one that falls back stops.
    fn pace(&self, now: Instant) -> f64 {
        let wanted = self.plan.pace * self.player;
        let bearable = match self.link {
            Link::Awaited(until) if now < until => wanted.min(PACE_BLIND),
            Link::Unknown | Link::Awaited(_) => wanted,
            Link::Bears(pace) => wanted.min(pace),
        };
        bearable.max(1.0)
    }

    pub(super) fn set_link(&mut self, bits_per_second: u64) {
        if self.plan.bitrate > 0.0 {
            let pace = bits_per_second as f64 * LINK_SHARE / self.plan.bitrate;
            self.link = Link::Bears(pace);
            if pace < 1.0 {
                // It doesn't even bear the picture as it comes.
                self.keep_still_only();
            }
        }
    }

    pub(super) fn await_link(&mut self, now: Instant) {
        self.link = Link::Awaited(now + AWAITED_TIME);
    }

    pub(super) fn set_decoded(&mut self, received: u64, decoded: u64) {
        let waiting = received.saturating_sub(decoded);
        let change = match waiting {
            FRAMES_MANY.. => SLOWER,
            0..=FRAMES_FEW => FASTER,
            _ => 1.0,
        };
        let slowest = PACE_MIN / self.plan.pace.max(PACE_MIN);
        self.player = (self.player * change).clamp(slowest, FASTEST);
    }
}

fn ends_frame(batch: &Batch) -> bool {
    batch.packets.last().is_some_and(|p| p.frame_end)
}
