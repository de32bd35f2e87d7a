//! One viewer's WebRTC session: pure, on the caller's clock, and the only folder that names `str0m`.
//!
//! In: [`Peer::receive`] (a datagram), [`Peer::write`] (packets), [`Peer::advance`] (time),
//! [`Peer::add_candidate`], [`Peer::reoffer`]. Out: [`Peer::poll`], again and again until it gives a
//! [`Output::Wake`]. What is written leaves only after `advance`: write a frame's packets, advance
//! once, drain once, and the drain is one burst that a socket can send in one call.
//!
//! The library may panic on its own bugs (it says so): whoever drives a peer does it inside
//! `catch_unwind` and drops the peer.

mod budget;
mod choose;
pub mod client;
mod events;
mod send;
mod setup;
mod wire;

use std::sync::Arc;
use std::time::{Duration, Instant};

use lenswire_media::{Codec, TrackId, Tracks};
use str0m::{Candidate, Input, Rtc};

use crate::demux::{Datagram, classify};
use crate::sdp::{
    Answer, AnswerSection, Credentials, Extension, FragmentAnswer, MAX_CANDIDATES, Offer,
    RemoteCandidate, Setup,
};
use crate::{Limits, Refusal};
use budget::Budget;
use choose::{Choice, choose};
pub use events::{Event, Figures, Output};
pub use send::Clock;
use send::Lane;
pub use setup::Local;
pub use wire::{Pair, Protocol, Received, Sealed};

/// RTCP messages taken from a viewer per second. A receiver in trouble sends 50 NACKs and a few
/// reports; twice that is either broken or an attack on our retransmissions.
const RTCP_PER_SECOND: u32 = 100;

/// Largest RTCP message taken from a viewer, in bytes: some 150 NACKed ranges. It bounds what one
/// message can make the library queue for retransmission before our own budget sees it.
const MAX_RTCP: usize = 700;

/// STUN messages taken from a viewer per second. A browser's fastest pace is 20 pairs at 20 a second.
const STUN_PER_SECOND: u32 = 500;

/// DTLS bytes taken until the handshake is done. A browser's part is below 4 KiB; retransmissions
/// over a bad link are allowed sixteen times that.
const MAX_HANDSHAKE: usize = 64 * 1_024;

/// DTLS records taken per second afterwards: alerts and repetitions of the last flight.
const DTLS_PER_SECOND: u32 = 20;

/// One viewer's session.
pub struct Peer {
    rtc: Rtc,
    local: Arc<Local>,
    offer: Offer,
    choices: Vec<Choice>,
    extensions: Vec<Extension>,
    candidates: Vec<Candidate>,
    credentials: Credentials,
    /// Of the `o=` line.
    id: u64,
    version: u64,
    remote_candidates: usize,
    lanes: Vec<Lane>,
    delay_limit: Duration,
    progress: Progress,
    figures: Figures,
    intake: Intake,
    retransmits: Budget,
}

/// How far the session has come.
#[derive(Clone, Copy, Debug, Default)]
struct Progress {
    /// A candidate pair was checked.
    ice_is_up: bool,
    /// When media could first be sent.
    connected: Option<Instant>,
    /// When a check with the right password last came in.
    heard: Option<Instant>,
    /// Where media goes.
    pair: Option<Pair>,
}

/// What is still taken from the other side.
#[derive(Debug)]
struct Intake {
    stun: Budget,
    rtcp: Budget,
    dtls: Budget,
    handshake_bytes: usize,
}

impl std::fmt::Debug for Peer {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Peer")
            .field("ufrag", &self.credentials.ufrag)
            .field("progress", &self.progress)
            .finish_non_exhaustive()
    }
}

