//! What the peers of an engine have in common, and how a `str0m::Rtc` is made for an offer.
//!
//! str0m never sees a stranger's SDP. It is given a small offer of our own making that holds what
//! was chosen and nothing else, because going through its `accept_offer` is the only way to make it
//! forget an ICE generation's pairs when the client restarts; its answer is thrown away and ours
//! written instead.

use std::fmt::Write as _;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, Instant};

use lenswire_media::Codec;
use str0m::change::SdpOffer;
use str0m::config::{CryptoProvider, DtlsCert, DtlsVersion};
use str0m::format::FormatParams;
use str0m::media::Frequency;
use str0m::net::TcpType;
use str0m::rtp::Extension as TheirExtension;
use str0m::{Candidate, Rtc, RtcConfig};

use super::choose::Choice;
use crate::sdp::{Extension, Offer, Section, Setup};
use crate::{Ice, Refusal};

/// Packets kept for retransmission, at most; a second of a 9 Mbit/s stream.
const RTX_PACKETS: usize = 1_024;

/// How long they are kept. A retransmission that comes later than this has missed its frame.
const RTX_TIME: Duration = Duration::from_secs(1);

/// Our figures are refreshed this often; it costs a few map entries per peer each time.
const STATS_INTERVAL: Duration = Duration::from_secs(1);

/// Names the section of a packet until the receiver knows its source (RFC 8843 section 9.2).
pub(super) const MID_URI: &str = "urn:ietf:params:rtp-hdrext:sdes:mid";
/// Bounds of the receiver's own delay.
pub(super) const PLAYOUT_DELAY_URI: &str =
    "http://www.webrtc.org/experiments/rtp-hdrext/playout-delay";

/// What the peers of an engine share.
#[derive(Clone)]
pub struct Local {
    announced: Vec<SocketAddr>,
    with_tcp: bool,
    ice: Ice,
    crypto: Arc<CryptoProvider>,
    certificate: DtlsCert,
}

impl std::fmt::Debug for Local {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Local")
            .field("announced", &self.announced)
            .field("ice", &self.ice)
            .finish_non_exhaustive()
    }
}

impl Local {
    /// `announced` are offered as host candidates, for UDP and, `with_tcp`, for passive TCP. Makes
    /// a DTLS certificate (ECDSA P-256), one for all peers: it identifies the hub, not a session.
    ///
    /// # Errors
    /// The system has no randomness to make a key of.
    pub fn new(announced: Vec<SocketAddr>, with_tcp: bool, ice: Ice) -> Result<Self, Refusal> {
        let crypto = Arc::new(str0m::crypto::from_feature_flags());
        let certificate = crypto
            .dtls_provider
            .generate_certificate()
            .ok_or(Refusal::Internal)?;
        Ok(Self {
            announced,
            with_tcp,
            ice,
            crypto,
            certificate,
        })
    }

    /// The addresses offered.
    #[must_use]
    pub fn addresses(&self) -> Vec<IpAddr> {
        self.announced.iter().map(SocketAddr::ip).collect()
    }

    /// Whether peers only answer checks.
    #[must_use]
    pub(super) fn is_lite(&self) -> bool {
        self.ice == Ice::Lite
    }

    pub(super) fn config(&self) -> RtcConfig {
        RtcConfig::new()
            .set_crypto_provider(Arc::clone(&self.crypto))
            .set_dtls_cert(self.certificate.clone())
            // DTLS 1.3 ends at AES-CM with SHA-1 in Chromium: 1.5 times the cost per packet.
            .set_dtls_version(DtlsVersion::Dtls12)
            .set_ice_lite(self.is_lite())
            .set_rtp_mode(true)
            .set_stats_interval(Some(STATS_INTERVAL))
            .clear_codecs()
            .clear_extension_map()
    }

