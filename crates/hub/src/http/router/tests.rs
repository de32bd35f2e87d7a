//! The route table, walked: every route, by every kind of caller. SEC-5, SEC-7, SEC-8, SEC-9, E13.

use std::collections::BTreeSet;
use std::sync::Arc;

use axum::body::Body;
use axum::http::header::{
    ACCESS_CONTROL_ALLOW_CREDENTIALS, ACCESS_CONTROL_ALLOW_ORIGIN, ALLOW, CONTENT_TYPE,
};
use axum::http::{Request, StatusCode};
use axum::response::Response;
use http_body_util::BodyExt as _;
use lenswire_api::{Pattern, Scope, StreamName, UnixTime};
use lenswire_media::Kind;
use lenswire_rtc::peer::client::Client;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt as _;

use super::super::gate::Origins;
use super::super::path::Place;
use super::super::state::moment;
use super::*;
use crate::auth::Authority;
use crate::config::{Environment, File, Home, Overrides};
use crate::source::scripted::picture;
use crate::store::Store;
use crate::{Hub, auth};

const CONFIG: &str = "
media: { port: 0, addresses: [127.0.0.1] }
ice_servers: [{ urls: 'turn:turn.example', username: user, credential: canary }]
streams:
  gate: { publish: grant }
  open: { publish: grant, viewers: anyone }
  other: { publish: grant }
";

/// Who calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Who {
    Anonymous,
    /// Brings a grant to watch another stream.
    Stranger,
    /// Brings a grant to watch `gate`, as somebody else than the viewer.
    Neighbour,
    /// Brings a grant to watch `gate`.
    Viewer,
    Administrator,
}

const EVERYBODY: [Who; 5] = [
    Who::Anonymous,
    Who::Stranger,
    Who::Neighbour,
    Who::Viewer,
    Who::Administrator,
];

struct World {
    app: App,
    router: axum::Router,
    _folder: tempfile::TempDir,
    _pictures: Vec<lenswire_media::Producer>,
}

