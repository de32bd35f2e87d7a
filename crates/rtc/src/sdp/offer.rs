//! A client's offer (JSEP, RFC 9429), read into what an answer needs.

use super::candidate::{RemoteCandidate, excerpt};
use super::lines::{Line, lines};
use super::{Credentials, MAX_CANDIDATES, MAX_SDP, MAX_SECTIONS};
use crate::Refusal;

/// Longest `mid`: what fits the one-byte header extension (RFC 8843 section 9.1).
const MAX_MID: usize = 16;

/// A client's offer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Offer {
    /// Of the bundle's transport.
    pub credentials: Credentials,
    /// `sha-256 AB:CD:...`, the client's DTLS certificate.
    pub fingerprint: String,
    /// Who starts DTLS.
    pub setup: Setup,
    /// The client only answers checks, so we have to make them.
    pub ice_lite: bool,
    /// In their order.
    pub sections: Vec<Section>,
    /// Of all sections.
    pub candidates: Vec<RemoteCandidate>,
}

/// `a=setup` (RFC 8842 section 5).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Setup {
    /// The client leaves it to us: it will start.
    ActPass,
    /// The client starts.
    Active,
    /// We start.
    Passive,
}

/// What a section carries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SectionKind {
    /// Sound.
    Audio,
    /// Pictures.
    Video,
    /// Data channels or something unknown, by the name in its `m=` line.
    Other(String),
}

impl SectionKind {
    /// As the `m=` line says it.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::Audio => "audio",
            Self::Video => "video",
            Self::Other(name) => name,
        }
    }
}

/// Which way media goes, as the client sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// Both.
    SendRecv,
    /// The client sends.
    SendOnly,
    /// The client receives.
    RecvOnly,
    /// Neither.
    Inactive,
}

impl Direction {
    /// Whether the client wants to receive.
    #[must_use]
    pub fn receives(self) -> bool {
        matches!(self, Self::SendRecv | Self::RecvOnly)
    }

    /// Whether the client wants to send.
    #[must_use]
    pub fn sends(self) -> bool {
        matches!(self, Self::SendRecv | Self::SendOnly)
    }

    /// The same as the other side sees it.
    #[must_use]
    pub fn reversed(self) -> Self {
        match self {
            Self::SendOnly => Self::RecvOnly,
            Self::RecvOnly => Self::SendOnly,
            Self::SendRecv | Self::Inactive => self,
        }
    }

    fn read(name: &str) -> Option<Self> {
        Some(match name {
            "sendrecv" => Self::SendRecv,
            "sendonly" => Self::SendOnly,
            "recvonly" => Self::RecvOnly,
            "inactive" => Self::Inactive,
            _ => return None,
        })
    }
}

/// One `m=` section.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Section {
    /// What it carries.
    pub kind: SectionKind,
    /// `UDP/TLS/RTP/SAVPF` or what the client says.
    pub protocol: String,
    /// The first format of the `m=` line, repeated when the section is rejected.
    pub first_format: String,
    /// Its name in the bundle; made up from its place when it has none.
    pub mid: String,
    /// Whether it shares the transport of the bundle.
    pub bundled: bool,
    /// Port 0 without being `bundle-only`: the client doesn't want it.
    pub is_rejected: bool,
    /// Which way media would go.
    pub direction: Direction,
    /// What the client can decode there, in its order of preference.
    pub payloads: Vec<Payload>,
    /// RTP header extensions that the client knows.
    pub extensions: Vec<Extension>,
}

/// An RTP header extension (RFC 8285).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Extension {
    /// The client's number for it, 1 to 14.
    pub number: u8,
    /// What it is.
    pub uri: String,
    /// Which way the client would have it.
    pub direction: Direction,
}

/// One payload type of a section.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Payload {
    /// The number on the wire, below 128.
    pub number: u8,
    /// Encoding name, as spelled by the client.
    pub name: String,
    /// Hertz.
    pub clock_rate: u32,
    /// For audio.
    pub channels: Option<u8>,
    /// Everything after the number in `a=fmtp`.
    pub format: String,
    /// `nack`, `nack pli`, ...
    pub feedback: Vec<String>,
}

