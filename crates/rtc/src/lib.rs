//! How media travels: WebRTC as a pure [`peer`] and as an [`engine`] of media threads that drives
//! thousands of them.
//!
//! | part | owns | never does |
//! |---|---|---|
//! | [`peer`] | one WebRTC session: negotiation, ICE, DTLS, SRTP, repair. Bytes and time in, bytes and events out | sockets, clocks, threads |
//! | [`engine`] | media threads, sockets, timers, who watches what | SDP, codecs |
//! | [`sdp`], [`demux`], [`framing`] | what is read from strangers before anything else sees it: offers, candidates, fragments, datagrams, ICE-TCP frames | trust it |
//!
//! A caller needs three things: [`Engine::start`], [`Engine::watch`] or [`Engine::publish`] with a
//! browser's offer, and the [`Session`] that comes back, whose drop ends it.
#![forbid(unsafe_code)]

pub mod demux;
pub mod engine;
mod error;
pub mod framing;
mod limits;
pub mod peer;
pub mod sdp;
#[cfg(feature = "client")]
pub mod swarm;

pub use engine::{
    Closed, Engine, EngineConfig, Ice, Load, Patched, Publish, Report, Session, SessionEvent,
    SessionState, SessionStats, Watch, announced,
};
pub use error::{Error, Refusal};
pub use limits::Limits;
pub use peer::{Pair, Protocol};
