//! WHEP as its clients meet it: every status, every header that they need. Requirements 64-67, 91.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "a test fails by panicking, and is where time comes from"
)]

mod world;

use std::time::{Duration, Instant};

use axum::http::Method;
use lenswire_media::Kind;
use lenswire_rtc::Protocol;
use lenswire_rtc::peer::client::Client;
use lenswire_rtc::swarm::Swarm;
use world::{Answered, HERE, LONG, World, name, until};

const STREAMS: &str = "
limits: { sessions_per_stream: 3 }
streams:
  gate: { publish: grant }
  open: { publish: grant, viewers: anyone }
  off: { source: 'rtsp://127.0.0.1:1/', on_demand: true, viewers: anyone }
";
const SDP: (&str, &str) = ("content-type", "application/sdp");
const FRAGMENT: (&str, &str) = ("content-type", "application/trickle-ice-sdpfrag");

fn client(kinds: &[Kind]) -> Client {
    Client::offer(kinds, &[], Instant::now()).expect("offers")
}

fn offer() -> String {
    client(&[Kind::Video]).sdp().to_owned()
}

async fn post(world: &World, stream: &str, token: Option<&str>, offer: &str) -> Answered {
    world
        .call(
            Method::POST,
            &format!("/{stream}/whep"),
            token,
            &[SDP],
            offer,
        )
        .await
}

#[tokio::test(flavor = "multi_thread")]
async fn an_offer_is_answered_with_all_that_a_client_needs() {
    let world = World::start(STREAMS).await;
    let _playing = world.play("open");
    let answer = post(&world, "open", None, &offer()).await;
    assert_eq!(answer.status, 201, "{}", answer.body);
    assert!(answer.body.starts_with("v=0"), "{}", answer.body);
    assert_eq!(answer.header("content-type"), "application/sdp");
    assert_eq!(
        answer.header("accept-patch"),
        "application/trickle-ice-sdpfrag"
    );
    let location = answer.header("location");
    let secret = location
        .strip_prefix("/open/whep/")
        .expect("an absolute path");
    assert!(secret.len() >= 22, "128 bits: {secret}");
    let etag = answer.header("etag");
    assert!(
        etag.len() > 2 && etag.starts_with('"') && etag.ends_with('"'),
        "quoted and strong: {etag}"
    );
    assert_eq!(answer.header("access-control-allow-origin"), "*");
    for header in ["Location", "ETag", "Link", "Accept-Patch"] {
        assert!(
            answer
                .header("access-control-expose-headers")
                .contains(header),
            "{header}"
        );
    }
}

