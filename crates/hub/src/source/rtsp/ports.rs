//! The UDP ports of a session: a pair per track, read all together.

use std::future::poll_fn;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::task::Poll;

use lenswire_rtsp::client::Port;
use socket2::SockRef;
use tokio::io::ReadBuf;
use tokio::net::UdpSocket;

/// Receive buffer of each port, in bytes: a keyframe of 1 MB must fit while this task waits for
/// its turn. The system may give less.
const BUFFER: usize = 1 << 20;

/// How often to try for a pair of ports, even and odd, before it is given up: half of all free
/// ports are even, so twenty tries fail once in a million times on a quiet machine.
const TRIES: usize = 20;

/// A datagram that came.
#[derive(Clone, Copy, Debug)]
pub(super) struct Received {
    pub(super) track: usize,
    pub(super) port: Port,
    pub(super) from: SocketAddr,
    pub(super) length: usize,
}

/// The pairs, by track.
#[derive(Debug, Default)]
pub(super) struct Ports {
    pairs: Vec<(UdpSocket, UdpSocket)>,
    /// Where to begin to look next, so that a busy port does not hide the others.
    next: usize,
}

impl Ports {
    /// Whether there is nothing to read from.
    pub(super) fn is_empty(&self) -> bool {
        self.pairs.is_empty()
    }

    /// Binds the pair of a track on the address that the control connection has.
    pub(super) async fn bind(&mut self, track: usize, ip: IpAddr) -> io::Result<(u16, u16)> {
        self.pairs.truncate(track);
        let mut last = io::Error::from(io::ErrorKind::AddrInUse);
        for _ in 0..TRIES {
            let first = UdpSocket::bind((ip, 0)).await?;
            let port = first.local_addr()?.port();
            // RTP wants the even one (RFC 3550 section 11).
            let partner = if port % 2 == 0 {
                port.wrapping_add(1)
            } else {
                port - 1
            };
            match UdpSocket::bind((ip, partner)).await {
                Ok(second) => {
                    let pair = if port % 2 == 0 {
                        (first, second)
                    } else {
                        (second, first)
                    };
                    for socket in [&pair.0, &pair.1] {
                        let _ = SockRef::from(socket).set_recv_buffer_size(BUFFER);
                    }
                    self.pairs.push(pair);
                    return Ok((port & !1, port | 1));
                }
                Err(error) => last = error,
            }
        }
        Err(last)
    }

    /// Sends from one of a track's ports. What the network refuses is lost, as with any datagram.
    pub(super) fn send(&self, track: usize, port: Port, to: SocketAddr, bytes: &[u8]) {
        if let Some((rtp, rtcp)) = self.pairs.get(track) {
            let socket = if port == Port::Rtp { rtp } else { rtcp };
            let _ = socket.try_send_to(bytes, to);
        }
    }

    /// The next datagram of any port. Cancel-safe. Never returns when there are no ports.
    pub(super) async fn receive(&mut self, buffer: &mut [u8]) -> Received {
        poll_fn(|cx| {
            let count = self.pairs.len() * 2;
            for n in 0..count {
                let at = (self.next + n) % count;
                let Some((rtp, rtcp)) = self.pairs.get(at / 2) else {
                    continue;
                };
                let (socket, port) = if at.is_multiple_of(2) {
                    (rtp, Port::Rtp)
                } else {
                    (rtcp, Port::Rtcp)
                };
                let mut read = ReadBuf::new(buffer);
                // Errors are answers to what we sent (port unreachable before the camera listens);
                // they say nothing about what comes.
                while let Poll::Ready(result) = socket.poll_recv_from(cx, &mut read) {
                    if let Ok(from) = result {
                        self.next = at + 1;
                        let length = read.filled().len();
                        return Poll::Ready(Received {
                            track: at / 2,
                            port,
                            from,
                            length,
                        });
                    }
                }
            }
            Poll::Pending
        })
        .await
    }
}
