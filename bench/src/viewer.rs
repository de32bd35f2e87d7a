//! One viewer as a browser would be: ICE, DTLS, every packet decrypted and counted, RTCP sent.

use std::io::{self, IoSliceMut};
use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use lenswire_rtc::peer::client::{Client, ClientOutput, ClientPacket};
use lenswire_rtc::peer::{Pair, Protocol, Received};
use mio::net::UdpSocket;
use mio::{Events, Interest, Poll, Token};
use nix::sys::socket::{setsockopt, sockopt};
use quinn_udp::{BATCH_SIZE, RecvMeta, UdpSocketState};
use socket2::{Domain, Socket, Type};

use crate::arrival::{Arrival, ending};
use crate::clock;
use crate::door::{Door, Exit};

/// Asked of the kernel for each viewer's socket: a keyframe and more.
const RECEIVE_BUFFER: usize = 1 << 20;

/// Longest datagram that is read.
const DATAGRAM: usize = 2_048;

/// What one viewer has seen.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Seen {
    /// RTP packets, each once.
    pub(crate) packets: u64,
    /// Their payload, in bytes: the media itself, without any header.
    pub(crate) bytes: u64,
    /// Numbers of video packets that never came.
    pub(crate) lost: u64,
    /// Pictures that came to their end.
    pub(crate) frames: u64,
}

impl Seen {
    pub(crate) fn plus(self, other: Self) -> Self {
        Self {
            packets: self.packets + other.packets,
            bytes: self.bytes + other.bytes,
            lost: self.lost + other.lost,
            frames: self.frames + other.frames,
        }
    }

    pub(crate) fn since(self, before: Self) -> Self {
        Self {
            packets: self.packets - before.packets,
            bytes: self.bytes - before.bytes,
            // A repair may come later than the count.
            lost: self.lost.saturating_sub(before.lost),
            frames: self.frames - before.frames,
        }
    }
}

/// Where datagrams are read to; one is enough for all viewers of a thread.
pub(crate) struct Room(Vec<[u8; DATAGRAM]>);

impl Default for Room {
    fn default() -> Self {
        Self(vec![[0; DATAGRAM]; BATCH_SIZE])
    }
}

/// One viewer.
pub(crate) struct Viewer {
    client: Client,
    socket: UdpSocket,
    state: UdpSocketState,
    local: SocketAddr,
    exit: Option<Exit>,
    pub(crate) wake: Instant,
    pub(crate) connected: bool,
    pub(crate) ended: bool,
    pub(crate) seen: Seen,
    /// The ends of pictures, while they are noted.
    pub(crate) arrivals: Option<Vec<Arrival>>,
    newest: Option<u64>,
}

impl Viewer {
    /// Negotiates, receiving at `local`; the media comes later.
    pub(crate) fn join(door: &Door, local: IpAddr) -> Result<Self> {
        let (socket, state) = open(local)?;
        let local = socket.local_addr()?;
        let (client, exit) = door.enter(local)?;
        Ok(Self {
            client,
            socket,
            state,
            local,
            exit,
            wake: clock::now(),
            connected: false,
            ended: false,
            seen: Seen::default(),
            arrivals: None,
            newest: None,
        })
    }

    pub(crate) fn socket(&mut self) -> &mut UdpSocket {
        &mut self.socket
    }

    pub(crate) fn plays(&self) -> bool {
        self.connected && self.seen.frames > 0
    }

    /// Serves it alone until it has a picture.
    pub(crate) fn wait_for_picture(&mut self, patience: Duration) -> Result<()> {
        let (mut poll, mut events) = (Poll::new()?, Events::with_capacity(1));
        let mut room = Room::default();
        poll.registry()
            .register(&mut self.socket, Token(0), Interest::READABLE)?;
        let deadline = clock::now() + patience;
        while !self.plays() && !self.ended {
            let now = clock::now();
            ensure!(now < deadline, "no picture within {patience:?}");
            poll.poll(
                &mut events,
                Some(self.wake.min(deadline).saturating_duration_since(now)),
            )?;
            self.receive(&mut room);
            self.advance(clock::now());
        }
        ensure!(!self.ended, "thrown out before the first picture");
        Ok(())
    }

