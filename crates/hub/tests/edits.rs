//! Edits that meet, and lists in parts: requirements 81, 82.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "a test fails by panicking, and is where time comes from"
)]

mod world;

use axum::http::Method;
use serde_json::{Value, json};
use world::{Answered, World};

const CONFIG: &str = "
streams:
  gate: { publish: grant }   # the doorbell
  open: { publish: grant, viewers: anyone }
  yard: { publish: grant }
";

const GATE: &str = "/api/v1/streams/gate";

struct Desk {
    world: World,
    token: String,
}

impl Desk {
    async fn start() -> Self {
        let world = World::start(CONFIG).await;
        let token = world.administrator().await;
        Self { world, token }
    }

    async fn ask(&self, method: Method, path: &str, if_match: &str, body: &str) -> Answered {
        let mut headers = vec![("content-type", "application/merge-patch+json")];
        if !if_match.is_empty() {
            headers.push(("if-match", if_match));
        }
        let token = Some(self.token.as_str());
        self.world.call(method, path, token, &headers, body).await
    }

    async fn patch(&self, if_match: &str, body: Value) -> Answered {
        self.ask(Method::PATCH, GATE, if_match, &body.to_string())
            .await
    }

    async fn etag(&self) -> String {
        let answer = self.ask(Method::GET, GATE, "", "").await;
        answer.header("etag").to_owned()
    }
}

