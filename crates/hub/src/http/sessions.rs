//! `/api/v1/sessions`: who watches what, and how well. For administrators.

use axum::Json;
use axum::http::StatusCode;
use axum::response::IntoResponse as _;
use lenswire_api::{Code, Problem};
use serde::Serialize;

use super::asked::{Answer, Asked};
use crate::views::SessionView;

#[derive(Serialize)]
struct List {
    items: Vec<SessionView>,
}

/// `GET /api/v1/sessions`.
pub(crate) async fn list(asked: Asked) -> Answer {
    let items = asked
        .app
        .hub
        .sessions()
        .iter()
        .map(|session| SessionView::new(session, asked.moment))
        .collect();
    Ok(Json(List { items }).into_response())
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
