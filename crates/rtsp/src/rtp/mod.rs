//! One track's packets: read, told from strangers', counted and reported on.

mod receiver;
mod rtcp;

use std::ops::Range;

use rtp_types::RtpPacket;

pub(crate) use receiver::MAX_STALE;
pub use receiver::{Counts, Receiver, Verdict};
pub use rtcp::{Block, Report, read, receiver_report};

/// An RTP packet that was read and found well formed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Packet {
    /// Sequence number as sent.
    pub seq: u16,
    /// Timestamp as sent, in ticks of the track's clock.
    pub time: u32,
    /// The marker bit: for video the last packet of a frame, if the camera is right about it.
    pub marker: bool,
    /// Who sent it.
    pub ssrc: u32,
    /// What it holds.
    pub payload_type: u8,
    data: Vec<u8>,
    payload: Range<usize>,
}

impl Packet {
    /// Reads a packet; `None` when it is none (RFC 3550 section 5.1).
    #[must_use]
    pub fn parse(data: Vec<u8>) -> Option<Self> {
        let packet = RtpPacket::parse(&data).ok()?;
        let from = packet.payload_offset();
        let payload = from..from + packet.payload_len();
        Some(Self {
            seq: packet.sequence_number(),
            time: packet.timestamp(),
            marker: packet.marker_bit(),
            ssrc: packet.ssrc(),
            payload_type: packet.payload_type(),
            payload,
            data,
        })
    }

    /// The payload, without header, extensions and padding.
    #[must_use]
    pub fn payload(&self) -> &[u8] {
        self.data.get(self.payload.clone()).unwrap_or_default()
    }
}

/// Whether bytes hold RTCP rather than RTP, by their second byte (RFC 5761 section 4): what
/// cameras put on the wrong channel or port is still told apart.
#[must_use]
pub fn is_rtcp(data: &[u8]) -> bool {
    matches!(data, [_, 192..=223, ..])
}

#[cfg(test)]
mod tests;
