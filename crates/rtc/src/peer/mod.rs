//! One WebRTC session, a viewer's or a publisher's: pure, on the caller's clock.
//!
//! In: [`Peer::receive`] (a datagram), [`Peer::write`] (packets), [`Peer::advance`] (time),
//! [`Peer::add_candidate`], [`Peer::reoffer`]. Out: datagrams, appended to the caller's [`Flight`] by
//! each of these; then [`Peer::poll_event`] and [`Peer::poll_incoming`] until they give nothing, and
//! [`Peer::wake`]. A frame's packets are sealed where they leave from, one behind the other, so that a
//! socket can send them in one call.
//!
//! | part | does | by |
//! |---|---|---|
//! | `choose`, `take`, `setup` | what of an offer is used, of a viewer's and of a publisher's | `sdp` |
//! | `ice` | which address works | the `is` crate |
//! | `dtls` | who it is, and the keys | the `dimpl` crate |
//! | `srtp` | sealing and opening | aws-lc |
//! | `lane`, `send`, `repair`, `rtp` | a track's packets on their way out, and once more | |
//! | `inlet`, `receive` | a track's packets on their way in, and what is missing | rtp-types |
//! | `estimate` | what the link bears | |
//! | `events`, `rtcp` | what the viewer reports, what it is told | rtcp-types |
//!
//! `client` is the other end, for tests and load, and the only file that names `str0m`. That
//! library drove this end, too, until measuring showed its price (docs/performance.md): a copy of
//! every packet's header for each viewer, and a look at every timer for each frame.
//!
//! The libraries may panic on bugs of their own: whoever drives a peer does it inside
//! `catch_unwind` and drops the peer.

mod budget;
mod choose;
#[cfg(feature = "client")]
pub mod client;
mod dtls;
mod estimate;
mod events;
mod ice;
mod inlet;
mod lane;
mod receive;
mod repair;
mod rtcp;
mod rtp;
mod send;
mod setup;
mod srtp;
mod take;
mod wire;

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use is::Candidate;
use lenswire_media::{Codec, TrackId, Tracks};

use crate::demux::{Datagram, classify};
use crate::sdp::{
    Answer, AnswerSection, Credentials, Extension, Flow, FragmentAnswer, MAX_CANDIDATES, Offer,
    RemoteCandidate, Setup,
};
use crate::{Limits, Refusal};
use budget::Budget;
use choose::{Choice, choose};
use dtls::Dtls;
use estimate::Estimator;
pub use estimate::Link;
pub use events::{Event, Figures};
use ice::Ice;
pub use inlet::Arrived;
use inlet::{Arrivals, Inlet};
use lane::Lane;
pub use receive::Incoming;
pub use send::Clock;
pub use setup::Local;
use srtp::{Opener, Sealer};
pub use wire::{Burst, Flight, Pair, Protocol, Received};

/// RTP packets taken from a publisher per second: 50 Mbit/s.
const RTP_PER_SECOND: u32 = 5_000;

/// RTCP messages taken from the other side per second. A receiver in trouble sends 50 NACKs and a few
/// reports; twice that is either broken or an attack on our retransmissions.
const RTCP_PER_SECOND: u32 = 100;

/// Largest RTCP message taken from a viewer, in bytes. A report on the packets of a hundred
/// milliseconds of replay takes most of a datagram.
const MAX_RTCP: usize = 1_400;

/// STUN messages taken from a viewer per second. A browser's fastest pace is 20 pairs at 20 a second.
const STUN_PER_SECOND: u32 = 500;

/// DTLS bytes taken until the handshake is done. A browser's part is below 4 KiB; retransmissions
/// over a bad link are allowed sixteen times that.
const MAX_HANDSHAKE: usize = 64 * 1_024;

/// DTLS records taken per second afterwards: alerts and repetitions of the last flight.
const DTLS_PER_SECOND: u32 = 20;

/// A peer with nothing to do is looked at this often.
const LONGEST_SLEEP: Duration = Duration::from_secs(3);

