//! Tokens and guests' links: requirement 88; SEC-11, SEC-13.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "a test fails by panicking, and is where time comes from"
)]

mod world;

use std::time::Instant;

use axum::http::Method;
use lenswire_media::Kind;
use lenswire_rtc::peer::client::Client;
use serde_json::{Value, json};
use world::{Answered, World, now, until};

const CONFIG: &str = "
streams:
  gate: { publish: grant }
  yard: { publish: grant }
";

const TOKENS: &str = "/api/v1/tokens";

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
        let json = [("content-type", "application/json")];
        let token = Some(self.token.as_str());
        self.world.call(method, path, token, &json, body).await
    }

    async fn make(&self, body: Value) -> Answered {
        self.ask(Method::POST, TOKENS, &body.to_string()).await
    }

    async fn watch(&self, stream: &str, token: &str) -> Answered {
        let offer = Client::offer(&[Kind::Video], &[], Instant::now()).expect("offers");
        let sdp = [("content-type", "application/sdp")];
        let path = format!("/{stream}/whep");
        self.world
            .call(Method::POST, &path, Some(token), &sdp, offer.sdp())
            .await
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_guests_link_opens_its_stream_until_it_is_taken_back() {
    let desk = Desk::start(CONFIG).await;
    let _playing = desk.world.play("gate");
    let made = desk
        .make(json!({"name": "grandma", "streams": ["gate"], "guest": true}))
        .await;
    assert_eq!(made.status, 201, "{}", made.body);
    let view = made.json();
    let id = view["id"].as_str().expect("a number");
    assert_eq!(made.header("location"), format!("{TOKENS}/{id}"));
    let token = view["token"].as_str().expect("a token");
    assert_eq!(view["url"], format!("/gate#token={token}"));
    assert_eq!(view["scope"], json!(["watch"]));
    assert_eq!(desk.watch("gate", token).await.status, 201);
    assert_eq!(desk.watch("yard", token).await.status, 403);
    let list = desk.ask(Method::GET, TOKENS, "").await;
    assert!(!list.body.contains(token), "it is shown once");
    let items = list.json()["items"].clone();
    let kept = items
        .as_array()
        .expect("a list")
        .iter()
        .find(|item| item["id"] == id);
    let kept = kept.expect("is listed");
    assert_eq!(
        (&kept["name"], &kept["guest"], &kept["kind"]),
        (&"grandma".into(), &true.into(), &"grant".into())
    );

    assert_eq!(desk.world.hub.sessions().len(), 1);
    let path = format!("{TOKENS}/{id}");
    assert_eq!(desk.ask(Method::DELETE, &path, "").await.status, 204);
    assert!(
        desk.world.hub.sessions().is_empty(),
        "its session ended with it"
    );
    assert_eq!(desk.watch("gate", token).await.status, 401);
    let again = desk.ask(Method::DELETE, &path, "").await;
    assert_eq!(
        (again.status.as_u16(), again.code().as_str()),
        (404, "token_not_found")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_says_the_address_that_people_use() {
    let desk = Desk::start(&format!("public_url: https://cameras.example\n{CONFIG}")).await;
    let made = desk
        .make(json!({"name": "x", "streams": ["gate"], "guest": true}))
        .await;
    let url = made.json()["url"].as_str().expect("a link").to_owned();
    assert!(
        url.starts_with("https://cameras.example/gate#token="),
        "{url}"
    );
}

// An administrator's token that is taken back takes its browsers and sessions with it.
#[tokio::test(flavor = "multi_thread")]
async fn an_administrators_token_is_listed_and_taken_back() {
    let desk = Desk::start(CONFIG).await;
    let _playing = desk.world.play("gate");
    let other = desk.world.administrator().await;
    assert_eq!(desk.watch("gate", &other).await.status, 201);
    let items = desk.ask(Method::GET, TOKENS, "").await.json()["items"].clone();
    let items = items.as_array().expect("a list").clone();
    assert_eq!(items.len(), 2);
    for item in items {
        assert_eq!(item["kind"], "administrator");
        let path = format!("{TOKENS}/{}", item["id"].as_str().expect("a number"));
        desk.ask(Method::DELETE, &path, "").await;
    }
    until("sessions end", || desk.world.hub.sessions().is_empty()).await;
    let shut_out = desk.ask(Method::GET, TOKENS, "").await;
    assert_eq!(shut_out.status, 401);
}

// Bad input: what contradicts itself is refused in words, and nothing is made.
#[tokio::test(flavor = "multi_thread")]
async fn requests_that_make_no_sense_are_refused() {
    let desk = Desk::start(CONFIG).await;
    let past = now().0 - 1;
    let wrong = [
        json!({}),
        json!({"name": "", "streams": ["gate"]}),
        json!({"name": "a\u{7}b", "streams": ["gate"]}),
        json!({"name": "x".repeat(10_000), "streams": ["gate"]}),
        json!({"name": "x", "streams": []}),
        json!({"name": "x", "streams": ["../gate"]}),
        json!({"name": "x", "streams": vec!["gate"; 65]}),
        json!({"name": "x", "streams": ["gate"], "scope": []}),
        json!({"name": "x", "streams": ["gate"], "scope": ["administer"]}),
        json!({"name": "x", "streams": ["gate"], "expires_at": past}),
        json!({"name": "x", "streams": ["gate"], "expires_at": u64::MAX}),
        json!({"name": "x", "streams": ["gate"], "expires_at": "tomorrow"}),
        json!({"name": "x", "streams": ["gate"], "expires_at": -1}),
        json!({"name": "x", "streams": ["*"], "guest": true}),
        json!({"name": "x", "streams": ["gate", "yard"], "guest": true}),
        json!({"name": "x", "streams": ["gate"], "guest": true, "scope": ["publish"]}),
        json!({"name": "x", "streams": ["gate"], "administrator": true}),
        json!([]),
    ];
    for body in wrong {
        let refused = desk.make(body.clone()).await;
        assert_eq!(refused.code(), "bad_request", "{body}: {}", refused.body);
        assert_eq!(refused.status, 400);
    }
    let items = desk.ask(Method::GET, TOKENS, "").await.json()["items"].clone();
    assert_eq!(items.as_array().map(Vec::len), Some(1), "the test's own");
    // A name is data, whatever it looks like.
    let script = "<script>alert(1)</script>";
    let made = desk
        .make(json!({"name": script, "streams": ["gate"]}))
        .await;
    assert_eq!(made.json()["name"], script);
    assert_eq!(made.header("content-type"), "application/json");
    assert_eq!(made.header("x-content-type-options"), "nosniff");
}

// Requirement 82.
#[tokio::test(flavor = "multi_thread")]
async fn tokens_come_in_parts() {
    let desk = Desk::start(CONFIG).await;
    for n in 0..6 {
        desk.make(json!({"name": format!("t{n}"), "streams": ["gate"]}))
            .await;
    }
    let (mut ids, mut query) = (Vec::new(), "?limit=2".to_owned());
    loop {
        let part = desk
            .ask(Method::GET, &format!("{TOKENS}{query}"), "")
            .await
            .json();
        let items = part["items"].as_array().expect("a list").clone();
        assert!(items.len() <= 2);
        ids.extend(items.iter().map(|item| item["id"].to_string()));
        let Some(next) = part["next"].as_str() else {
            break;
        };
        query = format!("?limit=2&after={next}");
    }
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), 7);
}