fn stale(answer: &Answered) {
    assert_eq!(
        (answer.status.as_u16(), answer.code().as_str()),
        (412, "precondition_failed"),
        "{}",
        answer.body
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_who_edit_at_once_neither_undoes_the_other() {
    let desk = Desk::start().await;
    let seen = desk.etag().await;
    assert!(seen.starts_with('"') && seen.ends_with('"'), "{seen}");
    // How things stand is no change of what is configured.
    let playing = desk.world.play("gate");
    assert_eq!(desk.etag().await, seen);
    drop(playing);
    let ann = desk.patch(&seen, json!({"delay_limit": "500ms"})).await;
    assert_eq!(ann.status, 200, "{}", ann.body);
    stale(&desk.patch(&seen, json!({"viewers": "anyone"})).await);
    stale(&desk.ask(Method::DELETE, GATE, &seen, "").await);
    stale(
        &desk
            .patch("\"made up\"", json!({"viewers": "anyone"}))
            .await,
    );
    stale(&desk.patch("W/\"weak\"", json!({"viewers": "anyone"})).await);
    // Ben looks again, and both changes are in the file.
    let fresh = ann.header("etag").to_owned();
    assert_eq!(desk.etag().await, fresh);
    let ben = desk.patch(&fresh, json!({"viewers": "anyone"})).await;
    assert_eq!(
        (ben.status.as_u16(), &ben.json()["delay_limit_ms"]),
        (200, &json!(500))
    );
    let text = std::fs::read_to_string(&desk.world.file).expect("is there");
    for kept in ["# the doorbell", "delay_limit: 500ms", "viewers: anyone"] {
        assert!(text.contains(kept), "{kept}\n{text}");
    }
    // Who says nothing takes what comes, as merge patches do.
    assert_eq!(
        desk.patch("", json!({"delay_limit": null})).await.status,
        200
    );
    assert_eq!(desk.patch("*", json!({"viewers": null})).await.status, 200);
    let last = desk.etag().await;
    assert_eq!(desk.ask(Method::DELETE, GATE, &last, "").await.status, 204);
    assert_eq!(desk.patch(&last, json!({})).await.status, 404);
}

// Many at once: each change that was answered with 200 is there.
#[tokio::test(flavor = "multi_thread")]
async fn edits_without_end_lose_nothing() {
    let desk = Desk::start().await;
    let names: Vec<String> = (0..20).map(|n| format!("new{n}")).collect();
    let ask = &desk;
    let adding = names.iter().map(|name| async move {
        let body = json!({"name": name}).to_string();
        ask.ask(Method::POST, "/api/v1/streams", "", &body).await
    });
    for added in futures_util::future::join_all(adding).await {
        assert_eq!(added.status, 201, "{}", added.body);
    }
    let list = desk
        .ask(Method::GET, "/api/v1/streams", "", "")
        .await
        .json();
    let text = std::fs::read_to_string(&desk.world.file).expect("is there");
    let listed = list["items"].as_array().expect("a list");
    for name in &names {
        assert!(listed.iter().any(|item| item["name"] == **name), "{name}");
        assert!(text.contains(&format!("{name}:")), "{name}\n{text}");
    }
}

// Bad input: a body that contradicts itself, or the running hub.
#[tokio::test(flavor = "multi_thread")]
async fn edits_that_contradict_themselves_change_nothing() {
    let desk = Desk::start().await;
    let before = std::fs::read_to_string(&desk.world.file).expect("is there");
    for (body, status) in [
        (r#"{"viewers":"anyone","viewers":"grant"}"#, 400),
        (r#"{"name":"other"}"#, 400),
        (r#"{"source":"demo","source":null}"#, 400),
        (r#"{"delay_limit":"-1s"}"#, 400),
        (r#"{"transport":"udp,tcp"}"#, 400),
        (r#"{"source":"rtsp://169.254.169.254/latest"}"#, 422),
        (r#"[{"source":"demo"}]"#, 400),
        ("null", 400),
    ] {
        let refused = desk.ask(Method::PATCH, GATE, "", body).await;
        assert_eq!(refused.status.as_u16(), status, "{body}: {}", refused.body);
    }
    let after = std::fs::read_to_string(&desk.world.file).expect("is there");
    assert_eq!(after, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn streams_come_in_parts_and_each_caller_sees_its_own() {
    let desk = Desk::start().await;
    let part = async |query: &str| {
        let path = format!("/api/v1/streams{query}");
        let part = desk.ask(Method::GET, &path, "", "").await.json();
        let items = part["items"].as_array().expect("a list").clone();
        let names: Vec<_> = items.iter().map(|item| item["name"].clone()).collect();
        (names, part["next"].as_str().map(str::to_owned))
    };
    let two = (vec![json!("gate"), json!("open")], Some("open".to_owned()));
    assert_eq!(part("?limit=2").await, two);
    assert_eq!(
        part("?limit=2&after=open").await,
        (vec![json!("yard")], None)
    );
    assert_eq!(part("?after=zz").await, (vec![], None));
    let path = "/api/v1/streams?limit=1";
    let anybody = desk
        .world
        .call(Method::GET, path, None, &[], "")
        .await
        .json();
    assert_eq!(
        (&anybody["items"][0]["name"], anybody.get("next")),
        (&json!("open"), None)
    );
}

// The shapes that go2rtc's users rely on, behind the rules of ours.
#[tokio::test(flavor = "multi_thread")]
async fn programs_that_know_go2rtc_are_answered() {
    let desk = Desk::start().await;
    let _playing = desk.world.play("gate");
    let streams = desk.ask(Method::GET, "/api/streams", "", "").await.json();
    assert_eq!(
        streams["gate"],
        json!({"producers": [{"url": "none"}], "consumers": []})
    );
    assert!(streams["yard"].is_object() && streams["open"].is_object());
    let one = desk
        .ask(Method::GET, "/api/streams?src=gate", "", "")
        .await
        .json();
    assert_eq!(one["producers"][0]["url"], "none");
    let anybody = desk
        .world
        .call(Method::GET, "/api/streams", None, &[], "")
        .await
        .json();
    assert_eq!(anybody.as_object().map(|all| all.len()), Some(1));
    let offer = {
        use lenswire_rtc::peer::client::Client;
        let kinds = [lenswire_media::Kind::Video];
        let client = Client::offer(&kinds, &[], std::time::Instant::now()).expect("offers");
        client.sdp().to_owned()
    };
    let grant = desk.world.grant("card", "gate", world::LONG).await;
    let webrtc = async |kind: &str, path: &str, body: &str| {
        let headers = [("content-type", kind)];
        desk.world
            .call(Method::POST, path, None, &headers, body)
            .await
    };
    let path = format!("/api/webrtc?src=gate&token={grant}");
    let body = json!({"type": "offer", "sdp": offer}).to_string();
    let answer = webrtc("application/json", &path, &body).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    assert_eq!(answer.json()["type"], "answer");
    assert!(
        answer.json()["sdp"]
            .as_str()
            .is_some_and(|sdp| sdp.starts_with("v=0"))
    );
    let whep = webrtc("application/sdp", &path, &offer).await;
    assert_eq!(whep.status, 201);
    assert!(whep.header("location").starts_with("/gate/whep/"));
    let plain = webrtc("text/plain", &path, &offer).await;
    assert!(plain.status == 200 && plain.body.starts_with("v=0"));
    assert_eq!(
        webrtc("application/json", "/api/webrtc?src=gate", &body)
            .await
            .status,
        401
    );
    let foreign = format!("/api/webrtc?src=yard&token={grant}");
    assert_eq!(
        webrtc("application/json", &foreign, &body).await.status,
        403
    );
    let nothing = format!("/api/webrtc?token={grant}");
    assert_eq!(
        webrtc("application/json", &nothing, &body).await.status,
        404
    );
    let wrong = json!({"type": "answer", "sdp": "v=0"}).to_string();
    assert_eq!(webrtc("application/json", &path, &wrong).await.status, 400);
    let frame = format!("/api/frame.jpeg?src=gate&token={grant}");
    let vp8 = desk.world.call(Method::GET, &frame, None, &[], "").await;
    assert_eq!(vp8.code(), "snapshot_unsupported");
}
