//! One viewer as a browser would be: ICE, DTLS, every packet decrypted and counted, RTCP sent.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::time::Instant;

use anyhow::Result;
use lenswire_rtc::peer::client::{Client, ClientOutput};
use lenswire_rtc::peer::{Pair, Protocol, Received};
use mio::net::UdpSocket;
use socket2::{Domain, Socket, Type};

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

/// One viewer.
pub(crate) struct Viewer {
    client: Client,
    socket: UdpSocket,
    local: SocketAddr,
    exit: Option<Exit>,
    pub(crate) wake: Instant,
    pub(crate) connected: bool,
    pub(crate) ended: bool,
    pub(crate) seen: Seen,
    newest: Option<u64>,
}

impl Viewer {
    /// Negotiates, receiving at `local`; the media comes later.
    pub(crate) fn join(door: &Door, local: IpAddr) -> Result<Self> {
        let socket = open(local)?;
        let local = socket.local_addr()?;
        let (client, exit) = door.enter(local)?;
        let now = clock::now();
        let seen = Seen::default();
        Ok(Self {
            client,
            socket,
            local,
            exit,
            wake: now,
            connected: false,
            ended: false,
            seen,
            newest: None,
        })
    }

    pub(crate) fn socket(&mut self) -> &mut UdpSocket {
        &mut self.socket
    }

    /// Reads everything that has come.
    pub(crate) fn receive(&mut self) {
        let mut bytes = [0; DATAGRAM];
        loop {
            match self.socket.recv_from(&mut bytes) {
                Ok((length, remote)) => {
                    let pair = Pair {
                        protocol: Protocol::Udp,
                        local: self.local,
                        remote,
                    };
                    self.client.receive(
                        Received {
                            pair,
                            bytes: &bytes[..length],
                        },
                        clock::now(),
                    );
                    self.drain();
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return,
                // An ICMP error of a server that is gone: ICE will notice.
                Err(_) => {}
            }
        }
    }

    /// Lets time pass.
    pub(crate) fn advance(&mut self, now: Instant) {
        self.client.advance(now);
        self.drain();
    }

    fn drain(&mut self) {
        loop {
            match self.client.poll() {
                // A full send queue loses what a network might lose too.
                ClientOutput::Send(datagram) => {
                    let _ = self.socket.send_to(&datagram, datagram.pair.remote);
                }
                ClientOutput::Connected => self.connected = true,
                ClientOutput::Packet(packet) => {
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
                }
                ClientOutput::Report { .. } => {}
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

    /// Says goodbye both ways.
    pub(crate) fn leave(mut self) {
        self.client.close();
        self.drain();
        if let Some(exit) = &self.exit {
            exit.take();
        }
    }
}

fn open(local: IpAddr) -> io::Result<UdpSocket> {
    let address = SocketAddr::new(local, 0);
    let socket = Socket::new(Domain::for_address(address), Type::DGRAM, None)?;
    socket.set_nonblocking(true)?;
    socket.set_recv_buffer_size(RECEIVE_BUFFER)?;
    socket.bind(&address.into())?;
    Ok(UdpSocket::from_std(socket.into()))
}