/// One session.
pub struct Peer {
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
    ice: Ice,
    dtls: Dtls,
    media: Media,
    /// What is sent.
    lanes: Vec<Lane>,
    /// What is received.
    inlets: Vec<Inlet>,
    /// When the packets of the transport came; `None` when the sender doesn't ask.
    arrivals: Option<Arrivals>,
    incoming: VecDeque<Incoming>,
    /// Names us in what we say of what came.
    ssrc: u32,
    delay_limit: Duration,
    figures: Figures,
    intake: Intake,
    retransmits: Budget,
    events: VecDeque<Event>,
    /// When reports are due; `None` before the first packet.
    report_due: Option<Instant>,
    /// While something depends on what the link bears.
    estimator: Option<Estimator>,
    /// Both clocks when they were last told together.
    told: Option<Clock>,
    /// Opened RTCP; kept so that it isn't allocated for each.
    opened: Vec<u8>,
}

/// Whether media can flow.
enum Media {
    /// Keys are still missing.
    Waiting,
    /// It can, since then.
    Flowing {
        sealer: Box<Sealer>,
        opener: Box<Opener>,
        since: Instant,
    },
    /// It is over.
    Ended,
}

/// What is still taken from the other side.
#[derive(Debug)]
struct Intake {
    stun: Budget,
    rtp: Budget,
    rtcp: Budget,
    dtls: Budget,
    handshake_bytes: usize,
}

impl std::fmt::Debug for Peer {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Peer")
            .field("ufrag", &self.credentials.ufrag)
            .field("pair", &self.ice.pair)
            .finish_non_exhaustive()
    }
}

