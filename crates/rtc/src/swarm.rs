//! Many native clients on one thread: load for a server, and eyes for tests.
//!
//! Each has its own socket, like the browsers it stands for, and is a whole peer: checks, DTLS,
//! decryption, reports, NACKs. What it receives is counted and thrown away, or given to a closure.

use std::io::{self, IoSliceMut, Read as _, Write as _};
use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, Instant};

use lenswire_media::Kind;
use mio::net::{TcpStream, UdpSocket};
use mio::{Events, Interest, Poll, Registry, Token};
use quinn_udp::{RecvMeta, UdpSocketState};

use crate::framing::{Deframer, frame};
use crate::peer::client::Sealed;
use crate::peer::client::{Client, ClientError, ClientOutput, ClientPacket};
use crate::peer::{Pair, Protocol, Received};

/// Room for one read: a train of datagrams that the kernel coupled (GRO).
const READ_ROOM: usize = 1 << 16;

/// Why a receiver could not join.
#[derive(Debug, thiserror::Error)]
pub enum JoinError {
    /// No socket.
    #[error("socket: {0}")]
    Socket(#[from] io::Error),
    /// The offer or the answer.
    #[error(transparent)]
    Client(#[from] ClientError),
    /// The server said no.
    #[error("refused: {0}")]
    Refused(String),
}

/// What one receiver has seen.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    /// When ICE and DTLS were up.
    pub connected: Option<Instant>,
    /// When the first video frame was whole.
    pub first_frame: Option<Instant>,
    /// Video frames (RTP markers).
    pub frames: u64,
    /// Packets of all tracks.
    pub packets: u64,
    /// Payload bytes of all tracks.
    pub bytes: u64,
    /// How often the server asked it for a keyframe.
    pub keyframes_wanted: u64,
    /// Whether the server ended it.
    pub has_ended: bool,
}

/// The receivers.
pub struct Swarm {
    poll: Poll,
    events: Events,
    bind: IpAddr,
    members: Vec<Member>,
    room: Vec<u8>,
    now: Instant,
}

impl std::fmt::Debug for Swarm {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Swarm")
            .field("members", &self.members.len())
            .finish_non_exhaustive()
    }
}

struct Member {
    client: Client,
    link: Link,
    local: SocketAddr,
    wake: Instant,
    tally: Tally,
    /// A stopped one reads and says nothing, as a crashed or frozen one.
    is_stopped: bool,
    /// What came while it was stopped is announced no more: it has to be looked for.
    is_unread: bool,
}

enum Link {
    Udp(UdpSocket, UdpSocketState),
    /// Not connected until the first datagram is to be sent.
    Tcp {
        stream: Option<TcpStream>,
        deframer: Deframer,
        out: Vec<u8>,
    },
}

#[expect(
    clippy::disallowed_methods,
    reason = "the load generator's door: the clock is read once per turn"
)]
fn read_clock() -> Instant {
    Instant::now()
}

impl Swarm {
    /// None yet; sockets will be bound to `bind`, which must reach the server's candidates.
    ///
    /// # Errors
    /// The system has no poller left.
    pub fn new(bind: IpAddr) -> io::Result<Self> {
        let poll = Poll::new()?;
        Ok(Self {
            poll,
            events: Events::with_capacity(1_024),
            bind,
            members: Vec::new(),
            room: vec![0; READ_ROOM],
            now: read_clock(),
        })
    }

    /// Offers to receive `kinds`; `negotiate` takes the offer and gives the answer. Gives the
    /// receiver's place.
    ///
    /// # Errors
    /// No socket, or no answer that fits.
    pub fn join(
        &mut self,
        protocol: Protocol,
        kinds: &[Kind],
        negotiate: impl FnOnce(&str) -> Result<String, String>,
    ) -> Result<usize, JoinError> {
        let offer = |address, now| Client::offer(kinds, &[address], now);
        self.enter(protocol, offer, negotiate)
    }

    /// The same, to send `kinds` ([`Client::write`]).
    ///
    /// # Errors
    /// No socket, or no answer that fits.
    pub fn publish(
        &mut self,
        protocol: Protocol,
        kinds: &[Kind],
        negotiate: impl FnOnce(&str) -> Result<String, String>,
    ) -> Result<usize, JoinError> {
        let offer = |address, now| Client::publish(kinds, &[address], now);
        self.enter(protocol, offer, negotiate)
    }

