//! Chromium as the viewer: `browser/play.mjs` drives it and answers with JSON.

use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

/// Plays for so many seconds and reads the time stamp of each picture shown; milliseconds from
/// drawing to display, and to receipt.
pub(crate) fn delays(script: &Path, whep: &str, seconds: u64) -> Result<Value> {
    let seen = play(script, &["delays", whep, &seconds.to_string()])?;
    let display = numbers(&seen["display"]);
    ensure!(!display.is_empty(), "no stamp was read in {seconds} s");
    Ok(json!({
        "pictures": display.len(),
        "display_p50_ms": percentile(&display, 50),
        "display_p95_ms": percentile(&display, 95),
        "receipt_p50_ms": percentile(&numbers(&seen["receipt"]), 50),
        "receipt_p95_ms": percentile(&numbers(&seen["receipt"]), 95),
    }))
}

/// Joins so many times; milliseconds from the click to the first picture, and until what is shown is
/// live.
pub(crate) fn joins(script: &Path, whep: &str, times: u64) -> Result<Value> {
    let seen = play(script, &["joins", whep, &times.to_string()])?;
    let first = numbers(&seen["first"]);
    ensure!(!first.is_empty(), "no picture was shown");
    let live = numbers(&seen["live"]);
    Ok(json!({
        "joins": first.len(),
        "first_p50_ms": percentile(&first, 50),
        "first_max_ms": percentile(&first, 100),
        "live_p50_ms": percentile(&live, 50),
        "live_max_ms": percentile(&live, 100),
    }))
}

fn play(script: &Path, arguments: &[&str]) -> Result<Value> {
    let output = Command::new("node")
        .arg(script)
        .args(arguments)
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .output()
        .context("node, which drives the browser, does not start")?;
    ensure!(output.status.success(), "{} failed", script.display());
    Ok(serde_json::from_slice(&output.stdout)?)
}

fn numbers(list: &Value) -> Vec<f64> {
    let mut numbers: Vec<f64> = list
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_f64)
        .collect();
    numbers.sort_unstable_by(f64::total_cmp);
    numbers
}

/// Of sorted numbers; none of none.
fn percentile(sorted: &[f64], percent: usize) -> Option<f64> {
    let last = sorted.len().checked_sub(1)?;
    sorted
        .get(last * percent / 100)
        .map(|ms| (ms * 10.0).round() / 10.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_of_the_sorted_numbers() {
        let sorted = numbers(&json!([9, 1, 5, 3, 7]));
        assert_eq!(
            (percentile(&sorted, 50), percentile(&sorted, 100)),
            (Some(5.0), Some(9.0))
        );
        assert_eq!(percentile(&[], 50), None);
    }
}
