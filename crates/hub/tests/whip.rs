//! Publishing by WHIP as its clients meet it. Requirements 3, 20, 27, 28 (RFC 9725).

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "a test fails by panicking, and is where time comes from"
)]

mod world;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use axum::http::Method;
use lenswire_api::{Pattern, Scope};
use lenswire_media::Kind;
use lenswire_rtc::Protocol;
use lenswire_rtc::peer::client::{Client, Published};
use lenswire_rtc::swarm::Swarm;
use world::{Answered, HERE, LONG, World, now, until};

const STREAMS: &str = "
streams:
  stage: { publish: grant, viewers: anyone }
  open: { publish: anyone, viewers: anyone }
  camera: { source: 'rtsp://127.0.0.1:1/', on_demand: true }
";
const SDP: (&str, &str) = ("content-type", "application/sdp");

/// Constrained Baseline, 320 x 240; then a keyframe's slice.
const SPS: &[u8] = &[0x67, 0x42, 0xc0, 0x0d, 0xda, 0x05, 0x07, 0xe8, 0x40];
const PPS: &[u8] = &[0x68, 0xce, 0x3c, 0x80];
const SLICE: &[u8] = &[0x65, 0x88, 0x80, 0x10, 0, 0, 0, 1];

fn offer() -> String {
    let client = Client::publish(&[Kind::Video, Kind::Audio], &[], Instant::now());
    client.expect("offers").sdp().to_owned()
}

async fn post(world: &World, stream: &str, token: Option<&str>, offer: &str) -> Answered {
    let path = format!("/{stream}/whip");
    world.call(Method::POST, &path, token, &[SDP], offer).await
}

/// A grant to do something with the stage.
async fn grant(world: &World, subject: &str, scope: Scope) -> String {
    let (pattern, until) = (
        Pattern::parse("stage").expect("a pattern"),
        now().plus(LONG),
    );
    let grant = world
        .authority
        .new_grant(subject, vec![pattern], vec![scope], until, now());
    grant.await.expect("signs")
}

/// Somebody who sends keyframes until it is dropped.
struct Phone {
    stop: Arc<AtomicBool>,
    thread: Option<std::thread::JoinHandle<()>>,
    location: String,
}

impl Phone {
    async fn publish(world: &World, token: &str) -> Self {
        let (router, token) = (world.router.clone(), token.to_owned());
        let (runtime, stop) = (
            tokio::runtime::Handle::current(),
            Arc::new(AtomicBool::new(false)),
        );
        let (located, location) = tokio::sync::oneshot::channel();
        let stopped = Arc::clone(&stop);
        let thread = std::thread::spawn(move || {
            let mut swarm = Swarm::new(HERE).expect("opens");
            let mut place = String::new();
            let joined = swarm.publish(Protocol::Udp, &[Kind::Video], |offer| {
                let request = axum::http::Request::post("/stage/whip")
                    .header("host", "localhost")
                    .header("authorization", format!("Bearer {token}"))
                    .header(SDP.0, SDP.1)
                    .body(axum::body::Body::from(offer.to_owned()))
                    .expect("a request");
                let answer = tower::ServiceExt::oneshot(router, request);
                let answer = runtime.block_on(answer).expect("answers");
                place = answer.headers()["location"]
                    .to_str()
                    .expect("text")
                    .to_owned();
                let body = http_body_util::BodyExt::collect(answer.into_body());
                let body = runtime.block_on(body).expect("a body").to_bytes();
                Ok(String::from_utf8_lossy(&body).into_owned())
            });
            joined.unwrap_or_else(|error| panic!("{error}"));
            located.send(place).expect("waited for");
            film(&mut swarm, &stopped);
        });
        Self {
            stop,
            thread: Some(thread),
            location: location.await.expect("published"),
        }
    }
}

fn film(swarm: &mut Swarm, stop: &AtomicBool) {
    let mut seq = 0;
    for frame in 0_u32.. {
        if stop.load(Ordering::Relaxed) {
            return;
        }
        if swarm
            .tally(0)
            .is_some_and(|tally| tally.connected.is_some())
        {
            for payload in [SPS, PPS, SLICE] {
                let packet = Published {
                    seq,
                    time: frame * 4_500,
                    marker: payload == SLICE,
                    payload,
                };
                let client = swarm.client(0).expect("there");
                seq += u64::from(client.write(Kind::Video, &packet, Instant::now()));
            }
        }
        swarm.run(Duration::from_millis(50), |_| false);
    }
}

impl Drop for Phone {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            let _ended = thread.join();
        }
    }
}

