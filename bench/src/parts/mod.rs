//! The parts of the suite, each a list of points.

mod adapt;
mod drift;
mod endurance;
mod known;
mod load;
mod scale;
mod streams;
mod watch;

use crate::browser::Play;
use crate::link::NEAR;
use crate::server::{Make, Server};
use crate::suite::{Bench, Notes, Part};

pub(crate) use drift::quirks;

/// Seconds that don't count after Chromium has joined: its jitter buffer fills.
const SETTLE: u64 = 3;

/// Measures one part of one server.
pub(crate) fn measure(bench: &mut Bench<'_>, part: Part, make: &Make, notes: &mut Notes) {
    match part {
        // It has no server.
        Part::Limit => {}
        Part::Start => load::start(bench, make, notes),
        Part::Fanout => load::fanout(bench, make, notes),
        Part::Latency => load::latency(bench, make, notes),
        Part::Delays => watch::delays(bench, make, notes),
        Part::Joins => watch::joins(bench, make, notes),
        Part::Loss => watch::loss(bench, make, notes),
        Part::Adapt => adapt::measure(bench, make, notes),
        Part::Idle => scale::idle(bench, make, notes),
        Part::Scale => scale::churn(bench, make, notes),
        Part::Streams => streams::measure(bench, make, notes),
        Part::Known => known::measure(bench, make, notes),
        Part::Endurance => endurance::measure(bench, make, notes),
        Part::Drift => drift::measure(bench, make, notes),
    }
}

impl Bench<'_> {
    /// One join by WHEP, on this side.
    fn play(&self, server: &Server, seconds: u64) -> Play<'_> {
        Play {
            script: &self.plan.browser,
            enter: Vec::new(),
            url: server.whep(),
            own_page: false,
            joins: 1,
            settle: SETTLE,
            seconds,
            period: 0.0,
        }
    }
}

/// Where a server has to be so that Chromium on the far side finds it.
const BEHIND_LINK: std::net::IpAddr = NEAR;
