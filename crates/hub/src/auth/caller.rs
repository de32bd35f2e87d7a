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

/// How an administrator showed to be one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum How {
    /// A cookie, which a browser sends by itself: whether a page of ours sent the request was
    /// checked.
    Cookie,
    /// A token in a header, which nobody sends by accident.
    Token,
}

impl Caller {
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