    /// UDP first, in the order of the addresses, then TCP: also the order in the answer.
    pub(super) fn candidates(&self) -> Vec<Candidate> {
        let udp = self
            .announced
            .iter()
            .filter_map(|address| Candidate::builder().udp().host(*address).build().ok());
        let tcp = self.announced.iter().filter(|_| self.with_tcp);
        let tcp = tcp.filter_map(|address| {
            Candidate::builder()
                .tcp()
                .host(*address)
                .tcptype(TcpType::Passive)
                .build()
                .ok()
        });
        udp.chain(tcp).collect()
    }
}

/// Our header extensions with the client's numbers, one list for the session: the numbers of a
/// bundle are the same in all its sections (RFC 8843 section 9.2).
pub(super) fn extensions(offer: &Offer, choices: &[Choice]) -> Vec<Extension> {
    let mut chosen: Vec<Extension> = Vec::new();
    let sections = sections(offer, choices).map(|(section, _)| section);
    for extension in sections.flat_map(|section| &section.extensions) {
        let is_ours = extension.uri == MID_URI || extension.uri == PLAYOUT_DELAY_URI;
        let is_known =
            |other: &Extension| other.number == extension.number || other.uri == extension.uri;
        if is_ours && !chosen.iter().any(is_known) {
            chosen.push(extension.clone());
        }
    }
    chosen
}

/// Of a section's extensions those that the session uses.
pub(super) fn extensions_of<'a>(section: &'a Section, all: &[Extension]) -> Vec<&'a Extension> {
    let is_used = |extension: &&Extension| {
        all.iter()
            .any(|used| used.number == extension.number && used.uri == extension.uri)
    };
    section.extensions.iter().filter(is_used).collect()
}

/// An `Rtc` that sends what was chosen.
pub(super) fn build(
    local: &Local,
    choices: &[Choice],
    extensions: &[Extension],
    now: Instant,
) -> Rtc {
    let mut config = local.config().set_send_buffer_video(RTX_PACKETS);
    for choice in choices {
        let (codec, clock, channels, format) = format_of(choice.media);
        let codecs = config.codec_config();
        codecs.add_config(
            choice.codec.number.into(),
            choice.codec.rtx.map(Into::into),
            codec,
            clock,
            channels,
            format,
        );
    }
    for extension in extensions {
        let theirs = if extension.uri == MID_URI {
            TheirExtension::RtpMid
        } else {
            TheirExtension::PlayoutDelay
        };
        config = config.set_extension(extension.number, theirs);
    }
    let mut rtc = config.build(now);
    for candidate in local.candidates() {
        rtc.add_local_candidate(candidate);
    }
    rtc
}

/// Takes an offer, a first or a later one. A later one with other credentials restarts ICE.
pub(super) fn accept(
    rtc: &mut Rtc,
    offer: &Offer,
    choices: &[Choice],
    extensions: &[Extension],
) -> Result<(), Refusal> {
    let text = narrowed(offer, choices, extensions);
    let refuse = |why: String| {
        tracing::warn!(why, "the WebRTC library refused a narrowed offer");
        Refusal::BadSdp {
            why: "the WebRTC library refused it".to_owned(),
        }
    };
    let offer = SdpOffer::from_sdp_string(&text).map_err(|error| refuse(error.to_string()))?;
    rtc.sdp_api()
        .accept_offer(offer)
        .map_err(|error| refuse(error.to_string()))?;
    for choice in choices.iter().filter(|choice| choice.codec.rtx.is_some()) {
        if let Some(stream) = rtc
            .direct_api()
            .stream_tx_by_mid(choice.mid.as_str().into(), None)
        {
            // The library's own share of retransmissions (15 %) would end repair at 10 % of loss
            // in bursts; ours is a number of packets.
            stream.set_rtx_cache(RTX_PACKETS, RTX_TIME, None);
        }
    }
    Ok(())
}

