//! What a server costs and how quick it is while native viewers watch.

use anyhow::Result;
use serde_json::{Value, json};

use crate::arrival;
use crate::crowd::{Crowd, Load};
use crate::fanout::{self, SETTLING};
use crate::figures::median;
use crate::server::{Make, Server, Stream};
use crate::suite::{Bench, Notes, Part};

/// How often each server is started for its start time, of which the median counts.
const STARTS: usize = 5;

/// Viewers while a packet's way through the server is timed.
const LATENCY_VIEWERS: usize = 100;

/// Size of the binary, and time from its start to its first answer.
pub(super) fn start(bench: &Bench<'_>, make: &Make, notes: &mut Notes) {
    let streams = [Stream::of("clip1")];
    let measured = || -> Result<Value> {
        let starts = (0..STARTS).map(|_| bench.with(make, &streams, |server| Ok(server.start)));
        let starts = starts.collect::<Result<Vec<_>>>()?;
        let milliseconds = starts.iter().map(|start| start.as_secs_f64() * 1e3);
        let size = std::fs::metadata(&make.binary)?.len();
        Ok(json!({ "binary_mb": size as f64 / 1e6, "start_ms": median(milliseconds) }))
    };
    notes.point(make, Part::Start, "process", measured());
}

/// Processor time and memory at each number of viewers.
pub(super) fn fanout(bench: &Bench<'_>, make: &Make, notes: &mut Notes) {
    for viewers in &bench.plan.viewers {
        let point = bench.with(make, &[Stream::of("clip1")], |server| {
            fanout::measure(
                &load(server, *viewers)?,
                server.pid(),
                bench.plan.fanout_windows(),
            )
        });
        notes.point(make, Part::Fanout, &viewers.to_string(), point);
    }
}

/// From packet in to packet out.
pub(super) fn latency(bench: &Bench<'_>, make: &Make, notes: &mut Notes) {
    let point = bench.with(make, &[Stream::of("clip1")], |server| {
        let crowd = Crowd::gather(&load(server, LATENCY_VIEWERS)?)?;
        std::thread::sleep(SETTLING);
        let arrivals = crowd.note_arrivals(bench.plan.fanout_windows().length)?;
        crowd.leave()?;
        Ok(arrival::summary(&bench.camera.written("clip1")?, &arrivals))
    });
    notes.point(make, Part::Latency, &LATENCY_VIEWERS.to_string(), point);
}

/// So many viewers of a server's stream, once it serves it.
pub(super) fn load(server: &Server, viewers: usize) -> Result<Load> {
    server.wait_for_stream()?;
    Ok(Load {
        doors: vec![server.door()?],
        viewers,
    })
}
