//! The accept loop against clients that behave and clients that do not: E1, E2, D2.

use axum::extract::Extension;
use axum::routing::{get, post};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use super::*;

struct World {
    address: std::net::SocketAddr,
    stop: oneshot::Sender<()>,
    served: JoinHandle<Result<(), Error>>,
}

fn router(limits: &Limits) -> Router {
    let (most, time) = (limits.body.0, limits.body_time);
    Router::new()
        .route(
            "/peer",
            get(|Extension(peer): Extension<Peer>| async move {
                format!("{} {}", peer.address.ip(), peer.tls)
            }),
        )
        .route(
            "/body",
            post(move |body: Body| async move {
                super::super::limits::body(body, most, time)
                    .await
                    .map_or_else(
                        |problem| super::super::problem::response(&problem),
                        |_| Default::default(),
                    )
            }),
        )
        .route(
            "/slow",
            get(|| async { tokio::time::sleep(Duration::from_millis(300)).await }),
        )
}

fn start(limits: Limits, tls: Option<TlsAcceptor>) -> World {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("bound");
    let (stop, stopped) = oneshot::channel();
    let router = router(&limits);
    let serving = Serving {
        listener,
        tls,
        limits,
        proxies: Vec::new(),
    };
    let served = tokio::spawn(serve(serving, router, async { drop(stopped.await) }));
    World {
        address,
        stop,
        served,
    }
}

impl World {
    async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.address).await.expect("connects")
    }

    /// Sends and reads until the server closes, or has answered with that many bytes at least.
    async fn talk(&self, request: &[u8]) -> String {
        let mut stream = self.connect().await;
        let _cut_while_writing = stream.write_all(request).await;
        let mut answer = Vec::new();
        let _reset = stream.read_to_end(&mut answer).await;
        String::from_utf8_lossy(&answer).into_owned()
    }
}

const CLOSE: &str = "Host: x\r\nConnection: close\r\n\r\n";

fn short() -> Limits {
    let time = Duration::from_millis(200);
    Limits {
        header_time: time,
        body_time: time,
        ..Limits::default()
    }
}

#[tokio::test]
async fn requests_know_their_peer() {
    let world = start(Limits::default(), None);
    let answer = world
        .talk(format!("GET /peer HTTP/1.1\r\n{CLOSE}").as_bytes())
        .await;
    assert!(answer.ends_with("127.0.0.1 false"), "{answer}");
}

// E2: a header in pieces is cut off, whether it is the first or a later one; an idle connection is not.
#[tokio::test]
async fn slow_headers_are_cut_and_idle_connections_are_not() {
    let world = start(short(), None);
    let mut idle = world.connect().await;
    idle.write_all(b"GET /peer HTTP/1.1\r\nHost: x\r\n\r\n")
        .await
        .expect("sends");
    let mut answer = [0; 1024];
    assert!(idle.read(&mut answer).await.expect("answers") > 0);

    assert_eq!(world.talk(b"").await, "", "nothing at all");
    assert_eq!(
        world.talk(b"GET /peer HTTP/1.1\r\nHo").await,
        "",
        "half a header"
    );

    // The idle one has waited longer than a header may take.
    idle.write_all(b"GET /peer HTTP/1.1\r\nHost: x\r\n\r\n")
        .await
        .expect("sends");
    assert!(idle.read(&mut answer).await.expect("answers") > 0);
    idle.write_all(b"GET /peer").await.expect("sends");
    assert_eq!(
        idle.read(&mut answer).await.unwrap_or(0),
        0,
        "half of a later header"
    );
}

#[tokio::test]
async fn slow_bodies_are_answered_408() {
    let world = start(short(), None);
    let answer = world
        .talk(
            b"POST /body HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 10\r\n\r\nabc",
        )
        .await;
    assert!(
        answer.starts_with("HTTP/1.1 408") && answer.contains("request_timeout"),
        "{answer}"
    );
}

// E1.
#[tokio::test]
async fn what_is_too_large_is_refused() {
    let world = start(Limits::default(), None);
    let answer = world
        .talk(format!("GET /peer HTTP/1.1\r\nX: {}\r\n{CLOSE}", "a".repeat(17_000)).as_bytes())
        .await;
    assert!(answer.starts_with("HTTP/1.1 431"), "{answer}");
    let answer = world
        .talk(format!("GET /{} HTTP/1.1\r\n{CLOSE}", "a".repeat(17_000)).as_bytes())
        .await;
    assert!(answer.starts_with("HTTP/1.1 4"), "{answer}");
    let body = "a".repeat(70_000);
    let head = format!(
        "POST /body HTTP/1.1\r\nContent-Length: {}\r\n{CLOSE}",
        body.len()
    );
    let answer = world.talk((head + &body).as_bytes()).await;
    assert!(
        answer.starts_with("HTTP/1.1 413") && answer.contains("body_too_large"),
        "{answer}"
    );
    let answer = world.talk(b"\x16\x03\x01 what is this\r\n\r\n").await;
    assert!(answer.starts_with("HTTP/1.1 400"), "{answer}");
}

#[tokio::test]
async fn connections_of_one_address_are_bounded_and_given_back() {
    let limits = Limits {
        connections_per_ip: 2,
        ..Limits::default()
    };
    let world = start(limits, None);
    let ask = || world.talk(b"GET /peer HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    let mut held = Vec::new();
    for _ in 0..2 {
        let mut stream = world.connect().await;
        stream
            .write_all(b"GET /peer HTTP/1.1\r\nHost: x\r\n\r\n")
            .await
            .expect("sends");
        assert!(stream.read(&mut [0; 1024]).await.expect("answers") > 0);
        held.push(stream);
    }
    assert_eq!(ask().await, "", "the third is turned away");
    drop(held);
    // The server learns of the end in its own time.
    while !ask().await.ends_with("false") {
        tokio::task::yield_now().await;
    }
}

#[test]
fn a_proxys_connections_are_counted_in_all_alone() {
    let limits = Limits {
        connections: 3,
        connections_per_ip: 1,
        ..Limits::default()
    };
    let counts = Counts::new(&limits, vec!["10.0.0.0/8".parse().expect("a network")]);
    let enter = |address: &str| counts.enter(address.parse().expect("an address"));
    let (_a, _b) = (
        enter("10.0.0.1").expect("enters"),
        enter("::ffff:10.0.0.1").expect("enters"),
    );
    let _c = enter("192.0.2.1").expect("enters");
    assert!(enter("192.0.2.2").is_none(), "three in all");
    drop(_a);
    assert!(enter("192.0.2.1").is_none(), "one of an address");
    assert!(enter("192.0.2.2").is_some());
}

// D2: open requests are finished, new ones are not begun.
#[tokio::test]
async fn stopping_lets_open_requests_finish() {
    let world = start(Limits::default(), None);
    let mut open = world.connect().await;
    open.write_all(b"GET /slow HTTP/1.1\r\nHost: x\r\n\r\n")
        .await
        .expect("sends");
    // The connection's service has the request once a second connection has been answered.
    world
        .talk(format!("GET /peer HTTP/1.1\r\n{CLOSE}").as_bytes())
        .await;
    world.stop.send(()).expect("runs");
    let mut answer = String::new();
    open.read_to_string(&mut answer).await.expect("is answered");
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    world.served.await.expect("ends").expect("ends well");
    assert!(TcpStream::connect(world.address).await.is_err());
}