impl Payload {
    /// A parameter of `a=fmtp`: names are case-insensitive (RFC 4855 section 3).
    #[must_use]
    pub fn parameter(&self, name: &str) -> Option<&str> {
        self.format.split(';').find_map(|pair| {
            let (key, value) = pair.split_once('=')?;
            key.trim()
                .eq_ignore_ascii_case(name)
                .then_some(value.trim())
        })
    }
}

impl Offer {
    /// Reads an offer.
    ///
    /// # Errors
    /// [`Refusal::BadSdp`] when something that every WebRTC offer has is missing or malformed or a
    /// limit is exceeded, [`Refusal::TooManyCandidates`].
    pub fn read(text: &str) -> Result<Self, Refusal> {
        if text.len() > MAX_SDP {
            return Err(bad(format!("it is longer than {MAX_SDP} bytes")));
        }
        let mut reader = Reader::default();
        for line in lines(text) {
            reader.take(line.map_err(|number| bad(format!("line {number} is not SDP")))?)?;
        }
        reader.finish()
    }

    /// The bundle that `section` belongs to: the section alone when it isn't bundled.
    pub fn bundle_of<'a>(&'a self, section: &'a Section) -> impl Iterator<Item = &'a Section> {
        self.sections.iter().filter(move |other| {
            std::ptr::eq(*other, section) || (section.bundled && other.bundled)
        })
    }
}

fn bad(why: impl Into<String>) -> Refusal {
    Refusal::BadSdp { why: why.into() }
}

/// A transport's attributes, which may stand in front of the sections or in them.
#[derive(Default)]
struct Transport {
    ufrag: Option<String>,
    password: Option<String>,
    fingerprint: Option<String>,
    setup: Option<Setup>,
}

#[derive(Default)]
struct Reader {
    session: Transport,
    direction: Option<Direction>,
    bundle: Vec<String>,
    ice_lite: bool,
    candidates: Vec<RemoteCandidate>,
    sections: Vec<(Section, Transport)>,
}

impl Reader {
    fn take(&mut self, line: Line<'_>) -> Result<(), Refusal> {
        match line {
            Line::Other => Ok(()),
            Line::Media(value) => self.begin_section(value),
            Line::Attribute { name, value } => self.attribute(name, value.unwrap_or("")),
        }
    }

    fn begin_section(&mut self, value: &str) -> Result<(), Refusal> {
        if self.sections.len() == MAX_SECTIONS {
            return Err(bad(format!(
                "it has more than {MAX_SECTIONS} media sections"
            )));
        }
        let malformed = || bad(format!("m={} is malformed", excerpt(value)));
        let mut fields = value.split(' ').filter(|field| !field.is_empty());
        let kind = match fields
            .next()
            .filter(|name| is_token(name))
            .ok_or_else(malformed)?
        {
            "audio" => SectionKind::Audio,
            "video" => SectionKind::Video,
            other => SectionKind::Other(other.to_owned()),
        };
        let port: u16 = fields
            .next()
            .and_then(|port| port.parse().ok())
            .ok_or_else(malformed)?;
        let protocol = fields
            .next()
            .filter(|name| name.split('/').all(is_token))
            .ok_or_else(malformed)?
            .to_owned();
        let formats: Vec<&str> = fields.collect();
        let first_format = formats
            .first()
            .filter(|format| is_token(format))
            .ok_or_else(malformed)?;
        let section = Section {
            kind,
            protocol,
            first_format: (*first_format).to_owned(),
            mid: String::new(),
            bundled: false,
            is_rejected: port == 0,
            direction: self.direction.unwrap_or(Direction::SendRecv),
            payloads: formats
                .iter()
                .take(128)
                .filter_map(|format| Some(static_payload(format.parse().ok()?)))
                .collect(),
            extensions: Vec::new(),
        };
        self.sections.push((section, Transport::default()));
        Ok(())
    }

    fn attribute(&mut self, name: &str, value: &str) -> Result<(), Refusal> {
        let (section, transport) = match self.sections.last_mut() {
            Some((section, transport)) => (Some(section), transport),
            None => (None, &mut self.session),
        };
        match name {
            "ice-ufrag" => transport.ufrag = Some(value.to_owned()),
            "ice-pwd" => transport.password = Some(value.to_owned()),
            "fingerprint" => transport.keep_fingerprint(value),
            "setup" => transport.setup = Some(read_setup(value)?),
            "ice-lite" => self.ice_lite = true,
            "candidate" => return self.add_candidate(value),
            "group" if section.is_none() => self.keep_bundle(value),
            _ => match (Direction::read(name), section) {
                (Some(direction), Some(section)) => section.direction = direction,
                (Some(direction), None) => self.direction = Some(direction),
                (None, Some(section)) => section_attribute(section, name, value)?,
                (None, None) => {}
            },
        }
        Ok(())
    }