impl Peer {
    /// Negotiates with a viewer: what it can receive against what the stream has. Costs about half a
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
        let is_used = |extension: &Extension| {
            extension.direction.receives() && rtp::URIS.contains(&extension.uri.as_str())
        };
        let extensions = setup::extensions(&offer, &choices, is_used);
        let mut peer = Self::new(local, limits, offer, choices, extensions, now)?;
        peer.lanes = lanes(&peer.offer, &peer.choices, &peer.extensions);
        peer.delay_limit = delay_limit;
        Ok(peer)
    }

    /// Negotiates with a publisher: what of that which it sends is taken.
    ///
    /// # Errors
    /// [`Refusal::NothingSent`], [`Refusal::NoTakenCodec`], or [`Refusal::BadSdp`] from the library.
    pub fn accept_publisher(
        local: &Arc<Local>,
        limits: &Limits,
        offer: Offer,
        now: Instant,
    ) -> Result<Self, Refusal> {
        let choices = take::take(&offer)?;
        let is_used = |extension: &Extension| {
            extension.direction.sends() && extension.uri == rtp::TRANSPORT_URI
        };
        let extensions = setup::extensions(&offer, &choices, is_used);
        let mut peer = Self::new(local, limits, offer, choices, extensions, now)?;
        peer.inlets = peer.choices.iter().map(Inlet::new).collect();
        peer.ssrc = setup::ssrcs(&[])[0];
        let counted = rtp::Numbers::of(&peer.extensions).transport();
        peer.arrivals = counted.map(|number| Arrivals::new(number, now));
        Ok(peer)
    }

    fn new(
        local: &Arc<Local>,
        limits: &Limits,
        offer: Offer,
        choices: Vec<Choice>,
        extensions: Vec<Extension>,
        now: Instant,
    ) -> Result<Self, Refusal> {
        let credentials = setup::credentials();
        let candidates = local.candidates();
        let ice = Ice::new(
            &credentials,
            &offer.credentials,
            &candidates,
            local.is_lite(),
            offer.ice_lite,
        );
        let is_client = offer.setup == Setup::Passive;
        let dtls = Dtls::new(&local.identity, &offer.fingerprint, is_client, now);
        let mut peer = Self {
            local: Arc::clone(local),
            offer,
            choices,
            extensions,
            candidates,
            credentials,
            id: rand::random::<u64>() >> 2,
            version: 0,
            remote_candidates: 0,
            ice,
            dtls,
            media: Media::Waiting,
            lanes: Vec::new(),
            inlets: Vec::new(),
            arrivals: None,
            incoming: VecDeque::new(),
            ssrc: 0,
            delay_limit: Duration::ZERO,
            figures: Figures::default(),
            intake: Intake::new(now),
            retransmits: Budget::new(limits.retransmits_per_second, now),
            events: VecDeque::new(),
            report_due: None,
            estimator: None,
            told: None,
            opened: Vec::new(),
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
        if offer.fingerprint != self.offer.fingerprint {
            return Err(Refusal::BadSdp {
                why: "a later offer may not come from another certificate".to_owned(),
            });
        }
        self.offer = offer;
        if !self.ice.knows(&self.offer.credentials) {
            self.credentials = setup::credentials();
            self.ice.restart(&self.credentials, &self.offer.credentials);
            self.remote_candidates = 0;
        }
        self.take_candidates()
    }

    /// The answer to the newest offer.
    #[must_use]
    pub fn answer(&mut self) -> String {
        self.version += 1;
        let fingerprint = self.local.identity.fingerprint();
        let candidates = self.candidate_lines();
        let extensions = self
            .offer
            .sections
            .iter()
            .map(|section| setup::extensions_of(section, &self.extensions));
        let extensions: Vec<Vec<&Extension>> = extensions.collect();
        let sent = |place: usize| {
            let choice = self.choices.iter().find(|choice| choice.place == place)?;
            let extensions = extensions.get(place).map(Vec::as_slice).unwrap_or_default();
            let lane = self.lanes.iter().find(|lane| lane.place == place);
            let sends = |lane: &Lane| Flow::Sends {
                ssrc: lane.ssrc,
                rtx_ssrc: lane.repair.map(|repair| repair.ssrc),
            };
            Some(AnswerSection {
                codec: &choice.codec,
                extensions,
                flow: lane.map_or(Flow::Receives, sends),
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

    /// What goes, video first.
    #[must_use]
    pub fn codecs(&self) -> Vec<Codec> {
        let mut codecs: Vec<Codec> = self.choices.iter().map(|choice| choice.media).collect();
        codecs.sort_by_key(|codec| codec.kind() == lenswire_media::Kind::Audio);
        codecs
    }

    /// The tracks that are sent.
    #[must_use]
    pub fn tracks(&self) -> Vec<TrackId> {
        self.lanes.iter().map(|lane| lane.track).collect()
    }

    /// The tracks that are received, as far as the offer tells.
    #[must_use]
    pub fn published(&self) -> Tracks {
        take::tracks(&self.choices)
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
            self.ice.add_candidate(&candidate.line);
        }
        Ok(())
    }

    /// Takes a datagram that came in. What can't be for this session, or is too much, is dropped.
    pub fn receive(&mut self, datagram: Received<'_>, now: Instant, out: &mut Flight) {
        if !self.takes(datagram.bytes, now) {
            return;
        }
        match classify(datagram.bytes) {
            Some(Datagram::StunRequest { .. } | Datagram::Stun) => {
                self.ice.receive(datagram, now, out);
                self.handshake(now, out);
            }
            Some(Datagram::Dtls) => {
                let outcome = self.dtls.receive(datagram.bytes, now);
                self.on_handshake(outcome, now);
                self.handshake(now, out);
            }
            Some(Datagram::Rtcp) => self.on_rtcp(datagram.bytes, now, out),
            Some(Datagram::Rtp) => self.on_rtp(datagram.bytes, now, out),
            None => {}
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
            Some(Datagram::Rtcp) => {
                self.is_connected() && bytes.len() <= MAX_RTCP && self.intake.rtcp.take(now)
            }
            // A viewer has nothing to send us.
            Some(Datagram::Rtp) => {
                !self.inlets.is_empty() && self.is_connected() && self.intake.rtp.take(now)
            }
            None => false,
        }
    }

    /// Lets time pass: what is due happens.
    pub fn advance(&mut self, now: Instant, out: &mut Flight) {
        self.ice.advance(now, out);
        let outcome = self.dtls.advance(now);
        self.on_handshake(outcome, now);
        self.handshake(now, out);
        self.report(now, out);
        self.answer_for(now, out);
    }

    /// When [`Self::advance`] is due at the latest.
    #[must_use]
    pub fn wake(&self, now: Instant) -> Instant {
        // Records wait for an address to go to.
        let dtls = self.ice.pair.and_then(|_| self.dtls.due());
        let due = [self.ice.due(), dtls, self.report_due, self.inlets_due()];
        let first = due.into_iter().flatten().min();
        first.unwrap_or(now + LONGEST_SLEEP)
    }

    /// Begins or ends to estimate what the link bears. It costs bytes in each packet and reports
    /// from the viewer, so it runs only while something depends on it. Without effect where the
    /// viewer can't say when packets come.
    pub fn set_estimating(&mut self, on: bool, now: Instant) {
        let can = self.lanes.iter().any(Lane::counts_transport);
        if !on {
            self.estimator = None;
        } else if can && self.estimator.is_none() {
            self.estimator = Some(Estimator::new(now));
        }
    }

    /// Whether an estimate is under way.
    #[must_use]
    pub fn is_estimating(&self) -> bool {
        self.estimator.is_some()
    }

    /// What the link is estimated to bear; `None` when nothing is estimated or known yet.
    #[must_use]
    pub fn link(&self, now: Instant) -> Option<Link> {
        self.estimator.as_ref()?.link(now)
    }

    /// The next thing that happened.
    pub fn poll_event(&mut self) -> Option<Event> {
        self.events.pop_front()
    }

    /// Says goodbye (RTCP BYE and DTLS close_notify); send it, then drop.
    pub fn close(&mut self, out: &mut Flight) {
        self.say_goodbye(out);
        self.dtls.close();
        if let Some(pair) = self.ice.pair {
            self.dtls.drain(|record| out.push(pair, record));
        }
        self.media = Media::Ended;
    }

    /// Whether a candidate pair works.
    #[must_use]
    pub fn has_ice(&self) -> bool {
        self.ice.is_up
    }

    /// Whether media can be sent.
    #[must_use]
    pub fn is_connected(&self) -> bool {
        matches!(self.media, Media::Flowing { .. })
    }

    /// Where media goes.
    #[must_use]
    pub fn pair(&self) -> Option<Pair> {
        self.ice.pair
    }

    /// When the other side last proved that it is there: a check with the right password
    /// (RFC 7675: consent).
    #[must_use]
    pub fn heard(&self) -> Option<Instant> {
        self.ice.heard
    }

    /// The pair over which a check with the right password has come since the last call.
    pub fn take_proven(&mut self) -> Option<Pair> {
        self.ice.proven.take()
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

impl Intake {
    fn new(now: Instant) -> Self {
        Self {
            stun: Budget::new(STUN_PER_SECOND, now),
            rtp: Budget::new(RTP_PER_SECOND, now),
            rtcp: Budget::new(RTCP_PER_SECOND, now),
            dtls: Budget::new(DTLS_PER_SECOND, now),
            handshake_bytes: 0,
        }
    }
}

fn lanes(offer: &Offer, choices: &[Choice], extensions: &[Extension]) -> Vec<Lane> {
    let mut taken = Vec::new();
    let mut lanes = Vec::new();
    for choice in choices {
        let Some(section) = offer.sections.get(choice.place) else {
            continue;
        };
        let ssrcs = setup::ssrcs(&taken);
        taken.extend(ssrcs);
        let extensions = setup::extensions_of(section, extensions);
        lanes.push(Lane::new(choice, &extensions, ssrcs));
    }
    lanes
}

#[cfg(test)]
mod tests;
