//! Who owns a session.

/// By whose leave a session exists. What it may do later takes the same one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Identity {
    /// The stream is open to anyone.
    Anyone,
    /// An administrator.
    Administrator,
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
    /// Whether `other` is the same somebody. A renewed grant has another number.
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
            _ => self == other,
        }
    }
}
