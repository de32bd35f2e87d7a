//! Delay that never grows: a camera whose clock runs fast and whose network stalls, watched for long.

use std::time::Duration;

use anyhow::{Context, Result};
use serde_json::{Value, json};

use crate::browser::Watched;
use crate::camera::{Quirks, Stalls};
use crate::figures::rounded;
use crate::server::{Make, Stream};
use crate::suite::{Bench, Notes, Part};

/// Each stall's length.
const STALL: Duration = Duration::from_secs(5);

/// Milliseconds at the begin and at the end over which the delay is taken.
const EDGE: f64 = 20_000.0;

/// Milliseconds to fill the jitter buffer.
const SETTLE: f64 = 5_000.0;

/// The camera's: so many parts per million fast, a stall each so many seconds; 0 = none.
pub(crate) fn quirks(fast_ppm: u32, stall_every: u64) -> Quirks {
    let between = Duration::from_secs(stall_every).saturating_sub(STALL);
    let stalls = Stalls {
        between,
        length: STALL,
    };
    Quirks {
        fast_ppm,
        stalls: (stall_every > STALL.as_secs()).then_some(stalls),
    }
}

/// Chromium watches by WHEP.
pub(super) fn measure(bench: &Bench<'_>, make: &Make, notes: &mut Notes) {
    let plan = bench.plan;
    let point = bench.with(make, &[Stream::of("drift")], |server| {
        server.wait_for_stream()?;
        let watched = bench.play(server, plan.drift_seconds).watch()?;
        let mut figures = summary(&watched)?;
        figures["fast_ppm"] = json!(plan.ppm);
        figures["stall_every_seconds"] = json!(plan.stall_every);
        figures["chromium"] = watched.counters(plan.drift_seconds);
        Ok(figures)
    });
    notes.point(make, Part::Drift, "camera", point);
}

fn summary(watched: &Watched) -> Result<Value> {
    let first = watched.pictures.first().context("no picture")?.at + SETTLE;
    let last = watched.pictures.last().context("no picture")?.at;
    let begin = watched.delay_between(first, first + EDGE);
    let end = watched.delay_between(last - EDGE, last);
    // A curve for the plot: a median for each of 60 pieces.
    let piece = (last - first) / 60.0;
    let curve = (0..60).map(|n| {
        let from = first + piece * f64::from(n);
        json!([
            rounded((from - first) / 1e3),
            watched.delay_between(from, from + piece)
        ])
    });
    Ok(json!({
        "seconds": rounded((last - first) / 1e3),
        "delay_begin_ms": begin,
        "delay_end_ms": end,
        "grown_ms": begin.zip(end).map(|(begin, end)| rounded(end - begin)),
        "curve": curve.collect::<Vec<_>>(),
    }))
}
