//! A link that narrows and widens again: how soon the smaller picture comes, how soon the larger one is
//! back, and what watching the bandwidth costs the server.

use std::time::Duration;

use anyhow::Result;
use serde_json::{Value, json};

use super::{BEHIND_LINK, load};
use crate::browser::{Play, Watched};
use crate::clock;
use crate::fanout;
use crate::figures::rounded;
use crate::impair::Impairment;
use crate::relay::Relay;
use crate::server::{Kind, Make, Stream};
use crate::suite::{Bench, Notes, Part};

/// Kilobits a second, before and after, and between.
const WIDE: u64 = 4_000;
const NARROW: u64 = 500;

/// Seconds of each of the three spells: the page's start belongs to the first, and growing back is slow.
const SPELLS: [u64; 3] = [20, 25, 40];

/// Heights of the two pictures.
const MAIN: f64 = 720.0;
const SUB: f64 = 360.0;

/// Viewers for the cost of estimating.
const VIEWERS: usize = 100;

/// Both points. Others than Lenswire have one picture only, and show what that means.
pub(super) fn measure(bench: &mut Bench<'_>, make: &Make, notes: &mut Notes) {
    let point = bench.link().and_then(|bench| narrowing(bench, make));
    notes.point(make, Part::Adapt, "narrowing", point);
    if make.kind == Kind::Lenswire {
        let cost = bench.with(make, &[stream()], |server| {
            fanout::measure(
                &load::load(server, VIEWERS)?,
                server.pid(),
                bench.plan.fanout_windows(),
            )
        });
        notes.point(make, Part::Adapt, "cost", cost);
    }
}

fn stream() -> Stream {
    Stream {
        substream: Some("sub"),
        ..Stream::of("clip1")
    }
}

fn narrowing(bench: &Bench<'_>, make: &Make) -> Result<Value> {
    let link = bench.far_side()?;
    let wide = Impairment {
        delay: 10,
        ..Impairment::narrow(WIDE)
    };
    let relay = link.relay(bench.plan.address, make.kind.media_port(), wide)?;
    bench.with_at(make, BEHIND_LINK, &[stream()], |server| {
        server.wait_for_stream()?;
        let play = Play {
            enter: link.enter(),
            ..bench.play(server, SPELLS.iter().sum())
        };
        let (watched, changes) = std::thread::scope(|scope| {
            let changing = scope.spawn(|| change(&relay, wide));
            let watched = play.watch();
            (watched, changing.join())
        });
        let changes = changes.map_err(|_| anyhow::anyhow!("the link's thread panicked"))?;
        let mut figures = summary(&watched?, changes);
        figures["relay"] = relay.counters();
        Ok(figures)
    })
}

/// Narrows and widens the link; when it did, in milliseconds since 1970.
fn change(relay: &Relay, wide: Impairment) -> [f64; 2] {
    let wall = || clock::wall().0 as f64 / 1e3;
    std::thread::sleep(Duration::from_secs(SPELLS[0]));
    relay.set(Impairment {
        rate: NARROW,
        ..wide
    });
    let narrowed = wall();
    std::thread::sleep(Duration::from_secs(SPELLS[1]));
    relay.set(wide);
    [narrowed, wall()]
}

fn summary(watched: &Watched, [narrowed, widened]: [f64; 2]) -> Value {
    let time = |at: f64| watched.origin + at;
    let first = |from: f64, to: f64, height: f64| {
        let mut pictures = watched.pictures.iter();
        let picture = pictures.find(|p| (from..to).contains(&time(p.at)) && p.height == height)?;
        Some(rounded(time(picture.at) - from))
    };
    let longest_gap = |from: f64, to: f64| {
        let times = watched
            .pictures
            .iter()
            .map(|p| time(p.at))
            .filter(|at| (from..to).contains(at));
        // The edges count: a picture that stands still to the end is the longest gap of all.
        let times: Vec<f64> = [from].into_iter().chain(times).chain([to]).collect();
        times
            .windows(2)
            .map(|pair| pair[1] - pair[0])
            .reduce(f64::max)
            .map(rounded)
    };
    let end = watched
        .pictures
        .last()
        .map_or(widened, |picture| time(picture.at));
    json!({
        "to_sub_ms": first(narrowed, widened, SUB),
        "to_main_ms": first(widened, f64::INFINITY, MAIN),
        "longest_gap_wide_ms": longest_gap(narrowed - 10_000.0, narrowed),
        "longest_gap_narrow_ms": longest_gap(narrowed, widened),
        "longest_gap_widened_ms": longest_gap(widened, end),
        "chromium": watched.counters(SPELLS.iter().sum()),
    })
}
