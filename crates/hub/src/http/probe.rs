//! `POST /api/v1/probe`: looks at a camera before it becomes a stream. Answers when all is known, or,
//! for who accepts `text/event-stream`, step by step.

use std::convert::Infallible;

use axum::Json;
use axum::http::header::ACCEPT;
use axum::response::sse::{Event, Sse};
use axum::response::{IntoResponse as _, Response};
use lenswire_api::{Code, Problem};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tokio::sync::{OwnedSemaphorePermit, mpsc};

use super::asked::{Answer, Asked};
use super::streams;
use crate::config::{Source, SourceText, Transport};
use crate::probe::{self, Camera, Step};

/// Cameras that are looked at at once. Each costs what a stream costs, for twelve seconds.
pub(super) const AT_ONCE: usize = 4;

/// Room for an event for each step and the result, so that none is ever dropped.
const EVENTS: usize = Step::ALL.len() + 1;

/// A camera to look at.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Wish {
    /// `rtsp://user:password@address/path`
    #[schemars(with = "String")]
    source: SourceText,
    /// How its media is to travel.
    #[serde(default)]
    transport: Transport,
}

/// `POST /api/v1/probe`.
pub(crate) async fn look(mut asked: Asked) -> Answer {
    let Wish { source, transport } = asked.json().await?;
    let Source::Rtsp(url) = source.source() else {
        let detail = "Only an rtsp:// or rtsps:// address can be looked at.";
        return Err(Problem::new(Code::BadRequest, detail));
    };
    let turn = asked.app.probes.clone().try_acquire_owned().map_err(|_| {
        let detail = format!("{AT_ONCE} cameras are being looked at already.");
        Problem::new(Code::TooManyRequests, detail).retry_after(probe::TIME)
    })?;
    let camera = Camera::untrusted(url.clone(), transport, streams::policy(&asked.app));
    let accept = asked.header(ACCEPT).unwrap_or_default();
    if accept.contains("text/event-stream") {
        return Ok(told(camera, turn));
    }
    let found = Box::pin(probe::run(&camera, &mut |_| {})).await;
    Ok(Json(found).into_response())
}

/// The same as events: `step` as each ends, then `result`. Ends when nobody reads on.
fn told(camera: Camera, turn: OwnedSemaphorePermit) -> Response {
    let (events, heard) = mpsc::channel(EVENTS);
    tokio::spawn(async move {
        let steps = events.clone();
        let mut tell = |step: &probe::Ended| drop(steps.try_send(event("step", step)));
        tokio::select! {
            found = probe::run(&camera, &mut tell) => drop(events.try_send(event("result", &found))),
            () = events.closed() => {}
        }
        drop(turn);
    });
    let events = futures_util::stream::unfold(heard, |mut heard| async {
        let event = heard.recv().await?;
        Some((Ok::<_, Infallible>(event), heard))
    });
    Sse::new(events).into_response()
}

fn event(name: &str, data: &impl Serialize) -> Event {
    Event::default()
        .event(name)
        .data(serde_json::to_string(data).unwrap_or_default())
}
