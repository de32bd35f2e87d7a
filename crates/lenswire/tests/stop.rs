//! The end of the process, on the built binary: what whoever is connected sees of it. D2.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "a test fails by panicking, and may look at the clock"
)]

mod hub;

use std::io::{Read as _, Write as _};
use std::net::{IpAddr, Ipv4Addr, TcpStream};
use std::time::{Duration, Instant};

use hub::Hub;
use lenswire_media::Kind;
use lenswire_rtc::Protocol;
use lenswire_rtc::swarm::Swarm;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::{Message, WebSocket, client};

/// On loopback alone, which receivers here can reach. The camera is one that never answers, so that
/// there is somebody who waits for it.
const CONFIG: &str = "
media: { addresses: [127.0.0.1] }
streams:
  demo: { source: demo, on_demand: true, viewers: anyone }
  off: { source: 'rtsp://127.0.0.1:1/', on_demand: true, viewers: anyone }
";

/// What the row of the fault table gives, and what service managers wait.
const BOUND: Duration = Duration::from_secs(10);

const LONG: Duration = Duration::from_secs(60);

fn socket(hub: &Hub) -> WebSocket<TcpStream> {
    let stream = TcpStream::connect(hub.address).expect("connects");
    stream.set_read_timeout(Some(LONG)).expect("a timeout");
    let address = format!("ws://localhost:{}/ws", hub.address.port());
    client(address, stream).expect("upgrades").0
}

fn greeted(hub: &Hub) -> WebSocket<TcpStream> {
    let mut socket = socket(hub);
    let hello = r#"{"type":"hello","version":1}"#;
    socket.send(Message::text(hello)).expect("sends");
    let answer = socket.read().expect("an answer");
    assert!(answer.to_text().expect("text").contains("hello"));
    socket
}

/// The code that it is closed with; whatever comes before is passed over.
fn closed(mut socket: WebSocket<TcpStream>) -> Option<CloseCode> {
    loop {
        match socket.read() {
            Ok(Message::Close(frame)) => return frame.map(|frame| frame.code),
            Ok(_) => {}
            Err(_) => return None,
        }
    }
}

fn viewer(hub: &Hub) -> Swarm {
    let mut swarm = Swarm::new(IpAddr::V4(Ipv4Addr::LOCALHOST)).expect("opens");
    let joined = swarm.join(Protocol::Udp, &[Kind::Video], |offer| {
        let sdp = [("content-type", "application/sdp")];
        let answer = hub.ask("POST", "/demo/whep", &sdp, offer);
        match answer.status {
            201 => Ok(answer.body),
            _ => Err(answer.body),
        }
    });
    joined.unwrap_or_else(|error| panic!("{error}"));
    let plays = swarm.run(LONG, |swarm| swarm.tallies().all(|tally| tally.frames >= 3));
    assert!(plays, "{:?}", swarm.tallies().collect::<Vec<_>>());
    swarm
}

/// A connection with so much of a request on it.
fn half(hub: &Hub, text: &str) -> TcpStream {
    let mut stream = TcpStream::connect(hub.address).expect("connects");
    stream.set_read_timeout(Some(LONG)).expect("a timeout");
    stream.write_all(text.as_bytes()).expect("sends");
    stream
}

// D2: exit 0 within 10 s whatever is open, sockets get 1012, viewers' peers are closed.
#[test]
fn a_stop_is_told_to_everybody_and_is_over_in_time() {
    let mut hub = Hub::start(Some(CONFIG));
    let mut playing = viewer(&hub);
    let (talking, silent) = (greeted(&hub), socket(&hub));
    let mut waiting = greeted(&hub);
    let watch = serde_json::json!({"type": "watch", "id": "a", "stream": "off", "sdp": "v=0\r\n"});
    waiting
        .send(Message::text(watch.to_string()))
        .expect("sends");
    // One asks in drops, one has sent half of its body, one said nothing yet.
    let drops = half(&hub, "GET / HTTP/1.1\r\nHost: localhost\r\nX: ");
    let body = half(
        &hub,
        "POST /api/v1/login HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{",
    );
    let idle = half(&hub, "");

    let asked = Instant::now();
    hub.signal("TERM");
    for socket in [talking, silent, waiting] {
        assert_eq!(closed(socket), Some(CloseCode::Restart));
    }
    let ended = playing.run(LONG, |swarm| swarm.tallies().all(|tally| tally.has_ended));
    assert!(ended, "the viewer was not told");
    let status = hub.wait();
    assert_eq!(status.code(), Some(0), "{}", hub.log());
    let took = asked.elapsed();
    assert!(took < BOUND, "it took {took:?}: {}", hub.log());
    for mut stream in [drops, body, idle] {
        let mut rest = Vec::new();
        let _reset = stream.read_to_end(&mut rest);
    }
    assert!(hub.log().contains("stopped"));
    assert!(!hub.data.join("claim").exists(), "the link is void");
}
