//! The unit of the media path: an RTP-ready packet, and the batch that keeps a frame's packets
//! together because sending them together is what makes sending cheap.

use std::sync::Arc;
use std::time::Instant;

use crate::TrackId;

/// Largest payload that Lenswire makes, in bytes: with header, extensions, SRTP tag and the RTX
/// number the UDP payload stays at or below 1,240 bytes, which passes every tunnel we know of.
pub const MAX_PAYLOAD: usize = 1_180;

/// A wall-clock time: microseconds since 1970-01-01 UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct WallTime(pub u64);

/// One RTP payload with all that a sink needs to know of it, so that nothing after the source
/// looks into a payload again.
#[derive(Clone, Debug)]
pub struct Packet {
    /// In the codec's RTP payload format, at most [`MAX_PAYLOAD`] bytes; shared by all viewers.
    pub payload: Arc<[u8]>,
    /// Ticks of the track's clock since the epoch's first packet, unwrapped; presentation time.
    pub time: i64,
    /// When the picture or sound was captured, if the source knows (RTCP sender reports).
    pub captured: Option<WallTime>,
    /// Counts up by one per packet of a track within an epoch; a gap is a loss at the source.
    pub seq: u64,
    /// First packet of its frame.
    pub frame_start: bool,
    /// Last packet of its frame (the RTP marker of video).
    pub frame_end: bool,
    /// Belongs to a frame that can be decoded without any other, parameter sets included.
    /// Every packet of an audio track says true.
    pub keyframe: bool,
}

/// Packets of one track that arrived together, in order; usually one frame.
#[derive(Debug)]
pub struct Batch {
    /// Which run of the source this belongs to. Times and numbers start anew with each epoch.
    pub epoch: u32,
    /// Which track.
    pub track: TrackId,
    /// When the last byte of it reached this process.
    pub arrived: Instant,
    /// At least one.
    pub packets: Box<[Packet]>,
}

impl Batch {
    /// Payload bytes in it.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.packets.iter().map(|p| p.payload.len()).sum()
    }
}
