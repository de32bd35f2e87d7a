//! NAL units out of the payloads of one H.264 or H.265 track.

use super::{FRAME_BYTES, Malformed, h264, h265};
use crate::nal::{self, Nal, NalCodec};

/// What one payload holds, for either codec.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Payload<'a> {
    /// One whole unit.
    Single(&'a [u8]),
    /// Several whole units, each behind its length.
    Aggregate(&'a [u8]),
    /// A part of a unit.
    Fragment {
        /// The unit's header, of which as many bytes count as the codec's header has.
        header: [u8; 2],
        /// Its first part.
        start: bool,
        /// Its last part.
        end: bool,
        /// The bytes behind the header.
        body: &'a [u8],
    },
}

/// Puts fragments together and takes aggregates apart. Holds at most one unit.
#[derive(Debug)]
pub struct NalUnits {
    codec: NalCodec,
    /// The unit whose fragments are coming; its room is kept from one to the next.
    unit: Vec<u8>,
    state: State,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// The next payload must begin a unit.
    Between,
    /// Fragments of a unit are coming.
    Within,
    /// Packets were lost: fragments are of no use until one begins a unit.
    Lost,
}

impl NalUnits {
    /// For one track.
    #[must_use]
    pub fn new(codec: NalCodec) -> Self {
        Self {
            codec,
            unit: Vec::new(),
            state: State::Lost,
        }
    }

    /// Takes one payload and calls `each` with every unit that is whole now.
    pub fn push(&mut self, payload: &[u8], mut each: impl FnMut(&[u8])) -> Result<(), Malformed> {
        match self.parse(payload)? {
            Payload::Single(unit) => {
                self.state = State::Between;
                split(self.codec, unit, &mut each);
                Ok(())
            }
            Payload::Aggregate(units) => {
                self.state = State::Between;
                aggregated(units, |unit| split(self.codec, unit, &mut each))
            }
            Payload::Fragment {
                header,
                start,
                end,
                body,
            } => {
                if start {
                    self.unit.clear();
                    self.unit
                        .extend_from_slice(&header[..self.codec.header_len()]);
                    self.state = State::Within;
                }
                self.append(body)?;
                if end && self.state == State::Within {
                    self.state = State::Between;
                    split(self.codec, &self.unit, &mut each);
                }
                Ok(())
            }
        }
    }

    /// What the first unit in a payload is, as far as its first bytes are there.
    #[must_use]
    pub fn peek(&self, payload: &[u8]) -> Option<Nal> {
        let mut kind = None;
        match self.parse(payload).ok()? {
            Payload::Single(unit) => kind = Some(nal::classify(self.codec, unit)),
            Payload::Aggregate(units) => {
                let _ = aggregated(units, |unit| {
                    kind.get_or_insert(nal::classify(self.codec, unit));
                });
            }
            Payload::Fragment {
                header,
                start: true,
                body,
                ..
            } => {
                let len = self.codec.header_len();
                let mut unit = [header[0], header[1], 0];
                unit[len] = body.first().copied().unwrap_or(0);
                kind = Some(nal::classify(self.codec, &unit[..=len]));
            }
            Payload::Fragment { .. } => {}
        }
        kind
    }

    fn parse<'a>(&self, payload: &'a [u8]) -> Result<Payload<'a>, Malformed> {
        match self.codec {
            NalCodec::H264 => h264::parse(payload),
            NalCodec::H265 => h265::parse(payload),
        }
    }

    fn append(&mut self, body: &[u8]) -> Result<(), Malformed> {
        match self.state {
            State::Within => {}
            State::Between => return Err(Malformed::NoBeginning),
            State::Lost => return Ok(()),
        }
        if self.unit.len() + body.len() > FRAME_BYTES {
            self.reset();
            return Err(Malformed::TooLarge);
        }
        self.unit.extend_from_slice(body);
        Ok(())
    }

    /// Forgets a unit that was begun: packets are missing.
    pub fn reset(&mut self) {
        self.state = State::Lost;
        self.unit.clear();
        self.unit.shrink_to(FRAME_BYTES / 16);
    }

    /// Whether fragments of a unit are still to come.
    #[must_use]
    pub fn is_within(&self) -> bool {
        self.state == State::Within
    }

    /// Bytes held of a unit that is not whole yet.
    #[must_use]
    pub fn held(&self) -> usize {
        if self.is_within() { self.unit.len() } else { 0 }
    }
}