impl Peer {
    /// Negotiates: what the client can receive against what the stream has. Costs about half a
    /// millisecond.
    ///
    /// # Errors
    /// [`Refusal::NoCommonCodec`], [`Refusal::NoTracks`], or [`Refusal::BadSdp`] from the library.
    pub fn accept(
        local: &Arc<Local>,
        limits: &Limits,
        offer: Offer,
        tracks: &Tracks,
        delay_limit: Duration,
        now: Instant,
    ) -> Result<Self, Refusal> {
        let choices = choose(&offer, tracks)?;
        let extensions = setup::extensions(&offer, &choices);
        let mut rtc = setup::build(local, &choices, &extensions, now);
        setup::accept(&mut rtc, &offer, &choices, &extensions)?;
        let lanes = choices
            .iter()
            .filter_map(|choice| Lane::new(&mut rtc, choice))
            .collect();
        let credentials = own_credentials(&mut rtc);
        let mut peer = Self {
            rtc,
            local: Arc::clone(local),
            offer,
            choices,
            extensions,
            candidates: local.candidates(),
            credentials,
            id: rand::random::<u64>() >> 2,
            version: 0,
            remote_candidates: 0,
            lanes,
            delay_limit,
            progress: Progress::default(),
            figures: Figures::default(),
            intake: Intake {
                stun: Budget::new(STUN_PER_SECOND, now),
                rtcp: Budget::new(RTCP_PER_SECOND, now),
                dtls: Budget::new(DTLS_PER_SECOND, now),
                handshake_bytes: 0,
            },
            retransmits: Budget::new(limits.retransmits_per_second, now),
        };
        peer.take_candidates()?;
        Ok(peer)
    }

    /// Takes a later offer of the same session: with other credentials it restarts ICE, while media
    /// goes on over the old pair until a new one is found.
    ///
    /// # Errors
    /// [`Refusal::BadSdp`] when it changes what was negotiated; nothing has changed then.
    pub fn reoffer(&mut self, offer: Offer) -> Result<(), Refusal> {
        let same = |choice: &Choice| {
            let section = offer.sections.get(choice.place)?;
            let payload = section
                .payloads
                .iter()
                .find(|payload| payload.number == choice.codec.number)?;
            (section.mid == choice.mid && payload.name.eq_ignore_ascii_case(choice.media.name()))
                .then_some(())
        };
        if self.choices.iter().any(|choice| same(choice).is_none()) {
            return Err(Refusal::BadSdp {
                why: "a later offer may not take back a section or its codec".to_owned(),
            });
        }
        setup::accept(&mut self.rtc, &offer, &self.choices, &self.extensions)?;
        self.offer = offer;
        self.credentials = own_credentials(&mut self.rtc);
        self.remote_candidates = 0;
        self.take_candidates()
    }

    /// The answer to the newest offer.
    #[must_use]
    pub fn answer(&mut self) -> String {
        self.version += 1;
        let fingerprint = self.rtc.direct_api().local_dtls_fingerprint().to_string();
        let candidates = self.candidate_lines();
        let extensions = self
            .offer
            .sections
            .iter()
            .map(|section| setup::extensions_of(section, &self.extensions));
        let extensions: Vec<Vec<&Extension>> = extensions.collect();
        let sent = |place: usize| {
            let lane = self.lanes.iter().find(|lane| lane.place == place)?;
            let choice = self.choices.iter().find(|choice| choice.place == place)?;
            let extensions = extensions.get(place).map(Vec::as_slice).unwrap_or_default();
            Some(AnswerSection {
                codec: &choice.codec,
                extensions,
                ssrc: lane.ssrc,
                rtx_ssrc: lane.rtx_ssrc,
            })
        };
        let sections: Vec<_> = self
            .offer
            .sections
            .iter()
            .enumerate()
            .map(|(place, section)| (section, sent(place)))
            .collect();
        Answer {
            id: self.id,
            version: self.version,
            credentials: &self.credentials,
            fingerprint: &fingerprint,
            setup: if self.offer.setup == Setup::Passive {
                Setup::Active
            } else {
                Setup::Passive
            },
            ice_lite: self.local.is_lite(),
            sections: &sections,
            candidates: &candidates,
            name: "lenswire",
        }
        .to_string()
    }

    /// The answer to a restart by fragment (RFC 9725 section 4.3.3).
    #[must_use]
    pub fn fragment(&self) -> String {
        let candidates = self.candidate_lines();
        let first = self
            .choices
            .first()
            .and_then(|choice| self.offer.sections.get(choice.place));
        let section = first.map_or(("video", "0"), |section| {
            (section.kind.name(), section.mid.as_str())
        });
        FragmentAnswer {
            credentials: &self.credentials,
            section,
            candidates: &candidates,
        }
        .to_string()
    }

    /// Our ICE user fragment: checks meant for this peer begin with it.
    #[must_use]
    pub fn ufrag(&self) -> &str {
        &self.credentials.ufrag
    }

    /// What is sent, video first.
    #[must_use]
    pub fn codecs(&self) -> Vec<Codec> {
        let mut codecs: Vec<Codec> = self.choices.iter().map(|choice| choice.media).collect();
        codecs.sort_by_key(|codec| codec.kind() == lenswire_media::Kind::Audio);
        codecs
    }

