//! What stands between a request and its handler: the name it asks for, its path, its method, where
//! it comes from, who sends it, and whether that one may. In that order, each time.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::header::{ALLOW, HeaderName};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode};
use axum::response::Response;
use futures_util::FutureExt as _;
use lenswire_api::{Code, Problem, UnixTime};

use super::asked::{Answer, Asked, Found};
use super::origin::{self, Client, Peer};
use super::path::{Place, What};
use super::router::{Access, Route};
use super::state::{App, moment};
use super::{authority, headers, leave, problem};
use crate::auth::Caller;
use crate::views::Moment;

/// Whose pages may use what (design: "Origins").
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Origins {
    /// Our own pages; a cookie counts.
    Own,
    /// Anybody's; a cookie never counts, and `?token=` does, for players that can send no header.
    Any,
    /// Anybody's, to be shown: a cookie counts when the page is our own, and `?token=` does, for
    /// dashboards that can send no header. No page of another origin can read it.
    Picture,
    /// Anybody's, to say hello; a cookie counts when the page is our own.
    Socket,
}

impl Origins {
    pub(super) fn of(what: What) -> Self {
        match what {
            What::Whep
            | What::WhepSession
            | What::Whip
            | What::WhipSession
            | What::OtherOffer
            | What::Player => Self::Any,
            What::Socket => Self::Socket,
            What::Snapshot | What::OtherFrame => Self::Picture,
            What::Health
            | What::Ready
            | What::Metrics
            | What::Me
            | What::Claim
            | What::Login
            | What::Logout
            | What::Grants => Self::Own,
            What::Streams
            | What::Stream
            | What::Retry
            | What::Probe
            | What::Sessions
            | What::Session => Self::Own,
            What::Settings | What::Schema | What::Install => Self::Own,
            What::History | What::Stats | What::Events | What::Log => Self::Own,
            What::Tokens | What::Token => Self::Own,
            What::OpenApi | What::OtherStreams => Self::Own,
            What::Asset | What::Page | What::StreamPage => Self::Own,
        }
    }
}

/// The routes and what they need.
pub(super) struct Gate {
    routes: Vec<Route>,
    app: App,
    /// Proxies that were told of: those that pass requests on without being trusted to.
    told: Mutex<BTreeSet<IpAddr>>,
}

/// Most proxies that are told of; more are an attack or a mistake that was told of already.
const MOST_TOLD: usize = 8;

impl Gate {
    pub(super) fn new(routes: Vec<Route>, app: App) -> Self {
        Self {
            routes,
            app,
            told: Mutex::default(),
        }
    }

    pub(super) fn into_router(self) -> Router {
        Router::new().fallback(pass).with_state(Arc::new(self))
    }

    /// A panic on the way to the answer costs this request alone (D9).
    async fn answer_or_fail(
        &self,
        place: Place,
        client: Client,
        parts: Parts,
        body: Body,
    ) -> Answer {
        let (what, method) = (place.what, parts.method.clone());
        let answer = AssertUnwindSafe(self.answer(place, client, parts, body));
        answer.catch_unwind().await.unwrap_or_else(|_| {
            // Where and why are in the log by the panic hook. Not the path: it may be a secret.
            let panics = self.app.hub.request_panicked();
            tracing::error!(%method, ?what, panics, "a request's handler panicked; answered with 500");
            Err(Problem::new(Code::Internal, "The part of Lenswire that answers this failed."))
        })
    }

    async fn answer(&self, place: Place, client: Client, parts: Parts, body: Body) -> Answer {
        let (moment, config, origins) = (moment(), self.app.hub.config(), Origins::of(place.what));
        origin::check_host(peer(&parts), &parts.headers, &config)?;
        if parts.method == Method::OPTIONS {
            return Ok(options(
                place.what,
                origins,
                &self.methods(place.what),
                &parts,
            ));
        }
        let route = self
            .find(&parts.method, place.what)
            .ok_or_else(|| wrong_method(&self.methods(place.what)))?;
        let caller = self.identify(&client, &parts, origins, moment).await?;
        if origins == Origins::Own {
            client.check_change(&parts.method, caller.is_by_cookie())?;
        }
        self.check_rate(place.what, &caller, &client)?;
        let found = self.judge(route.access, &caller, &place, moment)?;
        let app = self.app.clone();
        (route.handler)(Asked {
            app,
            config,
            parts,
            body,
            place,
            client,
            caller,
            found,
            moment,
        })
        .await
    }

