//! Everything in one run, each server in turn and fresh for each point, because figures can only be
//! compared within a run. A point that fails is written down and the next one is measured.

use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, Result};
use clap::{Args, ValueEnum};
use serde_json::{Map, Value, json};

use crate::camera::{Camera, Quirks};
use crate::fanout::Windows;
use crate::link::Link;
use crate::parts;
use crate::server::{Kind, MEDIA_PORTS, Make, Server, Setting, Stream};
use crate::{clock, limit, process, table};

/// The camera's port.
const CAMERA_PORT: u16 = 8_554;

/// Between the end of one server and the start of the next: ports and caches come to rest.
const PAUSE: Duration = Duration::from_secs(1);

/// How long each way of the limit is measured.
const LIMIT_RUN: Duration = Duration::from_secs(2);

/// What to measure.
#[derive(Args, Clone, Debug)]
pub(crate) struct Plan {
    /// NAME=BINARY; lenswire, mediamtx, go2rtc or janus. Several are measured in turn.
    #[arg(long, required = true)]
    pub(crate) server: Vec<Make>,
    /// The address that servers announce: not loopback, which browsers don't use.
    #[arg(long, default_value = "10.9.0.2")]
    pub(crate) address: IpAddr,
    /// Numbers of viewers.
    #[arg(long, value_delimiter = ',', default_value = "10,50,100,500")]
    pub(crate) viewers: Vec<usize>,
    /// How long each window of measurement is.
    #[arg(long, default_value_t = 20)]
    pub(crate) seconds: u64,
    /// Windows of each fan-out point, of which the median counts.
    #[arg(long, default_value_t = 3)]
    pub(crate) windows: usize,
    /// How often Chromium joins each stream.
    #[arg(long, default_value_t = 9)]
    pub(crate) joins: u64,
    /// Joins and leaves of the scale part.
    #[arg(long, default_value_t = 40_000)]
    pub(crate) churn: usize,
    /// Seconds after which the churn ends, however many have joined.
    #[arg(long, default_value_t = 900)]
    pub(crate) churn_seconds: u64,
    /// Viewers of the scale part.
    #[arg(long, default_value_t = 500)]
    pub(crate) scale_viewers: usize,
    /// Seconds of the drift part.
    #[arg(long, default_value_t = 3_600)]
    pub(crate) drift_seconds: u64,
    /// How much faster than ours the drifting camera's clock runs, in parts per million.
    #[arg(long, default_value_t = 500)]
    pub(crate) ppm: u32,
    /// Seconds from one stall of the drifting camera to the next.
    #[arg(long, default_value_t = 120)]
    pub(crate) stall_every: u64,
    /// Seconds of the endurance part.
    #[arg(long, default_value_t = 3_600)]
    pub(crate) endurance_seconds: u64,
    /// Seconds from fault to fault in the endurance part; fewer than 40 for trials only.
    #[arg(long, default_value_t = 60)]
    pub(crate) fault_every: u64,
    /// Which parts; all but drift and endurance by default.
    #[arg(
        long,
        value_enum,
        value_delimiter = ',',
        default_value = "limit,start,fanout,latency,delays,joins,loss,adapt,known,idle,streams,scale"
    )]
    pub(crate) only: Vec<Part>,
    /// Where the clips are kept.
    #[arg(long, default_value = "target/bench")]
    pub(crate) clips: PathBuf,
    /// The script that drives Chromium.
    #[arg(long, default_value = "bench/browser/play.mjs")]
    pub(crate) browser: PathBuf,
    /// Where the raw results go.
    #[arg(long, default_value = "bench/results/latest.json")]
    pub(crate) out: PathBuf,
}

/// A part of the suite.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Part {
    /// Sealing and sending alone, without any server.
    Limit,
    /// Size of the binary, and time from its start to its first answer.
    Start,
    /// Processor time and memory at each number of viewers.
    Fanout,
    /// From packet in to packet out, with 100 viewers.
    Latency,
    /// Glass to glass in Chromium, alone and beside others.
    Delays,
    /// First and live picture in Chromium, by WHEP, in Lenswire's own player, and on a narrow link.
    Joins,
    /// Freezes in Chromium over bad networks, and what others notice.
    Loss,
    /// A link that narrows, and what it costs to know.
    Adapt,
    /// 16 cameras that nobody watches.
    Idle,
    /// Many viewers, many joins and leaves: what is held before and after.
    Scale,
    /// From 1 to 10 streams with 10 viewers each.
    Streams,
    /// Loss and bandwidth as Lenswire reports them beside what they are known to be.
    Known,
    /// An hour of a camera with a fast clock and stalls.
    Drift,
    /// An hour of 10 streams with 10 viewers each, and a fault each minute.
    Endurance,
}

impl Part {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Limit => "limit",
            Self::Start => "start",
            Self::Fanout => "fanout",
            Self::Latency => "latency",
            Self::Delays => "delays",
            Self::Joins => "joins",
            Self::Loss => "loss",
            Self::Adapt => "adapt",
            Self::Idle => "idle",
            Self::Scale => "scale",
            Self::Streams => "streams",
            Self::Known => "known",
            Self::Drift => "drift",
            Self::Endurance => "endurance",
        }
    }

    /// Browsers can't get into Janus by WHEP, and it pulls no cameras; what a server says of itself is
    /// read of ours alone.
    fn fits(self, kind: Kind) -> bool {
        let ours = matches!(self, Self::Known | Self::Endurance);
        self != Self::Limit
            && (kind == Kind::Lenswire || !ours)
            && (kind != Kind::Janus || matches!(self, Self::Start | Self::Fanout | Self::Latency))
    }
}

