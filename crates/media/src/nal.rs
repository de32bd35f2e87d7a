//! NAL units of H.264 and H.265: what kind one is, as far as forwarding needs to know.
//!
//! Nothing here decodes. A unit is judged by its header and the first bits behind it, and any
//! bytes are accepted: what makes no sense is [`Nal::Other`].

/// Which of the two codecs that consist of NAL units.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NalCodec {
    /// H.264.
    H264,
    /// H.265.
    H265,
}

impl NalCodec {
    /// Bytes of a unit's header.
    #[must_use]
    pub const fn header_len(self) -> usize {
        match self {
            Self::H264 => 1,
            Self::H265 => 2,
        }
    }
}

/// A kind of parameter set, in the order in which a decoder wants them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum SetKind {
    /// Video parameter set (H.265).
    Vps,
    /// Sequence parameter set.
    Sps,
    /// Picture parameter set.
    Pps,
}

/// What a NAL unit is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Nal {
    /// Part of a picture.
    Slice {
        /// Of a picture that can be decoded without any other.
        keyframe: bool,
        /// The first slice of its picture.
        first: bool,
        /// A first slice that may be predicted from two sides (H.264 only).
        bipredicted: bool,
    },
    /// A parameter set.
    Set(SetKind),
    /// Delimiters and filler: nothing that a decoder behind RTP needs, but a packet each to every
    /// viewer.
    Noise,
    /// Anything else: SEI, reserved types.
    Other,
}

/// Says what a whole unit, without start code, is.
#[must_use]
pub fn classify(codec: NalCodec, nal: &[u8]) -> Nal {
    match codec {
        NalCodec::H264 => classify_h264(nal),
        NalCodec::H265 => classify_h265(nal),
    }
}

/// Types of ITU-T H.264, table 7-1.
fn classify_h264(nal: &[u8]) -> Nal {
    let Some(header) = nal.first() else {
        return Nal::Noise;
    };
    match header & 0x1f {
        kind @ (1 | 2 | 5) => {
            let start = nal.get(1).copied().unwrap_or(0);
            // first_mb_in_slice 0 is the single bit 1; slice_type B is 1 (010) or 6 (00111).
            let bipredicted = start & 0xf0 == 0xa0 || start & 0xfc == 0x9c;
            Nal::Slice {
                keyframe: kind == 5,
                first: start & 0x80 != 0,
                bipredicted,
            }
        }
        7 => Nal::Set(SetKind::Sps),
        8 => Nal::Set(SetKind::Pps),
        9..=12 => Nal::Noise,
        _ => Nal::Other,
    }
}

/// Types of ITU-T H.265, table 7-1.
fn classify_h265(nal: &[u8]) -> Nal {
    let Some(header) = nal.first() else {
        return Nal::Noise;
    };
    match (header >> 1) & 0x3f {
        kind @ 0..=31 => {
            let first = nal.get(2).is_some_and(|start| start & 0x80 != 0);
            // IRAP pictures: BLA, IDR and CRA.
            Nal::Slice {
                keyframe: (16..=21).contains(&kind),
                first,
                bipredicted: false,
            }
        }
        32 => Nal::Set(SetKind::Vps),
        33 => Nal::Set(SetKind::Sps),
        34 => Nal::Set(SetKind::Pps),
        35..=38 => Nal::Noise,
        _ => Nal::Other,
    }
}

/// The number that a parameter set is referred to by. That of an H.265 SPS stands behind a part of
/// variable length and is taken for 0: no camera seen has two.
#[must_use]
pub fn set_id(codec: NalCodec, kind: SetKind, nal: &[u8]) -> u32 {
    match (codec, kind) {
        (NalCodec::H264, SetKind::Sps) => exp_golomb(nal.get(4..).unwrap_or_default()),
        (NalCodec::H264, _) => exp_golomb(nal.get(1..).unwrap_or_default()),
        (NalCodec::H265, SetKind::Pps) => exp_golomb(nal.get(2..).unwrap_or_default()),
        (NalCodec::H265, _) => 0,
    }
}

