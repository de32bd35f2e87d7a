mod camera;
mod passed;

use std::sync::Arc;
use std::time::Duration;

use super::*;
use crate::assemble::Assembler;
use crate::facts::Concern;
use crate::testing::{
    Chance, H265_PPS, H265_SPS, H265_VPS, PPS_720, SPS_422, SPS_480, SPS_720, SPS_1080_B,
    SPS_FIELDS, h264_sets, track,
};
use crate::{MAX_PAYLOAD, ParameterSets, Tracks, WallTime};
use camera::{Camera, kinds, slice};

fn camera_with_sets() -> Camera {
    Camera::new(track(Codec::H264, h264_sets(SPS_720)))
}

/// Frame boundaries as "[" and "]" around packets, "x" for a gap in front.
fn shape(packets: &[Packet]) -> String {
    let mut shape = String::new();
    let mut expected = packets.first().map_or(0, |p| p.seq);
    for packet in packets {
        shape.push_str(&"x".repeat((packet.seq - expected) as usize));
        expected = packet.seq + 1;
        shape.push_str(if packet.frame_start { "[" } else { "" });
        shape.push(if packet.keyframe { 'K' } else { '.' });
        shape.push_str(if packet.frame_end { "]" } else { "" });
    }
    shape
}

#[test]
fn small_units_pass_untouched() {
    let mut camera = camera_with_sets();
    let unit = slice(false, 1_000);
    camera.frame(&[&unit]);
    let packets = camera.take();
    assert_eq!(packets.len(), 1);
    assert_eq!(*packets[0].payload, *unit);
    assert_eq!((packets[0].time, shape(&packets).as_str()), (0, "[.]"));
}

// requirement 63: what comes in larger packets than ours is cut anew, from the whole unit.
#[test]
fn large_fragments_are_cut_anew_into_equal_parts() {
    let mut camera = camera_with_sets();
    let unit = slice(false, 10_000);
    camera.frame(&[&unit]);
    let packets = camera.take();
    let sizes: Vec<usize> = packets.iter().map(|p| p.payload.len()).collect();
    assert_eq!(sizes.len(), 10_000_usize.div_ceil(MAX_PAYLOAD));
    assert!(
        sizes[..sizes.len() - 1]
            .iter()
            .all(|size| *size == sizes[0] && *size <= MAX_PAYLOAD),
        "{sizes:?}"
    );
    assert!(packets.iter().enumerate().all(|(n, p)| p.seq == n as u64));
}

// A4, Janus #3149: parameter sets that only the session description has.
#[test]
fn parameter_sets_of_the_session_description_stand_in_front_of_every_keyframe() {
    let mut camera = camera_with_sets();
    for _ in 0..2 {
        camera.frame(&[&slice(true, 3_000)]);
        let packets = camera.take();
        assert_eq!(kinds(&packets), [7, 8, 5, 5, 5]);
        assert_eq!(shape(&packets), "[KKKKK]");
        assert!(packets.iter().all(|p| p.time == packets[0].time));
        camera.frame(&[&slice(false, 100)]);
        assert_eq!(kinds(&camera.take()), [1]);
    }
    assert!(camera.ingest.changed_track().is_none());
}

#[test]
fn parameter_sets_seen_in_band_are_sent_once_per_keyframe_and_told() {
    let mut camera = Camera::new(track(Codec::H264, ParameterSets::None));
    camera.frame(&[
        &[0x09, 0xf0],
        SPS_720,
        PPS_720,
        &[0x06, 5, 1, 2, 0x80],
        &slice(true, 500),
    ]);
    assert_eq!(kinds(&camera.take()), [7, 8, 6, 5]);
    let learned = camera.ingest.changed_track().unwrap();
    assert_eq!(learned.parameters, h264_sets(SPS_720));
    assert!(camera.ingest.changed_track().is_none());
    // Later keyframes have none of their own.
    camera.frame(&[&slice(true, 500)]);
    assert_eq!(kinds(&camera.take()), [7, 8, 5]);
    // Sets in one aggregate with the picture (STAP-A).
    let mut stap = vec![24];
    for unit in [SPS_720, PPS_720, &slice(true, 300)] {
        stap.extend_from_slice(&(unit.len() as u16).to_be_bytes());
        stap.extend_from_slice(unit);
    }
    camera.send(&stap, true);
    assert_eq!(kinds(&camera.take()), [7, 8, 5]);
    assert!(
        camera.ingest.changed_track().is_none(),
        "the same sets again are no news"
    );
}