/// Units behind 16-bit lengths: STAP-A and aggregation packets without decoding order numbers.
fn aggregated(mut bytes: &[u8], mut each: impl FnMut(&[u8])) -> Result<(), Malformed> {
    while let Some((len, rest)) = bytes.split_first_chunk::<2>() {
        let (unit, rest) = rest
            .split_at_checked(usize::from(u16::from_be_bytes(*len)))
            .ok_or(Malformed::Truncated)?;
        if !unit.is_empty() {
            each(unit);
        }
        bytes = rest;
    }
    // One byte too many is what some cameras pad with.
    Ok(())
}

/// Some cameras (V380, Geovision) put parameter sets and picture into one "unit" with start codes
/// between, or start codes in front. Within a real unit a start code can't occur, so only units
/// that begin as something other than a picture are searched for one.
fn split(codec: NalCodec, unit: &[u8], each: &mut impl FnMut(&[u8])) {
    let is_picture =
        matches!(nal::classify(codec, unit), Nal::Slice { .. }) && !unit.starts_with(&[0, 0]);
    if is_picture {
        each(unit);
    } else {
        nal::annex_b(unit).for_each(each);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn units(codec: NalCodec, payloads: &[&[u8]]) -> (Vec<Vec<u8>>, Vec<Malformed>) {
        let mut reader = NalUnits::new(codec);
        let (mut units, mut errors) = (Vec::new(), Vec::new());
        for payload in payloads {
            if let Err(malformed) = reader.push(payload, |unit| units.push(unit.to_vec())) {
                errors.push(malformed);
            }
        }
        (units, errors)
    }

    #[test]
    fn fragments_and_aggregates_become_units() {
        let payloads: &[&[u8]] = &[
            &[0x7c, 0x85, 1, 2],
            &[0x7c, 0x05, 3],
            &[0x7c, 0x45, 4],
            &[24, 0, 2, 0x41, 5, 0, 1, 0x06],
        ];
        let (got, errors) = units(NalCodec::H264, payloads);
        assert_eq!(got, [vec![0x65, 1, 2, 3, 4], vec![0x41, 5], vec![0x06]]);
        assert!(errors.is_empty());
        let payloads: &[&[u8]] = &[
            &[0x62, 1, 0x93, 0xaf],
            &[0x62, 1, 0x53, 7],
            &[0x60, 1, 0, 3, 0x02, 1, 9],
        ];
        let (got, errors) = units(NalCodec::H265, payloads);
        assert_eq!(got, [vec![0x26, 1, 0xaf, 7], vec![0x02, 1, 9]]);
        assert!(errors.is_empty());
    }

    #[test]
    fn what_can_not_be_read_is_named() {
        let errors = |payloads: &[&[u8]]| units(NalCodec::H264, payloads).1;
        assert_eq!(errors(&[&[]]), [Malformed::Empty]);
        assert_eq!(errors(&[&[0x7c]]), [Malformed::Truncated]);
        assert_eq!(errors(&[&[24, 0, 9, 1]]), [Malformed::Truncated]);
        assert_eq!(errors(&[&[25, 0, 0]]), [Malformed::PacketType(25)]);
        // A fragment out of nowhere is an error only where nothing was lost.
        assert_eq!(errors(&[&[0x7c, 0x05, 3]]), []);
        assert_eq!(
            errors(&[&[0x41, 1], &[0x7c, 0x05, 3]]),
            [Malformed::NoBeginning]
        );
    }

    // A9: a unit that never ends is held up to a bound, then let go.
    #[test]
    fn a_unit_without_end_is_let_go() {
        let mut reader = NalUnits::new(NalCodec::H264);
        let fragment = [&[0x7c, 0x05][..], &[1; 60_000]].concat();
        let mut results = vec![reader.push(&[0x7c, 0x85, 1], |_| {})];
        while results.last() == Some(&Ok(())) && results.len() < 1_000 {
            results.push(reader.push(&fragment, |_| {}));
            assert!(reader.held() <= FRAME_BYTES);
        }
        assert_eq!(results.last(), Some(&Err(Malformed::TooLarge)));
        assert!(reader.held() == 0 && reader.unit.capacity() < FRAME_BYTES / 8);
    }
}
