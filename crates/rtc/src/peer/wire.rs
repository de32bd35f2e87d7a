//! What a peer takes and gives: datagrams and their addresses, without a socket in sight.

use std::net::SocketAddr;
use std::ops::Range;

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

/// Datagrams on their way out, one behind the other in one buffer, so that a frame's can be handed to
/// the kernel as they lie. Whoever sends them empties it; it is used again and again.
#[derive(Debug, Default)]
pub struct Flight {
    bytes: Vec<u8>,
    datagrams: Vec<(Pair, usize)>,
}

/// Datagrams of one length (the last may be shorter) from one address to another.
#[derive(Clone, Copy, Debug)]
pub struct Burst<'a> {
    /// Where to.
    pub pair: Pair,
    /// All of them.
    pub bytes: &'a [u8],
    /// Bytes of each.
    pub segment: usize,
}

/// A buffer that grew beyond this for a large keyframe is given back when it is emptied.
const KEPT_BYTES: usize = 1 << 20;

impl Flight {
    /// Adds a datagram.
    pub fn push(&mut self, pair: Pair, datagram: &[u8]) {
        self.bytes.extend_from_slice(datagram);
        self.end(pair);
    }

    /// Where a datagram that is built in place begins; [`Self::end`] closes it.
    pub(super) fn open(&mut self) -> &mut Vec<u8> {
        &mut self.bytes
    }

    /// Closes the datagram that was built behind the last one.
    pub(super) fn end(&mut self, pair: Pair) {
        self.datagrams.push((pair, self.bytes.len()));
    }

    /// Forgets what was begun and not closed.
    pub fn abandon(&mut self) {
        let end = self.datagrams.last().map_or(0, |(_, end)| *end);
        self.bytes.truncate(end);
    }

    /// Bytes that wait.
    #[must_use]
    pub fn len(&self) -> usize {
        self.bytes.len()
    }

    /// Whether nothing waits.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.datagrams.is_empty()
    }

    /// Each datagram.
    pub fn datagrams(&self) -> impl Iterator<Item = (Pair, &[u8])> {
        let mut start = 0;
        self.datagrams.iter().map(move |(pair, end)| {
            let range = start..*end;
            start = *end;
            (*pair, self.slice(range))
        })
    }

    /// The datagrams as bursts of at most `most(pair)` pieces and `room` bytes.
    pub fn bursts(
        &self,
        room: usize,
        most: impl Fn(&Pair) -> usize,
    ) -> impl Iterator<Item = Burst<'_>> {
        let (mut at, mut start) = (0, 0);
        std::iter::from_fn(move || {
            let &(pair, end) = self.datagrams.get(at)?;
            let segment = end - start;
            let (mut last, mut count) = (end, 1);
            at += 1;
            // A shorter one may only be the last: the kernel cuts by length alone.
            while let Some(&(next, next_end)) = self.datagrams.get(at)
                && next == pair
                && last - start == segment * count
                && next_end - last <= segment
                && next_end - start <= room
                && count < most(&pair)
            {
                (last, count, at) = (next_end, count + 1, at + 1);
            }
            let bytes = self.slice(start..last);
            start = last;
            Some(Burst {
                pair,
                bytes,
                segment,
            })
        })
    }

    /// Empties it.
    pub fn clear(&mut self) {
        self.datagrams.clear();
        self.bytes.clear();
        if self.bytes.capacity() > KEPT_BYTES {
            self.bytes.shrink_to(KEPT_BYTES);
        }
    }

    fn slice(&self, range: Range<usize>) -> &[u8] {
        self.bytes.get(range).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pair(port: u16) -> Pair {
        Pair {
            protocol: Protocol::Udp,
            local: ([10, 0, 0, 1], 1).into(),
            remote: ([10, 0, 0, 2], port).into(),
        }
    }

    fn bursts(flight: &Flight, room: usize, most: usize) -> Vec<(u16, usize, usize)> {
        let each = |burst: Burst<'_>| (burst.pair.remote.port(), burst.bytes.len(), burst.segment);
        flight.bursts(room, |_| most).map(each).collect()
    }

    #[test]
    fn bursts_are_of_one_length_and_one_address() {
        let mut flight = Flight::default();
        for (port, length) in [
            (1, 100),
            (1, 100),
            (1, 60),
            (1, 60),
            (1, 80),
            (2, 80),
            (2, 80),
        ] {
            flight.push(pair(port), &vec![7; length]);
        }
        let whole = [(1, 260, 100), (1, 60, 60), (1, 80, 80), (2, 160, 80)];
        assert_eq!(bursts(&flight, 1_000, 64), whole);
        assert_eq!(bursts(&flight, 1_000, 1).len(), 7);
        assert_eq!(bursts(&flight, 200, 64)[0], (1, 200, 100));
        assert_eq!(
            flight
                .datagrams()
                .map(|(_, bytes)| bytes.len())
                .sum::<usize>(),
            560
        );
        flight.clear();
        assert!(flight.is_empty() && bursts(&flight, 1_000, 64).is_empty());
    }

    #[test]
    fn what_is_not_closed_does_not_leave() {
        let mut flight = Flight::default();
        flight.push(pair(1), &[1; 10]);
        flight.open().extend_from_slice(&[2; 5]);
        flight.abandon();
        flight.push(pair(1), &[3; 10]);
        assert_eq!(bursts(&flight, 1_000, 64), [(1, 20, 10)]);
    }
}
