//! The results as a person reads them: Markdown, a column for each server.

use serde_json::Value;

/// A row: its title, where the figure is, and with how many decimals it is shown.
struct Row {
    title: String,
    pointer: String,
    decimals: usize,
}

/// What stands for each number of viewers.
const FANOUT: [(&str, &str, usize); 7] = [
    ("% of a core", "cpu_percent", 1),
    ("CPU-s per Gbit", "cpu_seconds_per_gigabit", 3),
    ("RSS, MB", "rss_mb", 0),
    ("kB per viewer", "kilobytes_per_viewer", 0),
    ("packets lost in a window", "lost", 0),
    (
        "pictures a second and viewer",
        "frames_per_second_and_viewer",
        1,
    ),
    ("the viewers' own % of a core", "harness_cpu_percent", 0),
];

/// What stands for each number of streams.
const STREAMS: [(&str, &str, usize); 3] = [
    ("% of a core", "cpu_percent", 1),
    ("RSS, MB", "rss_mb", 0),
    (
        "pictures a second and viewer",
        "frames_per_second_and_viewer",
        1,
    ),
];

/// Everything else, in the order of the table.
const REST: [(&str, &str, usize); 91] = [
    (
        "bandwidth estimation on, 100 viewers: CPU-s per Gbit",
        "/adapt/cost/cpu_seconds_per_gigabit",
        3,
    ),
    (
        "packet in to packet out, 100 viewers, between keyframes: p50 ms",
        "/latency/100/between_keyframes/p50_ms",
        2,
    ),
    ("… p99 ms", "/latency/100/between_keyframes/p99_ms", 2),
    (
        "… first to last viewer, p50 ms",
        "/latency/100/between_keyframes/first_to_last_viewer_p50_ms",
        2,
    ),
    ("keyframes: p50 ms", "/latency/100/keyframes/p50_ms", 2),
    ("keyframes: p99 ms", "/latency/100/keyframes/p99_ms", 2),
    (
        "the same viewer is last in % of pictures, at most",
        "/latency/100/most_often_last_percent",
        0,
    ),
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
        "1 s GOP: first picture after the answer, p50 ms",
        "/joins/live1/first_p50",
        0,
    ),
    (
        "2 s GOP: first picture, p50 ms",
        "/joins/live2/first_p50",
        0,
    ),
    ("2 s GOP: live, worst ms", "/joins/live2/live_max", 0),
    (
        "10 s GOP: first picture, p50 ms",
        "/joins/live10/first_p50",
        0,
    ),
    (
        "10 s GOP: first picture, worst ms",
        "/joins/live10/first_max",
        0,
    ),
    ("10 s GOP: live, p50 ms", "/joins/live10/live_p50", 0),
    ("10 s GOP: live, worst ms", "/joins/live10/live_max", 0),
    (
        "10 s GOP: never live (joins)",
        "/joins/live10/never_live",
        0,
    ),
    (
        "10 s GOP: freezes, worst join",
        "/joins/live10/freezes_max",
        0,
    ),
    (
        "10 s GOP: delay 15 s after joining, p50 ms",
        "/joins/live10/delay_after_p50",
        0,
    ),
    (
        "10 s GOP: delay 15 s after joining, worst ms",
        "/joins/live10/delay_after_max",
        0,
    ),
    (
        "own player, 2 s GOP: first picture, worst ms",
        "/joins/live2_player/first_max",
        0,
    ),
    (
        "own player, 2 s GOP: live, worst ms",
        "/joins/live2_player/live_max",
        0,
    ),
    (
        "own player, 10 s GOP: first picture, p50 ms",
        "/joins/live10_player/first_p50",
        0,
    ),
    (
        "own player, 10 s GOP: first picture, worst ms",
        "/joins/live10_player/first_max",
        0,
    ),
    (
        "own player, 10 s GOP: live, p50 ms",
        "/joins/live10_player/live_p50",
        0,
    ),
    (
        "own player, 10 s GOP: live, worst ms",
        "/joins/live10_player/live_max",
        0,
    ),
    (
        "own player, 10 s GOP: freezes, worst join",
        "/joins/live10_player/freezes_max",
        0,
    ),
    (
        "own player, 10 s GOP: delay 15 s after joining, worst ms",
        "/joins/live10_player/delay_after_max",
        0,
    ),
    (
        "4 Mbit/s link, 10 s GOP: first picture, worst ms",
        "/joins/live10_narrow/first_max",
        0,
    ),
    (
        "4 Mbit/s link, 10 s GOP: live, worst ms",
        "/joins/live10_narrow/live_max",
        0,
    ),
    (
        "4 Mbit/s link, 10 s GOP: freezes, worst join",
        "/joins/live10_narrow/freezes_max",
        0,
    ),
    (
        "4 Mbit/s link, own player: first picture, worst ms",
        "/joins/live10_narrow_player/first_max",
        0,
    ),
    (
        "4 Mbit/s link, own player: live, worst ms",
        "/joins/live10_narrow_player/live_max",
        0,
    ),
    (
        "4 Mbit/s link, own player: freezes, worst join",
        "/joins/live10_narrow_player/freezes_max",
        0,
    ),
    (
        "relay without impairment: % of time frozen",
        "/loss/control/chromium/freeze_percent",
        1,
    ),
    (
        "10 % random loss: % of time frozen",
        "/loss/random_10/chromium/freeze_percent",
        1,
    ),
    (
        "10 % random loss: longest gap, ms",
        "/loss/random_10/chromium/longest_gap_ms",
        0,
    ),
    (
        "10 % random loss: packets that the 10 others lost",
        "/loss/random_10/bystanders/lost",
        0,
    ),
    (
        "5 % loss in bursts: % of time frozen",
        "/loss/bursts_5/chromium/freeze_percent",
        1,
    ),
    (
        "5 % loss in bursts: longest gap, ms",
        "/loss/bursts_5/chromium/longest_gap_ms",
        0,
    ),
    (
        "100 ms jitter, reordering: % of time frozen",
        "/loss/jitter_100/chromium/freeze_percent",
        1,
    ),
    (
        "100 ms jitter, reordering: longest gap, ms",
        "/loss/jitter_100/chromium/longest_gap_ms",
        0,
    ),
    (
        "link falls from 4 to 0.5 Mbit/s: smaller picture after ms",
        "/adapt/narrowing/to_sub_ms",
        0,
    ),
    (
        "… longest gap while narrow, ms",
        "/adapt/narrowing/longest_gap_narrow_ms",
        0,
    ),
    (
        "link is wide again: larger picture after ms",
        "/adapt/narrowing/to_main_ms",
        0,
    ),
    (
        "16 cameras, always on, nobody watches: % of a core",
        "/idle/always_on/cpu_percent",
        2,
    ),
    (
        "16 cameras, always on: RSS, MB",
        "/idle/always_on/holds/rss_mb",
        0,
    ),
    (
        "16 cameras, on demand, nobody watches: % of a core",
        "/idle/on_demand/cpu_percent",
        2,
    ),
    ("16 cameras: RSS, MB", "/scale/churn/begin/rss_mb", 0),
    (
        "16 cameras and many viewers (500 by default): RSS, MB",
        "/scale/churn/with_viewers/rss_mb",
        0,
    ),
    (
        "after those viewers: RSS, MB",
        "/scale/churn/after_viewers/rss_mb",
        0,
    ),
    ("joins and leaves", "/scale/churn/churn/joined", 0),
    ("after them: RSS, MB", "/scale/churn/end/rss_mb", 0),
    ("after them: threads", "/scale/churn/end/threads", 0),
    ("after them: descriptors", "/scale/churn/end/descriptors", 0),
    ("a join: CPU ms", "/scale/churn/cpu_ms_per_join", 1),
    (
        "camera 500 ppm fast, stalls: delay grown by ms",
        "/drift/camera/grown_ms",
        1,
    ),
    (
        "5 % lost on the way: known, %",
        "/known/figures/session_loss/known",
        2,
    ),
    (
        "… reported for the session, %",
        "/known/figures/session_loss/reported",
        2,
    ),
    (
        "packets that a camera withheld: known",
        "/known/figures/stream_loss/known",
        0,
    ),
    (
        "… reported for the stream",
        "/known/figures/stream_loss/reported",
        0,
    ),
    (
        "a camera's media: known, bit/s",
        "/known/figures/stream_bandwidth/known",
        0,
    ),
    (
        "… reported for the stream, bit/s",
        "/known/figures/stream_bandwidth/reported",
        0,
    ),
    (
        "a viewer's media: known, bit/s",
        "/known/figures/session_bandwidth/known",
        0,
    ),
    (
        "… reported for the session, bit/s",
        "/known/figures/session_bandwidth/reported",
        0,
    ),
    (
        "10 streams x 10 viewers, a fault each minute: faults",
        "/endurance/hour/faults",
        0,
    ),
    (
        "… minutes in which anything failed",
        "/endurance/hour/failed",
        0,
    ),
    (
        "… longest until everybody had a picture again, ms",
        "/endurance/hour/recovered_max_ms",
        0,
    ),
    (
        "… never again (faults)",
        "/endurance/hour/never_recovered",
        0,
    ),
    ("… viewers thrown out", "/endurance/hour/thrown_out", 0),
    (
        "… packet in to packet out at the beginning, p50 ms",
        "/endurance/hour/first_delay_p50_ms",
        2,
    ),
    (
        "… at the end, p50 ms",
        "/endurance/hour/last_delay_p50_ms",
        2,
    ),
    (
        "… with viewers, RSS at the beginning, MB",
        "/endurance/hour/first_rss_mb",
        0,
    ),
    ("… at the end, MB", "/endurance/hour/last_rss_mb", 0),
    (
        "… with viewers, tasks at the beginning",
        "/endurance/hour/first_tasks",
        0,
    ),
    ("… at the end, tasks", "/endurance/hour/last_tasks", 0),
    (
        "… with viewers, descriptors at the beginning",
        "/endurance/hour/first_descriptors",
        0,
    ),
    (
        "… at the end, descriptors",
        "/endurance/hour/last_descriptors",
        0,
    ),
    (
        "… without viewers, RSS before, MB",
        "/endurance/hour/begin/rss_mb",
        0,
    ),
    ("… after, MB", "/endurance/hour/end/rss_mb", 0),
    (
        "… without viewers, tasks before",
        "/endurance/hour/begin/tasks",
        0,
    ),
    ("… after, tasks", "/endurance/hour/end/tasks", 0),
    (
        "… without viewers, descriptors before",
        "/endurance/hour/begin/descriptors",
        0,
    ),
    ("… after, descriptors", "/endurance/hour/end/descriptors", 0),
    ("… threads, after", "/endurance/hour/end/threads", 0),
    ("binary, MB", "/start/process/binary_mb", 1),
    ("start to first answer, ms", "/start/process/start_ms", 0),
];

