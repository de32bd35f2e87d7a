//! The sockets, as each system has them.

use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};

use socket2::{Domain, Protocol, Socket, Type};

use crate::Error;

/// Asked of the kernel for each UDP socket, in bytes; it gives what its own limits allow. 4 MiB is a
/// keyframe for each of a hundred viewers.
const UDP_BUFFER: usize = 4 << 20;

/// Connections that wait to be accepted.
const BACKLOG: i32 = 256;

/// Tries to find a port that is free for UDP and TCP, when any will do.
const ATTEMPTS: usize = 16;

/// One port, opened for all threads.
pub(super) struct Opened {
    pub(super) port: u16,
    /// Per thread: IPv4 and IPv6, as far as the machine has them.
    pub(super) udp: Vec<Vec<std::net::UdpSocket>>,
    pub(super) tcp: Vec<std::net::TcpListener>,
}

/// How many threads can share a UDP port here: without `SO_REUSEPORT` just one.
pub(super) fn most_threads(wanted: usize) -> usize {
    if cfg!(unix) { wanted } else { 1 }
}

/// Opens `port` (0 = any) for so many threads.
pub(super) fn open(port: u16, threads: usize) -> Result<Opened, Error> {
    let mut last = None;
    for _ in 0..if port == 0 { ATTEMPTS } else { 1 } {
        match open_once(port, threads) {
            Ok(opened) => return Ok(opened),
            Err(error) => last = Some(error),
        }
    }
    Err(last.unwrap_or(Error::NoAddress))
}

fn open_once(port: u16, threads: usize) -> Result<Opened, Error> {
    let mut opened = Opened {
        port,
        udp: Vec::new(),
        tcp: Vec::new(),
    };
    for _ in 0..threads {
        let mut sockets = Vec::new();
        for any in families() {
            let address = SocketAddr::new(any, opened.port);
            match udp(address) {
                Ok(socket) => {
                    // The first one decides which port it is.
                    opened.port = socket
                        .local_addr()
                        .map_err(|source| Error::Bind { address, source })?
                        .port();
                    sockets.push(socket);
                }
                Err(source) if is_missing_family(&source, any.is_ipv6()) => {}
                Err(source) => return Err(Error::Bind { address, source }),
            }
        }
        opened.udp.push(sockets);
    }
    for any in families() {
        let address = SocketAddr::new(any, opened.port);
        match tcp(address) {
            Ok(listener) => opened.tcp.push(listener),
            Err(source) if is_missing_family(&source, any.is_ipv6()) => {}
            Err(source) => return Err(Error::Bind { address, source }),
        }
    }
    Ok(opened)
}

fn families() -> [std::net::IpAddr; 2] {
    [Ipv4Addr::UNSPECIFIED.into(), Ipv6Addr::UNSPECIFIED.into()]
}

/// A machine without IPv6 is no error; one without IPv4 we don't know.
fn is_missing_family(error: &io::Error, is_ipv6: bool) -> bool {
    let kinds = [io::ErrorKind::Unsupported, io::ErrorKind::AddrNotAvailable];
    is_ipv6 && (kinds.contains(&error.kind()) || is_af_unsupported(error))
}

#[cfg(unix)]
fn is_af_unsupported(error: &io::Error) -> bool {
    // EAFNOSUPPORT: 97 on Linux, 47 on the BSDs and macOS; std has no kind for it.
    matches!(error.raw_os_error(), Some(97 | 47))
}

#[cfg(not(unix))]
fn is_af_unsupported(error: &io::Error) -> bool {
    // WSAEAFNOSUPPORT
    error.raw_os_error() == Some(10_047)
}

fn udp(address: SocketAddr) -> io::Result<std::net::UdpSocket> {
    let socket = Socket::new(
        Domain::for_address(address),
        Type::DGRAM,
        Some(Protocol::UDP),
    )?;
    if address.is_ipv6() {
        socket.set_only_v6(true)?;
    }
    #[cfg(unix)]
    socket.set_reuse_port(true)?;
    socket.set_nonblocking(true)?;
    // More is better and less is no error.
    let _ = socket.set_send_buffer_size(UDP_BUFFER);
    let _ = socket.set_recv_buffer_size(UDP_BUFFER);
    socket.bind(&address.into())?;
    Ok(socket.into())
}

fn tcp(address: SocketAddr) -> io::Result<std::net::TcpListener> {
    let socket = Socket::new(
        Domain::for_address(address),
        Type::STREAM,
        Some(Protocol::TCP),
    )?;
    if address.is_ipv6() {
        socket.set_only_v6(true)?;
    }
    // On unix this only passes over connections in TIME_WAIT; on Windows it would steal the port.
    #[cfg(unix)]
    socket.set_reuse_address(true)?;
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    Ok(socket.into())
}
