//! The RTP of a made-up camera on a fake clock.

use std::time::{Duration, Instant};

use super::*;
use crate::testing;

/// Sends frames as RTP into an [`Ingest`], 40 ms apart.
pub(super) struct Camera {
    pub(super) ingest: Ingest,
    pub(super) start: Instant,
    pub(super) seq: u16,
    pub(super) frame: u32,
    /// Largest payload the camera sends.
    pub(super) mtu: usize,
    pub(super) out: Vec<Packet>,
    pub(super) errors: Vec<Malformed>,
    /// Packets from here that are lost, counted as they are sent.
    pub(super) lose: Vec<u64>,
    sent: u64,
}

impl Camera {
    pub(super) fn new(track: Track) -> Self {
        Self {
            ingest: Ingest::new(track),
            start: testing::start(),
            seq: 65_500,
            frame: 0,
            mtu: 1_400,
            out: Vec::new(),
            errors: Vec::new(),
            lose: Vec::new(),
            sent: 0,
        }
    }

    pub(super) fn now(&self) -> Instant {
        self.start + Duration::from_millis(40) * self.frame
    }

    pub(super) fn timestamp(&self) -> u32 {
        (u32::MAX - 20_000).wrapping_add(3_600 * self.frame)
    }

    /// Sends one payload at this moment.
    pub(super) fn send(&mut self, payload: &[u8], marker: bool) {
        let (seq, timestamp, arrived) = (self.seq, self.timestamp(), self.now());
        self.seq = self.seq.wrapping_add(1);
        self.sent += 1;
        if self.lose.contains(&(self.sent - 1)) {
            return;
        }
        match self.ingest.push(&Rtp {
            seq,
            timestamp,
            marker,
            payload,
            arrived,
        }) {
            Ok(packets) => self.out.extend(packets),
            Err(malformed) => self.errors.push(malformed),
        }
    }

    /// Sends a frame of H.264 units, fragmented as this camera does; the last has the marker.
    pub(super) fn frame(&mut self, units: &[&[u8]]) {
        for (n, unit) in units.iter().enumerate() {
            self.unit(unit, n + 1 == units.len());
        }
        self.frame += 1;
    }

    pub(super) fn unit(&mut self, unit: &[u8], marker: bool) {
        if unit.len() <= self.mtu {
            return self.send(unit, marker);
        }
        let parts: Vec<&[u8]> = unit[1..].chunks(self.mtu - 2).collect();
        for (n, part) in parts.iter().enumerate() {
            let (start, end) = (n == 0, n + 1 == parts.len());
            let fu = u8::from(start) << 7 | u8::from(end) << 6 | unit[0] & 0x1f;
            self.send(&[&[unit[0] & 0xe0 | 28, fu], *part].concat(), marker && end);
        }
    }

    /// What came out so far, taken.
    pub(super) fn take(&mut self) -> Vec<Packet> {
        std::mem::take(&mut self.out)
    }
}

/// An H.264 slice of so many bytes: first of its picture, of an IDR picture or another.
pub(super) fn slice(keyframe: bool, len: usize) -> Vec<u8> {
    let header = if keyframe { [0x65, 0x88] } else { [0x41, 0x9a] };
    header
        .into_iter()
        .chain((2..len).map(|n| 1 + (n % 250) as u8))
        .collect()
}

/// The kinds of H.264 units that packets hold or begin.
pub(super) fn kinds(packets: &[Packet]) -> Vec<u8> {
    let kind = |p: &Packet| match p.payload[0] & 0x1f {
        28 => p.payload[1] & 0x1f,
        kind => kind,
    };
    packets.iter().map(kind).collect()
}
