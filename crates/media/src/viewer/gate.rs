//! The keyframe gate: video passes from a keyframe's first packet on.

use crate::Packet;

#[derive(Debug)]
pub(super) struct Gate {
    open: bool,
    has_been_open: bool,
}

impl Gate {
    pub(super) fn closed() -> Self {
        Self {
            open: false,
            has_been_open: false,
        }
    }

    pub(super) fn open() -> Self {
        Self {
            open: true,
            has_been_open: true,
        }
    }

    pub(super) fn close(&mut self) {
        self.open = false;
    }

    pub(super) fn is_open(&self) -> bool {
        self.open
    }

    /// Whether the viewer ever had a picture: what is held before that is not a loss to it.
    pub(super) fn has_been_open(&self) -> bool {
        self.has_been_open
    }

    /// How many of these packets are held back; the rest passes.
    pub(super) fn hold(&mut self, packets: &[Packet]) -> usize {
        if self.open {
            return 0;
        }
        let Some(entry) = entry(packets) else {
            return packets.len();
        };
        *self = Self::open();
        entry
    }
}

fn is_entry(packet: &Packet) -> bool {
    packet.keyframe && packet.frame_start
}

/// Where decoding can start in these packets.
pub(super) fn entry(packets: &[Packet]) -> Option<usize> {
    packets.iter().position(is_entry)
}
