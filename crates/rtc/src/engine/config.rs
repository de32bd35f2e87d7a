//! How an engine is set up.

use std::net::IpAddr;

use crate::Limits;

/// Which ICE agent viewers meet (RFC 8445).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Ice {
    /// Full, in the controlled role: also sends checks, so it works from behind a NAT.
    #[default]
    Full,
    /// Only answers checks (section 2.5): for a hub with a public address.
    Lite,
}

/// What [`Engine::start`](crate::Engine::start) needs to know.
#[derive(Clone, Debug, Default)]
pub struct EngineConfig {
    /// The one UDP and TCP port for all media; 0 = any.
    pub port: u16,
    /// Addresses to announce. Empty = the machine's own, without loopback unless it has nothing else
    /// (browsers never pair with a loopback candidate) and without link-local ones.
    pub addresses: Vec<IpAddr>,
    /// Full by default.
    pub ice: Ice,
    /// Media threads; 0 = one per core.
    pub threads: usize,
    /// Bounds.
    pub limits: Limits,
}
