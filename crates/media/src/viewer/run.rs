//! What goes to one viewer in one go: a stretch of a batch, seen through the viewer's own numbers and
//! times. It holds the batch, which all viewers share, so that a packet can be sent once more
//! without anybody having kept a copy of it.

use std::ops::Range;
use std::sync::Arc;
use std::time::Instant;

use super::rebase::later;
use crate::{Batch, Packet, TrackId, WallTime};

/// Packets of one batch to be sent to one viewer, in order. Both numbers and times are the source's
/// moved by the same amount, so a run is as small as a batch is large.
#[derive(Clone, Debug)]
pub struct Run {
    /// The viewer's own track: the batch may come from another layer's.
    pub(super) track: TrackId,
    pub(super) batch: Arc<Batch>,
    pub(super) packets: Range<usize>,
    /// The viewer's number minus the source's, modulo 2^64.
    pub(super) seq_shift: u64,
    /// The viewer's time minus the source's.
    pub(super) time_shift: i64,
    /// Whether ends of frames are marked: for video only.
    pub(super) marks: bool,
    /// The moment on the local clock that the times stand for: when the batch arrived, or, for a
    /// replayed one, when it is due.
    pub(super) arrived: Instant,
}

/// One packet as one viewer gets it.
#[derive(Clone, Copy, Debug)]
pub struct Outgoing<'a> {
    /// Which of the stream's tracks.
    pub track: TrackId,
    /// RTP payload, shared with all viewers.
    pub payload: &'a [u8],
    /// The viewer's own number; starts below 2^15 (an SRTP receiver then can't take the rollover
    /// counter wrong), contiguous except where the source lost packets.
    pub seq: u64,
    /// RTP timestamp.
    pub time: u32,
    /// RTP marker: the last packet of a video frame. Never set for audio.
    pub marker: bool,
    /// When it was captured, moved by what replaying delayed it, so that sender reports made of
    /// it map `time` as it was sent.
    pub captured: Option<WallTime>,
    /// See [`Run::arrived`].
    pub arrived: Instant,
}

impl Run {
    /// A run of a whole batch whose numbers and times are the source's own.
    #[must_use]
    pub fn whole(batch: Arc<Batch>, marks: bool) -> Self {
        Self {
            track: batch.track,
            packets: 0..batch.packets.len(),
            seq_shift: 0,
            time_shift: 0,
            marks,
            arrived: batch.arrived,
            batch,
        }
    }

    /// Which of the stream's tracks.
    #[must_use]
    pub fn track(&self) -> TrackId {
        self.track
    }

    /// The moment on the local clock that its times stand for.
    #[must_use]
    pub fn arrived(&self) -> Instant {
        self.arrived
    }

    /// When its last byte reached this process, replayed or not.
    #[must_use]
    pub fn received(&self) -> Instant {
        self.batch.arrived
    }

    /// Its packets in order.
    pub fn packets(&self) -> impl ExactSizeIterator<Item = Outgoing<'_>> {
        self.source().iter().map(|packet| self.view(packet))
    }

    /// The viewer's numbers from the first packet to the last.
    #[must_use]
    pub fn seqs(&self) -> Option<(u64, u64)> {
        let (first, last) = (self.source().first()?, self.source().last()?);
        Some((self.number(first), self.number(last)))
    }

    /// The packet with one of the viewer's numbers.
    #[must_use]
    pub fn find(&self, seq: u64) -> Option<Outgoing<'_>> {
        let source = seq.wrapping_sub(self.seq_shift);
        let at = self
            .source()
            .binary_search_by_key(&source, |packet| packet.seq);
        self.source().get(at.ok()?).map(|packet| self.view(packet))
    }

    /// Payload bytes in it.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.source()
            .iter()
            .map(|packet| packet.payload.len())
            .sum()
    }

    fn source(&self) -> &[Packet] {
        self.batch
            .packets
            .get(self.packets.clone())
            .unwrap_or_default()
    }

    fn number(&self, packet: &Packet) -> u64 {
        packet.seq.wrapping_add(self.seq_shift)
    }

    fn view<'a>(&self, packet: &'a Packet) -> Outgoing<'a> {
        let moved = self.arrived.saturating_duration_since(self.batch.arrived);
        Outgoing {
            track: self.track,
            payload: &packet.payload,
            seq: self.number(packet),
            // RTP times are the low 32 bits; they wrap (RFC 3550, 5.1).
            time: packet.time.saturating_add(self.time_shift) as u32,
            marker: self.marks && packet.frame_end,
            captured: packet.captured.map(|at| later(at, moved)),
            arrived: self.arrived,
        }
    }
}
