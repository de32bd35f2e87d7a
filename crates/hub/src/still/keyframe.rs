//! Where a still comes from: the newest keyframe of a stream, waited for if need be.

use std::sync::Arc;
use std::time::Instant;

use lenswire_api::{Code, Problem};
use lenswire_media::assemble::Assembler;
use lenswire_media::{Batch, Codec, Join, Kind};
use tokio::sync::Notify;

use crate::hub::{PATIENCE, no_picture};
use crate::stream::Entry;
use crate::supervise::Phase;

/// Which keyframe of which picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Key {
    /// The entry's own number: a stream's, or its substream's.
    entry: u32,
    epoch: u32,
    /// Of its first packet.
    seq: u64,
}

impl Key {
    pub(super) fn is_of_same_picture(self, other: Self) -> bool {
        self.entry == other.entry
    }
}

/// A whole keyframe with its parameter sets, not yet decoded.
pub(crate) struct Keyframe {
    key: Key,
    /// From the keyframe's first packet to its last, at least.
    batches: Vec<Arc<Batch>>,
}

impl Keyframe {
    /// The stream's newest keyframe. Wakes a source that sleeps, and waits for it as long as a viewer
    /// would; a camera whose codec can't be decoded is asked for its substream instead.
    ///
    /// # Errors
    /// Why there is no picture, in words.
    pub(crate) async fn of(entry: &Entry, now: Instant) -> Result<Self, Problem> {
        let _demand = entry.media().demand();
        if let Some(known) = Self::cached(entry)? {
            return Ok(known);
        }
        entry.joined(now);
        entry.media().request_keyframe(now);
        let until = now + PATIENCE;
        let waited = tokio::time::timeout_at(until.into(), Self::next(entry, until));
        waited.await.unwrap_or_else(|_| Err(no_picture(entry)))
    }

    async fn next(entry: &Entry, until: Instant) -> Result<Self, Problem> {
        let arrived = Arc::new(Notify::new());
        let wake = Arc::clone(&arrived);
        let mut reader = entry.media().consume(Arc::new(move || wake.notify_one()));
        let mut standing = entry.follow();
        loop {
            while reader.pop().is_some() {}
            if let Some(known) = Self::cached(entry)? {
                return Ok(known);
            }
            let phase = standing.borrow_and_update().phase;
            if matches!(phase, Phase::Parked(Some(at)) if at > until) {
                return Err(no_picture(entry));
            }
            tokio::select! {
                () = arrived.notified() => {}
                changed = standing.changed() => changed.map_err(|_| no_picture(entry))?,
            }
        }
    }

    /// The keyframe that is at hand, of the stream or else of its substream.
    fn cached(entry: &Entry) -> Result<Option<Self>, Problem> {
        let join = entry.media().join();
        let Some((_, video)) = join.tracks.first(Kind::Video) else {
            return Ok(None);
        };
        if video.codec == Codec::H264 {
            return Ok(Self::find(entry, &join));
        }
        let unsupported = Problem::new(
            Code::SnapshotUnsupported,
            format!("{} sends {}.", entry.name(), video.codec.name()),
        );
        let Some(substream) = entry.configured_substream() else {
            return Err(unsupported);
        };
        match Self::cached(substream) {
            Ok(found) => Ok(found),
            Err(_) => Err(unsupported),
        }
    }

    fn find(entry: &Entry, join: &Join) -> Option<Self> {
        let (video, _) = join.tracks.first(Kind::Video)?;
        let of_video = join.gop.iter().filter(|batch| batch.track == video);
        let ends = |batch: &&Arc<Batch>| batch.packets.iter().any(|packet| packet.frame_end);
        let last = of_video.clone().position(|batch| ends(&batch))?;
        let batches: Vec<_> = of_video.take(last + 1).cloned().collect();
        let key = Key {
            entry: entry.id(),
            epoch: join.epoch,
            seq: batches.first()?.packets.first()?.seq,
        };
        Some(Self { key, batches })
    }

    pub(super) fn key(&self) -> Key {
        self.key
    }

    /// The entity tag of its still in that width, with quotes.
    pub(crate) fn etag(&self, width: Option<usize>) -> String {
        let Key { entry, epoch, seq } = self.key;
        format!("\"{entry:x}.{epoch}.{seq}.{}\"", width.unwrap_or(0))
    }

    /// Its access unit with start codes; empty when packets are missing.
    pub(super) fn annex_b(&self) -> Vec<u8> {
        let mut assembler = Assembler::new(Codec::H264);
        let mut packets = self.batches.iter().flat_map(|batch| batch.packets.iter());
        let frame = packets.find_map(|packet| assembler.push(packet));
        frame.map(|frame| frame.data).unwrap_or_default()
    }
}
