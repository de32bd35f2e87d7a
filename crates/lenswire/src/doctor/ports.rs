//! Whether the ports are there for us: free, or ours already.

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::time::Duration;

use super::{Finding, Ground};

/// How long somebody on this machine may take to answer.
const ANSWER: Duration = Duration::from_secs(2);

/// The port for pages and the API.
pub(super) fn listen(ground: &Ground) -> Vec<Finding> {
    let address = ground.config.listen;
    let free = TcpListener::bind(address).map(drop);
    let ours = free.is_err() && is_lenswire(address);
    vec![judge(
        &address.to_string(),
        free.map_err(|error| error.kind()),
        ours,
        "Stop the other program, or set `listen` to another port.",
    )]
}

/// The one port for media, UDP and TCP.
pub(super) fn media(ground: &Ground) -> Vec<Finding> {
    let port = ground.config.media.port;
    if port == 0 {
        return vec![Finding::warn(
            "media.port is 0: each start takes another port.",
            "Set media.port (8189 by default), so that a firewall can let it through.",
        )];
    }
    let running = is_lenswire(ground.config.listen);
    let everywhere = SocketAddr::from((Ipv4Addr::UNSPECIFIED, port));
    let fix = "Stop the other program, or set `media.port` to another port.";
    let udp = UdpSocket::bind(everywhere).map(drop);
    let tcp = TcpListener::bind(everywhere).map(drop);
    [("UDP", udp), ("TCP", tcp)]
        .map(|(kind, free)| {
            let free = free.map_err(|error| error.kind());
            judge(&format!("{kind} port {port}"), free, running, fix)
        })
        .to_vec()
}

/// Pure: what trying to bind it says.
fn judge(what: &str, free: Result<(), ErrorKind>, ours: bool, fix: &str) -> Finding {
    match free {
        Ok(()) => Finding::ok(format!("{what} is free.")),
        Err(ErrorKind::AddrInUse) if ours => Finding::ok(format!("Lenswire has {what}.")),
        Err(ErrorKind::AddrInUse) => {
            Finding::fail(format!("Another program has {what}."), fix.to_owned())
        }
        Err(ErrorKind::PermissionDenied) => Finding::fail(
            format!("This user may not use {what}."),
            "Ports below 1024 are for root: use another, or give CAP_NET_BIND_SERVICE.",
        ),
        Err(ErrorKind::AddrNotAvailable) => Finding::fail(
            format!("{what} is no address of this machine."),
            "Set `listen` to an address that this machine has, or to 127.0.0.1.",
        ),
        Err(kind) => Finding::fail(format!("{what} cannot be used: {kind}."), fix.to_owned()),
    }
}

/// Whether a Lenswire answers there; one with HTTPS says only that it wants TLS.
fn is_lenswire(address: SocketAddr) -> bool {
    let to = match address.ip() {
        ip if ip.is_unspecified() => {
            SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), address.port())
        }
        _ => address,
    };
    let ask = || -> std::io::Result<String> {
        let mut stream = TcpStream::connect_timeout(&to, ANSWER)?;
        stream.set_read_timeout(Some(ANSWER))?;
        let request = format!("GET /api/v1/me HTTP/1.1\r\nHost: {to}\r\nConnection: close\r\n\r\n");
        stream.write_all(request.as_bytes())?;
        let mut answer = String::new();
        stream.take(4_096).read_to_string(&mut answer)?;
        Ok(answer)
    };
    ask().is_ok_and(|answer| answer.contains("\"claimed\""))
}

#[cfg(test)]
mod tests {
    use super::super::Verdict;
    use super::*;

    #[test]
    fn each_way_a_port_can_be_is_told_apart() {
        for (free, ours, verdict, words) in [
            (Ok(()), false, Verdict::Ok, "is free"),
            (Err(ErrorKind::AddrInUse), true, Verdict::Ok, "Lenswire has"),
            (
                Err(ErrorKind::AddrInUse),
                false,
                Verdict::Fail,
                "Another program",
            ),
            (
                Err(ErrorKind::PermissionDenied),
                false,
                Verdict::Fail,
                "may not",
            ),
            (
                Err(ErrorKind::AddrNotAvailable),
                false,
                Verdict::Fail,
                "no address",
            ),
        ] {
            let finding = judge("UDP port 8189", free, ours, "Stop it.");
            assert_eq!(finding.verdict, verdict, "{finding:?}");
            assert!(finding.detail.contains(words), "{finding:?}");
        }
    }
}