/// The table of a suite's results, the limit and what failed. What was not measured is left out.
pub(crate) fn markdown(results: &Value) -> String {
    let Some(servers) = results["servers"].as_object() else {
        return String::new();
    };
    let names: Vec<&str> = servers.keys().map(String::as_str).collect();
    let mut lines = Vec::new();
    if let Some(limit) = results.pointer("/limit/paced/cpu_seconds_per_gigabit") {
        let flat = &results["limit"]["flat_out"]["cpu_seconds_per_gigabit"];
        lines.push(format!(
            "The limit (AES-256-GCM and GSO send alone): {limit} CPU-s per Gbit in a camera's rhythm, {flat} flat out.\n"
        ));
    }
    lines.push(format!("| | {} |", names.join(" | ")));
    lines.push(format!("|---|{}", "---:|".repeat(names.len())));
    for row in rows(results) {
        let figures: Vec<String> = servers.values().map(|server| row.show(server)).collect();
        if figures.iter().any(|figure| figure != "-") {
            lines.push(format!("| {} | {} |", row.title, figures.join(" | ")));
        }
    }
    lines.extend(computed(results));
    lines.extend(failures(results));
    lines.join("\n")
}

fn rows(results: &Value) -> Vec<Row> {
    let mut rows = Vec::new();
    for viewers in viewers(results) {
        rows.extend(FANOUT.map(|(what, key, decimals)| {
            Row::new(
                &format!("{viewers} viewers: {what}"),
                &format!("/fanout/{viewers}/{key}"),
                decimals,
            )
        }));
    }
    for streams in 1..=10 {
        rows.extend(STREAMS.map(|(what, key, decimals)| {
            Row::new(
                &format!("{streams} streams x 10 viewers: {what}"),
                &format!("/streams/{streams}/{key}"),
                decimals,
            )
        }));
    }
    rows.extend(REST.map(|(title, pointer, decimals)| Row::new(title, pointer, decimals)));
    rows
}

