//! Which of the offer's sections and payload types carry which track: by codec first, then by the
//! profile that comes closest to what the camera sends. Nothing is transcoded, so the camera's
//! parameter sets stay as they are; what is answered is what the client said it can do.

use lenswire_media::{Codec, Kind, ParameterSets, Track, TrackId, Tracks};

use crate::Refusal;
use crate::sdp::{self, Offer, Payload, Section, SectionKind};

/// Feedback for video that both sides may know; NACK must be there for retransmission to work, and
/// `transport-cc` for estimating the link.
pub(super) const VIDEO_FEEDBACK: [&str; 4] = ["nack", "nack pli", "ccm fir", "transport-cc"];

/// A track and how it goes out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Choice {
    /// Place of the section in the offer.
    pub(super) place: usize,
    /// Its name in the bundle.
    pub(super) mid: String,
    pub(super) track: TrackId,
    pub(super) media: Codec,
    pub(super) codec: sdp::Codec,
}

/// At most one video and one audio track, in the order of their sections.
///
/// # Errors
/// [`Refusal::NoTracks`]; [`Refusal::NoCommonCodec`] when the picture can't be sent although the
/// stream has one, or nothing at all can.
pub(super) fn choose(offer: &Offer, tracks: &Tracks) -> Result<Vec<Choice>, Refusal> {
    let video = tracks.first(Kind::Video);
    let audio = tracks.first(Kind::Audio);
    let picture = video.and_then(|(id, track)| find(offer, id, track, |_| true));
    let wants_picture = wanted(offer, &SectionKind::Video).next().is_some();
    if let Some((_, track)) =
        video.filter(|_| picture.is_none() && (wants_picture || audio.is_none()))
    {
        return Err(no_common(offer, track));
    }
    // Sound must share the picture's transport: there is one per session.
    let beside = picture
        .as_ref()
        .and_then(|choice| offer.sections.get(choice.place));
    let shares = |section: &Section| beside.is_none_or(|beside| beside.bundled && section.bundled);
    let sound = audio.and_then(|(id, track)| find(offer, id, track, shares));
    let mut choices: Vec<Choice> = picture.into_iter().chain(sound).collect();
    choices.sort_by_key(|choice| choice.place);
    if choices.is_empty() {
        return Err(audio
            .or(video)
            .map_or(Refusal::NoTracks, |(_, track)| no_common(offer, track)));
    }
    Ok(choices)
}

/// The sections of a kind that the client wants to receive in.
fn wanted<'a>(offer: &'a Offer, kind: &SectionKind) -> impl Iterator<Item = (usize, &'a Section)> {
    let kind = kind.clone();
    let usable = move |section: &Section| {
        section.kind == kind
            && section.direction.receives()
            && !section.is_rejected
            && is_rtp(section)
    };
    offer
        .sections
        .iter()
        .enumerate()
        .filter(move |(_, section)| usable(section))
}

pub(super) fn is_rtp(section: &Section) -> bool {
    matches!(
        section.protocol.as_str(),
        "UDP/TLS/RTP/SAVPF" | "TCP/DTLS/RTP/SAVPF" | "RTP/SAVPF" | "UDP/TLS/RTP/SAVP"
    )
}

fn kind_of(track: &Track) -> SectionKind {
    match track.codec.kind() {
        Kind::Video => SectionKind::Video,
        Kind::Audio => SectionKind::Audio,
    }
}

fn find(
    offer: &Offer,
    id: TrackId,
    track: &Track,
    fits: impl Fn(&Section) -> bool,
) -> Option<Choice> {
    wanted(offer, &kind_of(track))
        .filter(|(_, section)| fits(section))
        .find_map(|(place, section)| {
            let best = section
                .payloads
                .iter()
                .enumerate()
                .filter_map(|(order, payload)| Some((score(payload, track)?, order, payload)));
            // The client's order of preference decides between equals.
            let (_, _, payload) =
                best.max_by_key(|(score, order, _)| (*score, std::cmp::Reverse(*order)))?;
            Some(Choice {
                place,
                mid: section.mid.clone(),
                track: id,
                media: track.codec,
                codec: answer(section, payload, track),
            })
        })
}

