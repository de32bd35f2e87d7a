//! `/schema.json`: for editors, which complete and check the configuration by it.

use axum::Json;
use axum::response::IntoResponse as _;

use super::asked::{Answer, Asked};
use crate::config;

/// `GET /schema.json`: the same for everybody; it tells nothing of this hub.
pub(crate) async fn read(_asked: Asked) -> Answer {
    Ok(Json(config::schema()).into_response())
}
