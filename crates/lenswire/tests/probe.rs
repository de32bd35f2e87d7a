//! `lenswire probe` and `POST /api/v1/probe` before cameras that work, and before cameras that each
//! fail in their own way: what is wrong is named, at the step where it is, with what to do.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

#[expect(dead_code, reason = "the hub's own tests ask more of their cameras")]
#[path = "../../hub/src/source/rtsp/tests/parts.rs"]
mod cameras;
mod hub;

use std::process::{Child, Output, Stdio};

use cameras::Camera;
use hub::{Hub, binary, until};
use serde_json::{Value, json};

fn probe(url: &str, flags: &[&str]) -> Child {
    binary()
        .args(["probe", url])
        .args(flags)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("runs")
}

fn out(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn found(child: Child) -> (Option<i32>, Value) {
    let output = child.wait_with_output().expect("ends");
    let found = serde_json::from_slice(&output.stdout);
    let found = found.unwrap_or_else(|error| panic!("{error}: {output:?}"));
    (output.status.code(), found)
}

fn failed(found: &Value) -> Vec<&str> {
    let steps = found["steps"].as_array().expect("steps");
    assert_eq!(steps.len(), 8, "{found}");
    let failed = steps.iter().filter(|step| step["state"] == "failed");
    failed.filter_map(|step| step["name"].as_str()).collect()
}

// requirements 59, 60; A7, A8: each planted cause has its own code, step, sentence and fix.
#[test]
fn each_cause_is_named_at_its_step() {
    let modes = [
        ("not-rtsp", "camera_not_rtsp", "rtsp"),
        ("closes", "camera_closed", "rtsp"),
        ("hang", "camera_silent", "rtsp"),
        ("wrong-password", "camera_wrong_password", "login"),
        ("not-found", "camera_not_found", "describe"),
        ("forbidden", "camera_forbidden", "describe"),
        ("busy", "camera_busy", "describe"),
        ("server-error", "camera_error", "describe"),
        ("redirect-loop", "camera_redirects", "describe"),
        ("no-video", "camera_no_video", "describe"),
        ("odd-codec", "camera_codec_unsupported", "describe"),
        ("no-keyframe", "no_keyframe", "keyframe"),
    ];
    let planted: Vec<_> = modes
        .into_iter()
        .map(|(mode, code, step)| {
            let camera = Camera::hostile(mode);
            let url = camera.url("admin:Zq7vCanary9xK@");
            (Some(camera), url, code, step)
        })
        .chain([
            (
                None,
                "rtsp://no-such-camera.invalid/s".to_owned(),
                "camera_dns_failed",
                "name",
            ),
            (
                None,
                "rtsp://127.0.0.1:1/s".to_owned(),
                "camera_refused",
                "port",
            ),
        ])
        .collect();
    let running: Vec<_> = planted
        .iter()
        .map(|(_, url, ..)| probe(url, &["--json"]))
        .collect();
    for ((_, url, code, step), child) in planted.iter().zip(running) {
        let (status, found) = found(child);
        let problem = &found["problem"];
        assert_eq!(
            (status, &problem["code"]),
            (Some(1), &json!(code)),
            "{url} {found}"
        );
        assert_eq!(failed(&found), [*step], "{code}: {found}");
        assert!(
            problem["detail"]
                .as_str()
                .is_some_and(|text| text.ends_with('.')),
            "{found}"
        );
        assert!(problem["fix"].is_string(), "{found}");
        assert!(!found.to_string().contains("Zq7vCanary9xK"), "E12: {found}");
    }
}

// requirement 59: in words, for whoever has a terminal and no patience.
#[test]
fn the_words_say_what_happened_and_what_to_do() {
    let camera = Camera::hostile("wrong-password");
    let output = probe(&camera.url("admin:wrong@"), &[]);
    let said = out(&output.wait_with_output().expect("ends"));
    for words in [
        "ok      Port",
        "FAILED  Password",
        "-       First keyframe",
        "Wrong password: The camera answered \"401 Unauthorized\" to user admin.",
        "Check the user and password in the camera's web page.",
        "(camera_wrong_password)",
    ] {
        assert!(said.contains(words), "{words:?} in {said}");
    }
    let none = probe("gate", &["--data", "/nonexistent"]);
    let none = none.wait_with_output().expect("ends");
    assert_eq!(none.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&none.stderr).contains("there is no stream gate"));
}

