//! What is taken of real offers.

use super::*;

const CHROMIUM: &str = include_str!("../../../testdata/chromium-156.sdp");
const FIREFOX: &str = include_str!("../../../testdata/firefox-esr.sdp");
const FFMPEG: &str = include_str!("../../../testdata/ffmpeg-8-passive.sdp");

/// The same browser with its media turned around.
fn taken(offer: &str) -> Result<Vec<Choice>, Refusal> {
    let offer = offer
        .replace("a=recvonly", "a=sendonly")
        .replace("a=sendrecv", "a=sendonly");
    take(&Offer::read(&offer).unwrap())
}

fn names(choices: &[Choice]) -> Vec<Codec> {
    choices.iter().map(|choice| choice.media).collect()
}

#[test]
fn h264_of_the_smallest_profile_and_opus_are_preferred() {
    // requirement 20: an offer from a page is answered
    let choices = taken(CHROMIUM).unwrap();
    assert_eq!(names(&choices), [Codec::H264, Codec::Opus]);
    let video = &choices[0].codec;
    assert!(
        video.format.contains("profile-level-id=42e01f"),
        "{video:?}"
    );
    assert!(video.format.contains("packetization-mode=1"), "{video:?}");
    assert!(video.format.ends_with(START_BITRATE), "{video:?}");
    assert!(video.rtx.is_some() && video.feedback.contains(&"nack pli"));
    assert!(choices[1].codec.feedback.contains(&"transport-cc"));
    let tracks = tracks(&choices);
    assert_eq!((tracks.0[0].channels, tracks.0[1].channels), (0, 1));
}

#[test]
fn others_get_what_they_have() {
    assert_eq!(names(&taken(FFMPEG).unwrap()), [Codec::H264]);
    let video = taken(FIREFOX)
        .unwrap()
        .into_iter()
        .find(|choice| choice.media.kind() == Kind::Video);
    assert_eq!(video.unwrap().media, Codec::Vp8);
    let without_h264 = CHROMIUM.replace("H264/90000", "H999/90000");
    assert_eq!(names(&taken(&without_h264).unwrap())[0], Codec::Vp8);
    let mode_0 = FFMPEG.replace("packetization-mode=1;", "");
    assert_eq!(names(&taken(&mode_0).unwrap()), [Codec::H264]);
}

#[test]
fn what_nobody_could_play_is_refused_in_words() {
    assert_eq!(
        take(&Offer::read(CHROMIUM).unwrap()),
        Err(Refusal::NothingSent)
    );
    let theora = FFMPEG.replace("H264/90000", "theora/90000");
    let refusal = taken(&theora).unwrap_err();
    assert_eq!(
        refusal.to_string(),
        "H264, VP8, VP9, AV1 and opus are taken, the offer has theora, rtx"
    );
    let odd = FFMPEG.replace("42000d", "7a000d");
    assert!(
        matches!(taken(&odd), Err(Refusal::NoTakenCodec { .. })),
        "High 4:2:2"
    );
}
