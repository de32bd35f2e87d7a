//! The results as a person reads them: one Markdown table, a column for each server.

use serde_json::Value;

/// A row: its title, where the figure is, and with how many decimals it is shown.
struct Row {
    title: String,
    pointer: String,
    decimals: usize,
}

/// The table of a suite's results. What was not measured is left out.
pub(crate) fn markdown(results: &Value) -> String {
    let Some(servers) = results["servers"].as_object() else {
        return String::new();
    };
    let names: Vec<&str> = servers.keys().map(String::as_str).collect();
    let mut lines = vec![
        format!("| | {} |", names.join(" | ")),
        format!("|---|{}", "---:|".repeat(names.len())),
    ];
    for row in rows(servers.values()) {
        let figures: Vec<String> = servers.values().map(|server| row.show(server)).collect();
        if figures.iter().any(|figure| figure != "-") {
            lines.push(format!("| {} | {} |", row.title, figures.join(" | ")));
        }
    }
    lines.join("\n")
}

fn rows<'a>(mut servers: impl Iterator<Item = &'a Value>) -> Vec<Row> {
    let points = servers
        .next()
        .and_then(|server| server["fanout"].as_array())
        .cloned()
        .unwrap_or_default();
    let mut rows = Vec::new();
    for (n, point) in points.iter().enumerate() {
        let viewers = &point["viewers"];
        let mut add = |what: &str, key: &str, decimals| {
            rows.push(Row::new(
                &format!("{viewers} viewers: {what}"),
                &format!("/fanout/{n}/{key}"),
                decimals,
            ));
        };
        add("% of a core", "cpu_percent", 1);
        add("CPU-s per Gbit", "cpu_seconds_per_gigabit", 2);
        add("RSS, MB", "rss_mb", 0);
        add("kB per viewer", "kilobytes_per_viewer", 0);
    }
    let rest = [
        ("glass to glass, p50 ms", "/delays/alone/display_p50_ms", 1),
        ("glass to glass, p95 ms", "/delays/alone/display_p95_ms", 1),
        (
            "source to receipt, p50 ms",
            "/delays/alone/receipt_p50_ms",
            1,
        ),
        (
            "beside 100 viewers: glass to glass, p50 ms",
            "/delays/beside/display_p50_ms",
            1,
        ),
        (
            "beside 100 viewers: glass to glass, p95 ms",
            "/delays/beside/display_p95_ms",
            1,
        ),
        (
            "beside 100 viewers: source to receipt, p50 ms",
            "/delays/beside/receipt_p50_ms",
            1,
        ),
        (
            "first picture, 1 s GOP, p50 ms",
            "/joins/live1/first_p50_ms",
            0,
        ),
        (
            "first picture, 10 s GOP, p50 ms",
            "/joins/live10/first_p50_ms",
            0,
        ),
        (
            "first picture, 10 s GOP, worst ms",
            "/joins/live10/first_max_ms",
            0,
        ),
        (
            "live after joining, 10 s GOP, p50 ms",
            "/joins/live10/live_p50_ms",
            0,
        ),
        (
            "live after joining, 10 s GOP, worst ms",
            "/joins/live10/live_max_ms",
            0,
        ),
        ("binary, MB", "/start/binary_mb", 1),
        ("start to first answer, ms", "/start/start_ms", 0),
    ];
    rows.extend(rest.map(|(title, pointer, decimals)| Row::new(title, pointer, decimals)));
    rows
}

impl Row {
    fn new(title: &str, pointer: &str, decimals: usize) -> Self {
        Self {
            title: title.to_owned(),
            pointer: pointer.to_owned(),
            decimals,
        }
    }

    fn show(&self, server: &Value) -> String {
        let figure = server.pointer(&self.pointer).and_then(Value::as_f64);
        figure.map_or_else(
            || "-".to_owned(),
            |figure| format!("{figure:.*}", self.decimals),
        )
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_column_for_each_server_and_a_row_for_what_was_measured() {
        let results = json!({ "servers": {
            "Lenswire": { "fanout": [{ "viewers": 10, "cpu_percent": 1.26 }], "start": { "start_ms": 21.4 } },
            "MediaMTX": { "fanout": [{ "viewers": 10, "cpu_percent": 4.9 }] },
        } });
        let table = markdown(&results);
        assert_eq!(
            table,
            "| | Lenswire | MediaMTX |\n|---|---:|---:|\n| 10 viewers: % of a core | 1.3 | 4.9 |\n| start to first answer, ms | 21 | - |"
        );
    }
}