impl World {
    async fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("lenswire.yaml");
        std::fs::write(&path, CONFIG).expect("writes");
        let file = File::new(
            Home::Named(path),
            Environment::default(),
            Overrides::default(),
        );
        let hub = Hub::start(file.load().expect("is right"), moment().now).expect("starts");
        let store = Store::open(folder.path()).await.expect("opens");
        let authority = Authority::open(store, now()).await.expect("opens");
        let pictures = hub
            .streams()
            .iter()
            .map(|entry| picture(entry.media()))
            .collect();
        let app = App::new(
            hub,
            Arc::new(authority),
            Arc::new(file),
            CancellationToken::new(),
        );
        Self {
            router: router(app.clone()),
            app,
            _folder: folder,
            _pictures: pictures,
        }
    }

    async fn token(&self, who: Who) -> Option<String> {
        let authority = &self.app.authority;
        let grant = async |subject: &str, stream: &str| {
            let pattern = Pattern::parse(stream).expect("a pattern");
            let until = now().plus(std::time::Duration::from_secs(60));
            authority
                .new_grant(subject, vec![pattern], vec![Scope::Watch], until, now())
                .await
                .expect("signs")
        };
        match who {
            Who::Anonymous => None,
            Who::Stranger => Some(grant("stranger", "other").await),
            Who::Neighbour => Some(grant("neighbour", "gate").await),
            Who::Viewer => Some(grant("viewer", "gate").await),
            Who::Administrator => Some(
                authority
                    .new_administrator("test", None, now())
                    .await
                    .expect("makes"),
            ),
        }
    }

    async fn call(&self, method: &Method, path: &str, who: Who, body: &str) -> Response {
        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .header("host", "localhost");
        if let Some(token) = self.token(who).await {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        let kind = if path.ends_with("/whep") || path.ends_with("/whip") {
            "application/sdp"
        } else {
            "application/json"
        };
        let request = request
            .header(CONTENT_TYPE, kind)
            .body(Body::from(body.to_owned()))
            .expect("a request");
        self.router.clone().oneshot(request).await.expect("answers")
    }

    /// A session of the viewer's; its path.
    async fn session(&self) -> String {
        let answer = self
            .call(&Method::POST, "/gate/whep", Who::Viewer, &offer())
            .await;
        assert_eq!(
            answer.status(),
            StatusCode::CREATED,
            "{:?}",
            text(answer).await
        );
        answer.headers()["location"]
            .to_str()
            .expect("text")
            .to_owned()
    }

    /// An address of that kind of place.
    async fn path(&self, what: What) -> String {
        match what {
            What::Health => "/healthz".into(),
            What::Ready => "/readyz".into(),
            What::Metrics => "/metrics".into(),
            What::Socket => "/ws".into(),
            What::Me => "/api/v1/me".into(),
            What::Claim => "/api/v1/claim".into(),
            What::Login => "/api/v1/login".into(),
            What::Logout => "/api/v1/logout".into(),
            What::Grants => "/api/v1/grants".into(),
            What::Streams => "/api/v1/streams".into(),
            What::Stream => "/api/v1/streams/gate".into(),
            What::Retry => "/api/v1/streams/gate/retry".into(),
            What::Probe => "/api/v1/probe".into(),
            What::Snapshot => "/api/v1/streams/gate/snapshot.jpg".into(),
            What::History => "/api/v1/streams/gate/history".into(),
            What::Stats => "/api/v1/streams/gate/stats".into(),
            What::Events => "/api/v1/events".into(),
            What::Log => "/api/v1/log".into(),
            What::Tokens => "/api/v1/tokens".into(),
            What::Token => "/api/v1/tokens/0123456789ab".into(),
            What::Sessions => "/api/v1/sessions".into(),
            What::Session => "/api/v1/sessions/0123456789ab".into(),
            What::Settings => "/api/v1/settings".into(),
            What::Schema => "/schema.json".into(),
            What::Install => "/install".into(),
            What::Whep => "/gate/whep".into(),
            What::WhepSession => self.session().await,
            What::OpenApi => "/openapi.json".into(),
            What::OtherStreams => "/api/streams?src=gate".into(),
            What::OtherFrame => "/api/frame.jpeg?src=gate".into(),
            What::OtherOffer => "/api/webrtc?src=gate".into(),
            What::Whip => "/gate/whip".into(),
            // Whose it is decides, whatever it is for.
            What::WhipSession => self.session().await.replace("/whep/", "/whip/"),
            What::Player => "/lenswire.js".into(),
            What::Asset => "/assets/x.js".into(),
            What::Page => "/".into(),
            What::StreamPage => "/gate".into(),
        }
    }
}

fn now() -> UnixTime {
    UnixTime::from(moment().wall)
}

fn offer() -> String {
    Client::offer(&[Kind::Video], &[], moment().now)
        .expect("offers")
        .sdp()
        .to_owned()
}

async fn text(answer: Response) -> String {
    String::from_utf8_lossy(
        &answer
            .into_body()
            .collect()
            .await
            .expect("a body")
            .to_bytes(),
    )
    .into_owned()
}

/// What a caller must meet: let through, asked who it is, or turned away.
fn expected(access: Access, who: Who) -> Option<u16> {
    let let_through = None;
    match (access, who) {
        (Public | Selected, _) => let_through,
        (Watch | Publish | Owner | Administrator, Who::Anonymous) => Some(401),
        (Administrator, Who::Administrator) => let_through,
        (Administrator, Who::Stranger | Who::Neighbour | Who::Viewer) => Some(403),
        (Watch, Who::Stranger) => Some(403),
        (Watch, Who::Neighbour | Who::Viewer | Who::Administrator) => let_through,
        // Who may watch may not send.
        (Publish, Who::Stranger | Who::Neighbour | Who::Viewer) => Some(403),
        (Publish, Who::Administrator) => let_through,
        (Owner, Who::Viewer) => let_through,
        // SEC-27: even who knows the session's address, and even an administrator, who has a route
        // of its own for that.
        (Owner, Who::Stranger | Who::Neighbour | Who::Administrator) => Some(403),
    }
}

// SEC-5, E13: every route x every caller.
#[tokio::test]
async fn every_route_lets_in_whom_its_rule_names_and_nobody_else() {
    for row in table() {
        for who in EVERYBODY {
            let world = World::new().await;
            let path = world.path(row.what).await;
            let answer = world.call(&row.method, &path, who, "").await;
            let status = answer.status().as_u16();
            let name = format!("{} {path} by {who:?}: {status}", row.method);
            match expected(row.access, who) {
                Some(refusal) => assert_eq!(status, refusal, "{name}"),
                None => assert!(
                    // 501: there are no snapshots of VP8, which is what plays here.
                    ![401, 403, 405].contains(&status) && (status < 500 || status == 501),
                    "{name}"
                ),
            }
        }
    }
}

