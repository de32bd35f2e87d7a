//! Grants: who may do what with which streams, until when, as a signed value that is verified
//! offline. A grant is a JWT (RFC 7519) signed with Ed25519 (RFC 8037) and nothing else.

mod key;
mod pattern;
#[cfg(test)]
mod tests;
mod verify;

use std::time::Duration;

pub use key::{PublicKey, SigningKey};
pub use pattern::Pattern;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
pub use verify::{GrantError, Issuer, Verifier};

use crate::{StreamName, UnixTime};

/// How far the clocks of issuer and verifier may differ. Twice as much would let a page's grant
/// (60 s) live three times as long as it says.
pub const LEEWAY: Duration = Duration::from_secs(60);

/// Longest token that is looked at, in bytes: with 64 patterns ours stay below it, and what is
/// longer should not cost a signature check.
pub const TOKEN_LIMIT: usize = 8 * 1024;

/// What one may do with a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// See and hear it.
    Watch,
    /// Be its source.
    Publish,
    /// Send commands to what stands behind it.
    Control,
}

impl Scope {
    /// Its name in grants and bodies.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Watch => "watch",
            Self::Publish => "publish",
            Self::Control => "control",
        }
    }
}

/// What a grant's issuer says. All of it is needed but `nbf`, and each has one type only: a claim
/// of another type makes the token invalid rather than the claim absent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claims {
    /// Who signed it.
    pub iss: String,
    /// Whom it is for: `hub:<id>` or `robot:<id>`.
    pub aud: String,
    /// Whom it was given to.
    pub sub: String,
    /// When it was made.
    pub iat: UnixTime,
    /// From when on it holds; from the start when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nbf: Option<UnixTime>,
    /// Until when it holds.
    pub exp: UnixTime,
    /// Its own number, for revoking it.
    pub jti: String,
    /// Which streams.
    pub streams: Vec<Pattern>,
    /// To do what with them.
    pub scope: Vec<Scope>,
}

/// Claims that were verified. Only [`Verifier::verify`] makes one, so holding it is the proof.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    claims: Claims,
    skewed: bool,
}

impl Grant {
    /// Whether it covers doing `scope` with `stream`.
    #[must_use]
    pub fn allows(&self, scope: Scope, stream: &StreamName) -> bool {
        self.claims.scope.contains(&scope)
            && self
                .claims
                .streams
                .iter()
                .any(|pattern| pattern.matches(stream))
    }

    /// What was signed.
    #[must_use]
    pub const fn claims(&self) -> &Claims {
        &self.claims
    }

    /// Whether it holds only thanks to [`LEEWAY`]: worth a line in the log, for one of the two
    /// clocks is wrong.
    #[must_use]
    pub const fn is_skewed(&self) -> bool {
        self.skewed
    }

    /// How long what was opened with it may go on: until `exp`, or until the leeway's end when
    /// `exp` has already passed.
    #[must_use]
    pub const fn remaining(&self, now: UnixTime) -> Duration {
        let exp = self.claims.exp;
        if exp.0 > now.0 {
            exp.since(now)
        } else {
            exp.plus(LEEWAY).since(now)
        }
    }
}
