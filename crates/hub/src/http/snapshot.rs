//! `GET /api/v1/streams/{name}/snapshot.jpg`: the newest keyframe as a picture.

use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG, HeaderName, IF_NONE_MATCH};
use axum::http::{HeaderValue, StatusCode};
use axum::response::IntoResponse as _;
use schemars::JsonSchema;
use serde::Deserialize;

use super::asked::{Answer, Asked};
use super::{condition, query};
use crate::still::Keyframe;

/// Widest picture that may be asked for, in pixels: 8K.
const WIDEST: usize = 7_680;

/// What may be asked for.
#[derive(Debug, Deserialize, JsonSchema)]
pub(crate) struct Size {
    /// In pixels; the picture keeps its shape and is never enlarged.
    width: Option<usize>,
}

/// `GET /api/v1/streams/{name}/snapshot.jpg?width=`, and go2rtc's `GET /api/frame.jpeg?src=`. Whoever
/// has the picture already is told so, and then nothing is decoded either.
pub(crate) async fn read(asked: Asked) -> Answer {
    let entry = asked.entry()?;
    let Size { width } = query::read(&asked.parts)?;
    let width = width.map(|width| width.clamp(1, WIDEST));
    let seen = asked.header(IF_NONE_MATCH).map(str::to_owned);
    let (hub, now) = (asked.app.hub, asked.moment.now);
    let keyframe = Keyframe::of(&entry, now).await?;
    let etag = keyframe.etag(width);
    let known = condition::is_known(seen.as_deref(), &etag);
    let mut answer = if known {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        let jpeg = hub.stills().jpeg(keyframe, width).await?;
        ([(CONTENT_TYPE, "image/jpeg")], jpeg).into_response()
    };
    let headers = answer.headers_mut();
    // The next keyframe is a second or two away: ask each time, and get 304 until it is there.
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
    headers.extend(HeaderValue::from_str(&etag).ok().map(|etag| (ETAG, etag)));
    // Dashboards of other origins may show it. They bring a token, or the stream is open to anyone.
    headers.insert(
        HeaderName::from_static("cross-origin-resource-policy"),
        HeaderValue::from_static("cross-origin"),
    );
    Ok(answer)
}
