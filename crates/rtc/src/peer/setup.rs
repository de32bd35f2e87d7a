//! What the peers of an engine have in common, and what a session takes of an offer.

use std::net::{IpAddr, SocketAddr};

use is::Candidate;
use rand::RngExt as _;

use super::choose::Choice;
use super::dtls::Identity;
use super::rtp;
use crate::sdp::{Credentials, Extension, Offer, Section};
use crate::{Ice, Refusal};

/// Letters of a user fragment: 48 bits of chance; it names a session, it doesn't guard it.
const UFRAG_LETTERS: usize = 8;

/// Letters of a password: 192 bits of chance.
const PASSWORD_LETTERS: usize = 32;

/// The grammar's 64 letters (RFC 8839 section 5.4).
const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// What the peers of an engine share.
#[derive(Clone)]
pub struct Local {
    announced: Vec<SocketAddr>,
    with_tcp: bool,
    ice: Ice,
    pub(super) identity: Identity,
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
        Ok(Self {
            announced,
            with_tcp,
            ice,
            identity: Identity::new().ok_or(Refusal::Internal)?,
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

    /// UDP first, in the order of the addresses, then TCP: also the order in the answer.
    pub(super) fn candidates(&self) -> Vec<Candidate> {
        let udp = self
            .announced
            .iter()
            .filter_map(|address| Candidate::builder().udp().host(*address).build().ok());
        let tcp = self.announced.iter().filter(|_| self.with_tcp);
        let tcp = tcp.filter_map(|address| {
            let host = Candidate::builder().tcp().host(*address);
            host.tcptype("passive".parse().ok()?).build().ok()
        });
        udp.chain(tcp).collect()
    }
}

/// The header extensions in use with the client's numbers, one list for the session: the numbers of a
/// bundle are the same in all its sections (RFC 8843 section 9.2).
pub(super) fn extensions(
    offer: &Offer,
    choices: &[Choice],
    is_used: impl Fn(&Extension) -> bool,
) -> Vec<Extension> {
    let mut chosen: Vec<Extension> = Vec::new();
    let sections = choices
        .iter()
        .filter_map(|choice| offer.sections.get(choice.place));
    for section in sections {
        for extension in &section.extensions {
            let is_known =
                |other: &Extension| other.number == extension.number || other.uri == extension.uri;
            if is_used(extension)
                && rtp::fits(extension, &section.mid)
                && !chosen.iter().any(is_known)
            {
                chosen.push(extension.clone());
            }
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

/// ICE credentials of a new generation.
pub(super) fn credentials() -> Credentials {
    Credentials {
        ufrag: letters(UFRAG_LETTERS),
        password: letters(PASSWORD_LETTERS),
    }
}

fn letters(count: usize) -> String {
    let mut random = rand::rng();
    let letter = |_| char::from(LETTERS[usize::from(random.random::<u8>()) % LETTERS.len()]);
    (0..count).map(letter).collect()
}

/// Two sources that are not 0 and not each other, nor any of `taken`.
pub(super) fn ssrcs(taken: &[u32]) -> [u32; 2] {
    let mut fresh = [0; 2];
    for at in 0..fresh.len() {
        while fresh[at] == 0 || taken.contains(&fresh[at]) || fresh[..at].contains(&fresh[at]) {
            fresh[at] = rand::random();
        }
    }
    fresh
}
