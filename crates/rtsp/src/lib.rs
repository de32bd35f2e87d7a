//! RTSP 1.0 (RFC 2326) as state machines: bytes and time in, bytes and events out.
//!
//! What a camera says over its control connection, its interleaved frames and its datagrams goes
//! into [`Client::handle`]; what to send, to open and to tell comes out of [`Client::poll`]. There
//! is no socket, no clock and no thread in here, so every camera quirk is a transcript
//! (`testdata/cameras`) that a test replays on a clock of its own.
//!
//! | module | owns |
//! |---|---|
//! | [`wire`] | where a message or an interleaved frame begins and ends, within limits |
//! | [`address`] | the URL of a camera without its password, and the password |
//! | [`auth`] | the answer to `WWW-Authenticate`, and whether a second refusal is final |
//! | [`sdp`] | what a camera announces, reduced to what can be carried |
//! | [`transport`] | the `Transport` and `Session` headers |
//! | [`rtp`] | one track's packets: order, source, losses, receiver reports |
//! | [`client`] | the dialogue: OPTIONS, DESCRIBE, SETUP, PLAY, keep-alive, TEARDOWN |
//!
//! Messages are `rtsp-types`, session descriptions `sdp-types`, challenges `http-auth`, packets
//! `rtp-types` and `rtcp-types`. Each is strict where cameras are not, so a small normaliser
//! stands in front of it ([`wire::head`], [`sdp`], [`auth`]). `rtsp-types`' typed headers are not
//! used on what a camera sends: `Transport` panics on a lone quotation mark, `Session` loses the
//! timeout behind a space.
#![forbid(unsafe_code)]

pub mod address;
pub mod auth;
pub mod client;
mod end;
pub mod rtp;
pub mod sdp;
mod text;
pub mod transport;
pub mod wire;

pub use address::{Address, AddressError, Credentials};
pub use client::{Carriage, Client, Event, Input, Options, Output, Rtp, Transport, Warning};
pub use end::{End, Moment};
pub use wire::Protocol;
