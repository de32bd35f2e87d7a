//! How a stream's source stands, as everybody may know it.

use std::time::Instant;

use lenswire_api::{Code, Problem, StreamName};

use super::Role;
use crate::supervise::Phase;

/// How a stream's source stands.
#[derive(Clone, Debug, PartialEq)]
pub struct Standing {
    pub(crate) phase: Phase,
    pub(crate) since: Instant,
    /// Why it doesn't play; gone when it does.
    pub problem: Option<Problem>,
    /// It plays or could, but somebody should know.
    pub warnings: Vec<Problem>,
    /// How often it came back.
    pub reconnects: u64,
    /// How often its driver panicked.
    pub panics: u64,
}

impl Standing {
    /// One word: `idle`, `connecting`, `live`, `stalled`, `retrying`, `parked`.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self.phase {
            Phase::Idle => "idle",
            Phase::Connecting => "connecting",
            Phase::Live => "live",
            Phase::Stalled => "stalled",
            Phase::Retrying(_) => "retrying",
            Phase::Parked(_) => "parked",
        }
    }

    /// Why there is no picture: the problem that ended the last attempt, else that this one has
    /// brought none so far. Other warnings are about pictures that come.
    #[must_use]
    pub fn reason(&self) -> Option<&Problem> {
        let silent = |warning: &&Problem| warning.code == Code::CameraSilent;
        self.problem
            .as_ref()
            .or_else(|| self.warnings.iter().find(silent))
    }

    /// When the source is tried again, if it waits.
    #[must_use]
    pub fn retry_at(&self) -> Option<Instant> {
        match self.phase {
            Phase::Retrying(at) | Phase::Parked(at) => at,
            _ => None,
        }
    }

    /// Since when that word holds.
    #[must_use]
    pub fn since(&self) -> Instant {
        self.since
    }

    /// What is worth a line in the log when it changes; the time of the next attempt is not.
    pub(crate) fn cause(&self) -> (&'static str, Option<Code>) {
        (
            self.word(),
            self.problem.as_ref().map(|problem| problem.code),
        )
    }

    pub(super) fn log(&self, stream: &StreamName, role: &Role) {
        let (stream, state, what) = (stream.as_str(), self.word(), role.word());
        match &self.problem {
            Some(problem) => {
                tracing::warn!(stream, state, code = problem.code.name(), %problem, "{what}");
            }
            None => tracing::info!(stream, state, "{what}"),
        }
    }
}
