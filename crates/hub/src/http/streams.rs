//! `/api/v1/streams`: what there is, and changing it. The configuration file is where changes go;
//! what runs follows from it.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;

use axum::Json;
use axum::http::header::{ETAG, IF_MATCH, LOCATION};
use axum::http::{HeaderValue, StatusCode};
use axum::response::IntoResponse as _;
use lenswire_api::{Code, Problem, Scope, StreamName};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Map, Value};

use super::asked::{Answer, Asked};
use super::condition::IfMatch;
use super::page::Part;
use super::state::App;
use super::{limits, query};
use crate::config::policy::Policy;
use crate::config::{Limits, Source, SourceUrl, StreamEdit, StreamPatch};
use crate::stream::Entry;
use crate::views::StreamView;

/// `GET /api/v1/streams`: those that the caller may watch, by name.
pub(crate) async fn list(asked: Asked) -> Answer {
    let part: Part = query::read(&asked.parts)?;
    let may = |entry: &Arc<Entry>| {
        let viewers = entry.config().viewers;
        asked
            .caller
            .may(Scope::Watch, entry.name(), viewers)
            .is_ok()
    };
    let hub = &asked.app.hub;
    let streams = hub.streams().into_iter().filter(may);
    let page = part.cut(streams, |entry| entry.name().to_string());
    let watching = hub.watching_each();
    let page = page.map(|entry| {
        let watching = watching.get(entry.name()).copied().unwrap_or(0);
        view(&asked, StreamView::new(&entry, watching, asked.moment))
    });
    Ok(Json(page).into_response())
}

/// `GET /api/v1/streams/{name}`. Its entity tag is that of what is configured, for `If-Match`: how
/// things stand changes all the time.
pub(crate) async fn read(asked: Asked) -> Answer {
    shown(&asked, &*asked.entry()?)
}

/// `POST /api/v1/streams`.
pub(crate) async fn create(mut asked: Asked) -> Answer {
    let mut fields: Map<String, Value> = asked.json().await?;
    let name = take_name(&mut fields)?;
    let patch = read_patch(&fields, &asked.config.limits)?;
    check_source(&asked.app, &patch).await?;
    let edit = StreamEdit::Add(name.clone(), patch);
    asked.app.edit(edit, IfMatch::Missing).await?;
    let location = format!(
        "/api/v1/streams/{}",
        utf8_percent_encode(name.as_str(), NON_ALPHANUMERIC)
    );
    let entry = asked
        .app
        .hub
        .stream(&name)
        .ok_or_else(|| crate::hub::not_found(&name))?;
    let mut answer = shown(&asked, &entry)?;
    *answer.status_mut() = StatusCode::CREATED;
    let location = HeaderValue::from_str(&location).ok();
    answer
        .headers_mut()
        .extend(location.map(|value| (LOCATION, value)));
    Ok(answer)
}

/// `PATCH /api/v1/streams/{name}`: absent keys stay, null brings a default back. With `If-Match`
/// only if nobody changed the stream meanwhile.
pub(crate) async fn change(mut asked: Asked) -> Answer {
    asked.entry()?;
    let patch: StreamPatch = asked.json().await?;
    check_source(&asked.app, &patch).await?;
    let (name, wanted) = (asked.stream()?, if_match(&asked));
    asked
        .app
        .edit(StreamEdit::Change(name, patch), wanted)
        .await?;
    shown(&asked, &*asked.entry()?)
}

/// `DELETE /api/v1/streams/{name}`.
pub(crate) async fn remove(asked: Asked) -> Answer {
    asked.entry()?;
    let (name, wanted) = (asked.stream()?, if_match(&asked));
    asked.app.edit(StreamEdit::Remove(name), wanted).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// `POST /api/v1/streams/{name}/retry`: somebody has put right what was wrong.
pub(crate) async fn retry(asked: Asked) -> Answer {
    asked.entry()?.retry(asked.moment.now);
    Ok(StatusCode::NO_CONTENT.into_response())
}

fn if_match(asked: &Asked) -> IfMatch {
    IfMatch::parse(asked.header(IF_MATCH))
}

/// A stream and the tag of its configuration.
fn shown(asked: &Asked, entry: &Entry) -> Answer {
    let watching = asked.app.hub.watching(entry.name());
    let view = view(asked, StreamView::new(entry, watching, asked.moment));
    let etag = format!("\"{}\"", entry.revision());
    Ok(([(ETAG, etag)], Json(view)).into_response())
}

/// A stream for whoever asks: where a camera stands on the network is for administrators.
fn view(asked: &Asked, view: StreamView) -> StreamView {
    if asked.caller.must_administrate().is_ok() {
        view
    } else {
        view.for_viewers()
    }
}

fn take_name(fields: &mut Map<String, Value>) -> Result<StreamName, Problem> {
    let Some(Value::String(name)) = fields.remove("name") else {
        return Err(Problem::new(Code::NameInvalid, "`name` is missing."));
    };
    StreamName::parse(&name).map_err(|wrong| Problem::new(Code::NameInvalid, format!("{wrong}.")))
}

/// Through text once more, because [`limits::json`] is what keeps passwords out of complaints.
fn read_patch(fields: &Map<String, Value>, limits: &Limits) -> Result<StreamPatch, Problem> {
    let text = serde_json::to_vec(fields).unwrap_or_default();
    limits::json(&text, limits)
}

/// Where a source may be that comes through the API (SEC-25). Where a redirect of the camera's leads
/// is the driver's to ask.
async fn check_source(app: &App, patch: &StreamPatch) -> Result<(), Problem> {
    for text in [&patch.source, &patch.substream]
        .into_iter()
        .flatten()
        .flatten()
    {
        if let Source::Rtsp(url) = text.source() {
            check_address(app, url).await?;
        }
    }
    Ok(())
}

async fn check_address(app: &App, url: &SourceUrl) -> Result<(), Problem> {
    let policy = policy(app);
    let host = url.host().to_string();
    let plain = host
        .trim_start_matches('[')
        .trim_end_matches(']')
        .to_owned();
    let found = tokio::net::lookup_host((plain, url.port())).await;
    let unknown = |_| {
        Problem::new(
            Code::CameraDnsFailed,
            format!("No address is known for {host}."),
        )
    };
    found
        .map_err(unknown)?
        .try_for_each(|address| policy.check(address).map_err(Problem::from))
}

/// Where a source may be that comes over the API.
pub(super) fn policy(app: &App) -> Policy {
    let (config, engine) = (app.hub.config(), app.hub.engine());
    let media = SocketAddr::new(IpAddr::V4(Ipv4Addr::UNSPECIFIED), engine.port());
    let plain = config.tls.as_ref().and_then(|tls| tls.http);
    Policy {
        loopback: config.loopback_sources(),
        own: [config.listen, media].into_iter().chain(plain).collect(),
        machine: engine.addresses().to_vec(),
    }
}
