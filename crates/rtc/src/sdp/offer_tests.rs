//! Real offers, and what must not get past the door.

use super::*;

const CHROMIUM: &str = include_str!("../../testdata/chromium-156.sdp");
const CHROMIUM_RESTART: &str = include_str!("../../testdata/chromium-156-restart.sdp");
const CHROMIUM_CHANNEL: &str =
    include_str!("../../testdata/chromium-156-channel-and-two-videos.sdp");
const FIREFOX: &str = include_str!("../../testdata/firefox-esr.sdp");
const FFMPEG: &str = include_str!("../../testdata/ffmpeg-8-passive.sdp");

fn why(text: &str) -> String {
    match Offer::read(text) {
        Err(Refusal::BadSdp { why }) => why,
        other => panic!("{other:?}"),
    }
}

#[test]
fn chromium_is_understood() {
    let offer = Offer::read(CHROMIUM).unwrap();
    assert_eq!(offer.credentials.ufrag, "zUhl");
    assert_eq!((offer.setup, offer.ice_lite), (Setup::ActPass, false));
    assert!(offer.fingerprint.starts_with("sha-256 37:26:C2"));
    // An mDNS name, offered once for both sections of the bundle.
    assert_eq!(offer.candidates.len(), 1);
    let kinds: Vec<&str> = offer
        .sections
        .iter()
        .map(|section| section.kind.name())
        .collect();
    assert_eq!(kinds, ["video", "audio"]);
    let video = &offer.sections[0];
    assert_eq!(
        (video.mid.as_str(), video.bundled, video.direction),
        ("0", true, Direction::RecvOnly)
    );
    let h264 = video
        .payloads
        .iter()
        .find(|payload| payload.number == 108)
        .unwrap();
    assert_eq!((h264.name.as_str(), h264.clock_rate), ("H264", 90_000));
    assert_eq!(h264.parameter("profile-level-id"), Some("42e01f"));
    assert!(h264.feedback.iter().any(|feedback| feedback == "nack pli"));
    let delay = video
        .extensions
        .iter()
        .find(|extension| extension.uri.ends_with("playout-delay"))
        .unwrap();
    assert_eq!((delay.number, delay.direction), (5, Direction::SendRecv));
    let opus = &offer.sections[1].payloads[0];
    assert_eq!(
        (
            opus.name.as_str(),
            opus.channels,
            opus.parameter("useinbandfec")
        ),
        ("opus", Some(2), Some("1"))
    );
}

#[test]
fn a_restart_differs_in_its_credentials() {
    let (first, again) = (
        Offer::read(CHROMIUM).unwrap(),
        Offer::read(CHROMIUM_RESTART).unwrap(),
    );
    assert_ne!(first.credentials, again.credentials);
    assert_eq!(first.sections, again.sections);
}

#[test]
fn firefox_is_understood() {
    let offer = Offer::read(FIREFOX).unwrap();
    let video = &offer.sections[0];
    // A session-level direction that the section overrides, and an extension that it only takes.
    assert_eq!(video.direction, Direction::RecvOnly);
    assert!(
        video
            .extensions
            .iter()
            .any(|extension| extension.number == 6 && extension.direction == Direction::RecvOnly)
    );
    assert!(offer.candidates.iter().any(|candidate| matches!(candidate.reach, crate::sdp::Reach::Udp(ip, 58_201) if ip.to_string() == "10.9.0.2")));
}

#[test]
fn ffmpeg_is_understood() {
    let offer = Offer::read(FFMPEG).unwrap();
    assert_eq!((offer.setup, offer.candidates.len()), (Setup::Passive, 0));
    assert_eq!(offer.sections[0].mid, "1");
}

#[test]
fn data_channels_and_a_second_picture_are_sections_of_their_own() {
    let offer = Offer::read(CHROMIUM_CHANNEL).unwrap();
    let kinds: Vec<&str> = offer
        .sections
        .iter()
        .map(|section| section.kind.name())
        .collect();
    assert_eq!(kinds, ["video", "audio", "video", "application"]);
    assert_eq!(offer.sections[3].first_format, "webrtc-datachannel");
}

