//! How much of everything. The defaults are the table in the annotated `lenswire.yaml`; raising one
//! is a decision about memory, lowering one about who is turned away.

use std::time::Duration;

use serde::Deserialize;

use super::units::{Bytes, read_duration};

/// Limits, each a key below `limits:`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Limits {
    /// Bytes of one request's header.
    pub header: Bytes,
    /// Bytes of one request's body.
    pub body: Bytes,
    /// Bytes of one SDP, in a body or a message.
    pub sdp: Bytes,
    /// How deep JSON may nest.
    pub json_depth: usize,
    /// How many items one JSON array may have.
    pub json_items: usize,
    /// Time for a request's header to arrive.
    #[serde(deserialize_with = "read_duration")]
    pub header_time: Duration,
    /// Time for a request's body to arrive.
    #[serde(deserialize_with = "read_duration")]
    pub body_time: Duration,
    /// How long a connection may wait for its next request.
    #[serde(deserialize_with = "read_duration")]
    pub idle_time: Duration,
    /// TCP connections of one address: a wall behind one NAT, a proxy or a load test needs many.
    pub connections_per_ip: usize,
    /// TCP connections in all.
    pub connections: usize,
    /// Bytes of one text message on a socket.
    pub ws_text: Bytes,
    /// Bytes of one media message on a socket.
    pub ws_media: Bytes,
    /// Messages waiting for a slow socket.
    pub ws_queue: usize,
    /// How often a socket is asked whether it lives.
    #[serde(deserialize_with = "read_duration")]
    pub ws_ping: Duration,
    /// Time for a socket's first message.
    #[serde(deserialize_with = "read_duration")]
    pub ws_auth_time: Duration,
    /// Sessions on one socket.
    pub sessions_per_socket: usize,
    /// Sessions of one user.
    pub sessions_per_user: usize,
    /// Sessions on one stream.
    pub sessions_per_stream: usize,
    /// Sessions that have not connected yet, of one address.
    pub pending_per_ip: usize,
    /// Sessions that have not connected yet, in all.
    pub pending: usize,
    /// How long a session may take to connect.
    #[serde(deserialize_with = "read_duration")]
    pub pending_time: Duration,
    /// After how much silence a viewer is gone.
    #[serde(deserialize_with = "read_duration")]
    pub vanished_time: Duration,
    /// Media sections in one SDP.
    pub sdp_media: usize,
    /// Candidates that one viewer may name.
    pub candidates: usize,
    /// Streams, live or not.
    pub streams: usize,
    /// Attempts to sign in per minute, of one address with one account.
    pub logins_per_account: u32,
    /// Attempts to sign in per minute, of one address.
    pub logins_per_ip: u32,
    /// API requests per second, of one user.
    pub api_per_user: u32,
    /// WHEP requests per second, of one address.
    pub whep_per_ip: u32,
    /// WHEP requests of one address that may come at once.
    pub whep_burst: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            header: Bytes::kib(16),
            body: Bytes::kib(64),
            sdp: Bytes::kib(64),
            json_depth: 32,
            json_items: 1_000,
            header_time: Duration::from_secs(5),
            body_time: Duration::from_secs(10),
            idle_time: Duration::from_secs(60),
            connections_per_ip: 1_024,
            connections: 8_192,
            ws_text: Bytes::kib(64),
            ws_media: Bytes::mib(4),
            ws_queue: 256,
            ws_ping: Duration::from_secs(15),
            ws_auth_time: Duration::from_secs(5),
            sessions_per_socket: 64,
            sessions_per_user: 64,
            sessions_per_stream: 1_000,
            pending_per_ip: 256,
            pending: 1_024,
            pending_time: Duration::from_secs(15),
            vanished_time: Duration::from_secs(20),
            sdp_media: 16,
            candidates: 20,
            streams: 256,
            logins_per_account: 5,
            logins_per_ip: 30,
            api_per_user: 50,
            whep_per_ip: 100,
            whep_burst: 500,
        }
    }
}
