//! ICE candidates as clients write them (RFC 8839 section 5.1), and which of them we would check.
//!
//! A full agent sends STUN to whatever address a client names, so a candidate is a request to knock
//! at a door. Names are never resolved (mDNS hides a browser's address; it is found by its own
//! checks), active TCP candidates have no door, and private addresses are knocked at only from a
//! private address (faults.md calls the rule SEC-24).

use std::net::{IpAddr, Ipv6Addr};

use crate::Refusal;

/// Longest candidate line taken, in bytes. Browsers' are below 200.
const MAX_LINE: usize = 512;

/// What a client says about one of its addresses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RemoteCandidate {
    /// Where it says it can be reached.
    pub reach: Reach,
    /// The line as it came, from `candidate:` on.
    pub line: String,
}

/// How a candidate can be reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// UDP at this address and port.
    Udp(IpAddr, u16),
    /// Over TCP: the client will connect to us, or expects us to connect, which we don't.
    Tcp,
    /// By a name, which we don't resolve.
    Name,
}

impl RemoteCandidate {
    /// Reads `candidate:...`, with or without `a=` in front. Empty (`end-of-candidates` in the form
    /// that browsers trickle) is `None`.
    ///
    /// # Errors
    /// [`Refusal::BadFragment`] when it is neither.
    pub fn read(line: &str) -> Result<Option<Self>, Refusal> {
        let line = line.trim();
        let line = line.strip_prefix("a=").unwrap_or(line);
        if line.is_empty() || line == "end-of-candidates" || line == "candidate:" {
            return Ok(None);
        }
        let reach = parse(line).ok_or_else(|| Refusal::BadFragment {
            why: format!("not a candidate: {}", excerpt(line)),
        })?;
        Ok(Some(Self {
            reach,
            line: line.to_owned(),
        }))
    }

    /// Whether we would send checks to it from `announced`, the addresses that we offer ourselves.
    #[must_use]
    pub fn is_checkable_from(&self, announced: &[IpAddr]) -> bool {
        let Reach::Udp(ip, port) = self.reach else {
            return false;
        };
        port != 0 && may_check(ip, announced)
    }
}

/// `candidate:<foundation> <component> <transport> <priority> <address> <port> typ <type> ...`
fn parse(line: &str) -> Option<Reach> {
    if line.len() > MAX_LINE || !line.bytes().all(|byte| (b' '..=b'~').contains(&byte)) {
        return None;
    }
    let mut fields = line.strip_prefix("candidate:")?.split(' ');
    let foundation = fields.next()?;
    let component: u16 = fields.next()?.parse().ok()?;
    let transport = fields.next()?;
    let _priority: u32 = fields.next()?.parse().ok()?;
    let address = fields.next()?;
    let port: u16 = fields.next()?.parse().ok()?;
    let known =
        fields.next()? == "typ" && matches!(fields.next()?, "host" | "srflx" | "prflx" | "relay");
    if foundation.is_empty() || component == 0 || address.is_empty() || !known {
        return None;
    }
    Some(
        match (
            transport.to_ascii_lowercase().as_str(),
            address.parse::<IpAddr>(),
        ) {
            ("udp", Ok(ip)) => Reach::Udp(ip.to_canonical(), port),
            ("udp", Err(_)) => Reach::Name,
            ("tcp", _) => Reach::Tcp,
            _ => return None,
        },
    )
}

/// Nothing that isn't a unicast host; loopback and private ones only from their like.
fn may_check(ip: IpAddr, announced: &[IpAddr]) -> bool {
    let like = |test: fn(IpAddr) -> bool| announced.iter().any(|ours| test(*ours));
    if ip.is_unspecified() || ip.is_multicast() || is_link_local(ip) || is_broadcast(ip) {
        return false;
    }
    if ip.is_loopback() {
        return like(|ours| ours.is_loopback());
    }
    !is_private(ip) || like(|ours| is_private(ours) || ours.is_loopback())
}

fn is_broadcast(ip: IpAddr) -> bool {
    matches!(ip, IpAddr::V4(ip) if ip.is_broadcast() || ip.octets()[0] == 0)
}

/// Link-local addresses need a scope that SDP doesn't carry, and hold metadata services.
pub(crate) fn is_link_local(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => ip.is_link_local(),
        IpAddr::V6(ip) => ip.is_unicast_link_local(),
    }
}

