//! The text, read as a scraper reads it. Requirement 86.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::process::{Command, Stdio};

use lenswire_rtc::{Load, SessionStats};

use super::figures::SourceFigures;
use super::*;

fn figures() -> Figures {
    let mut totals = Totals::default();
    for bytes in [1_000, 500] {
        totals.add(&SessionStats {
            packets: 3,
            bytes,
            retransmitted: 2,
            retransmits_refused: 1,
            keyframe_requests: 4,
            dropped_frames: 5,
            ..SessionStats::default()
        });
    }
    let load = Load {
        sessions: 2,
        pending: 1,
        panics: 1,
        dropped_datagrams: 7,
        ..Load::default()
    };
    let mut figures = Figures::new(totals, vec![load; 2], 9);
    figures.states = [("live", 2)].into();
    figures.watching = [("gate".to_owned(), 4)].into();
    figures.sources = ["main", "substream"]
        .map(|picture| SourceFigures {
            stream: "gate".to_owned(),
            picture,
            bytes: 10,
            packets: 2,
            lost: 1,
            reconnects: 3,
            panics: 0,
        })
        .into();
    figures
}

fn counts() -> Counts {
    let counts = Counts::default();
    for ms in [80, 120, 60_000] {
        counts.delay(Duration::from_millis(ms));
    }
    counts.problem(Code::CameraStalled);
    counts.problem(Code::CameraStalled);
    counts.problem(Code::ViewerDelayed);
    counts
}

/// Sample lines: name with labels, and value.
fn samples(text: &str) -> BTreeMap<&str, f64> {
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    lines
        .map(|line| {
            let (name, value) = line.rsplit_once(' ').expect("a sample");
            (name, value.parse().expect("a number"))
        })
        .collect()
}

#[test]
fn everything_is_told_in_base_units_and_few_labels() {
    let text = text(&figures(), &counts());
    let samples = samples(&text);
    let expected = [
        ("lenswire_tasks", 9.0),
        ("lenswire_sessions", 4.0),
        ("lenswire_sessions_pending", 2.0),
        ("lenswire_streams{state=\"live\"}", 2.0),
        ("lenswire_streams{state=\"parked\"}", 0.0),
        ("lenswire_stream_viewers{stream=\"gate\"}", 4.0),
        ("lenswire_sent_bytes_total", 1_500.0),
        ("lenswire_sent_packets_total", 6.0),
        ("lenswire_retransmitted_packets_total", 4.0),
        ("lenswire_refused_retransmissions_total", 2.0),
        ("lenswire_keyframe_requests_total", 8.0),
        ("lenswire_dropped_frames_total", 10.0),
        ("lenswire_media_thread_panics_total", 2.0),
        ("lenswire_dropped_datagrams_total", 14.0),
        (
            "lenswire_source_bytes_total{stream=\"gate\",picture=\"substream\"}",
            10.0,
        ),
        (
            "lenswire_source_lost_packets_total{stream=\"gate\",picture=\"main\"}",
            1.0,
        ),
        (
            "lenswire_source_reconnects_total{stream=\"gate\",picture=\"main\"}",
            3.0,
        ),
        ("lenswire_problems_total{code=\"camera_stalled\"}", 2.0),
        ("lenswire_problems_total{code=\"viewer_delayed\"}", 1.0),
        ("lenswire_viewer_delay_seconds_count", 3.0),
        ("lenswire_viewer_delay_seconds_bucket{le=\"0.1\"}", 1.0),
        ("lenswire_viewer_delay_seconds_bucket{le=\"+Inf\"}", 3.0),
    ];
    for (name, value) in expected {
        assert_eq!(samples.get(name), Some(&value), "{name}\n{text}");
    }
    let version = format!(
        "lenswire_build_info{{version=\"{}\"}}",
        env!("CARGO_PKG_VERSION")
    );
    assert_eq!(samples.get(version.as_str()), Some(&1.0), "{text}");
    assert!(text.ends_with("# EOF\n"));
    // A series a session would grow without end; nothing here may be one.
    for name in samples.keys() {
        let labels = name.split_once('{').map_or("", |(_, labels)| labels);
        for label in labels
            .trim_end_matches('}')
            .split(',')
            .filter(|label| !label.is_empty())
        {
            let (key, _) = label.split_once('=').expect("a label");
            assert!(
                ["version", "state", "stream", "picture", "code", "le"].contains(&key),
                "{name}"
            );
        }
    }
}