    /// The tracks that are sent.
    #[must_use]
    pub fn tracks(&self) -> Vec<TrackId> {
        self.choices.iter().map(|choice| choice.track).collect()
    }

    /// Adds a trickled candidate; one that we would not check is passed over.
    ///
    /// # Errors
    /// [`Refusal::TooManyCandidates`] for this ICE generation.
    pub fn add_candidate(&mut self, candidate: &RemoteCandidate) -> Result<(), Refusal> {
        if self.remote_candidates == MAX_CANDIDATES {
            return Err(Refusal::TooManyCandidates);
        }
        self.remote_candidates += 1;
        if candidate.is_checkable_from(&self.local.addresses()) {
            match Candidate::from_sdp_string(&candidate.line) {
                Ok(candidate) => self.rtc.add_remote_candidate(candidate),
                Err(error) => tracing::debug!(%error, "candidate passed over"),
            }
        }
        Ok(())
    }

    /// Takes a datagram that came in. What can't be for a viewer, or is too much, is dropped.
    pub fn receive(&mut self, datagram: Received<'_>, now: Instant) {
        if !self.takes(datagram.bytes, now) {
            return;
        }
        let Some(input) = datagram.parse() else {
            return;
        };
        if let Err(error) = self.rtc.handle_input(Input::Receive(now, input)) {
            tracing::debug!(%error, "datagram refused");
        }
    }

    /// Whether a datagram may cost us more than this look at it.
    fn takes(&mut self, bytes: &[u8], now: Instant) -> bool {
        match classify(bytes) {
            Some(Datagram::StunRequest { .. } | Datagram::Stun) => self.intake.stun.take(now),
            Some(Datagram::Dtls) if self.is_connected() => self.intake.dtls.take(now),
            Some(Datagram::Dtls) => {
                self.intake.handshake_bytes += bytes.len();
                self.intake.handshake_bytes <= MAX_HANDSHAKE
            }
            // While more was asked for than is sent again, asking goes unheard.
            Some(Datagram::Rtcp) => {
                self.is_connected()
                    && bytes.len() <= MAX_RTCP
                    && !self.retransmits.is_spent(now)
                    && self.intake.rtcp.take(now)
            }
            // A viewer has nothing to send us.
            Some(Datagram::Rtp) | None => false,
        }
    }

    /// Lets time pass: what was written can leave, what is due happens.
    pub fn advance(&mut self, now: Instant) {
        if let Err(error) = self.rtc.handle_input(Input::Timeout(now)) {
            tracing::debug!(%error, "timeout refused");
            self.rtc.disconnect();
        }
    }

    /// Begins to say goodbye (RTCP BYE and DTLS close_notify); poll until [`Output::Wake`], then drop.
    pub fn close(&mut self) {
        if self.rtc.close().is_err() {
            self.rtc.disconnect();
        }
    }

    /// Whether a candidate pair works.
    #[must_use]
    pub fn has_ice(&self) -> bool {
        self.progress.ice_is_up
    }

    /// Whether media can be sent.
    #[must_use]
    pub fn is_connected(&self) -> bool {
        self.progress.connected.is_some()
    }

    /// Where media goes.
    #[must_use]
    pub fn pair(&self) -> Option<Pair> {
        self.progress.pair
    }

    /// When the other side last proved that it is there: a check with the right password
    /// (RFC 7675: consent).
    #[must_use]
    pub fn heard(&self) -> Option<Instant> {
        self.progress.heard
    }

    /// What has been counted.
    #[must_use]
    pub fn figures(&self) -> &Figures {
        &self.figures
    }

    fn take_candidates(&mut self) -> Result<(), Refusal> {
        let candidates = std::mem::take(&mut self.offer.candidates);
        candidates
            .iter()
            .try_for_each(|candidate| self.add_candidate(candidate))
    }

    fn candidate_lines(&self) -> Vec<String> {
        let adopt = |candidate: &Candidate| {
            let mut candidate = candidate.clone();
            candidate.set_ufrag(&self.credentials.ufrag);
            candidate.to_sdp_string()
        };
        self.candidates.iter().map(adopt).collect()
    }
}

fn own_credentials(rtc: &mut Rtc) -> Credentials {
    let creds = rtc.direct_api().local_ice_credentials();
    Credentials {
        ufrag: creds.ufrag,
        password: creds.pass,
    }
}

#[cfg(test)]
mod tests;
