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
const BURST_BYTES: usize = 60_000;

/// Most bytes that wait for a send queue that is full: 30 ms of a gigabit link. More would be delay.
const BACKLOG_BYTES: usize = 4 << 20;

/// The sockets of one thread, at most one per address family.
pub(super) struct Udp {
    registry: Registry,
    sockets: Vec<Port>,
    burst: Burst,
    /// Datagrams given up because the send queue stayed full.
    pub(super) dropped: u64,
}

/// Datagrams of one length (the last may be shorter) for one address.
#[derive(Debug, Default)]
struct Burst {
    to: Option<(SocketAddr, Option<IpAddr>)>,
    bytes: Vec<u8>,
    segment: usize,
}

impl Burst {
    fn count(&self) -> u64 {
        if self.segment == 0 {
            0
        } else {
            self.bytes.len().div_ceil(self.segment) as u64
        }
    }

    /// Whether a datagram can ride along.
    fn takes(&self, to: (SocketAddr, Option<IpAddr>), length: usize, most: usize) -> bool {
        let has_short_end = self.segment == 0 || !self.bytes.len().is_multiple_of(self.segment);
        self.to == Some(to)
            && !has_short_end
            && length <= self.segment
            && self.bytes.len() / self.segment < most
            && self.bytes.len() + length <= BURST_BYTES
    }
}

struct Port {
    token: Token,
    socket: UdpSocket,
    state: UdpSocketState,
    is_ipv4: bool,
    backlog: VecDeque<Burst>,
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
            burst: Burst::default(),
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

    /// Adds a datagram to the burst, sending what was there when it doesn't fit. `from` is the
    /// address of ours that the other side sent to.
    pub(super) fn push(&mut self, to: SocketAddr, from: Option<IpAddr>, datagram: &[u8]) {
        let most = self
            .port_for(to)
            .map_or(1, |port| port.state.max_gso_segments());
        if !self.burst.takes((to, from), datagram.len(), most) {
            self.flush();
            self.burst.to = Some((to, from));
            self.burst.segment = datagram.len();
        }
        self.burst.bytes.extend_from_slice(datagram);
    }

    /// Sends the burst.
    pub(super) fn flush(&mut self) {
        let Some((to, _)) = self.burst.to else { return };
        let Some(port) = self
            .sockets
            .iter_mut()
            .find(|port| port.is_ipv4 == to.is_ipv4())
        else {
            self.burst = Burst::default();
            return;
        };
        if port.backlog.is_empty() && port.send(&self.burst) {
            // Kept for the next burst: no allocation per frame and viewer.
            self.burst.bytes.clear();
            self.burst.to = None;
            return;
        }
        let burst = std::mem::take(&mut self.burst);
        if port.backlog.is_empty() {
            // Asked for only now: a UDP socket says that it is writable after every datagram.
            port.watch(&self.registry, Interest::READABLE | Interest::WRITABLE);
        }
        if port.backlog_bytes + burst.bytes.len() > BACKLOG_BYTES {
            self.dropped += burst.count();
        } else {
            port.backlog_bytes += burst.bytes.len();
            port.backlog.push_back(burst);
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
        while let Some(burst) = port.backlog.pop_front() {
            if !port.send(&burst) {
                port.backlog.push_front(burst);
                return;
            }
            port.backlog_bytes -= burst.bytes.len();
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
    fn send(&self, burst: &Burst) -> bool {
        let Some((destination, src_ip)) = burst.to else {
            return true;
        };
        // A burst that was made before the kernel refused to cut goes piece by piece.
        let whole = self.state.max_gso_segments() as u64 >= burst.count();
        let pieces = burst.bytes.chunks(if whole {
            burst.bytes.len().max(1)
        } else {
            burst.segment.max(1)
        });
        for contents in pieces {
            let segment_size = (contents.len() > burst.segment).then_some(burst.segment);
            let transmit = Transmit {
                destination,
                ecn: None,
                contents,
                segment_size,
                src_ip,
            };
            let sent = self
                .socket
                .try_io(|| self.state.try_send((&self.socket).into(), &transmit));
            match sent {
                Ok(()) => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return false,
                Err(error) => tracing::trace!(%error, %destination, "send"),
            }
        }
        true
    }
}