/// How well a payload type fits a track; `None` = not at all.
fn score(payload: &Payload, track: &Track) -> Option<u32> {
    if !payload.name.eq_ignore_ascii_case(track.codec.name())
        || payload.clock_rate != track.codec.clock_rate()
    {
        return None;
    }
    match track.codec {
        Codec::H264 => score_h264(payload, &track.parameters),
        Codec::H265 => Some(score_h265(payload, &track.parameters)),
        // RFC 9628 section 6: profile-id is 0 when absent, and 0 is what cameras and browsers send.
        Codec::Vp9 => Some(u32::from(
            payload.parameter("profile-id").unwrap_or("0") == "0",
        )),
        // AV1 RTP 7.2.1: the same for `profile`.
        Codec::Av1 => Some(u32::from(
            payload.parameter("profile").unwrap_or("0") == "0",
        )),
        Codec::Opus => (payload.channels == Some(2)).then_some(1),
        Codec::Vp8 | Codec::Pcmu | Codec::Pcma => (payload.channels.unwrap_or(1) == 1).then_some(1),
    }
}

/// Only packetization-mode 1 can carry a camera's large slices (RFC 6184 section 6.3).
fn score_h264(payload: &Payload, parameters: &ParameterSets) -> Option<u32> {
    if payload.parameter("packetization-mode") != Some("1") {
        return None;
    }
    let (offered, level) = profile_of(payload)?;
    let ParameterSets::H264 { sps, .. } = parameters else {
        // Not known yet: what every decoder has.
        return Some(10 - offered.rank());
    };
    let (camera, camera_level) = match sps.get(1..4) {
        Some([idc, constraints, level]) => (H264Profile::of(*idc, *constraints), *level),
        _ => (H264Profile::ConstrainedBaseline, 0),
    };
    // A profile that contains the camera's is a promise; a smaller one is a hope that holds in
    // practice, since decoders read the parameter sets and not the SDP.
    let profile = match offered.rank().checked_sub(camera.rank()) {
        Some(0) => 300,
        Some(more) => 200 - more,
        None => 100 + offered.rank(),
    };
    Some(profile * 2 + u32::from(level >= camera_level))
}

/// The profile and level that a payload type offers; `None` when they can't be read.
pub(super) fn profile_of(payload: &Payload) -> Option<(H264Profile, u8)> {
    let id = match payload.parameter("profile-level-id") {
        Some(id) if id.len() == 6 => u32::from_str_radix(id, 16).ok()?,
        Some(_) => return None,
        // RFC 6184 section 8.1: Baseline, level 1.
        None => 0x42_00_0a,
    };
    let [_, idc, constraints, level] = id.to_be_bytes();
    Some((H264Profile::of(idc, constraints), level))
}

/// ITU-T H.264 Annex A, as far as browsers tell them apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum H264Profile {
    ConstrainedBaseline,
    Baseline,
    Main,
    ConstrainedHigh,
    High,
    Other,
}

impl H264Profile {
    /// RFC 6184 section 8.1, table 5: `profile_idc` and the `constraint_set` flags.
    pub(super) fn of(idc: u8, constraints: u8) -> Self {
        match idc {
            0x42 | 0x4d | 0x58 if constraints & 0xc0 == 0xc0 => Self::ConstrainedBaseline,
            0x42 if constraints & 0x40 != 0 => Self::ConstrainedBaseline,
            0x4d if constraints & 0x80 != 0 => Self::ConstrainedBaseline,
            0x42 => Self::Baseline,
            0x4d => Self::Main,
            0x64 if constraints & 0x0c == 0x0c => Self::ConstrainedHigh,
            0x64 => Self::High,
            _ => Self::Other,
        }
    }

    /// A decoder of a higher rank decodes a stream of a lower one (near enough: Baseline's slice
    /// groups, which Main leaves out, no camera uses).
    pub(super) fn rank(self) -> u32 {
        match self {
            Self::ConstrainedBaseline => 0,
            Self::Baseline => 1,
            Self::Main => 2,
            Self::ConstrainedHigh => 3,
            Self::High => 4,
            Self::Other => 5,
        }
    }
}

