//! Ids, grants, bodies and problem codes: what crosses a process border.
//!
//! Everything here is pure: no clock, no randomness that the caller did not hand in, no IO. The hub
//! and the directory deploy apart and meet only in this crate.
//!
//! - [`StreamName`]: the one way a stream is called, in URLs, files and grants.
//! - [`Claims`], [`SigningKey`], [`Verifier`], [`Grant`]: who may do what, as a signed value.
//! - [`Problem`], [`Code`]: what went wrong, in words, with a stable name and a fix.
//! - [`body`]: JSON bodies that more than one program reads or writes.
#![forbid(unsafe_code)]

pub mod body;
mod grant;
mod name;
mod problem;
mod time;

pub use grant::{
    Claims, Grant, GrantError, Issuer, LEEWAY, Pattern, PublicKey, Scope, SigningKey, TOKEN_LIMIT,
    Verifier,
};
pub use name::{NameError, StreamName};
pub use problem::{Code, Problem};
pub use time::UnixTime;
