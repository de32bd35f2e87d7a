//! Targets for `lenswire-media`: everything that reads what a camera sends, and what a viewer is
//! made to get of it.

mod viewing;

use std::time::Duration;

use bolero::check;
use lenswire_fuzz::{BRIEF, Bytes, start};
use lenswire_media::assemble::{Assembler, FRAME_BYTES, NalUnits, av1, vp8, vp9};
use lenswire_media::nal::{self, NalCodec};
use lenswire_media::{
    Codec, Ingest, MAX_PAYLOAD, Packet, Packetizer, ParameterSets, REORDER_WINDOW, Reorder, Rtp,
    Track, facts,
};

const CODECS: [Codec; 8] = [
    Codec::H264,
    Codec::H265,
    Codec::Vp8,
    Codec::Vp9,
    Codec::Av1,
    Codec::Opus,
    Codec::Pcmu,
    Codec::Pcma,
];

fn codec(byte: u8) -> Codec {
    CODECS[usize::from(byte) % CODECS.len()]
}

/// Payloads of one track, each behind its length.
fn nal_units(codec: NalCodec, input: &[u8]) {
    let mut input = Bytes(input);
    let mut units = NalUnits::new(codec);
    while !input.is_empty() {
        let payload = input.piece();
        let _ = units.peek(payload);
        let result = units.push(payload, |unit| {
            assert!(!unit.is_empty() && unit.len() <= FRAME_BYTES);
        });
        assert!(units.held() <= FRAME_BYTES);
        if result.is_err() {
            units.reset();
        }
    }
}

#[test]
fn nal_units_h264() {
    check!()
        .with_test_time(BRIEF)
        .for_each(|input: &[u8]| nal_units(NalCodec::H264, input));
}

#[test]
fn nal_units_h265() {
    check!()
        .with_test_time(BRIEF)
        .for_each(|input: &[u8]| nal_units(NalCodec::H265, input));
}

#[test]
fn annex_b() {
    check!().with_test_time(BRIEF).for_each(|input: &[u8]| {
        for unit in nal::annex_b(input) {
            assert!(!unit.is_empty() && !unit.ends_with(&[0]));
            assert!(!unit.windows(3).any(|window| window == [0, 0, 1]));
        }
    });
}

#[test]
fn descriptors() {
    check!().with_test_time(BRIEF).for_each(|payload: &[u8]| {
        if let Ok(descriptor) = vp8::Descriptor::parse(payload) {
            assert!(descriptor.len < payload.len());
            let _ = vp8::begins_keyframe(payload);
        }
        if let Ok(descriptor) = vp9::Descriptor::parse(payload) {
            assert!(descriptor.len < payload.len());
            for (is_first, is_last) in [(true, false), (false, false), (false, true)] {
                let part = [&descriptor.of_part(payload, is_first, is_last)[..], &[0]].concat();
                let again = vp9::Descriptor::parse(&part).map(|descriptor| descriptor.len);
                assert_eq!(again, Ok(part.len() - 1));
            }
        }
        let mut bytes = 0;
        if av1::elements(payload, |element| bytes += element.len()).is_ok() {
            assert!(bytes < payload.len());
        }
    });
}

#[test]
fn parameter_sets() {
    check!().with_test_time(BRIEF).for_each(|input: &[u8]| {
        let set = || input.into();
        for sets in [
            ParameterSets::H264 {
                sps: set(),
                pps: set(),
            },
            ParameterSets::H265 {
                vps: set(),
                sps: set(),
                pps: set(),
            },
        ] {
            if let Some(facts) = facts::inspect(&sets) {
                assert!(facts.size.0 > 0 && facts.size.1 > 0);
                let _ = (facts.profile.to_string(), facts.profile.profile_level_id());
            }
        }
    });
}

