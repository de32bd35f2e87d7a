//! From encoded frames to RTP payloads.
//!
//! One module per payload format, each with the same verb: `packetize` cuts one unit (a NAL unit,
//! a frame) into payloads of at most [`crate::MAX_PAYLOAD`] bytes and of equal size but for the last,
//! because equal sizes are what one segmented send (GSO) takes. [`Packetizer`] puts them together
//! for a source that has whole frames.

pub mod g711;
pub mod h264;
pub mod h265;
pub mod opus;
pub mod vp8;

use std::ops::Range;
use std::sync::Arc;

use crate::nal::{self, Nal, NalCodec};
use crate::sets::Sets;
use crate::{Codec, Packet, ParameterSets, WallTime};

/// Makes packets of one track's encoded frames.
#[derive(Debug)]
pub struct Packetizer {
    codec: Codec,
    next_seq: u64,
    sets: Sets,
    payloads: Vec<Arc<[u8]>>,
}

impl Packetizer {
    /// For a track of that codec. VP9 and AV1 are only ever passed through: their frames make no
    /// packets here.
    #[must_use]
    pub fn new(codec: Codec) -> Self {
        Self {
            codec,
            next_seq: 0,
            sets: Sets::new(&ParameterSets::None),
            payloads: Vec::new(),
        }
    }

    /// The packets of one encoded frame at `time` (ticks of the codec's clock): H.264 and H.265 as
    /// Annex B, anything else as it comes out of its encoder. Parameter sets are remembered and
    /// stand in front of every keyframe, also when the encoder wrote them only once.
    pub fn frame(&mut self, data: &[u8], time: i64, captured: Option<WallTime>) -> Vec<Packet> {
        let keyframe = match self.codec {
            Codec::H264 => self.nal_units(NalCodec::H264, data),
            Codec::H265 => self.nal_units(NalCodec::H265, data),
            Codec::Vp8 => vp8::packetize(&[vp8::START], data, &mut self.payloads),
            Codec::Opus => opus::packetize(data, &mut self.payloads),
            Codec::Pcmu | Codec::Pcma => return self.sound(data, time, captured),
            Codec::Vp9 | Codec::Av1 => false,
        };
        let frame = frame_packets(&mut self.payloads, self.next_seq, time, captured, keyframe);
        self.next_seq += frame.len() as u64;
        frame
    }

    fn nal_units(&mut self, codec: NalCodec, data: &[u8]) -> bool {
        let mut keyframe = false;
        let mut body = Vec::new();
        for unit in nal::annex_b(data) {
            match nal::classify(codec, unit) {
                Nal::Set(kind) => {
                    self.sets.learn(codec, kind, unit);
                }
                Nal::Slice { keyframe: key, .. } => {
                    keyframe |= key;
                    body.push(unit);
                }
                Nal::Other => body.push(unit),
                Nal::Noise => {}
            }
        }
        if keyframe {
            self.sets.write(codec, &mut self.payloads);
        }
        for unit in body {
            nal_unit(codec, unit, &mut self.payloads);
        }
        keyframe
    }

    fn sound(&mut self, data: &[u8], time: i64, captured: Option<WallTime>) -> Vec<Packet> {
        let mut packets = Vec::new();
        for (offset, payload) in g711::packetize(data, 1) {
            self.payloads.push(payload);
            packets.append(&mut frame_packets(
                &mut self.payloads,
                self.next_seq,
                time + offset,
                captured,
                true,
            ));
            self.next_seq += 1;
        }
        packets
    }

    /// The parameter sets seen so far.
    #[must_use]
    pub fn parameters(&self) -> ParameterSets {
        self.sets.to_parameters()
    }
}

/// Cuts one NAL unit into payloads.
pub(crate) fn nal_unit(codec: NalCodec, unit: &[u8], out: &mut Vec<Arc<[u8]>>) {
    match codec {
        NalCodec::H264 => h264::packetize(unit, out),
        NalCodec::H265 => h265::packetize(unit, out),
    }
}

/// Packets of one whole frame from its payloads, which are taken.
fn frame_packets(
    payloads: &mut Vec<Arc<[u8]>>,
    first_seq: u64,
    time: i64,
    captured: Option<WallTime>,
    keyframe: bool,
) -> Vec<Packet> {
    let last = payloads.len().saturating_sub(1);
    let packet = |(n, payload)| Packet {
        payload,
        time,
        captured,
        seq: first_seq + n as u64,
        frame_start: n == 0,
        frame_end: n == last,
        keyframe,
    };
    payloads.drain(..).enumerate().map(packet).collect()
}

