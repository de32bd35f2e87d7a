//! The other end: a native client that offers, like a browser that watches or publishes, and is as
//! pure as the peer it talks to. It loads servers and checks them; it decodes and encodes nothing.
//!
//! In RTP mode: what comes out are packets in their order of arrival, repaired ones included, each
//! once.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::ops::Deref;
use std::sync::Arc;
use std::time::{Duration, Instant};

use lenswire_media::Kind;
use str0m::change::{SdpAnswer, SdpOffer, SdpPendingOffer};
use str0m::media::{Direction, KeyframeRequestKind, MediaKind, Mid};
use str0m::net::TcpType;
use str0m::rtp::{Extension, RtpWrite};
use str0m::{Candidate, Event as Theirs, Input, Output as TheirOutput, Rtc, RtcConfig};

use super::wire::{Pair, Protocol, Received};

/// Why a client could not be made or answered.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// The answer is no answer to the offer.
    #[error("the answer is not usable: {0}")]
    Answer(String),
    /// The other side's offer is none.
    #[error("the offer is not usable: {0}")]
    Offer(String),
    /// Nothing was asked for.
    #[error("an offer needs at least one track")]
    NothingWanted,
}

/// One datagram to be sent from `pair.local` to `pair.remote`.
pub struct Sealed {
    /// Where to.
    pub pair: Pair,
    bytes: str0m::net::DatagramSend,
}

impl Deref for Sealed {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.bytes
    }
}

impl std::fmt::Debug for Sealed {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Sealed")
            .field("pair", &self.pair)
            .field("len", &self.bytes.len())
            .finish()
    }
}

/// A packet that came through.
#[derive(Clone, Debug)]
pub struct ClientPacket {
    /// Of picture or sound.
    pub kind: Kind,
    /// RTP payload type.
    pub number: u8,
    /// Extended sequence number.
    pub seq: u64,
    /// RTP timestamp.
    pub time: u32,
    /// RTP marker.
    pub marker: bool,
    /// Bounds of our own delay that the server asked for.
    pub delay_hint: Option<(Duration, Duration)>,
    /// RTP payload.
    pub payload: Arc<[u8]>,
}

/// A packet to be sent by [`Client::write`].
#[derive(Clone, Copy, Debug)]
pub struct Published<'a> {
    /// Extended sequence number.
    pub seq: u64,
    /// RTP timestamp.
    pub time: u32,
    /// RTP marker.
    pub marker: bool,
    /// RTP payload.
    pub payload: &'a [u8],
}

/// What [`Client::poll`] gives.
#[derive(Debug)]
pub enum ClientOutput {
    /// Send this.
    Send(Sealed),
    /// ICE and DTLS are up.
    Connected,
    /// A packet came through.
    Packet(ClientPacket),
    /// A sender report: the RTP time that stands for the wall-clock time.
    Report {
        /// Of picture or sound.
        kind: Kind,
        /// The sender's clock, since 1970.
        wall: Duration,
        /// In the track's clock.
        time: u32,
    },
    /// The server wants a keyframe of what we publish.
    KeyframeWanted,
    /// The server said goodbye or is not who it said it was. Nothing follows.
    Ended,
    /// Nothing more now; call [`Client::advance`] at that time at the latest.
    Wake(Instant),
}

/// A client of one session.
pub struct Client {
    rtc: Rtc,
    kinds: BTreeMap<Mid, Kind>,
    pending: Option<SdpPendingOffer>,
    offer: String,
}

impl std::fmt::Debug for Client {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Client")
            .field("kinds", &self.kinds)
            .finish_non_exhaustive()
    }
}

impl Client {
    /// Offers to receive `kinds` at `addresses`; empty = candidates are left out and the server
    /// finds us by our checks.
    ///
    /// # Errors
    /// [`ClientError::NothingWanted`].
    pub fn offer(
        kinds: &[Kind],
        addresses: &[(Protocol, SocketAddr)],
        now: Instant,
    ) -> Result<Self, ClientError> {
        Self::offer_in(Direction::RecvOnly, kinds, addresses, now)
    }

    /// Offers to send `kinds`; [`Client::write`] sends.
    ///
    /// # Errors
    /// [`ClientError::NothingWanted`].
    pub fn publish(
        kinds: &[Kind],
        addresses: &[(Protocol, SocketAddr)],
        now: Instant,
    ) -> Result<Self, ClientError> {
        Self::offer_in(Direction::SendOnly, kinds, addresses, now)
    }

