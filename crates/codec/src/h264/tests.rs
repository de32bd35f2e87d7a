use std::time::Duration;

use super::*;
use crate::{Error, Picture, Size, Yuv};

const SIZE: Size = Size {
    width: 320,
    height: 180,
};

fn settings() -> H264Settings {
    H264Settings {
        size: SIZE,
        rate: 30,
        bitrate: 500_000,
        keyframe_interval: Duration::from_secs(1),
    }
}

fn at(frame: u32) -> Duration {
    Duration::from_secs(1) * frame / 30
}

/// A bright block that wanders over a dark ground.
fn picture(frame: u32) -> Picture {
    let mut picture = Picture::filled(SIZE, Yuv::from_rgb(0x0e_1113)).unwrap();
    let left = (frame as usize * 4) % (SIZE.width - 40);
    let [luma, ..] = picture.planes_mut();
    for row in luma.chunks_exact_mut(SIZE.width).take(40) {
        row[left..left + 40].fill(200);
    }
    picture
}

fn kinds(encoded: &Encoded) -> Vec<u8> {
    encoded.nal_units().map(|unit| unit[0] & 0x1f).collect()
}

#[test]
fn what_was_drawn_can_be_seen_after_encoding_and_decoding() {
    let mut encoder = H264Encoder::new(settings()).unwrap();
    let mut decoder = H264Decoder::new().unwrap();
    for frame in 0..20 {
        let drawn = picture(frame);
        let encoded = encoder.encode(&drawn, at(frame), false).unwrap();
        let seen = decoder
            .decode(encoded.nal_units())
            .unwrap()
            .expect("a picture for each access unit, at once");
        assert_eq!(seen.size(), SIZE);
        let error: u64 = drawn
            .luma()
            .iter()
            .zip(seen.luma())
            .map(|(a, b)| u64::from(a.abs_diff(*b)))
            .sum();
        let mean = error as f64 / drawn.luma().len() as f64;
        assert!(mean < 4.0, "frame {frame} is off by {mean} on average");
    }
}

// requirement 57: what browsers take without asking: Constrained Baseline, one slice, no reordering.
#[test]
fn a_keyframe_is_parameter_sets_and_one_slice_of_constrained_baseline() {
    let mut encoder = H264Encoder::new(settings()).unwrap();
    let first = encoder.encode(&picture(0), at(0), false).unwrap();
    assert!(first.keyframe);
    assert_eq!(kinds(&first), [7, 8, 5], "SPS, PPS, IDR");
    let sps = first.nal_units().next().unwrap();
    assert_eq!(
        (sps[1], sps[2] & 0x40),
        (66, 0x40),
        "profile_idc 66 with constraint_set1"
    );
    let second = encoder.encode(&picture(1), at(1), false).unwrap();
    assert!(!second.keyframe);
    assert_eq!(kinds(&second), [1]);
}

#[test]
fn keyframes_come_by_time_and_a_wished_one_starts_the_interval_anew() {
    let mut encoder = H264Encoder::new(settings()).unwrap();
    let keyframes: Vec<u32> = (0..100)
        .filter(|n| {
            encoder
                .encode(&picture(*n), at(*n), *n == 10)
                .unwrap()
                .keyframe
        })
        .collect();
    assert_eq!(keyframes, [0, 10, 40, 70]);
}

#[test]
fn parameter_sets_stay_the_same_from_keyframe_to_keyframe() {
    let mut encoder = H264Encoder::new(settings()).unwrap();
    let sets = |encoded: &Encoded| {
        encoded
            .nal_units()
            .take(2)
            .map(<[u8]>::to_vec)
            .collect::<Vec<_>>()
    };
    let first = sets(&encoder.encode(&picture(0), at(0), false).unwrap());
    let second = sets(&encoder.encode(&picture(1), at(1), true).unwrap());
    assert_eq!(first, second);
}

#[test]
fn wrong_sizes_are_refused() {
    let odd = H264Settings {
        size: Size {
            width: 321,
            height: 180,
        },
        ..settings()
    };
    assert!(matches!(H264Encoder::new(odd), Err(Error::Size(_))));
    let mut encoder = H264Encoder::new(settings()).unwrap();
    let other = Picture::filled(
        Size {
            width: 16,
            height: 16,
        },
        Yuv::from_rgb(0),
    )
    .unwrap();
    assert!(matches!(
        encoder.encode(&other, at(0), false),
        Err(Error::OtherSize { .. })
    ));
}

#[test]
fn garbage_is_an_error_and_the_next_keyframe_is_decoded() {
    let mut decoder = H264Decoder::new().unwrap();
    let _ = decoder.decode([[0x65_u8, 1, 2, 3, 4, 5].as_slice()]);
    let mut encoder = H264Encoder::new(settings()).unwrap();
    let encoded = encoder.encode(&picture(0), at(0), false).unwrap();
    assert!(decoder.decode(encoded.nal_units()).unwrap().is_some());
}