/// The numbers of viewers that any server was measured or failed at.
pub(crate) fn viewers(results: &Value) -> Vec<usize> {
    let servers = || {
        results["servers"]
            .as_object()
            .into_iter()
            .flat_map(|all| all.values())
    };
    let measured = servers().filter_map(|server| server["fanout"].as_object());
    let measured =
        measured.flat_map(|points| points.keys().filter_map(|viewers| viewers.parse().ok()));
    let errors = servers()
        .filter_map(|server| server["errors"].as_array())
        .flatten();
    let failed =
        errors.filter_map(|error| error["at"].as_str()?.strip_prefix("/fanout/")?.parse().ok());
    let mut viewers: Vec<usize> = measured.chain(failed).collect();
    viewers.sort_unstable();
    viewers.dedup();
    viewers
}

/// Rows that compare two figures of one server.
fn computed(results: &Value) -> Vec<String> {
    let per_viewer = |server: &Value, viewers: u32| {
        let percent = server
            .pointer(&format!("/fanout/{viewers}/cpu_percent"))?
            .as_f64()?;
        Some(percent / f64::from(viewers))
    };
    let dearer =
        |server: &Value| Some(100.0 * (per_viewer(server, 500)? / per_viewer(server, 50)? - 1.0));
    let later = |server: &Value| {
        let receipt = |point: &str| {
            server
                .pointer(&format!("/delays/{point}/receipt_p50_ms"))?
                .as_f64()
        };
        Some(receipt("beside")? - receipt("alone")?)
    };
    let row = |title: &str, figure: &dyn Fn(&Value) -> Option<f64>, decimals: usize| {
        let servers = results["servers"].as_object()?;
        let figures: Vec<Option<f64>> = servers.values().map(figure).collect();
        figures.iter().any(Option::is_some).then_some(())?;
        let shown = figures
            .iter()
            .map(|f| f.map_or_else(|| "-".to_owned(), |f| format!("{f:+.decimals$}")));
        Some(format!(
            "| {title} | {} |",
            shown.collect::<Vec<_>>().join(" | ")
        ))
    };
    [
        row("a viewer at 500 against one at 50: % more CPU", &dearer, 0),
        row(
            "receipt beside 100 others against alone, p50: ms later",
            &later,
            2,
        ),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn failures(results: &Value) -> Vec<String> {
    let servers = results["servers"].as_object().into_iter().flatten();
    let lines = servers.flat_map(|(name, server)| {
        let errors = server["errors"].as_array().into_iter().flatten();
        errors.map(move |error| {
            let text = |key: &str| error[key].as_str().unwrap_or_default().to_owned();
            format!(
                "- {name} failed at {}: {}",
                text("at"),
                text("error").replace('\n', " ")
            )
        })
    });
    let lines: Vec<String> = lines.collect();
    if lines.is_empty() {
        lines
    } else {
        [vec![String::new()], lines].concat()
    }
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
        if let Some(figure) = server.pointer(&self.pointer).and_then(Value::as_f64) {
            return format!("{figure:.*}", self.decimals);
        }
        let mut errors = server["errors"].as_array().into_iter().flatten();
        let failed = errors.any(|error| {
            let at = error["at"].as_str().unwrap_or_default();
            self.pointer
                .strip_prefix(at)
                .is_some_and(|rest| rest.starts_with('/'))
        });
        // Measured, and there was nothing: never live, never switched.
        let (point, _) = self.pointer.rsplit_once('/').unwrap_or_default();
        let measured = server.pointer(point).is_some();
        if failed {
            "failed"
        } else if measured {
            "never"
        } else {
            "-"
        }
        .to_owned()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_column_for_each_server_and_a_row_for_what_was_measured() {
        let results = json!({ "servers": {
            "Lenswire": {
                "fanout": { "10": { "cpu_percent": 1.26 } }, "start": { "process": { "start_ms": 21.4, "binary_mb": 1 } },
                "errors": [],
            },
            "MediaMTX": {
                "fanout": { "10": { "cpu_percent": 4.9 } },
                "errors": [{ "at": "/start/process", "error": "port in use" }],
            },
        } });
        let table = markdown(&results);
        assert!(
            table.contains("| 10 viewers: % of a core | 1.3 | 4.9 |"),
            "{table}"
        );
        assert!(
            table.contains("| start to first answer, ms | 21 | failed |"),
            "{table}"
        );
        assert!(
            table.ends_with("- MediaMTX failed at /start/process: port in use"),
            "{table}"
        );
        assert!(!table.contains("glass"), "{table}");
    }

    #[test]
    fn what_500_cost_is_compared_with_50() {
        let fanout = json!({ "50": { "cpu_percent": 10.0 }, "500": { "cpu_percent": 120.0 } });
        let results = json!({ "servers": { "Lenswire": { "fanout": fanout, "errors": [] } } });
        assert!(markdown(&results).contains("500 against one at 50: % more CPU | +20 |"));
        assert_eq!(viewers(&results), [50, 500]);
    }
}