#[test]
fn what_every_offer_has_is_asked_for_by_name() {
    assert_eq!(why(""), "it has no media section");
    assert_eq!(why("hello"), "line 1 is not SDP");
    assert_eq!(why("v=0\r\nx"), "line 2 is not SDP");
    assert_eq!(
        why(&CHROMIUM.replace("a=ice-pwd:", "a=ice-other:")),
        "it has no a=ice-ufrag and a=ice-pwd"
    );
    assert_eq!(
        why(&CHROMIUM.replace("sha-256", "md5")),
        "it has no a=fingerprint with sha-256"
    );
    assert_eq!(
        why(&CHROMIUM.replace("a=mid:1", "a=mid:0")),
        "a=mid:0 is there twice"
    );
    assert_eq!(
        why(&CHROMIUM.replace("a=setup:actpass", "a=setup:holdconn")),
        "a=setup:holdconn is unknown"
    );
    assert!(why(&CHROMIUM.replace("a=mid:0", "a=mid:0123456789abcdefg")).starts_with("a=mid:"));
    assert!(why(&CHROMIUM.replace("m=video 9", "m=")).starts_with("m="));
}

#[test]
fn bombs_are_refused_at_the_door() {
    // requirement 90; E1
    assert_eq!(
        why(&"a".repeat(MAX_SDP + 1)),
        format!("it is longer than {MAX_SDP} bytes")
    );
    let sections = format!(
        "{CHROMIUM}{}",
        "m=audio 9 UDP/TLS/RTP/SAVPF 0\r\n".repeat(MAX_SECTIONS)
    );
    assert_eq!(
        why(&sections),
        format!("it has more than {MAX_SECTIONS} media sections")
    );
    let candidates: String = (0..=MAX_CANDIDATES)
        .map(|n| format!("a=candidate:1 1 udp 1 192.0.2.1 {} typ host\r\n", n + 1))
        .collect();
    assert_eq!(
        Offer::read(&format!("{CHROMIUM}{candidates}")),
        Err(Refusal::TooManyCandidates)
    );
    let same = "a=candidate:1 1 udp 1 192.0.2.1 5 typ host\r\n".repeat(1_000);
    assert_eq!(
        Offer::read(&format!("{CHROMIUM}{same}"))
            .unwrap()
            .candidates
            .len(),
        2
    );
    // Nothing of it may take long or grow: as many attribute lines as fit.
    let mut lines = String::from(CHROMIUM);
    while lines.len() < MAX_SDP - 40 {
        lines.push_str("a=rtcp-fb:* x\r\na=fmtp:111 y\r\n");
    }
    assert!(Offer::read(&lines).is_ok());
}

#[test]
fn a_bundle_lends_its_transport_and_sections_apart_keep_theirs() {
    // A bundle-only section has nothing of its own (RFC 8843 section 7.2.2).
    let audio = CHROMIUM.find("m=audio").unwrap();
    let (video, audio) = CHROMIUM.split_at(audio);
    let bare: String = video
        .lines()
        .filter(|line| {
            !line.starts_with("a=ice-")
                && !line.starts_with("a=fingerprint")
                && !line.starts_with("a=setup")
        })
        .map(|line| format!("{line}\r\n"))
        .collect();
    let offer = Offer::read(&format!("{bare}{audio}")).unwrap();
    assert_eq!(offer.credentials.ufrag, "zUhl");
    let apart = Offer::read(&CHROMIUM.replace("a=group:BUNDLE 0 1\r\n", "").replacen(
        "a=ice-ufrag:zUhl",
        "a=ice-ufrag:vide",
        1,
    ))
    .unwrap();
    assert_eq!(apart.credentials.ufrag, "vide");
    assert!(apart.sections.iter().all(|section| !section.bundled));
    assert!(matches!(
        Offer::read(&format!("{bare}{audio}").replace("a=group:BUNDLE 0 1\r\n", "")),
        Err(Refusal::BadSdp { .. })
    ));
}
