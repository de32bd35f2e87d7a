//! The frame that is coming: its payloads so far, and what is missing in it.

use std::sync::Arc;
use std::time::Instant;

use super::Rtp;
use crate::clock::{Order, TrackClock};
use crate::{Packet, WallTime};

/// Whether the frame's last packet is known to be its last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// By its marker, or because the next one follows directly.
    Known,
    /// Packets are missing behind it; they may have been part of it.
    Unknown,
}

#[derive(Debug)]
pub(super) struct Frame {
    /// Its RTP timestamp.
    pub(super) timestamp: u32,
    pub(super) time: i64,
    captured: Option<WallTime>,
    pub(super) began: Instant,
    pub(super) payloads: Vec<Arc<[u8]>>,
    /// Bytes taken for it, in whichever form they are held.
    pub(super) bytes: usize,
    /// Has more than what stands in front of pictures.
    pub(super) has_picture: bool,
    pub(super) keyframe: bool,
    hole: Option<Hole>,
    abandoned: bool,
}

/// Where packets are missing: in front of this payload.
#[derive(Clone, Copy, Debug)]
struct Hole {
    at: usize,
    lost: u64,
}

impl Frame {
    pub(super) fn begin(rtp: &Rtp<'_>, clock: &mut TrackClock, order: Order) -> Self {
        Self {
            timestamp: rtp.timestamp,
            time: clock.frame(rtp.timestamp, rtp.arrived, order),
            captured: clock.captured(rtp.timestamp),
            began: rtp.arrived,
            payloads: Vec::new(),
            bytes: 0,
            has_picture: false,
            keyframe: false,
            hole: None,
            abandoned: false,
        }
    }

    /// Notes that so many packets are missing here. Several holes are told as one, at the first.
    pub(super) fn lose(&mut self, packets: u64) {
        let at = self.payloads.len();
        self.hole.get_or_insert(Hole { at, lost: 0 }).lost += packets;
    }

    /// Gives the frame up: nothing of it is sent, what still comes of it is ignored.
    pub(super) fn abandon(&mut self) {
        self.payloads = Vec::new();
        self.bytes = 0;
        self.abandoned = true;
        self.hole = Some(Hole {
            at: 0,
            lost: self.hole.map_or(0, |hole| hole.lost) + 1,
        });
    }

    pub(super) fn is_abandoned(&self) -> bool {
        self.abandoned
    }

    /// Whether a marker may end it: there is something to end.
    pub(super) fn may_end(&self) -> bool {
        self.has_picture || self.abandoned
    }

    pub(super) fn is_whole(&self) -> bool {
        self.hole.is_none()
    }

    /// Puts payloads in front of those that came.
    pub(super) fn put_in_front(&mut self, write: impl FnOnce(&mut Vec<Arc<[u8]>>)) {
        if self.payloads.is_empty() {
            return;
        }
        let mut payloads = Vec::with_capacity(self.payloads.len() + 3);
        write(&mut payloads);
        if let Some(hole) = self.hole.as_mut().filter(|hole| hole.at > 0) {
            hole.at += payloads.len();
        }
        payloads.append(&mut self.payloads);
        self.payloads = payloads;
    }

    /// Appends its packets, numbered from `seq` with what is missing left out; gives the number
    /// that follows.
    pub(super) fn give(self, end: End, mut seq: u64, out: &mut Vec<Packet>) -> u64 {
        let is_whole = self.is_whole() && end == End::Known;
        let count = if self.has_picture {
            self.payloads.len()
        } else {
            0
        };
        let hole = self.hole.unwrap_or(Hole {
            at: usize::MAX,
            lost: 0,
        });
        let ends = end == End::Known && hole.at != count;
        out.reserve(count);
        for (n, payload) in self.payloads.into_iter().take(count).enumerate() {
            if n == hole.at {
                seq += hole.lost;
            }
            out.push(Packet {
                payload,
                time: self.time,
                captured: self.captured,
                seq,
                frame_start: n == 0,
                frame_end: n + 1 == count && ends,
                keyframe: self.keyframe && is_whole,
            });
            seq += 1;
        }
        if hole.at >= count {
            seq + hole.lost
        } else {
            seq
        }
    }
}
