//! Measures Lenswire and its peers with the same harness.
//!
//! | part | does |
//! |---|---|
//! | [`camera`] | an RTSP camera: a looped clip, or live pictures with a time stamp in them |
//! | [`fanout`] | as many full WebRTC viewers as wanted, on one thread |
//! | [`server`] | the servers under test: how each is configured and started |
//! | [`process`] | what a process uses: processor and memory |
//! | [`browser`] | Chromium as the viewer whose eyes count |
//! | [`suite`], [`table`] | all of it in one run, and the table it makes |
//!
//! Everything runs in a network of its own (`tools/lab`); `bench/README.md` says how and what the
//! figures mean.
#![forbid(unsafe_code)]
#![expect(
    clippy::print_stdout,
    reason = "a program for the terminal: its output is its purpose"
)]

mod browser;
mod camera;
mod clock;
mod door;
mod fanout;
mod http;
mod process;
mod server;
mod suite;
mod table;
mod viewer;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::Result;
use clap::{Parser, Subcommand};

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
        /// How long to measure, once all play.
        #[arg(long, default_value_t = 20)]
        seconds: u64,
    },
    /// Serves RTSP over TCP: /clip1 and /clip10 (looped clips with keyframes each 1 s and 10 s),
    /// /live1 and /live10 (pictures with time stamps at 29 a second, encoded while somebody plays).
    Camera {
        /// Where to listen.
        #[arg(long, default_value = "127.0.0.1:8554")]
        listen: SocketAddr,
        /// Where clips are kept between runs; made by ffmpeg when missing.
        #[arg(long, default_value = "target/bench")]
        clips: PathBuf,
    },
    /// Starts each server in turn and measures everything.
    Suite(suite::Plan),
    /// Makes the table of a suite's results again.
    Table {
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
        } => {
            for viewers in viewers {
                let load = fanout::Load {
                    door: door::Door::Whep(http::Url::parse(&whep)?),
                    viewers,
                };
                let point = fanout::measure(&load, pid, Duration::from_secs(seconds))?;
                println!("{}", point.to_json());
            }
            Ok(())
        }
        Command::Camera { listen, clips } => {
            let camera = camera::Camera::start(listen, &clips)?;
            println!("rtsp://{}/clip1", camera.address());
            loop {
                std::thread::park();
            }
        }
        Command::Suite(plan) => suite::run(&plan),
        Command::Table { results } => {
            println!(
                "{}",
                table::markdown(&serde_json::from_slice(&std::fs::read(results)?)?)
            );
            Ok(())
        }
    }
}