/// What each measurement needs.
pub(crate) struct Bench<'a> {
    pub(crate) plan: &'a Plan,
    pub(crate) camera: Camera,
    link: Option<Link>,
}

/// What one server's measurements write to: figures by part and point, and what went wrong where.
#[derive(Default)]
pub(crate) struct Notes {
    figures: Map<String, Value>,
    errors: Vec<Value>,
}

/// Runs the plan; writes the results after each part, prints the table.
pub(crate) fn run(plan: &Plan) -> Result<()> {
    let listen = SocketAddr::new(plan.address, CAMERA_PORT);
    let camera = Camera::start(listen, &plan.clips, plan.quirks())?;
    if let Some(folder) = plan.out.parent() {
        std::fs::create_dir_all(folder)?;
    }
    let mut bench = Bench {
        plan,
        camera,
        link: None,
    };
    let mut all = json!({
        "machine": machine(), "seconds": plan.seconds, "windows": plan.windows, "servers": {},
    });
    if plan.only.contains(&Part::Limit) {
        all["limit"] = match limit::measure(plan.address, LIMIT_RUN) {
            Ok(figures) => figures,
            Err(error) => json!({ "error": format!("{error:#}") }),
        };
        println!("limit: {}", all["limit"]);
    }
    for make in &plan.server {
        let mut notes = Notes::default();
        for part in plan.only.iter().filter(|part| part.fits(make.kind)) {
            let begin = clock::now();
            parts::measure(&mut bench, *part, make, &mut notes);
            println!(
                "{} {} took {:?}",
                make.kind.name(),
                part.name(),
                clock::now() - begin
            );
            all["servers"][make.kind.name()] = notes.to_json();
            std::fs::write(&plan.out, serde_json::to_vec_pretty(&all)?)?;
        }
    }
    println!("{}", table::markdown(&all));
    Ok(())
}

impl Plan {
    pub(crate) fn fanout_windows(&self) -> Windows {
        Windows {
            count: self.windows.max(1),
            length: Duration::from_secs(self.seconds),
        }
    }

    fn quirks(&self) -> Quirks {
        parts::quirks(self.ppm, self.stall_every)
    }
}

impl Notes {
    /// Writes down a point, or why there is none, and says so.
    pub(crate) fn point(&mut self, make: &Make, part: Part, point: &str, result: Result<Value>) {
        let name = make.kind.name();
        match result {
            Ok(figures) => {
                println!("{name} {} {point}: {}", part.name(), brief(&figures));
                self.figures.entry(part.name()).or_insert_with(|| json!({}))[point] = figures;
            }
            Err(error) => {
                println!("{name} {} {point} FAILED: {error:#}", part.name());
                let at = format!("/{}/{point}", part.name());
                self.errors
                    .push(json!({ "at": at, "error": format!("{error:#}") }));
            }
        }
    }

    fn to_json(&self) -> Value {
        let mut all = self.figures.clone();
        all.insert("errors".to_owned(), Value::Array(self.errors.clone()));
        Value::Object(all)
    }
}

/// Without the long lists.
fn brief(figures: &Value) -> Value {
    match figures {
        Value::Object(map) => {
            let short = map.iter().filter(|(_, value)| !value.is_array());
            Value::Object(
                short
                    .map(|(key, value)| (key.clone(), brief(value)))
                    .collect(),
            )
        }
        other => other.clone(),
    }
}

impl Bench<'_> {
    /// Does something with a server that was started for it at the plan's address and ends after it.
    pub(crate) fn with<T>(
        &self,
        make: &Make,
        streams: &[Stream],
        work: impl FnOnce(&Server) -> Result<T>,
    ) -> Result<T> {
        self.with_at(make, self.plan.address, streams, work)
    }

    /// The same at another address.
    pub(crate) fn with_at<T>(
        &self,
        make: &Make,
        address: IpAddr,
        streams: &[Stream],
        work: impl FnOnce(&Server) -> Result<T>,
    ) -> Result<T> {
        let folder = tempfile::tempdir()?;
        let setting = Setting {
            address,
            camera: &self.camera,
            streams,
        };
        let server = Server::start(make, &setting, folder.path());
        let result = server.and_then(|server| work(&server));
        if result.is_err() {
            keep_log(folder.path());
        }
        std::thread::sleep(PAUSE);
        result
    }

    /// The far side with its bad network; made when it is first needed.
    pub(crate) fn link(&mut self) -> Result<&Self> {
        if self.link.is_none() {
            self.link = Some(Link::lay(&MEDIA_PORTS)?);
        }
        Ok(self)
    }

    /// The far side that [`Self::link`] has made.
    pub(crate) fn far_side(&self) -> Result<&Link> {
        self.link.as_ref().context("no second namespace")
    }
}

/// The log of a server that failed is what explains it; its end, for some write a lot.
fn keep_log(folder: &Path) {
    if let Ok(log) = std::fs::read_to_string(folder.join("server.log")) {
        let lines: Vec<&str> = log.lines().collect();
        println!("{}", lines[lines.len().saturating_sub(30)..].join("\n"));
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