// A4: the camera is switched from 720p to 480p.
#[test]
fn changed_parameter_sets_are_sent_and_told() {
    let mut camera = camera_with_sets();
    camera.frame(&[&slice(true, 500)]);
    camera.take();
    camera.frame(&[SPS_480, PPS_720, &slice(true, 500)]);
    let packets = camera.take();
    assert_eq!((*packets[0].payload).as_ref(), SPS_480);
    assert_eq!(
        camera.ingest.changed_track().unwrap().parameters,
        h264_sets(SPS_480)
    );
    assert_eq!(
        camera.ingest.facts(camera.now()).video.unwrap().size,
        (640, 480)
    );
    // A picture set that changes between keyframes is sent where it changes.
    camera.frame(&[&[0x68, 0xcb, 0x83, 0xcb, 0x21], &slice(false, 100)]);
    assert_eq!(kinds(&camera.take()), [7, 8, 1]);
    camera.frame(&[&slice(false, 100)]);
    assert_eq!(kinds(&camera.take()), [1]);
}

// Some cameras give their parameter sets a time and a marker of their own.
#[test]
fn parameter_sets_with_their_own_timestamp_belong_to_the_next_frame() {
    let mut camera = Camera::new(track(Codec::H264, ParameterSets::None));
    camera.frame(&[SPS_720]);
    camera.frame(&[PPS_720]);
    camera.frame(&[&slice(true, 500)]);
    let packets = camera.take();
    assert_eq!(
        (kinds(&packets), shape(&packets)),
        (vec![7, 8, 5], "[KKK]".to_owned())
    );
}

#[test]
fn a_keyframe_without_parameter_sets_is_none() {
    let mut camera = Camera::new(track(Codec::H264, ParameterSets::None));
    camera.frame(&[&slice(true, 500)]);
    assert_eq!(shape(&camera.take()), "[.]");
    assert!(
        camera
            .ingest
            .facts(camera.now())
            .concerns
            .contains(&Concern::NoParameterSets)
    );
}

#[test]
fn frames_end_where_time_goes_on_when_there_are_no_markers() {
    let mut camera = camera_with_sets();
    for keyframe in [true, false, false] {
        camera.unit(&slice(keyframe, 2_000), false);
        camera.frame += 1;
    }
    assert_eq!(shape(&camera.take()), "[KKKK][..]");
}

// Reolink and others: a marker on every slice.
#[test]
fn markers_that_lie_are_found_out() {
    let mut camera = camera_with_sets();
    let second_slice = [0x41, 0x40, 1, 2, 3];
    for _ in 0..4 {
        camera.send(&slice(false, 500), true);
        camera.send(&second_slice, true);
        camera.frame += 1;
    }
    assert_eq!(
        shape(&camera.take()),
        "[.][.][..][..]",
        "the first frame was cut, the others were not"
    );
}

// V380, Geovision: units glued together with start codes.
#[test]
fn units_glued_with_start_codes_are_taken_apart() {
    let glued = [
        SPS_720,
        &[0, 0, 0, 1],
        PPS_720,
        &[0, 0, 0, 1],
        &slice(true, 5_000),
    ]
    .concat();
    for leading in [&[][..], &[0, 0, 0, 1]] {
        let mut camera = Camera::new(track(Codec::H264, ParameterSets::None));
        if leading.is_empty() {
            camera.frame(&[&glued]);
        } else {
            camera.send(&[leading, SPS_720].concat(), false);
            camera.send(&[leading, PPS_720].concat(), false);
            camera.frame(&[&slice(true, 5_000)]);
        }
        let packets = camera.take();
        assert_eq!(kinds(&packets)[..3], [7, 8, 5], "{:?}", camera.errors);
        assert!(packets.iter().all(|p| p.keyframe));
    }
}

#[test]
fn a_loss_is_a_gap_and_a_damaged_keyframe_is_none() {
    let mut camera = camera_with_sets();
    camera.mtu = 1_000;
    camera.lose = vec![1];
    // Packets: 0 1 2 of the first frame, 3 and 4 of the next ones.
    camera.frame(&[&slice(true, 900), &slice(true, 900), &slice(true, 900)]);
    camera.frame(&[&slice(false, 100)]);
    assert_eq!(
        shape(&camera.take()),
        "[...x.][.]",
        "sets, slice, a hole, slice"
    );
    assert_eq!(camera.ingest.facts(camera.now()).counts.lost, 1);
    camera.frame(&[&slice(true, 900)]);
    assert_eq!(shape(&camera.take()), "[KKK]");
}

