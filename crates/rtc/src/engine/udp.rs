//! A media thread's UDP sockets: datagrams in by the batch, bursts out in one call each.
//!
//! What goes to one viewer in one go is one burst: equal datagrams behind each other, which the
//! kernel cuts (GSO). Where it can't, quinn-udp says so by taking one segment at a time.

use std::collections::VecDeque;
use std::io::{self, IoSliceMut};
use std::net::{IpAddr, SocketAddr};

use mio::net::UdpSocket;
use mio::{Interest, Registry, Token};
use quinn_udp::{RecvMeta, Transmit, UdpSocketState};

/// Datagrams read by one call; each may be a train that the kernel coupled (GRO).
const READS: usize = 16;

/// Room for each: the largest train.
const READ_ROOM: usize = 1 << 16;

/// Calls per socket and turn. A flood must not keep the thread from sending: what is left is read
/// after the viewers have got their packets.
const READ_ROUNDS: usize = 4;

/// Most bytes of a burst: what fits the length field of the IP packet it travels in as far as the
/// kernel, with headers to spare.
pub(super) const BURST_BYTES: usize = 60_000;

/// Most bytes that wait for a send queue that is full: 30 ms of a gigabit link. More would be delay.
const BACKLOG_BYTES: usize = 4 << 20;

/// The sockets of one thread, at most one per address family.
pub(super) struct Udp {
    registry: Registry,
    sockets: Vec<Port>,
    /// Datagrams given up because the send queue stayed full.
    pub(super) dropped: u64,
}

/// Where a burst goes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Way {
    pub(super) to: SocketAddr,
    /// The address of ours that the other side sends to.
    pub(super) from: Option<IpAddr>,
}

/// Datagrams of one length (the last may be shorter) that found the send queue full.
#[derive(Debug)]
struct Held {
    way: Way,
    bytes: Vec<u8>,
    segment: usize,
}

struct Port {
    token: Token,
    socket: UdpSocket,
    state: UdpSocketState,
    is_ipv4: bool,
    backlog: VecDeque<Held>,
    backlog_bytes: usize,
}

/// Where a datagram came from and which address of ours it was sent to.
#[derive(Clone, Copy, Debug)]
pub(super) struct Arrival {
    pub(super) from: SocketAddr,
    pub(super) to: Option<IpAddr>,
}

/// Room for what is read, kept apart from the sockets so that datagrams can be looked at while
/// others are sent.
pub(super) struct ReadBuffer {
    bytes: Vec<u8>,
    meta: [RecvMeta; READS],
}

impl ReadBuffer {
    pub(super) fn new() -> Self {
        Self {
            bytes: vec![0; READS * READ_ROOM],
            meta: [RecvMeta::default(); READS],
        }
    }

    /// The datagrams of the last read.
    pub(super) fn datagrams(&self, count: usize) -> impl Iterator<Item = (Arrival, &[u8])> {
        let trains = self
            .meta
            .iter()
            .take(count)
            .zip(self.bytes.chunks(READ_ROOM));
        trains.flat_map(|(meta, room)| {
            let arrival = Arrival {
                from: meta.addr,
                to: meta.dst_ip,
            };
            let train = room.get(..meta.len).unwrap_or_default();
            train
                .chunks(meta.stride.max(1))
                .map(move |datagram| (arrival, datagram))
        })
    }
}

impl Udp {
    pub(super) fn new(
        sockets: Vec<std::net::UdpSocket>,
        registry: &Registry,
        first: Token,
    ) -> io::Result<Self> {
        let registry = registry.try_clone()?;
        let mut ports = Vec::new();
        for (socket, token) in sockets.into_iter().zip(first.0..) {
            let is_ipv4 = socket.local_addr()?.is_ipv4();
            let state = UdpSocketState::new((&socket).into())?;
            let mut socket = UdpSocket::from_std(socket);
            let token = Token(token);
            registry.register(&mut socket, token, Interest::READABLE)?;
            ports.push(Port {
                token,
                socket,
                state,
                is_ipv4,
                backlog: VecDeque::new(),
                backlog_bytes: 0,
            });
        }
        Ok(Self {
            registry,
            sockets: ports,
            dropped: 0,
        })
    }

    /// How many sockets there are; their tokens count up from the first.
    pub(super) fn len(&self) -> usize {
        self.sockets.len()
    }

