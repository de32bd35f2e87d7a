//! The handshake: DTLS 1.2 by dimpl, the other side's certificate checked against the fingerprint
//! that it signalled (RFC 8122), and the keys for SRTP that come of it (RFC 5764).

use std::sync::Arc;
use std::time::Instant;

use aws_lc_rs::digest;
use dimpl::{Config, DtlsCertificate, Output as Theirs, SrtpProfile};

use super::srtp::{self, Opener, Profile, Sealer};

/// Largest datagram that the handshake makes, so that it passes where media passes.
const MTU: usize = 1_200;

/// Room for one record out or in.
const ROOM: usize = 2_048;

/// The certificate that all peers of an engine show, and how they speak.
#[derive(Clone)]
pub(super) struct Identity {
    config: Arc<Config>,
    certificate: DtlsCertificate,
}

impl Identity {
    /// Makes a certificate (ECDSA P-256); `None` when the system has no randomness to make it of.
    pub(super) fn new() -> Option<Self> {
        // ICE has proven where the other side is before DTLS answers, a cookie would only cost a
        // round trip.
        let config = Config::builder().mtu(MTU).use_server_cookie(false);
        Some(Self {
            config: Arc::new(config.build().ok()?),
            certificate: dimpl::certificate::generate_self_signed_certificate().ok()?,
        })
    }

    /// `sha-256 AB:CD:...`, for SDP.
    pub(super) fn fingerprint(&self) -> String {
        fingerprint(&self.certificate.certificate)
    }
}

fn fingerprint(certificate: &[u8]) -> String {
    let hash = digest::digest(&digest::SHA256, certificate);
    let bytes: Vec<String> = hash
        .as_ref()
        .iter()
        .map(|byte| format!("{byte:02X}"))
        .collect();
    format!("sha-256 {}", bytes.join(":"))
}

/// What a handshake comes to.
pub(super) enum Outcome {
    /// Media can be sealed.
    Keys(Box<(Sealer, Opener)>),
    /// The other side said goodbye.
    Goodbye,
    /// It is not who it said it was, or does not speak DTLS.
    Failed(String),
}

/// How far it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// Its certificate has not come.
    Unknown,
    /// It is who it said it was.
    Proven,
    /// Nothing is said any more.
    Over,
}

/// One session's DTLS.
pub(super) struct Dtls {
    inner: dimpl::Dtls,
    /// Of the other side, as its SDP says.
    expected: String,
    is_client: bool,
    state: State,
    due: Option<Instant>,
}

impl Dtls {
    /// `is_client` = we begin.
    pub(super) fn new(identity: &Identity, expected: &str, is_client: bool, now: Instant) -> Self {
        let mut inner = dimpl::Dtls::new_12(
            Arc::clone(&identity.config),
            identity.certificate.clone(),
            now,
        );
        inner.set_active(is_client);
        Self {
            inner,
            expected: expected.to_owned(),
            is_client,
            state: State::Unknown,
            due: Some(now),
        }
    }

    /// When [`Self::advance`] is due.
    pub(super) fn due(&self) -> Option<Instant> {
        self.due
    }

    /// Takes a record. Follow with [`Self::drain`].
    pub(super) fn receive(&mut self, record: &[u8], now: Instant) -> Option<Outcome> {
        if self.state == State::Over {
            return None;
        }
        // It tells the time by timeouts alone.
        let taken = self
            .inner
            .handle_timeout(now)
            .and_then(|()| self.inner.handle_packet(record));
        taken.err().map(|error| self.fail(error.to_string()))
    }

    /// Lets time pass. Follow with [`Self::drain`].
    pub(super) fn advance(&mut self, now: Instant) -> Option<Outcome> {
        if self.state == State::Over || self.due.is_none_or(|due| due > now) {
            return None;
        }
        let passed = self.inner.handle_timeout(now);
        passed.err().map(|error| self.fail(error.to_string()))
    }

    /// Says goodbye. Follow with [`Self::drain`].
    pub(super) fn close(&mut self) {
        if self.state != State::Over && self.inner.close().is_err() {
            self.state = State::Over;
        }
    }

    /// Gives records to `send` until something happens or nothing is left.
    pub(super) fn drain(&mut self, mut send: impl FnMut(&[u8])) -> Option<Outcome> {
        let mut room = [0_u8; ROOM];
        while self.state != State::Over {
            match self.inner.poll_output(&mut room) {
                Theirs::Packet(record) => send(record),
                Theirs::Timeout(at) => {
                    self.due = Some(at);
                    return None;
                }
                Theirs::PeerCert(certificate) => {
                    if fingerprint(certificate) != self.expected {
                        let why = "its certificate is not the one of its SDP";
                        return Some(self.fail(why.to_owned()));
                    }
                    self.state = State::Proven;
                }
                Theirs::KeyingMaterial(material, profile) => {
                    return Some(self.keys(&material, profile));
                }
                Theirs::CloseNotify => return Some(Outcome::Goodbye),
                Theirs::BufferTooSmall { needed } => {
                    return Some(self.fail(format!("a record of {needed} bytes")));
                }
                // There are no data channels; what else there may be one day is not for us.
                _ => {}
            }
        }
        None
    }

    fn keys(&mut self, material: &[u8], profile: SrtpProfile) -> Outcome {
        let profile = match profile {
            SrtpProfile::AES128_CM_SHA1_80 => Profile::Aes128CmSha1,
            SrtpProfile::AEAD_AES_128_GCM => Profile::Aes128Gcm,
            SrtpProfile::AEAD_AES_256_GCM => Profile::Aes256Gcm,
            other => return self.fail(format!("the SRTP profile {other:?} is unknown")),
        };
        if self.state != State::Proven {
            return self.fail("it showed no certificate".to_owned());
        }
        match srtp::contexts(profile, material, self.is_client) {
            Some(contexts) => Outcome::Keys(Box::new(contexts)),
            None => self.fail("the exported keys are too short".to_owned()),
        }
    }

    fn fail(&mut self, why: String) -> Outcome {
        self.state = State::Over;
        self.due = None;
        Outcome::Failed(why)
    }
}