    /// Reads everything that has come.
    pub(crate) fn receive(&mut self, room: &mut Room) {
        let mut meta = [RecvMeta::default(); BATCH_SIZE];
        loop {
            let read = {
                let (socket, state) = (&self.socket, &self.state);
                let mut slices = room.0.each_slice();
                socket.try_io(|| state.recv(socket.into(), &mut slices, &mut meta))
            };
            match read {
                Ok(count) => {
                    for (bytes, meta) in room.0.iter().zip(&meta).take(count) {
                        self.take(bytes.get(..meta.len).unwrap_or_default(), meta);
                    }
                    if count < BATCH_SIZE {
                        return;
                    }
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return,
                // An ICMP error of a server that is gone: ICE will notice.
                Err(_) => {}
            }
        }
    }

    fn take(&mut self, bytes: &[u8], meta: &RecvMeta) {
        let pair = Pair {
            protocol: Protocol::Udp,
            local: self.local,
            remote: meta.addr,
        };
        self.client.receive(Received { pair, bytes }, clock::now());
        self.drain(meta.timestamp);
    }

    /// Lets time pass.
    pub(crate) fn advance(&mut self, now: Instant) {
        if self.wake <= now && !self.ended {
            self.client.advance(now);
            self.drain(None);
        }
    }

    fn drain(&mut self, arrived: Option<Duration>) {
        loop {
            match self.client.poll() {
                // A full send queue loses what a network might lose too.
                ClientOutput::Send(datagram) => {
                    let _ = self.socket.send_to(&datagram, datagram.pair.remote);
                }
                ClientOutput::Connected => self.connected = true,
                ClientOutput::Packet(packet) => self.count(&packet, arrived),
                ClientOutput::Report { .. } | ClientOutput::KeyframeWanted => {}
                ClientOutput::Ended => {
                    self.ended = true;
                    return;
                }
                ClientOutput::Wake(at) => {
                    self.wake = at;
                    return;
                }
            }
        }
    }

    fn count(&mut self, packet: &ClientPacket, arrived: Option<Duration>) {
        self.seen.packets += 1;
        self.seen.bytes += packet.payload.len() as u64;
        self.seen.frames += u64::from(packet.marker);
        let next = self.newest.map_or(packet.seq, |newest| newest + 1);
        // One that comes late, repaired, was counted as lost before.
        if packet.seq >= next {
            self.seen.lost += packet.seq - next;
            self.newest = Some(packet.seq);
        } else {
            self.seen.lost = self.seen.lost.saturating_sub(1);
        }
        if let (Some(arrivals), Some(at), true) = (&mut self.arrivals, arrived, packet.marker) {
            arrivals.extend(ending(&packet.payload).map(|ending| Arrival { ending, at }));
        }
    }

    /// Says goodbye both ways.
    pub(crate) fn leave(mut self) {
        self.client.close();
        self.drain(None);
        if let Some(exit) = &self.exit {
            exit.take();
        }
    }
}

/// Buffers as the kernel wants them.
trait EachSlice {
    fn each_slice(&mut self) -> Vec<IoSliceMut<'_>>;
}

impl EachSlice for Vec<[u8; DATAGRAM]> {
    fn each_slice(&mut self) -> Vec<IoSliceMut<'_>> {
        self.iter_mut()
            .map(|bytes| IoSliceMut::new(bytes))
            .collect()
    }
}

fn open(local: IpAddr) -> Result<(UdpSocket, UdpSocketState)> {
    let address = SocketAddr::new(local, 0);
    let socket = Socket::new(Domain::for_address(address), Type::DGRAM, None)?;
    socket.set_recv_buffer_size(RECEIVE_BUFFER)?;
    socket.bind(&address.into())?;
    let state = UdpSocketState::new((&socket).into())?;
    // Coupled datagrams (GRO) would spare the server, on this machine, the work of taking a burst
    // apart, which no browser and no network spares it.
    setsockopt(&socket, sockopt::UdpGroSegment, &false)?;
    Ok((UdpSocket::from_std(socket.into()), state))
}
