//! One HTTP listener for everything: URLs, messages and statuses, and the only place that knows them.
//!
//! [`serve`] accepts connections within their limits; [`router`](fn@router) is the table of what
//! there is; the gate between them finds out who asks and whether they may; a handler is then a
//! checklist: read, call the [`Hub`](crate::Hub), render.

mod alive;
mod asked;
mod authority;
mod claim;
mod condition;
mod deadline;
mod events;
mod forwarded;
mod gate;
mod go2rtc;
mod grants;
mod headers;
mod health;
#[doc(hidden)]
pub mod hostile;
mod ice;
mod install;
mod leave;
mod limits;
mod login;
mod metrics;
mod openapi;
mod origin;
mod page;
mod pages;
mod past;
mod path;
mod plain;
mod probe;
mod problem;
mod query;
mod revocation;
mod router;
mod schema;
mod serve;
mod sessions;
mod settings;
mod snapshot;
mod state;
mod streams;
mod tokens;
mod whep;
mod whip;
mod who;
mod ws;

pub use alive::alive;
pub use plain::plain;
pub use router::router;
pub use serve::{Error, Serving, serve};
pub use state::App;