#[test]
fn a_frame_whose_end_is_lost_has_no_end() {
    let mut camera = camera_with_sets();
    camera.mtu = 1_000;
    camera.lose = vec![2];
    camera.frame(&[&slice(true, 900), &slice(true, 900), &slice(true, 900)]);
    camera.frame(&[&slice(false, 100)]);
    assert_eq!(shape(&camera.take()), "[....x[.]");
}

#[test]
fn a_loss_between_frames_is_a_gap_between_frames() {
    let mut camera = camera_with_sets();
    camera.lose = vec![1, 2];
    for _ in 0..4 {
        camera.frame(&[&slice(false, 100)]);
    }
    assert_eq!(shape(&camera.take()), "[.]xx[.]");
}

#[test]
fn a_fragment_that_is_lost_costs_its_unit_and_is_no_error() {
    let mut camera = camera_with_sets();
    camera.lose = vec![0, 4];
    for _ in 0..2 {
        camera.frame(&[&slice(true, 5_000)]);
    }
    camera.frame(&[&slice(false, 100)]);
    assert_eq!(kinds(&camera.take()), [1]);
    assert_eq!(camera.errors, [], "10 % loss must not park a source");
}

// A9: a 50 MB unit, and frames without end.
#[test]
fn frames_that_no_camera_makes_are_dropped_and_counted() {
    let mut camera = camera_with_sets();
    camera.frame(&[&slice(true, 50_000_000)]);
    camera.frame(&[&slice(false, 100)]);
    let facts = camera.ingest.facts(camera.now());
    assert_eq!(
        (facts.counts.dropped_frames, facts.counts.malformed),
        (1, 1)
    );
    assert_eq!(camera.errors, [Malformed::TooLarge]);
    assert_eq!(shape(&camera.take()), "[.]");

    // Ten thousand units that together are too large.
    let mut camera = camera_with_sets();
    let unit = slice(false, 1_000);
    camera.frame(&vec![unit.as_slice(); 10_000]);
    assert_eq!(camera.errors, [Malformed::TooLarge]);
    assert_eq!(camera.ingest.facts(camera.now()).counts.dropped_frames, 1);
    assert!(camera.take().is_empty());
}

#[test]
fn a_frame_that_takes_longer_than_two_seconds_is_dropped() {
    let mut camera = camera_with_sets();
    camera.send(&slice(false, 100), false);
    let late = camera.now() + Duration::from_millis(2_001);
    let rtp = Rtp {
        seq: camera.seq,
        timestamp: camera.timestamp(),
        marker: true,
        payload: &[0x41, 0x40],
        arrived: late,
    };
    assert_eq!(camera.ingest.push(&rtp).unwrap_err(), Malformed::TooSlow);
    assert_eq!(camera.ingest.facts(late).counts.dropped_frames, 1);
}

// A3: wrap, standing clock, jump.
#[test]
fn times_go_on_whatever_the_cameras_clock_does() {
    let mut camera = camera_with_sets();
    for n in 0..100 {
        camera.frame(&[&slice(n == 0, 100)]);
    }
    let times: Vec<i64> = camera
        .take()
        .iter()
        .filter(|p| p.frame_end)
        .map(|p| p.time)
        .collect();
    assert_eq!(
        times,
        (0..100).map(|n| n * 3_600).collect::<Vec<_>>(),
        "over the wrap"
    );
    let mut standing = camera_with_sets();
    for n in 0..50 {
        let (seq, arrived) = (n, standing.start + Duration::from_millis(40) * u32::from(n));
        let payload = slice(n == 0, 100);
        let rtp = Rtp {
            seq,
            timestamp: 7,
            marker: true,
            payload: &payload,
            arrived,
        };
        let packets = standing.ingest.push(&rtp).unwrap();
        assert_eq!(packets[0].time, i64::from(n) * 3_600);
    }
    assert_eq!(
        standing.ingest.facts(standing.now()).concerns,
        [Concern::ClockStands]
    );
}

// A6
#[test]
fn b_frames_are_a_concern_within_two_seconds() {
    let mut camera = Camera::new(track(Codec::H264, h264_sets(SPS_1080_B)));
    let shown = |n: u32| {
        if n == 0 {
            0
        } else {
            (n - 1) / 3 * 3 + [3, 1, 2][((n - 1) % 3) as usize]
        }
    };
    for n in 0..50 {
        let arrived = camera.start + Duration::from_millis(40) * n;
        let payload = slice(n == 0, 100);
        let rtp = Rtp {
            seq: n as u16,
            timestamp: 3_600 * shown(n),
            marker: true,
            payload: &payload,
            arrived,
        };
        camera.ingest.push(&rtp).unwrap();
    }
    assert_eq!(
        camera.ingest.facts(camera.now()).concerns,
        [Concern::BFrames]
    );
}

