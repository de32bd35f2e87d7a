//! WHEP (draft-ietf-wish-whip-04's sibling for watching) on the session resource of WHIP (RFC 9725):
//! an offer is posted, the session at `Location` takes candidates and ICE restarts by PATCH and ends
//! by DELETE. What both have in common is here; posting an offer to publish is in [`whip`](super::whip).
//!
//! What real clients trip over decides the details: UDP candidates first (the engine's matter),
//! a quoted strong ETag, `Location` always and readable for pages of other origins.

use std::sync::Arc;

use axum::http::header::{CONTENT_TYPE, ETAG, HeaderName, IF_MATCH, LINK, LOCATION};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse as _, Response};
use lenswire_api::{Code, Problem};
use lenswire_rtc::Patched;

use super::asked::{Answer, Asked, Found};
use super::condition::IfMatch;
use super::leave::Leave;
use super::state::{App, moment};
use crate::auth::Caller;
use crate::hub::WatchRequest;
use crate::session::Session;

pub(super) const SDP: &str = "application/sdp";
pub(super) const FRAGMENT: &str = "application/trickle-ice-sdpfrag";

/// `HEAD /{stream}/whep` or `whip`: here is an endpoint, and you may use it.
pub(crate) async fn discover(_asked: Asked) -> Answer {
    Ok([(CONTENT_TYPE, SDP)].into_response())
}

/// `POST /{stream}/whep`: an offer, answered.
pub(crate) async fn create(mut asked: Asked) -> Answer {
    asked.must_be(&[SDP])?;
    let offer = asked.sdp().await?;
    let request = request(&asked, offer)?;
    let session = asked.app.hub.watch(request, &mut |_| {}).await?;
    Ok(created(&asked.app, &asked.caller, &session, "whep"))
}

/// What the hub is asked for, by the caller's leave.
pub(super) fn request(asked: &Asked, offer: String) -> Result<WatchRequest, Problem> {
    let Found::Stream(Leave { identity, expires }) = &asked.found else {
        return Err(Code::Forbidden.into());
    };
    Ok(WatchRequest {
        stream: asked.stream()?,
        offer,
        identity: identity.clone(),
        expires: *expires,
        client: Some(asked.client.address),
        now: asked.moment.now,
    })
}

/// The answer to an offer that was posted to this endpoint.
pub(super) fn created(app: &App, caller: &Caller, session: &Session, endpoint: &str) -> Response {
    let location = format!("/{}/{endpoint}/{}", session.stream(), session.secret());
    let mut answer = (StatusCode::CREATED, session.answer().to_owned()).into_response();
    let headers = answer.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(SDP));
    headers.insert(
        HeaderName::from_static("accept-patch"),
        HeaderValue::from_static(FRAGMENT),
    );
    // Names, base64url and a number: always a valid header.
    headers.extend(
        HeaderValue::from_str(&location)
            .ok()
            .map(|value| (LOCATION, value)),
    );
    headers.extend(etag(session).map(|value| (ETAG, value)));
    for link in app
        .ice_servers(caller)
        .iter()
        .flat_map(super::ice::Server::links)
    {
        headers.append(LINK, link);
    }
    answer
}

/// `PATCH /{stream}/whep/{session}`, or `whip`: candidates, an ICE restart, or nothing but a newer grant.
pub(crate) async fn patch(mut asked: Asked) -> Answer {
    let (session, leave) = asked.session()?;
    // Whoever got here is the owner, so the newer grant counts whatever the body says.
    session.renew(leave.expires);
    let fragment = asked.sdp().await?;
    if fragment.trim().is_empty() {
        return Ok(StatusCode::NO_CONTENT.into_response());
    }
    asked.must_be(&[FRAGMENT])?;
    let wanted = IfMatch::parse(asked.header(IF_MATCH));
    if wanted == IfMatch::Missing {
        return Err(Code::PreconditionRequired.into());
    }
    if !wanted.allows(&session.etag()) {
        return Err(Code::PreconditionFailed.into());
    }
    Ok(match apply(Arc::clone(&session), fragment).await? {
        Patched::Trickled => StatusCode::NO_CONTENT.into_response(),
        Patched::Restarted(fragment) => {
            let mut answer = ([(CONTENT_TYPE, FRAGMENT)], fragment).into_response();
            answer
                .headers_mut()
                .extend(etag(&session).map(|value| (ETAG, value)));
            answer
        }
    })
}

/// The engine may take up to a second, which the runtime's own threads must not wait.
async fn apply(session: Arc<Session>, fragment: String) -> Result<Patched, Problem> {
    let now = moment().now;
    let patched = tokio::task::spawn_blocking(move || session.patch(&fragment, now)).await;
    patched.unwrap_or_else(|_| Err(Code::Internal.into()))
}

/// `DELETE /{stream}/whep/{session}`, or `whip`: the end. ETags are not looked at (RFC 9725 section 4.3.1).
pub(crate) async fn delete(asked: Asked) -> Answer {
    let (session, _) = asked.session()?;
    if asked.app.hub.close(session.secret(), None) {
        Ok(StatusCode::OK.into_response())
    } else {
        Err(Problem::new(Code::SessionNotFound, "It has ended."))
    }
}

fn etag(session: &Session) -> Option<HeaderValue> {
    HeaderValue::from_str(&format!("\"{}\"", session.etag())).ok()
}