    async fn identify(
        &self,
        client: &Client,
        parts: &Parts,
        origins: Origins,
        moment: Moment,
    ) -> Result<Caller, Problem> {
        let (authority, now) = (&self.app.authority, UnixTime::from(moment.wall));
        match origins {
            Origins::Own | Origins::Socket => {
                authority::caller(authority, client, &parts.headers, now).await
            }
            Origins::Any => {
                authority::visitor(authority, &parts.headers, parts.uri.query(), now).await
            }
            Origins::Picture => {
                let (headers, query) = (&parts.headers, parts.uri.query());
                match authority::visitor(authority, headers, query, now).await? {
                    Caller::Anonymous => authority::caller(authority, client, headers, now).await,
                    known => Ok(known),
                }
            }
        }
    }

    /// Says once of each proxy that is not trusted what that means: somebody forgot a line.
    fn tell_of_proxy(&self, proxy: IpAddr) {
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        if told.len() < MOST_TOLD && told.insert(proxy) {
            tracing::warn!(%proxy, "requests are passed on by a proxy that is not in trusted_proxies: what it says of them (X-Forwarded-For, -Proto, -Host) is not believed, and all its clients count as one. Add it if it is yours");
        }
    }

    fn check_rate(&self, what: What, caller: &Caller, client: &Client) -> Result<(), Problem> {
        let rates = &self.app.rates;
        match what {
            What::Whep
            | What::WhepSession
            | What::Whip
            | What::WhipSession
            | What::Socket
            | What::OtherOffer => rates.whep(client.address),
            // A wall asks for many at once.
            What::Snapshot | What::OtherFrame => rates.whep(client.address),
            What::Streams
            | What::Stream
            | What::Retry
            | What::Probe
            | What::Sessions
            | What::Session
            | What::History
            | What::Stats
            | What::Events
            | What::Log
            | What::Tokens
            | What::Token
            | What::OtherStreams
            | What::Metrics
            | What::Settings
            | What::Grants => {
                let user = match caller {
                    Caller::Anonymous => None,
                    Caller::Administrator(_) => Some("administrator"),
                    Caller::Grant(grant) => Some(grant.claims().jti.as_str()),
                };
                rates.api(user, client.address)
            }
            // Signing in has a rate of its own; the rest costs no more than counting it would.
            What::Me | What::Claim | What::Login | What::Logout | What::Health | What::Ready => {
                Ok(())
            }
            What::Asset | What::Page | What::StreamPage | What::Player | What::OpenApi => Ok(()),
            What::Schema | What::Install => Ok(()),
        }
    }

    /// Whether the caller may; what had to be found for that goes to the handler.
    fn judge(
        &self,
        access: Access,
        caller: &Caller,
        place: &Place,
        moment: Moment,
    ) -> Result<Found, Problem> {
        match (access, &place.stream) {
            (Access::Public | Access::Selected, _) => Ok(Found::Nothing),
            (Access::Administrator, _) => caller.must_administrate().map(|()| Found::Nothing),
            (Access::Watch, Some(stream)) => {
                leave::to_watch(&self.app, caller, stream, moment.now).map(Found::Stream)
            }
            (Access::Publish, Some(stream)) => {
                leave::to_publish(&self.app, caller, stream, moment.now).map(Found::Stream)
            }
            (Access::Owner, Some(stream)) => {
                let secret = place.id.as_deref().unwrap_or_default();
                let session = self
                    .app
                    .hub
                    .session(secret)
                    .filter(|session| session.stream() == stream);
                let session = session.ok_or_else(|| {
                    Problem::new(Code::SessionNotFound, "It has ended, or never was.")
                })?;
                let leave = leave::to_change(&self.app, caller, &session, moment.now)?;
                Ok(Found::Session(session, leave))
            }
            (Access::Watch | Access::Publish | Access::Owner, None) => Err(Problem::new(
                Code::StreamNotFound,
                "The address names no stream.",
            )),
        }
    }

    /// The row for a method; GET also answers HEAD, whose body the server leaves out.
    fn find(&self, method: &Method, what: What) -> Option<&Route> {
        let row = |method: &Method| {
            self.routes
                .iter()
                .find(|row| row.what == what && row.method == *method)
        };
        row(method).or_else(|| {
            (method == Method::HEAD)
                .then(|| row(&Method::GET))
                .flatten()
        })
    }

