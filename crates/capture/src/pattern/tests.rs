use lenswire_codec::{H264Decoder, H264Encoder, H264Settings};
use std::time::Duration;

use super::*;

const NOON: u64 = 1_795_262_400_000_000;

fn at(millis: u64) -> WallTime {
    WallTime(NOON + millis * 1_000)
}

/// Luma of the pixels of an area.
fn pixels(picture: &Picture, area: Area) -> Vec<u8> {
    let rows = picture
        .luma()
        .chunks_exact(SIZE.width)
        .skip(area.top)
        .take(area.height);
    rows.flat_map(|row| row[area.left..area.left + area.width].to_vec())
        .collect()
}

// requirement 102: delay is measured with a stamp that survives the encoder.
#[test]
fn the_stamp_is_read_from_decoded_pictures() {
    let mut pattern = TestPattern::new().unwrap();
    let settings = H264Settings {
        size: SIZE,
        rate: 30,
        bitrate: 2_000_000,
        keyframe_interval: Duration::from_secs(1),
    };
    let mut encoder = H264Encoder::new(settings).unwrap();
    let mut decoder = H264Decoder::new().unwrap();
    for frame in 0..45 {
        let now = at(frame * 100 / 3);
        let encoded = encoder
            .encode(
                pattern.picture(now),
                Duration::from_millis(frame * 100 / 3),
                false,
            )
            .unwrap();
        assert!(!encoded.is_empty(), "picture {frame} was left out");
        let seen = decoder.decode(encoded.nal_units()).unwrap().unwrap();
        assert_eq!(stamp::read(&seen), Some(now.0 / 1_000), "picture {frame}");
    }
}

#[test]
fn drawing_what_changed_gives_the_same_picture_as_drawing_all() {
    let mut pattern = TestPattern::new().unwrap();
    // Over a second, a minute, midnight and a step back of the clock.
    for millis in [0, 33, 967, 1_000, 60_000, 43_199_999, 43_200_000, 5] {
        let drawn = pattern.picture(at(millis)).clone();
        let fresh = TestPattern::new().unwrap().picture(at(millis)).clone();
        assert!(drawn == fresh, "differs at {millis} ms");
    }
}

#[test]
fn the_dot_shines_with_the_tick_and_the_bar_moves() {
    let mut pattern = TestPattern::new().unwrap();
    let dot = Area {
        left: MARGIN + DOT_RADIUS,
        top: DOT_TOP + DOT_RADIUS,
        width: 2,
        height: 2,
    };
    let bright = |picture: &Picture| pixels(picture, dot)[0] > 100;
    assert!(bright(pattern.picture(at(0))));
    let before = pixels(pattern.picture(at(500)), TRACK_AREA);
    assert!(!bright(pattern.picture(at(500))));
    assert_ne!(pixels(pattern.picture(at(533)), TRACK_AREA), before);
}