    /// Reads once into `buffer` and says how many trains came; `None` = nothing more is there.
    pub(super) fn read(&self, place: usize, buffer: &mut ReadBuffer) -> Option<usize> {
        let port = self.sockets.get(place)?;
        let mut rooms = buffer.bytes.chunks_mut(READ_ROOM);
        let mut slices: [IoSliceMut<'_>; READS] =
            std::array::from_fn(|_| IoSliceMut::new(rooms.next().unwrap_or_default()));
        loop {
            let read = port.socket.try_io(|| {
                port.state
                    .recv((&port.socket).into(), &mut slices, &mut buffer.meta)
            });
            match read {
                Ok(count) => return Some(count),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return None,
                // An ICMP error of a viewer that went away; the next read gives datagrams again.
                Err(error) => {
                    tracing::trace!(%error, "receive");
                    if !matches!(
                        error.kind(),
                        io::ErrorKind::ConnectionRefused | io::ErrorKind::ConnectionReset
                    ) {
                        return None;
                    }
                }
            }
        }
    }

    /// How often [`Udp::read`] may be called per socket and turn.
    pub(super) const ROUNDS: usize = READ_ROUNDS;

    /// How many datagrams one call takes to this address.
    pub(super) fn most_segments(&self, to: SocketAddr) -> usize {
        self.port_for(to)
            .map_or(1, |port| port.state.max_gso_segments())
    }

    /// Sends datagrams of `segment` bytes each (the last may be shorter) as they lie. When the send
    /// queue is full they wait; when too much waits already, they are given up and counted.
    pub(super) fn send(&mut self, way: Way, bytes: &[u8], segment: usize) {
        let is_ipv4 = way.to.is_ipv4();
        let Some(port) = self.sockets.iter_mut().find(|port| port.is_ipv4 == is_ipv4) else {
            return;
        };
        if port.backlog.is_empty() {
            if port.send(way, bytes, segment) {
                return;
            }
            // Asked for only now: a UDP socket says that it is writable after every datagram.
            port.watch(&self.registry, Interest::READABLE | Interest::WRITABLE);
        }
        if port.backlog_bytes + bytes.len() > BACKLOG_BYTES {
            self.dropped += bytes.len().div_ceil(segment.max(1)) as u64;
        } else {
            port.backlog_bytes += bytes.len();
            port.backlog.push_back(Held {
                way,
                bytes: bytes.to_vec(),
                segment,
            });
        }
    }

    /// The socket can send again: what waited goes first.
    pub(super) fn on_writable(&mut self, place: usize) {
        let Some(port) = self
            .sockets
            .get_mut(place)
            .filter(|port| !port.backlog.is_empty())
        else {
            return;
        };
        while let Some(held) = port.backlog.pop_front() {
            if !port.send(held.way, &held.bytes, held.segment) {
                port.backlog.push_front(held);
                return;
            }
            port.backlog_bytes -= held.bytes.len();
        }
        port.watch(&self.registry, Interest::READABLE);
    }

    fn port_for(&self, to: SocketAddr) -> Option<&Port> {
        self.sockets
            .iter()
            .find(|port| port.is_ipv4 == to.is_ipv4())
    }
}

impl Port {
    fn watch(&mut self, registry: &Registry, interest: Interest) {
        if let Err(error) = registry.reregister(&mut self.socket, self.token, interest) {
            tracing::warn!(%error, "media socket");
        }
    }

    /// False when the send queue is full. Other errors cost the burst: an unreachable viewer is
    /// noticed by its silence.
    fn send(&self, way: Way, bytes: &[u8], segment: usize) -> bool {
        let segment = segment.max(1);
        // A burst that was made before the kernel refused to cut goes piece by piece.
        let whole = self.state.max_gso_segments() >= bytes.len().div_ceil(segment);
        let pieces = bytes.chunks(if whole { bytes.len().max(1) } else { segment });
        for contents in pieces {
            let transmit = Transmit {
                destination: way.to,
                ecn: None,
                contents,
                segment_size: (contents.len() > segment).then_some(segment),
                src_ip: way.from,
            };
            let sent = self
                .socket
                .try_io(|| self.state.try_send((&self.socket).into(), &transmit));
            match sent {
                Ok(()) => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return false,
                Err(error) => tracing::trace!(%error, destination = %way.to, "send"),
            }
        }
        true
    }
}