    fn enter(
        &mut self,
        protocol: Protocol,
        offer: impl FnOnce((Protocol, SocketAddr), Instant) -> Result<Client, ClientError>,
        negotiate: impl FnOnce(&str) -> Result<String, String>,
    ) -> Result<usize, JoinError> {
        let place = self.members.len();
        let (link, local) = self.open(protocol, Token(place))?;
        self.now = read_clock();
        let mut client = offer((protocol, local), self.now)?;
        let answer = negotiate(client.sdp()).map_err(JoinError::Refused)?;
        client.accept(&answer)?;
        self.members.push(Member {
            client,
            link,
            local,
            wake: self.now,
            tally: Tally::default(),
            is_stopped: false,
            is_unread: false,
        });
        Ok(place)
    }

    fn open(&self, protocol: Protocol, token: Token) -> io::Result<(Link, SocketAddr)> {
        match protocol {
            Protocol::Udp => {
                let socket = std::net::UdpSocket::bind((self.bind, 0))?;
                let state = UdpSocketState::new((&socket).into())?;
                let local = socket.local_addr()?;
                let mut socket = UdpSocket::from_std(socket);
                self.poll
                    .registry()
                    .register(&mut socket, token, Interest::READABLE)?;
                Ok((Link::Udp(socket, state), local))
            }
            // RFC 6544 section 4.5: an active candidate has port 9.
            Protocol::Tcp => Ok((
                Link::Tcp {
                    stream: None,
                    deframer: Deframer::default(),
                    out: Vec::new(),
                },
                SocketAddr::new(self.bind, 9),
            )),
        }
    }

    /// What each has seen, by its place.
    pub fn tallies(&self) -> impl Iterator<Item = &Tally> {
        self.members.iter().map(|member| &member.tally)
    }

    /// What one has seen.
    #[must_use]
    pub fn tally(&self, place: usize) -> Option<&Tally> {
        self.members.get(place).map(|member| &member.tally)
    }

    /// A receiver's peer, to ask for a keyframe, restart or say goodbye with.
    pub fn client(&mut self, place: usize) -> Option<&mut Client> {
        let member = self.members.get_mut(place)?;
        // Whatever is done to it has to come out.
        member.wake = self.now;
        Some(&mut member.client)
    }

    /// Makes one go silent or talk again: it doesn't read, answer or check.
    pub fn stop(&mut self, place: usize, is_stopped: bool) {
        if let Some(member) = self.members.get_mut(place) {
            member.is_stopped = is_stopped;
            member.is_unread = !is_stopped;
            member.wake = self.now;
        }
    }

    /// Runs until `done` says so or `most` has passed; whether it did.
    pub fn run(&mut self, most: Duration, mut done: impl FnMut(&Self) -> bool) -> bool {
        self.watch(most, &mut done, &mut |_, _| {})
    }

    /// The same, with each packet given to `each` together with its receiver's place.
    pub fn watch(
        &mut self,
        most: Duration,
        done: &mut dyn FnMut(&Self) -> bool,
        each: &mut dyn FnMut(usize, &ClientPacket),
    ) -> bool {
        let end = read_clock() + most;
        loop {
            self.now = read_clock();
            self.advance(each);
            if done(self) {
                return true;
            }
            if self.now >= end {
                return false;
            }
            let wake = self
                .members
                .iter()
                .filter(|member| !member.is_stopped)
                .map(|member| member.wake)
                .min();
            // Looked at often, so that `done` may ask about other things than packets.
            let until = wake
                .unwrap_or(end)
                .min(end)
                .min(self.now + Duration::from_millis(5));
            if self
                .poll
                .poll(
                    &mut self.events,
                    Some(until.saturating_duration_since(self.now)),
                )
                .is_err()
            {
                continue;
            }
            self.now = read_clock();
            let ready: Vec<usize> = self.events.iter().map(|event| event.token().0).collect();
            let Self {
                members,
                poll,
                room,
                now,
                ..
            } = self;
            for place in ready {
                if let Some(member) = members.get_mut(place).filter(|member| !member.is_stopped) {
                    let registry = poll.registry();
                    member.read(
                        room,
                        &mut Turn {
                            now: *now,
                            place,
                            registry,
                            each,
                        },
                    );
                }
            }
        }
    }