// A6: a camera that stamps B-frames in the order it sends them.
#[test]
fn b_slices_are_a_concern_although_times_are_in_order() {
    let mut camera = Camera::new(track(Codec::H264, h264_sets(SPS_1080_B)));
    camera.frame(&[&slice(true, 100)]);
    assert_eq!(camera.ingest.facts(camera.now()).concerns, []);
    camera.frame(&[&[0x01, 0x9e, 1, 2, 3]]);
    assert_eq!(
        camera.ingest.facts(camera.now()).concerns,
        [Concern::BFrames]
    );
}

// A6: with the first keyframe, wherever the sets come from; and gone with it when the camera is set right.
#[test]
fn odd_profiles_and_fields_are_concerns_until_the_camera_is_set_right() {
    let mut camera = Camera::new(track(Codec::H264, h264_sets(SPS_422)));
    camera.frame(&[&slice(true, 100)]);
    let odd = camera.ingest.facts(camera.now()).concerns;
    assert!(matches!(odd[..], [Concern::Profile(_)]), "{odd:?}");
    camera.frame(&[SPS_FIELDS, PPS_720, &slice(true, 100)]);
    assert_eq!(
        camera.ingest.facts(camera.now()).concerns,
        [Concern::Interlaced]
    );
    camera.frame(&[SPS_480, PPS_720, &slice(true, 100)]);
    let facts = camera.ingest.facts(camera.now());
    assert_eq!(facts.concerns, []);
    // The picture's new size is known with its first keyframe, too.
    assert_eq!(facts.video.map(|video| video.size), Some((640, 480)));
}

#[test]
fn no_keyframe_in_twelve_seconds_is_a_concern() {
    let mut camera = camera_with_sets();
    for _ in 0..299 {
        camera.frame(&[&slice(false, 100)]);
    }
    assert_eq!(camera.ingest.facts(camera.now()).concerns, []);
    camera.frame += 1;
    assert!(matches!(
        camera.ingest.facts(camera.now()).concerns[..],
        [Concern::NoKeyframe { .. }]
    ));
    camera.frame(&[&slice(true, 100)]);
    assert_eq!(camera.ingest.facts(camera.now()).concerns, []);
}

#[test]
fn sender_reports_give_packets_their_wall_clock_time() {
    let mut camera = camera_with_sets();
    camera.frame(&[&slice(false, 100)]);
    assert_eq!(camera.take()[0].captured, None);
    let ntp = (2_208_988_800 + 1_000) << 32;
    camera.ingest.on_sender_report(ntp, camera.timestamp());
    camera.frame(&[&slice(false, 100)]);
    camera.frame(&[&slice(false, 100)]);
    let captured: Vec<_> = camera.take().iter().map(|p| p.captured).collect();
    assert_eq!(
        captured,
        [Some(WallTime(1_000_000_000)), Some(WallTime(1_000_040_000))]
    );
}

#[test]
fn packets_that_come_again_are_refused() {
    let mut camera = camera_with_sets();
    camera.frame(&[&slice(false, 100)]);
    camera.seq -= 1;
    camera.frame(&[&slice(false, 100)]);
    assert_eq!(camera.errors, [Malformed::OutOfOrder]);
    assert_eq!(camera.take().len(), 1);
}

// Some cameras keep a path open with empty packets.
#[test]
fn empty_packets_are_neither_errors_nor_losses() {
    let mut camera = camera_with_sets();
    camera.frame(&[&slice(false, 100)]);
    camera.send(&[], false);
    camera.frame(&[&slice(false, 100)]);
    assert_eq!(
        (shape(&camera.take()).as_str(), camera.errors.len()),
        ("[.][.]", 0)
    );
}

