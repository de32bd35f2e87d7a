//! What Chromium sees: delay, joining, bad networks.

use anyhow::Result;
use serde_json::{Value, json};

use super::{BEHIND_LINK, load};
use crate::browser::{self, Play};
use crate::crowd::Crowd;
use crate::figures::median;
use crate::impair::Impairment;
use crate::server::{Kind, Make, Server, Stream};
use crate::suite::{Bench, Notes, Part};

/// Other viewers while the delay of one is measured.
const BESIDE: usize = 100;

/// Others while one has a bad network.
const BYSTANDERS: usize = 10;

/// The camera for joining, and seconds between its keyframes.
const JOINED: [(&str, u64); 3] = [("live1", 1), ("live2", 2), ("live10", 10)];

/// After the picture must be live at last: what is left behind, and freezes.
const AFTER: u64 = 5;

/// Glass to glass, alone and beside others.
pub(super) fn delays(bench: &Bench<'_>, make: &Make, notes: &mut Notes) {
    for (point, others) in [("alone", 0), ("beside", BESIDE)] {
        let figures = bench.with(make, &[Stream::of("live1")], |server| {
            server.wait_for_stream()?;
            let crowd = (others > 0)
                .then(|| Crowd::gather(&load::load(server, others)?))
                .transpose()?;
            let delays = bench.play(server, bench.plan.seconds).watch()?.delays();
            crowd.map(Crowd::leave).transpose()?;
            delays
        });
        notes.point(make, Part::Delays, point, figures);
    }
}

/// Joining at moments that are spread evenly between two keyframes.
pub(super) fn joins(bench: &mut Bench<'_>, make: &Make, notes: &mut Notes) {
    let own_player = make.kind == Kind::Lenswire;
    for (path, gop) in JOINED {
        let point = bench.with(make, &[Stream::of(path)], |server| {
            join(bench, server, (path, gop), false, Vec::new())
        });
        notes.point(make, Part::Joins, path, point);
        if own_player {
            let point = bench.with(make, &[Stream::of(path)], |server| {
                join(bench, server, (path, gop), true, Vec::new())
            });
            notes.point(make, Part::Joins, &format!("{path}_player"), point);
        }
    }
    let narrow = Impairment::narrow(4_000);
    for (suffix, own_page) in [("narrow", false), ("narrow_player", true)] {
        if own_page && !own_player {
            continue;
        }
        let point = far(bench, make, "live10", narrow, |bench, server, enter| {
            join(bench, server, ("live10", 10), own_page, enter)
        });
        notes.point(make, Part::Joins, &format!("live10_{suffix}"), point);
    }
}

fn join(
    bench: &Bench<'_>,
    server: &Server,
    (path, gop): (&str, u64),
    own_page: bool,
    enter: Vec<String>,
) -> Result<Value> {
    server.wait_for_stream()?;
    let seconds = gop + AFTER;
    let plan = bench.plan;
    // Whole rounds of the camera, and each time a bit further into one; 3 s to load a page.
    let rounds = (seconds + 3).div_ceil(gop) * gop;
    let play = Play {
        url: if own_page {
            server.page()
        } else {
            server.whep()
        },
        own_page,
        enter,
        joins: plan.joins + 1,
        settle: 0,
        period: rounds as f64 + gop as f64 / plan.joins as f64,
        ..bench.play(server, seconds)
    };
    // The first one is the browser's own first time: its decoder is loaded.
    let mut figures = browser::joins(play.run()?.get(1..).unwrap_or_default())?;
    // A camera that came out of step would make any server look quick.
    let intervals = bench.camera.keyframe_intervals(path)?;
    figures["keyframe_interval_seconds"] = json!(median(intervals));
    Ok(figures)
}

/// Freezes over bad networks; the control arm is the same way without anything bad.
pub(super) fn loss(bench: &mut Bench<'_>, make: &Make, notes: &mut Notes) {
    let none = Impairment::none();
    let arms = [
        ("control", none),
        (
            "random_10",
            Impairment {
                loss: 10.0,
                delay: 10,
                ..none
            },
        ),
        (
            "bursts_5",
            Impairment {
                bursts: 5.0,
                delay: 10,
                ..none
            },
        ),
        (
            "jitter_100",
            Impairment {
                jitter: 100,
                reorder: true,
                delay: 10,
                ..none
            },
        ),
    ];
    for (point, how) in arms {
        let figures = far(bench, make, "live1", how, |bench, server, enter| {
            bad_network(bench, server, enter)
        });
        notes.point(make, Part::Loss, point, figures);
    }
}

fn bad_network(bench: &Bench<'_>, server: &Server, enter: Vec<String>) -> Result<Value> {
    let crowd = Crowd::gather(&load::load(server, BYSTANDERS)?)?;
    let seconds = bench.plan.seconds;
    let before = (crate::clock::now(), crowd.seen()?);
    let watched = Play {
        enter,
        ..bench.play(server, seconds)
    }
    .watch()?;
    let others = crowd.seen()?.since(before.1);
    let time = (crate::clock::now() - before.0).as_secs_f64();
    crowd.leave()?;
    Ok(json!({
        "chromium": watched.counters(seconds),
        "delays": watched.delays()?,
        "bystanders": {
            "viewers": BYSTANDERS,
            "lost": others.lost,
            "frames_per_second_and_viewer": others.frames as f64 / time / BYSTANDERS as f64,
        },
    }))
}

/// Does something with a server whose browser is on the far side of a bad network.
fn far(
    bench: &mut Bench<'_>,
    make: &Make,
    path: &'static str,
    how: Impairment,
    work: impl FnOnce(&Bench<'_>, &Server, Vec<String>) -> Result<Value>,
) -> Result<Value> {
    let bench = bench.link()?;
    let link = bench.far_side()?;
    let relay = link.relay(bench.plan.address, make.kind.media_port(), how)?;
    let mut figures = bench.with_at(make, BEHIND_LINK, &[Stream::of(path)], |server| {
        work(bench, server, link.enter())
    })?;
    figures["network"] = how.to_json();
    figures["relay"] = relay.counters();
    Ok(figures)
}
