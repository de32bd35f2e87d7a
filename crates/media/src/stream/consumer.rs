//! The reading end of a stream: a bounded queue that says what it lost.
//!
//! When a reader falls behind, its queue drops everything before the newest keyframe in it, or,
//! if there is none, everything until the next keyframe comes. It never drops part of a batch,
//! and the reader is told at the place where something is missing.

use std::collections::VecDeque;
use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::{Stream, Wake, call_one};
use crate::{Batch, TrackId, Tracks};

/// Most bytes that wait in a reader's queue behind the batch that it will pop next.
/// Twice this would be 4 s of a 4 Mbit/s camera: nothing that is still worth sending live.
pub const QUEUE_BYTES: usize = 2 << 20;

/// Longest time between the oldest and the newest batch in a reader's queue.
pub const QUEUE_TIME: Duration = Duration::from_secs(1);

/// What a reader gets.
#[derive(Clone, Debug)]
pub enum Item {
    /// Packets, in the order they were written.
    Batch(Arc<Batch>),
    /// The reader was too slow and this many packets are missing here. Video goes on with a
    /// keyframe. Comes once when dropping begins and, when no keyframe was at hand, again with
    /// the rest of the count in front of the keyframe that ends it.
    Skipped {
        /// How many packets were dropped.
        packets: u64,
    },
    /// The tracks changed; what follows belongs to these.
    Tracks(Arc<Tracks>),
    /// The source is gone. Another epoch may follow.
    Ended,
}

/// Reads a stream. Belongs to one thread, which pops until there is nothing and then waits for
/// its wake.
#[must_use = "the reader is gone when this is dropped"]
pub struct Consumer {
    stream: Stream,
    id: u64,
}

impl Consumer {
    pub(super) fn new(stream: Stream, id: u64) -> Self {
        Self { stream, id }
    }

    /// Takes the oldest item; None when there is nothing now.
    pub fn pop(&mut self) -> Option<Item> {
        let mut state = self.stream.lock();
        let (_, queue) = state.readers.iter_mut().find(|(id, _)| *id == self.id)?;
        queue.pop()
    }

    /// The stream that is read.
    #[must_use]
    pub fn stream(&self) -> &Stream {
        &self.stream
    }
}

impl Drop for Consumer {
    fn drop(&mut self) {
        let mut state = self.stream.lock();
        let place = state.readers.iter().position(|(id, _)| *id == self.id);
        // What it held is freed only after the lock is let go.
        let queue = place.map(|at| state.readers.swap_remove(at));
        let fell = (state.demanded() == 0)
            .then(|| state.demand_changed.clone())
            .flatten();
        drop(state);
        drop(queue);
        call_one(fell);
    }
}

impl fmt::Debug for Consumer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Consumer")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

/// Whether the queue takes everything or has a hole that only a keyframe can end.
enum Intake {
    Open,
    AwaitingKeyframe { dropped: u64 },
}

pub(super) struct Queue {
    items: VecDeque<Item>,
    bytes: usize,
    intake: Intake,
    wake: Wake,
}

impl Queue {
    pub(super) fn new(wake: Wake) -> Self {
        Self {
            items: VecDeque::new(),
            bytes: 0,
            intake: Intake::Open,
            wake,
        }
    }

    pub(super) fn wake(&self) -> &Wake {
        &self.wake
    }

    fn pop(&mut self) -> Option<Item> {
        let item = self.items.pop_front()?;
        if let Item::Batch(batch) = &item {
            self.bytes -= batch.bytes();
        }
        Some(item)
    }

    /// Adds an item; true when the queue was empty. `video` is the track whose keyframes count;
    /// without one any batch can be started from.
    pub(super) fn push(&mut self, item: Item, video: Option<TrackId>) -> bool {
        let was_empty = self.items.is_empty();
        match item {
            Item::Batch(batch) => self.push_batch(batch, video),
            Item::Ended if matches!(self.items.back(), Some(Item::Ended)) => {}
            Item::Ended => {
                // The next epoch starts with a keyframe anyway; what the hole cost is told now.
                self.close_hole();
                self.items.push_back(Item::Ended);
            }
            other => self.items.push_back(other),
        }
        was_empty && !self.items.is_empty()
    }

    fn push_batch(&mut self, batch: Arc<Batch>, video: Option<TrackId>) {
        if let Intake::AwaitingKeyframe { dropped } = &mut self.intake {
            if !is_entry(&batch, video) {
                if Some(batch.track) == video {
                    *dropped += batch.packets.len() as u64;
                    return;
                }
            } else {
                self.close_hole();
            }
        }
        let newest = batch.arrived;
        self.bytes += batch.bytes();
        self.items.push_back(Item::Batch(batch));
        if self.is_over(newest) {
            self.drop_to_entry(video);
        }
    }

    fn is_over(&self, newest: Instant) -> bool {
        let Some(front) = self.items.iter().find_map(as_batch) else {
            return false;
        };
        self.bytes - front.bytes() > QUEUE_BYTES
            || newest.saturating_duration_since(front.arrived) > QUEUE_TIME
    }

    /// Drops all batches before the newest that a decoder can start from, or all when that one is
    /// already the oldest. Tracks and ends stay: they are not media.
    fn drop_to_entry(&mut self, video: Option<TrackId>) {
        let oldest = self.items.iter().position(|item| as_batch(item).is_some());
        let entry = self
            .items
            .iter()
            .rposition(|item| as_batch(item).is_some_and(|b| is_entry(b, video)));
        let entry = entry.filter(|entry| Some(*entry) > oldest);
        let kept = self.items.split_off(entry.unwrap_or(self.items.len()));
        let mut packets = 0;
        for item in std::mem::take(&mut self.items) {
            match item {
                Item::Batch(batch) => {
                    self.bytes -= batch.bytes();
                    packets += batch.packets.len() as u64;
                }
                Item::Skipped { packets: earlier } => packets += earlier,
                other => self.items.push_back(other),
            }
        }
        self.items.push_back(Item::Skipped { packets });
        self.items.extend(kept);
        if entry.is_none() && video.is_some() {
            self.intake = Intake::AwaitingKeyframe { dropped: 0 };
        }
    }

    fn close_hole(&mut self) {
        if let Intake::AwaitingKeyframe { dropped } = self.intake {
            self.items.push_back(Item::Skipped { packets: dropped });
            self.intake = Intake::Open;
        }
    }
}

fn as_batch(item: &Item) -> Option<&Arc<Batch>> {
    match item {
        Item::Batch(batch) => Some(batch),
        Item::Skipped { .. } | Item::Tracks(_) | Item::Ended => None,
    }
}

/// Whether decoding can start with this batch.
fn is_entry(batch: &Batch, video: Option<TrackId>) -> bool {
    video.is_none_or(|video| batch.track == video)
        && batch.packets.iter().any(|p| p.keyframe && p.frame_start)
}