    fn keep_bundle(&mut self, value: &str) {
        let mut words = value.split(' ');
        if words.next() == Some("BUNDLE") && self.bundle.is_empty() {
            self.bundle = words.take(MAX_SECTIONS).map(str::to_owned).collect();
        }
    }

    fn add_candidate(&mut self, value: &str) -> Result<(), Refusal> {
        let candidate = RemoteCandidate::read(&format!("candidate:{value}"))
            .map_err(|refusal| bad(refusal.to_string()))?;
        // A bundle's sections repeat the same candidates.
        let Some(candidate) = candidate.filter(|candidate| !self.candidates.contains(candidate))
        else {
            return Ok(());
        };
        if self.candidates.len() == MAX_CANDIDATES {
            return Err(Refusal::TooManyCandidates);
        }
        self.candidates.push(candidate);
        Ok(())
    }

    fn finish(mut self) -> Result<Offer, Refusal> {
        if self.sections.is_empty() {
            return Err(bad("it has no media section"));
        }
        for place in 0..self.sections.len() {
            let Some((before, [(section, _), ..])) = self.sections.split_at_mut_checked(place)
            else {
                continue;
            };
            if section.mid.is_empty() {
                section.mid = place.to_string();
            }
            if before.iter().any(|(other, _)| other.mid == section.mid) {
                return Err(bad(format!("a=mid:{} is there twice", section.mid)));
            }
            section.bundled = self.bundle.contains(&section.mid);
        }
        let transport = self.transport()?;
        let (Some(ufrag), Some(password)) = (transport.ufrag, transport.password) else {
            return Err(bad("it has no a=ice-ufrag and a=ice-pwd"));
        };
        let Some(fingerprint) = transport.fingerprint else {
            return Err(bad("it has no a=fingerprint with sha-256"));
        };
        Ok(Offer {
            credentials: Credentials::new(&ufrag, &password).map_err(bad)?,
            fingerprint,
            setup: transport.setup.unwrap_or(Setup::ActPass),
            ice_lite: self.ice_lite,
            sections: self
                .sections
                .into_iter()
                .map(|(section, _)| section)
                .collect(),
            candidates: self.candidates,
        })
    }

    /// The transport that a picture would use: that of the first video section that wants one, or has
    /// one, else of the first section. What a section lacks comes from its bundle and from the session.
    fn transport(&mut self) -> Result<Transport, Refusal> {
        let first = |goes: fn(Direction) -> bool| {
            self.sections.iter().position(|(section, _)| {
                section.kind == SectionKind::Video
                    && goes(section.direction)
                    && !section.is_rejected
            })
        };
        let chosen = first(Direction::receives)
            .or_else(|| first(Direction::sends))
            .unwrap_or(0);
        let bundled = self
            .sections
            .get(chosen)
            .is_some_and(|(section, _)| section.bundled);
        let mut transport = self
            .sections
            .get_mut(chosen)
            .map(|(_, transport)| std::mem::take(transport))
            .unwrap_or_default();
        if bundled {
            for (section, other) in &mut self.sections {
                if section.bundled {
                    transport.fill_from(std::mem::take(other));
                }
            }
        }
        transport.fill_from(std::mem::take(&mut self.session));
        Ok(transport)
    }
}

impl Transport {
    fn fill_from(&mut self, other: Self) {
        // Credentials belong together: never one half from here and one from there.
        if self.ufrag.is_none() && self.password.is_none() {
            (self.ufrag, self.password) = (other.ufrag, other.password);
        }
        self.fingerprint = self.fingerprint.take().or(other.fingerprint);
        self.setup = self.setup.or(other.setup);
    }

    /// The strongest hash wins when there are several (RFC 8122 section 5); the weak ones that are
    /// left over are not taken at all.
    fn keep_fingerprint(&mut self, value: &str) {
        let Some((hash, digest)) = value.split_once(' ') else {
            return;
        };
        let is_digest = digest.len() == 95
            && digest
                .split(':')
                .all(|byte| byte.len() == 2 && byte.bytes().all(|c| c.is_ascii_hexdigit()));
        if hash.eq_ignore_ascii_case("sha-256") && is_digest {
            self.fingerprint = Some(format!("sha-256 {}", digest.to_ascii_uppercase()));
        }
    }
}

