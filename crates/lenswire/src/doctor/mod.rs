//! `lenswire doctor`: looks at everything around Lenswire that has to be right for it to work, and
//! says of each thing whether it is, and what to do where it is not. It changes nothing, and a
//! running Lenswire is not disturbed.
//!
//! A check is a function from the [`Ground`] to what it found there; the table below is all of them.

mod addresses;
mod clock;
mod data;
mod limits;
mod ports;
mod relay;
mod streams;

use std::path::PathBuf;
use std::sync::Arc;

use lenswire_hub::config::{Config, Error, File, Overrides};
use serde::Serialize;

use crate::cli::Doctor;
use crate::say;

/// A check: what it is called, and what does it.
type Check = (&'static str, fn(&Ground) -> Vec<Finding>);

/// Everything that is looked at, in the order in which it is told.
const CHECKS: &[Check] = &[
    ("configuration", configuration),
    ("data", data::folder),
    ("disk", data::space),
    ("listen", ports::listen),
    ("media", ports::media),
    ("addresses", addresses::announced),
    ("clock", clock::clock),
    ("files", limits::files),
    ("changes", limits::changes),
    ("relay", relay::servers),
    ("streams", streams::sources),
];

/// What checks look at.
struct Ground {
    file: Arc<File>,
    /// The configuration; what is served without one when the file is wrong.
    config: Config,
    wrong: Option<Error>,
    folder: PathBuf,
    with_streams: bool,
}

/// How something stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum Verdict {
    /// As it should be.
    Ok,
    /// It works, but look.
    Warn,
    /// It does not work so.
    Fail,
}

/// What one check says of one thing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
struct Finding {
    verdict: Verdict,
    detail: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    fix: Option<String>,
}

impl Finding {
    fn ok(detail: impl Into<String>) -> Self {
        Self {
            verdict: Verdict::Ok,
            detail: detail.into(),
            fix: None,
        }
    }

    fn warn(detail: impl Into<String>, fix: impl Into<String>) -> Self {
        Self {
            verdict: Verdict::Warn,
            detail: detail.into(),
            fix: Some(fix.into()),
        }
    }

    fn fail(detail: impl Into<String>, fix: impl Into<String>) -> Self {
        Self {
            verdict: Verdict::Fail,
            ..Self::warn(detail, fix)
        }
    }
}

/// A finding with its check's name, for programs.
#[derive(Serialize)]
struct Told {
    check: &'static str,
    #[serde(flatten)]
    finding: Finding,
}

/// Looks at everything; whether nothing fails.
pub(crate) fn run(options: Doctor) -> anyhow::Result<bool> {
    let folder = options.places.folder()?;
    let file = Arc::new(options.places.file(Overrides::default())?);
    let (config, wrong) = match file.load() {
        Ok(config) => (config, None),
        Err(error) => (Config::demo(), Some(error)),
    };
    let ground = Ground {
        file,
        config,
        wrong,
        folder,
        with_streams: options.streams,
    };
    let mut all = Vec::new();
    for (check, look) in CHECKS {
        for finding in look(&ground) {
            if !options.json {
                tell(check, &finding)?;
            }
            all.push(Told { check, finding });
        }
    }
    let well = all.iter().all(|told| told.finding.verdict != Verdict::Fail);
    if options.json {
        let report = serde_json::json!({ "well": well, "checks": all });
        say(&serde_json::to_string_pretty(&report)?)?;
    }
    Ok(well)
}

fn tell(check: &str, finding: &Finding) -> anyhow::Result<()> {
    let word = match finding.verdict {
        Verdict::Ok => "ok",
        Verdict::Warn => "WARN",
        Verdict::Fail => "FAIL",
    };
    say(&format!("{word:<5} {check:<14} {}", finding.detail))?;
    finding
        .fix
        .as_ref()
        .map_or(Ok(()), |fix| say(&format!("      {:<14} {fix}", "")))
}

/// Whether the file is right.
fn configuration(ground: &Ground) -> Vec<Finding> {
    let path = ground.file.path().display();
    vec![match &ground.wrong {
        Some(error) => Finding::fail(
            error.to_string(),
            "Put that right; `lenswire config check` shows the place.",
        ),
        None if ground.file.path().exists() => Finding::ok(format!("{path} is right.")),
        None => Finding::ok(format!("There is no {path}: the demo is served.")),
    }]
}
