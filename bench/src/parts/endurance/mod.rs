//! An hour of ten streams with ten viewers each, and a fault each minute: memory, tasks, descriptors and
//! delay end where they began (req 95, 100). Nine viewers of each stream are near; one is behind a
//! relay whose network can be made bad.

mod faults;

use std::time::{Duration, Instant};

use anyhow::Result;
use serde_json::{Value, json};

use super::BEHIND_LINK;
use super::streams::{VIEWERS, cameras, doors};
use crate::api::Api;
use crate::arrival;
use crate::camera::{Camera, FRAIL};
use crate::clock;
use crate::crowd::{Crowd, Load};
use crate::door::Door;
use crate::figures::{median, rounded};
use crate::process;
use crate::relay::Relay;
use crate::server::{Make, Server};
use crate::suite::{Bench, Notes, Part};
use faults::Mishap;

/// The end of each minute, over which delay and pictures are measured.
const LOOK: Duration = Duration::from_secs(10);

/// Longest wait for everybody's picture after a fault.
const RECOVERY: Duration = Duration::from_secs(25);

/// From the last goodbye to when everything should have been let go; a vanished viewer is kept for
/// twenty seconds.
const RESTING: Duration = Duration::from_secs(40);

/// Looks at each end that delay and memory are taken of.
const EDGE: usize = 3;

pub(super) fn measure(bench: &mut Bench<'_>, make: &Make, notes: &mut Notes) {
    let point = bench.link().and_then(|bench| {
        let link = bench.far_side()?;
        let none = crate::impair::Impairment::none();
        let relay = link.relay(bench.plan.address, make.kind.media_port(), none)?;
        bench.with_at(make, BEHIND_LINK, &cameras(FRAIL.len()), |server| {
            server.wait_for_stream()?;
            std::thread::sleep(RESTING);
            let begin = held(server)?;
            let doors = doors(server, FRAIL.len())?;
            let load = |viewers| Load {
                doors: doors.clone(),
                viewers,
            };
            let near = FRAIL.len() * (VIEWERS - 1);
            let world = World {
                camera: &bench.camera,
                relay: &relay,
                api: server.api()?,
                pid: server.pid(),
                doors: doors.clone(),
                minute: Duration::from_secs(bench.plan.fault_every),
                near: Crowd::gather(&load(near))?,
                far: Crowd::gather_at(&load(FRAIL.len()), Some(link))?,
            };
            let rows = world.live_through(Duration::from_secs(bench.plan.endurance_seconds));
            let left = [world.near.leave(), world.far.leave()];
            std::thread::sleep(RESTING);
            let mut figures = summary(&rows);
            figures["begin"] = begin;
            figures["end"] = held(server)?;
            figures["left"] = json!(left.map(|left| left.err().map(|error| format!("{error:#}"))));
            Ok(figures)
        })
    });
    notes.point(make, Part::Endurance, "hour", point);
}

fn held(server: &Server) -> Result<Value> {
    holdings(server.pid(), &server.api()?)
}

fn holdings(pid: u32, api: &Api) -> Result<Value> {
    let mut held = process::holdings(pid)?.to_json();
    held["tasks"] = json!(api.metric("lenswire_tasks ")?);
    held["sessions"] = json!(api.metric("lenswire_sessions ")?);
    Ok(held)
}

/// What faults can happen to.
struct World<'a> {
    camera: &'a Camera,
    relay: &'a Relay,
    api: Api,
    pid: u32,
    doors: Vec<Door>,
    /// From fault to fault.
    minute: Duration,
    near: Crowd,
    far: Crowd,
}

