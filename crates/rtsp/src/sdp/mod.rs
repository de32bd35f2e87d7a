//! What a camera announces in its SDP, reduced to what can be carried and what must be named as
//! left out.
//!
//! `sdp-types` reads one media section at a time here, and only its `m=` and `a=` lines. The rest
//! is what cameras get wrong: `o=` lines with a field too many (TP-Link), text behind the last
//! line, zero bytes, blanks and tabs at line ends, a missing `v=`. A section that cannot be read
//! costs itself, not the picture (`m=application/TP-LINK`).

mod parameters;
mod sound;

use lenswire_media::{Codec, Kind, ParameterSets, Track};

/// Sections above this are not looked at (faults.md: SDP m-lines).
const MAX_SECTIONS: usize = 16;

/// A description that was understood.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Description {
    /// The session's own `a=control`.
    pub control: Option<String>,
    /// What can be carried: at most one video and one audio track, video first.
    pub tracks: Vec<Announced>,
    /// What cannot, or is one too many, and why.
    pub skipped: Vec<Skipped>,
}

/// A track that we want.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Announced {
    /// Codec, channels, parameter sets.
    pub track: Track,
    /// The payload type of its RTP packets.
    pub payload_type: u8,
    /// Its `a=control`.
    pub control: Option<String>,
}

/// A track that is announced and left out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Skipped {
    /// What the section calls itself: `video`, `audio`, `application`, …
    pub media: String,
    /// The codec by a name that people know: `AAC`, `MJPEG`, `vnd.onvif.metadata`, …
    pub codec: String,
    /// Why it is left out.
    pub why: Why,
}

/// Why a track is left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// Lenswire cannot carry this codec, or not at this clock rate.
    Codec,
    /// There is another one of its kind that is carried.
    Surplus,
    /// It is sound for the camera's loudspeaker (ONVIF back channel).
    BackChannel,
    /// Neither picture nor sound.
    NotMedia,
}

impl Description {
    /// Reads an SDP.
    #[must_use]
    pub fn parse(body: &[u8]) -> Self {
        let text = String::from_utf8_lossy(body).replace('\0', "\n");
        let lines: Vec<&str> = text
            .lines()
            .map(str::trim)
            .filter(|line| is_field(line))
            .collect();
        let sections = sections(&lines);
        let mut description = Self::default();
        if let Some((head, media)) = sections.split_first() {
            description.control = control(head);
            media
                .iter()
                .take(MAX_SECTIONS)
                .for_each(|section| description.add(section));
        }
        description
            .tracks
            .sort_by_key(|announced| announced.track.codec.kind() == Kind::Audio);
        description
    }

    /// Whether pictures are announced, carried or not.
    #[must_use]
    pub fn has_video(&self) -> bool {
        self.tracks
            .iter()
            .any(|t| t.track.codec.kind() == Kind::Video)
            || self.skipped.iter().any(|s| s.media == "video")
    }

    fn add(&mut self, section: &[&str]) {
        let Some(section) = Section::parse(section) else {
            return;
        };
        let skip = |why| Skipped {
            media: section.media.clone(),
            codec: section.codec_name(),
            why,
        };
        let announced = match section.carried() {
            Ok(announced) => announced,
            Err(why) => return self.skipped.push(skip(why)),
        };
        let kind = announced.track.codec.kind();
        let mut others = self.tracks.iter_mut();
        match others.find(|other| other.track.codec.kind() == kind) {
            None => self.tracks.push(announced),
            // What need not be converted goes first, wherever it stands.
            Some(other) if is_converted(other) && !is_converted(&announced) => {
                *other = announced;
            }
            Some(_) => self.skipped.push(skip(Why::Surplus)),
        }
    }
}

fn is_converted(announced: &Announced) -> bool {
    matches!(announced.track.parameters, ParameterSets::Converted(_))
}

/// Whether a line is `x=…`; anything else is text that a camera left behind.
fn is_field(line: &str) -> bool {
    matches!(line.as_bytes(), [b'a'..=b'z', b'=', ..])
}

fn control(lines: &[&str]) -> Option<String> {
    let value = lines
        .iter()
        .find_map(|line| line.strip_prefix("a=control:"))?;
    Some(value.trim().to_owned()).filter(|value| !value.is_empty())
}

/// Groups lines into the session's part and one part per `m=` line.
fn sections<'a>(lines: &[&'a str]) -> Vec<Vec<&'a str>> {
    let mut parts = vec![Vec::new()];
    for line in lines {
        if line.starts_with("m=") {
            parts.push(Vec::new());
        }
        if let Some(last) = parts.last_mut() {
            last.push(*line);
        }
    }
    parts
}

/// One `m=` section, read.
struct Section {
    media: String,
    payload_type: Option<u8>,
    /// Encoding name as announced, clock rate and channels.
    encoding: Option<(String, u32, u8)>,
    fmtp: String,
    control: Option<String>,
    sends: bool,
    rtp: bool,
}

