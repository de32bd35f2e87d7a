//! What strangers send as text: offers, candidates and ICE fragments, bounded and read here before
//! the WebRTC library sees any of it; and the answers, which are ours from the first line to the last.
//!
//! Only what is needed is read: one transport (a bundle), the payload types and header
//! extensions of its sections. Everything else in an offer is passed over or, where it is a section
//! of its own, rejected in its place in the answer.

mod answer;
mod candidate;
mod fragment;
mod lines;
mod offer;

pub use answer::{Answer, AnswerSection, Codec, Flow};
pub(crate) use candidate::is_link_local;
pub use candidate::{Reach, RemoteCandidate};
pub use fragment::{Fragment, FragmentAnswer};
pub use offer::{Direction, Extension, Offer, Payload, Section, SectionKind, Setup};

/// Longest SDP taken, in bytes. A browser's offer for sixteen sections stays below 60 KiB.
pub const MAX_SDP: usize = 64 * 1_024;

/// Most media sections (`m=` lines) taken.
pub const MAX_SECTIONS: usize = 16;

/// Most remote candidates taken per ICE generation; with two local ones of a family that is 40 pairs.
pub const MAX_CANDIDATES: usize = 20;

/// ICE credentials of one side and generation (RFC 8839 section 5.4). The password authenticates
/// every check, so it is never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct Credentials {
    /// Names the session in every check.
    pub ufrag: String,
    /// Authenticates the checks.
    pub password: String,
}

impl Credentials {
    /// Checks the grammar: 4 to 256 and 22 to 256 letters, digits, `+` and `/`. `-`, `_` and `=` are
    /// taken too, some stacks use them.
    ///
    /// # Errors
    /// What is wrong, in words.
    pub fn new(ufrag: &str, password: &str) -> Result<Self, String> {
        let fits = |text: &str, least: usize| {
            (least..=256).contains(&text.len()) && text.bytes().all(is_ice_char)
        };
        if !fits(ufrag, 4) {
            return Err("ice-ufrag is not 4 to 256 ICE characters".to_owned());
        }
        if !fits(password, 22) {
            return Err("ice-pwd is not 22 to 256 ICE characters".to_owned());
        }
        Ok(Self {
            ufrag: ufrag.to_owned(),
            password: password.to_owned(),
        })
    }
}

impl std::fmt::Debug for Credentials {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Credentials")
            .field("ufrag", &self.ufrag)
            .finish_non_exhaustive()
    }
}

fn is_ice_char(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'-' | b'_' | b'=')
}