#[tokio::test]
async fn every_place_has_routes_and_each_row_is_reached_by_its_path() {
    let world = World::new().await;
    let mut rows = BTreeSet::new();
    for row in table() {
        assert!(
            rows.insert((row.what, row.method.to_string())),
            "{:?} {} is listed twice",
            row.what,
            row.method
        );
        let path = world.path(row.what).await;
        assert_eq!(
            Place::parse(path.split('?').next().unwrap_or_default()).map(|place| place.what),
            Some(row.what),
            "{path}"
        );
    }
    for what in What::ALL {
        assert!(
            rows.iter().any(|(listed, _)| *listed == what),
            "{what:?} has no route"
        );
    }
}

// Default deny: what is not in the table is not there.
#[tokio::test]
async fn what_is_not_listed_is_refused_with_what_is() {
    let world = World::new().await;
    for what in What::ALL {
        let path = world.path(what).await;
        let rows = table();
        let listed: Vec<_> = rows
            .iter()
            .filter(|row| row.what == what)
            .map(|row| row.method.clone())
            .collect();
        for method in [
            Method::GET,
            Method::HEAD,
            Method::POST,
            Method::PUT,
            Method::PATCH,
            Method::DELETE,
            Method::TRACE,
        ] {
            let head = method == Method::HEAD && listed.contains(&Method::GET);
            if listed.contains(&method) || head {
                continue;
            }
            let answer = world.call(&method, &path, Who::Administrator, "").await;
            assert_eq!(
                answer.status(),
                StatusCode::METHOD_NOT_ALLOWED,
                "{method} {path}"
            );
            let allow = answer.headers()[ALLOW].to_str().expect("text").to_owned();
            assert!(
                listed.iter().all(|method| allow.contains(method.as_str())),
                "{method} {path}: {allow}"
            );
        }
    }
    for path in [
        "/metrics/gate",
        "/api/v1/users",
        "/api/v1/streams/gate/snapshot",
        "/whip",
        "/gate/whep/a/b/c",
        "/../etc/passwd",
        "/Gate",
        "/a%2Fb",
    ] {
        let answer = world.call(&Method::GET, path, Who::Administrator, "").await;
        assert_eq!(answer.status(), StatusCode::NOT_FOUND, "{path}");
        let problem: serde_json::Value =
            serde_json::from_str(&text(answer).await).expect("a problem");
        assert_eq!(
            (&problem["code"], &problem["instance"]),
            (&"not_found".into(), &path.into())
        );
    }
}

// SEC-8: `*` where a grant alone opens the door, nothing anywhere else, credentials nowhere.
#[tokio::test]
async fn other_origins_read_only_what_is_meant_for_them() {
    let world = World::new().await;
    for row in table() {
        let path = world.path(row.what).await;
        for method in [&row.method, &Method::OPTIONS] {
            let request = Request::builder()
                .method(method)
                .uri(&path)
                .header("host", "localhost")
                .header("origin", "https://evil.example");
            let request = request
                .header("access-control-request-method", "POST")
                .body(Body::empty())
                .expect("a request");
            let answer = world
                .router
                .clone()
                .oneshot(request)
                .await
                .expect("answers");
            let allowed = answer
                .headers()
                .get(ACCESS_CONTROL_ALLOW_ORIGIN)
                .map(|value| value.to_str().expect("text"));
            let meant = (Origins::of(row.what) == Origins::Any).then_some("*");
            assert_eq!(allowed, meant, "{method} {path}");
            assert!(
                !answer
                    .headers()
                    .contains_key(ACCESS_CONTROL_ALLOW_CREDENTIALS)
            );
        }
    }
}