/// RFC 1918, RFC 6598 (carrier NAT) and RFC 4193, also inside the transition formats that embed an
/// IPv4 address (RFC 6052 64:ff9b::/96 and RFC 3056 2002::/16).
fn is_private(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => ip.is_private() || (ip.octets()[0] == 100 && ip.octets()[1] & 0xc0 == 64),
        IpAddr::V6(ip) => {
            ip.is_unique_local()
                || embedded_v4(ip)
                    .is_some_and(|ip| is_private(ip) || ip.is_loopback() || is_link_local(ip))
        }
    }
}

fn embedded_v4(ip: Ipv6Addr) -> Option<IpAddr> {
    let [a, b, c, d] = match ip.segments() {
        [0x64, 0xff9b, 0, 0, 0, 0, high, low] | [0x2002, high, low, ..] => {
            [high >> 8, high & 0xff, low >> 8, low & 0xff]
        }
        _ => return None,
    };
    let byte = |value: u16| u8::try_from(value).unwrap_or(u8::MAX);
    Some(IpAddr::from([byte(a), byte(b), byte(c), byte(d)]))
}

/// The first characters of something hostile, for a message.
pub(super) fn excerpt(text: &str) -> String {
    text.chars()
        .filter(|char| !char.is_control())
        .take(80)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reach(line: &str) -> Option<Reach> {
        RemoteCandidate::read(line)
            .unwrap()
            .map(|candidate| candidate.reach)
    }

    fn checkable(address: &str, announced: &[&str]) -> bool {
        let candidate =
            RemoteCandidate::read(&format!("candidate:1 1 udp 5 {address} 9000 typ host"))
                .unwrap()
                .unwrap();
        let announced: Vec<IpAddr> = announced.iter().map(|ip| ip.parse().unwrap()).collect();
        candidate.is_checkable_from(&announced)
    }

    #[test]
    fn what_browsers_write_is_read() {
        // requirement 66: trickle ICE
        let udp = "a=candidate:842163049 1 udp 1677729535 203.0.113.9 46154 typ srflx raddr 0.0.0.0 rport 0 generation 0 ufrag kx5Y network-cost 999";
        assert_eq!(
            reach(udp),
            Some(Reach::Udp("203.0.113.9".parse().unwrap(), 46154))
        );
        let name = "candidate:1 1 UDP 2122252543 3f1c9c5b-6a3d-4d9e-8c1e-1f6b2c8f8a11.local 50000 typ host";
        assert_eq!(reach(name), Some(Reach::Name));
        assert_eq!(
            reach("candidate:2 1 TCP 1 10.0.0.2 9 typ host tcptype active"),
            Some(Reach::Tcp)
        );
        for end in ["", "a=end-of-candidates", "end-of-candidates"] {
            assert_eq!(reach(end), None);
        }
    }

    #[test]
    fn what_is_not_a_candidate_is_refused() {
        let long = format!(
            "candidate:1 1 udp 1 10.0.0.1 1 typ host {}",
            "x".repeat(600)
        );
        for line in [
            "candidate:1 1 udp 1 10.0.0.1 70000 typ host",
            "candidate: 1 udp 1 10.0.0.1 1 typ host",
            "candidate:1 1 sctp 1 10.0.0.1 1 typ host",
            "candidate:1 1 udp 1 10.0.0.1 1 typ hos\u{7f}t",
            "candidate:1 1 udp 1 10.0.0.1 1",
            long.as_str(),
        ] {
            assert!(
                matches!(
                    RemoteCandidate::read(line),
                    Err(Refusal::BadFragment { .. })
                ),
                "{line}"
            );
        }
    }

    #[test]
    fn private_space_is_knocked_at_only_from_private_space() {
        // SEC-24
        for private in [
            "10.0.0.1",
            "192.168.1.1",
            "100.64.0.9",
            "fd00::1",
            "64:ff9b::a00:1",
            "2002:c0a8:101::1",
        ] {
            assert!(
                !checkable(private, &["203.0.113.5"]),
                "{private} from a public address"
            );
            assert!(
                checkable(private, &["192.168.1.5"]),
                "{private} from a private address"
            );
        }
        assert!(checkable("198.51.100.7", &["203.0.113.5"]));
        assert!(!checkable("127.0.0.1", &["192.168.1.5"]));
        assert!(!checkable("::ffff:127.0.0.1", &["192.168.1.5"]));
        assert!(checkable("127.0.0.1", &["127.0.0.1"]));
        for never in [
            "169.254.169.254",
            "fe80::1",
            "224.0.0.1",
            "255.255.255.255",
            "0.0.0.0",
            "::",
        ] {
            assert!(!checkable(never, &["127.0.0.1", "192.168.1.5"]), "{never}");
        }
    }
}
