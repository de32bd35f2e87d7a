//! `/ws` as its clients meet it. Requirement 67; E1, E8, E9, C1, SEC-9, SEC-11, SEC-13.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "a test fails by panicking, and is where time comes from"
)]

mod world;

use std::time::{Duration, Instant};

use axum::http::Method;
use futures_util::{SinkExt as _, StreamExt as _};
use lenswire_hub::auth::{Caller, How};
use lenswire_hub::session::{Delay, DelayFrom};
use lenswire_media::Kind;
use lenswire_rtc::Protocol;
use lenswire_rtc::peer::client::Client;
use lenswire_rtc::swarm::Swarm;
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};
use world::{HERE, LONG, World, name, until};

const STREAMS: &str = "
limits: { sessions_per_socket: 3, ws_auth_time: 1s }
streams:
  gate: { publish: grant }
  open: { publish: grant, viewers: anyone }
  off: { source: 'rtsp://127.0.0.1:1/', on_demand: true, viewers: anyone }
";

struct Socket(WebSocketStream<MaybeTlsStream<TcpStream>>);

/// What came.
#[derive(Debug, PartialEq)]
enum Came {
    Text(Value),
    Closed(Option<CloseCode>),
}

impl Socket {
    async fn open(world: &World, headers: &[(&'static str, &str)]) -> Self {
        let mut request = format!("ws://{}/ws", world.address)
            .into_client_request()
            .expect("a request");
        for (name, value) in headers {
            request
                .headers_mut()
                .insert(*name, value.parse().expect("a value"));
        }
        Self(connect_async(request).await.expect("connects").0)
    }

    /// Past its hello.
    async fn greeted(world: &World, token: Option<&str>) -> Self {
        let mut socket = Self::open(world, &[]).await;
        socket
            .say(json!({"type": "hello", "version": 1, "token": token}))
            .await;
        let hello = socket.hear("hello").await;
        assert_eq!(
            (&hello["version"], &hello["resume_seconds"]),
            (&json!(1), &json!(60))
        );
        socket
    }

    async fn say(&mut self, message: Value) {
        self.0
            .send(Message::text(message.to_string()))
            .await
            .expect("sends");
    }

    /// Pings are passed over, and do not make the wait any longer.
    async fn next(&mut self) -> Came {
        let read = tokio::time::timeout(LONG, self.read());
        read.await.expect("something comes")
    }

    async fn read(&mut self) -> Came {
        loop {
            match self.0.next().await {
                Some(Ok(Message::Text(text))) => {
                    return Came::Text(serde_json::from_str(&text).expect("JSON"));
                }
                Some(Ok(Message::Close(frame))) => {
                    return Came::Closed(frame.map(|frame| frame.code));
                }
                Some(Ok(_)) => {}
                Some(Err(_)) | None => return Came::Closed(None),
            }
        }
    }

    /// The next message of that type; others are passed over.
    async fn hear(&mut self, kind: &str) -> Value {
        loop {
            match self.next().await {
                Came::Text(message) if message["type"] == kind => return message,
                Came::Text(_) => {}
                Came::Closed(code) => panic!("closed ({code:?}) before any {kind}"),
            }
        }
    }

    /// Waits for a session's state.
    async fn state(&mut self, id: &str, state: &str) -> Value {
        loop {
            let message = self.hear("state").await;
            if message["id"] == id && message["state"] == state {
                return message;
            }
        }
    }

    async fn closed(&mut self) -> Option<CloseCode> {
        loop {
            if let Came::Closed(code) = self.next().await {
                return code;
            }
        }
    }

    async fn watch(&mut self, id: &str, stream: &str) -> Value {
        self.say(json!({"type": "watch", "id": id, "stream": stream, "sdp": offer()}))
            .await;
        self.hear("answer").await
    }

    /// Breaks it off, as a network does: no goodbye.
    async fn lose(self) {
        drop(self.0);
    }
}

fn offer() -> String {
    Client::offer(&[Kind::Video], &[], Instant::now())
        .expect("offers")
        .sdp()
        .to_owned()
}

// requirements 64, 66, 67, 91: from hello to pictures, each step said.
#[tokio::test(flavor = "multi_thread")]
async fn a_viewer_goes_from_hello_to_live() {
    let world = World::start(STREAMS).await;
    let _playing = world.play("open");
    let mut socket = Socket::greeted(&world, None).await;
    let (ask, asked) = std::sync::mpsc::channel::<String>();
    let (reply, answered) = std::sync::mpsc::channel::<String>();
    let viewer = tokio::task::spawn_blocking(move || {
        let mut swarm = Swarm::new(HERE).expect("opens");
        let joined = swarm.join(Protocol::Udp, &[Kind::Video], |offer| {
            ask.send(offer.to_owned()).expect("asks");
            answered.recv().map_err(|error| error.to_string())
        });
        joined.unwrap_or_else(|error| panic!("{error}"));
        let played = swarm.run(LONG, |swarm| {
            swarm.tallies().all(|tally| tally.frames >= 10)
        });
        (played, swarm)
    });
    let sdp = tokio::task::spawn_blocking(move || asked.recv().expect("an offer"))
        .await
        .expect("runs");
    socket
        .say(json!({"type": "watch", "id": "tile 1", "stream": "open", "sdp": sdp}))
        .await;
    // Candidates may come before the answer does.
    socket.say(json!({"type": "candidate", "id": "tile 1", "candidate": "candidate:1 1 udp 1 192.0.2.1 9 typ host", "sdpMid": "0", "sdpMLineIndex": 0})).await;
    socket
        .say(json!({"type": "candidate", "id": "tile 1", "candidate": null}))
        .await;
    let answer = socket.hear("answer").await;
    assert_eq!(answer["id"], "tile 1");
    assert!(
        answer["session"]
            .as_str()
            .is_some_and(|session| session.len() >= 22)
    );
    reply
        .send(answer["sdp"].as_str().expect("an answer").to_owned())
        .expect("replies");
    assert_eq!(
        socket.state("tile 1", "connecting").await["reason"],
        Value::Null
    );
    socket.state("tile 1", "live").await;
    let (played, mut swarm) = viewer.await.expect("runs");
    assert!(played, "{:?}", swarm.tally(0));
    until("the engine has measured a delay", || {
        world
            .hub
            .sessions()
            .iter()
            .all(|session| session.stats().delay.is_some())
    })
    .await;
    socket
        .say(json!({"type": "report", "id": "tile 1", "delay_ms": 84.5, "frames_per_second": 20}))
        .await;
    assert!(socket.state("tile 1", "live").await["delay_ms"].is_number());
    let session = &world.hub.sessions()[0];
    let delay = session.delay(&session.stats(), Instant::now());
    assert_eq!(
        delay,
        Some(Delay {
            time: Duration::from_micros(84_500),
            from: DelayFrom::Player
        })
    );
    is_told_when_it_is_late(&world, &mut socket).await;
    socket.say(json!({"type": "close", "id": "tile 1"})).await;
    socket.state("tile 1", "closed").await;
    let ended = tokio::task::spawn_blocking(move || {
        swarm.run(LONG, |swarm| swarm.tallies().all(|tally| tally.has_ended))
    });
    assert!(ended.await.expect("runs"));
    assert!(world.hub.sessions().is_empty());
    socket.say(json!({"type": "close", "id": "tile 1"})).await;
    assert_eq!(socket.hear("problem").await["code"], "session_not_found");
}

/// Issue 4, point 3: a picture that is later than its stream allows is told of to the viewer, to the
/// administrator and to whoever reads the metrics, until it is in time again.
async fn is_told_when_it_is_late(world: &World, socket: &mut Socket) {
    let report = |ms: u32| json!({"type": "report", "id": "tile 1", "delay_ms": ms});
    let warning = async |socket: &mut Socket, is_there: bool| loop {
        let state = socket.state("tile 1", "live").await;
        if state["warning"].is_object() == is_there {
            return state["warning"]["code"].clone();
        }
    };
    socket.say(report(5_000)).await;
    assert_eq!(warning(socket, true).await, "viewer_delayed");
    let admin = world.administrator().await;
    let read = async |path| world.call(Method::GET, path, Some(&admin), &[], "").await;
    let list = read("/api/v1/sessions").await.json();
    let session = &list["items"][0];
    assert_eq!(
        (
            &session["delay_ms"],
            &session["delay_from"],
            &session["layer"]
        ),
        (&json!(5_000), &json!("player"), &json!(0))
    );
    assert_eq!(session["warnings"][0]["code"], "viewer_delayed", "{list}");
    let metrics = read("/metrics").await.body;
    let counted = "lenswire_problems_total{code=\"viewer_delayed\"} 1";
    assert!(metrics.lines().any(|line| line == counted), "{metrics}");
    let late = metrics.lines().any(|line| {
        let bucket = line.strip_prefix("lenswire_viewer_delay_seconds_bucket{le=\"5.0\"} ");
        bucket.is_some_and(|count| count != "0")
    });
    assert!(late, "{metrics}");
    socket.say(report(80)).await;
    assert_eq!(warning(socket, false).await, Value::Null);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_socket_begins_with_a_hello_that_is_accepted() {
    let world = World::start(STREAMS).await;
    let _playing = world.play("open");
    let first = [
        (
            json!({"type": "watch", "id": "a", "stream": "open", "sdp": ""}),
            "protocol_error",
        ),
        (json!({"type": "hello", "version": 2}), "protocol_error"),
        (
            json!({"type": "hello", "version": 1, "token": "nonsense"}),
            "unauthorized",
        ),
        (
            json!({"type": "hello", "version": 1, "token": "a.b.c"}),
            "unauthorized",
        ),
        (json!({"type": "dance"}), "protocol_error"),
        (json!([[[]]]), "protocol_error"),
    ];
    for (message, code) in first {
        let mut socket = Socket::open(&world, &[]).await;
        socket.say(message.clone()).await;
        assert_eq!(socket.hear("problem").await["code"], code, "{message}");
        assert_eq!(socket.closed().await, Some(CloseCode::Policy), "{message}");
    }
    // Silence is not waited for.
    let mut silent = Socket::open(&world, &[]).await;
    assert_eq!(silent.closed().await, Some(CloseCode::Policy));
    let mut socket = Socket::greeted(&world, None).await;
    socket.say(json!({"type": "hello", "version": 1})).await;
    assert_eq!(socket.hear("problem").await["code"], "protocol_error");
    socket.watch("still usable", "open").await;
}

/// Messages that cannot be done, with the session and the code of their answer.
fn impossible(sdp: &str) -> Vec<(Value, &'static str, &'static str)> {
    vec![
        (
            json!({"type": "watch", "id": "b", "stream": "nothing", "sdp": sdp}),
            "b",
            "stream_not_found",
        ),
        (
            json!({"type": "watch", "id": "b", "stream": "../x", "sdp": sdp}),
            "b",
            "stream_not_found",
        ),
        (
            json!({"type": "watch", "id": "b", "stream": "gate", "sdp": sdp}),
            "b",
            "unauthorized",
        ),
        (
            json!({"type": "watch", "id": "a", "stream": "open", "sdp": sdp}),
            "a",
            "protocol_error",
        ),
        (
            json!({"type": "watch", "id": "b", "stream": "open", "sdp": "nonsense"}),
            "b",
            "sdp_invalid",
        ),
        (
            json!({"type": "publish", "id": "p", "stream": "open", "sdp": sdp}),
            "p",
            "protocol_error",
        ),
        (
            json!({"type": "candidate", "id": "zz", "candidate": "x"}),
            "zz",
            "session_not_found",
        ),
        (
            json!({"type": "candidate", "id": "a", "candidate": "nonsense"}),
            "a",
            "sdp_invalid",
        ),
        (
            json!({"type": "restart", "id": "zz", "sdp": sdp}),
            "zz",
            "session_not_found",
        ),
        (
            json!({"type": "restart", "id": "a", "sdp": "nonsense"}),
            "a",
            "sdp_invalid",
        ),
        (
            json!({"type": "resume", "id": "r", "session": "AAECAwQFBgcICQoLDA0ODw"}),
            "r",
            "session_not_found",
        ),
        (
            json!({"type": "grant", "id": "a", "token": "nonsense"}),
            "a",
            "unauthorized",
        ),
        (
            json!({"type": "report", "id": "zz"}),
            "zz",
            "session_not_found",
        ),
        (
            json!({"type": "webrtc_offer", "slot": 1, "sdp": sdp}),
            "",
            "protocol_error",
        ),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_done_is_said_to_its_session() {
    let world = World::start(STREAMS).await;
    let _playing = (world.play("open"), world.play("gate"));
    let mut socket = Socket::greeted(&world, None).await;
    socket.watch("a", "open").await;
    let sdp = offer();
    for (message, id, code) in impossible(&sdp) {
        socket.say(message.clone()).await;
        let problem = socket.hear("problem").await;
        assert_eq!(
            (
                problem["code"].as_str(),
                problem["id"].as_str().unwrap_or_default()
            ),
            (Some(code), id),
            "{message}"
        );
        assert!(
            problem["title"].is_string()
                && problem["detail"].is_string()
                && problem["fix"].is_string()
        );
    }
    assert_eq!(
        world.hub.sessions().len(),
        1,
        "none of it made a session, or cost the one there is"
    );
    socket.watch("b", "open").await;
    socket.watch("c", "open").await;
    socket
        .say(json!({"type": "watch", "id": "d", "stream": "open", "sdp": sdp}))
        .await;
    assert_eq!(socket.hear("problem").await["code"], "too_many_sessions");
    socket.say(json!({"type": "close", "id": "b"})).await;
    socket.watch("d", "open").await;
}

// E1: bombs are an answer or a close, and cost nobody else anything.
#[tokio::test(flavor = "multi_thread")]
async fn oversize_and_binary_messages_close_the_socket_and_deep_ones_do_not() {
    let world = World::start(STREAMS).await;
    let _playing = world.play("open");
    let mut bystander = Socket::greeted(&world, None).await;
    bystander.watch("a", "open").await;
    let mut deep = Socket::greeted(&world, None).await;
    let bomb = format!(
        r#"{{"type":"report","id":"a","x":{}1{}}}"#,
        "[".repeat(30_000),
        "]".repeat(30_000)
    );
    deep.0.send(Message::text(bomb)).await.expect("sends");
    assert_eq!(deep.hear("problem").await["code"], "protocol_error");
    deep.watch("a", "open").await;
    let mut long = Socket::greeted(&world, None).await;
    long.0
        .send(Message::text("x".repeat(70_000)))
        .await
        .expect("sends");
    assert_eq!(long.closed().await, Some(CloseCode::Size));
    let mut binary = Socket::greeted(&world, None).await;
    binary
        .0
        .send(Message::binary(vec![1_u8, 1, 0, 0]))
        .await
        .expect("sends");
    assert_eq!(binary.hear("problem").await["code"], "protocol_error");
    assert_eq!(binary.closed().await, Some(CloseCode::Unsupported));
    bystander.watch("b", "open").await;
}

// C1: who does not read is cut; what is sent meanwhile is bounded.
#[tokio::test(flavor = "multi_thread")]
async fn a_reader_that_does_not_read_is_cut() {
    let world = World::start("limits: { ws_queue: 16 }\n").await;
    let mut socket = Socket::greeted(&world, None).await;
    let provoke = json!({"type": "close", "id": "x".repeat(60)}).to_string();
    let sent = tokio::time::timeout(LONG, async {
        let mut sent = 0_u64;
        while socket.0.send(Message::text(provoke.clone())).await.is_ok() {
            sent += 1;
        }
        sent
    });
    let sent = sent.await.expect("the hub cuts the socket");
    assert!(sent < 1_000_000, "{sent}");
}

// requirement 91 (ICE restart over the socket)
#[tokio::test(flavor = "multi_thread")]
async fn a_restart_is_answered_anew_for_the_same_session() {
    let world = World::start(STREAMS).await;
    let _playing = world.play("open");
    let mut socket = Socket::greeted(&world, None).await;
    let mut client = Client::offer(&[Kind::Video], &[], Instant::now()).expect("offers");
    socket
        .say(json!({"type": "watch", "id": "a", "stream": "open", "sdp": client.sdp()}))
        .await;
    let first = socket.hear("answer").await;
    client
        .accept(first["sdp"].as_str().expect("an answer"))
        .expect("fits");
    let restart = client.restart().expect("an offer");
    socket
        .say(json!({"type": "restart", "id": "a", "sdp": restart}))
        .await;
    let second = socket.hear("answer").await;
    assert_eq!(second["session"], first["session"]);
    let ufrag = |answer: &Value| {
        answer["sdp"]
            .as_str()
            .and_then(|sdp| Some(sdp.split("a=ice-ufrag:").nth(1)?.lines().next()?.to_owned()))
    };
    assert!(ufrag(&second).is_some() && ufrag(&second) != ufrag(&first));
    assert_eq!(world.hub.sessions().len(), 1);
}

// faults.md section 3, 003: media survives the socket, and a new socket takes the session over.
#[tokio::test(flavor = "multi_thread")]
async fn a_lost_socket_s_sessions_are_taken_over_by_their_owner_alone() {
    let world = World::start(STREAMS).await;
    let _playing = world.play("gate");
    let (owner, other) = (
        world.grant("a", "gate", LONG).await,
        world.grant("b", "gate", LONG).await,
    );
    let mut first = Socket::greeted(&world, Some(&owner)).await;
    let session = first.watch("a", "gate").await["session"].clone();
    first.lose().await;
    let mut thief = Socket::greeted(&world, Some(&other)).await;
    thief
        .say(json!({"type": "resume", "id": "x", "session": session}))
        .await;
    assert_eq!(thief.hear("problem").await["code"], "forbidden");
    let mut nobody = Socket::greeted(&world, None).await;
    nobody
        .say(json!({"type": "resume", "id": "x", "session": session}))
        .await;
    assert_eq!(nobody.hear("problem").await["code"], "unauthorized");
    let mut second = Socket::greeted(&world, Some(&owner)).await;
    second
        .say(json!({"type": "resume", "id": "other", "session": session}))
        .await;
    assert_eq!(second.hear("state").await["id"], "other");
    // A third takes it from the second, which then has nothing to lose.
    let mut third = Socket::greeted(&world, Some(&owner)).await;
    third
        .say(json!({"type": "resume", "id": "third", "session": session}))
        .await;
    third.hear("state").await;
    second.0.close(None).await.expect("closes");
    second.closed().await;
    third.say(json!({"type": "close", "id": "third"})).await;
    third.state("third", "closed").await;
    assert!(world.hub.sessions().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_socket_that_says_goodbye_takes_its_sessions_along() {
    let world = World::start(STREAMS).await;
    let _playing = world.play("open");
    let mut socket = Socket::greeted(&world, None).await;
    socket.watch("a", "open").await;
    assert_eq!(world.hub.watching(&name("open")), 1);
    socket.0.close(None).await.expect("closes");
    until("the session is gone", || world.hub.sessions().is_empty()).await;
}

// SEC-13, E8: sessions end with their grant; a newer one keeps them.
#[tokio::test(flavor = "multi_thread")]
async fn grants_end_sessions_unless_they_are_renewed() {
    let world = World::start(STREAMS).await;
    let _playing = world.play("gate");
    let short = world.grant("a", "gate", Duration::from_secs(2)).await;
    let mut socket = Socket::greeted(&world, Some(&short)).await;
    socket.watch("kept", "gate").await;
    socket.watch("lost", "gate").await;
    let others = world.grant("b", "gate", LONG).await;
    socket
        .say(json!({"type": "grant", "id": "lost", "token": others}))
        .await;
    assert_eq!(
        socket.hear("problem").await["code"],
        "forbidden",
        "somebody else's grant renews nothing"
    );
    let renewed = world.grant("a", "gate", LONG).await;
    socket
        .say(json!({"type": "grant", "id": "kept", "token": renewed}))
        .await;
    let closed = socket.state("lost", "closed").await;
    assert_eq!(closed["reason"]["code"], "grant_expired");
    assert_eq!(world.hub.sessions().len(), 1);
    // The newer grant is also what the socket's next sessions are opened with.
    socket.watch("next", "gate").await;
}

// SEC-9, E9: a cookie counts from our own pages alone.
#[tokio::test(flavor = "multi_thread")]
async fn a_cookie_counts_from_our_own_origin_alone() {
    let world = World::start(STREAMS).await;
    let _playing = world.play("gate");
    let secret = world
        .authority
        .open_claim()
        .await
        .expect("works")
        .expect("unclaimed");
    let cookie = world
        .authority
        .claim(&secret, false, world::now())
        .await
        .expect("claims")
        .cookie;
    let cookie = format!("lenswire={cookie}");
    let own = format!("http://{}", world.address);
    for (origin, let_in) in [
        (own.as_str(), true),
        ("https://evil.example", false),
        ("null", false),
    ] {
        let mut socket = Socket::open(&world, &[("cookie", &cookie), ("origin", origin)]).await;
        socket.say(json!({"type": "hello", "version": 1})).await;
        socket.hear("hello").await;
        socket
            .say(json!({"type": "watch", "id": "a", "stream": "gate", "sdp": offer()}))
            .await;
        let Came::Text(message) = socket.next().await else {
            panic!("closed")
        };
        assert_eq!(message["type"] == "answer", let_in, "{origin}: {message}");
    }
}

// The viewer hears what is being waited for, in the words of its cause.
#[tokio::test(flavor = "multi_thread")]
async fn waiting_names_the_source_s_problem() {
    let world = World::start(STREAMS).await;
    let mut socket = Socket::greeted(&world, None).await;
    socket
        .say(json!({"type": "watch", "id": "a", "stream": "off", "sdp": offer()}))
        .await;
    let mut waiting = socket.state("a", "waiting").await;
    while waiting["reason"].is_null() {
        waiting = socket.state("a", "waiting").await;
    }
    assert_eq!(waiting["reason"]["code"], "camera_refused");
    // Whoever gives up while waiting leaves nothing behind.
    socket.say(json!({"type": "close", "id": "a"})).await;
    until("nobody wants it", || {
        world.entry("off").media().demanded() == 0
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_removed_stream_ends_its_sessions_with_the_reason() {
    let world = World::start(STREAMS).await;
    let _playing = world.play("open");
    let mut socket = Socket::greeted(&world, None).await;
    socket.watch("a", "open").await;
    let mut config = (*world.hub.config()).clone();
    config.streams.remove(&name("open"));
    world.hub.apply(config, Instant::now());
    assert_eq!(
        socket.state("a", "closed").await["reason"]["code"],
        "stream_removed"
    );
}

// D2: 1012 tells clients to come again, whether they have said hello or not; sessions end, and
// whoever still waits for a camera is not waited for.
#[tokio::test(flavor = "multi_thread")]
async fn a_hub_that_stops_says_so_and_ends_what_people_have_going_on() {
    let world = World::start(STREAMS).await;
    let _playing = world.play("open");
    let mut watching = Socket::greeted(&world, None).await;
    let answer = watching.watch("a", "open").await;
    let mut silent = Socket::open(&world, &[]).await;
    let mut waiting = Socket::greeted(&world, None).await;
    waiting
        .say(json!({"type": "watch", "id": "a", "stream": "off", "sdp": offer()}))
        .await;
    waiting.state("a", "waiting").await;
    let sdp = ("content-type", "application/sdp");
    let (headers, offered) = ([sdp], offer());
    let camera = world.call(Method::POST, "/off/whep", None, &headers, &offered);
    let stop = async {
        until("two wait for the camera", || {
            world.entry("off").media().demanded() == 2
        })
        .await;
        world.app.finish().await;
    };
    let (posted, ()) = tokio::join!(camera, stop);
    assert_eq!(
        (posted.status.as_u16(), posted.code().as_str()),
        (503, "overloaded")
    );
    assert!(!posted.header("retry-after").is_empty());
    for socket in [&mut watching, &mut silent, &mut waiting] {
        assert_eq!(socket.closed().await, Some(CloseCode::Restart));
    }
    let session = answer["session"].as_str().expect("a secret");
    assert!(world.hub.session(session).is_none() && world.hub.sessions().is_empty());
    let late = world
        .call(Method::POST, "/open/whep", None, &[sdp], &offer())
        .await;
    assert_eq!(
        (late.status.as_u16(), late.code().as_str()),
        (503, "overloaded")
    );
}

/// The sessions and sockets that the administrators of the next test have open.
struct Signed {
    session: String,
    socket: Socket,
}

impl Signed {
    /// Signed in by what these headers hold.
    async fn open(world: &World, header: (&'static str, &str), token: Option<&str>) -> Self {
        let mut socket = Socket::open(world, &[header]).await;
        socket
            .say(json!({"type": "hello", "version": 1, "token": token}))
            .await;
        socket.hear("hello").await;
        let answer = socket.watch("a", "gate").await;
        Self {
            session: answer["session"].as_str().expect("a secret").to_owned(),
            socket,
        }
    }

    async fn ends(mut self) {
        assert_eq!(
            self.socket.state("a", "closed").await["reason"]["code"],
            "grant_expired"
        );
        assert_eq!(self.socket.closed().await, Some(CloseCode::Policy));
    }
}

// SEC-13, E8: what an administrator has open ends with what opened it, and nothing else does.
#[tokio::test(flavor = "multi_thread")]
async fn a_revoked_administrator_s_sessions_and_sockets_end() {
    let world = World::start(STREAMS).await;
    let _playing = world.play("gate");
    let (revoked, stays) = (world.administrator().await, world.administrator().await);
    let store = world.authority.store();
    let cookie = async |token: &str| {
        let signed_in = world.authority.login(token, world::now()).await;
        signed_in.expect("signs in").cookie
    };
    let (with_it, signed_out) = (cookie(&revoked).await, cookie(&stays).await);
    let by_cookie = async |cookie: &str| {
        let header = format!("lenswire={cookie}");
        Signed::open(&world, ("cookie", &header), None).await
    };
    let nothing = ("x-nothing", "");
    let of_token = Signed::open(&world, nothing, Some(&revoked)).await;
    let of_cookie = by_cookie(&with_it).await;
    let of_signed_out = by_cookie(&signed_out).await;
    let other = Signed::open(&world, nothing, Some(&stays)).await;
    let sdp = ("content-type", "application/sdp");
    let posted = world
        .call(Method::POST, "/gate/whep", Some(&revoked), &[sdp], &offer())
        .await;
    assert_eq!(posted.status, 201, "{}", posted.body);
    assert_eq!(world.hub.sessions().len(), 5);

    let caller = world.authority.by_token(&revoked, world::now()).await;
    let Ok(Caller::Administrator(How::Token(number))) = caller else {
        panic!("{caller:?}");
    };
    let found = store.revoke_token(&number, world::now()).await;
    assert!(found.expect("works"));
    world.authority.logout(&signed_out).await.expect("works");
    of_token.ends().await;
    of_cookie.ends().await;
    of_signed_out.ends().await;
    until("one session is left", || world.hub.sessions().len() == 1).await;
    assert!(world.hub.session(&other.session).is_some());
    let mut socket = other.socket;
    socket.watch("b", "gate").await;
}
