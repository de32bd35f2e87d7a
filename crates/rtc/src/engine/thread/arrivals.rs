//! What comes in, and whose it is.
//!
//! A check (STUN request) is found its session by the name in it; anything else by the address that
//! a check with the right password came from. What belongs to nobody gets no answer, not even an
//! error: a spoofed sender must not be able to make us send.

use mio::Token;
use mio::net::TcpStream;
use std::io;
use std::net::SocketAddr;

use super::super::addresses::announced_for;
use super::super::handle::Command;
use super::super::router::{Owner, SessionId};
use super::super::tcp::{Connection, Fate};
use super::super::udp::{Arrival, ReadBuffer, Udp};
use super::MediaThread;
use crate::demux::{Datagram, classify};
use crate::peer::{Pair, Protocol, Received};

/// Connections accepted per turn.
const ACCEPTS: usize = 64;

impl MediaThread {
    /// Reads everything that is there, as far as a turn goes.
    pub(super) fn read_all(&mut self) {
        for stray in self.handle.take_strays() {
            self.deliver(stray.session, stray.arrival, &stray.bytes);
        }
        for place in 0..self.readable.len() {
            self.read_udp(place);
        }
        if self.acceptable {
            self.accept();
        }
        for _ in 0..self.unread.len() {
            if let Some(token) = self.unread.pop_front() {
                self.read_tcp(token);
            }
        }
        self.has_more |= !self.unread.is_empty() || self.readable.contains(&true);
    }

    fn read_udp(&mut self, place: usize) {
        let mut buffer = self
            .buffer
            .take()
            .unwrap_or_else(|| Box::new(ReadBuffer::new()));
        for _ in 0..Udp::ROUNDS {
            if self.readable.get(place) != Some(&true) {
                break;
            }
            let Some(count) = self.net.udp.read(place, &mut buffer) else {
                if let Some(readable) = self.readable.get_mut(place) {
                    *readable = false;
                }
                break;
            };
            for (arrival, datagram) in buffer.datagrams(count) {
                self.on_datagram(arrival, datagram);
            }
        }
        self.buffer = Some(buffer);
    }

    fn on_datagram(&mut self, arrival: Arrival, bytes: &[u8]) {
        let owner = match classify(bytes) {
            // The newest session of an address may be another than the one known there.
            Some(Datagram::StunRequest { ufrag }) => self.common.router.of_ufrag(ufrag),
            Some(_) => match self.net.known.get(&arrival.from) {
                Some(known) => Some(self.owner(known.session)),
                None => self.common.router.of_address(arrival.from),
            },
            None => None,
        };
        match owner {
            Some(Owner { thread, session }) if thread == self.number => {
                self.deliver(session, arrival, bytes);
            }
            Some(Owner { thread, session }) => {
                if let Some(handle) = self.common.threads().get(thread) {
                    handle.forward(session, arrival, bytes);
                }
            }
            None => {}
        }
    }

    /// Gives a session its datagram, and remembers where it came from once the session says that
    /// its sender knew the password.
    fn deliver(&mut self, session: SessionId, arrival: Arrival, bytes: &[u8]) {
        let remote = arrival.from;
        let Some(local) = announced_for(&self.common.announced, arrival.to, remote.is_ipv4())
        else {
            return;
        };
        let pair = Pair {
            protocol: Protocol::Udp,
            local,
            remote,
        };
        let is_known = self
            .net
            .known
            .get(&remote)
            .is_some_and(|known| known.session == session);
        let moves = self
            .members
            .get(&session)
            .is_some_and(|member| member.core().may_move(self.clock.now));
        if !(is_known || moves) || !self.receive(session, pair, bytes) {
            return;
        }
        let owner = self.owner(session);
        let Some(member) = self.members.get_mut(&session).filter(|_| !is_known) else {
            return;
        };
        let forgotten = member.core_mut().remember(
            self.common.router.claim_address(remote, owner),
            self.clock.now,
        );
        self.net.learn(arrival, session);
        if let Some(claim) = forgotten {
            self.net.forget(claim.address, session);
        }
    }

    /// True when the datagram was a check with the right password.
    fn receive(&mut self, session: SessionId, pair: Pair, bytes: &[u8]) -> bool {
        let mut proven = None;
        self.drive(session, |member, clock, work| {
            let (peer, datagram) = (&mut member.core_mut().peer, Received { pair, bytes });
            peer.receive(datagram, clock.now, &mut work.flight);
            proven = peer.take_proven();
            true
        });
        proven == Some(pair)
    }

