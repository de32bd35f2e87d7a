//! Which payload type a camera gets, from real offers.

use super::*;

const CHROMIUM: &str = include_str!("../../testdata/chromium-156.sdp");
const CHROMIUM_AUDIO_FIRST: &str = include_str!("../../testdata/chromium-156-audio-first.sdp");
const CHROMIUM_CHANNEL: &str =
    include_str!("../../testdata/chromium-156-channel-and-two-videos.sdp");
const FIREFOX: &str = include_str!("../../testdata/firefox-esr.sdp");
const FFMPEG: &str = include_str!("../../testdata/ffmpeg-8-passive.sdp");

fn track(codec: Codec) -> Track {
    Track {
        codec,
        channels: u8::from(codec.kind() == Kind::Audio),
        parameters: ParameterSets::None,
    }
}

fn h264(profile: [u8; 3]) -> Track {
    let sps = [&[0x67], profile.as_slice()].concat();
    Track {
        parameters: ParameterSets::H264 {
            sps: sps.into(),
            pps: [0x68][..].into(),
        },
        ..track(Codec::H264)
    }
}

fn chosen(offer: &str, tracks: &[Track]) -> Result<Vec<Choice>, Refusal> {
    choose(&Offer::read(offer).unwrap(), &Tracks(tracks.to_vec()))
}

fn parameter(choice: &Choice, name: &str) -> Option<String> {
    let payload = Payload {
        format: choice.codec.format.clone(),
        ..Payload::default()
    };
    payload.parameter(name).map(str::to_owned)
}

#[test]
fn the_profile_that_comes_closest_is_answered() {
    // requirement 91: fmtp matched to what the browser offered
    for (camera, answered) in [
        ([0x42, 0xe0, 0x1f], "42e01f"),
        ([0x42, 0xc0, 0x28], "42e01f"),
        ([0x42, 0x00, 0x1f], "42001f"),
        ([0x4d, 0x00, 0x1f], "4d001f"),
        ([0x4d, 0x40, 0x2a], "4d001f"),
        // Chromium offers High only for receiving: f4 (High 4:4:4) and 64.
        ([0x64, 0x00, 0x28], "64001f"),
    ] {
        let choices = chosen(CHROMIUM, &[h264(camera)]).unwrap();
        let profile = parameter(&choices[0], "profile-level-id").unwrap();
        let offers_it =
            CHROMIUM.contains(&format!("packetization-mode=1;profile-level-id={answered}"));
        assert!(
            !offers_it || profile == answered,
            "{camera:x?} is answered with {profile}"
        );
        assert_eq!(
            parameter(&choices[0], "packetization-mode").as_deref(),
            Some("1")
        );
        assert_eq!(choices[0].codec.feedback, VIDEO_FEEDBACK);
        assert!(choices[0].codec.rtx.is_some());
    }
    // Not known yet: what everybody has.
    let choices = chosen(CHROMIUM, &[track(Codec::H264)]).unwrap();
    assert_eq!(
        parameter(&choices[0], "profile-level-id").as_deref(),
        Some("42e01f")
    );
}

#[test]
fn a_profile_that_nobody_offers_is_sent_all_the_same() {
    // High to FFmpeg, which offers Baseline only: decoders go by the parameter sets.
    let choices = chosen(FFMPEG, &[h264([0x64, 0, 0x28])]).unwrap();
    assert_eq!(
        (choices[0].codec.number, choices[0].mid.as_str()),
        (106, "1")
    );
    assert_eq!(
        (choices[0].codec.rtx, choices[0].codec.feedback.as_slice()),
        (Some(105), ["nack"].as_slice())
    );
}

