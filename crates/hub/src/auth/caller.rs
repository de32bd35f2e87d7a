//! Somebody who asks for something.

use lenswire_api::{Code, Grant, Problem, Scope, StreamName};

use crate::config::Viewers;

/// Who asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Caller {
    /// Nobody in particular.
    Anonymous,
    /// An administrator.
    Administrator(How),
    /// The bearer of a grant.
    Grant(Grant),
}

/// How an administrator showed to be one, by the name that the store knows it by.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum How {
    /// A cookie (its hash), which a browser sends by itself: whether a page of ours sent the
    /// request was checked.
    Cookie([u8; 32]),
    /// A token in a header (its number), which nobody sends by accident.
    Token(String),
}

/// What somebody showed, and what can be taken back while they use it (SEC-13).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Credential {
    /// An administrator's cookie or token.
    Administrator(How),
    /// A grant, by its number (`jti`).
    Grant(String),
}

impl Caller {
    /// What it showed; nothing when it showed nothing.
    #[must_use]
    pub fn credential(&self) -> Option<Credential> {
        match self {
            Self::Anonymous => None,
            Self::Administrator(how) => Some(Credential::Administrator(how.clone())),
            Self::Grant(grant) => Some(Credential::Grant(grant.claims().jti.clone())),
        }
    }

    /// Whether a browser sent by itself what shows who this is.
    #[must_use]
    pub const fn is_by_cookie(&self) -> bool {
        matches!(self, Self::Administrator(How::Cookie(_)))
    }

    /// Whether it may do `scope` with the stream, whose `viewers` may be anyone. For a stream that
    /// does not exist ask with [`Viewers::Grant`]: who may not know it is not told.
    ///
    /// # Errors
    /// 401 for who showed nothing, 403 for who showed a grant for something else.
    pub fn may(&self, scope: Scope, stream: &StreamName, viewers: Viewers) -> Result<(), Problem> {
        match (self, scope, viewers) {
            (Self::Administrator(_), ..) | (_, Scope::Watch, Viewers::Anyone) => Ok(()),
            (Self::Grant(grant), ..) if grant.allows(scope, stream) => Ok(()),
            (Self::Grant(_), ..) => Err(Problem::new(
                Code::Forbidden,
                "This grant is for something else.",
            )),
            (Self::Anonymous, ..) => Err(Code::Unauthorized.into()),
        }
    }

    /// Whether it is an administrator.
    ///
    /// # Errors
    /// 401 for who showed nothing, 403 for who showed a grant.
    pub fn must_administrate(&self) -> Result<(), Problem> {
        match self {
            Self::Administrator(_) => Ok(()),
            Self::Grant(_) => Err(Problem::new(
                Code::Forbidden,
                "Only an administrator may do that.",
            )),
            Self::Anonymous => Err(Code::Unauthorized.into()),
        }
    }
}
