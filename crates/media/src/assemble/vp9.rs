//! VP9 payload descriptors, RFC 9628, 4.2. VP9 is passed through; its descriptors are read to find
//! keyframes and to cut payloads that are too large.

use super::Malformed;

const INTER_PREDICTED: u8 = 0x40;
const BEGINS_FRAME: u8 = 0x08;
const ENDS_FRAME: u8 = 0x04;
const HAS_STRUCTURE: u8 = 0x02;

/// What stands in front of a VP9 payload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Descriptor {
    /// Its bytes.
    pub len: usize,
    /// Where the scalability structure, its last part, begins; `len` when there is none.
    structure: usize,
    first: u8,
    base_layer: bool,
}

impl Descriptor {
    /// Reads the descriptor of a payload.
    pub fn parse(payload: &[u8]) -> Result<Self, Malformed> {
        let &first = payload.first().ok_or(Malformed::Empty)?;
        let at = |at: usize| payload.get(at).copied().ok_or(Malformed::Truncated);
        let flexible = first & 0x10 != 0;
        let mut len = 1;
        if first & 0x80 != 0 {
            len += if at(len)? & 0x80 != 0 { 2 } else { 1 };
        }
        let mut base_layer = true;
        if first & 0x20 != 0 {
            base_layer = at(len)? & 0x0e == 0;
            len += if flexible { 1 } else { 2 };
        }
        if flexible && first & INTER_PREDICTED != 0 {
            // At most three reference indices, each saying whether another follows.
            for n in 0..3 {
                let more = at(len)? & 1 != 0;
                len += 1;
                if !more {
                    break;
                }
                if n == 2 {
                    return Err(Malformed::Truncated);
                }
            }
        }
        let structure = len;
        if first & HAS_STRUCTURE != 0 {
            len += structure_len(payload.get(len..).unwrap_or_default())?;
        }
        if payload.len() <= len {
            return Err(Malformed::Truncated);
        }
        Ok(Self {
            len,
            structure,
            first,
            base_layer,
        })
    }

    /// Whether a payload with this descriptor begins a keyframe.
    #[must_use]
    pub fn begins_keyframe(&self, payload: &[u8]) -> bool {
        let independent = self.first & INTER_PREDICTED == 0;
        independent
            && self.base_layer
            && self.first & BEGINS_FRAME != 0
            && is_key(payload.get(self.len).copied())
    }

    /// The descriptor for one of the parts that a payload is cut into.
    #[must_use]
    pub fn of_part(&self, payload: &[u8], is_first: bool, is_last: bool) -> Vec<u8> {
        let end = if is_first { self.len } else { self.structure };
        let mut bytes = payload[..end].to_vec();
        if !is_first {
            bytes[0] &= !(BEGINS_FRAME | HAS_STRUCTURE);
        }
        if !is_last {
            bytes[0] &= !ENDS_FRAME;
        }
        bytes
    }
}

/// The uncompressed header's first byte: frame_marker 2, profile, show_existing_frame 0,
/// frame_type 0 (VP9 bitstream specification, 6.2).
fn is_key(byte: Option<u8>) -> bool {
    let Some(byte) = byte else { return false };
    let is_profile_3 = byte & 0x30 == 0x30;
    let rest = if is_profile_3 { byte >> 1 } else { byte >> 2 };
    byte >> 6 == 2 && rest & 0x3 == 0
}

/// Length of a scalability structure (RFC 9628, 4.2.1).
fn structure_len(bytes: &[u8]) -> Result<usize, Malformed> {
    let &first = bytes.first().ok_or(Malformed::Truncated)?;
    let layers = usize::from(first >> 5) + 1;
    let mut len = 1 + if first & 0x10 != 0 { 4 * layers } else { 0 };
    if first & 0x08 != 0 {
        let &pictures = bytes.get(len).ok_or(Malformed::Truncated)?;
        len += 1;
        for _ in 0..pictures {
            let &picture = bytes.get(len).ok_or(Malformed::Truncated)?;
            len += 1 + usize::from((picture >> 2) & 0x3);
        }
    }
    Ok(len)
}
