//! Everything in one run, each server in turn and fresh for each point, because figures can only be
//! compared within a run.

use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result};
use clap::{Args, ValueEnum};
use serde_json::{Map, Value, json};

use crate::camera::Camera;
use crate::fanout::{Crowd, Load};
use crate::server::{Kind, Make, Server};
use crate::{browser, clock, fanout, process, table};

/// The camera's port.
const CAMERA_PORT: u16 = 8_554;

/// How often each server is started for its start time, of which the median counts.
const STARTS: usize = 5;

/// Other viewers while the delay of one is measured.
const BESIDE: usize = 100;

/// How often Chromium joins a stream.
const JOINS: u64 = 9;

/// Between the end of one server and the start of the next: ports and caches come to rest.
const PAUSE: Duration = Duration::from_secs(1);

/// What to measure.
#[derive(Debug, Args)]
pub(crate) struct Plan {
    /// NAME=BINARY; lenswire, mediamtx, go2rtc or janus. Several are measured in turn.
    #[arg(long, required = true)]
    server: Vec<Make>,
    /// The address that servers announce: not loopback, which browsers don't use.
    #[arg(long, default_value = "10.9.0.2")]
    address: IpAddr,
    /// Numbers of viewers.
    #[arg(long, value_delimiter = ',', default_value = "10,50,100")]
    viewers: Vec<usize>,
    /// How long each point is measured.
    #[arg(long, default_value_t = 20)]
    seconds: u64,
    /// Which parts; all by default.
    #[arg(
        long,
        value_enum,
        value_delimiter = ',',
        default_value = "start,fanout,delays,joins"
    )]
    only: Vec<Part>,
    /// Where the clips are kept.
    #[arg(long, default_value = "target/bench")]
    clips: PathBuf,
    /// The script that drives Chromium.
    #[arg(long, default_value = "bench/browser/play.mjs")]
    browser: PathBuf,
    /// Where the raw results go.
    #[arg(long, default_value = "bench/results/latest.json")]
    out: PathBuf,
}

/// A part of the suite.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Part {
    /// Size of the binary, and time from its start to its first answer.
    Start,
    /// Processor time and memory at each number of viewers.
    Fanout,
    /// Glass to glass in Chromium, alone and beside others.
    Delays,
    /// Time to the first picture in Chromium.
    Joins,
}

impl Part {
    /// Browsers can't get into Janus by WHEP.
    fn fits(self, kind: Kind) -> bool {
        kind != Kind::Janus || matches!(self, Self::Start | Self::Fanout)
    }
}

/// What each measurement needs.
struct Bench<'a> {
    plan: &'a Plan,
    camera: Camera,
}

/// Runs the plan, writes the results, prints the table.
pub(crate) fn run(plan: &Plan) -> Result<()> {
    let camera = Camera::start(SocketAddr::new(plan.address, CAMERA_PORT), &plan.clips)?;
    let bench = Bench { plan, camera };
    let mut servers = Map::new();
    for make in &plan.server {
        let mut results = Map::new();
        for part in plan.only.iter().filter(|part| part.fits(make.kind)) {
            bench
                .part(*part, make, &mut results)
                .with_context(|| format!("{part:?} of {}", make.kind.name()))?;
        }
        servers.insert(make.kind.name().to_owned(), Value::Object(results));
    }
    let all = json!({ "machine": machine(), "seconds": plan.seconds, "servers": servers });
    std::fs::write(&plan.out, serde_json::to_vec_pretty(&all)?)?;
    println!("{}", table::markdown(&all));
    Ok(())
}

