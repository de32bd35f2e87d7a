//! A stream and its substream are entries of one kind: what each is to the other.

use std::sync::Arc;

use super::Entry;
use crate::source::Source;

/// What an entry is.
pub(crate) enum Role {
    /// A stream, with the smaller picture of the same scene that it owns.
    Main(Arc<Entry>),
    /// That smaller picture.
    Substream,
}

impl Role {
    /// The word in the log.
    pub(super) const fn word(&self) -> &'static str {
        match self {
            Self::Main(_) => "source",
            Self::Substream => "substream",
        }
    }
}

/// Where a stream's pictures come from.
#[derive(Debug, Default)]
pub(crate) struct Sources {
    pub(crate) main: Option<Source>,
    pub(crate) substream: Option<Source>,
}

impl From<Option<Source>> for Sources {
    fn from(main: Option<Source>) -> Self {
        Self {
            main,
            substream: None,
        }
    }
}