// A7: bytes of any kind cost nothing but themselves.
#[test]
fn garbage_is_counted_and_the_next_frame_is_fine() {
    for codec in [Codec::H264, Codec::H265, Codec::Vp8, Codec::Vp9, Codec::Av1] {
        let mut chance = Chance::new(codec as u64);
        let mut camera = Camera::new(track(codec, ParameterSets::None));
        for _ in 0..3_000 {
            let len = 1 + chance.below(60) as usize;
            let payload: Vec<u8> = (0..len).map(|_| chance.next() as u8).collect();
            camera.send(&payload, chance.below(4) == 0);
            camera.frame += chance.below(2) as u32;
        }
        let packets = camera.take();
        assert!(packets.windows(2).all(|pair| pair[0].seq < pair[1].seq));
        assert!(packets.iter().all(|p| p.payload.len() <= MAX_PAYLOAD));
    }
}

// Round trip: whatever an encoder makes, cut by a camera with another packet size, comes out of
// the assembler as it went in.
#[test]
fn frames_come_out_as_they_went_in() {
    for seed in 0..50 {
        let mut chance = Chance::new(seed);
        let mut camera = camera_with_sets();
        camera.mtu = 200 + chance.below(1_300) as usize;
        let mut assembler = Assembler::new(Codec::H264);
        for n in 0..40 {
            let keyframe = n % 10 == 0;
            let units: Vec<Vec<u8>> = (0..1 + chance.below(3))
                .map(|slice| {
                    let header = if keyframe { 0x65 } else { 0x41 };
                    let first = if slice == 0 { 0x9a } else { 0x40 };
                    let len = chance.below(9_000) as usize;
                    [vec![header, first], chance.bytes(len)].concat()
                })
                .collect();
            let units: Vec<&[u8]> = units.iter().map(Vec::as_slice).collect();
            camera.frame(&units);
            let mut expected = Vec::new();
            let sets: &[&[u8]] = if keyframe { &[SPS_720, PPS_720] } else { &[] };
            for unit in sets.iter().chain(&units) {
                expected.extend_from_slice(&[0, 0, 0, 1]);
                expected.extend_from_slice(unit);
            }
            let frames: Vec<_> = camera
                .take()
                .iter()
                .filter_map(|p| assembler.push(p))
                .collect();
            assert_eq!(frames.len(), 1);
            assert_eq!((frames[0].time, frames[0].keyframe), (n * 3_600, keyframe));
            assert!(frames[0].data == expected, "seed {seed}, frame {n}");
        }
    }
}

// requirement 78: H.265.
#[test]
fn h265_is_forwarded_as_h264_is() {
    let sets = ParameterSets::H265 {
        vps: H265_VPS.into(),
        sps: H265_SPS.into(),
        pps: H265_PPS.into(),
    };
    let mut camera = Camera::new(track(Codec::H265, sets));
    let unit: Vec<u8> = [0x26, 0x01, 0xaf]
        .into_iter()
        .chain((0..5_000).map(|n| 1 + (n % 250) as u8))
        .collect();
    let parts: Vec<&[u8]> = unit[2..].chunks(1_397).collect();
    for (n, part) in parts.iter().enumerate() {
        let (start, end) = (n == 0, n + 1 == parts.len());
        let header = [
            unit[0] & 0x81 | 49 << 1,
            unit[1],
            u8::from(start) << 7 | u8::from(end) << 6 | 19,
        ];
        camera.send(&[&header, *part].concat(), end);
    }
    let packets = camera.take();
    assert_eq!(shape(&packets), "[KKKKKKKK]");
    let mut assembler = Assembler::new(Codec::H265);
    let frame = packets.iter().find_map(|p| assembler.push(p)).unwrap();
    let expected: Vec<u8> = [H265_VPS, H265_SPS, H265_PPS, &unit]
        .into_iter()
        .flat_map(|u| [&[0, 0, 0, 1], u].concat())
        .collect();
    assert_eq!(frame.data, expected);
    assert_eq!(
        camera.ingest.facts(camera.now()).video.unwrap().size,
        (640, 360)
    );
}

// What a source learns reaches those who read the stream.
#[test]
fn learned_tracks_describe_the_stream() {
    let stream = crate::Stream::new();
    let mut camera = Camera::new(track(Codec::H264, ParameterSets::None));
    let mut producer = stream.produce(Tracks(vec![camera.ingest.track().clone()]), Arc::new(|| {}));
    camera.frame(&[SPS_1080_B, PPS_720, &slice(true, 100)]);
    producer.set_tracks(Tracks(vec![camera.ingest.changed_track().unwrap()]));
    producer.write(crate::TrackId(0), camera.now(), camera.take());
    let stats = stream.stats(camera.now());
    assert_eq!(
        (stats.size, stats.reorder_frames),
        (Some((1920, 1080)), Some(2))
    );
    assert_eq!(stream.join().gop.len(), 1);
}
