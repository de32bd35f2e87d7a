//! `/api/v1/sessions`: who watches what, and how well. For administrators.

use std::sync::Arc;
use std::time::UNIX_EPOCH;

use axum::Json;
use axum::http::StatusCode;
use axum::response::IntoResponse as _;
use lenswire_api::{Code, Problem};

use super::asked::{Answer, Asked};
use super::page::Part;
use super::query;
use crate::session::Session;
use crate::views::SessionView;

/// `GET /api/v1/sessions`: the oldest first.
pub(crate) async fn list(asked: Asked) -> Answer {
    let part: Part = query::read(&asked.parts)?;
    let since = |session: &Session| {
        session
            .since()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default()
    };
    let key =
        |session: &Arc<Session>| format!("{:020}.{}", since(session).as_micros(), session.number());
    let mut sessions = asked.app.hub.sessions();
    sessions.sort_by_cached_key(key);
    let page = part.cut(sessions, key);
    let page = page.map(|session| SessionView::new(&session, asked.moment));
    Ok(Json(page).into_response())
}

/// `DELETE /api/v1/sessions/{id}`.
pub(crate) async fn close(asked: Asked) -> Answer {
    let number = asked.place.id.as_deref().unwrap_or_default();
    let session = asked
        .app
        .hub
        .session_by_number(number)
        .ok_or_else(|| Problem::from(Code::SessionNotFound))?;
    let why = Problem::new(Code::Forbidden, "An administrator ended this session.");
    asked.app.hub.close(session.secret(), Some(why));
    Ok(StatusCode::NO_CONTENT.into_response())
}
