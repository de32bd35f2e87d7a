//! Many viewers on one thread, and what the server that feeds them uses meanwhile.

use std::sync::mpsc::{self, Receiver};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use mio::{Events, Interest, Poll, Token};
use serde_json::{Value, json};

use crate::door::Door;
use crate::http;
use crate::viewer::{Seen, Viewer};
use crate::{clock, process};

/// How long all viewers may take to get their first packets.
const JOINING: Duration = Duration::from_secs(60);

/// Time between the last viewer's first packet and the measurement: joins are over, queues are empty.
const SETTLING: Duration = Duration::from_secs(3);

/// Longest sleep of the loop, so that new viewers are taken in soon.
const LONGEST_SLEEP: Duration = Duration::from_millis(10);

/// A number of viewers of one stream.
#[derive(Clone, Debug)]
pub(crate) struct Load {
    /// Where they are let in.
    pub(crate) door: Door,
    /// How many.
    pub(crate) viewers: usize,
}

/// What was measured at one number of viewers.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Point {
    pub(crate) viewers: usize,
    pub(crate) seconds: f64,
    /// Server processor time within.
    pub(crate) cpu: f64,
    /// Server memory before the first viewer and at the end, in bytes.
    pub(crate) rss_before: u64,
    pub(crate) rss: u64,
    /// All viewers together.
    pub(crate) seen: Seen,
    /// Processor time of this process within: when it nears a whole core, the figures are its own.
    pub(crate) harness_cpu: f64,
}

impl Point {
    /// Gigabits of media delivered.
    pub(crate) fn gigabits(&self) -> f64 {
        self.seen.bytes as f64 * 8.0 / 1e9
    }

    pub(crate) fn to_json(self) -> Value {
        json!({
            "viewers": self.viewers,
            "seconds": self.seconds,
            "cpu_seconds": self.cpu,
            "cpu_percent": 100.0 * self.cpu / self.seconds,
            "cpu_seconds_per_gigabit": self.cpu / self.gigabits(),
            "rss_before_mb": self.rss_before as f64 / 1e6,
            "rss_mb": self.rss as f64 / 1e6,
            "kilobytes_per_viewer": self.rss.saturating_sub(self.rss_before) as f64 / 1e3 / self.viewers as f64,
            "delivered_gigabits": self.gigabits(),
            "megabits_per_second_and_viewer": self.gigabits() * 1e3 / self.seconds / self.viewers as f64,
            "packets": self.seen.packets,
            "lost": self.seen.lost,
            "frames_per_second_and_viewer": self.seen.frames as f64 / self.seconds / self.viewers as f64,
            "harness_cpu_percent": 100.0 * self.harness_cpu / self.seconds,
        })
    }
}

/// Joins, waits until all play, measures, leaves.
pub(crate) fn measure(load: &Load, pid: u32, window: Duration) -> Result<Point> {
    let rss_before = process::usage(pid)?.rss;
    let mut crowd = Crowd::gather(load)?;
    crowd.run_for(SETTLING)?;
    let (server, harness, seen, start) = readings(pid, &crowd)?;
    crowd.run_for(window)?;
    let (server_end, harness_end, seen_end, end) = readings(pid, &crowd)?;
    crowd.leave();
    Ok(Point {
        viewers: load.viewers,
        seconds: (end - start).as_secs_f64(),
        cpu: (server_end.cpu - server.cpu).as_secs_f64(),
        rss_before,
        rss: server_end.rss,
        seen: Seen {
            packets: seen_end.packets - seen.packets,
            bytes: seen_end.bytes - seen.bytes,
            lost: seen_end.lost.saturating_sub(seen.lost),
            frames: seen_end.frames - seen.frames,
        },
        harness_cpu: (harness_end.cpu - harness.cpu).as_secs_f64(),
    })
}

fn readings(pid: u32, crowd: &Crowd) -> Result<(process::Usage, process::Usage, Seen, Instant)> {
    Ok((
        process::usage(pid)?,
        process::usage(std::process::id())?,
        crowd.seen(),
        clock::now(),
    ))
}

/// Viewers that play.
pub(crate) struct Crowd {
    poll: Poll,
    events: Events,
    viewers: Vec<Viewer>,
}

