use super::*;
use crate::ParameterSets;
use crate::testing::{
    H265_PPS, H265_SPS, H265_SPS_B, H265_VPS, SPS_10, SPS_422, SPS_444, SPS_480, SPS_720,
    SPS_1080_B, SPS_FIELDS, h264_sets,
};

fn h264(sps: &[u8]) -> Option<VideoFacts> {
    inspect(&h264_sets(sps))
}

fn h265(sps: &[u8]) -> Option<VideoFacts> {
    inspect(&ParameterSets::H265 {
        vps: H265_VPS.into(),
        sps: sps.into(),
        pps: H265_PPS.into(),
    })
}

#[test]
fn h264_sets_tell_profile_size_and_order() {
    let facts = h264(SPS_720).unwrap();
    assert_eq!((facts.size, facts.reorder_frames), ((1280, 720), Some(0)));
    assert_eq!(facts.profile.to_string(), "Constrained Baseline 3.1");
    assert_eq!(facts.profile.profile_level_id().unwrap(), "42c01f");
    let facts = h264(SPS_480).unwrap();
    assert_eq!((facts.size, facts.reorder_frames), ((640, 480), Some(0)));
    assert_eq!(facts.profile.to_string(), "Main 3.0");
}

// A6: B-frames are announced by the parameter sets of encoders that make them.
#[test]
fn sets_of_encoders_with_b_frames_say_so() {
    let facts = h264(SPS_1080_B).unwrap();
    assert_eq!((facts.size, facts.reorder_frames), ((1920, 1080), Some(2)));
    assert_eq!(facts.profile.to_string(), "High 4.0");
    assert_eq!(h265(H265_SPS_B).unwrap().reorder_frames, Some(2));
}

// A6: what browsers don't decode is told by the sets alone.
#[test]
fn odd_profiles_and_fields_are_told_by_the_sets() {
    for (sps, name) in [
        (SPS_422, "High 4:2:2 3.0"),
        (SPS_10, "High 10 3.0"),
        (SPS_444, "High 4:4:4 3.0"),
    ] {
        let facts = h264(sps).unwrap();
        assert!(!facts.profile.is_usual() && !facts.interlaced, "{name}");
        assert_eq!(
            (facts.profile.to_string().as_str(), facts.size),
            (name, (640, 360))
        );
    }
    let facts = h264(SPS_FIELDS).unwrap();
    assert!(facts.profile.is_usual() && facts.interlaced);
    assert_eq!(facts.size, (640, 360));
    for sps in [SPS_480, SPS_720, SPS_1080_B] {
        let facts = h264(sps).unwrap();
        assert!(facts.profile.is_usual() && !facts.interlaced);
    }
    assert!(h265(H265_SPS).unwrap().profile.is_usual());
}

#[test]
fn h265_sets_tell_profile_size_and_order() {
    let facts = h265(H265_SPS_B).unwrap();
    assert_eq!(
        (facts.size, facts.profile.to_string()),
        ((1920, 1080), "Main 4.0".to_owned())
    );
    let facts = h265(H265_SPS).unwrap();
    assert_eq!((facts.size, facts.reorder_frames), ((640, 360), Some(0)));
}

#[test]
fn sets_padded_with_zeros_are_read() {
    let padded = [SPS_720, &[0, 0, 0]].concat();
    assert_eq!(h264(&padded), h264(SPS_720));
}

// A9: sets that lie cost nothing and tell nothing.
#[test]
fn nonsense_is_no_facts() {
    assert_eq!(inspect(&ParameterSets::None), None);
    for sps in [&[][..], &[0; 40], &[0xff; 40], &SPS_720[..10]] {
        assert_eq!(h264(sps), None);
        assert_eq!(h265(sps), None);
    }
    assert_eq!(h265(&H265_SPS[..20]), None);
}

// A6: B-frames are known by what comes, not only by what is announced.
#[test]
fn b_frames_are_known_by_times_that_go_back_and_forth() {
    let seen = |times: &[i64]| {
        let mut watch = OrderWatch::default();
        times.iter().for_each(|time| watch.on_frame(*time));
        watch.is_mixed()
    };
    assert!(seen(&[
        0, 9_000, 3_000, 6_000, 18_000, 12_000, 15_000, 27_000
    ]));
    assert!(!seen(&[0, 3_000, 6_000, 9_000]));
    // A camera that sets its clock back once.
    assert!(!seen(&[
        90_000, 93_000, 3_000, 6_000, 9_000, 96_000, 99_000
    ]));
}