/// Cuts `len` bytes into as few parts of at most `max` bytes as will do, of equal size but for the
/// last, which may be smaller.
pub(crate) fn parts(len: usize, max: usize) -> impl Iterator<Item = Range<usize>> {
    let count = len.div_ceil(max).max(1);
    let size = len.div_ceil(count).max(1);
    (0..len)
        .step_by(size)
        .map(move |from| from..(from + size).min(len))
}

/// A payload of a header and a body, each copied once.
pub(crate) fn joined(header: &[u8], body: &[u8]) -> Arc<[u8]> {
    let mut payload: Arc<[u8]> = std::iter::repeat_n(0, header.len() + body.len()).collect();
    if let Some(bytes) = Arc::get_mut(&mut payload) {
        let (front, back) = bytes.split_at_mut(header.len());
        front.copy_from_slice(header);
        back.copy_from_slice(body);
    }
    payload
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::MAX_PAYLOAD;

    #[test]
    fn parts_are_equal_but_for_the_last() {
        for len in [1, 1_180, 1_181, 2_360, 2_361, 100_000] {
            let sizes: Vec<usize> = parts(len, MAX_PAYLOAD).map(|part| part.len()).collect();
            let (last, front) = sizes.split_last().unwrap();
            assert_eq!(sizes.iter().sum::<usize>(), len);
            assert_eq!(sizes.len(), len.div_ceil(MAX_PAYLOAD));
            assert!(
                front.iter().all(|size| *size == sizes[0]) && *last <= sizes[0] && *last > 0,
                "{sizes:?}"
            );
        }
        assert_eq!(parts(0, 10).count(), 0);
    }

    #[test]
    fn parameter_sets_stand_in_front_of_every_keyframe() {
        let mut packetizer = Packetizer::new(Codec::H264);
        let first = [
            0, 0, 0, 1, 0x67, 0x42, 0, 0x1f, 0x80, 0, 0, 0, 1, 0x68, 0xce, 0, 0, 1, 0x65, 0x88, 1,
        ];
        let kinds = |packets: &[Packet]| {
            packets
                .iter()
                .map(|p| p.payload[0] & 0x1f)
                .collect::<Vec<_>>()
        };
        let packets = packetizer.frame(&first, 0, None);
        assert_eq!(kinds(&packets), [7, 8, 5]);
        assert!(packets.iter().all(|p| p.keyframe && p.time == 0));
        assert!(matches!(
            packetizer.parameters(),
            ParameterSets::H264 { .. }
        ));
        assert_eq!(
            kinds(&packetizer.frame(&[0, 0, 1, 0x41, 0x9a, 1], 3_000, None)),
            [1]
        );
        let again = packetizer.frame(&[0, 0, 1, 0x65, 0x88, 1], 6_000, None);
        assert_eq!(kinds(&again), [7, 8, 5]);
        let seqs: Vec<u64> = again.iter().map(|p| p.seq).collect();
        assert_eq!(seqs, [4, 5, 6]);
        assert!(again[0].frame_start && again[2].frame_end && !again[0].frame_end);
    }

    #[test]
    fn fragments_keep_the_layer_of_their_unit() {
        let mut out = Vec::new();
        h265::packetize(&[&[0x27, 0x09][..], &[1; 3_000]].concat(), &mut out);
        assert!(
            out.iter()
                .all(|p| p[..2] == [0x63, 0x09] && p.len() <= MAX_PAYLOAD)
        );
        assert_eq!(
            out.iter().map(|p| p[2]).collect::<Vec<_>>(),
            [0x93, 0x13, 0x53]
        );
    }

    #[test]
    fn sound_that_fits_no_packet_makes_none() {
        let mut packetizer = Packetizer::new(Codec::Opus);
        assert_eq!(packetizer.frame(&[1; 1_181], 0, None).len(), 0);
        assert_eq!(packetizer.frame(&[1; 1_180], 960, None).len(), 1);
        let mut packetizer = Packetizer::new(Codec::Pcmu);
        let times: Vec<i64> = packetizer
            .frame(&[1; 2_000], 100, None)
            .iter()
            .map(|p| p.time)
            .collect();
        assert_eq!(times, [100, 1_100]);
    }
}
