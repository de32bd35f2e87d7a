//! The current group of pictures: what a viewer that joins now can be shown at once.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::{Batch, TrackId, Tracks};

/// Most bytes kept. A 4 Mbit/s camera with a 12 s keyframe interval needs 6 MB.
pub const GOP_BYTES: usize = 8 << 20;

/// Longest time kept. Replaying more than this takes longer than anyone waits.
pub const GOP_TIME: Duration = Duration::from_secs(12);

/// A snapshot of a stream for one who joins.
#[derive(Clone, Debug)]
pub struct Join {
    /// The epoch that the rest belongs to.
    pub epoch: u32,
    /// The tracks last known; empty when no source has ever been.
    pub tracks: Arc<Tracks>,
    /// Video from its newest keyframe on, with the audio that came between. Empty when there is
    /// none or it grew over [`GOP_BYTES`] or [`GOP_TIME`].
    pub gop: Vec<Arc<Batch>>,
    /// Median of the last five distances between keyframes.
    pub keyframe_interval: Option<Duration>,
    /// Picture size in pixels, when it is known.
    pub size: Option<(u32, u32)>,
    /// Per track the first number that is not in `gop`: live packets below it are known already.
    pub next_seq: Vec<u64>,
}

/// The cache. Empty until a keyframe comes, and again when it grew too large.
#[derive(Default)]
pub(super) struct Gop {
    batches: Vec<Arc<Batch>>,
    bytes: usize,
}

impl Gop {
    pub(super) fn batches(&self) -> &[Arc<Batch>] {
        &self.batches
    }

    pub(super) fn clear(&mut self) {
        self.batches.clear();
        self.bytes = 0;
    }

    /// Takes one more batch; true when it begins a new group.
    pub(super) fn push(&mut self, batch: &Arc<Batch>, video: Option<TrackId>) -> bool {
        let begins =
            Some(batch.track) == video && batch.packets.iter().any(|p| p.keyframe && p.frame_start);
        if begins {
            self.clear();
        } else if self.batches.is_empty() {
            return false;
        }
        self.bytes += batch.bytes();
        self.batches.push(Arc::clone(batch));
        if self.is_over(batch.arrived) {
            self.clear();
        }
        begins
    }

    fn is_over(&self, newest: Instant) -> bool {
        let age = self
            .batches
            .first()
            .map(|b| newest.saturating_duration_since(b.arrived));
        self.bytes > GOP_BYTES || age.is_some_and(|age| age > GOP_TIME)
    }
}
