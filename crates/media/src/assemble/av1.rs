//! AV1 payloads, "RTP Payload Format For AV1" 1.0, section 4. AV1 is passed through; payloads are
//! read to find keyframes, to cut those that are too large, and to make temporal units.

use super::{FRAME_BYTES, Malformed};

/// The first OBU element continues one of the packet before.
pub const CONTINUES: u8 = 0x80;
/// The last OBU element goes on in the next packet.
pub const GOES_ON: u8 = 0x40;
/// The first packet of a coded video sequence.
pub const NEW_SEQUENCE: u8 = 0x08;
/// Bytes that the length of an element takes at most, where it fits into a packet.
pub(crate) const LENGTH: usize = 2;

const OBU_SEQUENCE_HEADER: u8 = 1;
const OBU_TEMPORAL_DELIMITER: u8 = 2;
const OBU_TILE_LIST: u8 = 8;
const HAS_EXTENSION: u8 = 0x04;
const HAS_SIZE: u8 = 0x02;

/// Calls `each` with every OBU element of a payload that has bytes. Gives the aggregation header.
pub fn elements<'a>(payload: &'a [u8], mut each: impl FnMut(&'a [u8])) -> Result<u8, Malformed> {
    let (&header, mut rest) = payload.split_first().ok_or(Malformed::Empty)?;
    if rest.is_empty() {
        return Err(Malformed::Truncated);
    }
    let count = usize::from((header >> 4) & 0x3);
    let mut n = 0;
    while !rest.is_empty() {
        n += 1;
        let is_last = count != 0 && n == count;
        let len = if is_last {
            rest.len()
        } else {
            leb128(&mut rest)?
        };
        let (element, tail) = rest.split_at_checked(len).ok_or(Malformed::Truncated)?;
        if !element.is_empty() {
            each(element);
        }
        rest = tail;
        if is_last {
            break;
        }
    }
    Ok(header)
}

/// Whether this payload begins a keyframe's temporal unit.
pub fn begins_keyframe(payload: &[u8]) -> Result<bool, Malformed> {
    let mut has_sequence_header = false;
    let mut n = 0;
    let continues = payload
        .first()
        .is_some_and(|header| header & CONTINUES != 0);
    let header = elements(payload, |element| {
        let is_whole = n > 0 || !continues;
        has_sequence_header |= is_whole
            && element
                .first()
                .is_some_and(|b| obu_type(*b) == OBU_SEQUENCE_HEADER);
        n += 1;
    })?;
    Ok(header & NEW_SEQUENCE != 0 || has_sequence_header)
}

fn obu_type(header: u8) -> u8 {
    (header >> 3) & 0xf
}

/// A number of 7 bits a byte, the lowest first (AV1 specification, 4.10.5).
fn leb128(bytes: &mut &[u8]) -> Result<usize, Malformed> {
    let mut value = 0;
    for n in 0..4 {
        let (&byte, rest) = bytes.split_first().ok_or(Malformed::Truncated)?;
        *bytes = rest;
        value |= usize::from(byte & 0x7f) << (7 * n);
        if byte & 0x80 == 0 {
            return Ok(value);
        }
    }
    Err(Malformed::TooLarge)
}

/// Writes a number as [`leb128`] reads it.
pub(crate) fn write_leb128(mut value: usize, out: &mut Vec<u8>) {
    while value > 0x7f {
        out.push((value & 0x7f) as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

/// Puts OBU elements together to OBUs with sizes, as decoders want them.
#[derive(Debug, Default)]
pub struct Obus {
    open: Vec<u8>,
}

impl Obus {
    /// Forgets an OBU that was begun.
    pub fn reset(&mut self) {
        self.open.clear();
    }

    /// Takes one payload and appends every OBU that is whole now to `out`.
    pub fn push(&mut self, payload: &[u8], out: &mut Vec<u8>) -> Result<(), Malformed> {
        let continues = payload
            .first()
            .is_some_and(|header| header & CONTINUES != 0);
        if continues == self.open.is_empty() {
            self.open.clear();
            return Err(Malformed::NoBeginning);
        }
        let (open, mut n, mut fits) = (&mut self.open, 0, true);
        let header = elements(payload, |element| {
            if n > 0 || !continues {
                finish(open, out);
            }
            n += 1;
            fits &= open.len() + element.len() <= FRAME_BYTES;
            if fits {
                open.extend_from_slice(element);
            }
        })?;
        if !fits {
            open.clear();
            return Err(Malformed::TooLarge);
        }
        if header & GOES_ON == 0 {
            finish(open, out);
        }
        Ok(())
    }
}

/// Writes an OBU with its size and forgets it. What a receiver ignores is left out (section 5).
fn finish(open: &mut Vec<u8>, out: &mut Vec<u8>) {
    if let Some((&header, rest)) = open.split_first() {
        let extension = usize::from(header & HAS_EXTENSION != 0).min(rest.len());
        let (extension, body) = rest.split_at(extension);
        let ignored = matches!(obu_type(header), OBU_TEMPORAL_DELIMITER | OBU_TILE_LIST);
        if header & HAS_SIZE != 0 && !ignored {
            out.extend_from_slice(open);
        } else if !ignored {
            out.push(header | HAS_SIZE);
            out.extend_from_slice(extension);
            write_leb128(body.len(), out);
            out.extend_from_slice(body);
        }
    }
    open.clear();
}
