//! What of a publisher's offer is taken: one picture and one sound, in the codec that most viewers can
//! play. Nothing is transcoded, so what is taken here is what viewers get.

use lenswire_media::{Codec, Kind, ParameterSets, Track, TrackId, Tracks};

use super::choose::{Choice, H264Profile, VIDEO_FEEDBACK, is_rtp, negotiated, profile_of};
use crate::Refusal;
use crate::sdp::{Offer, Payload, Section, SectionKind};

/// Feedback on sound: only how the link does.
const AUDIO_FEEDBACK: [&str; 2] = ["nack", "transport-cc"];

/// Chromium begins at 300 kbit/s and takes ten seconds to the full picture, whatever the link
/// bears, unless the answer says where to begin (kbit/s); others pass over what they don't know.
const START_BITRATE: &str = "x-google-start-bitrate=2500";

/// Pictures in the order in which they are preferred: every browser plays H.264 and VP8, and H.264 is
/// what phones encode in hardware.
const VIDEO: [Codec; 4] = [Codec::H264, Codec::Vp8, Codec::Vp9, Codec::Av1];
const AUDIO: [Codec; 3] = [Codec::Opus, Codec::Pcmu, Codec::Pcma];

/// At most one picture and one sound, numbered as the stream's tracks: the picture first.
///
/// # Errors
/// [`Refusal::NothingSent`]; [`Refusal::NoTakenCodec`] when there is a picture that nobody could play.
pub(super) fn take(offer: &Offer) -> Result<Vec<Choice>, Refusal> {
    let picture = find(offer, Kind::Video, |_| true);
    if picture.is_none() && sent(offer, Kind::Video).next().is_some() {
        return Err(none_taken(offer, Kind::Video));
    }
    // Sound must share the picture's transport: there is one per session.
    let beside = picture
        .as_ref()
        .and_then(|choice| offer.sections.get(choice.place));
    let shares = |section: &Section| beside.is_none_or(|beside| beside.bundled && section.bundled);
    let sound = find(offer, Kind::Audio, shares);
    let mut choices: Vec<Choice> = picture.into_iter().chain(sound).collect();
    for (choice, number) in choices.iter_mut().zip(0..) {
        choice.track = TrackId(number);
    }
    if !choices.is_empty() {
        Ok(choices)
    } else if sent(offer, Kind::Audio).next().is_some() {
        Err(none_taken(offer, Kind::Audio))
    } else {
        Err(Refusal::NothingSent)
    }
}

/// The tracks that a publisher brings, as far as its offer tells.
pub(super) fn tracks(choices: &[Choice]) -> Tracks {
    let track = |choice: &Choice| Track {
        codec: choice.media,
        channels: match choice.media.kind() {
            Kind::Video => 0,
            // RFC 7587 section 4.2: two in the offer whatever is sent; stereo only if it says so.
            Kind::Audio if choice.codec.format.contains("sprop-stereo=1") => 2,
            Kind::Audio => 1,
        },
        parameters: ParameterSets::None,
    };
    Tracks(choices.iter().map(track).collect())
}

/// The sections in which something of a kind is sent.
fn sent(offer: &Offer, kind: Kind) -> impl Iterator<Item = (usize, &Section)> {
    let wanted = match kind {
        Kind::Video => SectionKind::Video,
        Kind::Audio => SectionKind::Audio,
    };
    let is_sent = move |section: &Section| {
        section.kind == wanted
            && section.direction.sends()
            && !section.is_rejected
            && is_rtp(section)
    };
    let sections = offer.sections.iter().enumerate();
    sections.filter(move |(_, section)| is_sent(section))
}

fn find(offer: &Offer, kind: Kind, fits: impl Fn(&Section) -> bool) -> Option<Choice> {
    let codecs: &[Codec] = match kind {
        Kind::Video => &VIDEO,
        Kind::Audio => &AUDIO,
    };
    sent(offer, kind)
        .filter(|(_, section)| fits(section))
        .find_map(|(place, section)| {
            let (media, payload) = codecs.iter().find_map(|codec| {
                let payloads = section.payloads.iter().enumerate();
                let best = payloads
                    .filter_map(|(order, payload)| Some((score(payload, *codec)?, order, payload)))
                    .max_by_key(|(score, order, _)| (*score, std::cmp::Reverse(*order)));
                best.map(|(_, _, payload)| (*codec, payload))
            })?;
            let (feedback, format): (&[_], _) = match kind {
                Kind::Video => (&VIDEO_FEEDBACK, with_start(payload)),
                Kind::Audio => (&AUDIO_FEEDBACK, payload.format.clone()),
            };
            Some(Choice {
                place,
                mid: section.mid.clone(),
                track: TrackId(0),
                media,
                codec: negotiated(section, payload, feedback, format),
            })
        })
}

/// How gladly a payload type is taken; `None` = not at all.
fn score(payload: &Payload, codec: Codec) -> Option<u32> {
    if !payload.name.eq_ignore_ascii_case(codec.name()) || payload.clock_rate != codec.clock_rate()
    {
        return None;
    }
    let is_first_profile = |name| payload.parameter(name).unwrap_or("0") == "0";
    match codec {
        Codec::H264 => {
            let (profile, _) = profile_of(payload)?;
            if profile == H264Profile::Other {
                return None;
            }
            // The smallest profile is the one that everything decodes. Without fragments (mode 0)
            // an encoder cuts pictures into many slices: only if there is nothing else.
            let has_fragments = payload.parameter("packetization-mode") == Some("1");
            Some(10 * u32::from(has_fragments) + 5 - profile.rank())
        }
        Codec::Vp9 => is_first_profile("profile-id").then_some(1),
        Codec::Av1 => is_first_profile("profile").then_some(1),
        Codec::Opus => (payload.channels == Some(2)).then_some(1),
        Codec::Vp8 | Codec::Pcmu | Codec::Pcma => (payload.channels.unwrap_or(1) == 1).then_some(1),
        Codec::H265 => None,
    }
}

fn with_start(payload: &Payload) -> String {
    if payload.format.is_empty() {
        START_BITRATE.to_owned()
    } else {
        format!("{};{START_BITRATE}", payload.format)
    }
}

fn none_taken(offer: &Offer, kind: Kind) -> Refusal {
    /// Longer lists help nobody.
    const MOST: usize = 16;
    let mut offered: Vec<String> = Vec::new();
    for (_, section) in sent(offer, kind) {
        for payload in &section.payloads {
            let name = &payload.name;
            if !name.is_empty() && offered.len() < MOST && !offered.contains(name) {
                offered.push(name.clone());
            }
        }
    }
    Refusal::NoTakenCodec { offered }
}

#[cfg(test)]
mod tests;