#[test]
fn reorder() {
    check!().with_test_time(BRIEF).for_each(|input: &[u8]| {
        let (mut input, mut now) = (Bytes(input), start());
        let mut reorder = Reorder::new(REORDER_WINDOW);
        let mut last = None;
        while !input.is_empty() {
            now += Duration::from_millis(u64::from(input.u8() & 0x3f));
            let (jumps, seq) = (input.u8() == 0xff, input.u16());
            reorder.push(if jumps { seq } else { seq & 0x3f }, (), now);
            while let Some((seq, ())) = reorder.pop(now) {
                assert!(
                    jumps || last.is_none_or(|last| seq > last || seq + 3_000 <= last),
                    "{last:?} then {seq}"
                );
                last = Some(seq);
            }
            assert!(
                reorder
                    .wake_at()
                    .is_none_or(|at| at <= now + REORDER_WINDOW)
            );
        }
    });
}

/// RTP of one track, any of it: a codec, then packets with their headers and lengths.
#[test]
fn ingest() {
    check!().with_test_time(BRIEF).for_each(|input: &[u8]| {
        let mut input = Bytes(input);
        let codec = codec(input.u8());
        let mut ingest = Ingest::new(Track {
            codec,
            channels: input.u8(),
            parameters: ParameterSets::None,
        });
        let mut assembler = Assembler::new(codec);
        let (mut arrived, mut seq, mut timestamp, mut last) =
            (start(), input.u16(), input.u32(), None::<Packet>);
        while !input.is_empty() {
            let steps = input.u8();
            arrived += Duration::from_millis(u64::from(steps) * 10);
            // Mostly the next packet of the same or the next frame, now and then anything.
            seq = if steps & 0xe0 == 0xe0 {
                input.u16()
            } else {
                seq.wrapping_add(1)
            };
            timestamp = match steps & 0x03 {
                0 => timestamp,
                1 => timestamp.wrapping_add(3_000),
                2 => timestamp.wrapping_sub(3_000),
                _ => input.u32(),
            };
            let mut payload = input.piece().to_vec();
            if steps & 0x0c == 0x0c {
                payload.resize(usize::from(input.u16()), steps);
            }
            let packets = ingest.push(&Rtp {
                seq,
                timestamp,
                marker: steps & 0x10 != 0,
                payload: &payload,
                arrived,
            });
            for packet in packets.into_iter().flatten() {
                check_packet(last.as_ref(), &packet);
                if let Some(frame) = assembler.push(&packet) {
                    assert!(frame.data.len() <= FRAME_BYTES);
                }
                last = Some(packet);
            }
            let _ = (ingest.changed_track(), ingest.facts(arrived));
        }
    });
}

fn check_packet(last: Option<&Packet>, packet: &Packet) {
    assert!(
        !packet.payload.is_empty() && packet.payload.len() <= MAX_PAYLOAD,
        "{} bytes",
        packet.payload.len()
    );
    let Some(last) = last else {
        return assert!(packet.frame_start);
    };
    assert!(packet.seq > last.seq);
    if packet.frame_start {
        assert!(
            last.frame_end || packet.seq > last.seq + 1,
            "a frame without end and without a gap"
        );
    } else {
        assert!(!last.frame_end && packet.time == last.time && packet.keyframe == last.keyframe);
    }
}

/// Whatever an encoder gives out comes out of the assembler again, and never in larger packets.
#[test]
fn packetizer() {
    check!()
        .with_test_time(BRIEF)
        .with_max_len(20_000)
        .for_each(|input: &[u8]| {
            let mut input = Bytes(input);
            let codec = codec(input.u8());
            let (mut packetizer, mut assembler) = (Packetizer::new(codec), Assembler::new(codec));
            let mut last = None;
            for time in 0..3 {
                let len = input.u16();
                let data = input.take(usize::from(len));
                for packet in packetizer.frame(data, time * 3_000, None) {
                    check_packet(last.as_ref(), &packet);
                    if let (Some(frame), Codec::Vp8) = (assembler.push(&packet), codec) {
                        assert_eq!(frame.data, data);
                    }
                    last = Some(packet);
                }
            }
        });
}