    fn advance(&mut self, each: &mut dyn FnMut(usize, &ClientPacket)) {
        let Self {
            members,
            poll,
            room,
            now,
            ..
        } = self;
        for (place, member) in members
            .iter_mut()
            .enumerate()
            .filter(|(_, member)| !member.is_stopped)
        {
            let registry = poll.registry();
            let mut turn = Turn {
                now: *now,
                place,
                registry,
                each,
            };
            if std::mem::take(&mut member.is_unread) {
                member.read(room, &mut turn);
            }
            if member.wake <= *now {
                member.client.advance(*now);
                member.drain(&mut turn);
            }
        }
    }
}

/// What a receiver needs while it is driven.
struct Turn<'a> {
    now: Instant,
    place: usize,
    registry: &'a Registry,
    each: &'a mut dyn FnMut(usize, &ClientPacket),
}

impl Member {
    fn read(&mut self, room: &mut [u8], turn: &mut Turn<'_>) {
        while let Some((remote, length, stride)) = self.link.receive(room) {
            let bytes = room.get(..length).unwrap_or_default();
            let mut datagrams = Vec::new();
            match &mut self.link {
                Link::Udp(..) => {
                    for bytes in bytes.chunks(stride.max(1)) {
                        self.take(Protocol::Udp, remote, bytes, turn);
                    }
                }
                Link::Tcp { deframer, .. } => {
                    let framed = deframer.push(bytes, |datagram| datagrams.push(datagram.to_vec()));
                    self.tally.has_ended |= framed.is_err();
                }
            }
            for bytes in &datagrams {
                self.take(Protocol::Tcp, remote, bytes, turn);
            }
        }
    }

    fn take(&mut self, protocol: Protocol, remote: SocketAddr, bytes: &[u8], turn: &mut Turn<'_>) {
        let pair = Pair {
            protocol,
            local: self.local,
            remote,
        };
        self.client.receive(Received { pair, bytes }, turn.now);
        self.drain(turn);
    }

    fn drain(&mut self, turn: &mut Turn<'_>) {
        let now = turn.now;
        loop {
            match self.client.poll() {
                ClientOutput::Send(sealed) => {
                    self.link.send(&sealed, Token(turn.place), turn.registry);
                }
                ClientOutput::Connected => {
                    self.tally.connected = self.tally.connected.or(Some(now));
                }
                ClientOutput::Packet(packet) => {
                    self.tally.count(&packet, now);
                    (turn.each)(turn.place, &packet);
                }
                ClientOutput::KeyframeWanted => self.tally.keyframes_wanted += 1,
                ClientOutput::Report { .. } => {}
                ClientOutput::Ended => self.tally.has_ended = true,
                ClientOutput::Wake(at) => {
                    self.wake = at;
                    return;
                }
            }
        }
    }
}

impl Tally {
    fn count(&mut self, packet: &ClientPacket, now: Instant) {
        self.packets += 1;
        self.bytes += packet.payload.len() as u64;
        if packet.kind == Kind::Video && packet.marker {
            self.frames += 1;
            self.first_frame = self.first_frame.or(Some(now));
        }
    }
}

impl Link {
    /// Reads once: who sent it, how much, and how long each datagram in it is.
    fn receive(&mut self, room: &mut [u8]) -> Option<(SocketAddr, usize, usize)> {
        match self {
            Self::Udp(socket, state) => {
                let mut meta = [RecvMeta::default()];
                let read = socket.try_io(|| {
                    state.recv((&*socket).into(), &mut [IoSliceMut::new(room)], &mut meta)
                });
                let [meta] = meta;
                read.ok().map(|_| (meta.addr, meta.len, meta.stride))
            }
            Self::Tcp { stream, .. } => {
                let stream = stream.as_mut()?;
                let remote = stream.peer_addr().ok()?;
                match stream.read(room) {
                    Ok(length @ 1..) => Some((remote, length, length)),
                    _ => None,
                }
            }
        }
    }

    fn send(&mut self, sealed: &Sealed, token: Token, registry: &Registry) {
        let remote = sealed.pair.remote;
        match self {
            // A check or report that is lost is repeated.
            Self::Udp(socket, _) => drop(socket.send_to(sealed, remote)),
            Self::Tcp { stream, out, .. } => {
                if stream.is_none() {
                    *stream = connect(remote, token, registry);
                }
                frame(sealed, out);
                if let Some(Ok(count)) = stream.as_mut().map(|stream| stream.write(out)) {
                    out.drain(..count);
                }
            }
        }
    }
}

fn connect(remote: SocketAddr, token: Token, registry: &Registry) -> Option<TcpStream> {
    let mut stream = TcpStream::connect(remote).ok()?;
    registry
        .register(&mut stream, token, Interest::READABLE)
        .ok()?;
    Some(stream)
}
