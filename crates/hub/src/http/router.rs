//! The route table: method, path, who may, what answers. All of them, on one page.
//!
//! A request is understood ([`Place`](super::path::Place)), found in the table, its caller identified and judged by the
//! row's [`Access`], and only then does a handler see it. A path that is not in the table is 404, a
//! method that is not is 405, and there is no way around the judging: default deny (SEC-7).

use std::collections::BTreeMap;

use Access::{Administrator, Owner, Public, Publish, Selected, Watch};
use axum::http::Method;
use lenswire_api::body;

use super::asked::{Answer, Asked};
use super::gate::Gate;
use super::openapi::{self, Doc};
use super::page::{List, Part};
use super::path::What;
use super::state::App;
use super::{
    events, go2rtc, health, install, metrics, pages, past, probe, revocation, schema, sessions,
    settings, snapshot, streams, tokens, whep, whip, who, ws,
};
use crate::config::{NewStream, StreamPatch};
use crate::history;
use crate::journal::Line;
use crate::probe::Found;
use crate::views::{SessionView, StreamView};

#[cfg(test)]
mod tests;

/// Who may.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Access {
    /// Everybody: it shows nothing that is anybody's.
    Public,
    /// Everybody, but the handler shows each caller only what it may watch, or judges what the
    /// message asks for.
    Selected,
    /// Who may watch the stream in the path.
    Watch,
    /// Who may publish to the stream in the path.
    Publish,
    /// Who opened the session in the path.
    Owner,
    /// Administrators.
    Administrator,
}

/// One row.
pub(super) struct Route {
    pub(super) method: Method,
    pub(super) what: What,
    pub(super) access: Access,
    pub(super) handler: Handler,
    /// What `/openapi.json` says of it.
    pub(super) doc: Doc,
}

/// Answers what was judged.
type Handler = Box<dyn Fn(Asked) -> futures_util::future::BoxFuture<'static, Answer> + Send + Sync>;

/// The table.
pub(super) fn table() -> Vec<Route> {
    let groups = [
        process(),
        watching(),
        publishing(),
        people(),
        streams_and_sessions(),
        others(),
        built_in(),
    ];
    groups.into_iter().flatten().collect()
}

const GET: Method = Method::GET;
const POST: Method = Method::POST;
const PATCH: Method = Method::PATCH;
const DELETE: Method = Method::DELETE;

/// The process.
fn process() -> Vec<Route> {
    vec![
        route(GET, What::Health, Public, health::alive)
            .says("Whether the process runs.")
            .gives_text(200, "text/plain"),
        route(GET, What::Ready, Public, health::ready)
            .says("Whether it serves; 503 from when it is told to stop.")
            .gives::<health::Readiness>(200),
        route(GET, What::Metrics, Administrator, metrics::read)
            .says("Figures for Prometheus, as OpenMetrics.")
            .gives_text(200, "application/openmetrics-text"),
        route(GET, What::OpenApi, Public, openapi::read)
            .says("This description.")
            .gives_text(200, "application/json"),
        route(GET, What::Schema, Public, schema::read)
            .says("The configuration file's JSON Schema.")
            .gives_text(200, "application/json"),
        route(GET, What::Settings, Administrator, settings::read)
            .says("The configuration's keys: their values and where they come from.")
            .gives_text(200, "application/json"),
        route(PATCH, What::Settings, Administrator, settings::change)
            .says("Changes keys in the file; with `dry_run=true` only tells what that would do.")
            .takes_text("application/merge-patch+json")
            .gives_text(200, "application/json"),
    ]
}

