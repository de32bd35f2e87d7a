//! What a peer takes and gives: datagrams and their addresses, without a socket in sight.

use std::fmt;
use std::net::SocketAddr;
use std::ops::Deref;

/// What carries the media.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Protocol {
    /// UDP.
    Udp,
    /// ICE-TCP (RFC 6544), the client connected to us.
    Tcp,
}

/// A candidate pair: where media flows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Pair {
    /// UDP or TCP.
    pub protocol: Protocol,
    /// Ours, as announced.
    pub local: SocketAddr,
    /// The other side's, as seen here.
    pub remote: SocketAddr,
}

/// One datagram that came in.
#[derive(Clone, Copy, Debug)]
pub struct Received<'a> {
    /// From `remote` to `local`.
    pub pair: Pair,
    /// At most 1,500.
    pub bytes: &'a [u8],
}

/// One datagram to be sent from `pair.local` to `pair.remote`.
pub struct Sealed {
    /// Where to.
    pub pair: Pair,
    pub(super) bytes: str0m::net::DatagramSend,
}

impl Deref for Sealed {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.bytes
    }
}

impl fmt::Debug for Sealed {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Sealed")
            .field("pair", &self.pair)
            .field("len", &self.bytes.len())
            .finish()
    }
}

impl From<Protocol> for str0m::net::Protocol {
    fn from(protocol: Protocol) -> Self {
        match protocol {
            Protocol::Udp => Self::Udp,
            Protocol::Tcp => Self::Tcp,
        }
    }
}

impl From<&str0m::net::Transmit> for Pair {
    fn from(transmit: &str0m::net::Transmit) -> Self {
        let protocol = match transmit.proto {
            str0m::net::Protocol::Udp => Protocol::Udp,
            // Only these two are ever announced.
            _ => Protocol::Tcp,
        };
        Self {
            protocol,
            local: transmit.source,
            remote: transmit.destination,
        }
    }
}

impl Received<'_> {
    /// `None` when it is no datagram of the WebRTC family.
    pub(super) fn parse(&self) -> Option<str0m::net::Receive<'_>> {
        let Pair {
            protocol,
            local,
            remote,
        } = self.pair;
        str0m::net::Receive::new(protocol.into(), remote, local, self.bytes).ok()
    }
}