fn read_setup(value: &str) -> Result<Setup, Refusal> {
    match value {
        "actpass" => Ok(Setup::ActPass),
        "active" => Ok(Setup::Active),
        "passive" => Ok(Setup::Passive),
        other => Err(bad(format!("a=setup:{} is unknown", excerpt(other)))),
    }
}

fn section_attribute(section: &mut Section, name: &str, value: &str) -> Result<(), Refusal> {
    match name {
        "mid" => {
            if !is_token(value) || value.len() > MAX_MID {
                return Err(bad(format!(
                    "a=mid:{} is not 1 to {MAX_MID} characters",
                    excerpt(value)
                )));
            }
            value.clone_into(&mut section.mid);
        }
        "bundle-only" => section.is_rejected = false,
        "rtpmap" => read_rtpmap(section, value),
        "fmtp" => {
            if let Some((payload, format)) = payload_line(section, value) {
                format.clone_into(&mut payload.format);
            }
        }
        "rtcp-fb" => read_feedback(section, value),
        "extmap" => read_extension(section, value),
        _ => {}
    }
    Ok(())
}

/// `96 H264/90000` or `111 opus/48000/2`.
fn read_rtpmap(section: &mut Section, value: &str) {
    let Some((payload, map)) = payload_line(section, value) else {
        return;
    };
    let mut parts = map.split('/');
    let (Some(name), Some(Ok(clock_rate))) = (parts.next(), parts.next().map(str::parse)) else {
        return;
    };
    if is_token(name) {
        name.clone_into(&mut payload.name);
        payload.clock_rate = clock_rate;
        payload.channels = parts.next().and_then(|channels| channels.parse().ok());
    }
}

/// `96 nack pli`, or `*` for all payload types.
fn read_feedback(section: &mut Section, value: &str) {
    /// More kinds than RFC 4585 and its extensions define.
    const MOST: usize = 16;
    let add = |payload: &mut Payload, feedback: &str| {
        if payload.feedback.len() < MOST {
            payload.feedback.push(feedback.to_owned());
        }
    };
    if let Some(feedback) = value.strip_prefix("* ") {
        section
            .payloads
            .iter_mut()
            .for_each(|payload| add(payload, feedback));
    } else if let Some((payload, feedback)) = payload_line(section, value) {
        add(payload, feedback);
    }
}

/// `3 uri` or `3/recvonly uri`.
fn read_extension(section: &mut Section, value: &str) {
    let Some((number, uri)) = value.split_once(' ') else {
        return;
    };
    let (number, direction) = number.split_once('/').unwrap_or((number, "sendrecv"));
    let uri = uri.split(' ').next().unwrap_or("").to_owned();
    // One-byte headers have the numbers 1 to 14 (section 4.2).
    if let (Ok(number @ 1..=14), Some(direction)) = (number.parse(), Direction::read(direction)) {
        section.extensions.push(Extension {
            number,
            uri,
            direction,
        });
    }
}

/// The payload type whose number a line begins with, and the rest of the line.
fn payload_line<'s, 'v>(
    section: &'s mut Section,
    value: &'v str,
) -> Option<(&'s mut Payload, &'v str)> {
    let (number, rest) = value.split_once(' ')?;
    let number: u8 = number.parse().ok()?;
    let payload = section
        .payloads
        .iter_mut()
        .find(|payload| payload.number == number)?;
    Some((payload, rest))
}

/// What a payload type means without an `a=rtpmap` (RFC 3551 section 6).
fn static_payload(number: u8) -> Payload {
    let (name, clock_rate) = match number {
        0 => ("PCMU", 8_000),
        8 => ("PCMA", 8_000),
        _ => ("", 0),
    };
    Payload {
        number,
        name: name.to_owned(),
        clock_rate,
        ..Payload::default()
    }
}

/// RFC 8866 section 9, `token`.
fn is_token(text: &str) -> bool {
    !text.is_empty()
        && text.len() <= 64
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`{|}~".contains(&byte))
}

#[cfg(test)]
#[path = "offer_tests.rs"]
mod tests;