    fn methods(&self, what: What) -> String {
        let rows = self.routes.iter().filter(|row| row.what == what);
        let mut methods: Vec<_> = rows.map(|row| row.method.as_str()).collect();
        if methods.contains(&"GET") {
            methods.push("HEAD");
        }
        methods.push("OPTIONS");
        methods.join(", ")
    }
}

/// Takes a request, and puts on its answer what every answer carries.
async fn pass(State(gate): State<Arc<Gate>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let (path, embed) = (
        parts.uri.path().to_owned(),
        parts.uri.query().is_some_and(asks_to_embed),
    );
    let config = gate.app.hub.config();
    let client = Client::of(peer(&parts), &parts.headers, &config);
    if let Some(proxy) = origin::untrusted_proxy(peer(&parts), &parts.headers, &config) {
        gate.tell_of_proxy(proxy);
    }
    let place = Place::parse(&path).map(|place| place.with_query(parts.uri.query()));
    let what = place.as_ref().map(|place| place.what);
    let hsts = client.https && client.asked_by_public_name;
    let answer = match place {
        Some(place) => gate.answer_or_fail(place, client, parts, body).await,
        None => Err(Problem::new(
            Code::NotFound,
            "No page and no resource has this address.",
        )),
    };
    let mut answer = answer.unwrap_or_else(|problem| refuse(problem, path, what, &gate));
    if what.map(Origins::of) == Some(Origins::Any) {
        origin::open(answer.headers_mut());
    }
    let kind = kind(what, embed, answer.status());
    headers::secure(answer.headers_mut(), kind, hsts);
    answer
}

fn refuse(problem: Problem, path: String, what: Option<What>, gate: &Gate) -> Response {
    let mut answer = problem::response(&problem.at(path));
    if let Some(what) = what.filter(|_| answer.status() == StatusCode::METHOD_NOT_ALLOWED) {
        put(answer.headers_mut(), ALLOW, &gate.methods(what));
    }
    answer
}

fn kind(what: Option<What>, embed: bool, status: StatusCode) -> headers::Answer {
    match what {
        Some(What::StreamPage) if embed => headers::Answer::Embed,
        Some(What::Page | What::StreamPage) => headers::Answer::Page,
        // What isn't there today may be tomorrow: only a file that was found is remembered.
        Some(What::Asset) if status.is_success() => headers::Answer::Asset,
        _ => headers::Answer::Data,
    }
}

/// `?embed`, alone or among others, with or without a value.
fn asks_to_embed(query: &str) -> bool {
    query
        .split('&')
        .any(|pair| pair.split('=').next() == Some("embed"))
}

/// The connection's other end; who calls the router without one is a test on this machine. An
/// address grants nothing, so nothing hangs on it.
pub(super) fn peer(parts: &Parts) -> Peer {
    let nobody = Peer {
        address: ([127, 0, 0, 1], 0).into(),
        tls: false,
    };
    parts.extensions.get::<Peer>().copied().unwrap_or(nobody)
}

fn wrong_method(methods: &str) -> Problem {
    Problem::new(Code::MethodNotAllowed, format!("Taken here: {methods}."))
}

/// The answer to OPTIONS, a browser's preflight or somebody's question. It judges nobody, so it
/// tells methods and types and nothing else: no ICE servers (SEC-23).
fn options(what: What, origins: Origins, methods: &str, parts: &Parts) -> Response {
    let preflight = (origins == Origins::Any)
        .then(|| origin::preflight(&parts.method, &parts.headers))
        .flatten();
    let mut answer = preflight.unwrap_or_else(|| {
        let mut plain = Response::new(Body::empty());
        *plain.status_mut() = StatusCode::NO_CONTENT;
        plain
    });
    put(answer.headers_mut(), ALLOW, methods);
    match what {
        // RFC 9725 section 4.2: what a POST may bring.
        What::Whep | What::Whip => put(
            answer.headers_mut(),
            HeaderName::from_static("accept-post"),
            "application/sdp",
        ),
        What::WhepSession | What::WhipSession => {
            put(
                answer.headers_mut(),
                HeaderName::from_static("accept-patch"),
                "application/trickle-ice-sdpfrag",
            );
        }
        _ => {}
    }
    answer
}

fn put(headers: &mut HeaderMap, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        headers.insert(name, value);
    }
}
