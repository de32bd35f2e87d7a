//! Live streams, their sources and sinks, and the HTTP API.
#![forbid(unsafe_code)]

pub mod auth;
pub mod config;
pub mod http;
mod source;
pub mod store;
