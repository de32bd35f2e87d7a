//! A media thread's way out: sealed datagrams to the socket or connection that they belong to.

use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::time::Instant;

use mio::{Interest, Registry, Token};

use super::super::router::SessionId;
use super::super::tcp::{Connection, Fate};
use super::super::udp::{Arrival, BURST_BYTES, Udp, Way};
use crate::peer::{Flight, Pair, Protocol};

/// Where a session has proven to be.
#[derive(Clone, Copy, Debug)]
pub(super) struct Known {
    pub(super) session: SessionId,
    /// The address of ours that it sends to: answers come from there.
    pub(super) local_ip: Option<IpAddr>,
}

/// Sockets, connections and who is at their other ends.
pub(super) struct Net {
    pub(super) udp: Udp,
    pub(super) registry: Registry,
    pub(super) known: HashMap<SocketAddr, Known>,
    pub(super) connections: HashMap<Token, Connection>,
    pub(super) tcp_of: HashMap<SocketAddr, Token>,
    /// The last address looked up in `known`: a frame's packets all go to one.
    route: Option<(SocketAddr, Option<IpAddr>)>,
    /// Connections that were given something since they were last written.
    unwritten: Vec<Token>,
    next_token: usize,
}

impl Net {
    pub(super) fn new(udp: Udp, registry: Registry, first_token: usize) -> Self {
        Self {
            udp,
            registry,
            known: HashMap::new(),
            connections: HashMap::new(),
            tcp_of: HashMap::new(),
            route: None,
            unwritten: Vec::new(),
            next_token: first_token,
        }
    }

    /// Sends all of a flight, and empties it.
    pub(super) fn send(&mut self, flight: &mut Flight, now: Instant) {
        if flight.is_empty() {
            return;
        }
        let mut route = self.route;
        let Self {
            udp,
            known,
            connections,
            tcp_of,
            unwritten,
            ..
        } = self;
        let one_by_one = |pair: &Pair| pair.protocol == Protocol::Tcp;
        let most = flight
            .datagrams()
            .next()
            .map_or(1, |(pair, _)| udp.most_segments(pair.remote));
        let bursts = flight.bursts(BURST_BYTES, |pair| if one_by_one(pair) { 1 } else { most });
        for burst in bursts {
            let to = burst.pair.remote;
            if burst.pair.protocol == Protocol::Udp {
                let from = route_to(&mut route, known, to);
                udp.send(Way { to, from }, burst.bytes, burst.segment);
                continue;
            }
            // A check of ours for a connection that isn't there is lost, as it would be on UDP.
            let token = tcp_of.get(&to);
            if let Some((token, connection)) =
                token.and_then(|token| Some((token, connections.get_mut(token)?)))
            {
                connection.push(burst.bytes, now);
                if unwritten.last() != Some(token) {
                    unwritten.push(*token);
                }
            }
        }
        self.route = route;
        flight.clear();
        while let Some(token) = self.unwritten.pop() {
            self.write(token, now);
        }
    }

    /// Writes what a connection has waiting; a broken one is closed.
    pub(super) fn write(&mut self, token: Token, now: Instant) {
        let Some(connection) = self.connections.get_mut(&token) else {
            return;
        };
        let was_waiting = connection.is_waiting();
        let fate = connection.write(now);
        let is_waiting = connection.is_waiting();
        if fate == Fate::Over {
            self.disconnect(token);
        } else if was_waiting != is_waiting {
            let interest = if is_waiting {
                Interest::READABLE | Interest::WRITABLE
            } else {
                Interest::READABLE
            };
            let stream = &mut connection.stream;
            if self.registry.reregister(stream, token, interest).is_err() {
                self.disconnect(token);
            }
        }
    }

    /// Remembers that a session is at an address.
    pub(super) fn learn(&mut self, arrival: Arrival, session: SessionId) {
        self.known.insert(
            arrival.from,
            Known {
                session,
                local_ip: arrival.to,
            },
        );
        self.route = None;
    }

    /// Forgets an address, unless another session has it by now.
    pub(super) fn forget(&mut self, address: SocketAddr, session: SessionId) {
        if self
            .known
            .get(&address)
            .is_some_and(|known| known.session == session)
        {
            self.known.remove(&address);
            self.route = None;
        }
    }

    /// Takes a connection in.
    pub(super) fn connect(&mut self, mut connection: Connection) -> Option<Token> {
        let token = Token(self.next_token);
        self.next_token += 1;
        if let Err(error) =
            self.registry
                .register(&mut connection.stream, token, Interest::READABLE)
        {
            tracing::debug!(%error, "ICE-TCP connection");
            return None;
        }
        self.tcp_of.insert(connection.remote, token);
        self.connections.insert(token, connection);
        Some(token)
    }

    /// Gives a connection away, not registered any more.
    pub(super) fn disconnect(&mut self, token: Token) -> Option<Connection> {
        let mut connection = self.connections.remove(&token)?;
        if self.tcp_of.get(&connection.remote) == Some(&token) {
            self.tcp_of.remove(&connection.remote);
        }
        // A closed socket is not registered any more anyway.
        let _ = self.registry.deregister(&mut connection.stream);
        Some(connection)
    }

    /// The connection that a pair uses.
    pub(super) fn connection_of(&self, pair: Option<Pair>) -> Option<&Connection> {
        let pair = pair.filter(|pair| pair.protocol == Protocol::Tcp)?;
        self.connections.get(self.tcp_of.get(&pair.remote)?)
    }
}

/// The address of ours that another side sends to.
fn route_to(
    route: &mut Option<(SocketAddr, Option<IpAddr>)>,
    known: &HashMap<SocketAddr, Known>,
    to: SocketAddr,
) -> Option<IpAddr> {
    match *route {
        Some((last, from)) if last == to => from,
        _ => {
            let from = known.get(&to).and_then(|known| known.local_ip);
            *route = Some((to, from));
            from
        }
    }
}
