//! The writing end of a stream, held by its source.

use std::fmt;
use std::sync::Arc;
use std::time::Instant;

use super::{Item, Stream, Wake, call};
use crate::{Batch, Packet, TrackId, Tracks};

/// Writes packets of one epoch beside its [`Producer`], from another task: sound that is converted.
/// When the epoch is over, what it writes is ignored.
pub struct Writer {
    stream: Stream,
    epoch: u32,
    /// Wakes to be called after the lock; kept so that a write does not allocate it.
    woken: Vec<Wake>,
}

/// Writes one epoch of a stream. When it is dropped the stream has no source and readers get
/// [`Item::Ended`]; when another took over, everything it does is ignored.
#[must_use = "the stream ends when this is dropped"]
pub struct Producer(Writer);

impl Writer {
    fn new(stream: Stream, epoch: u32) -> Self {
        Self {
            stream,
            epoch,
            woken: Vec::new(),
        }
    }

    /// The number that a track's next packet has.
    #[must_use]
    pub fn next_seq(&self, track: TrackId) -> u64 {
        let state = self.stream.lock();
        let next = state.next_seq.get(usize::from(track.0));
        next.copied().unwrap_or_default()
    }

    /// Gives one batch, usually a frame, to everybody. `arrived` is when its last byte came.
    /// Packets of a track that the tracks do not have, and empty batches, are ignored.
    pub fn write(&mut self, track: TrackId, arrived: Instant, packets: Vec<Packet>) {
        let Some(last) = packets.last().map(|p| p.seq) else {
            return;
        };
        let batch = Arc::new(Batch {
            epoch: self.epoch,
            track,
            arrived,
            packets: packets.into(),
        });
        let mut state = self.stream.lock();
        if state.epoch != self.epoch {
            return;
        }
        let Some(next) = state.next_seq.get_mut(usize::from(track.0)) else {
            return;
        };
        *next = (*next).max(last + 1);
        state.meter.on_batch(&batch);
        let video = state
            .tracks
            .as_deref()
            .and_then(|t| t.first(crate::Kind::Video))
            .map(|(id, _)| id);
        if state.gop.push(&batch, video) {
            state.wish.pending = false;
        }
        state.give_all(&Item::Batch(batch), &mut self.woken);
        drop(state);
        call(&mut self.woken);
    }
}

impl Producer {
    pub(super) fn new(stream: Stream, epoch: u32) -> Self {
        Self(Writer::new(stream, epoch))
    }

    /// Writes the same epoch from elsewhere.
    #[must_use]
    pub fn writer(&self) -> Writer {
        Writer::new(self.0.stream.clone(), self.0.epoch)
    }

    /// Gives one batch to everybody, as [`Writer::write`] does.
    pub fn write(&mut self, track: TrackId, arrived: Instant, packets: Vec<Packet>) {
        self.0.write(track, arrived, packets);
    }

    /// Replaces the tracks: parameter sets learned in band, or other codecs. Readers get
    /// [`Item::Tracks`] when that changes anything.
    pub fn set_tracks(&mut self, tracks: Tracks) {
        let mut state = self.0.stream.lock();
        if state.epoch != self.0.epoch || !state.learn_tracks(tracks) {
            return;
        }
        state.give_tracks(&mut self.0.woken);
        drop(state);
        call(&mut self.0.woken);
    }

    /// Takes the pending wish for a keyframe, if there is one and the last was passed on at least
    /// a second ago. Ask when woken, and again from time to time (each write will do): a wish that
    /// came too early is kept until it may pass.
    pub fn keyframe_wanted(&mut self, now: Instant) -> bool {
        let mut state = self.0.stream.lock();
        if state.epoch != self.0.epoch || !state.wish.pending || !state.wish.may_pass(now) {
            return false;
        }
        state.wish.pending = false;
        state.wish.passed_on = Some(now);
        true
    }

    /// Which run of the stream this is, counted from 1.
    #[must_use]
    pub fn epoch(&self) -> u32 {
        self.0.epoch
    }
}

impl Drop for Producer {
    fn drop(&mut self) {
        let mut state = self.0.stream.lock();
        if state.epoch != self.0.epoch {
            return;
        }
        state.source = None;
        state.gop.clear();
        state.give_all(&Item::Ended, &mut self.0.woken);
        drop(state);
        call(&mut self.0.woken);
    }
}

impl fmt::Debug for Producer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Producer")
            .field("epoch", &self.0.epoch)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Writer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Writer")
            .field("epoch", &self.epoch)
            .finish_non_exhaustive()
    }
}
