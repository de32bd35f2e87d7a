//! The route table: method, path, who may, what answers. All of them, on one page.
//!
//! A request is understood ([`Place`](super::path::Place)), found in the table, its caller identified and judged by the
//! row's [`Access`], and only then does a handler see it. A path that is not in the table is 404, a
//! method that is not is 405, and there is no way around the judging: default deny (SEC-7).

use axum::http::Method;

use super::asked::{Answer, Asked};
use super::gate::Gate;
use super::path::What;
use super::state::App;
use super::{
    health, install, metrics, pages, probe, revocation, schema, sessions, settings, streams, whep,
    who, ws,
};

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
}

/// Answers what was judged.
type Handler = Box<dyn Fn(Asked) -> futures_util::future::BoxFuture<'static, Answer> + Send + Sync>;

/// The table.
fn table() -> Vec<Route> {
    use Access::{Administrator, Owner, Public, Selected, Watch};
    const GET: Method = Method::GET;
    const POST: Method = Method::POST;
    const PATCH: Method = Method::PATCH;
    const DELETE: Method = Method::DELETE;
    vec![
        // The process.
        route(GET, What::Health, Public, health::alive),
        route(GET, What::Ready, Public, health::ready),
        route(GET, What::Metrics, Administrator, metrics::read),
        // Watching. Open to any origin, so a cookie doesn't count here.
        route(Method::HEAD, What::Whep, Watch, whep::discover),
        route(POST, What::Whep, Watch, whep::create),
        route(PATCH, What::WhepSession, Owner, whep::patch),
        route(DELETE, What::WhepSession, Owner, whep::delete),
        route(GET, What::Socket, Selected, ws::open),
        // Who one is.
        route(GET, What::Me, Public, who::me),
        route(POST, What::Claim, Public, who::claim),
        route(POST, What::Login, Public, who::login),
        route(POST, What::Logout, Public, who::logout),
        route(POST, What::Grants, Selected, who::grant),
        // Streams and sessions.
        route(GET, What::Streams, Selected, streams::list),
        route(POST, What::Streams, Administrator, streams::create),
        route(GET, What::Stream, Watch, streams::read),
        route(PATCH, What::Stream, Administrator, streams::change),
        route(DELETE, What::Stream, Administrator, streams::remove),
        route(POST, What::Retry, Administrator, streams::retry),
        route(POST, What::Probe, Administrator, probe::look),
        route(GET, What::Sessions, Administrator, sessions::list),
        route(DELETE, What::Session, Administrator, sessions::close),
        // The configuration.
        route(GET, What::Settings, Administrator, settings::read),
        route(PATCH, What::Settings, Administrator, settings::change),
        route(GET, What::Schema, Public, schema::read),
        // Pages: what is built in, the same for everybody.
        route(GET, What::Page, Public, pages::shell),
        route(GET, What::StreamPage, Public, pages::shell),
        route(GET, What::Asset, Public, pages::asset),
        route(GET, What::Player, Public, pages::player),
        route(GET, What::Install, Public, install::read),
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
    }
}

/// Everything that is served, without the limits of the listener around it. To be called within a
/// tokio runtime.
pub fn router(app: App) -> axum::Router {
    tokio::spawn(revocation::enforce(app.clone()));
    Gate::new(table(), app).into_router()
}