impl Section {
    fn parse(lines: &[&str]) -> Option<Self> {
        let mut text = String::from("v=0\r\n");
        for line in lines
            .iter()
            .filter(|line| line.starts_with("m=") || line.starts_with("a="))
        {
            let words: Vec<&str> = line.split_whitespace().collect();
            // Tabs and doubled blanks in an m= line are fields to sdp-types.
            text += &if line.starts_with("m=") {
                words.join(" ")
            } else {
                (*line).to_owned()
            };
            text += "\r\n";
        }
        let Ok(session) = sdp_types::Session::parse(text.as_bytes()) else {
            return Some(Self::unreadable(lines.first()?));
        };
        let media = session.medias.first()?;
        let payload_type: Option<u8> = media
            .fmt
            .split_whitespace()
            .next()
            .and_then(|pt| pt.parse().ok());
        let value = |name: &str| -> Vec<String> {
            media
                .get_attribute_values(name)
                .flatten()
                .map(str::to_owned)
                .collect()
        };
        let of_type = |values: Vec<String>| -> Option<String> {
            values.iter().find_map(|v| {
                let (pt, rest) = v
                    .trim()
                    .split_once(char::is_whitespace)
                    .unwrap_or((v.trim(), ""));
                (pt.parse() == Ok(payload_type?)).then(|| rest.trim().to_owned())
            })
        };
        let encoding = of_type(value("rtpmap"))
            .and_then(|map| rtpmap(&map))
            .or_else(|| static_type(payload_type?));
        Some(Self {
            media: media.media.to_string(),
            payload_type,
            encoding,
            fmtp: of_type(value("fmtp")).unwrap_or_default(),
            control: control(lines),
            sends: !media.has_attribute("sendonly"),
            rtp: media
                .proto
                .to_string()
                .to_ascii_uppercase()
                .contains("RTP/"),
        })
    }

    fn unreadable(line: &str) -> Self {
        let media = line
            .trim_start_matches("m=")
            .split([' ', '/'])
            .next()
            .unwrap_or_default();
        Self {
            media: media.to_owned(),
            payload_type: None,
            encoding: None,
            fmtp: String::new(),
            control: None,
            sends: true,
            rtp: false,
        }
    }

    /// The codec's name for people.
    fn codec_name(&self) -> String {
        let Some((name, ..)) = &self.encoding else {
            return "unknown".to_owned();
        };
        match name.to_ascii_uppercase().as_str() {
            "MPEG4-GENERIC" | "MP4A-LATM" => {
                sound::unsupported(name, &self.fmtp).map_or("AAC".to_owned(), |why| why.to_string())
            }
            "JPEG" => "MJPEG".to_owned(),
            _ => crate::text::quote(name, None),
        }
    }

    fn carried(&self) -> Result<Announced, Why> {
        if !matches!(self.media.as_str(), "video" | "audio") || !self.rtp {
            return Err(Why::NotMedia);
        }
        if !self.sends {
            return Err(Why::BackChannel);
        }
        let (name, rate, channels) = self.encoding.as_ref().ok_or(Why::Codec)?;
        let payload_type = self.payload_type.ok_or(Why::Codec)?;
        let announced = |track| Announced {
            track,
            payload_type,
            control: self.control.clone(),
        };
        if self.media == "audio"
            && let Some(format) = sound::format(name, *rate, *channels, &self.fmtp)
        {
            return Ok(announced(Track {
                codec: Codec::Opus,
                channels: 2, // as Opus is always announced
                parameters: ParameterSets::Converted(format),
            }));
        }
        let codec = codec(name)
            .filter(|codec| codec.kind() == kind(&self.media))
            .ok_or(Why::Codec)?;
        // Video is 90 kHz whatever the rtpmap says (Elegoo announces H264/9000); G.711 at
        // 16 kHz is nothing that a browser plays.
        if codec.kind() == Kind::Audio && *rate != codec.clock_rate() {
            return Err(Why::Codec);
        }
        let parameters = match codec {
            Codec::H264 => parameters::h264(&self.fmtp),
            Codec::H265 => parameters::h265(&self.fmtp),
            _ => ParameterSets::None,
        };
        let channels = match codec {
            Codec::Opus => 2, // always announced as 2 (RFC 7587 section 7)
            _ if codec.kind() == Kind::Audio => (*channels).clamp(1, 2),
            _ => 0,
        };
        Ok(announced(Track {
            codec,
            channels,
            parameters,
        }))
    }
}

fn kind(media: &str) -> Kind {
    if media == "video" {
        Kind::Video
    } else {
        Kind::Audio
    }
}

fn codec(name: &str) -> Option<Codec> {
    const ALL: [Codec; 8] = [
        Codec::H264,
        Codec::H265,
        Codec::Vp8,
        Codec::Vp9,
        Codec::Av1,
        Codec::Opus,
        Codec::Pcmu,
        Codec::Pcma,
    ];
    // HEVC is what some NVRs call it.
    let name = if name.eq_ignore_ascii_case("HEVC") {
        "H265"
    } else {
        name
    };
    ALL.into_iter()
        .find(|codec| codec.name().eq_ignore_ascii_case(name))
}

/// `H264/90000` or `PCMU/8000/1`.
fn rtpmap(map: &str) -> Option<(String, u32, u8)> {
    let mut parts = map.split('/').map(str::trim);
    let name = parts.next().filter(|name| !name.is_empty())?.to_owned();
    let rate = parts.next().and_then(|rate| rate.parse().ok()).unwrap_or(0);
    let channels = parts
        .next()
        .and_then(|channels| channels.parse().ok())
        .unwrap_or(1);
    Some((name, rate, channels))
}

/// Payload types that need no rtpmap (RFC 3551 section 6), as far as cameras use them.
fn static_type(payload_type: u8) -> Option<(String, u32, u8)> {
    let (name, rate) = match payload_type {
        10 => return Some(("L16".to_owned(), 44_100, 2)),
        11 => ("L16", 44_100),
        0 => ("PCMU", 8000),
        3 => ("GSM", 8000),
        8 => ("PCMA", 8000),
        9 => ("G722", 8000),
        14 => ("MPA", 90_000),
        26 => ("JPEG", 90_000),
        32 => ("MPV", 90_000),
        33 => ("MP2T", 90_000),
        _ => return None,
    };
    Some((name.to_owned(), rate, 1))
}

#[cfg(test)]
mod tests;