// requirement 92: it plays. One viewer by UDP, one by ICE-TCP.
#[tokio::test(flavor = "multi_thread")]
async fn whoever_is_answered_gets_pictures_until_deleted() {
    let world = World::start(STREAMS).await;
    let _playing = world.play("open");
    let (router, runtime) = (world.router.clone(), tokio::runtime::Handle::current());
    let played = tokio::task::spawn_blocking(move || {
        let mut swarm = Swarm::new(HERE).expect("opens");
        let mut sessions = Vec::new();
        for protocol in [Protocol::Udp, Protocol::Tcp] {
            let joined = swarm.join(protocol, &[Kind::Video], |offer| {
                let request = axum::http::Request::post("/open/whep")
                    .header("host", "localhost")
                    .header(SDP.0, SDP.1);
                let request = request
                    .body(axum::body::Body::from(offer.to_owned()))
                    .expect("a request");
                let answer = runtime
                    .block_on(tower::ServiceExt::oneshot(router.clone(), request))
                    .expect("answers");
                sessions.push(
                    answer.headers()["location"]
                        .to_str()
                        .expect("text")
                        .to_owned(),
                );
                let body = runtime
                    .block_on(http_body_util::BodyExt::collect(answer.into_body()))
                    .expect("a body");
                Ok(String::from_utf8_lossy(&body.to_bytes()).into_owned())
            });
            joined.unwrap_or_else(|error| panic!("{error}"));
        }
        let played = swarm.run(LONG, |swarm| {
            swarm.tallies().all(|tally| tally.frames >= 10)
        });
        (played, swarm, sessions)
    });
    let (played, mut swarm, sessions) = played.await.expect("runs");
    assert!(played, "{:?}", swarm.tallies().collect::<Vec<_>>());
    let admin = world.administrator().await;
    let list = world
        .call(Method::GET, "/api/v1/sessions", Some(&admin), &[], "")
        .await
        .json();
    let transports: Vec<_> = list["items"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|item| item["transport"].clone())
        .collect();
    assert_eq!(transports, ["udp", "tcp"], "{list}");
    for session in &sessions {
        assert_eq!(
            world
                .call(Method::DELETE, session, None, &[], "")
                .await
                .status,
            200
        );
        let again = world.call(Method::DELETE, session, None, &[], "").await;
        assert_eq!(
            (again.status.as_u16(), again.code().as_str()),
            (404, "session_not_found")
        );
    }
    let ended = tokio::task::spawn_blocking(move || {
        swarm.run(LONG, |swarm| swarm.tallies().all(|tally| tally.has_ended))
    });
    assert!(ended.await.expect("runs"), "the media threads said goodbye");
    assert_eq!(world.hub.watching(&name("open")), 0);
    until("nobody wants the stream", || {
        world.entry("open").media().demanded() == 0
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_answered_says_why() {
    let world = World::start(STREAMS).await;
    let _playing = (world.play("open"), world.play("gate"));
    let offer = offer();
    let (other, viewer) = (
        world.grant("a", "open", LONG).await,
        world.grant("a", "gate", LONG).await,
    );
    let long = format!("{offer}{}", "a=x\r\n".repeat(20_000));
    let audio = client(&[Kind::Audio]).sdp().to_owned();
    let lines = format!(
        "v=0\r\n{}",
        "m=video 9 UDP/TLS/RTP/SAVPF 96\r\n".repeat(100)
    );
    let html = ("content-type", "text/html");
    let cases = [
        ("/nothing/whep", None, SDP, &*offer, 404, "stream_not_found"),
        ("/gate/whep", None, SDP, &offer, 401, "unauthorized"),
        ("/gate/whep", Some(&*other), SDP, &offer, 403, "forbidden"),
        (
            "/gate/whep",
            Some("nonsense"),
            SDP,
            &offer,
            401,
            "unauthorized",
        ),
        (
            "/gate/whep",
            Some(&viewer),
            html,
            &offer,
            415,
            "unsupported_media_type",
        ),
        (
            "/open/whep",
            None,
            ("x", "y"),
            &offer,
            415,
            "unsupported_media_type",
        ),
        ("/open/whep", None, SDP, &long, 413, "body_too_large"),
        ("/open/whep", None, SDP, "", 422, "sdp_invalid"),
        (
            "/open/whep",
            None,
            SDP,
            "v=0\r\nnonsense",
            422,
            "sdp_invalid",
        ),
        ("/open/whep", None, SDP, &lines, 422, "sdp_invalid"),
        ("/open/whep", None, SDP, &audio, 406, "codec_not_offered"),
    ];
    for (path, token, kind, body, status, code) in cases {
        let answer = world.call(Method::POST, path, token, &[kind], body).await;
        let seen = (answer.status.as_u16(), answer.code());
        assert_eq!(seen, (status, code.to_owned()), "{path} {}", answer.body);
        assert_eq!(answer.header("content-type"), "application/problem+json");
        assert_eq!(answer.json()["instance"], path);
        assert_eq!(
            answer.header("access-control-allow-origin"),
            "*",
            "a page must be able to read why"
        );
    }
    assert!(world.hub.sessions().is_empty());
    let answer = post(&world, "gate", Some(&viewer), &offer).await;
    assert_eq!(answer.status, 201, "{}", answer.body);
    // A token in the query, for players that can send no header.
    let answer = world
        .call(
            Method::POST,
            &format!("/gate/whep?token={viewer}"),
            None,
            &[SDP],
            &offer,
        )
        .await;
    assert_eq!(answer.status, 201, "{}", answer.body);
}

#[tokio::test(flavor = "multi_thread")]
async fn other_methods_are_answered_as_the_draft_says() {
    let world = World::start(STREAMS).await;
    let head = world.call(Method::HEAD, "/open/whep", None, &[], "").await;
    assert_eq!(
        (head.status.as_u16(), head.header("content-type")),
        (200, "application/sdp")
    );
    let get = world.call(Method::GET, "/open/whep", None, &[], "").await;
    assert_eq!(
        (get.status.as_u16(), get.header("allow")),
        (405, "HEAD, POST, OPTIONS")
    );
    let options = world
        .call(
            Method::OPTIONS,
            "/open/whep",
            None,
            &[("origin", "https://a.example")],
            "",
        )
        .await;
    assert_eq!(
        (options.status.as_u16(), options.header("accept-post")),
        (204, "application/sdp")
    );
    let preflight = [
        ("origin", "https://a.example"),
        ("access-control-request-method", "POST"),
    ];
    let preflight = world
        .call(Method::OPTIONS, "/open/whep", None, &preflight, "")
        .await;
    assert!(
        preflight
            .header("access-control-allow-methods")
            .contains("PATCH")
    );
    assert!(
        preflight
            .header("access-control-allow-headers")
            .contains("If-Match")
    );
}

/// Candidates for the current generation: RFC 8840, as the WHEP draft's example has it.
fn candidates(ufrag: &str, pwd: &str) -> String {
    format!(
        "a=group:BUNDLE 0\r\nm=video 9 UDP/TLS/RTP/SAVPF 96\r\na=mid:0\r\na=ice-ufrag:{ufrag}\r\na=ice-pwd:{pwd}\r\n\
         a=candidate:1 1 udp 2122260223 192.0.2.1 61764 typ host\r\na=end-of-candidates\r\n"
    )
}

fn value<'a>(sdp: &'a str, key: &str) -> &'a str {
    sdp.lines()
        .find_map(|line| line.strip_prefix(key))
        .unwrap_or_else(|| panic!("no {key} in {sdp}"))
        .trim()
}

// RFC 9725 section 4.3: trickle and restart, and what guards them.
#[expect(
    clippy::too_many_lines,
    reason = "one session, from its first PATCH to its last"
)]
#[tokio::test(flavor = "multi_thread")]
async fn candidates_and_restarts_come_by_patch() {
    let world = World::start(STREAMS).await;
    let _playing = world.play("open");
    let offer = offer();
    let created = post(&world, "open", None, &offer).await;
    let (session, etag) = (created.header("location"), created.header("etag"));
    let trickle = candidates(value(&offer, "a=ice-ufrag:"), value(&offer, "a=ice-pwd:"));
    let patch = async |headers: &[(&str, &str)], body: &str| {
        world
            .call(Method::PATCH, session, None, headers, body)
            .await
    };

    assert_eq!(patch(&[FRAGMENT], &trickle).await.status, 428);
    let stale = patch(&[FRAGMENT, ("if-match", "\"old\"")], &trickle).await;
    assert_eq!(
        (stale.status.as_u16(), stale.code().as_str()),
        (412, "precondition_failed")
    );
    assert_eq!(
        patch(&[FRAGMENT, ("if-match", &format!("W/{etag}"))], &trickle)
            .await
            .status,
        412,
        "strong comparison"
    );
    assert_eq!(
        patch(&[SDP, ("if-match", etag)], &trickle).await.status,
        415
    );
    let added = patch(&[FRAGMENT, ("if-match", etag)], &trickle).await;
    assert_eq!(
        (added.status.as_u16(), added.header("etag")),
        (204, ""),
        "{}",
        added.body
    );
    assert_eq!(
        patch(&[FRAGMENT, ("if-match", etag)], "nonsense")
            .await
            .status,
        422
    );
    let flood = trickle.replace(
        "a=end-of-candidates\r\n",
        &"a=candidate:2 1 udp 1 192.0.2.1 1 typ host\r\n".repeat(100),
    );
    assert!(
        patch(&[FRAGMENT, ("if-match", etag)], &flood)
            .await
            .status
            .is_client_error()
    );

    let restart = candidates("newU", "newPassword0123456789012");
    let restarted = patch(&[FRAGMENT, ("if-match", "*")], &restart).await;
    assert_eq!(restarted.status, 200, "{}", restarted.body);
    assert_eq!(restarted.header("content-type"), FRAGMENT.1);
    assert_ne!(
        value(&restarted.body, "a=ice-ufrag:"),
        value(&created.body, "a=ice-ufrag:")
    );
    let newer = restarted.header("etag");
    assert!(newer.starts_with('"') && newer != etag, "{newer}");
    // The old generation's tag is stale now.
    assert_eq!(
        patch(&[FRAGMENT, ("if-match", etag)], &trickle)
            .await
            .status,
        412
    );
    assert_eq!(
        patch(&[FRAGMENT, ("if-match", newer)], &restart)
            .await
            .status,
        204
    );
    // New credentials are a restart whatever tag comes with them. Restarts have a pace, though.
    let next = candidates("nextU", "nextPassword012345678901");
    let soon = patch(&[FRAGMENT, ("if-match", newer)], &next).await;
    assert_eq!(
        (soon.status.as_u16(), soon.code().as_str()),
        (503, "overloaded")
    );
    let wait = soon.header("retry-after").parse().expect("seconds");
    tokio::time::sleep(Duration::from_secs(wait)).await;
    let again = patch(&[FRAGMENT, ("if-match", newer)], &next).await;
    assert_eq!(again.status, 200, "{}", again.body);
}

