//! What one process takes on. Each is a configuration key of the same name.

use std::time::Duration;

/// Bounds of an [`Engine`](crate::Engine). What an offer may contain is fixed in [`crate::sdp`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Sessions alive at once, connected or not. 0 = no bound but memory.
    pub sessions: usize,
    /// Sessions whose ICE has not connected yet, in all; a flood of offers stops here.
    pub pending: usize,
    /// The same per [`Watch::client`](crate::Watch::client). A wall of tiles behind one NAT stays below.
    pub pending_per_client: usize,
    /// How long ICE and DTLS may take before the session is closed.
    pub pending_life: Duration,
    /// Silence after which a peer counts as gone (no authenticated datagram, RFC 7675 consent included).
    pub vanished_after: Duration,
    /// Packets retransmitted to one viewer per second; more is a broken or hostile receiver.
    pub retransmits_per_second: u32,
    /// ICE-TCP connections in all.
    pub tcp_connections: usize,
    /// ICE-TCP connections from one address.
    pub tcp_connections_per_address: usize,
    /// How long an ICE-TCP connection may take to send its first STUN request.
    pub tcp_first_request: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            sessions: 0,
            pending: 1_024,
            pending_per_client: 256,
            pending_life: Duration::from_secs(15),
            vanished_after: Duration::from_secs(20),
            retransmits_per_second: 200,
            tcp_connections: 1_024,
            tcp_connections_per_address: 64,
            tcp_first_request: Duration::from_secs(5),
        }
    }
}
