//! ICE-TCP connections (RFC 6544, passive): the client connects, says by its first STUN request
//! whose it is, and from then on datagrams go both ways, framed.

use std::collections::VecDeque;
use std::io::{self, Read as _, Write as _};
use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, Instant};

use mio::net::TcpStream;

use super::places::TcpPlace;
use super::router::SessionId;
use crate::framing::{Deframer, HEADER, Oversized, frame};

/// Most bytes that wait for a client that reads slowly.
const OUTBOX_BYTES: usize = 2 << 20;

/// Longest that a byte may wait. What is older isn't live: nothing more is added until it is gone.
const OUTBOX_TIME: Duration = Duration::from_secs(1);

/// A client that has not taken a byte for so long is gone or too slow for good.
const STUCK_TIME: Duration = Duration::from_secs(10);

/// Bytes read at once.
const READ_ROOM: usize = 1 << 14;

/// Reads per connection and turn: what a client sends are reports.
const READ_ROUNDS: usize = 4;

/// Whose connection it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Claim {
    /// The session that its first request named; `None` = nothing has come yet.
    pub(super) session: Option<SessionId>,
    /// Its client knew the password. Until then it has to hurry.
    pub(super) is_proven: bool,
    /// When it was accepted.
    pub(super) since: Instant,
}

/// One connection.
#[derive(Debug)]
pub(super) struct Connection {
    pub(super) stream: TcpStream,
    pub(super) remote: SocketAddr,
    /// The address of ours that it came to.
    pub(super) local_ip: Option<IpAddr>,
    pub(super) claim: Claim,
    deframer: Deframer,
    outbox: Outbox,
    _place: TcpPlace,
}

/// What became of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    Open,
    /// Closed by the client, broken, or talking nonsense.
    Over,
}

impl Connection {
    pub(super) fn new(
        stream: TcpStream,
        remote: SocketAddr,
        place: TcpPlace,
        now: Instant,
    ) -> Self {
        // A frame's packets must not wait for each other's acknowledgements.
        let _ = stream.set_nodelay(true);
        let local_ip = stream.local_addr().ok().map(|address| address.ip());
        let claim = Claim {
            session: None,
            is_proven: false,
            since: now,
        };
        Self {
            stream,
            remote,
            local_ip,
            claim,
            deframer: Deframer::default(),
            outbox: Outbox::default(),
            _place: place,
        }
    }

    /// Reads what is there and gives each datagram to `each`.
    pub(super) fn read(&mut self, mut each: impl FnMut(&[u8])) -> Fate {
        let mut room = [0; READ_ROOM];
        for _ in 0..READ_ROUNDS {
            match self.stream.read(&mut room) {
                Ok(0) => return Fate::Over,
                Ok(count) => {
                    let bytes = room.get(..count).unwrap_or_default();
                    if let Err(Oversized(length)) = self.deframer.push(bytes, &mut each) {
                        tracing::debug!(length, remote = %self.remote, "ICE-TCP frame too large");
                        return Fate::Over;
                    }
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Fate::Open,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(_) => return Fate::Over,
            }
        }
        Fate::Open
    }

    /// Whether more may be there than one turn reads.
    pub(super) fn may_have_more(&self) -> bool {
        // mio's events are edges: after as many reads as a turn allows, the socket is looked at again.
        self.stream.peek(&mut [0]).is_ok_and(|count| count > 0)
    }

    /// Adds a datagram to what will be written.
    pub(super) fn push(&mut self, datagram: &[u8], now: Instant) {
        self.outbox.push(datagram, now);
    }

    /// Writes what the client takes.
    pub(super) fn write(&mut self, now: Instant) -> Fate {
        while let Some(bytes) = self.outbox.front() {
            match self.stream.write(bytes) {
                Ok(0) => return Fate::Over,
                Ok(count) => self.outbox.pop(count, now),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    self.outbox.was_refused = true;
                    return Fate::Open;
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(_) => return Fate::Over,
            }
        }
        self.outbox.was_refused = false;
        Fate::Open
    }

    /// Whether the socket is full and something waits for it.
    pub(super) fn is_waiting(&self) -> bool {
        self.outbox.was_refused
    }

    /// Whether the client is so far behind that nothing more should be made for it now.
    pub(super) fn is_behind(&self, now: Instant) -> bool {
        self.outbox.is_over(now)
    }

    /// Whether it has stopped reading for good.
    pub(super) fn is_stuck(&self, now: Instant) -> bool {
        self.outbox.is_stuck(now)
    }
}

/// Bytes on their way, with the times they were added.
#[derive(Debug, Default)]
struct Outbox {
    bytes: Vec<u8>,
    /// How much of them is written.
    written: usize,
    /// Ends of what was added, in `bytes`, and when.
    marks: VecDeque<(usize, Instant)>,
    /// When a byte last went, or when the outbox was last empty.
    moved: Option<Instant>,
    /// The socket took no more at the last try: it says when it does again.
    was_refused: bool,
}

impl Outbox {
    fn push(&mut self, datagram: &[u8], now: Instant) {
        if self.bytes.is_empty() {
            self.moved = Some(now);
        }
        if self.bytes.len() + HEADER + datagram.len() > 2 * OUTBOX_BYTES
            || !frame(datagram, &mut self.bytes)
        {
            // Twice the bound is never reached by what asks `is_over` first; checks and reports,
            // which don't, are repeated by their protocols.
            return;
        }
        let end = self.bytes.len();
        match self.marks.back_mut() {
            Some((last, at)) if *at == now => *last = end,
            _ => self.marks.push_back((end, now)),
        }
    }