impl Crowd {
    /// Joins all of them and waits until each has got a picture.
    pub(crate) fn gather(load: &Load) -> Result<Self> {
        let mut crowd = Self {
            poll: Poll::new()?,
            events: Events::with_capacity(256),
            viewers: Vec::new(),
        };
        let joining = join_all(load.door.clone(), load.viewers);
        let deadline = clock::now() + JOINING;
        loop {
            while let Ok(viewer) = joining.try_recv() {
                crowd.take(viewer.context("a viewer could not join")?)?;
            }
            crowd.turn()?;
            let playing = crowd
                .viewers
                .iter()
                .filter(|v| v.connected && v.seen.frames > 0)
                .count();
            if playing == load.viewers {
                return Ok(crowd);
            }
            if clock::now() > deadline {
                bail!(
                    "only {playing} of {} viewers play after {JOINING:?}",
                    load.viewers
                );
            }
        }
    }

    /// Serves them for that long.
    pub(crate) fn run_for(&mut self, time: Duration) -> Result<()> {
        let end = clock::now() + time;
        while clock::now() < end {
            self.turn()?;
        }
        let gone = self.viewers.iter().filter(|v| v.ended).count();
        ensure!(gone == 0, "{gone} viewers were thrown out");
        Ok(())
    }

    fn take(&mut self, mut viewer: Viewer) -> Result<()> {
        let token = Token(self.viewers.len());
        self.poll
            .registry()
            .register(viewer.socket(), token, Interest::READABLE)?;
        self.viewers.push(viewer);
        Ok(())
    }

    fn turn(&mut self) -> Result<()> {
        let now = clock::now();
        let next = self
            .viewers
            .iter()
            .map(|v| v.wake.saturating_duration_since(now))
            .min();
        self.poll.poll(
            &mut self.events,
            Some(next.unwrap_or(LONGEST_SLEEP).min(LONGEST_SLEEP)),
        )?;
        for event in &self.events {
            if let Some(viewer) = self.viewers.get_mut(event.token().0) {
                viewer.receive();
            }
        }
        let now = clock::now();
        for viewer in self
            .viewers
            .iter_mut()
            .filter(|v| v.wake <= now && !v.ended)
        {
            viewer.advance(now);
        }
        Ok(())
    }

    fn seen(&self) -> Seen {
        self.viewers
            .iter()
            .fold(Seen::default(), |sum, viewer| Seen {
                packets: sum.packets + viewer.seen.packets,
                bytes: sum.bytes + viewer.seen.bytes,
                lost: sum.lost + viewer.seen.lost,
                frames: sum.frames + viewer.seen.frames,
            })
    }

    /// Serves them on a thread of their own until told otherwise.
    pub(crate) fn serve_aside(mut self) -> Aside {
        let (stop, stopped) = mpsc::channel();
        let thread = std::thread::spawn(move || {
            while stopped.try_recv() == Err(mpsc::TryRecvError::Empty) {
                self.run_for(LONGEST_SLEEP)?;
            }
            self.leave();
            Ok(())
        });
        Aside { stop, thread }
    }

    fn leave(self) {
        self.viewers.into_iter().for_each(Viewer::leave);
    }
}

/// A crowd that plays while something else is measured.
pub(crate) struct Aside {
    stop: mpsc::Sender<()>,
    thread: JoinHandle<Result<()>>,
}

impl Aside {
    /// Ends it; an error when it did not play to the end.
    pub(crate) fn leave(self) -> Result<()> {
        drop(self.stop);
        self.thread
            .join()
            .unwrap_or_else(|_| bail!("the viewers' thread panicked"))
    }
}

/// Joins on a thread of its own: an offer that waits for its answer must not keep the others from
/// reading.
fn join_all(door: Door, viewers: usize) -> Receiver<Result<Viewer>> {
    let (joined, joining) = mpsc::channel();
    std::thread::spawn(move || {
        for _ in 0..viewers {
            let viewer =
                http::local_address(door.url()).and_then(|local| Viewer::join(&door, local));
            let failed = viewer.is_err();
            if joined.send(viewer).is_err() || failed {
                return;
            }
        }
    });
    joining
}