/// The library's offer numbers sections by their place among the chosen.
fn narrowed(offer: &Offer, choices: &[Choice], extensions: &[Extension]) -> String {
    let mids: Vec<&str> = sections(offer, choices)
        .map(|(section, _)| section.mid.as_str())
        .collect();
    let mut text = format!(
        "v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\na=group:BUNDLE {}\r\n",
        mids.join(" ")
    );
    if offer.ice_lite {
        text.push_str("a=ice-lite\r\n");
    }
    let setup = match offer.setup {
        Setup::ActPass => "actpass",
        Setup::Active => "active",
        Setup::Passive => "passive",
    };
    for (section, choice) in sections(offer, choices) {
        let codec = &choice.codec;
        let (kind, number) = (section.kind.name(), codec.number);
        let rtx = codec.rtx.map(|rtx| format!(" {rtx}")).unwrap_or_default();
        // Writing to a string can't fail.
        let _ = write!(
            text,
            "m={kind} 9 UDP/TLS/RTP/SAVPF {number}{rtx}\r\nc=IN IP4 0.0.0.0\r\na=ice-ufrag:{}\r\na=ice-pwd:{}\r\na=fingerprint:{}\r\n\
             a=setup:{setup}\r\na=mid:{}\r\na=recvonly\r\na=rtcp-mux\r\n",
            offer.credentials.ufrag, offer.credentials.password, offer.fingerprint, section.mid
        );
        for extension in extensions_of(section, extensions) {
            let Extension { number, uri, .. } = extension;
            let _ = write!(text, "a=extmap:{number} {uri}\r\n");
        }
        push_codec(&mut text, choice);
    }
    text
}

fn push_codec(text: &mut String, choice: &Choice) {
    let codec = &choice.codec;
    let channels = if choice.media == Codec::Opus {
        "/2"
    } else {
        ""
    };
    let number = codec.number;
    let _ = write!(
        text,
        "a=rtpmap:{number} {}/{}{channels}\r\n",
        choice.media.name(),
        choice.media.clock_rate()
    );
    if let Some(format) = narrowed_format(choice.media) {
        let _ = write!(text, "a=fmtp:{number} {format}\r\n");
    }
    for feedback in &codec.feedback {
        let _ = write!(text, "a=rtcp-fb:{number} {feedback}\r\n");
    }
    if let Some(rtx) = codec.rtx {
        let _ = write!(
            text,
            "a=rtpmap:{rtx} rtx/{}\r\na=fmtp:{rtx} apt={number}\r\n",
            choice.media.clock_rate()
        );
    }
}

fn sections<'a>(
    offer: &'a Offer,
    choices: &'a [Choice],
) -> impl Iterator<Item = (&'a Section, &'a Choice)> {
    choices
        .iter()
        .filter_map(|choice| Some((offer.sections.get(choice.place)?, choice)))
}

/// What the library is told of a codec. In RTP mode it looks at none of it, but the two sides of
/// its negotiation must agree; what the client really said is in our answer.
fn format_of(codec: Codec) -> (str0m::format::Codec, Frequency, Option<u8>, FormatParams) {
    use str0m::format::Codec as Theirs;
    let video = |codec| (codec, Frequency::NINETY_KHZ, None, FormatParams::default());
    match codec {
        Codec::H264 => {
            let format = FormatParams {
                level_asymmetry_allowed: Some(true),
                packetization_mode: Some(1),
                profile_level_id: Some(0x42_e0_1f),
                ..FormatParams::default()
            };
            (Theirs::H264, Frequency::NINETY_KHZ, None, format)
        }
        Codec::H265 => video(Theirs::H265),
        Codec::Vp8 => video(Theirs::Vp8),
        Codec::Vp9 => video(Theirs::Vp9),
        Codec::Av1 => video(Theirs::Av1),
        Codec::Opus => (
            Theirs::Opus,
            Frequency::FORTY_EIGHT_KHZ,
            Some(2),
            FormatParams::default(),
        ),
        Codec::Pcmu => (
            Theirs::PCMU,
            Frequency::EIGHT_KHZ,
            None,
            FormatParams::default(),
        ),
        Codec::Pcma => (
            Theirs::PCMA,
            Frequency::EIGHT_KHZ,
            None,
            FormatParams::default(),
        ),
    }
}

fn narrowed_format(codec: Codec) -> Option<&'static str> {
    (codec == Codec::H264)
        .then_some("level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f")
}