    fn front(&self) -> Option<&[u8]> {
        self.bytes
            .get(self.written..)
            .filter(|bytes| !bytes.is_empty())
    }

    fn pop(&mut self, count: usize, now: Instant) {
        self.moved = Some(now);
        self.written += count;
        while self
            .marks
            .front()
            .is_some_and(|(end, _)| *end <= self.written)
        {
            self.marks.pop_front();
        }
        if self.written == self.bytes.len() {
            self.bytes.clear();
            self.written = 0;
        } else if self.written > OUTBOX_BYTES / 2 {
            self.bytes.drain(..self.written);
            self.marks
                .iter_mut()
                .for_each(|(end, _)| *end -= self.written);
            self.written = 0;
        }
    }

    fn is_over(&self, now: Instant) -> bool {
        let oldest = self
            .marks
            .front()
            .map(|(_, at)| now.saturating_duration_since(*at));
        self.bytes.len() - self.written > OUTBOX_BYTES
            || oldest.is_some_and(|age| age > OUTBOX_TIME)
    }

    fn is_stuck(&self, now: Instant) -> bool {
        !self.bytes.is_empty()
            && self
                .moved
                .is_some_and(|at| now.saturating_duration_since(at) > STUCK_TIME)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[expect(clippy::disallowed_methods, reason = "a test's beginning of time")]
    #[test]
    fn an_outbox_is_over_by_size_or_age_and_recovers() {
        // C1
        let now = Instant::now();
        let later = |ms| now + Duration::from_millis(ms);
        let mut outbox = Outbox::default();
        outbox.push(&[7; 1_000], now);
        assert!(!outbox.is_over(later(1_000)));
        assert!(outbox.is_over(later(1_001)));
        assert!(outbox.is_stuck(later(10_001)) && !outbox.is_stuck(later(9_999)));
        outbox.pop(1_002, later(2_000));
        assert!(!outbox.is_over(later(3_000)) && !outbox.is_stuck(later(60_000)));
        assert_eq!(outbox.front(), None);
        while !outbox.is_over(now) {
            outbox.push(&[7; 1_000], now);
        }
        assert!(outbox.bytes.len() <= OUTBOX_BYTES + 1_002);
        let before = outbox.bytes.len();
        outbox.pop(before - 1_002, later(1));
        assert_eq!(outbox.front().map(<[u8]>::len), Some(1_002));
        assert!(!outbox.is_over(now));
        assert_eq!(outbox.marks.len(), 1);
    }
}
