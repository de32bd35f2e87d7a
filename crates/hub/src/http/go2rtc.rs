//! The few addresses of go2rtc that Home Assistant's cards, Frigate and scripts use, so that they can
//! be pointed at us: `/api/streams`, `/api/frame.jpeg`, `/api/webrtc`. Their streams stand behind
//! `?src=`, and the same rules decide who may.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Json;
use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse as _;
use lenswire_api::{Code, Problem, Scope};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::asked::{Answer, Asked};
use super::{query, whep};
use crate::stream::Entry;
use crate::views::StreamView;

/// Which stream.
#[derive(Debug, Deserialize, JsonSchema)]
pub(crate) struct Source {
    /// A stream's name.
    src: Option<String>,
}

/// Which stream's picture, and how wide.
#[derive(Debug, Deserialize, JsonSchema)]
#[expect(dead_code, reason = "describes what the gate and the snapshot read")]
pub(crate) struct Frame {
    /// A stream's name.
    src: String,
    /// In pixels; the picture keeps its shape and is never enlarged.
    width: Option<usize>,
}

/// A stream as go2rtc shows one.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Stream {
    producers: Vec<Producer>,
    consumers: Vec<Consumer>,
}

/// Where a stream comes from.
#[derive(Debug, Serialize, JsonSchema)]
struct Producer {
    /// Without its password; for administrators the address, for others the kind.
    url: String,
}

/// One who watches; so many as do.
#[derive(Debug, Serialize, JsonSchema)]
struct Consumer {
    format_name: &'static str,
}

/// An offer or an answer.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub(crate) struct Description {
    /// `offer` or `answer`.
    r#type: String,
    sdp: String,
}

/// `GET /api/streams`: those that the caller may watch, or the one of them that `src` names.
pub(crate) async fn streams(asked: Asked) -> Answer {
    let Source { src } = query::read(&asked.parts)?;
    let may = |entry: &Arc<Entry>| {
        let viewers = entry.config().viewers;
        asked
            .caller
            .may(Scope::Watch, entry.name(), viewers)
            .is_ok()
    };
    let mut streams = asked.app.hub.streams().into_iter().filter(may);
    let Some(src) = src else {
        let all = streams.map(|entry| (entry.name().to_string(), stream(&asked, &entry)));
        return Ok(Json(all.collect::<BTreeMap<_, _>>()).into_response());
    };
    match streams.find(|entry| entry.name().as_str() == src) {
        Some(entry) => Ok(Json(stream(&asked, &entry)).into_response()),
        None => Err(Code::StreamNotFound.into()),
    }
}

/// `POST /api/webrtc?src=`: an offer as SDP (then it is WHEP), as JSON, or as any other text;
/// answered in kind.
pub(crate) async fn webrtc(mut asked: Asked) -> Answer {
    let kind = asked.header(CONTENT_TYPE).unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim();
    match kind.to_ascii_lowercase().as_str() {
        "application/sdp" => whep::create(asked).await,
        "application/json" => {
            let Description { r#type, sdp } = asked.json().await?;
            if r#type != "offer" {
                return Err(Problem::new(Code::BadRequest, "`type` must be offer."));
            }
            let (r#type, sdp) = ("answer".to_owned(), answer(asked, sdp).await?);
            Ok(Json(Description { r#type, sdp }).into_response())
        }
        _ => {
            let offer = asked.sdp().await?;
            let answer = answer(asked, offer).await?;
            Ok(([(CONTENT_TYPE, "application/sdp")], answer).into_response())
        }
    }
}

async fn answer(asked: Asked, offer: String) -> Result<String, Problem> {
    let request = whep::request(&asked, offer)?;
    let session = asked.app.hub.watch(request, &mut |_| {}).await?;
    Ok(session.answer().to_owned())
}

fn stream(asked: &Asked, entry: &Entry) -> Stream {
    let watching = asked.app.hub.watching(entry.name());
    let view = StreamView::new(entry, watching, asked.moment);
    let view = if asked.caller.must_administrate().is_ok() {
        view
    } else {
        view.for_viewers()
    };
    Stream {
        producers: vec![Producer { url: view.origin() }],
        consumers: (0..watching)
            .map(|_| Consumer {
                format_name: "webrtc",
            })
            .collect(),
    }
}
