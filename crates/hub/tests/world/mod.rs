//! A whole hub behind a real socket, with pictures made here and viewers that are real peers.
#![allow(dead_code, reason = "each test file uses its part of the world")]
#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "a test fails by panicking, and is where time comes from"
)]

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant, SystemTime};

use axum::body::Body;
use axum::http::{HeaderMap, Method, Request, StatusCode};
use http_body_util::BodyExt as _;
use lenswire_api::{Pattern, Scope, StreamName, UnixTime};
use lenswire_hub::auth::Authority;
use lenswire_hub::config::{Environment, File, Home, Overrides};
use lenswire_hub::http::{App, Serving, router, serve};
use lenswire_hub::journal::Journal;
use lenswire_hub::store::Store;
use lenswire_hub::{Entry, Hub};
use lenswire_media::{Codec, Packet, ParameterSets, Track, TrackId, Tracks};
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;
use tower::ServiceExt as _;

/// Media on loopback alone, which our own receivers can reach.
pub(crate) const MEDIA: &str = "media: { port: 0, addresses: [127.0.0.1] }\n";

pub(crate) struct World {
    pub(crate) hub: Hub,
    pub(crate) authority: Arc<Authority>,
    pub(crate) address: SocketAddr,
    pub(crate) router: axum::Router,
    pub(crate) stopping: CancellationToken,
    pub(crate) app: App,
    pub(crate) journal: Arc<Journal>,
    pub(crate) file: std::path::PathBuf,
    _folder: tempfile::TempDir,
    _served: AbortOnDropHandle<()>,
}

/// An answer, read.
pub(crate) struct Answered {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

impl World {
    /// A hub with this configuration besides [`MEDIA`].
    pub(crate) async fn start(config: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("lenswire.yaml");
        std::fs::write(&path, format!("{MEDIA}{config}")).expect("writes");
        let file = File::new(
            Home::Named(path.clone()),
            Environment::default(),
            Overrides::default(),
        );
        let config = file.load().unwrap_or_else(|error| panic!("{error}"));
        let limits = config.limits.clone();
        let hub = Hub::start(config, Instant::now()).expect("starts");
        let store = Store::open(folder.path()).await.expect("opens");
        let authority = Arc::new(Authority::open(store, now()).await.expect("opens"));
        let stopping = CancellationToken::new();
        let app = App::new(
            hub.clone(),
            Arc::clone(&authority),
            Arc::new(file),
            stopping.clone(),
        );
        let journal = Arc::new(Journal::default());
        let app = app.with_journal(Arc::clone(&journal));
        let router = router(app.clone());
        let listener = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
        let address = listener.local_addr().expect("bound");
        let serving = Serving {
            listener,
            tls: None,
            limits,
            proxies: Vec::new(),
        };
        let served = serve(serving, router.clone(), app.clone().stopped());
        let served =
            AbortOnDropHandle::new(tokio::spawn(async move { served.await.expect("serves") }));
        Self {
            hub,
            authority,
            address,
            router,
            stopping,
            app,
            journal,
            file: path,
            _folder: folder,
            _served: served,
        }
    }

    pub(crate) fn entry(&self, stream: &str) -> Arc<Entry> {
        self.hub.stream(&name(stream)).expect("a stream")
    }

    /// Shows pictures on a stream that has no source of its own.
    pub(crate) fn play(&self, stream: &str) -> Playing {
        Playing::start(&self.entry(stream))
    }

    /// An administrator's token.
    pub(crate) async fn administrator(&self) -> String {
        self.authority
            .new_administrator("test", None, now())
            .await
            .expect("makes")
    }

    /// A grant to watch a stream, given to somebody for so long.
    pub(crate) async fn grant(&self, subject: &str, stream: &str, time: Duration) -> String {
        let pattern = Pattern::parse(stream).expect("a pattern");
        self.authority
            .new_grant(
                subject,
                vec![pattern],
                vec![Scope::Watch],
                now().plus(time),
                now(),
            )
            .await
            .expect("signs")
    }

    /// One request, with a token or without.
    pub(crate) async fn call(
        &self,
        method: Method,
        path: &str,
        token: Option<&str>,
        headers: &[(&str, &str)],
        body: &str,
    ) -> Answered {
        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .header("host", "localhost");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if let Some(token) = token {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        let request = request
            .body(Body::from(body.to_owned()))
            .expect("a request");
        let answer = self.router.clone().oneshot(request).await.expect("answers");
        let (status, headers) = (answer.status(), answer.headers().clone());
        let body = answer
            .into_body()
            .collect()
            .await
            .expect("a body")
            .to_bytes();
        Answered {
            status,
            headers,
            body: String::from_utf8_lossy(&body).into_owned(),
        }
    }
}

impl Answered {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .map_or("", |value| value.to_str().expect("text"))
    }

    /// The problem's code.
    pub(crate) fn code(&self) -> String {
        self.json()["code"].as_str().unwrap_or_default().to_owned()
    }

    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.body))
    }
}

/// Pictures that come until it is dropped: VP8 keyframes, 20 a second.
pub(crate) struct Playing {
    stop: Arc<AtomicBool>,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl Playing {
    pub(crate) fn start(entry: &Arc<Entry>) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let (stopped, media) = (Arc::clone(&stop), entry.media().clone());
        let track = Track {
            codec: Codec::Vp8,
            channels: 0,
            parameters: ParameterSets::None,
        };
        // Known before this returns, so that an offer can be answered at once.
        let mut producer = media.produce(Tracks(vec![track]), Arc::new(|| {}));
        let thread = std::thread::spawn(move || {
            let mut seq = 0;
            while !stopped.load(Ordering::Relaxed) {
                producer.write(TrackId(0), Instant::now(), vec![keyframe(seq)]);
                seq += 1;
                std::thread::sleep(Duration::from_millis(50));
            }
        });
        Self {
            stop,
            thread: Some(thread),
        }
    }
}

impl Drop for Playing {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            let _ended = thread.join();
        }
    }
}

fn keyframe(seq: u64) -> Packet {
    Packet {
        payload: Arc::from(&[0x10, 0, 0, 0, 0x9d, 0x01, 0x2a, 16, 0, 16, 0][..]),
        time: i64::try_from(seq).expect("small") * 4_500,
        captured: None,
        seq,
        frame_start: true,
        frame_end: true,
        keyframe: true,
    }
}

pub(crate) fn name(text: &str) -> StreamName {
    StreamName::parse(text).expect("a name")
}

pub(crate) fn now() -> UnixTime {
    UnixTime::from(SystemTime::now())
}

/// Where receivers bind.
pub(crate) const HERE: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

/// Longest that anything here may take; reaching it is a failure.
pub(crate) const LONG: Duration = Duration::from_secs(20);

/// Waits until it is true.
pub(crate) async fn until(what: &str, mut is: impl FnMut() -> bool) {
    let end = Instant::now() + LONG;
    while !is() {
        assert!(Instant::now() < end, "never: {what}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}