    fn accept(&mut self) {
        self.acceptable = false;
        for place in 0..self.listeners.len() {
            for _ in 0..ACCEPTS {
                let Some(listener) = self.listeners.get(place) else {
                    break;
                };
                match listener.accept() {
                    Ok((stream, remote)) => {
                        self.on_connection(stream, remote);
                        self.acceptable = true;
                    }
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                    // No file handle left: tried again with the next check, not at once.
                    Err(error) => {
                        tracing::warn!(%error, "ICE-TCP accept");
                        return;
                    }
                }
            }
        }
        self.has_more |= self.acceptable;
    }

    fn on_connection(&mut self, stream: TcpStream, remote: SocketAddr) {
        let Some(place) = self
            .common
            .places
            .take_tcp(remote.ip(), &self.common.limits)
        else {
            return;
        };
        let connection = Connection::new(stream, remote, place, self.clock.now);
        if let Some(token) = self.net.connect(connection) {
            self.unread.push_back(token);
        }
    }

    pub(super) fn read_tcp(&mut self, token: Token) {
        let Some(connection) = self.net.connections.get_mut(&token) else {
            return;
        };
        let mut datagrams = Vec::new();
        let fate = connection.read(|datagram| datagrams.push(datagram.to_vec()));
        if fate == Fate::Open && connection.may_have_more() {
            self.unread.push_back(token);
        }
        self.on_framed(token, datagrams);
        if fate == Fate::Over {
            self.net.disconnect(token);
        }
    }

    /// Gives the datagrams of a connection to its session; the first one says which that is.
    fn on_framed(&mut self, token: Token, datagrams: Vec<Vec<u8>>) {
        let Some(first) = datagrams.first() else {
            return;
        };
        let Some(claim) = self
            .net
            .connections
            .get(&token)
            .map(|connection| connection.claim)
        else {
            return;
        };
        let session = match claim.session {
            Some(session) => session,
            None => match self.owner_of_first(first) {
                None => {
                    self.net.disconnect(token);
                    return;
                }
                Some(owner) if owner.thread != self.number => {
                    self.hand_over(token, owner, datagrams);
                    return;
                }
                Some(owner) => owner.session,
            },
        };
        for datagram in &datagrams {
            self.deliver_framed(token, session, datagram);
        }
    }

    fn owner_of_first(&self, datagram: &[u8]) -> Option<Owner> {
        match classify(datagram) {
            Some(Datagram::StunRequest { ufrag }) => self.common.router.of_ufrag(ufrag),
            _ => None,
        }
    }

    fn deliver_framed(&mut self, token: Token, session: SessionId, bytes: &[u8]) {
        let Some(connection) = self.net.connections.get_mut(&token) else {
            return;
        };
        connection.claim.session = Some(session);
        let (remote, to, is_proven) = (
            connection.remote,
            connection.local_ip,
            connection.claim.is_proven,
        );
        // SEC-17: nothing but checks before a check has passed.
        if !is_proven && !matches!(classify(bytes), Some(Datagram::StunRequest { .. })) {
            return;
        }
        let Some(local) = announced_for(&self.common.announced, to, remote.is_ipv4()) else {
            return;
        };
        let pair = Pair {
            protocol: Protocol::Tcp,
            local,
            remote,
        };
        if self.receive(session, pair, bytes)
            && let Some(connection) = self.net.connections.get_mut(&token)
        {
            connection.claim.is_proven = true;
        }
    }

    /// The session lives on another thread: so shall the connection.
    fn hand_over(&mut self, token: Token, owner: Owner, datagrams: Vec<Vec<u8>>) {
        let Some(mut connection) = self.net.disconnect(token) else {
            return;
        };
        connection.claim.session = Some(owner.session);
        if let Some(handle) = self.common.threads().get(owner.thread) {
            // A full queue loses the connection; its client tries again.
            let _ = handle.send(Command::Adopt(Box::new(connection), datagrams));
        }
    }

    /// Takes over a connection whose session lives here.
    pub(super) fn adopt(&mut self, connection: Connection, datagrams: Vec<Vec<u8>>) {
        if let Some(token) = self.net.connect(connection) {
            self.on_framed(token, datagrams);
            self.unread.push_back(token);
        }
    }
}
