//! `/metrics`: for Prometheus and whatever else reads OpenMetrics. For administrators, that is, with
//! an administrator's token as the scraper's bearer token: how much a camera sends and how many
//! watch it is nobody else's business.

use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse as _;

use super::asked::{Answer, Asked};

/// What the text is.
const OPENMETRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// `GET /metrics`.
pub(crate) async fn read(asked: Asked) -> Answer {
    let text = asked.app.hub.metrics(asked.moment.now);
    Ok(([(CONTENT_TYPE, OPENMETRICS)], text).into_response())
}