    fn offer_in(
        direction: Direction,
        kinds: &[Kind],
        addresses: &[(Protocol, SocketAddr)],
        now: Instant,
    ) -> Result<Self, ClientError> {
        let mut rtc = configured(addresses, now);
        let mut changes = rtc.sdp_api();
        let mut mids = BTreeMap::new();
        for kind in kinds {
            let theirs = if *kind == Kind::Video {
                MediaKind::Video
            } else {
                MediaKind::Audio
            };
            mids.insert(
                changes.add_media(theirs, direction, None, None, None),
                *kind,
            );
        }
        let (offer, pending) = changes.apply().ok_or(ClientError::NothingWanted)?;
        let offer = offer.to_sdp_string();
        Ok(Self {
            rtc,
            kinds: mids,
            pending: Some(pending),
            offer,
        })
    }

    /// Takes an offer instead of making one, and gives the answer to send: some servers turn the
    /// roles around.
    ///
    /// # Errors
    /// [`ClientError::Offer`].
    pub fn answer(
        offer: &str,
        addresses: &[(Protocol, SocketAddr)],
        now: Instant,
    ) -> Result<(Self, String), ClientError> {
        let mut rtc = configured(addresses, now);
        let offer = SdpOffer::from_sdp_string(offer)
            .map_err(|error| ClientError::Offer(error.to_string()))?;
        let answer = rtc
            .sdp_api()
            .accept_offer(offer)
            .map_err(|error| ClientError::Offer(error.to_string()))?;
        let client = Self {
            rtc,
            kinds: BTreeMap::new(),
            pending: None,
            offer: String::new(),
        };
        Ok((client, answer.to_sdp_string()))
    }

    /// The offer to send.
    #[must_use]
    pub fn sdp(&self) -> &str {
        &self.offer
    }

    /// Makes an offer that restarts ICE; take its answer with [`Client::accept`].
    #[must_use]
    pub fn restart(&mut self) -> Option<String> {
        let mut changes = self.rtc.sdp_api();
        changes.ice_restart(true);
        let (offer, pending) = changes.apply()?;
        self.pending = Some(pending);
        self.offer = offer.to_sdp_string();
        Some(self.offer.clone())
    }

    /// Takes the answer.
    ///
    /// # Errors
    /// [`ClientError::Answer`].
    pub fn accept(&mut self, answer: &str) -> Result<(), ClientError> {
        let pending = self
            .pending
            .take()
            .ok_or_else(|| ClientError::Answer("nothing was offered".to_owned()))?;
        let answer = SdpAnswer::from_sdp_string(answer)
            .map_err(|error| ClientError::Answer(error.to_string()))?;
        self.rtc
            .sdp_api()
            .accept_answer(pending, answer)
            .map_err(|error| ClientError::Answer(error.to_string()))?;
        for mid in self.kinds.keys() {
            if let Some(stream) = self.rtc.direct_api().stream_tx_by_mid(*mid, None) {
                // Whatever is asked for is repeated, as browsers do.
                stream.set_rtx_cache(1_024, Duration::from_secs(1), None);
            }
        }
        Ok(())
    }

    /// Takes a datagram.
    pub fn receive(&mut self, datagram: Received<'_>, now: Instant) {
        let Pair {
            protocol,
            local,
            remote,
        } = datagram.pair;
        let protocol = match protocol {
            Protocol::Udp => str0m::net::Protocol::Udp,
            Protocol::Tcp => str0m::net::Protocol::Tcp,
        };
        // What is no datagram of the family is nothing to it.
        let Ok(input) = str0m::net::Receive::new(protocol, remote, local, datagram.bytes) else {
            return;
        };
        if let Err(error) = self.rtc.handle_input(Input::Receive(now, input)) {
            tracing::debug!(%error, "client refused a datagram");
        }
    }

    /// Lets time pass.
    pub fn advance(&mut self, now: Instant) {
        if self.rtc.handle_input(Input::Timeout(now)).is_err() {
            self.rtc.disconnect();
        }
    }

    /// Asks for a keyframe (PLI).
    pub fn request_keyframe(&mut self) {
        let video: Vec<Mid> = self
            .kinds
            .iter()
            .filter(|(_, kind)| **kind == Kind::Video)
            .map(|(mid, _)| *mid)
            .collect();
        for mid in video {
            if let Some(stream) = self.rtc.direct_api().stream_rx_by_mid(mid, None) {
                stream.request_keyframe(KeyframeRequestKind::Pli);
            }
        }
    }

