//! What a server uses while many watch: processor time by what it delivers, memory by viewer.

use std::time::{Duration, Instant};

use anyhow::Result;
use serde_json::{Value, json};

use crate::crowd::{Crowd, Load};
use crate::figures::median_of;
use crate::viewer::Seen;
use crate::{clock, process};

/// Time between the last viewer's first packet and the measurement: joins are over, queues are empty.
pub(crate) const SETTLING: Duration = Duration::from_secs(3);

/// What the median of the windows is taken of.
const MEDIANS: [&str; 11] = [
    "cpu_seconds",
    "cpu_percent",
    "cpu_seconds_per_gigabit",
    "rss_mb",
    "kilobytes_per_viewer",
    "delivered_gigabits",
    "megabits_per_second_and_viewer",
    "packets",
    "lost",
    "frames_per_second_and_viewer",
    "harness_cpu_percent",
];

/// How long and how often one number of viewers is measured.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Windows {
    pub(crate) count: usize,
    pub(crate) length: Duration,
}

/// Joins, waits until all play, measures in windows one after the other, leaves: the medians, and
/// each window.
pub(crate) fn measure(load: &Load, pid: u32, windows: Windows) -> Result<Value> {
    let rss_before = process::usage(pid)?.rss;
    let crowd = Crowd::gather(load)?;
    std::thread::sleep(SETTLING);
    let mut rows = Vec::new();
    let mut before = Reading::take(pid, &crowd)?;
    for _ in 0..windows.count {
        std::thread::sleep(windows.length);
        let after = Reading::take(pid, &crowd)?;
        rows.push(after.since(&before, rss_before, load.viewers));
        before = after;
    }
    crowd.leave()?;
    let mut point = json!({ "viewers": load.viewers, "rss_before_mb": rss_before as f64 / 1e6 });
    for key in MEDIANS {
        point[key] = json!(median_of(&rows, key));
    }
    point["windows"] = Value::Array(rows);
    Ok(point)
}

/// The meters at one moment.
struct Reading {
    server: process::Usage,
    /// Of this process: when it nears what the machine has left, the figures are its own.
    harness: process::Usage,
    seen: Seen,
    at: Instant,
}

impl Reading {
    fn take(pid: u32, crowd: &Crowd) -> Result<Self> {
        Ok(Self {
            server: process::usage(pid)?,
            harness: process::usage(std::process::id())?,
            seen: crowd.seen()?,
            at: clock::now(),
        })
    }

    fn since(&self, before: &Self, rss_before: u64, viewers: usize) -> Value {
        let seconds = (self.at - before.at).as_secs_f64();
        let cpu = (self.server.cpu - before.server.cpu).as_secs_f64();
        let harness = (self.harness.cpu - before.harness.cpu).as_secs_f64();
        let seen = self.seen.since(before.seen);
        let gigabits = seen.bytes as f64 * 8.0 / 1e9;
        let viewers = viewers as f64;
        json!({
            "seconds": seconds,
            "cpu_seconds": cpu,
            "cpu_percent": 100.0 * cpu / seconds,
            "cpu_seconds_per_gigabit": cpu / gigabits,
            "rss_mb": self.server.rss as f64 / 1e6,
            "kilobytes_per_viewer": self.server.rss.saturating_sub(rss_before) as f64 / 1e3 / viewers,
            "delivered_gigabits": gigabits,
            "megabits_per_second_and_viewer": gigabits * 1e3 / seconds / viewers,
            "packets": seen.packets,
            "lost": seen.lost,
            "frames_per_second_and_viewer": seen.frames as f64 / seconds / viewers,
            "harness_cpu_percent": 100.0 * harness / seconds,
        })
    }
}