impl Bench<'_> {
    fn part(&self, part: Part, make: &Make, results: &mut Map<String, Value>) -> Result<()> {
        match part {
            Part::Start => results.insert("start".to_owned(), self.starts(make)?),
            Part::Fanout => results.insert("fanout".to_owned(), self.fanout(make)?),
            Part::Delays => results.insert("delays".to_owned(), self.delays(make)?),
            Part::Joins => results.insert("joins".to_owned(), self.joins(make)?),
        };
        Ok(())
    }

    fn starts(&self, make: &Make) -> Result<Value> {
        let mut starts = Vec::new();
        for _ in 0..STARTS {
            starts.push(self.with(make, "clip1", |server| Ok(server.start))?);
        }
        starts.sort_unstable();
        let size = std::fs::metadata(&make.binary)?.len();
        Ok(
            json!({ "binary_mb": size as f64 / 1e6, "start_ms": starts[STARTS / 2].as_secs_f64() * 1e3 }),
        )
    }

    fn fanout(&self, make: &Make) -> Result<Value> {
        let window = Duration::from_secs(self.plan.seconds);
        let mut points = Vec::new();
        for viewers in &self.plan.viewers {
            let point = self.with(make, "clip1", |server| {
                server.wait_for_stream()?;
                fanout::measure(
                    &Load {
                        door: server.door()?,
                        viewers: *viewers,
                    },
                    server.pid(),
                    window,
                )
            })?;
            self.say(make, &format!("{viewers} viewers"), &point.to_json());
            points.push(point.to_json());
        }
        Ok(Value::Array(points))
    }

    fn delays(&self, make: &Make) -> Result<Value> {
        let seconds = self.plan.seconds;
        let alone = self.with(make, "live1", |server| {
            server.wait_for_stream()?;
            browser::delays(&self.plan.browser, &server.whep(), seconds)
        })?;
        self.say(make, "delay alone", &alone);
        let beside = self.with(make, "live1", |server| {
            server.wait_for_stream()?;
            let crowd = Crowd::gather(&Load {
                door: server.door()?,
                viewers: BESIDE,
            })?;
            let playing = crowd.serve_aside();
            let delays = browser::delays(&self.plan.browser, &server.whep(), seconds);
            playing.leave()?;
            delays
        })?;
        self.say(make, "delay beside others", &beside);
        Ok(json!({ "alone": alone, "beside": beside }))
    }

    fn joins(&self, make: &Make) -> Result<Value> {
        let mut results = Map::new();
        for stream in ["live1", "live10"] {
            let joins = self.with(make, stream, |server| {
                server.wait_for_stream()?;
                browser::joins(&self.plan.browser, &server.whep(), JOINS)
            })?;
            self.say(make, stream, &joins);
            results.insert(stream.to_owned(), joins);
        }
        Ok(Value::Object(results))
    }

    /// Does something with a server that was started for it and that ends after it.
    fn with<T>(
        &self,
        make: &Make,
        stream: &str,
        work: impl FnOnce(&Server) -> Result<T>,
    ) -> Result<T> {
        let folder = tempfile::tempdir()?;
        let server = Server::start(make, self.plan.address, &self.camera, stream, folder.path());
        let result = server.and_then(|server| work(&server));
        if result.is_err() {
            keep_log(folder.path());
        }
        std::thread::sleep(PAUSE);
        result
    }

    fn say(&self, make: &Make, what: &str, figures: &Value) {
        println!("{} {what}: {figures}", make.kind.name());
    }
}

/// The log of a server that failed is what explains it.
fn keep_log(folder: &Path) {
    if let Ok(log) = std::fs::read_to_string(folder.join("server.log")) {
        println!("{log}");
    }
}

fn machine() -> Value {
    let cpu = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = cpu
        .lines()
        .find_map(|line| line.strip_prefix("model name")?.split_once(':'))
        .map(|(_, name)| name.trim());
    let kernel = std::fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    let load = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    json!({
        "cpu": model,
        "cores": std::thread::available_parallelism().map_or(0, usize::from),
        "kernel": kernel.trim(),
        "load_before": load.split(' ').next(),
        "unix_time": clock::wall().0 / 1_000_000,
        "harness_rss_mb": process::usage(std::process::id()).map_or(0.0, |usage| usage.rss as f64 / 1e6),
    })
}
