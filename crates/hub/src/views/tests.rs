//! What is shown, and what is not.

use super::*;

#[test]
fn dates_are_right_at_the_edges_of_the_calendar() {
    let cases = [
        (0, "1970-01-01T00:00:00Z"),
        (951_782_400, "2000-02-29T00:00:00Z"),
        (951_868_799, "2000-02-29T23:59:59Z"),
        (1_078_012_800, "2004-02-29T00:00:00Z"),
        (1_795_264_205, "2026-11-21T12:30:05Z"),
        (4_107_542_400, "2100-03-01T00:00:00Z"),
    ];
    for (seconds, expected) in cases {
        assert_eq!(rfc3339(UNIX_EPOCH + Duration::from_secs(seconds)), expected);
    }
    assert_eq!(
        rfc3339(UNIX_EPOCH - Duration::from_secs(1)),
        "1970-01-01T00:00:00Z"
    );
}

#[test]
#[expect(
    clippy::disallowed_methods,
    reason = "the fake clock needs a first value"
)]
fn moments_before_and_after_now_are_shown() {
    let moment = Moment {
        now: Instant::now(),
        wall: UNIX_EPOCH + Duration::from_secs(100),
    };
    assert_eq!(
        moment.show(moment.now + Duration::from_secs(5)),
        "1970-01-01T00:01:45Z"
    );
    assert_eq!(
        moment.show(moment.now - Duration::from_secs(5)),
        "1970-01-01T00:01:35Z"
    );
}

#[test]
fn a_profile_is_read_from_the_sps() {
    let sps = ParameterSets::H264 {
        sps: [0x67, 0x42, 0xe0, 0x1f, 1].into(),
        pps: [0x68].into(),
    };
    assert_eq!(profile(&sps).as_deref(), Some("42e01f"));
    let short = ParameterSets::H264 {
        sps: [0x67].into(),
        pps: [].into(),
    };
    assert_eq!(profile(&short), None);
}

// Issue 4: the substream's state is seen; its password and, for viewers, its address are not.
#[test]
#[expect(
    clippy::disallowed_methods,
    reason = "the fake clock needs a first value"
)]
fn a_substream_is_shown_with_its_state_and_without_its_password() {
    let moment = Moment {
        now: Instant::now(),
        wall: UNIX_EPOCH,
    };
    let url = "rtsp://user:canary@192.0.2.1/small";
    let config = StreamConfig {
        source: Some(Source::Demo),
        substream: Some(Source::parse(url).unwrap()),
        ..StreamConfig::default()
    };
    let sources = crate::stream::Sources {
        main: Some(crate::source::Source::Demo),
        substream: Some(crate::source::Source::Demo),
    };
    let name = StreamName::parse("gate").unwrap();
    let entry = Entry::new(name.clone(), config, sources, moment.now);
    let view = || StreamView::new(&entry, 0, moment);
    let shown = serde_json::to_value(view()).unwrap();
    assert!(!shown.to_string().contains("canary"), "{shown}");
    let substream = &shown["substream"];
    assert_eq!(substream["source"]["url"], "rtsp://***@192.0.2.1/small");
    assert_eq!(substream["source"]["has_password"], true);
    assert_eq!(substream["state"]["name"], "idle");
    assert_eq!(substream["stats"]["reconnects"], 0);
    assert_eq!(substream["tracks"], serde_json::json!([]));
    let shown = serde_json::to_string(&view().for_viewers()).unwrap();
    assert!(!shown.contains("192.0.2.1"), "{shown}");
    let plain = Entry::new(name, StreamConfig::default(), None, moment.now);
    let shown = serde_json::to_value(StreamView::new(&plain, 0, moment)).unwrap();
    assert!(shown.get("substream").is_none());
}