/// RFC 7798 section 7.1: profile 1 (Main) when the client doesn't say.
fn score_h265(payload: &Payload, parameters: &ParameterSets) -> u32 {
    let offered: u32 = payload
        .parameter("profile-id")
        .and_then(|id| id.parse().ok())
        .unwrap_or(1);
    let ParameterSets::H265 { sps, .. } = parameters else {
        return u32::from(offered == 1);
    };
    // Two bytes of NAL header, one of identifiers, then general_profile_idc in the low five bits.
    let camera = sps.get(3).map_or(1, |byte| u32::from(byte & 0x1f));
    match offered.checked_sub(camera) {
        Some(0) => 2,
        Some(_) => 1,
        None => 0,
    }
}

fn answer(section: &Section, payload: &Payload, track: &Track) -> sdp::Codec {
    let feedback: &[_] = match track.codec.kind() {
        Kind::Video => &VIDEO_FEEDBACK,
        Kind::Audio => &[],
    };
    negotiated(section, payload, feedback, format(payload, track))
}

/// A payload type with the feedback that both sides know, and its repair.
pub(super) fn negotiated(
    section: &Section,
    payload: &Payload,
    feedback: &[&'static str],
    format: String,
) -> sdp::Codec {
    let knows =
        |feedback: &&&'static str| payload.feedback.iter().any(|offered| offered == **feedback);
    let feedback: Vec<&'static str> = feedback.iter().filter(knows).copied().collect();
    let rtx = section.payloads.iter().find(|rtx| {
        rtx.name.eq_ignore_ascii_case("rtx")
            && rtx.clock_rate == payload.clock_rate
            && rtx.parameter("apt").and_then(|number| number.parse().ok()) == Some(payload.number)
    });
    sdp::Codec {
        number: payload.number,
        rtx: rtx
            .filter(|_| feedback.contains(&"nack"))
            .map(|rtx| rtx.number),
        name: payload.name.clone(),
        clock_rate: payload.clock_rate,
        channels: payload.channels,
        format,
        feedback,
    }
}

/// The client's own parameters; for stereo Opus also that it is stereo (RFC 7587 section 6.1).
fn format(payload: &Payload, track: &Track) -> String {
    let mut format = payload.format.clone();
    if track.codec == Codec::Opus && track.channels == 2 {
        for stereo in ["stereo", "sprop-stereo"] {
            if payload.parameter(stereo).is_none() {
                let separator = if format.is_empty() { "" } else { ";" };
                format = format!("{format}{separator}{stereo}=1");
            }
        }
    }
    format
}

/// Names both lists: repair formats are no codecs, and a name that stands there ten times is said once.
fn no_common(offer: &Offer, track: &Track) -> Refusal {
    /// Longer lists help nobody.
    const MOST: usize = 16;
    let mut offered: Vec<String> = Vec::new();
    for (_, section) in wanted(offer, &kind_of(track)) {
        for payload in &section.payloads {
            let is_repair = [
                "rtx",
                "red",
                "ulpfec",
                "flexfec-03",
                "telephone-event",
                "CN",
                "",
            ]
            .iter()
            .any(|name| payload.name.eq_ignore_ascii_case(name));
            let name = if is_h264_without_fragments(payload) {
                "H264 (packetization-mode 0)"
            } else {
                payload.name.as_str()
            };
            if !is_repair && offered.len() < MOST && !offered.iter().any(|other| other == name) {
                offered.push(name.to_owned());
            }
        }
    }
    Refusal::NoCommonCodec {
        offered,
        stream: vec![track.codec],
    }
}

fn is_h264_without_fragments(payload: &Payload) -> bool {
    payload.name.eq_ignore_ascii_case("H264")
        && payload.parameter("packetization-mode") != Some("1")
}

#[cfg(test)]
#[path = "choose_tests.rs"]
mod tests;