// `promtool check metrics` reads the older text format, in which a counter's family has the name of
// its sample; the rest of the two formats is the same.
fn as_prometheus_text(text: &str) -> String {
    let counters: Vec<_> = text
        .lines()
        .filter_map(|line| line.strip_prefix("# TYPE ")?.strip_suffix(" counter"))
        .collect();
    let mut plain = String::new();
    for line in text
        .lines()
        .filter(|line| !line.starts_with("# UNIT") && *line != "# EOF")
    {
        let mut words: Vec<_> = line.splitn(4, ' ').map(str::to_owned).collect();
        if words[0] == "#" && counters.contains(&words[2].as_str()) {
            words[2] += "_total";
        }
        if words[0] == "#" && words[3] == "info" {
            words[2] += "_info";
            words[3] = "gauge".to_owned();
        } else if words[0] == "#" && words[2] == "lenswire_build" {
            words[2] += "_info";
        }
        plain += &(words.join(" ") + "\n");
    }
    plain
}

#[test]
fn promtool_has_nothing_to_say_against_it() {
    let plain = as_prometheus_text(&text(&figures(), &counts()));
    let started = Command::new("promtool")
        .args(["check", "metrics"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let mut promtool = match started {
        Ok(promtool) => promtool,
        // `tools/need test` installs it; who builds without that has the test above.
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return,
        Err(error) => panic!("promtool: {error}"),
    };
    let mut input = promtool.stdin.take().expect("a pipe");
    input.write_all(plain.as_bytes()).expect("writes");
    drop(input);
    let output = promtool.wait_with_output().expect("ends");
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8_lossy(&said);
    assert!(
        output.status.success() && said.is_empty(),
        "{said}\n{plain}"
    );
}

/// A file of `deploy/`.
fn deployed(name: &str) -> String {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../deploy");
    std::fs::read_to_string(format!("{folder}/{name}")).expect("is there")
}

// Requirement 86: neither asks for a figure that there is not.
#[test]
fn the_dashboard_and_the_alerts_name_figures_that_exist() {
    let page = text(&figures(), &counts());
    let known: Vec<_> = page
        .lines()
        .filter_map(|line| line.split([' ', '{']).next())
        .collect();
    let part_of_a_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
    for file in ["grafana.json", "alerts.yml"] {
        let text = deployed(file);
        let words = text.split(|c| !part_of_a_name(c));
        let named: Vec<_> = words.filter(|word| word.starts_with("lenswire_")).collect();
        assert!(named.len() > 5, "{file}");
        for name in named {
            assert!(known.contains(&name), "{file}: there is no {name}");
        }
    }
    let dashboard: serde_json::Value =
        serde_json::from_str(&deployed("grafana.json")).expect("JSON");
    assert!(
        dashboard["panels"]
            .as_array()
            .is_some_and(|panels| panels.len() > 10)
    );
}

#[test]
fn promtool_takes_the_alerts() {
    let rules = concat!(env!("CARGO_MANIFEST_DIR"), "/../../deploy/alerts.yml");
    let checked = Command::new("promtool")
        .args(["check", "rules", rules])
        .output();
    let output = match checked {
        Ok(output) => output,
        // As above.
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return,
        Err(error) => panic!("promtool: {error}"),
    };
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success() && said.contains("rules found"),
        "{said}"
    );
}
