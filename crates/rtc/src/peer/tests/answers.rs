//! What real offers are answered, line by line.

use std::time::{Duration, Instant};

use lenswire_media::{Codec, Tracks};

use super::world::{limits, local, track};
use crate::Ice;
use crate::peer::Peer;
use crate::sdp::Offer;

#[expect(clippy::disallowed_methods, reason = "a test's beginning of time")]
fn answer(offer: &str, codecs: &[Codec]) -> String {
    let tracks = Tracks(codecs.iter().map(|codec| track(*codec)).collect());
    let offer = Offer::read(offer).unwrap();
    Peer::accept(
        &local(Ice::Full),
        &limits(),
        offer,
        &tracks,
        Duration::from_secs(1),
        Instant::now(),
    )
    .unwrap()
    .answer()
}

fn sections(answer: &str) -> Vec<&str> {
    answer
        .lines()
        .filter(|line| line.starts_with("m="))
        .collect()
}

#[test]
fn chromium_gets_what_it_needs() {
    // requirement 91
    let answer = answer(
        include_str!("../../../testdata/chromium-156.sdp"),
        &[Codec::H264, Codec::Opus],
    );
    assert_eq!(
        sections(&answer),
        [
            "m=video 9 UDP/TLS/RTP/SAVPF 108 109",
            "m=audio 9 UDP/TLS/RTP/SAVPF 111"
        ]
    );
    for line in [
        "a=group:BUNDLE 0 1",
        "a=setup:passive",
        "a=sendonly",
        "a=rtcp-mux",
        "a=rtpmap:108 H264/90000",
        "a=fmtp:108 level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f",
        "a=rtcp-fb:108 nack pli",
        "a=rtpmap:109 rtx/90000",
        "a=fmtp:109 apt=108",
        "a=extmap:5 http://www.webrtc.org/experiments/rtp-hdrext/playout-delay",
        "a=extmap:9 urn:ietf:params:rtp-hdrext:sdes:mid",
        "a=end-of-candidates",
    ] {
        assert!(
            answer.lines().any(|other| other == line),
            "no {line} in\n{answer}"
        );
    }
    assert!(
        answer
            .split_inclusive('\n')
            .all(|line| line.ends_with("\r\n")),
        "{answer:?}"
    );
    // Both tracks in one stream, or a browser shows them in two elements.
    let streams: Vec<&str> = answer
        .lines()
        .filter(|line| line.starts_with("a=msid:"))
        .map(|line| line.split(' ').next().unwrap())
        .collect();
    assert_eq!(streams, ["a=msid:lenswire", "a=msid:lenswire"]);
    assert!(
        answer.matches("transport-cc").count() == 1 && !answer.contains("goog-remb"),
        "of the picture's packets alone, and no feedback that nobody reads: {answer}"
    );
}

#[test]
fn udp_stands_before_tcp() {
    // conventions: FFmpeg's WHIP muxer stops at a leading TCP candidate
    let answer = answer(
        include_str!("../../../testdata/ffmpeg-8-passive.sdp"),
        &[Codec::H264],
    );
    let candidates: Vec<&str> = answer
        .lines()
        .filter_map(|line| line.strip_prefix("a=candidate:"))
        .map(|line| line.split(' ').nth(2).unwrap())
        .collect();
    assert_eq!(candidates, ["udp", "tcp"]);
    assert!(answer.contains("typ host tcptype passive"));
    assert!(answer.contains("a=setup:active") && answer.contains("a=mid:1\r\n"));
}

#[test]
fn unmatched_sections_are_rejected_in_their_places() {
    let offer = include_str!("../../../testdata/chromium-156-channel-and-two-videos.sdp");
    let theirs = answer(offer, &[Codec::Vp8, Codec::Pcma]);
    assert_eq!(
        sections(&theirs),
        [
            "m=video 9 UDP/TLS/RTP/SAVPF 96 97",
            "m=audio 9 UDP/TLS/RTP/SAVPF 8",
            "m=video 0 UDP/TLS/RTP/SAVPF 96",
            "m=application 0 UDP/DTLS/SCTP webrtc-datachannel",
        ]
    );
    assert!(theirs.contains("a=group:BUNDLE 0 1\r\n"));
    // The transport stands in the first section that is taken.
    let offer = include_str!("../../../testdata/chromium-156-audio-first.sdp");
    let silent = answer(offer, &[Codec::Vp8]);
    let (before, after) = silent.split_at(silent.find("m=video 9").unwrap());
    assert!(before.contains("m=audio 0 "), "{silent}");
    assert!(
        !before.contains("a=candidate") && after.contains("a=candidate"),
        "{silent}"
    );
}

#[test]
fn firefox_is_told_who_sends_an_extension() {
    let answer = answer(
        include_str!("../../../testdata/firefox-esr.sdp"),
        &[Codec::Vp8],
    );
    assert!(
        answer.contains(
            "a=extmap:6/sendonly http://www.webrtc.org/experiments/rtp-hdrext/playout-delay"
        ),
        "{answer}"
    );
    assert_eq!(sections(&answer)[1].split(' ').nth(1), Some("0"));
}
