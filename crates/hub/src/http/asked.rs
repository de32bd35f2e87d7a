//! A request that was understood, whose caller is known and may do it: what handlers work from.

use std::sync::Arc;

use axum::body::Body;
use axum::http::header::CONTENT_TYPE;
use axum::http::request::Parts;
use axum::response::Response;
use lenswire_api::{Code, Problem, StreamName, UnixTime};
use serde::de::DeserializeOwned;

use super::leave::Leave;
use super::limits;
use super::origin::Client;
use super::path::Place;
use super::state::App;
use crate::auth::Caller;
use crate::config::Config;
use crate::session::Session;
use crate::stream::Entry;
use crate::views::Moment;

/// What a handler gives.
pub(crate) type Answer = Result<Response, Problem>;

/// What was found while the caller was judged.
pub(crate) enum Found {
    /// Nothing that had to be.
    Nothing,
    /// A stream that the caller may watch, or publish to.
    Stream(Leave),
    /// A session that the caller opened.
    Session(Arc<Session>, Leave),
}

/// A request that may be answered.
pub(crate) struct Asked {
    pub(crate) app: App,
    pub(crate) config: Arc<Config>,
    pub(crate) parts: Parts,
    pub(crate) body: Body,
    pub(crate) place: Place,
    pub(crate) client: Client,
    pub(crate) caller: Caller,
    pub(crate) found: Found,
    /// When it came in.
    pub(crate) moment: Moment,
}

impl Asked {
    /// The stream that the path names.
    pub(crate) fn stream(&self) -> Result<StreamName, Problem> {
        self.place
            .stream
            .clone()
            .ok_or_else(|| Code::StreamNotFound.into())
    }

    /// The same, as it runs.
    pub(crate) fn entry(&self) -> Result<Arc<Entry>, Problem> {
        let name = self.stream()?;
        self.app
            .hub
            .stream(&name)
            .ok_or_else(|| crate::hub::not_found(&name))
    }

    /// The session that the path names, which the caller opened, and by whose leave it now asks.
    pub(crate) fn session(&self) -> Result<(Arc<Session>, Leave), Problem> {
        match &self.found {
            Found::Session(session, leave) => Ok((Arc::clone(session), leave.clone())),
            Found::Stream(_) | Found::Nothing => Err(Code::SessionNotFound.into()),
        }
    }

    /// When it came in, as grants count time.
    pub(crate) fn unix(&self) -> UnixTime {
        UnixTime::from(self.moment.wall)
    }

    /// A header's value, if it is text.
    pub(crate) fn header(&self, name: axum::http::HeaderName) -> Option<&str> {
        self.parts.headers.get(name)?.to_str().ok()
    }

    /// Refuses a body that says to be of another type; parameters (`; charset=utf-8`) don't matter.
    pub(crate) fn must_be(&self, types: &[&str]) -> Result<(), Problem> {
        let said = self.header(CONTENT_TYPE).unwrap_or_default();
        let essence = said.split(';').next().unwrap_or_default().trim();
        if types
            .iter()
            .any(|known| essence.eq_ignore_ascii_case(known))
        {
            return Ok(());
        }
        let missing = if said.is_empty() {
            "Content-Type is missing. "
        } else {
            ""
        };
        Err(Problem::new(
            Code::UnsupportedMediaType,
            format!("{missing}Taken is {}.", types.join(" or ")),
        ))
    }

    /// The body, no longer than any body may be.
    pub(crate) async fn bytes(&mut self) -> Result<axum::body::Bytes, Problem> {
        let limits = &self.config.limits;
        limits::body(
            std::mem::take(&mut self.body),
            limits.body.0,
            limits.body_time,
        )
        .await
    }

    /// The body as SDP or a part of one.
    pub(crate) async fn sdp(&mut self) -> Result<String, Problem> {
        let limits = &self.config.limits;
        let bytes = limits::body(
            std::mem::take(&mut self.body),
            limits.sdp.0,
            limits.body_time,
        )
        .await?;
        String::from_utf8(bytes.into())
            .map_err(|_| Problem::new(Code::SdpInvalid, "SDP is UTF-8 text, and this is not."))
    }

    /// The body as JSON.
    pub(crate) async fn json<T: DeserializeOwned>(&mut self) -> Result<T, Problem> {
        self.must_be(&["application/json", "application/merge-patch+json"])?;
        let bytes = self.bytes().await?;
        limits::json(&bytes, &self.config.limits)
    }
}
