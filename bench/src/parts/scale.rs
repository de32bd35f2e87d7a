//! Many cameras, many viewers, many joins: what is held before and after, and what nobody's watching costs.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

use crate::crowd::{Crowd, Load};
use crate::door::Door;
use crate::figures::{median, rounded};
use crate::server::{Kind, Make, Server, Stream};
use crate::suite::{Bench, Notes, Part};
use crate::viewer::Viewer;
use crate::{clock, http, process};

const CAMERAS: usize = 16;

/// From the start to when cameras are connected, and from the last goodbye to when everything should
/// have been let go.
const CONNECTING: Duration = Duration::from_secs(10);
const RESTING: Duration = Duration::from_secs(30);

/// Joins at the same time.
const JOINERS: usize = 16;

/// How long one of many joins may take to its picture.
const PATIENCE: Duration = Duration::from_secs(10);

fn cameras(on_demand: bool) -> Vec<Stream> {
    let camera = |n| Stream {
        name: format!("cam{n}"),
        on_demand,
        ..Stream::of("clip1")
    };
    (0..CAMERAS).map(camera).collect()
}

/// Processor time of cameras that nobody watches, in percent of a core.
pub(super) fn idle(bench: &Bench<'_>, make: &Make, notes: &mut Notes) {
    for (point, on_demand) in [("always_on", false), ("on_demand", true)] {
        if make.kind == Kind::Go2rtc && !on_demand {
            continue; // it knows nothing else
        }
        let figures = bench.with(make, &cameras(on_demand), |server| {
            if !on_demand {
                server.wait_for_stream()?;
            }
            std::thread::sleep(CONNECTING);
            let windows = bench.plan.fanout_windows();
            let mut percents = Vec::new();
            for _ in 0..windows.count {
                let (before, begin) = (process::usage(server.pid())?, clock::now());
                std::thread::sleep(windows.length);
                let used = process::usage(server.pid())?.cpu - before.cpu;
                percents.push(100.0 * used.as_secs_f64() / (clock::now() - begin).as_secs_f64());
            }
            let percent = median(percents.iter().copied());
            Ok(json!({ "cpu_percent": percent, "windows": percents, "holds": holds(server)? }))
        });
        notes.point(make, Part::Idle, point, figures);
    }
}

/// Joins and leaves beside nothing, after many viewers at once.
pub(super) fn churn(bench: &Bench<'_>, make: &Make, notes: &mut Notes) {
    let plan = bench.plan;
    let figures = bench.with(make, &cameras(false), |server| {
        server.wait_for_stream()?;
        std::thread::sleep(CONNECTING);
        let doors = (0..CAMERAS).map(|n| server.door_to(&format!("cam{n}")));
        let doors = doors.collect::<Result<Vec<_>>>()?;
        let begin = holds(server)?;
        let with_viewers = crowded(server, &doors, plan.scale_viewers)?;
        let after_viewers = holds(server)?;
        let used = process::usage(server.pid())?.cpu;
        let churned = join_and_leave(&doors, plan.churn, Duration::from_secs(plan.churn_seconds))?;
        let used = (process::usage(server.pid())?.cpu - used).as_secs_f64();
        std::thread::sleep(RESTING);
        Ok(json!({
            "viewers": plan.scale_viewers, "begin": begin, "with_viewers": with_viewers,
            "after_viewers": after_viewers, "end": holds(server)?, "churn": churned.to_json(),
            "cpu_ms_per_join": rounded(used * 1e3 / churned.joined.max(1) as f64),
        }))
    });
    notes.point(make, Part::Scale, "churn", figures);
}

/// What the server holds while so many watch; afterwards they are gone and it has rested.
fn crowded(server: &Server, doors: &[Door], viewers: usize) -> Result<Value> {
    let crowd = Crowd::gather(&Load {
        doors: doors.to_vec(),
        viewers,
    })?;
    std::thread::sleep(CONNECTING);
    let held = holds(server)?;
    crowd.leave()?;
    std::thread::sleep(RESTING);
    Ok(held)
}

fn holds(server: &Server) -> Result<Value> {
    Ok(process::holdings(server.pid())?.to_json())
}

struct Churned {
    asked: usize,
    joined: usize,
    failed: usize,
    first_failure: Option<String>,
    time: Duration,
}

impl Churned {
    fn to_json(&self) -> Value {
        json!({
            "asked": self.asked, "joined": self.joined, "failed": self.failed,
            "first_failure": self.first_failure, "seconds": rounded(self.time.as_secs_f64()),
            "joins_per_second": rounded(self.joined as f64 / self.time.as_secs_f64()),
        })
    }
}

/// So many joins, each to its first picture and away again, or as many as fit into the time.
fn join_and_leave(doors: &[Door], joins: usize, most: Duration) -> Result<Churned> {
    let local = http::local_address(doors.first().context("no stream")?.url())?;
    let (next, joined) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let begin = clock::now();
    let work = || {
        let mut failures = Vec::new();
        loop {
            let n = next.fetch_add(1, Ordering::Relaxed);
            if n >= joins || clock::now() - begin > most {
                return failures;
            }
            let join = || -> Result<()> {
                let mut viewer = Viewer::join(&doors[n % doors.len()], local)?;
                let picture = viewer.wait_for_picture(PATIENCE);
                viewer.leave();
                picture
            };
            match join() {
                Ok(()) => drop(joined.fetch_add(1, Ordering::Relaxed)),
                Err(error) => failures.push(format!("{error:#}")),
            }
        }
    };
    let failures = std::thread::scope(|scope| {
        let joiners: Vec<_> = (0..JOINERS).map(|_| scope.spawn(work)).collect();
        let ended = joiners.into_iter().map(|joiner| joiner.join());
        ended.collect::<Result<Vec<_>, _>>()
    });
    let Ok(failures) = failures else {
        bail!("a joiner panicked")
    };
    let failures: Vec<String> = failures.into_iter().flatten().collect();
    Ok(Churned {
        asked: joins,
        joined: joined.into_inner(),
        failed: failures.len(),
        first_failure: failures.into_iter().next(),
        time: clock::now() - begin,
    })
}