#[test]
fn each_codec_finds_its_payload_type() {
    for (codec, number) in [
        (Codec::Vp8, 96),
        (Codec::Vp9, 98),
        (Codec::Opus, 111),
        (Codec::Pcmu, 0),
        (Codec::Pcma, 8),
    ] {
        assert_eq!(
            chosen(CHROMIUM, &[track(codec)]).unwrap()[0].codec.number,
            number,
            "{codec:?}"
        );
    }
    assert_eq!(
        chosen(FIREFOX, &[track(Codec::Vp8)]).unwrap()[0]
            .codec
            .number,
        120
    );
    let stereo = Track {
        channels: 2,
        ..track(Codec::Opus)
    };
    assert_eq!(
        chosen(CHROMIUM, &[stereo]).unwrap()[0].codec.format,
        "minptime=10;useinbandfec=1;stereo=1;sprop-stereo=1"
    );
}

#[test]
fn a_missing_picture_codec_is_refused_by_name() {
    // 406 with both lists; issue: Firefox names the reason on an H.264 camera
    let refused = chosen(FIREFOX, &[h264([0x42, 0xe0, 0x1f]), track(Codec::Opus)]).unwrap_err();
    let Refusal::NoCommonCodec { offered, stream } = &refused else {
        panic!("{refused:?}")
    };
    assert_eq!(stream, &[Codec::H264]);
    assert_eq!(offered, &["VP8", "VP9", "AV1"].map(str::to_owned));
    let refused = chosen(CHROMIUM, &[track(Codec::H265)]).unwrap_err();
    assert_eq!(
        refused.to_string(),
        "the stream has H265, the offer has VP8, VP9, H264, H264 (packetization-mode 0), AV1"
    );
    let whole_units_only = CHROMIUM.replace("packetization-mode=1", "packetization-mode=0");
    assert!(matches!(
        chosen(&whole_units_only, &[h264([0x42, 0xe0, 0x1f])]),
        Err(Refusal::NoCommonCodec { .. })
    ));
    assert_eq!(chosen(CHROMIUM, &[]), Err(Refusal::NoTracks));
}

#[test]
fn a_missing_sound_is_left_out_and_refuses_nothing() {
    // conventions: MediaMTX answers 400 to every viewer whose only audio codec is Opus
    let only_opus = CHROMIUM
        .replace("PCMA/8000", "X/8000")
        .replace("PCMU/8000", "X/8000");
    let choices = chosen(&only_opus, &[h264([0x42, 0xe0, 0x1f]), track(Codec::Pcma)]).unwrap();
    assert_eq!(
        choices
            .iter()
            .map(|choice| choice.media)
            .collect::<Vec<_>>(),
        [Codec::H264]
    );
    // Nor does a camera without sound.
    assert_eq!(
        chosen(CHROMIUM_AUDIO_FIRST, &[h264([0x42, 0xe0, 0x1f])]).unwrap()[0].place,
        1
    );
    // A client that wants sound alone gets it.
    let sound = CHROMIUM.replace("m=video", "m=other");
    assert_eq!(
        chosen(&sound, &[h264([0x42, 0xe0, 0x1f]), track(Codec::Opus)]).unwrap()[0].media,
        Codec::Opus
    );
}

#[test]
fn one_picture_and_one_sound_of_one_transport_are_taken() {
    let both = [h264([0x42, 0xe0, 0x1f]), track(Codec::Opus)];
    let places = |offer: &str| {
        chosen(offer, &both)
            .unwrap()
            .iter()
            .map(|choice| choice.place)
            .collect::<Vec<_>>()
    };
    assert_eq!(places(CHROMIUM), [0, 1]);
    assert_eq!(places(CHROMIUM_AUDIO_FIRST), [0, 1]);
    assert_eq!(places(CHROMIUM_CHANNEL), [0, 1]);
    let apart = CHROMIUM.replace("a=group:BUNDLE 0 1\r\n", "");
    assert_eq!(places(&apart), [0]);
    let sends_only = CHROMIUM.replacen("a=recvonly", "a=sendonly", 1);
    assert_eq!(places(&sends_only), [1]);
}
