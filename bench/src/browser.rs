//! Chromium as the viewer: `browser/play.mjs` drives it and says what it saw; what that means is
//! worked out here.

use std::io::Read as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use serde_json::{Value, json};

use crate::clock;
use crate::figures::{percentile, rounded, sorted};

/// A picture that is younger counts as live; milliseconds.
const LIVE: f64 = 250.0;

/// The script ends by itself after what it was asked plus about a minute; one that doesn't is ended.
const OVERTIME: u64 = 150;

/// What Chromium is asked to do.
#[derive(Clone, Debug)]
pub(crate) struct Play<'a> {
    pub(crate) script: &'a Path,
    /// What stands in front of the command, to run it elsewhere.
    pub(crate) enter: Vec<String>,
    pub(crate) url: String,
    /// The server's own page instead of WHEP from an empty one.
    pub(crate) own_page: bool,
    pub(crate) joins: u64,
    /// Seconds that don't count, after each answer.
    pub(crate) settle: u64,
    pub(crate) seconds: u64,
    /// Seconds from join to join.
    pub(crate) period: f64,
}

/// What one join saw.
#[derive(Clone, Debug)]
pub(crate) struct Watched {
    /// Milliseconds since 1970 at 0 of the page's clock.
    pub(crate) origin: f64,
    /// The answer, by the page's clock, like all below.
    answered: f64,
    /// From when on it counts.
    settled: f64,
    pub(crate) pictures: Vec<Picture>,
    before: Value,
    after: Value,
}

/// One picture that was shown.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Picture {
    pub(crate) at: f64,
    /// Milliseconds from drawing to display, and to the receipt of its last packet.
    pub(crate) age: Option<f64>,
    pub(crate) receipt: Option<f64>,
    pub(crate) height: f64,
}

impl Play<'_> {
    /// Each join, failed ones as what went wrong.
    pub(crate) fn run(&self) -> Result<Vec<Result<Watched>>> {
        let plan = json!({
            "url": self.url, "own_page": self.own_page, "joins": self.joins,
            "settle": self.settle, "seconds": self.seconds, "period": self.period,
        });
        let mut words = self.enter.iter().map(String::as_str).chain(["node"]);
        let mut child = Command::new(words.next().context("no command")?)
            .args(words)
            .arg(self.script)
            .arg(plan.to_string())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .context("node, which drives the browser, does not start")?;
        let mut out = child.stdout.take().context("the script's output")?;
        let reader = std::thread::spawn(move || {
            let mut text = Vec::new();
            out.read_to_end(&mut text).map(|_| text)
        });
        let each = self.period.max((self.settle + self.seconds + 20) as f64);
        let patience = Duration::from_secs((each * self.joins as f64) as u64 + OVERTIME);
        let ended = clock::until(patience, || child.try_wait().transpose());
        let Some(status) = ended else {
            child.kill()?;
            child.wait()?;
            bail!("the browser did not end within {patience:?}")
        };
        ensure!(status?.success(), "{} failed", self.script.display());
        let text = reader.join().ok().context("the script's output")??;
        let entries: Vec<Value> = serde_json::from_slice(&text)?;
        Ok(entries
            .iter()
            .map(|entry| Watched::parse(entry, self.settle))
            .collect())
    }

    /// The one join that was asked for.
    pub(crate) fn watch(&self) -> Result<Watched> {
        self.run()?.pop().context("no join")?
    }
}

impl Watched {
    fn parse(entry: &Value, settle: u64) -> Result<Self> {
        if let Some(error) = entry["error"].as_str() {
            bail!("{error}");
        }
        let pictures = entry["pictures"].as_array().context("no pictures")?;
        let answered = entry["answered"].as_f64().context("no answer")?;
        Ok(Self {
            origin: entry["origin"].as_f64().context("no clock")?,
            answered,
            settled: answered + settle as f64 * 1e3,
            pictures: pictures.iter().filter_map(Picture::parse).collect(),
            before: entry["before"].clone(),
            after: entry["after"].clone(),
        })
    }

    /// What was shown once it had settled.
    fn counted(&self) -> impl Iterator<Item = &Picture> {
        self.pictures
            .iter()
            .filter(|picture| picture.at > self.settled)
    }

    /// Delays while it played.
    pub(crate) fn delays(&self) -> Result<Value> {
        let display = sorted(self.counted().filter_map(|picture| picture.age));
        let receipt = sorted(self.counted().filter_map(|picture| picture.receipt));
        ensure!(
            !display.is_empty(),
            "no time stamp could be read in {} pictures",
            self.counted().count()
        );
        Ok(json!({
            "pictures": display.len(),
            "display_p50_ms": percentile(&display, 50),
            "display_p95_ms": percentile(&display, 95),
            "receipt_p50_ms": percentile(&receipt, 50),
            "receipt_p95_ms": percentile(&receipt, 95),
        }))
    }

