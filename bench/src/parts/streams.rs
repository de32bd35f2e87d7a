//! From one stream to ten at once, each with its ten viewers: what another stream costs (req 99).

use anyhow::Result;

use crate::camera::FRAIL;
use crate::crowd::Load;
use crate::fanout;
use crate::server::{Make, Server, Stream};
use crate::suite::{Bench, Notes, Part};

/// Viewers of each stream.
pub(super) const VIEWERS: usize = 10;

pub(super) fn measure(bench: &Bench<'_>, make: &Make, notes: &mut Notes) {
    for count in 1..=FRAIL.len() {
        let point = bench.with(make, &cameras(count), |server| {
            server.wait_for_stream()?;
            let load = Load {
                doors: doors(server, count)?,
                viewers: VIEWERS * count,
            };
            fanout::measure(&load, server.pid(), bench.plan.fanout_windows())
        });
        notes.point(make, Part::Streams, &count.to_string(), point);
    }
}

/// So many of the cameras that can be told to fail, each under its own name.
pub(super) fn cameras(count: usize) -> Vec<Stream> {
    let paths = FRAIL.into_iter().take(count);
    paths
        .map(|path| Stream::of(path.trim_start_matches('/')))
        .collect()
}

/// Their doors, in the same order.
pub(super) fn doors(server: &Server, count: usize) -> Result<Vec<crate::door::Door>> {
    let cameras = cameras(count);
    cameras
        .iter()
        .map(|camera| server.door_to(&camera.name))
        .collect()
}
