//! From the RTP of a source to packets as the media path wants them.

use std::time::Instant;

use crate::clock::TrackClock;
use crate::{Packet, Track};

/// One RTP packet of a track, in order.
#[derive(Clone, Copy, Debug)]
pub struct Rtp<'a> {
    /// Sequence number.
    pub seq: u16,
    /// RTP timestamp.
    pub timestamp: u32,
    /// The marker bit.
    pub marker: bool,
    /// Payload without padding.
    pub payload: &'a [u8],
    /// When it reached this process.
    pub arrived: Instant,
}

/// What makes a packet unusable.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Malformed {
    /// Shorter than its own headers say.
    #[error("RTP payload ends within its header")]
    Truncated,
}

/// One RTP track of a source. Give it packets in order (over UDP, behind [`crate::Reorder`]).
#[derive(Debug)]
pub struct Ingest {
    track: Track,
    clock: TrackClock,
}

impl Ingest {
    /// A track as the source announced it.
    #[must_use]
    pub fn new(track: Track) -> Self {
        let clock = TrackClock::new(track.codec.clock_rate());
        Self { track, clock }
    }

    /// Takes one packet; gives the packets of the frames that it completes, usually none or one
    /// frame's. A malformed packet is counted and otherwise without effect.
    pub fn push(&mut self, _rtp: &Rtp<'_>) -> Result<Vec<Packet>, Malformed> {
        Ok(Vec::new())
    }

    /// Takes an RTCP sender report of this track: NTP time and the RTP time that belongs to it.
    pub fn on_sender_report(&mut self, ntp: u64, rtp: u32) {
        self.clock.on_sender_report(ntp, rtp);
    }

    /// The track with its parameter sets, when these changed since the last call. Ask before the
    /// packets of [`Self::push`] are written, so that viewers know first.
    pub fn changed_track(&mut self) -> Option<Track> {
        None
    }

    /// The track as known now.
    #[must_use]
    pub fn track(&self) -> &Track {
        &self.track
    }
}
