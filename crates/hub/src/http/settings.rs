//! `/api/v1/settings`: what is configured beside the streams, where each value comes from, and
//! changing it in the file. `?dry_run=true` shows what a change would do.

use axum::Json;
use axum::http::HeaderValue;
use axum::http::header::{ETAG, IF_MATCH};
use axum::response::{IntoResponse as _, Response};
use lenswire_api::{Code, Problem};
use serde::Serialize;
use serde_json::{Map, Value};

use super::asked::{Answer, Asked};
use super::condition::IfMatch;
use crate::config::{Config, SettingsPatch};

/// What a change would do, or did.
#[derive(Serialize)]
struct Changed {
    /// Of the file, passwords hidden.
    diff: String,
    /// Settings that wait for the next start.
    restarts: Vec<&'static str>,
    /// Streams whose source begins anew.
    streams_restarted: Vec<String>,
}

/// `GET /api/v1/settings`.
pub(crate) async fn read(asked: Asked) -> Answer {
    let file = asked.app.file.clone();
    let settings = tokio::task::spawn_blocking(move || file.settings())
        .await
        .map_err(|_| Problem::from(Code::Internal))??;
    let tag = settings.tag.clone();
    Ok(tagged(Json(settings).into_response(), &tag))
}

/// `PATCH /api/v1/settings`: absent keys stay, null brings a default back.
pub(crate) async fn change(mut asked: Asked) -> Answer {
    let fields: Map<String, Value> = asked.json().await?;
    let patch = SettingsPatch::read(fields)?;
    let only_show = asked.parts.uri.query().is_some_and(asks_to_show);
    let expected = match IfMatch::parse(asked.header(IF_MATCH)) {
        IfMatch::Missing if only_show => IfMatch::Any,
        IfMatch::Missing => {
            return Err(Problem::from(Code::PreconditionRequired)
                .with_fix("Send If-Match with the ETag of GET /api/v1/settings."));
        }
        given => given,
    };
    let before = asked.app.hub.config();
    let done = asked.app.change(patch, expected, only_show).await?;
    let changed = Changed {
        streams_restarted: streams_restarted(&before, &done.config),
        diff: done.diff,
        restarts: done.restarts,
    };
    let answer = Json(changed).into_response();
    Ok(if only_show {
        answer
    } else {
        tagged(answer, &done.tag)
    })
}

fn asks_to_show(query: &str) -> bool {
    query.split('&').any(|pair| pair == "dry_run=true")
}

fn streams_restarted(before: &Config, after: &Config) -> Vec<String> {
    let stays = |(name, stream)| before.streams.get(name) == Some(stream);
    let changed = after.streams.iter().filter(|pair| !stays(*pair));
    changed.map(|(name, _)| name.to_string()).collect()
}

fn tagged(mut answer: Response, tag: &str) -> Response {
    if let Ok(tag) = HeaderValue::from_str(&format!("\"{tag}\"")) {
        answer.headers_mut().insert(ETAG, tag);
    }
    answer
}
