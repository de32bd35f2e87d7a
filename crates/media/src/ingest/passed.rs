//! Codecs whose payloads are passed through as they came, and cut anew only when too large.

use super::Malformed;
use super::frame::Frame;
use crate::MAX_PAYLOAD;
use crate::assemble::{av1, vp8, vp9};
use crate::packetize::{self, joined, parts};

#[derive(Debug)]
pub(super) enum Passed {
    Vp8(Vp8),
    Vp9,
    Av1,
}

/// A VP8 frame as a whole, for the case that it has to be cut anew.
#[derive(Debug, Default)]
pub(super) struct Vp8 {
    descriptor: Vec<u8>,
    frame: Vec<u8>,
    too_large: bool,
}

impl Passed {
    /// Takes one payload of the frame.
    pub(super) fn take(&mut self, payload: &[u8], frame: &mut Frame) -> Result<(), Malformed> {
        match self {
            Self::Vp8(vp8) => vp8.take(payload, frame)?,
            Self::Vp9 => {
                let descriptor = vp9::Descriptor::parse(payload)?;
                frame.keyframe |= descriptor.begins_keyframe(payload);
                if payload.len() > MAX_PAYLOAD {
                    cut_vp9(&descriptor, payload, frame)?;
                } else {
                    frame.payloads.push(payload.into());
                }
            }
            Self::Av1 => {
                frame.keyframe |= av1::begins_keyframe(payload)?;
                if payload.len() > MAX_PAYLOAD {
                    cut_av1(payload, frame)?;
                } else {
                    frame.payloads.push(payload.into());
                }
            }
        }
        frame.bytes += payload.len();
        Ok(())
    }

    /// The frame has all its payloads.
    pub(super) fn finish(&mut self, frame: &mut Frame) {
        let Self::Vp8(vp8) = self else { return };
        if vp8.too_large && frame.is_whole() {
            frame.payloads.clear();
            packetize::vp8::packetize(&vp8.descriptor, &vp8.frame, &mut frame.payloads);
        } else if vp8.too_large && !frame.is_abandoned() {
            frame.abandon();
        }
        vp8.frame.clear();
        vp8.too_large = false;
    }
}

impl Vp8 {
    fn take(&mut self, payload: &[u8], frame: &mut Frame) -> Result<(), Malformed> {
        let descriptor = vp8::Descriptor::parse(payload)?;
        frame.keyframe |= vp8::begins_keyframe(payload)?;
        let (header, body) = payload.split_at(descriptor.len);
        if self.frame.is_empty() {
            self.descriptor.clear();
            self.descriptor.extend_from_slice(header);
        }
        self.frame.extend_from_slice(body);
        self.too_large |= payload.len() > MAX_PAYLOAD;
        if !self.too_large {
            frame.payloads.push(payload.into());
        }
        Ok(())
    }
}

fn cut_vp9(
    descriptor: &vp9::Descriptor,
    payload: &[u8],
    frame: &mut Frame,
) -> Result<(), Malformed> {
    let body = &payload[descriptor.len..];
    let room = MAX_PAYLOAD
        .checked_sub(descriptor.len)
        .filter(|room| *room > MAX_PAYLOAD / 2);
    for part in parts(body.len(), room.ok_or(Malformed::TooLarge)?) {
        let header = descriptor.of_part(payload, part.start == 0, part.end == body.len());
        frame.payloads.push(joined(&header, &body[part]));
    }
    Ok(())
}

/// Elements stay side by side: a browser takes a packet that begins with a whole element for the begin
/// of a frame, so only what is in the middle of one may begin the next packet.
fn cut_av1(payload: &[u8], frame: &mut Frame) -> Result<(), Malformed> {
    let mut elements = Vec::new();
    let header = av1::elements(payload, |element| elements.push(element))?;
    if elements.is_empty() {
        return Err(Malformed::Empty);
    }
    // No count of elements: each has its length in front of it.
    let mut packet = vec![header & (av1::CONTINUES | av1::NEW_SEQUENCE)];
    for mut rest in elements {
        while !rest.is_empty() {
            let room = MAX_PAYLOAD - av1::LENGTH;
            if packet.len() >= room {
                let full = std::mem::replace(&mut packet, vec![0]);
                frame.payloads.push(full.into());
            }
            let (part, tail) = rest.split_at(rest.len().min(room - packet.len()));
            av1::write_leb128(part.len(), &mut packet);
            packet.extend_from_slice(part);
            rest = tail;
            if !rest.is_empty() {
                packet[0] |= av1::GOES_ON;
                let full = std::mem::replace(&mut packet, vec![av1::CONTINUES]);
                frame.payloads.push(full.into());
            }
        }
    }
    packet[0] |= header & av1::GOES_ON;
    frame.payloads.push(packet.into());
    Ok(())
}
