//! Who owns a session.

use crate::auth::{Credential, How};

/// By whose leave a session exists. What it may do later takes the same one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Identity {
    /// The stream is open to anyone.
    Anyone,
    /// An administrator, and what showed it.
    Administrator(How),
    /// The bearer of a grant.
    Grant {
        /// Who signed it.
        issuer: String,
        /// Whom it was given to.
        subject: String,
        /// The grant's own number (`jti`), which limits and revocation go by.
        number: String,
    },
}

impl Identity {
    /// What can be taken back while the session is open; nothing when nothing had to be shown.
    #[must_use]
    pub fn credential(&self) -> Option<Credential> {
        match self {
            Self::Anyone => None,
            Self::Administrator(how) => Some(Credential::Administrator(how.clone())),
            Self::Grant { number, .. } => Some(Credential::Grant(number.clone())),
        }
    }

    /// Whether `other` is the same somebody. A renewed grant has another number, and an
    /// administrator may sign in anew.
    #[must_use]
    pub fn is(&self, other: &Self) -> bool {
        match (self, other) {
            (
                Self::Grant {
                    issuer, subject, ..
                },
                Self::Grant {
                    issuer: other_issuer,
                    subject: other_subject,
                    ..
                },
            ) => issuer == other_issuer && subject == other_subject,
            (Self::Anyone, Self::Anyone) | (Self::Administrator(_), Self::Administrator(_)) => true,
            _ => false,
        }
    }
}