impl World<'_> {
    /// A look before anything happened, then a row for each minute. What fails is in its row.
    fn live_through(&self, time: Duration) -> Vec<Value> {
        let begin = clock::now();
        let mut rows = vec![self.row("nothing", begin, || Ok(()))];
        for (n, mishap) in Mishap::ALL.into_iter().cycle().enumerate() {
            if clock::now() - begin + self.minute > time {
                break;
            }
            let row = self.row(mishap.name(), begin, || mishap.happen(n, self));
            println!("{row}");
            rows.push(row);
        }
        rows
    }

    /// One minute: the fault, how soon everybody has a picture again, and a look at its end.
    fn row(&self, fault: &str, begin: Instant, happen: impl FnOnce() -> Result<()>) -> Value {
        let start = clock::now();
        let happened = happen();
        let recovered = self.recovered();
        let look = start + self.minute.saturating_sub(LOOK);
        std::thread::sleep(look.saturating_duration_since(clock::now()));
        let mut row = self
            .look()
            .unwrap_or_else(|error| json!({ "failed": format!("{error:#}") }));
        row["second"] = json!((start - begin).as_secs());
        row["fault"] = json!(fault);
        row["recovered_ms"] = json!(recovered.as_ref().ok().copied().flatten());
        row["error"] = json!(
            happened
                .or(recovered.map(drop))
                .err()
                .map(|e| format!("{e:#}"))
        );
        row
    }

    /// Milliseconds until everybody has got another picture, if they all do. Who was thrown out is
    /// replaced first.
    fn recovered(&self) -> Result<Option<f64>> {
        let begin = clock::now();
        let frames = || Ok::<_, anyhow::Error>([self.near.frames()?, self.far.frames()?]);
        let before = frames()?;
        let mut failed = None;
        let all_play = || match frames() {
            Ok(now) => {
                let pairs = now.iter().flatten().zip(before.iter().flatten());
                let mut pairs = pairs.filter_map(|(now, before)| now.zip(*before));
                pairs.all(|(now, before)| now > before).then_some(())
            }
            Err(error) => {
                failed = Some(error);
                Some(())
            }
        };
        let played = clock::until(RECOVERY, all_play);
        failed.map_or(Ok(()), Err)?;
        Ok(played.map(|()| rounded((clock::now() - begin).as_secs_f64() * 1e3)))
    }

    /// Delay, pictures, loss and what the hub holds, over the next ten seconds.
    fn look(&self) -> Result<Value> {
        let thrown_out = self.replace_thrown_out()?;
        let begin = clock::now();
        let before = self.near.seen()?;
        let arrivals = self.near.note_arrivals(LOOK)?;
        let seen = self.near.seen()?.since(before);
        let time = (clock::now() - begin).as_secs_f64();
        let streams = (0..FRAIL.len()).map(|stream| {
            let viewers = arrivals.iter().skip(stream).step_by(FRAIL.len()).cloned();
            let written = self.camera.written(FRAIL[stream].trim_start_matches('/'))?;
            Ok(arrival::summary(&written, &viewers.collect::<Vec<_>>()))
        });
        let streams = streams.collect::<Result<Vec<Value>>>()?;
        let of = |figure: &str| {
            let figures = streams
                .iter()
                .filter_map(|stream| stream["between_keyframes"][figure].as_f64());
            crate::figures::sorted(figures)
        };
        let mut row = holdings(self.pid, &self.api)?;
        row["delay_p50_ms"] = json!(median(of("p50_ms")));
        row["delay_p99_ms"] = json!(of("p99_ms").last());
        row["pictures_per_second_and_viewer"] =
            json!(rounded(seen.frames as f64 / time / arrivals.len() as f64));
        row["lost"] = json!(seen.lost);
        row["thrown_out"] = json!(thrown_out);
        Ok(row)
    }

    /// A viewer of each stream, among the near ones.
    fn replace_near(&self) -> Result<()> {
        let doors = self.doors.iter().enumerate();
        doors
            .into_iter()
            .try_for_each(|(place, door)| self.near.replace(place, door))
    }

    fn replace_thrown_out(&self) -> Result<usize> {
        let mut count = 0;
        for crowd in [&self.near, &self.far] {
            for (place, frames) in crowd.frames()?.into_iter().enumerate() {
                if frames.is_none() {
                    count += 1;
                    crowd.replace(place, &self.doors[place % self.doors.len()])?;
                }
            }
        }
        Ok(count)
    }
}

/// Both ends, the worst between, and every row.
fn summary(rows: &[Value]) -> Value {
    let looked: Vec<&Value> = rows.iter().filter(|row| row["failed"].is_null()).collect();
    let edge = |key: &str, last: bool| {
        let all = looked.iter().filter_map(|row| row[key].as_f64());
        let all: Vec<f64> = all.collect();
        let skip = if last {
            all.len().saturating_sub(EDGE)
        } else {
            0
        };
        median(all.into_iter().skip(skip).take(EDGE))
    };
    let most = |key: &str| {
        let all = looked.iter().filter_map(|row| row[key].as_f64());
        all.reduce(f64::max)
    };
    let sum = |key: &str| {
        looked
            .iter()
            .filter_map(|row| row[key].as_u64())
            .sum::<u64>()
    };
    let mut all = json!({
        "minutes": rows.len(),
        "faults": rows.len().saturating_sub(1),
        "failed": rows.iter().filter(|row| !row["failed"].is_null() || !row["error"].is_null()).count(),
        "never_recovered": rows.iter().filter(|row| row["recovered_ms"].is_null()).count(),
        "recovered_max_ms": most("recovered_ms"),
        "thrown_out": sum("thrown_out"),
        "lost": sum("lost"),
    });
    for key in [
        "delay_p50_ms",
        "delay_p99_ms",
        "rss_mb",
        "threads",
        "descriptors",
        "tasks",
        "sessions",
        "pictures_per_second_and_viewer",
    ] {
        all[format!("first_{key}")] = json!(edge(key, false));
        all[format!("last_{key}")] = json!(edge(key, true));
    }
    all["rows"] = json!(rows);
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_at_the_ends_is_told_apart_and_a_failed_minute_is_counted() {
        let row = |delay: f64, thrown_out: u32| json!({ "delay_p50_ms": delay, "thrown_out": thrown_out, "recovered_ms": 40.0 });
        let rows: Vec<Value> = [1.0, 1.0, 1.0, 9.0, 2.0, 2.0, 2.0]
            .map(|delay| row(delay, 1))
            .into();
        let failed = json!({ "failed": "the process is gone", "recovered_ms": null });
        let all = summary(&[rows, vec![failed]].concat());
        assert_eq!(
            (&all["first_delay_p50_ms"], &all["last_delay_p50_ms"]),
            (&json!(1.0), &json!(2.0))
        );
        assert_eq!(
            (&all["failed"], &all["never_recovered"]),
            (&json!(1), &json!(1))
        );
        assert_eq!(all["thrown_out"], 7);
    }
}
