//! The answer (JSEP, RFC 9429 section 5.3): written here, line by line, in the order that the
//! pickiest clients want.

use std::fmt;

use super::{Credentials, Direction, Extension, Section, Setup};

/// All that an answer says.
#[derive(Clone, Debug)]
pub struct Answer<'a> {
    /// Session number of the `o=` line, below 2^62.
    pub id: u64,
    /// Counts up with each answer of a session.
    pub version: u64,
    /// Ours.
    pub credentials: &'a Credentials,
    /// `sha-256 AB:CD:...`, ours.
    pub fingerprint: &'a str,
    /// What we are; never [`Setup::ActPass`].
    pub setup: Setup,
    /// Whether we only answer checks.
    pub ice_lite: bool,
    /// The offer's sections in their order, each with what goes there; `None` = rejected.
    pub sections: &'a [(&'a Section, Option<AnswerSection<'a>>)],
    /// Our candidates as `candidate:...`, UDP in front: FFmpeg's WHIP muxer stops at a leading TCP one.
    pub candidates: &'a [String],
    /// Names the media stream and the sender: both tracks carry it, so that receivers keep them in
    /// step and in one `MediaStream`.
    pub name: &'a str,
}

/// A section that something goes in.
#[derive(Clone, Debug)]
pub struct AnswerSection<'a> {
    /// What goes.
    pub codec: &'a Codec,
    /// Header extensions in use.
    pub extensions: &'a [&'a Extension],
    /// Which way.
    pub flow: Flow,
}

/// Which way media goes in a section.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flow {
    /// We send.
    Sends {
        /// Of the media.
        ssrc: u32,
        /// Of the retransmissions.
        rtx_ssrc: Option<u32>,
    },
    /// We receive.
    Receives,
}

/// One negotiated codec, in the client's numbers and words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Codec {
    /// Payload type.
    pub number: u8,
    /// Payload type of its retransmissions (RFC 4588).
    pub rtx: Option<u8>,
    /// Encoding name as the client spells it.
    pub name: String,
    /// Hertz.
    pub clock_rate: u32,
    /// Of audio.
    pub channels: Option<u8>,
    /// Parameters, empty for none.
    pub format: String,
    /// Feedback messages that both sides know.
    pub feedback: Vec<&'static str>,
}

impl Answer<'_> {
    fn session(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            out,
            "v=0\r\no=- {} {} IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\n",
            self.id, self.version
        )?;
        let bundled: Vec<&str> = self
            .sections
            .iter()
            .filter(|(section, sent)| sent.is_some() && section.bundled)
            .map(|(section, _)| section.mid.as_str())
            .collect();
        if !bundled.is_empty() {
            write!(out, "a=group:BUNDLE {}\r\n", bundled.join(" "))?;
        }
        write!(out, "a=msid-semantic:WMS {}\r\n", self.name)?;
        if self.ice_lite {
            write!(out, "a=ice-lite\r\n")?;
        }
        Ok(())
    }

    fn sent(
        &self,
        out: &mut fmt::Formatter<'_>,
        section: &Section,
        sent: &AnswerSection<'_>,
        is_first: bool,
    ) -> fmt::Result {
        let codec = sent.codec;
        write!(
            out,
            "m={} 9 {} {}",
            section.kind.name(),
            section.protocol,
            codec.number
        )?;
        if let Some(rtx) = codec.rtx {
            write!(out, " {rtx}")?;
        }
        write!(
            out,
            "\r\nc=IN IP4 0.0.0.0\r\na=rtcp:9 IN IP4 0.0.0.0\r\na=mid:{}\r\n",
            section.mid
        )?;
        self.transport(out, is_first)?;
        for extension in sent.extensions {
            // Section 6: what one side only takes, the other only sends.
            let direction = match extension.direction.reversed() {
                Direction::SendOnly => "/sendonly",
                Direction::RecvOnly => "/recvonly",
                Direction::SendRecv | Direction::Inactive => "",
            };
            let number = extension.number;
            write!(out, "a=extmap:{number}{direction} {}\r\n", extension.uri)?;
        }
        match sent.flow {
            Flow::Sends { .. } => write!(
                out,
                "a=sendonly\r\na=msid:{} {}\r\n",
                self.name, section.mid
            )?,
            Flow::Receives => write!(out, "a=recvonly\r\n")?,
        }
        write!(out, "a=rtcp-mux\r\na=rtcp-rsize\r\n")?;
        write_codec(out, codec)?;
        self.sources(out, sent.flow)
    }

    /// A bundle has one transport: its attributes are repeated for those who look at each section,
    /// the candidates stand in the first (RFC 8843 section 9.2).
    fn transport(&self, out: &mut fmt::Formatter<'_>, is_first: bool) -> fmt::Result {
        let setup = if self.setup == Setup::Active {
            "active"
        } else {
            "passive"
        };
        write!(
            out,
            "a=ice-ufrag:{}\r\na=ice-pwd:{}\r\n",
            self.credentials.ufrag, self.credentials.password
        )?;
        write!(
            out,
            "a=ice-options:trickle\r\na=fingerprint:{}\r\na=setup:{setup}\r\n",
            self.fingerprint
        )?;
        if is_first {
            for candidate in self.candidates {
                write!(out, "a={candidate}\r\n")?;
            }
            write!(out, "a=end-of-candidates\r\n")?;
        }
        Ok(())
    }

    fn sources(&self, out: &mut fmt::Formatter<'_>, flow: Flow) -> fmt::Result {
        let Flow::Sends { ssrc, rtx_ssrc } = flow else {
            return Ok(());
        };
        if let Some(rtx) = rtx_ssrc {
            write!(out, "a=ssrc-group:FID {ssrc} {rtx}\r\n")?;
        }
        for ssrc in std::iter::once(ssrc).chain(rtx_ssrc) {
            write!(out, "a=ssrc:{ssrc} cname:{}\r\n", self.name)?;
        }
        Ok(())
    }
}

impl fmt::Display for Answer<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.session(out)?;
        let mut is_first = true;
        for (section, sent) in self.sections {
            match sent {
                Some(sent) => self.sent(out, section, sent, std::mem::take(&mut is_first))?,
                // RFC 3264 section 6: port 0, one of the offered formats.
                None => write!(
                    out,
                    "m={} 0 {} {}\r\nc=IN IP4 0.0.0.0\r\na=mid:{}\r\na=inactive\r\n",
                    section.kind.name(),
                    section.protocol,
                    section.first_format,
                    section.mid
                )?,
            }
        }
        Ok(())
    }
}

fn write_codec(out: &mut fmt::Formatter<'_>, codec: &Codec) -> fmt::Result {
    write!(
        out,
        "a=rtpmap:{} {}/{}",
        codec.number, codec.name, codec.clock_rate
    )?;
    if let Some(channels) = codec.channels {
        write!(out, "/{channels}")?;
    }
    out.write_str("\r\n")?;
    if !codec.format.is_empty() {
        write!(out, "a=fmtp:{} {}\r\n", codec.number, codec.format)?;
    }
    for feedback in &codec.feedback {
        write!(out, "a=rtcp-fb:{} {feedback}\r\n", codec.number)?;
    }
    if let Some(rtx) = codec.rtx {
        write!(
            out,
            "a=rtpmap:{rtx} rtx/{}\r\na=fmtp:{rtx} apt={}\r\n",
            codec.clock_rate, codec.number
        )?;
    }
    Ok(())
}
