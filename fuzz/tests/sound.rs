//! Targets for sound that is converted: what a camera announces of it, its packets, and the decoder.

use std::time::Duration;

use bolero::check;
use lenswire_codec::{SoundCoding, SoundConverter, SoundSettings};
use lenswire_fuzz::{BRIEF, Bytes, start};
use lenswire_media::Rtp;
use lenswire_media::sound::{self, AuHeaders, Coding, Depacketizer, Format};
use lenswire_rtsp::sdp::Description;

#[test]
fn descriptions() {
    check!().with_test_time(BRIEF).for_each(|input: &[u8]| {
        let said = [sound::aac_lc(input), sound::latm(input)];
        for (rate, channels) in said.into_iter().flatten() {
            assert!((7_350..=96_000).contains(&rate) && (1..=2).contains(&channels));
        }
    });
}

#[test]
fn announcements() {
    check!().with_test_time(BRIEF).for_each(|fmtp: &[u8]| {
        for name in ["mpeg4-generic/48000/2", "MP4A-LATM/44100", "L16/16000"] {
            let head = format!("v=0\r\nm=audio 0 RTP/AVP 97\r\na=rtpmap:97 {name}\r\na=fmtp:97 ");
            let _ = Description::parse(&[head.as_bytes(), fmtp].concat());
        }
    });
}

fn format(byte: u8) -> Format {
    let headers = AuHeaders {
        size: byte >> 4,
        index: byte & 3,
        index_delta: byte >> 2 & 3,
    };
    let coding = match byte % 3 {
        0 => Coding::Aac(headers),
        1 => Coding::AacLatm,
        _ => Coding::L16,
    };
    Format {
        coding,
        rate: 44_100,
        clock_rate: 44_100,
        channels: 1 + (byte & 1),
    }
}

/// Packets of one track; what comes out is bounded, whatever they say.
#[test]
fn depacketizer() {
    check!().with_test_time(BRIEF).for_each(|input: &[u8]| {
        let mut input = Bytes(input);
        let mut depacketizer = Depacketizer::new(format(input.u8()));
        let (mut arrived, mut seq, mut timestamp) = (start(), input.u16(), input.u32());
        while !input.is_empty() {
            let steps = input.u8();
            arrived += Duration::from_millis(u64::from(steps));
            seq = if steps & 0xe0 == 0xe0 {
                input.u16()
            } else {
                seq.wrapping_add(1)
            };
            timestamp = if steps & 1 == 0 {
                timestamp
            } else {
                timestamp.wrapping_add(1_024)
            };
            let units = depacketizer.push(&Rtp {
                seq,
                timestamp,
                marker: steps & 0x10 != 0,
                payload: input.piece(),
                arrived,
            });
            let bytes: usize = units
                .into_iter()
                .flatten()
                .map(|unit| unit.data.len())
                .sum();
            assert!(bytes <= 128 * 1_024, "{bytes}");
        }
    });
}

/// Units of AAC that are none: errors, never a panic and never more sound than they could hold.
#[test]
fn decoder() {
    check!().with_test_time(BRIEF).for_each(|input: &[u8]| {
        let mut input = Bytes(input);
        let settings = SoundSettings {
            coding: SoundCoding::Aac,
            rate: [8_000, 16_000, 44_100, 48_000][usize::from(input.u8() & 3)],
            channels: 1 + (input.u8() & 1),
        };
        let mut converter = SoundConverter::new(settings).expect("a usual rate");
        let mut time = 0;
        while !input.is_empty() {
            time += i64::from(input.u16());
            if let Ok(packets) = converter.push(input.piece(), time) {
                assert!(packets.len() <= 8, "{}", packets.len());
            }
        }
    });
}