async fn state(world: &World, admin: &str) -> serde_json::Value {
    let path = "/api/v1/streams/stage";
    let stream = world.call(Method::GET, path, Some(admin), &[], "").await;
    stream.json()["state"]["name"].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_published_is_watched_until_it_is_deleted() {
    let world = World::start(STREAMS).await;
    let admin = world.administrator().await;
    let token = grant(&world, "phone", Scope::Publish).await;
    assert_eq!(state(&world, &admin).await, "idle");
    let phone = Phone::publish(&world, &token).await;
    let media = world.entry("stage").media().clone();
    until("a source", || media.is_live()).await;
    assert_eq!(state(&world, &admin).await, "live");
    let _demand = media.demand();
    until("pictures", || media.stats(Instant::now()).packets > 20).await;
    let list = world
        .call(Method::GET, "/api/v1/sessions", Some(&admin), &[], "")
        .await;
    let session = &list.json()["items"][0];
    assert_eq!(session["purpose"], "publish", "{session}");
    assert_eq!(session["codec"], serde_json::json!(["H264"]), "{session}");
    assert_eq!(
        world.hub.watching(&world::name("stage")),
        0,
        "it is no viewer"
    );
    let offer = Client::offer(&[Kind::Video], &[], Instant::now()).expect("offers");
    let path = "/stage/whep";
    let watched = world
        .call(Method::POST, path, None, &[SDP], offer.sdp())
        .await;
    assert_eq!(watched.status, 201, "{}", watched.body);
    // RFC 9725 section 4.2: the session ends by DELETE, and only its owner's.
    assert!(
        phone.location.starts_with("/stage/whip/"),
        "{}",
        phone.location
    );
    let other = grant(&world, "other", Scope::Publish).await;
    let refused = world
        .call(Method::DELETE, &phone.location, Some(&other), &[], "")
        .await;
    assert_eq!(refused.status, 403, "{}", refused.body);
    let ended = world
        .call(Method::DELETE, &phone.location, Some(&token), &[], "")
        .await;
    assert_eq!(ended.status, 200, "{}", ended.body);
    until("no source", || !media.is_live()).await;
    until("an idle stream", || {
        world.entry("stage").standing().word() == "idle"
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_encoder_that_comes_again_takes_its_own_place_and_nobody_elses() {
    let world = World::start(STREAMS).await;
    let token = grant(&world, "obs", Scope::Publish).await;
    let first = post(&world, "stage", Some(&token), &offer()).await;
    assert_eq!(first.status, 201, "{}", first.body);
    let stranger = grant(&world, "stranger", Scope::Publish).await;
    let refused = post(&world, "stage", Some(&stranger), &offer()).await;
    assert_eq!(
        (refused.status.as_u16(), &*refused.code()),
        (409, "already_published")
    );
    assert!(!refused.header("retry-after").is_empty());
    let again = post(&world, "stage", Some(&token), &offer()).await;
    assert_eq!(again.status, 201, "{}", again.body);
    let old = first.header("location");
    let gone = world.call(Method::DELETE, old, Some(&token), &[], "").await;
    assert_eq!(
        (gone.status.as_u16(), &*gone.code()),
        (404, "session_not_found")
    );
    assert_eq!(world.hub.sessions().len(), 1);
    // Nobody in particular can't be told from nobody in particular.
    assert_eq!(post(&world, "open", None, &offer()).await.status, 201);
    let second = post(&world, "open", None, &offer()).await;
    assert_eq!(&*second.code(), "already_published");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_may_not_or_cannot_is_told_why() {
    let world = World::start(STREAMS).await;
    let watcher = grant(&world, "viewer", Scope::Watch).await;
    let publisher = grant(&world, "phone", Scope::Publish).await;
    let admin = world.administrator().await;
    let receiving = Client::offer(&[Kind::Video], &[], Instant::now()).expect("offers");
    let theora = offer()
        .replace("H264/90000", "theora/90000")
        .replace("VP8/90000", "x/90000");
    let theora = theora
        .replace("VP9/90000", "y/90000")
        .replace("AV1/90000", "z/90000");
    let theora = theora.replace("H265/90000", "v/90000");
    let rows: &[(&str, Option<&str>, &str, u16, &str)] = &[
        ("stage", None, &offer(), 401, "unauthorized"),
        ("stage", Some(&watcher), &offer(), 403, "forbidden"),
        ("stage", Some(&publisher), "hello", 422, "sdp_invalid"),
        (
            "stage",
            Some(&publisher),
            receiving.sdp(),
            422,
            "sdp_invalid",
        ),
        ("stage", Some(&publisher), &theora, 406, "codec_not_taken"),
        ("camera", Some(&admin), &offer(), 409, "not_publishable"),
        ("nothing", Some(&admin), &offer(), 404, "stream_not_found"),
    ];
    for (stream, token, offer, status, code) in rows {
        let answer = post(&world, stream, *token, offer).await;
        assert_eq!(
            (answer.status.as_u16(), &*answer.code()),
            (*status, *code),
            "{}",
            answer.body
        );
    }
    assert!(
        world.hub.sessions().is_empty(),
        "nothing is left of any of them"
    );
}

// SEC-13: what an open stream let in goes when it is closed, or gets a source.
#[tokio::test(flavor = "multi_thread")]
async fn a_changed_stream_sends_away_whom_it_has_no_room_for() {
    let world = World::start(STREAMS).await;
    let admin = world.administrator().await;
    let change = |stream: &'static str, patch: &'static str| {
        let json = ("content-type", "application/json");
        let (world, admin) = (&world, admin.clone());
        async move {
            let path = format!("/api/v1/streams/{stream}");
            let answer = world
                .call(Method::PATCH, &path, Some(&admin), &[json], patch)
                .await;
            assert_eq!(answer.status, 200, "{}", answer.body);
        }
    };
    assert_eq!(post(&world, "open", None, &offer()).await.status, 201);
    change("open", r#"{"publish":"grant"}"#).await;
    assert!(world.hub.sessions().is_empty());
    let token = grant(&world, "phone", Scope::Publish).await;
    assert_eq!(
        post(&world, "stage", Some(&token), &offer()).await.status,
        201
    );
    change("stage", r#"{"source":"demo"}"#).await;
    assert!(world.hub.sessions().is_empty());
}
