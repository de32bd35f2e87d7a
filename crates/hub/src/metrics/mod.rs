//! What is counted, and how `/metrics` tells it (requirement 86).
//!
//! Base units, names that begin with `lenswire_`, and few label values: streams, states and problem
//! codes, never a session, an address or a name that a stranger chose. What is summed up from what
//! already counts itself (sessions, sources, media threads) is gathered when it is asked for; only
//! what nobody else remembers is in [`Counts`].

mod figures;
#[cfg(test)]
mod tests;
mod text;

use std::time::Duration;

use lenswire_api::Code;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::histogram::Histogram;

pub(crate) use figures::{Figures, Picture, Totals};
pub(crate) use text::text;

/// From a picture that is as fresh as a browser can show it to one that is of no use for steering a
/// camera any more; seconds.
const DELAYS: [f64; 12] = [
    0.025, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.5, 1.0, 2.0, 5.0, 10.0,
];

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Coded {
    code: &'static str,
}

/// What is counted as it happens.
#[derive(Debug)]
pub(crate) struct Counts {
    delay: Histogram,
    problems: Family<Coded, Counter>,
    request_panics: Counter,
}

impl Default for Counts {
    fn default() -> Self {
        Self {
            delay: Histogram::new(DELAYS),
            problems: Family::default(),
            request_panics: Counter::default(),
        }
    }
}

impl Counts {
    /// A viewer's picture is that late now. Once a second for each viewer.
    pub(crate) fn delay(&self, delay: Duration) {
        self.delay.observe(delay.as_secs_f64());
    }

    /// A source or a viewer has this problem from now on.
    pub(crate) fn problem(&self, code: Code) {
        let label = Coded { code: code.name() };
        self.problems.get_or_create(&label).inc();
    }

    /// A request's handler panicked (D9); how often that has happened.
    pub(crate) fn request_panicked(&self) -> u64 {
        self.request_panics.inc() + 1
    }

    /// How often a request's handler has panicked.
    pub(crate) fn request_panics(&self) -> u64 {
        self.request_panics.get()
    }
}