// SEC-27: who knows a session's address owns nothing yet.
#[tokio::test(flavor = "multi_thread")]
async fn a_session_is_its_owners() {
    let world = World::start(STREAMS).await;
    let _playing = world.play("gate");
    let (owner, other) = (
        world.grant("a", "gate", LONG).await,
        world.grant("b", "gate", LONG).await,
    );
    let created = post(&world, "gate", Some(&owner), &offer()).await;
    let session = created.header("location");
    for (token, status) in [(None, 401), (Some(&*other), 403)] {
        assert_eq!(
            world
                .call(Method::DELETE, session, token, &[], "")
                .await
                .status,
            status
        );
        assert_eq!(
            world
                .call(Method::PATCH, session, token, &[FRAGMENT], "")
                .await
                .status,
            status
        );
    }
    let elsewhere = session.replace("/gate/", "/open/");
    assert_eq!(
        world
            .call(Method::DELETE, &elsewhere, Some(&owner), &[], "")
            .await
            .status,
        404
    );
    // The same person's next grant is as good.
    let renewed = world.grant("a", "gate", LONG).await;
    assert_eq!(
        world
            .call(Method::PATCH, session, Some(&renewed), &[], "")
            .await
            .status,
        204
    );
    assert_eq!(
        world
            .call(Method::DELETE, session, Some(&renewed), &[], "")
            .await
            .status,
        200
    );
}

