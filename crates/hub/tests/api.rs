//! The REST API through the whole router: requirements 66 and 68 to 70; E1, E11, E13, D2, SEC-25.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "a test fails by panicking, and is where time comes from"
)]

mod world;

use std::path::Path;
use std::time::{Duration, Instant};

use axum::http::Method;
use lenswire_media::Kind;
use lenswire_rtc::peer::client::Client;
use serde_json::{Value, json};
use world::{Answered, World, name};

const JSON: (&str, &str) = ("content-type", "application/json");

/// With comments in every place that an edit could lose them from.
const COMMENTED: &str = "\
# Who runs this: ann
streams:
  # The gate, seen from the street.
  gate:
    publish: grant   # the doorbell sends it
    # Nobody else.
    viewers: grant

  open: { publish: grant, viewers: anyone }   # in one line
# The end.
";

/// An administrator at work.
struct Desk {
    world: World,
    token: String,
}

impl Desk {
    async fn start(config: &str) -> Self {
        let world = World::start(config).await;
        let token = world.administrator().await;
        Self { world, token }
    }

    async fn ask(&self, method: Method, path: &str, body: &str) -> Answered {
        let token = Some(self.token.as_str());
        self.world.call(method, path, token, &[JSON], body).await
    }

    async fn get(&self, path: &str) -> Answered {
        self.ask(Method::GET, path, "").await
    }

    async fn add(&self, body: Value) -> Answered {
        let body = body.to_string();
        self.ask(Method::POST, "/api/v1/streams", &body).await
    }

    async fn change(&self, stream: &str, body: Value) -> Answered {
        let path = format!("/api/v1/streams/{stream}");
        self.ask(Method::PATCH, &path, &body.to_string()).await
    }

    async fn names(&self) -> Vec<String> {
        let list = self.get("/api/v1/streams").await.json();
        let items = list["items"].as_array().expect("a list").clone();
        items
            .iter()
            .map(|item| item["name"].as_str().expect("a name").to_owned())
            .collect()
    }

    fn text(&self) -> String {
        std::fs::read_to_string(&self.world.file).expect("is there")
    }
}

fn refused(answer: &Answered, status: u16, code: &str) {
    assert_eq!(
        (answer.status.as_u16(), answer.code().as_str()),
        (status, code),
        "{}",
        answer.body
    );
    assert_eq!(answer.header("content-type"), "application/problem+json");
}