/// Watching. Open to any origin, so a cookie doesn't count here.
fn watching() -> Vec<Route> {
    vec![
        route(Method::HEAD, What::Whep, Watch, whep::discover)
            .says("Whether the stream can be watched by WHEP.")
            .gives_nothing(200),
        route(POST, What::Whep, Watch, whep::create)
            .says("Begins a session (WHEP): an offer, answered.")
            .takes_text(whep::SDP)
            .gives_text(201, whep::SDP),
        route(PATCH, What::WhepSession, Owner, whep::patch)
            .says("Candidates, an ICE restart, or a newer grant.")
            .takes_text(whep::FRAGMENT)
            .gives_text(200, whep::FRAGMENT)
            .gives_nothing(204),
        route(DELETE, What::WhepSession, Owner, whep::delete)
            .says("Ends the session.")
            .gives_nothing(200),
        route(GET, What::Socket, Selected, ws::open)
            .says("A WebSocket for many sessions at once.")
            .gives_nothing(101),
    ]
}

/// Publishing, by the same rules.
fn publishing() -> Vec<Route> {
    vec![
        route(Method::HEAD, What::Whip, Publish, whep::discover)
            .says("Whether the stream can be published by WHIP.")
            .gives_nothing(200),
        route(POST, What::Whip, Publish, whip::create)
            .says("Begins to publish (WHIP): an offer, answered.")
            .takes_text(whep::SDP)
            .gives_text(201, whep::SDP),
        route(PATCH, What::WhipSession, Owner, whep::patch)
            .says("Candidates, an ICE restart, or a newer grant.")
            .takes_text(whep::FRAGMENT)
            .gives_text(200, whep::FRAGMENT)
            .gives_nothing(204),
        route(DELETE, What::WhipSession, Owner, whep::delete)
            .says("Ends the session.")
            .gives_nothing(200),
    ]
}

/// Who one is, and what opens something without an administrator.
fn people() -> Vec<Route> {
    vec![
        route(GET, What::Me, Public, who::me)
            .says("Who the caller is.")
            .gives::<body::Me>(200),
        route(POST, What::Claim, Public, who::claim)
            .says("Makes the caller the administrator, by a claim link.")
            .takes::<body::ClaimRequest>()
            .gives::<body::SignedIn>(200),
        route(POST, What::Login, Public, who::login)
            .says("Signs a browser in.")
            .takes::<body::LoginRequest>()
            .gives::<body::SignedIn>(200),
        route(POST, What::Logout, Public, who::logout)
            .says("Signs it out.")
            .gives_nothing(204),
        route(POST, What::Grants, Selected, who::grant)
            .says("A grant of a minute for a page, to be renewed.")
            .takes::<body::GrantRequest>()
            .gives::<body::GrantAnswer>(200),
        route(GET, What::Tokens, Administrator, tokens::list)
            .says("Tokens and guests' links, the newest first.")
            .asks::<Part>()
            .gives::<List<body::TokenView>>(200),
        route(POST, What::Tokens, Administrator, tokens::create)
            .says("Makes a token for a program, or a link for a guest.")
            .takes::<body::TokenRequest>()
            .gives::<body::TokenMade>(201),
        route(DELETE, What::Token, Administrator, tokens::revoke)
            .says("Takes it back, and ends what it opened.")
            .gives_nothing(204),
    ]
}

