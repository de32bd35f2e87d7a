//! Loss and bandwidth as the API reports them, beside what they are: the relay knows what it lost, the
//! camera what it withheld and wrote, the viewers what came (req 94, 103).

use std::time::Duration;

use anyhow::{Context, Result, anyhow};
use serde_json::{Value, json};

use super::{BEHIND_LINK, streams};
use crate::api::Api;
use crate::browser::Play;
use crate::camera::{Camera, Fault};
use crate::clock;
use crate::crowd::{Crowd, Load};
use crate::fanout::SETTLING;
use crate::figures::rounded;
use crate::impair::Impairment;
use crate::relay::Relay;
use crate::server::{Make, Server};
use crate::suite::{Bench, Notes, Part};

/// Lost on the way to the viewer, in percent, and by the camera, one of so many.
const LOST: f64 = 5.0;
const WITHHELD: u32 = 50;

/// How long a browser may take to come, and seconds that it stays after the first comparison.
const COMING: Duration = Duration::from_secs(40);
const GOING: u64 = 15;

/// The camera.
const CAMERA: &str = "cam0";

pub(super) fn measure(bench: &mut Bench<'_>, make: &Make, notes: &mut Notes) {
    let point = bench.link().and_then(|bench| {
        let link = bench.far_side()?;
        let lossy = Impairment {
            loss: LOST,
            ..Impairment::none()
        };
        let relay = link.relay(bench.plan.address, make.kind.media_port(), lossy)?;
        bench.with_at(make, BEHIND_LINK, &streams::cameras(1), |server| {
            server.wait_for_stream()?;
            let near = Crowd::gather(&Load {
                doors: vec![server.door()?],
                viewers: 1,
            })?;
            let seconds = bench.plan.seconds;
            // A browser, because it reports what was lost; ours reports what was not repaired.
            let far = Play {
                enter: link.enter(),
                ..bench.play(server, SETTLING.as_secs() + seconds + GOING)
            };
            let (watched, figures) = std::thread::scope(|scope| {
                let far = scope.spawn(|| far.watch());
                let figures = compare(bench, server, &relay, &near);
                (far.join(), figures)
            });
            watched.map_err(|_| anyhow!("the browser's thread panicked"))??;
            near.leave()?;
            figures
        })
    });
    notes.point(make, Part::Known, "figures", point);
}

/// Waits for the browser, then compares: first bandwidth and the way to the viewer, then the camera's
/// losses, which would be the viewer's, too.
fn compare(bench: &Bench<'_>, server: &Server, relay: &Relay, near: &Crowd) -> Result<Value> {
    let meters = Meters {
        api: server.api()?,
        far: bench.plan.address.to_string(),
        camera: &bench.camera,
        relay,
        near,
    };
    clock::until(COMING, || meters.report().ok()).context("the browser does not come")?;
    std::thread::sleep(SETTLING);
    let mut figures = meters.watch(bench.plan.seconds)?;
    figures["stream_loss"] = meters.withhold()?;
    Ok(figures)
}

struct Meters<'a> {
    api: Api,
    /// From where the relay asks for the browser.
    far: String,
    camera: &'a Camera,
    relay: &'a Relay,
    near: &'a Crowd,
}

/// What was known, and what the hub said.
fn pair(known: f64, reported: Option<f64>) -> Value {
    json!({ "known": rounded(known), "reported": reported.map(rounded) })
}

impl Meters<'_> {
    fn watch(&self, seconds: u64) -> Result<Value> {
        let before = self.known()?;
        let mut reports = Vec::new();
        for _ in 0..seconds {
            std::thread::sleep(Duration::from_secs(1));
            reports.push(self.report()?);
        }
        let after = self.known()?;
        let time = after.at - before.at;
        let of = |figure: fn(&Report) -> f64| Some(mean(reports.iter().map(figure)));
        let relayed = (after.relayed - before.relayed).max(1.0);
        let loss = mean(reports.iter().map(|report| report.far_loss * 100.0));
        Ok(json!({
            "stream_bandwidth": pair(
                self.written(before.at, after.at)? * 8.0 / time,
                of(|report| report.stream_bps),
            ),
            "session_bandwidth": pair(
                (after.received - before.received) * 8.0 / time,
                of(|report| report.near_bps),
            ),
            "session_loss": pair(100.0 * (after.relay_lost - before.relay_lost) / relayed, Some(loss)),
        }))
    }

    /// The camera withholds packets for a while, and all are counted before and after.
    fn withhold(&self) -> Result<Value> {
        let counted = || -> Result<(f64, f64)> {
            let stream = self.stream()?;
            let lost = number(&stream["stats"]["lost_packets"])?;
            Ok((self.camera.withheld(CAMERA)? as f64, lost))
        };
        let before = counted()?;
        self.camera.set(CAMERA, Fault::Lossy(WITHHELD))?;
        std::thread::sleep(Duration::from_secs(GOING - 5));
        self.camera.set(CAMERA, Fault::None)?;
        std::thread::sleep(Duration::from_secs(1));
        let after = counted()?;
        Ok(pair(after.0 - before.0, Some(after.1 - before.1)))
    }

    fn stream(&self) -> Result<Value> {
        self.api.get(&format!("/api/v1/streams/{CAMERA}"))
    }

    /// Bytes that the camera wrote between two moments.
    fn written(&self, from: f64, to: f64) -> Result<f64> {
        let written = self.camera.written(CAMERA)?;
        let within = written
            .iter()
            .filter(|w| (from..to).contains(&w.at.as_secs_f64()));
        Ok(within.map(|w| w.bytes as f64).sum())
    }

    fn known(&self) -> Result<Known> {
        let counters = self.relay.counters();
        let lost = counters["lost"].as_f64().unwrap_or_default();
        Ok(Known {
            at: clock::wall().0 as f64 / 1e6,
            relay_lost: lost,
            relayed: lost + counters["to_viewer"].as_f64().unwrap_or_default(),
            received: self.near.seen()?.bytes as f64,
        })
    }

    fn report(&self) -> Result<Report> {
        let stream = self.stream()?;
        let sessions = self.api.get("/api/v1/sessions")?;
        let sessions = sessions["items"].as_array().context("no sessions")?;
        let is_far = |session: &&Value| {
            let remote = session["remote"].as_str().unwrap_or_default();
            remote.starts_with(&self.far)
        };
        let far = sessions.iter().find(is_far).context("no far session")?;
        let near = sessions.iter().find(|session| !is_far(session));
        Ok(Report {
            stream_bps: number(&stream["stats"]["bitrate_bps"])?,
            near_bps: number(&near.context("no near session")?["bitrate_bps"])?,
            far_loss: number(&far["loss_ratio"])?,
        })
    }
}

/// A report covers what came since the last one: their mean is the loss.
fn mean(numbers: impl Iterator<Item = f64>) -> f64 {
    let (sum, count) = numbers.fold((0.0, 0.0), |(sum, count), n| (sum + n, count + 1.0));
    sum / count
}

/// Meters outside of the hub.
struct Known {
    at: f64,
    relay_lost: f64,
    relayed: f64,
    received: f64,
}

/// What the hub says at one moment.
struct Report {
    stream_bps: f64,
    near_bps: f64,
    far_loss: f64,
}

fn number(value: &Value) -> Result<f64> {
    value.as_f64().context("a number is missing in the API")
}
