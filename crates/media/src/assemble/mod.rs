//! From RTP payloads to whole units and frames.
//!
//! Everything here reads bytes from the network. Nothing is believed: lengths are checked before
//! they are used, and no access unit grows above [`FRAME_BYTES`]. One module per payload format
//! reads payloads; [`Assembler`] puts a track's packets together for those who want frames
//! (decoder, snapshot, WebSocket).

pub mod av1;
pub mod h264;
pub mod h265;
mod nal_units;
pub mod vp8;
pub mod vp9;

pub use nal_units::NalUnits;

use crate::nal::NalCodec;
use crate::{Codec, Packet, WallTime};

/// Largest access unit, in bytes. A 4K keyframe at the best quality a camera has is below 2 MiB.
pub const FRAME_BYTES: usize = 4 << 20;

/// What makes an RTP payload unusable.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Malformed {
    /// Nothing in it.
    #[error("the RTP payload is empty")]
    Empty,
    /// Shorter than its own headers say.
    #[error("the RTP payload ends before its headers say it would")]
    Truncated,
    /// A packet type that was not negotiated: interleaved mode, or a reserved one.
    #[error("the RTP payload has a packet type that was not negotiated ({0})")]
    PacketType(u8),
    /// A fragment of something whose beginning has not been seen.
    #[error("a fragment came without its beginning")]
    NoBeginning,
    /// A unit or frame above [`FRAME_BYTES`], or an audio packet that fits no payload.
    #[error("a frame is larger than any real one")]
    TooLarge,
    /// A frame whose packets took longer to come than any real one's.
    #[error("a frame did not end in time")]
    TooSlow,
    /// Came before its predecessors did, or twice.
    #[error("a packet came again or too late")]
    OutOfOrder,
}

/// One encoded frame.
#[derive(Clone, Debug)]
pub struct Frame {
    /// H.264 and H.265: Annex B with parameter sets; AV1: a temporal unit of OBUs with sizes;
    /// others as their encoder made it.
    pub data: Vec<u8>,
    /// Ticks of the track's clock.
    pub time: i64,
    /// When it was captured, if the source knows.
    pub captured: Option<WallTime>,
    /// Needs no other frame to be decoded.
    pub keyframe: bool,
}

/// Puts the packets of one track of a stream together to frames. After a loss it gives nothing
/// until the next keyframe, for what depends on a missing frame can't be shown.
#[derive(Debug)]
pub struct Assembler {
    parts: Parts,
    data: Vec<u8>,
    expected: Option<u64>,
    state: State,
    dropped: u64,
}

#[derive(Debug)]
enum Parts {
    Nal(NalUnits),
    Vp8,
    Vp9,
    Av1(av1::Obus),
    Whole,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    AwaitingKeyframe,
    Between,
    Within,
}

impl Assembler {
    /// For a track of that codec.
    #[must_use]
    pub fn new(codec: Codec) -> Self {
        let parts = match codec {
            Codec::H264 => Parts::Nal(NalUnits::new(NalCodec::H264)),
            Codec::H265 => Parts::Nal(NalUnits::new(NalCodec::H265)),
            Codec::Vp8 => Parts::Vp8,
            Codec::Vp9 => Parts::Vp9,
            Codec::Av1 => Parts::Av1(av1::Obus::default()),
            Codec::Opus | Codec::Pcmu | Codec::Pcma => Parts::Whole,
        };
        Self {
            parts,
            data: Vec::new(),
            expected: None,
            state: State::AwaitingKeyframe,
            dropped: 0,
        }
    }

    /// Takes the next packet; gives the frame that it completes.
    pub fn push(&mut self, packet: &Packet) -> Option<Frame> {
        let lost = self.expected.is_some_and(|expected| packet.seq != expected);
        self.expected = Some(packet.seq.wrapping_add(1));
        if packet.frame_start {
            self.begin(packet, lost);
        } else if lost || self.state == State::Between {
            self.give_up();
        }
        if self.state != State::Within {
            return None;
        }
        if self.append(&packet.payload).is_err() || self.data.len() > FRAME_BYTES {
            self.give_up();
            return None;
        }
        if !packet.frame_end {
            return None;
        }
        self.state = State::Between;
        let data = std::mem::take(&mut self.data);
        Some(Frame {
            data,
            time: packet.time,
            captured: packet.captured,
            keyframe: packet.keyframe,
        })
    }

    fn begin(&mut self, packet: &Packet, lost: bool) {
        if self.state == State::Within {
            self.give_up();
        }
        self.data.clear();
        match &mut self.parts {
            Parts::Nal(units) => units.reset(),
            Parts::Av1(obus) => obus.reset(),
            Parts::Vp8 | Parts::Vp9 | Parts::Whole => {}
        }
        if packet.keyframe || (self.state == State::Between && !lost) {
            self.state = State::Within;
        } else {
            self.give_up();
        }
    }

    fn give_up(&mut self) {
        if self.state != State::AwaitingKeyframe {
            self.dropped += 1;
        }
        self.state = State::AwaitingKeyframe;
        self.data.clear();
    }

    fn append(&mut self, payload: &[u8]) -> Result<(), Malformed> {
        let data = &mut self.data;
        match &mut self.parts {
            Parts::Nal(units) => units.push(payload, |unit| {
                data.extend_from_slice(&[0, 0, 0, 1]);
                data.extend_from_slice(unit);
            }),
            Parts::Av1(obus) => obus.push(payload, data),
            Parts::Vp8 => {
                data.extend_from_slice(&payload[vp8::Descriptor::parse(payload)?.len..]);
                Ok(())
            }
            Parts::Vp9 => {
                data.extend_from_slice(&payload[vp9::Descriptor::parse(payload)?.len..]);
                Ok(())
            }
            Parts::Whole => {
                data.extend_from_slice(payload);
                Ok(())
            }
        }
    }

    /// Frames that came but could not be given: incomplete ones.
    #[must_use]
    pub fn dropped(&self) -> u64 {
        self.dropped
    }
}

#[cfg(test)]
mod tests;