// requirements 62 to 64, A6: what it sends, and who can play it.
#[test]
fn what_a_camera_sends_is_told_with_who_can_play_it() {
    let gate = Camera::gst("gate", &["--audio", "pcma"]);
    let bent = Camera::gst("bframes", &[]);
    let h265 = Camera::gst("h265", &["--codec", "h265"]);
    let running = [&gate, &bent, &h265].map(|camera| probe(&camera.url(""), &["--json"]));
    let [gate, bent, h265] = running.map(|child| {
        let (status, found) = found(child);
        assert_eq!(status, Some(0), "{found}");
        assert_eq!(failed(&found), Vec::<&str>::new(), "{found}");
        found
    });
    let [video, audio] = [&gate["tracks"][0], &gate["tracks"][1]];
    assert_eq!(
        (&video["codec"], &video["width"], &video["b_frames"]),
        (&json!("H264"), &json!(640), &json!(false)),
        "{gate}"
    );
    assert!(
        video["frames_per_second"]
            .as_f64()
            .is_some_and(|rate| rate > 5.0),
        "{gate}"
    );
    assert!(video["keyframe_interval_ms"].is_u64(), "{gate}");
    assert_eq!(video["plays"]["firefox"], json!({ "verdict": "yes" }));
    assert_eq!(
        (&audio["codec"], &audio["kind"]),
        (&json!("PCMA"), &json!("audio"))
    );
    assert_eq!(gate["warnings"], json!([]), "{gate}");

    let plays = &bent["tracks"][0]["plays"];
    assert_eq!(
        plays["chrome"],
        json!({ "verdict": "no", "reason": "b_frames" }),
        "{bent}"
    );
    assert_eq!(bent["warnings"][0]["code"], "b_frames");

    let plays = &h265["tracks"][0]["plays"];
    assert_eq!(
        plays["firefox"],
        json!({ "verdict": "no", "reason": "codec" }),
        "{h265}"
    );
    assert_eq!(
        plays["safari"],
        json!({ "verdict": "maybe", "reason": "hardware" })
    );
}

fn ask(hub: &Hub, token: &str, accept: &str, source: &str) -> hub::Answer {
    let bearer = format!("Bearer {token}");
    let headers = [("authorization", bearer.as_str()), ("accept", accept)];
    let body = json!({ "source": source }).to_string();
    hub.post("/api/v1/probe", &headers, &body)
}

// SEC-25, E11: a probe reaches nothing that an added stream would not.
#[test]
fn the_api_looks_at_cameras_and_nowhere_else() {
    let hub = Hub::start(None);
    let token = hub.claim();
    let camera = Camera::hostile("not-found");
    let json = |source: &str| ask(&hub, &token, "*/*", source);
    let seen = json(&camera.url("")).json();
    assert_eq!(seen["problem"]["code"], "camera_not_found");
    for denied in [
        "rtsp://169.254.169.254/latest".to_owned(),
        "rtsp://[::ffff:169.254.169.254]/latest".to_owned(),
        "rtsp://224.0.0.1/".to_owned(),
        "rtsp://0.0.0.0/".to_owned(),
    ] {
        let seen = json(&denied).json();
        assert_eq!(seen["problem"]["code"], "source_denied", "{denied}: {seen}");
        assert_eq!(failed(&seen), ["name"]);
    }
    for (source, code) in [("http://camera/", "bad_request"), ("demo", "bad_request")] {
        let refused = json(source);
        assert!((400..500).contains(&refused.status), "{}", refused.body);
        assert_eq!(refused.code(), code, "{source}");
    }
    let events = ask(&hub, &token, "text/event-stream", &camera.url(""));
    assert_eq!(events.header("content-type"), Some("text/event-stream"));
    assert_eq!(
        events.body.matches("event: step\n").count(),
        8,
        "{}",
        events.body
    );
    assert_eq!(events.body.matches("event: result\n").count(), 1);
}

// A probe costs what a stream costs, so there are few at once.
#[test]
fn a_fifth_camera_waits_for_its_turn() {
    let hub = Hub::start(None);
    let token = hub.claim();
    let camera = Camera::hostile("hang");
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                let seen = ask(&hub, &token, "*/*", &camera.url(""));
                assert!(matches!(seen.status, 200 | 429), "{}", seen.body);
            });
        }
        let refused = until("no turn is left", || {
            let answer = ask(&hub, &token, "*/*", "rtsp://127.0.0.1:1/");
            (answer.status == 429).then_some(answer)
        });
        assert_eq!(refused.code(), "too_many_requests");
        assert!(refused.header("retry-after").is_some());
    });
    until("turns come back", || {
        (ask(&hub, &token, "*/*", "rtsp://127.0.0.1:1/").status == 200).then_some(())
    });
}
