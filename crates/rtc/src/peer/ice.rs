//! ICE (RFC 8445) by the `is` crate: which address of the other side works, and that it is still
//! there.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use aws_lc_rs::hmac;
use is::stun::{StunMessage, StunPacket};
use is::{Candidate, IceAgent, IceAgentEvent, IceCreds, Protocol as TheirProtocol};

use super::wire::{Flight, Pair, Protocol, Received};
use crate::demux::is_stun_success;
use crate::sdp::Credentials;

/// Pairs checked at most; with 20 remote candidates and two local ones of a family that is all.
const MOST_PAIRS: usize = 40;

/// One session's agent.
pub(super) struct Ice {
    agent: IceAgent,
    due: Option<Instant>,
    /// Where media goes: the pair nominated last, of an earlier generation too until the newest has one.
    pub(super) pair: Option<Pair>,
    /// A pair was checked.
    pub(super) is_up: bool,
    /// When a check with the right password last came in.
    pub(super) heard: Option<Instant>,
    /// The pair that it came over, until that is asked for.
    pub(super) proven: Option<Pair>,
}

/// HMAC for STUN (RFC 8489 section 14.5), by aws-lc.
#[derive(Debug)]
struct Hmac;

impl is::Sha1HmacProvider for Hmac {
    fn sha1_hmac(&self, key: &[u8], payloads: &[&[u8]]) -> [u8; 20] {
        let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, key);
        let mut context = hmac::Context::with_key(&key);
        for payload in payloads {
            context.update(payload);
        }
        let mut out = [0; 20];
        for (byte, from) in out.iter_mut().zip(context.sign().as_ref()) {
            *byte = *from;
        }
        out
    }
}

impl Ice {
    /// Answers, and unless `is_lite` makes, checks. `is_controlling` when the other side is lite.
    pub(super) fn new(
        local: &Credentials,
        remote: &Credentials,
        candidates: &[Candidate],
        is_lite: bool,
        is_controlling: bool,
    ) -> Self {
        let mut agent = IceAgent::with_hmac(theirs(local), &Hmac);
        agent.set_ice_lite(is_lite);
        agent.set_controlling(is_controlling);
        agent.set_max_candidate_pairs(MOST_PAIRS);
        for candidate in candidates {
            agent.add_local_candidate(candidate.clone());
        }
        agent.set_remote_credentials(theirs(remote));
        Self {
            agent,
            due: None,
            pair: None,
            is_up: false,
            heard: None,
            proven: None,
        }
    }

    /// Begins another generation; media goes on over the old pair until the new one has one.
    pub(super) fn restart(&mut self, local: &Credentials, remote: &Credentials) {
        self.agent.ice_restart(theirs(local), true);
        self.agent.set_remote_credentials(theirs(remote));
        self.due = None;
    }

    /// Whether these are the credentials of the present generation.
    pub(super) fn knows(&self, remote: &Credentials) -> bool {
        self.agent.remote_credentials() == Some(&theirs(remote))
    }

    pub(super) fn add_candidate(&mut self, line: &str) {
        match Candidate::from_sdp_string(line) {
            Ok(candidate) => {
                self.agent.add_remote_candidate(candidate);
                self.due = None;
            }
            Err(error) => tracing::debug!(%error, "candidate passed over"),
        }
    }

    pub(super) fn rtt(&self) -> Option<Duration> {
        self.agent.nominated_pair_rtt()
    }

    pub(super) fn due(&self) -> Option<Instant> {
        self.due
    }

    pub(super) fn receive(&mut self, datagram: Received<'_>, now: Instant, out: &mut Flight) {
        let Ok(message) = StunMessage::parse(datagram.bytes) else {
            return;
        };
        let packet = StunPacket {
            proto: their_protocol(datagram.pair.protocol),
            source: datagram.pair.remote,
            destination: datagram.pair.local,
            message,
        };
        if self.agent.handle_packet(now, packet) {
            // A nomination that came with it is seen only when time passes: at once, then.
            self.turn(now, out);
        }
    }

    /// Lets time pass when it is due.
    pub(super) fn advance(&mut self, now: Instant, out: &mut Flight) {
        if self.due.is_none_or(|due| due <= now) {
            self.turn(now, out);
        }
    }

    fn turn(&mut self, now: Instant, out: &mut Flight) {
        self.agent.handle_timeout(now);
        while let Some(transmit) = self.agent.poll_transmit() {
            let pair = pair(transmit.proto, transmit.source, transmit.destination);
            // What is answered so knew the password.
            if is_stun_success(&transmit.contents) {
                self.heard = Some(now);
                self.proven = Some(pair);
            }
            out.push(pair, &transmit.contents);
        }
        while let Some(event) = self.agent.poll_event() {
            match event {
                IceAgentEvent::IceConnectionStateChange(state) => {
                    self.is_up |= state.is_connected();
                }
                IceAgentEvent::NominatedSend {
                    proto,
                    source,
                    destination,
                } => self.pair = Some(pair(proto, source, destination)),
                IceAgentEvent::IceRestart(_) | IceAgentEvent::DiscoveredRecv { .. } => {}
            }
        }
        self.due = self.agent.poll_timeout();
    }
}

fn theirs(credentials: &Credentials) -> IceCreds {
    IceCreds {
        ufrag: credentials.ufrag.clone(),
        pass: credentials.password.clone(),
    }
}

fn their_protocol(protocol: Protocol) -> TheirProtocol {
    match protocol {
        Protocol::Udp => TheirProtocol::Udp,
        Protocol::Tcp => TheirProtocol::Tcp,
    }
}

fn pair(protocol: TheirProtocol, local: SocketAddr, remote: SocketAddr) -> Pair {
    let protocol = match protocol {
        TheirProtocol::Udp => Protocol::Udp,
        // Only these two are ever announced.
        _ => Protocol::Tcp,
    };
    Pair {
        protocol,
        local,
        remote,
    }
}