fn streams_and_sessions() -> Vec<Route> {
    vec![
        route(GET, What::Streams, Selected, streams::list)
            .says("Streams by name.")
            .asks::<Part>()
            .gives::<List<StreamView>>(200),
        route(POST, What::Streams, Administrator, streams::create)
            .says("Adds a stream to the configuration.")
            .takes::<NewStream>()
            .gives::<StreamView>(201),
        route(GET, What::Stream, Watch, streams::read)
            .says("One stream; its ETag is that of its configuration.")
            .gives::<StreamView>(200),
        route(PATCH, What::Stream, Administrator, streams::change)
            .says("Changes some of its keys (RFC 7396); with If-Match only if nobody else did.")
            .takes::<StreamPatch>()
            .gives::<StreamView>(200),
        route(DELETE, What::Stream, Administrator, streams::remove)
            .says("Takes it out of the configuration.")
            .gives_nothing(204),
        route(POST, What::Retry, Administrator, streams::retry)
            .says("Tries its source now.")
            .gives_nothing(204),
        route(POST, What::Probe, Administrator, probe::look)
            .says("Looks at a camera before it becomes a stream; step by step for who accepts text/event-stream.")
            .takes::<probe::Wish>()
            .gives::<Found>(200),
        route(GET, What::Snapshot, Watch, snapshot::read)
            .says("Its newest keyframe as a picture.")
            .asks::<snapshot::Size>()
            .gives_text(200, "image/jpeg")
            .gives_nothing(304),
        route(GET, What::History, Watch, past::history)
            .says("How its source stood, the newest first.")
            .asks::<Part>()
            .gives::<List<past::Stood>>(200),
        route(GET, What::Stats, Watch, past::curves)
            .says("Its last ten minutes or day in figures.")
            .asks::<past::Back>()
            .gives::<past::CurvesView>(200),
        route(GET, What::Sessions, Administrator, sessions::list)
            .says("Who watches what, and how well; the oldest first.")
            .asks::<Part>()
            .gives::<List<SessionView>>(200),
        route(DELETE, What::Session, Administrator, sessions::close)
            .says("Ends a session.")
            .gives_nothing(204),
        route(GET, What::Events, Selected, events::follow)
            .says("What happens, as server-sent events.")
            .asks::<events::Wanted>()
            .gives_text(200, "text/event-stream"),
        route(GET, What::Log, Administrator, past::log)
            .says("The log's last lines, the newest first.")
            .asks::<past::Lines>()
            .gives::<List<Line>>(200),
    ]
}

/// As go2rtc has it, for programs that know it.
fn others() -> Vec<Route> {
    vec![
        route(GET, What::OtherStreams, Selected, go2rtc::streams)
            .says("Streams, as go2rtc shows them.")
            .asks::<go2rtc::Source>()
            .gives::<BTreeMap<String, go2rtc::Stream>>(200),
        route(GET, What::OtherFrame, Watch, snapshot::read)
            .says("A stream's newest keyframe, where go2rtc has it.")
            .asks::<go2rtc::Frame>()
            .gives_text(200, "image/jpeg"),
        route(POST, What::OtherOffer, Watch, go2rtc::webrtc)
            .says("Begins a session, as go2rtc does: SDP or JSON, answered in kind.")
            .asks::<go2rtc::Source>()
            .takes::<go2rtc::Description>()
            .gives::<go2rtc::Description>(200)
            .gives_text(201, whep::SDP),
    ]
}

/// Pages: what is built in, the same for everybody.
fn built_in() -> Vec<Route> {
    vec![
        route(GET, What::Page, Public, pages::shell)
            .says("The console.")
            .gives_text(200, "text/html"),
        route(GET, What::StreamPage, Public, pages::shell)
            .says("A stream's page; with `?embed` for other people's frames.")
            .gives_text(200, "text/html"),
        route(GET, What::Asset, Public, pages::asset)
            .says("A part of a page.")
            .gives_text(200, "*/*"),
        route(GET, What::Player, Public, pages::player)
            .says("`<lenswire-player>`, for anybody's page.")
            .gives_text(200, "text/javascript"),
        route(GET, What::Install, Public, install::read)
            .says("The certificate of the hub's own authority, and how to trust it.")
            .gives_text(200, "text/html"),
    ]
}

fn route<F>(method: Method, what: What, access: Access, handler: fn(Asked) -> F) -> Route
where
    F: Future<Output = Answer> + Send + 'static,
{
    Route {
        method,
        what,
        access,
        handler: Box::new(move |asked| Box::pin(handler(asked))),
        doc: Doc::default(),
    }
}

/// Everything that is served, without the limits of the listener around it. To be called within a
/// tokio runtime.
pub fn router(app: App) -> axum::Router {
    tokio::spawn(revocation::enforce(app.clone()));
    let (changes, store) = (app.hub.events().follow_changes(), app.authority.store());
    tokio::spawn(history::keep(changes, store.clone(), app.stopping.clone()));
    Gate::new(table(), app).into_router()
}
