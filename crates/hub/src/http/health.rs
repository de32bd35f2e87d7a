//! `/healthz`: the process runs. `/readyz`: it serves. For whoever watches over the process; both
//! are open to everybody, so they tell nothing else.

use axum::Json;
use axum::http::StatusCode;
use axum::response::IntoResponse as _;
use schemars::JsonSchema;
use serde::Serialize;

use super::asked::{Answer, Asked};

/// Whether it serves.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Readiness {
    /// `ready` or `stopping`.
    status: &'static str,
}

/// `GET /healthz`.
pub(crate) async fn alive(_asked: Asked) -> Answer {
    Ok("ok".into_response())
}

/// `GET /readyz`: configuration, store and ports are there, or there would be no answer; 503 from
/// when the process is told to stop.
pub(crate) async fn ready(asked: Asked) -> Answer {
    if asked.app.stopping.is_cancelled() {
        return Ok((
            StatusCode::SERVICE_UNAVAILABLE,
            Json(Readiness { status: "stopping" }),
        )
            .into_response());
    }
    Ok(Json(Readiness { status: "ready" }).into_response())
}