    /// Sends a packet of what was offered: an extended sequence number, an RTP time. False while it
    /// can't be sent.
    pub fn write(&mut self, kind: Kind, packet: &Published<'_>, now: Instant) -> bool {
        let of_kind = self.kinds.iter().find(|(_, known)| **known == kind);
        let Some(mid) = of_kind.map(|(mid, _)| *mid) else {
            return false;
        };
        let number = self
            .rtc
            .media(mid)
            .and_then(|media| media.remote_pts().first().copied());
        let mut api = self.rtc.direct_api();
        let (Some(number), Some(stream)) = (number, api.stream_tx_by_mid(mid, None)) else {
            return false;
        };
        let write = RtpWrite::new(number, packet.seq.into(), packet.time, now, packet.payload)
            .marker(packet.marker)
            .nackable(true);
        stream.write_rtp(write);
        true
    }

    /// Says goodbye; poll until [`ClientOutput::Wake`], then drop.
    pub fn close(&mut self) {
        if self.rtc.close().is_err() {
            self.rtc.disconnect();
        }
    }

    /// The next thing to do. Ends with [`ClientOutput::Wake`].
    pub fn poll(&mut self) -> ClientOutput {
        loop {
            match self.rtc.poll_output() {
                Ok(TheirOutput::Timeout(at)) => return ClientOutput::Wake(at),
                Ok(TheirOutput::Transmit(transmit)) => {
                    return ClientOutput::Send(Sealed {
                        pair: pair_of(&transmit),
                        bytes: transmit.contents,
                    });
                }
                Ok(TheirOutput::Event(event)) => {
                    if let Some(output) = self.on_event(event) {
                        return output;
                    }
                }
                Err(error) => {
                    tracing::debug!(%error, "client failed");
                    self.rtc.disconnect();
                    return ClientOutput::Ended;
                }
            }
        }
    }

    fn on_event(&mut self, event: Theirs) -> Option<ClientOutput> {
        match event {
            Theirs::Connected => Some(ClientOutput::Connected),
            Theirs::Closed => Some(ClientOutput::Ended),
            Theirs::KeyframeRequest(_) => Some(ClientOutput::KeyframeWanted),
            // Those of an offer that was taken; ours are known already.
            Theirs::MediaAdded(added) => {
                let kind = if added.kind == MediaKind::Video {
                    Kind::Video
                } else {
                    Kind::Audio
                };
                self.kinds.insert(added.mid, kind);
                None
            }
            Theirs::RtpPacket(packet) => {
                let mid = self.rtc.direct_api().stream_rx(&packet.header.ssrc)?.mid();
                let hint = packet
                    .header
                    .ext_vals
                    .play_delay_min
                    .zip(packet.header.ext_vals.play_delay_max);
                Some(ClientOutput::Packet(ClientPacket {
                    kind: *self.kinds.get(&mid)?,
                    number: *packet.header.payload_type,
                    seq: *packet.seq_no,
                    time: packet.header.timestamp,
                    marker: packet.header.marker,
                    delay_hint: hint.map(|(min, max)| (min.into(), max.into())),
                    payload: packet.payload,
                }))
            }
            Theirs::SenderFeedback(report) => {
                let wall = report
                    .sender_info
                    .ntp_time
                    .duration_since(std::time::UNIX_EPOCH)
                    .ok()?;
                let time = u32::try_from(report.sender_info.rtp_time.numer() & u64::from(u32::MAX))
                    .ok()?;
                Some(ClientOutput::Report {
                    kind: *self.kinds.get(&report.mid)?,
                    wall,
                    time,
                })
            }
            _ => None,
        }
    }
}

fn pair_of(transmit: &str0m::net::Transmit) -> Pair {
    let protocol = match transmit.proto {
        str0m::net::Protocol::Udp => Protocol::Udp,
        // Only these two are ever used.
        _ => Protocol::Tcp,
    };
    Pair {
        protocol,
        local: transmit.source,
        remote: transmit.destination,
    }
}

/// In RTP mode, at `addresses`.
fn configured(addresses: &[(Protocol, SocketAddr)], now: Instant) -> Rtc {
    let config = RtcConfig::new()
        .set_rtp_mode(true)
        .enable_pcmu(true, false)
        .enable_pcma(true, false)
        .set_extension(6, Extension::PlayoutDelay);
    let mut rtc = config.build(now);
    for (protocol, address) in addresses {
        if let Some(candidate) = local_candidate(*protocol, *address) {
            rtc.add_local_candidate(candidate);
        }
    }
    rtc
}

fn local_candidate(protocol: Protocol, address: SocketAddr) -> Option<Candidate> {
    match protocol {
        Protocol::Udp => Candidate::builder().udp().host(address).build().ok(),
        Protocol::Tcp => Candidate::builder()
            .tcp()
            .host(address)
            .tcptype(TcpType::Active)
            .build()
            .ok(),
    }
}
