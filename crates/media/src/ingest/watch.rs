//! What is watched while packets pass, and what of it is worth telling.

use std::time::{Duration, Instant};

use crate::clock::{Order, TrackClock};
use crate::facts::{Concern, OrderWatch, VideoFacts};

/// A stream that nobody could join for so long is worth a word: the longest group of pictures that
/// is cached.
const NO_KEYFRAME: Duration = crate::stream::GOP_TIME;

/// What an [`super::Ingest`] has counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct IngestCounts {
    /// Packets that never came.
    pub lost: u64,
    /// Packets that could not be used.
    pub malformed: u64,
    /// Frames that were given up: too large, too slow.
    pub dropped_frames: u64,
}

/// What an [`super::Ingest`] knows of its track.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Facts {
    /// What the parameter sets say.
    pub video: Option<VideoFacts>,
    /// What viewers will notice, most telling first.
    pub concerns: Vec<Concern>,
    /// Counts.
    pub counts: IngestCounts,
}

#[derive(Debug, Default)]
pub(super) struct Watch {
    pub(super) video: Option<VideoFacts>,
    pub(super) order: OrderWatch,
    /// A slice came that may be predicted from two sides.
    pub(super) bipredicted: bool,
    pub(super) keyframe_without_sets: bool,
    /// When the last keyframe came, or before the first one, the first packet.
    pub(super) keyframe: Option<Instant>,
}

impl Watch {
    pub(super) fn concerns(&self, clock: &TrackClock, order: Order, now: Instant) -> Vec<Concern> {
        let since = self.keyframe.map(|at| now.saturating_duration_since(at));
        let b_frames = self.order.is_mixed() || (self.bipredicted && order == Order::Decoded);
        let times = clock.jumps();
        let video = self.video.as_ref();
        let odd = video
            .map(|video| video.profile)
            .filter(|profile| !profile.is_usual());
        [
            odd.map(Concern::Profile),
            video
                .filter(|video| video.interlaced)
                .map(|_| Concern::Interlaced),
            b_frames.then_some(Concern::BFrames),
            self.keyframe_without_sets
                .then_some(Concern::NoParameterSets),
            since
                .filter(|since| *since >= NO_KEYFRAME)
                .map(|since| Concern::NoKeyframe { since }),
            clock.stands().then_some(Concern::ClockStands),
            (times > 0).then_some(Concern::ClockJumps { times }),
        ]
        .into_iter()
        .flatten()
        .collect()
    }
}
