use super::*;
use crate::ParameterSets;

fn h264(sps: &[u8]) -> Option<VideoFacts> {
    inspect(&ParameterSets::H264 {
        sps: sps.into(),
        pps: [0x68].as_slice().into(),
    })
}

#[test]
fn nonsense_is_no_facts() {
    assert_eq!(inspect(&ParameterSets::None), None);
    assert_eq!(h264(&[]), None);
    assert_eq!(h264(&[0; 40]), None);
    assert_eq!(h264(&[0xff; 40]), None);
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
