//! VP8 payload descriptors, RFC 7741, 4.2.

use super::Malformed;

/// What stands in front of a VP8 payload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Descriptor {
    /// Its bytes.
    pub len: usize,
    /// The payload begins the frame: its first partition starts here.
    pub begins_frame: bool,
}

impl Descriptor {
    /// Reads the descriptor of a payload.
    pub fn parse(payload: &[u8]) -> Result<Self, Malformed> {
        let &first = payload.first().ok_or(Malformed::Empty)?;
        let mut len = 1;
        if first & 0x80 != 0 {
            let &extension = payload.get(1).ok_or(Malformed::Truncated)?;
            len += 1;
            if extension & 0x80 != 0 {
                let &picture_id = payload.get(len).ok_or(Malformed::Truncated)?;
                len += if picture_id & 0x80 != 0 { 2 } else { 1 };
            }
            if extension & 0x40 != 0 {
                len += 1;
            }
            if extension & 0x30 != 0 {
                len += 1;
            }
        }
        if payload.len() <= len {
            return Err(Malformed::Truncated);
        }
        Ok(Self {
            len,
            begins_frame: first & 0x10 != 0 && first & 0x07 == 0,
        })
    }
}

/// Whether this payload begins a keyframe.
pub fn begins_keyframe(payload: &[u8]) -> Result<bool, Malformed> {
    let descriptor = Descriptor::parse(payload)?;
    Ok(descriptor.begins_frame && crate::packetize::vp8::is_keyframe(&payload[descriptor.len..]))
}