/// The Exp-Golomb number at the beginning of these bytes; 0 when it is longer than an id can be.
fn exp_golomb(bytes: &[u8]) -> u32 {
    let mut word = [0; 4];
    for (to, from) in word.iter_mut().zip(bytes) {
        *to = *from;
    }
    let word = u32::from_be_bytes(word);
    let zeros = word.leading_zeros();
    if zeros > 15 {
        0
    } else {
        (word >> (31 - 2 * zeros)) - 1
    }
}

/// The NAL units between start codes (H.264 Annex B), without the zeros around them. Bytes that
/// have no start code are one unit.
pub fn annex_b(mut bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    std::iter::from_fn(move || {
        while !bytes.is_empty() {
            let (unit, rest) = match bytes.windows(3).position(|w| w == [0, 0, 1]) {
                Some(at) => (&bytes[..at], &bytes[at + 3..]),
                None => (bytes, &[][..]),
            };
            bytes = rest;
            let end = unit.iter().rposition(|b| *b != 0).map_or(0, |at| at + 1);
            if end > 0 {
                return Some(&unit[..end]);
            }
        }
        None
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn h264_units_are_told_by_their_first_bits() {
        let kind = |nal: &[u8]| classify(NalCodec::H264, nal);
        assert_eq!(
            kind(&[0x65, 0x88]),
            Nal::Slice {
                keyframe: true,
                first: true,
                bipredicted: false
            }
        );
        assert_eq!(
            kind(&[0x41, 0x9a]),
            Nal::Slice {
                keyframe: false,
                first: true,
                bipredicted: false
            }
        );
        // slice_type 6 behind first_mb_in_slice 0: what x264 writes for its B-frames.
        assert_eq!(
            kind(&[0x01, 0x9e]),
            Nal::Slice {
                keyframe: false,
                first: true,
                bipredicted: true
            }
        );
        assert_eq!(
            kind(&[0x41, 0x40]),
            Nal::Slice {
                keyframe: false,
                first: false,
                bipredicted: false
            }
        );
        assert_eq!(kind(&[0x67]), Nal::Set(SetKind::Sps));
        assert_eq!(kind(&[0x09, 0xf0]), Nal::Noise);
        assert_eq!(kind(&[]), Nal::Noise);
        assert_eq!(kind(&[0x06]), Nal::Other);
    }

    #[test]
    fn h265_units_are_told_by_their_first_bits() {
        let kind = |nal: &[u8]| classify(NalCodec::H265, nal);
        assert_eq!(
            kind(&[0x26, 0x01, 0xaf]),
            Nal::Slice {
                keyframe: true,
                first: true,
                bipredicted: false
            }
        );
        assert_eq!(
            kind(&[0x02, 0x01, 0x20]),
            Nal::Slice {
                keyframe: false,
                first: false,
                bipredicted: false
            }
        );
        assert_eq!(kind(&[0x40, 0x01]), Nal::Set(SetKind::Vps));
        assert_eq!(kind(&[0x44, 0x01]), Nal::Set(SetKind::Pps));
        assert_eq!(kind(&[0x46, 0x01]), Nal::Noise);
    }

    #[test]
    fn parameter_sets_are_told_apart_by_their_id() {
        let pps = |start| set_id(NalCodec::H264, SetKind::Pps, &[0x68, start]);
        assert_eq!((pps(0xce), pps(0x5a), pps(0x6a)), (0, 1, 2));
        assert_eq!(
            set_id(NalCodec::H264, SetKind::Sps, &[0x67, 0x64, 0, 0x1f, 0xac]),
            0
        );
        assert_eq!(set_id(NalCodec::H264, SetKind::Sps, &[0x67]), 0);
    }

    #[test]
    fn annex_b_is_cut_at_start_codes() {
        let cut = |bytes: &'static [u8]| annex_b(bytes).collect::<Vec<_>>();
        assert_eq!(
            cut(&[0, 0, 0, 1, 0x67, 1, 0, 0, 0, 1, 0x68, 2, 0, 0, 1, 0x65, 3]),
            [&[0x67, 1][..], &[0x68, 2], &[0x65, 3]]
        );
        assert_eq!(cut(&[0x65, 1, 2]), [[0x65, 1, 2]]);
        assert!(cut(&[0, 0, 1]).is_empty());
        assert!(cut(&[]).is_empty());
    }
}