    /// Milliseconds from the answer to the first picture and to the first live one, freezes, and the
    /// delay of the last second.
    pub(crate) fn joining(&self) -> Value {
        let since = |picture: &Picture| rounded(picture.at - self.answered);
        let live = self
            .pictures
            .iter()
            .find(|p| p.age.is_some_and(|age| age < LIVE));
        json!({
            "first_ms": self.pictures.first().map(since),
            "live_ms": live.map(since),
            "delay_after_ms": self.delay_at_end(),
            "freezes": self.after["freezeCount"],
            "freeze_seconds": self.after["totalFreezesDuration"],
        })
    }

    fn delay_at_end(&self) -> Option<f64> {
        let end = self.pictures.last()?.at;
        self.delay_between(end - 1_000.0, end)
    }

    /// Median delay to display between two times of the page's clock.
    pub(crate) fn delay_between(&self, from: f64, to: f64) -> Option<f64> {
        let within = self.pictures.iter().filter(|p| (from..=to).contains(&p.at));
        percentile(&sorted(within.filter_map(|p| p.age)), 50)
    }

    /// Counters between the two readings, and the share of that time in which the picture stood still.
    pub(crate) fn counters(&self, seconds: u64) -> Value {
        let mut counters = serde_json::Map::new();
        for (key, after) in self.after.as_object().into_iter().flatten() {
            let difference =
                after.as_f64().unwrap_or(0.0) - self.before[key].as_f64().unwrap_or(0.0);
            counters.insert(key.clone(), json!(rounded(difference)));
        }
        let frozen = counters.get("totalFreezesDuration").and_then(Value::as_f64);
        let share = frozen.map(|frozen| rounded(100.0 * frozen / seconds as f64));
        counters.insert("freeze_percent".to_owned(), json!(share));
        // A picture that never comes back is no freeze to WebRTC: it counts one when it ends.
        counters.insert("longest_gap_ms".to_owned(), json!(self.longest_gap()));
        Value::Object(counters)
    }

    fn longest_gap(&self) -> Option<f64> {
        let times: Vec<f64> = self.counted().map(|picture| picture.at).collect();
        let gaps = times.windows(2).map(|pair| pair[1] - pair[0]);
        gaps.reduce(f64::max).map(rounded)
    }
}

impl Picture {
    fn parse(row: &Value) -> Option<Self> {
        Some(Self {
            at: row[0].as_f64()?,
            age: row[1].as_f64(),
            receipt: row[2].as_f64(),
            height: row[4].as_f64()?,
        })
    }
}

/// Many joins in one: medians and worst, how many failed, and each.
pub(crate) fn joins(watched: &[Result<Watched>]) -> Result<Value> {
    let rows: Vec<Value> = watched.iter().flatten().map(Watched::joining).collect();
    let errors = watched.iter().filter_map(|one| one.as_ref().err());
    let errors: Vec<String> = errors.map(|error| format!("{error:#}")).collect();
    ensure!(!rows.is_empty(), "no join succeeded: {}", errors.join("; "));
    let column = |key: &str| sorted(rows.iter().filter_map(|row| row[key].as_f64()));
    let mut all = json!({ "joins": watched.len(), "failed": errors.len(), "errors": errors });
    for key in [
        "first_ms",
        "live_ms",
        "delay_after_ms",
        "freezes",
        "freeze_seconds",
    ] {
        let (numbers, name) = (column(key), key.trim_end_matches("_ms"));
        all[format!("{name}_p50")] = json!(percentile(&numbers, 50));
        all[format!("{name}_max")] = json!(percentile(&numbers, 100));
    }
    // One that never became live has no time, but must not be forgotten.
    all["never_live"] = json!(rows.iter().filter(|row| row["live_ms"].is_null()).count());
    all["each"] = Value::Array(rows);
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_join_is_timed_from_its_answer_and_a_failed_one_is_counted() {
        let entry = json!({
            "origin": 0, "answered": 1_000, "before": {}, "after": { "freezeCount": 1, "totalFreezesDuration": 0.5 },
            "pictures": [[1_090, 900, 880, 1_280, 720], [1_900, 240, 200, 1_280, 720], [2_900, 40, 20, 1_280, 720]],
        });
        let all = joins(&[
            Watched::parse(&entry, 0),
            Watched::parse(&json!({ "error": "no answer" }), 0),
        ])
        .unwrap();
        assert_eq!(all["first_p50"], 90.0);
        assert_eq!(all["live_max"], 900.0);
        assert_eq!(all["delay_after_p50"], 40.0);
        assert_eq!((&all["failed"], &all["never_live"]), (&json!(1), &json!(0)));
        let watched = Watched::parse(&entry, 0).unwrap();
        assert_eq!(watched.counters(2)["freeze_percent"], 25.0);
        assert_eq!(watched.counters(2)["longest_gap_ms"], 1_000.0);
    }
}