// SEC-2, SEC-9: a signed-in browser is not a foreign page's tool.
#[tokio::test]
async fn a_foreign_page_cannot_use_the_cookie() {
    let world = World::new().await;
    let secret = world
        .app
        .authority
        .open_claim()
        .await
        .expect("works")
        .expect("unclaimed");
    let signed_in = world
        .app
        .authority
        .claim(&secret, false, now())
        .await
        .expect("claims");
    let with_cookie = async |method: Method, path: &str, site: &str| {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header("host", "localhost")
            .header("sec-fetch-site", site);
        let request = request
            .header("cookie", format!("lenswire={}", signed_in.cookie))
            .body(Body::empty())
            .expect("a request");
        world
            .router
            .clone()
            .oneshot(request)
            .await
            .expect("answers")
            .status()
            .as_u16()
    };
    assert_eq!(
        with_cookie(Method::GET, "/api/v1/sessions", "same-origin").await,
        200
    );
    assert_eq!(
        with_cookie(Method::POST, "/api/v1/streams/gate/retry", "same-origin").await,
        204
    );
    assert_eq!(
        with_cookie(Method::GET, "/api/v1/sessions", "cross-site").await,
        401
    );
    assert_eq!(
        with_cookie(Method::POST, "/api/v1/streams/gate/retry", "cross-site").await,
        403
    );
    // Where any origin may come, the cookie is not looked at even from our own page.
    assert_eq!(
        with_cookie(Method::HEAD, "/gate/whep", "same-origin").await,
        401
    );
    assert_eq!(
        with_cookie(Method::HEAD, "/open/whep", "same-origin").await,
        200
    );
}

