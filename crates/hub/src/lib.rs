//! Live streams, their sources and sinks, and the HTTP API.
//!
//! | part | owns | never does |
//! |---|---|---|
//! | [`hub`] | which streams and sessions there are | know what one is about |
//! | [`stream`] | one stream: its media, its settings, the task that runs its source | know viewers |
//! | `events/`, `curves`, `history`, [`journal`] | what has happened, for those who look on | disturb what happens |
//! | `supervise` | when a source runs, as a pure state machine | read a clock, touch a source |
//! | `source/` | one driver per kind of source | decide about the next attempt |
//! | `still/` | snapshots: keyframes decoded when somebody asks | decode for anything else |
//! | [`session`] | one viewer's or publisher's use of one stream, and by whose leave | speak HTTP |
//! | [`probe`] | looking at a camera once: what it sends, who can play it, where it fails | keep a stream |
//! | [`http`] | URLs, messages, HTTP statuses; the one place that knows them | decide who may: it asks [`auth`] |
//! | [`https`] | the certificate, and that it never grows old | know what is served with it |
//! | [`auth`] | who somebody is and what they may | know streams or sessions |
//! | [`config`] | the YAML file, the configuration's one home | keep other state |
//! | [`store`] | what survives a restart and is not configuration | know HTTP |
//!
//! [`Hub::start`] makes a hub from a configuration; [`Hub::watch`] turns a viewer's offer into a
//! session; everything else follows from the configuration by [`Hub::apply`].
#![forbid(unsafe_code)]

pub mod auth;
pub mod config;
mod curves;
mod events;
mod history;
pub mod http;
pub mod https;
pub mod hub;
pub mod journal;
mod metrics;
pub mod probe;
pub mod session;
mod source;
mod still;
pub mod store;
pub mod stream;
mod supervise;
pub mod views;

pub use hub::{Error, Hub, PublishRequest, WatchRequest};
/// The addresses that viewers are told, as the engine would choose them now.
pub use lenswire_rtc::announced;
pub use session::{Identity, Purpose, Session};
pub use stream::Entry;