// SEC-13: a session ends with its grant, unless that is renewed.
#[tokio::test(flavor = "multi_thread")]
async fn a_session_ends_with_its_grant() {
    let world = World::start(STREAMS).await;
    let _playing = world.play("gate");
    let short = world.grant("a", "gate", Duration::from_secs(2)).await;
    let kept = post(&world, "gate", Some(&short), &offer()).await;
    let lost = post(&world, "gate", Some(&short), &offer()).await;
    let renewed = world.grant("a", "gate", LONG).await;
    assert_eq!(
        world
            .call(
                Method::PATCH,
                kept.header("location"),
                Some(&renewed),
                &[],
                ""
            )
            .await
            .status,
        204
    );
    until("one session ended", || world.hub.sessions().len() == 1).await;
    let gone = world
        .call(
            Method::DELETE,
            lost.header("location"),
            Some(&renewed),
            &[],
            "",
        )
        .await;
    assert_eq!(gone.status, 404);
    assert_eq!(
        world
            .call(
                Method::DELETE,
                kept.header("location"),
                Some(&renewed),
                &[],
                ""
            )
            .await
            .status,
        200
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_stream_turns_away_with_a_time_to_come_back() {
    let world = World::start(STREAMS).await;
    let _playing = world.play("open");
    for _ in 0..3 {
        assert_eq!(post(&world, "open", None, &offer()).await.status, 201);
    }
    let full = post(&world, "open", None, &offer()).await;
    assert_eq!(
        (full.status.as_u16(), full.code().as_str()),
        (429, "too_many_sessions")
    );
    assert!(
        full.header("retry-after")
            .parse::<u32>()
            .is_ok_and(|seconds| seconds > 0)
    );
}

// The draft's 409, with the camera's own cause in it.
#[tokio::test(flavor = "multi_thread")]
async fn a_stream_that_does_not_come_is_409_with_the_reason() {
    let world = World::start(STREAMS).await;
    let answer = post(&world, "off", None, &offer()).await;
    assert_eq!(
        (answer.status.as_u16(), answer.code().as_str()),
        (409, "stream_not_live")
    );
    assert!(
        answer
            .header("retry-after")
            .parse::<u32>()
            .is_ok_and(|seconds| seconds > 0)
    );
    let refused = lenswire_api::Code::CameraRefused;
    assert!(answer.body.contains(refused.title()), "{}", answer.body);
    assert_eq!(answer.json()["fix"], refused.fix());
}