#[tokio::test]
async fn lists_show_each_caller_what_it_may_watch() {
    let world = World::new().await;
    let names = async |who| {
        let answer = world.call(&Method::GET, "/api/v1/streams", who, "").await;
        let list: serde_json::Value = serde_json::from_str(&text(answer).await).expect("JSON");
        let items = list["items"].as_array().expect("a list").clone();
        items
            .iter()
            .map(|item| item["name"].as_str().unwrap_or_default().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(names(Who::Anonymous).await, ["open"]);
    assert_eq!(names(Who::Viewer).await, ["gate", "open"]);
    assert_eq!(names(Who::Stranger).await, ["open", "other"]);
    assert_eq!(names(Who::Administrator).await, ["gate", "open", "other"]);
}

// An unknown stream is 404 for everybody.
#[tokio::test]
async fn an_unknown_stream_is_not_found() {
    let world = World::new().await;
    for who in EVERYBODY {
        let answer = world
            .call(&Method::POST, "/nothing/whep", who, &offer())
            .await;
        assert_eq!(answer.status(), StatusCode::NOT_FOUND, "{who:?}");
        assert!(text(answer).await.contains("stream_not_found"));
    }
}

// SEC-23: a preflight tells no TURN password, and nor does anything to who may watch nothing.
#[tokio::test]
async fn turn_passwords_are_for_viewers() {
    let world = World::new().await;
    let preflight = world
        .call(&Method::OPTIONS, "/gate/whep", Who::Anonymous, "")
        .await;
    assert!(!preflight.headers().contains_key("link"));
    let answer = world
        .call(&Method::POST, "/gate/whep", Who::Viewer, &offer())
        .await;
    let link = answer.headers()["link"].to_str().expect("text");
    assert_eq!(
        link,
        r#"<turn:turn.example>; rel="ice-server"; username="user"; credential="canary"; credential-type="password""#
    );
    let caller = auth::Caller::Anonymous;
    assert_eq!(
        world.app.ice_servers(&caller).len(),
        1,
        "one stream is open to anyone"
    );
    let name = StreamName::parse("open").expect("a name");
    let mut config = (*world.app.hub.config()).clone();
    config.streams.remove(&name);
    world.app.hub.apply(config, moment().now);
    assert!(world.app.ice_servers(&caller).is_empty());
}

/// Counts what is logged as an error on this thread.
#[derive(Clone, Default)]
struct Errors(Arc<std::sync::Mutex<Vec<String>>>);

impl tracing::Subscriber for Errors {
    fn enabled(&self, metadata: &tracing::Metadata<'_>) -> bool {
        *metadata.level() == tracing::Level::ERROR
    }
    fn new_span(&self, _: &tracing::span::Attributes<'_>) -> tracing::span::Id {
        tracing::span::Id::from_u64(1)
    }
    fn record(&self, _: &tracing::span::Id, _: &tracing::span::Record<'_>) {}
    fn record_follows_from(&self, _: &tracing::span::Id, _: &tracing::span::Id) {}
    fn event(&self, event: &tracing::Event<'_>) {
        let mut text = String::new();
        event.record(
            &mut |field: &tracing::field::Field, value: &dyn std::fmt::Debug| {
                text.push_str(&format!("{field}={value:?} "));
            },
        );
        self.0.lock().expect("whole").push(text);
    }
    fn enter(&self, _: &tracing::span::Id) {}
    fn exit(&self, _: &tracing::span::Id) {}
}

// D9: a bug in a handler costs the request that met it: it is answered, told once in the log
// without its path, which may be a secret, and counted.
#[tokio::test]
async fn a_panic_in_a_handler_costs_its_own_request() {
    async fn fails(asked: Asked) -> Answer {
        tokio::task::yield_now().await;
        panic!("a handler that panics: {}", asked.parts.uri)
    }
    let world = World::new().await;
    let routes = vec![
        route(Method::POST, What::Whep, Watch, fails),
        route(Method::GET, What::Health, Public, health::alive),
    ];
    let router = Gate::new(routes, world.app.clone()).into_router();
    let ask = async |method: &str, path: &str| {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header("host", "localhost");
        let request = request.body(Body::empty()).expect("a request");
        router.clone().oneshot(request).await.expect("answers")
    };
    let errors = Errors::default();
    let _here = tracing::subscriber::set_default(errors.clone());
    for times in 1..=20 {
        let answer = ask("POST", "/open/whep").await;
        assert_eq!(answer.status(), StatusCode::INTERNAL_SERVER_ERROR);
        assert_eq!(answer.headers()[CONTENT_TYPE], "application/problem+json");
        // As any answer there: a page of another origin can read what went wrong.
        assert_eq!(answer.headers()[ACCESS_CONTROL_ALLOW_ORIGIN], "*");
        let problem: serde_json::Value =
            serde_json::from_str(&text(answer).await).expect("a problem");
        assert_eq!(problem["code"], "internal");
        assert_eq!(world.app.hub.request_panics(), times);
        assert_eq!(ask("GET", "/healthz").await.status(), StatusCode::OK);
    }
    let told = errors.0.lock().expect("whole").clone();
    assert_eq!(told.len(), 20, "once each");
    let metrics = world.app.hub.metrics(moment().now);
    assert!(metrics.contains("\nlenswire_request_panics_total 20\n"));
    assert!(
        told[0].contains("panicked") && told[0].contains("Whep") && !told[0].contains("open"),
        "{}",
        told[0]
    );
}

// Requirement 86, and default deny: a scraper brings an administrator's token.
#[tokio::test]
async fn metrics_are_told_to_administrators_in_a_scrapers_format() {
    let world = World::new().await;
    let _session = world.session().await;
    let answer = world
        .call(&Method::GET, "/metrics", Who::Administrator, "")
        .await;
    assert_eq!(answer.status(), StatusCode::OK);
    let kind = answer.headers()[CONTENT_TYPE].to_str().expect("text");
    assert!(
        kind.starts_with("application/openmetrics-text; version=1.0.0"),
        "{kind}"
    );
    let body = text(answer).await;
    for line in [
        "lenswire_sessions 1",
        "lenswire_stream_viewers{stream=\"gate\"} 1",
        "lenswire_source_packets_total{stream=\"gate\",picture=\"main\"} 1",
        "# EOF",
    ] {
        assert!(body.lines().any(|told| told == line), "{line}\n{body}");
    }
}

// SEC-25: a substream is a source, and may be where sources may be.
#[tokio::test]
async fn a_substream_from_the_api_may_not_be_everywhere() {
    let world = World::new().await;
    let metadata = r#""substream":"rtsp://169.254.169.254/latest""#;
    let cases = [
        (
            Method::POST,
            "/api/v1/streams",
            format!(r#"{{"name":"new","source":"demo",{metadata}}}"#),
        ),
        (
            Method::PATCH,
            "/api/v1/streams/gate",
            format!(r#"{{"source":"demo",{metadata}}}"#),
        ),
    ];
    for (method, path, body) in cases {
        let answer = world.call(&method, path, Who::Administrator, &body).await;
        assert_eq!(answer.status(), StatusCode::UNPROCESSABLE_ENTITY);
        let problem: serde_json::Value =
            serde_json::from_str(&text(answer).await).expect("a problem");
        assert_eq!(problem["code"], "source_denied", "{method}");
    }
}
