//! Measures Lenswire and its peers with the same harness.
//!
//! | part | does |
//! |---|---|
//! | [`camera`] | an RTSP camera: a looped clip, or live pictures with a time stamp in them |
//! | [`viewer`], [`crowd`], [`door`] | as many full WebRTC viewers as wanted |
//! | [`server`] | the servers under test: how each is configured and started |
//! | [`api`] | what Lenswire says of itself |
//! | [`process`] | what a process uses: processor, memory, descriptors |
//! | [`browser`] | Chromium as the viewer whose eyes count |
//! | [`impair`], [`relay`], [`link`] | a bad network between a server and Chromium |
//! | [`arrival`], [`limit`] | a packet's way through a server, and what sealing and sending cost alone |
//! | [`suite`], [`parts`] | all of it in one run |
//! | [`table`], [`plot`], [`figures`] | what people see of it |
//!
//! Everything runs in a network of its own (`tools/lab`); `bench/README.md` says how and what the
//! figures mean.
#![forbid(unsafe_code)]
#![expect(
    clippy::print_stdout,
    reason = "a program for the terminal: its output is its purpose"
)]

mod api;
mod arrival;
mod browser;
mod camera;
mod clock;
mod crowd;
mod door;
mod fanout;
mod figures;
mod http;
mod impair;
mod limit;
mod link;
mod parts;
mod plot;
mod process;
mod relay;
mod server;
mod suite;
mod table;
mod viewer;

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use anyhow::Result;
use clap::{Parser, Subcommand};

use suite::{Part, Plan};

/// Measures media servers.
#[derive(Debug, Parser)]
#[command(version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Plays a WHEP URL with many viewers and measures the server that serves it.
    Fanout {
        /// Where to send offers.
        #[arg(long)]
        whep: String,
        /// The server's process.
        #[arg(long)]
        pid: u32,
        /// How many viewers; several numbers are measured one after the other.
        #[arg(long, value_delimiter = ',', default_value = "10,50,100")]
        viewers: Vec<usize>,
        /// How long each window is, once all play.
        #[arg(long, default_value_t = 20)]
        seconds: u64,
        /// How many windows.
        #[arg(long, default_value_t = 3)]
        windows: usize,
    },
    /// Serves RTSP over TCP: /clip1, /clip10 and /sub (looped clips), /live1, /live2 and /live10
    /// (pictures with time stamps at 29 a second, encoded while somebody plays; the number is the
    /// seconds between keyframes), and /drift, whose clock is fast and whose network stalls.
    Camera {
        /// Where to listen.
        #[arg(long, default_value = "127.0.0.1:8554")]
        listen: SocketAddr,
        /// Where clips are kept between runs; made by ffmpeg when missing.
        #[arg(long, default_value = "target/bench")]
        clips: PathBuf,
        /// How much faster than ours /drift's clock runs, in parts per million.
        #[arg(long, default_value_t = 500)]
        ppm: u32,
        /// Seconds from one stall of /drift to the next.
        #[arg(long, default_value_t = 120)]
        stall_every: u64,
    },
    /// What sealing and sending cost without a server around them.
    Limit {
        #[arg(long, default_value = "10.9.0.2")]
        address: IpAddr,
        /// Length of each run; there are twelve.
        #[arg(long, default_value_t = 2)]
        seconds: u64,
    },
    /// A UDP relay that is a bad network: what comes to it goes on to a server, and what the server
    /// answers is lost, late or out of order on its way back.
    Impair {
        /// Where viewers send to.
        #[arg(long)]
        listen: SocketAddr,
        /// The server's media port.
        #[arg(long)]
        to: SocketAddr,
        #[command(flatten)]
        how: impair::Impairment,
    },
    /// Starts each server in turn and measures everything.
    Suite(Plan),
    /// The suite's drift part alone: an hour of a camera with a fast clock and stalls.
    Drift(Plan),
    /// The suite's idle and scale parts alone.
    Scale(Plan),
    /// Makes the table of a suite's results again.
    Table {
        /// What the suite wrote.
        results: PathBuf,
    },
    /// Draws a suite's results: an SVG for each figure, beside the results.
    Plot {
        /// What the suite wrote.
        results: PathBuf,
    },
}

fn main() -> Result<()> {
    match Arguments::parse().command {
        Command::Fanout {
            whep,
            pid,
            viewers,
            seconds,
            windows,
        } => {
            let doors = vec![door::Door::Whep(http::Url::parse(&whep)?)];
            let windows = fanout::Windows {
                count: windows,
                length: Duration::from_secs(seconds),
            };
            for viewers in viewers {
                let load = crowd::Load {
                    doors: doors.clone(),
                    viewers,
                };
                println!("{}", fanout::measure(&load, pid, windows)?);
            }
            Ok(())
        }
        Command::Camera {
            listen,
            clips,
            ppm,
            stall_every,
        } => {
            let camera = camera::Camera::start(listen, &clips, parts::quirks(ppm, stall_every))?;
            println!("rtsp://{}/clip1", camera.address());
            rest()
        }
        Command::Limit { address, seconds } => {
            println!("{}", limit::measure(address, Duration::from_secs(seconds))?);
            Ok(())
        }
        Command::Impair { listen, to, how } => {
            let relay = relay::Relay::start(listen, to.ip(), to, how)?;
            println!("{} -> {to}: {}", relay.address, how.to_json());
            rest()
        }
        Command::Suite(plan) => suite::run(&plan),
        Command::Drift(plan) => suite::run(&Plan {
            only: vec![Part::Drift],
            ..plan
        }),
        Command::Scale(plan) => suite::run(&Plan {
            only: vec![Part::Idle, Part::Scale],
            ..plan
        }),
        Command::Table { results } => {
            println!(
                "{}",
                table::markdown(&serde_json::from_slice(&std::fs::read(results)?)?)
            );
            Ok(())
        }
        Command::Plot { results } => plot::files(&results),
    }
}

/// Until the process is ended.
fn rest() -> ! {
    loop {
        std::thread::park();
    }
}
