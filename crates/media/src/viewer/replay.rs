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
/// The part of a viewer's link that a replay may fill.
const LINK_SHARE: f64 = 0.8;
/// A keyframe that is later than its usual interval by more than this part of it, plus
/// [`OVERDUE_SLACK`], is not waited for any more.
const OVERDUE: f64 = 0.2;
/// See [`OVERDUE`].
const OVERDUE_SLACK: Duration = Duration::from_millis(200);
/// Frames sent in one call when the caller was late; the rest is put off, for a burst is what
/// pacing is there to avoid.
const BURST: u32 = 4;
/// Longest distance between two replayed frames, whatever the source's rhythm.
const STEP_MAX: Duration = Duration::from_millis(250);

/// How a viewer gets from the cached keyframe to the live edge.
#[derive(Clone, Copy, Debug)]
pub(super) struct Plan {
    /// Times the recorded speed.
    pace: f64,
    /// Show the keyframe alone until this moment, by which the next should have come.
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
            bitrate: bits / seconds,
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

/// A replay under way.
#[derive(Debug)]
pub(super) struct Replay {
    waiting: VecDeque<Arc<Batch>>,
    bytes: usize,
    plan: Plan,
    due: Instant,
    behind: Duration,
    /// Whether the still, which is the first frame, has been sent as a whole.
    has_still: bool,
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
            due: now,
            behind,
            has_still: false,
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

    /// Forgets all but the first frame, when the rest can't be shown fast enough.
    fn keep_still_only(&mut self) {
        let end = self
            .waiting
            .iter()
            .position(|batch| ends_frame(batch))
            .map_or(0, |at| at + 1);
        self.waiting.truncate(if self.has_still { 0 } else { end });
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
            self.has_still = true;
            self.due = self
                .plan
                .still_until
                .take()
                .unwrap_or_else(|| due + self.step(now));
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
        mean.div_f64(self.plan.pace.max(PACE_MIN)).min(STEP_MAX)
    }

    pub(super) fn behind(&self) -> Duration {
        self.behind
    }

    /// About how long it takes to the live edge.
    pub(super) fn time_left(&self) -> Duration {
        self.plan.time_to_edge(self.behind)
    }

    pub(super) fn set_link(&mut self, bits_per_second: u64) {
        if self.plan.bitrate > 0.0 {
            let bearable = bits_per_second as f64 * LINK_SHARE / self.plan.bitrate;
            self.plan.pace = self.plan.pace.min(bearable);
            if self.plan.pace < PACE_MIN {
                self.keep_still_only();
            }
        }
    }
}

fn ends_frame(batch: &Batch) -> bool {
    batch.packets.last().is_some_and(|p| p.frame_end)
}