fn offer() -> String {
    Client::offer(&[Kind::Video], &[], Instant::now())
        .expect("offers")
        .sdp()
        .to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_is_added_changed_and_removed_and_the_file_keeps_its_comments() {
    let desk = Desk::start(COMMENTED).await;
    assert_eq!(desk.names().await, ["gate", "open"]);

    let camera = "rtsp://ann:canary@192.0.2.9/live?token=canary";
    let added = desk
        .add(json!({"name": "yard/door", "source": camera, "on_demand": true}))
        .await;
    assert_eq!(added.status, 201, "{}", added.body);
    assert_eq!(added.header("location"), "/api/v1/streams/yard%2Fdoor");
    let shown = added.json();
    assert_eq!(
        (&shown["name"], &shown["source"]["has_password"]),
        (&json!("yard/door"), &json!(true))
    );
    assert!(!added.body.contains("canary"), "E12: {}", added.body);
    assert_eq!(desk.names().await, ["gate", "open", "yard/door"]);
    assert_eq!(desk.get(added.header("location")).await.json(), shown);
    let text = desk.text();
    assert!(text.contains(camera), "the file is its home: {text}");

    let changed = desk
        .change(
            "yard%2Fdoor",
            json!({"viewers": "anyone", "delay_limit": "2s"}),
        )
        .await;
    assert_eq!(changed.status, 200, "{}", changed.body);
    assert_eq!(changed.json()["viewers"], "anyone");
    assert_eq!(changed.json()["delay_limit_ms"], 2_000);
    let changed = desk.change("gate", json!({"viewers": "anyone"})).await;
    assert_eq!(changed.json()["viewers"], "anyone", "{}", changed.body);
    let back = desk.change("gate", json!({"viewers": null})).await;
    assert_eq!(back.json()["viewers"], "grant", "null is the default");

    for comment in [
        "# Who runs this: ann",
        "# The gate, seen from the street.",
        "publish: grant   # the doorbell sends it",
        "open: { publish: grant, viewers: anyone }   # in one line",
        "# The end.",
    ] {
        assert!(desk.text().contains(comment), "{comment}\n{}", desk.text());
    }

    let path = "/api/v1/streams/yard%2Fdoor";
    assert_eq!(desk.ask(Method::DELETE, path, "").await.status, 204);
    refused(&desk.get(path).await, 404, "stream_not_found");
    let twice = desk.ask(Method::DELETE, path, "").await;
    refused(&twice, 404, "stream_not_found");
    assert_eq!(desk.names().await, ["gate", "open"]);
    assert!(!desk.text().contains("canary") && desk.text().contains("# The end."));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_added_or_changed_is_refused_with_the_reason() {
    let desk = Desk::start(COMMENTED).await;
    let before = desk.text();
    let cases = [
        (json!({"name": "gate", "source": "demo"}), 409, "name_taken"),
        (json!({"source": "demo"}), 422, "name_invalid"),
        (
            json!({"name": "a//b", "source": "demo"}),
            422,
            "name_invalid",
        ),
        (
            json!({"name": "api", "source": "demo"}),
            422,
            "name_invalid",
        ),
        (json!({"name": 7, "source": "demo"}), 422, "name_invalid"),
        (json!({"name": "x", "sauce": "demo"}), 400, "bad_request"),
        (
            json!({"name": "x", "source": "file:///etc/passwd"}),
            400,
            "bad_request",
        ),
        (
            json!({"name": "x", "source": "rtsp://a/\r\nX: y"}),
            400,
            "bad_request",
        ),
        (
            json!({"name": "x", "source": "rtsp://***@camera/"}),
            400,
            "bad_request",
        ),
        (
            json!({"name": "x", "source": "demo", "viewers": "all"}),
            400,
            "bad_request",
        ),
        (
            json!({"name": "x", "source": "demo", "delay_limit": -1}),
            400,
            "bad_request",
        ),
        (json!([]), 400, "bad_request"),
        (json!("x"), 400, "bad_request"),
    ];
    for (body, status, code) in cases {
        let answer = desk.add(body.clone()).await;
        assert_eq!(
            (answer.status.as_u16(), answer.code().as_str()),
            (status, code),
            "{body}: {}",
            answer.body
        );
    }
    let unknown = desk.change("nothing", json!({"viewers": "anyone"})).await;
    refused(&unknown, 404, "stream_not_found");
    let key = desk.change("gate", json!({"name": "porch"})).await;
    refused(&key, 400, "bad_request");
    assert_eq!(desk.text(), before, "nothing was written");
}

// E1: bodies that are too large, too deep, too long, or of another kind.
#[tokio::test(flavor = "multi_thread")]
async fn bombs_are_refused_before_they_are_understood() {
    let desk = Desk::start(COMMENTED).await;
    let nested = |depth: usize| format!("{}1{}", "[".repeat(depth), "]".repeat(depth));
    let cases = [
        ("".to_owned(), 400, "bad_request"),
        ("{".to_owned(), 400, "bad_request"),
        (nested(33), 400, "bad_request"),
        (nested(30_000), 400, "bad_request"),
        (format!("[{}1]", "1,".repeat(1_000)), 400, "bad_request"),
        ("\u{0}".repeat(10), 400, "bad_request"),
        (" ".repeat(64 * 1024 + 1), 413, "body_too_large"),
    ];
    for (body, status, code) in cases {
        for (method, path) in [
            (Method::POST, "/api/v1/streams"),
            (Method::PATCH, "/api/v1/streams/gate"),
        ] {
            let answer = desk.ask(method.clone(), path, &body).await;
            assert_eq!(
                (answer.status.as_u16(), answer.code().as_str()),
                (status, code),
                "{method} {path} {body:.40}: {}",
                answer.body
            );
        }
    }
    let form = ("content-type", "application/x-www-form-urlencoded");
    let token = Some(desk.token.as_str());
    let posted = desk
        .world
        .call(Method::POST, "/api/v1/streams", token, &[form], "name=x")
        .await;
    refused(&posted, 415, "unsupported_media_type");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_somebody_changed_is_not_written_over() {
    let desk = Desk::start(COMMENTED).await;
    let edited = desk.text().replace("# The end.", "# Edited by hand.");
    std::fs::write(&desk.world.file, &edited).expect("writes");
    let answers = [
        desk.add(json!({"name": "x", "source": "demo"})).await,
        desk.change("gate", json!({"viewers": "anyone"})).await,
        desk.ask(Method::DELETE, "/api/v1/streams/gate", "").await,
    ];
    for answer in &answers {
        refused(answer, 409, "config_changed");
    }
    assert_eq!(desk.text(), edited, "what the hand wrote stays");
    assert_eq!(desk.names().await, ["gate", "open"], "what runs stays too");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_may_not_be_written_is_told() {
    let desk = Desk::start(COMMENTED).await;
    let before = desk.text();
    set_readonly(&desk.world.file, true);
    let answer = desk.add(json!({"name": "x", "source": "demo"})).await;
    refused(&answer, 409, "config_read_only");
    assert!(
        answer.json()["fix"]
            .as_str()
            .is_some_and(|fix| fix.contains("writable"))
    );
    assert_eq!(desk.text(), before);
    assert_eq!(desk.names().await, ["gate", "open"]);
    set_readonly(&desk.world.file, false);
    let answer = desk.add(json!({"name": "x", "source": "demo"})).await;
    assert_eq!(answer.status, 201, "{}", answer.body);
}

fn set_readonly(file: &Path, readonly: bool) {
    let mut permissions = std::fs::metadata(file).expect("is there").permissions();
    permissions.set_readonly(readonly);
    std::fs::set_permissions(file, permissions).expect("is ours");
}

// E11, SEC-22, SEC-25: where a source that comes by the API may be. The rule itself is tested on
// 40 addresses in `config::policy`; this is that every way in goes through it.
#[tokio::test(flavor = "multi_thread")]
async fn a_source_may_not_be_where_no_camera_is() {
    let strict =
        format!("allow_loopback_sources: false\nlimits: {{ api_per_user: 1000 }}\n{COMMENTED}");
    let desk = Desk::start(&strict).await;
    let media = desk.world.hub.engine().port();
    let before = desk.text();
    for host in [
        "169.254.169.254",
        "[fe80::1]",
        "[::ffff:169.254.169.254]",
        "[64:ff9b::a9fe:a9fe]",
        "0xa9fea9fe",
        "2852039166",
        "100.100.100.200",
        "0.0.0.0",
        "[::]",
        "224.0.0.1",
        "255.255.255.255",
        "127.0.0.1",
        "127.1",
        "localhost",
        "[::1]",
        "[::ffff:7f00:1]",
    ] {
        for user in ["", "ann:secret@"] {
            let source = format!("rtsp://{user}{host}:554/x");
            let added = desk.add(json!({"name": "x", "source": source})).await;
            refused(&added, 422, "source_denied");
            let changed = desk.change("gate", json!({"source": source})).await;
            refused(&changed, 422, "source_denied");
            let sub = json!({"name": "x", "source": "demo", "substream": source});
            refused(&desk.add(sub).await, 422, "source_denied");
            assert!(!added.body.contains("secret"), "E12: {}", added.body);
        }
    }
    // Our own listeners are no cameras, whatever else is allowed here.
    let lenient = Desk::start(&format!("allow_loopback_sources: true\n{COMMENTED}")).await;
    let own = lenient.world.hub.engine().port();
    assert_ne!(own, media);
    let source = format!("rtsp://127.0.0.1:{own}/x");
    let answer = lenient.add(json!({"name": "x", "source": source})).await;
    refused(&answer, 422, "source_denied");
    let other = json!({"name": "x", "source": "rtsp://127.0.0.1:1/x", "on_demand": true});
    assert_eq!(lenient.add(other).await.status, 201);

    let nowhere = desk
        .add(json!({"name": "x", "source": "rtsp://no-such-camera.invalid/x"}))
        .await;
    refused(&nowhere, 502, "camera_dns_failed");
    assert_eq!(desk.text(), before, "nothing was written");
}

// E13, SEC-27: a session is shown by a number that opens nothing, and ended by its owner or an
// administrator.
#[tokio::test(flavor = "multi_thread")]
async fn sessions_are_listed_and_ended_by_administrators_alone() {
    let desk = Desk::start(COMMENTED).await;
    let _playing = desk.world.play("gate");
    let minute = Duration::from_secs(60);
    let ann = desk.world.grant("ann", "gate", minute).await;
    let bob = desk.world.grant("bob", "gate", minute).await;
    let sdp = ("content-type", "application/sdp");
    let posted = desk
        .world
        .call(Method::POST, "/gate/whep", Some(&ann), &[sdp], &offer())
        .await;
    assert_eq!(posted.status, 201, "{}", posted.body);
    let location = posted.header("location").to_owned();
    let secret = location.rsplit('/').next().expect("a secret");

    let list = desk.get("/api/v1/sessions").await;
    let items = list.json()["items"].as_array().expect("a list").clone();
    assert_eq!(items.len(), 1, "{}", list.body);
    assert_eq!(items[0]["stream"], "gate");
    assert!(!list.body.contains(secret), "SEC-27: {}", list.body);
    let number = items[0]["id"].as_str().expect("a number");

    // By its address it is its owner's; by its number an administrator's.
    let foreign = desk
        .world
        .call(Method::DELETE, &location, Some(&bob), &[], "")
        .await;
    refused(&foreign, 403, "forbidden");
    let path = format!("/api/v1/sessions/{number}");
    for token in [Some(ann.as_str()), Some(&bob), None] {
        let status = if token.is_some() { 403 } else { 401 };
        for (method, path) in [
            (Method::DELETE, path.as_str()),
            (Method::GET, "/api/v1/sessions"),
        ] {
            let answer = desk.world.call(method, path, token, &[], "").await;
            assert_eq!(answer.status, status, "{}", answer.body);
        }
    }
    assert_eq!(desk.world.hub.watching(&name("gate")), 1, "still there");
    let by_secret = format!("/api/v1/sessions/{secret}");
    let answer = desk.ask(Method::DELETE, &by_secret, "").await;
    refused(&answer, 404, "session_not_found");
    assert_eq!(desk.ask(Method::DELETE, &path, "").await.status, 204);
    assert_eq!(desk.world.hub.watching(&name("gate")), 0);
    let twice = desk.ask(Method::DELETE, &path, "").await;
    refused(&twice, 404, "session_not_found");
    let gone = desk
        .world
        .call(Method::DELETE, &location, Some(&ann), &[], "")
        .await;
    refused(&gone, 404, "session_not_found");
}

// D2: who watches over the process sees the end coming, and nothing else.
#[tokio::test(flavor = "multi_thread")]
async fn health_is_open_and_readiness_ends_with_the_hub() {
    let desk = Desk::start(COMMENTED).await;
    let ask = async |path: &str| desk.world.call(Method::GET, path, None, &[], "").await;
    let alive = ask("/healthz").await;
    assert_eq!((alive.status.as_u16(), alive.body.as_str()), (200, "ok"));
    let ready = ask("/readyz").await;
    assert_eq!(
        (ready.status.as_u16(), ready.json()),
        (200, json!({"status": "ready"}))
    );
    desk.world.stopping.cancel();
    let ready = ask("/readyz").await;
    assert_eq!(
        (ready.status.as_u16(), ready.json()),
        (503, json!({"status": "stopping"}))
    );
    assert_eq!(ask("/healthz").await.status, 200, "it still runs");
}

// requirements 71, 73: the console's settings page: shown, previewed, changed; two at once.
#[tokio::test(flavor = "multi_thread")]
async fn settings_are_shown_previewed_and_changed() {
    let desk = Desk::start(COMMENTED).await;
    let (path, before) = ("/api/v1/settings", desk.text());
    let shown = desk.get(path).await;
    assert_eq!(shown.status, 200, "{}", shown.body);
    let tag = shown.header("etag").to_owned();
    let items = shown.json()["items"].as_array().expect("a list").clone();
    let url = items.iter().find(|item| item["key"] == "public_url");
    assert_eq!(url.expect("is one")["from"], "default");

    let patch = json!({"public_url": "https://cams.example.org", "log.level": "warn"}).to_string();
    let dry = format!("{path}?dry_run=true");
    let preview = desk.ask(Method::PATCH, &dry, &patch).await;
    assert_eq!(preview.status, 200, "{}", preview.body);
    let diff = preview.json()["diff"].as_str().expect("text").to_owned();
    assert!(
        diff.contains("+public_url: https://cams.example.org"),
        "{diff}"
    );
    assert_eq!(preview.json()["restarts"], json!(["log.level"]));
    assert_eq!(preview.json()["streams_restarted"], json!([]));
    assert_eq!(desk.text(), before, "a preview changes nothing");

    refused(
        &desk.ask(Method::PATCH, path, &patch).await,
        428,
        "precondition_required",
    );
    let change = async |tag: &str, patch: &str| {
        let token = Some(desk.token.as_str());
        let headers = [JSON, ("if-match", tag)];
        desk.world
            .call(Method::PATCH, path, token, &headers, patch)
            .await
    };
    let done = change(&tag, &patch).await;
    assert_eq!(done.status, 200, "{}", done.body);
    assert_ne!(done.header("etag"), tag);
    for line in COMMENTED.lines() {
        assert!(
            desk.text().contains(line),
            "{line} is gone from {}",
            desk.text()
        );
    }
    // Who saw the old file does not overwrite what the other one did.
    refused(&change(&tag, &patch).await, 409, "config_changed");
    let newer = done.header("etag").to_owned();
    for (patch, status, code) in [
        (json!({"log.level": "loud"}), 422, "config_invalid"),
        (json!({"nothing": 1}), 422, "config_invalid"),
        (json!({"listen": "0.0.0.0:80"}), 422, "config_invalid"),
        (json!([]), 400, "bad_request"),
    ] {
        refused(&change(&newer, &patch.to_string()).await, status, code);
    }
    let back = change(
        &newer,
        &json!({"public_url": null, "log.level": null}).to_string(),
    )
    .await;
    assert_eq!(back.status, 200, "{}", back.body);
    // It is in force at once.
    let shown = desk.get("/schema.json").await.json();
    assert!(shown["properties"]["public_url"].is_object());
}
