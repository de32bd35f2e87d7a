//! What happens, as those who follow it are told: `GET /api/v1/events`, history, curves, log.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "a test fails by panicking, and is where time comes from"
)]

mod world;

use std::time::Instant;

use axum::body::{Body, BodyDataStream};
use axum::http::{Method, Request};
use futures_util::StreamExt as _;
use lenswire_hub::config::StreamConfig;
use lenswire_hub::journal::{Level, Line};
use serde_json::{Value, json};
use tower::ServiceExt as _;
use world::{LONG, World};

const CONFIG: &str = "
streams:
  gate: { publish: grant }
  open: { publish: grant, viewers: anyone }
";

const JSON: (&str, &str) = ("content-type", "application/json");

/// One who follows.
struct Follower {
    body: BodyDataStream,
    text: String,
}

#[derive(Debug, Default, PartialEq)]
struct Event {
    kind: String,
    id: String,
    data: Value,
}

impl Follower {
    async fn start(world: &World, query: &str, token: Option<&str>, last: &str) -> Self {
        let mut request = Request::builder()
            .uri(format!("/api/v1/events{query}"))
            .header("host", "localhost");
        if let Some(token) = token {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        if !last.is_empty() {
            request = request.header("last-event-id", last);
        }
        let request = request.body(Body::empty()).expect("a request");
        let answer = world
            .router
            .clone()
            .oneshot(request)
            .await
            .expect("answers");
        assert_eq!(answer.status(), 200);
        assert_eq!(answer.headers()["content-type"], "text/event-stream");
        Self {
            body: answer.into_body().into_data_stream(),
            text: String::new(),
        }
    }

    /// The next block; nothing when it is over.
    async fn next(&mut self) -> Option<Event> {
        loop {
            if let Some((block, rest)) = self.text.split_once("\n\n") {
                let mut event = Event::default();
                for line in block.lines() {
                    match line.split_once(": ") {
                        Some(("event", kind)) => event.kind = kind.into(),
                        Some(("id", id)) => event.id = id.into(),
                        Some(("data", data)) => {
                            event.data = serde_json::from_str(data).expect("JSON");
                        }
                        _ => {}
                    }
                }
                self.text = rest.to_owned();
                return Some(event);
            }
            let chunk = tokio::time::timeout(LONG, self.body.next());
            let chunk = chunk.await.expect("something happens")?.expect("whole");
            self.text.push_str(&String::from_utf8_lossy(&chunk));
        }
    }

    /// The next event of that kind, about that.
    async fn until(&mut self, kind: &str, name: &str) -> Event {
        loop {
            let event = self.next().await.expect("goes on");
            if event.kind == kind && (name.is_empty() || event.data["name"] == name) {
                return event;
            }
        }
    }
}

async fn add(world: &World, token: &str, name: &str, source: &str) {
    let body = json!({"name": name, "source": source}).to_string();
    let added = world
        .call(Method::POST, "/api/v1/streams", Some(token), &[JSON], &body)
        .await;
    assert_eq!(added.status, 201, "{}", added.body);
}

// Requirement 73; SEC-5: everybody is told what they may know, in order, and nothing else.
#[tokio::test(flavor = "multi_thread")]
async fn each_follower_is_told_what_it_may_know() {
    let world = World::start(CONFIG).await;
    let token = world.administrator().await;
    let mut all = Follower::start(&world, "", Some(&token), "").await;
    let mut anybody = Follower::start(&world, "", None, "").await;
    add(&world, &token, "yard", "rtsp://ann:canary@192.0.2.9/live").await;
    let told = all.until("stream", "yard").await;
    assert_eq!(told.data["source"]["url"], "rtsp://***@192.0.2.9/live");
    let path = "/api/v1/streams/open";
    let patch = r#"{"delay_limit":"500ms"}"#;
    world
        .call(Method::PATCH, path, Some(&token), &[JSON], patch)
        .await;
    world
        .call(
            Method::DELETE,
            "/api/v1/streams/gate",
            Some(&token),
            &[],
            "",
        )
        .await;
    all.until("removed", "gate").await;
    world
        .call(Method::DELETE, path, Some(&token), &[], "")
        .await;
    // Whoever may watch `open` alone hears of it alone.
    loop {
        let event = anybody.next().await.expect("goes on");
        let of_open = event.kind.is_empty() || event.data["name"] == "open";
        assert!(of_open, "{event:?}");
        if event.kind == "removed" {
            break;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_comes_back_reads_on_and_who_comes_too_late_is_told_so() {
    let world = World::start(CONFIG).await;
    let token = world.administrator().await;
    let mut first = Follower::start(&world, "", Some(&token), "").await;
    let id = first.next().await.expect("an id").id;
    drop(first);
    add(&world, &token, "one", "rtsp://192.0.2.9/live").await;
    let mut again = Follower::start(&world, "", Some(&token), &id).await;
    let told = again.until("stream", "one").await;
    assert!(told.id > id || told.id.len() > id.len());
    for unknown in ["deadbeef-1", "x", &"9".repeat(10_000)] {
        let mut late = Follower::start(&world, "", Some(&token), unknown).await;
        assert_eq!(
            late.next().await.expect("an event").kind,
            "reset",
            "{unknown}"
        );
    }
    // Nobody reads this one: it holds nothing up, and finds out when it reads again.
    let mut asleep = Follower::start(&world, "", Some(&token), "").await;
    let usual = (*world.hub.config()).clone();
    let mut many = usual.clone();
    for n in 0..600 {
        let name = world::name(&format!("s{n}"));
        many.streams.insert(name, StreamConfig::default());
    }
    world.hub.apply(many, Instant::now());
    world.hub.apply(usual, Instant::now());
    asleep.until("reset", "").await;
}

// SEC-13: what was taken back tells nothing more.
#[tokio::test(flavor = "multi_thread")]
async fn a_follower_is_cut_off_with_its_token() {
    let world = World::start(CONFIG).await;
    let token = world.administrator().await;
    let body = r#"{"name":"board","streams":["gate"]}"#;
    let made = world
        .call(Method::POST, "/api/v1/tokens", Some(&token), &[JSON], body)
        .await
        .json();
    let grant = made["token"].as_str().expect("a token");
    let mut follower = Follower::start(&world, "", Some(grant), "").await;
    assert!(follower.next().await.is_some());
    let path = format!("/api/v1/tokens/{}", made["id"].as_str().expect("a number"));
    let gone = world
        .call(Method::DELETE, &path, Some(&token), &[], "")
        .await;
    assert_eq!(gone.status, 204);
    while follower.next().await.is_some() {}
}

// Requirements 74, 96: why there was no picture is kept, newest first, in parts.
#[tokio::test(flavor = "multi_thread")]
async fn a_streams_history_is_kept() {
    let world = World::start(CONFIG).await;
    let token = world.administrator().await;
    // Port 1 refuses at once.
    add(&world, &token, "dead", "rtsp://127.0.0.1:1/live").await;
    let path = "/api/v1/streams/dead/history";
    let read = async |query: &str| {
        let path = format!("{path}{query}");
        world
            .call(Method::GET, &path, Some(&token), &[], "")
            .await
            .json()
    };
    let mut follower = Follower::start(&world, "", Some(&token), "").await;
    let refused = loop {
        let history = read("").await;
        let items = history["items"].as_array().expect("a list").clone();
        let code = |item: &Value| item["problem"]["code"] == "camera_refused";
        if let Some(item) = items.iter().find(|item| code(item)) {
            break item.clone();
        }
        follower.until("stream", "dead").await;
    };
    assert!(refused["at"].as_str().expect("a time").ends_with('Z'));
    assert!(refused["problem"]["fix"].as_str().is_some());
    let first = read("?limit=1").await;
    assert_eq!(first["items"].as_array().expect("a list").len(), 1);
    let next = first["next"].as_str().expect("more");
    let second = read(&format!("?limit=1&after={next}")).await;
    assert_ne!(first["items"], second["items"]);
}

// Requirements 74, 94, 103.
#[tokio::test(flavor = "multi_thread")]
async fn curves_grow_while_a_stream_plays() {
    let world = World::start(CONFIG).await;
    let _playing = world.play("open");
    let path = "/api/v1/streams/open/stats?span=10m";
    let mut follower = Follower::start(&world, "", None, "").await;
    let curves = loop {
        let curves = world.call(Method::GET, path, None, &[], "").await.json();
        let rates = curves["bitrate_bps"].as_array().expect("a list").clone();
        if rates
            .iter()
            .any(|rate| rate.as_f64().is_some_and(|rate| rate > 0.0))
        {
            break curves;
        }
        follower.until("stream", "open").await;
    };
    assert_eq!(curves["step_ms"], 2_000);
    let lengths: Vec<_> = ["frames_per_second", "lost_ratio", "delay_ms", "watching"]
        .iter()
        .map(|name| curves[name].as_array().expect("a list").len())
        .collect();
    assert_eq!(lengths, [lengths[0]; 4]);
    let day = world
        .call(
            Method::GET,
            "/api/v1/streams/open/stats?span=24h",
            None,
            &[],
            "",
        )
        .await;
    assert_eq!(day.json()["step_ms"], 120_000);
    let wrong = world
        .call(
            Method::GET,
            "/api/v1/streams/open/stats?span=1y",
            None,
            &[],
            "",
        )
        .await;
    assert_eq!(
        (wrong.status.as_u16(), wrong.code().as_str()),
        (400, "bad_request")
    );
}

// Requirement 74: the log, by gravity and by stream, for administrators; and as it is written.
#[tokio::test(flavor = "multi_thread")]
async fn the_log_is_read_and_followed_by_administrators() {
    let world = World::start(CONFIG).await;
    let token = world.administrator().await;
    let line = |level, message: &str, stream: &str| Line {
        id: 0,
        at: "2026-11-24T00:00:00Z".into(),
        level,
        target: "test".into(),
        message: message.into(),
        fields: [("stream".to_owned(), stream.to_owned())].into(),
    };
    world.journal.write(line(Level::Info, "began", "gate"));
    world
        .journal
        .write(line(Level::Warn, "<img src=x onerror=alert(1)>", "gate"));
    world
        .journal
        .write(line(Level::Error, "rtsp://ann:canary@192.0.2.1/", "yard"));
    let read = async |query: &str| {
        let path = format!("/api/v1/log{query}");
        world
            .call(Method::GET, &path, Some(&token), &[], "")
            .await
            .json()
    };
    let ids = |log: &Value| -> Vec<u64> {
        let items = log["items"].as_array().expect("a list");
        items
            .iter()
            .map(|item| item["id"].as_u64().expect("a number"))
            .collect()
    };
    let all = read("").await;
    assert_eq!(ids(&all), [3, 2, 1]);
    assert!(!all.to_string().contains("canary"));
    assert_eq!(ids(&read("?level=warn").await), [3, 2]);
    assert_eq!(ids(&read("?stream=gate").await), [2, 1]);
    let part = read("?limit=2").await;
    assert_eq!((ids(&part), part["next"].as_str()), (vec![3, 2], Some("2")));
    assert_eq!(ids(&read("?after=2").await), [1]);
    let mut follower = Follower::start(&world, "?log=1", Some(&token), "").await;
    follower.next().await;
    world.journal.write(line(Level::Info, "went on", "gate"));
    let told = follower.until("log", "").await;
    assert_eq!((told.data["id"].as_u64(), told.id.as_str()), (Some(4), ""));
    let anybody = world
        .call(Method::GET, "/api/v1/events?log=1", None, &[], "")
        .await;
    assert_eq!(anybody.status, 401);
}
