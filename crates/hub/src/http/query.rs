//! The part of an address behind `?`, as a value.

use axum::extract::Query;
use axum::http::request::Parts;
use lenswire_api::{Code, Problem};
use serde::de::DeserializeOwned;

/// Reads what stands behind `?`. Keys that `T` doesn't know are left alone: `token` is one.
///
/// # Errors
/// 400 with the key and what is wrong, never with the value.
pub(crate) fn read<T: DeserializeOwned>(parts: &Parts) -> Result<T, Problem> {
    Query::try_from_uri(&parts.uri)
        .map(|Query(read)| read)
        .map_err(|why| {
            let why = crate::config::scrub(&why.body_text());
            Problem::new(Code::BadRequest, format!("{why}."))
        })
}
