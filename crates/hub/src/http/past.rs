//! What was: a stream's history and curves, and the log.

use axum::Json;
use axum::response::IntoResponse as _;
use lenswire_api::{Code, Problem, UnixTime};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::asked::{Answer, Asked};
use super::page::{List, Part};
use super::query;
use crate::curves::{Sample, Span};
use crate::journal::{Level, Line};
use crate::store::Kept;
use crate::views::{millis, rfc3339};

/// How a stream's source stood.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Stood {
    /// From when on, as RFC 3339.
    at: String,
    /// The state's word, as in a stream's `state.name`.
    state: String,
    /// Why.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<Problem>")]
    problem: Option<Value>,
}

impl From<Kept> for Stood {
    fn from(kept: Kept) -> Self {
        let at = std::time::UNIX_EPOCH + kept.at.since(UnixTime(0));
        let problem = kept.problem.as_deref();
        Self {
            at: rfc3339(at),
            state: kept.state,
            problem: problem.and_then(|json| serde_json::from_str(json).ok()),
        }
    }
}

/// `GET /api/v1/streams/{name}/history`: the newest first.
pub(crate) async fn history(asked: Asked) -> Answer {
    let part: Part = query::read(&asked.parts)?;
    let (stream, limit) = (asked.entry()?.name().clone(), part.limit());
    let store = asked.app.authority.store();
    // One more than asked for says whether there are more.
    let mut kept = store
        .history(&stream, part.after_number(), limit + 1)
        .await
        .map_err(Problem::from)?;
    let more = kept.len() > limit;
    kept.truncate(limit);
    let next = kept.last().filter(|_| more).map(|last| last.id.to_string());
    let items = kept.into_iter().map(Stood::from).collect();
    Ok(Json(List { items, next }).into_response())
}

/// How far back.
#[derive(Debug, Deserialize, JsonSchema)]
pub(crate) struct Back {
    /// `10m`, every 2 s, or `24h`, every 2 min; `10m` when absent.
    span: Option<String>,
}

/// A stream's last minutes or hours: all lists are as long, null where nothing is known.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct CurvesView {
    /// Time between two values.
    step_ms: u64,
    /// When the first value was, as RFC 3339.
    from: String,
    /// What the source sent, bits a second.
    bitrate_bps: Vec<Option<f32>>,
    /// Pictures a second.
    frames_per_second: Vec<Option<f32>>,
    /// Packets of the source that never came, of all: 0 to 1.
    lost_ratio: Vec<Option<f32>>,
    /// Capture or arrival to display: the middle one of those who watched.
    delay_ms: Vec<Option<f32>>,
    /// How many watched.
    watching: Vec<Option<f32>>,
}

/// `GET /api/v1/streams/{name}/stats`.
pub(crate) async fn curves(asked: Asked) -> Answer {
    let Back { span } = query::read(&asked.parts)?;
    let span = match span.as_deref() {
        None | Some("10m") => Span::TenMinutes,
        Some("24h") => Span::Day,
        Some(_) => {
            return Err(Problem::new(Code::BadRequest, "`span` is 10m or 24h."));
        }
    };
    let (step, samples) = asked.entry()?.curve(span);
    let steps = u32::try_from(samples.len().saturating_sub(1)).unwrap_or(u32::MAX);
    let curve = |value: fn(&Sample) -> f32| {
        let known = |value: f32| value.is_finite().then_some(value);
        samples.iter().map(value).map(known).collect()
    };
    let view = CurvesView {
        step_ms: millis(step),
        from: rfc3339(asked.moment.wall - step.saturating_mul(steps)),
        bitrate_bps: curve(|sample| sample.bitrate_bps),
        frames_per_second: curve(|sample| sample.frames_per_second),
        lost_ratio: curve(|sample| sample.lost_ratio),
        delay_ms: curve(|sample| sample.delay_ms),
        watching: curve(|sample| sample.watching),
    };
    Ok(Json(view).into_response())
}

/// Which lines of the log.
#[derive(Debug, Deserialize, JsonSchema)]
pub(crate) struct Lines {
    /// How many at most: 1 to 1,000, and 1,000 when absent.
    limit: Option<usize>,
    /// Lines before that one: what `next` of the part before said.
    after: Option<u64>,
    /// Lines that are as grave or graver: `error`, `warn`, `info`, `debug` or `trace`.
    level: Option<Level>,
    /// Lines about that stream.
    stream: Option<String>,
}

/// `GET /api/v1/log`: the newest first.
pub(crate) async fn log(asked: Asked) -> Answer {
    let Lines {
        limit,
        after,
        level,
        stream,
    } = query::read(&asked.parts)?;
    let limit = limit.unwrap_or(1_000).clamp(1, 1_000);
    let wanted = |line: &Line| {
        after.is_none_or(|after| line.id < after)
            && level.is_none_or(|level| line.level <= level)
            && stream
                .as_ref()
                .is_none_or(|stream| line.fields.get("stream") == Some(stream))
    };
    let mut lines = asked.app.journal.lines().into_iter().rev().filter(wanted);
    let items: Vec<_> = lines.by_ref().take(limit).collect();
    let more = lines.next().is_some();
    let next = items
        .last()
        .filter(|_| more)
        .map(|last| last.id.to_string());
    Ok(Json(List { items, next }).into_response())
}
