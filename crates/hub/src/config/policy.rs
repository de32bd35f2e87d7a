//! Which addresses a source may have when it comes through the API: pure, on resolved addresses,
//! to be asked again after a redirect. What the file says is the administrator's own and goes
//! anywhere.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use lenswire_api::{Code, Problem};

/// What a source may not reach.
#[derive(Clone, Debug)]
pub struct Policy {
    /// Whether this machine's own programs may be sources.
    pub loopback: bool,
    /// The hub's own listening sockets; an unspecified address stands for all of this machine's.
    pub own: Vec<SocketAddr>,
    /// This machine's addresses.
    pub machine: Vec<IpAddr>,
}

/// Why an address is no source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Denied {
    /// 169.254.0.0/16 or fe80::/10, where clouds keep their metadata.
    LinkLocal,
    /// A cloud's metadata service at another address.
    Metadata,
    /// This machine, which needs `allow_loopback_sources`.
    Loopback,
    /// Lenswire itself.
    Own,
    /// Not one host: unspecified, multicast, broadcast, reserved.
    NotAHost,
}

/// Metadata services outside link-local: Alibaba, Oracle, Azure's host agent, AWS over IPv6.
const METADATA: [IpAddr; 4] = [
    IpAddr::V4(Ipv4Addr::new(100, 100, 100, 200)),
    IpAddr::V4(Ipv4Addr::new(192, 0, 0, 192)),
    IpAddr::V4(Ipv4Addr::new(168, 63, 129, 16)),
    IpAddr::V6(Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254)),
];

impl Policy {
    /// Whether a source may be at this resolved address.
    ///
    /// # Errors
    /// Why not.
    pub fn check(&self, target: SocketAddr) -> Result<(), Denied> {
        let address = canonical(target.ip());
        if METADATA.contains(&address) {
            return Err(Denied::Metadata);
        }
        if is_link_local(address) {
            return Err(Denied::LinkLocal);
        }
        if !is_host(address) {
            return Err(Denied::NotAHost);
        }
        let here =
            address.is_loopback() || self.machine.iter().any(|own| canonical(*own) == address);
        let ours = |own: &SocketAddr| {
            own.port() == target.port() && (canonical(own.ip()) == address || here)
        };
        if self.own.iter().any(ours) {
            return Err(Denied::Own);
        }
        if address.is_loopback() && !self.loopback {
            Err(Denied::Loopback)
        } else {
            Ok(())
        }
    }
}

/// The IPv4 address inside an IPv6 one, so that one rule sees both: mapped and compatible
/// (RFC 4291 section 2.5.5), NAT64 (RFC 6052, RFC 8215), 6to4 (RFC 3056), Teredo (RFC 4380, where
/// the client's address is stored inverted). SEC-22.
#[must_use]
pub fn canonical(address: IpAddr) -> IpAddr {
    let IpAddr::V6(v6) = address else {
        return address;
    };
    let [a, b, c, d, e, f, g, h] = v6.segments();
    let v4 =
        |high: u16, low: u16| IpAddr::V4(Ipv4Addr::from((u32::from(high) << 16) | u32::from(low)));
    match (a, b, c, d, e, f) {
        (0, 0, 0, 0, 0, 0xffff) => v4(g, h),
        (0, 0, 0, 0, 0, 0) if (g, h) != (0, 0) && (g, h) != (0, 1) => v4(g, h),
        (0, 0, 0, 0, 0xffff, 0) => v4(g, h),
        (0x64, 0xff9b, 0, 0, 0, 0) | (0x64, 0xff9b, 1, ..) => v4(g, h),
        (0x2002, high, low, ..) => v4(high, low),
        (0x2001, 0, ..) => v4(!g, !h),
        _ => address,
    }
}

const fn is_link_local(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => v4.is_link_local(),
        IpAddr::V6(v6) => v6.is_unicast_link_local(),
    }
}

/// Whether the address can be one host's: not this-network, multicast, broadcast, reserved, or the
/// deprecated site-local prefix.
const fn is_host(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => !matches!(v4.octets()[0], 0 | 224..=255),
        IpAddr::V6(v6) => {
            !v6.is_unspecified() && !v6.is_multicast() && (v6.segments()[0] & 0xffc0) != 0xfec0
        }
    }
}

impl fmt::Display for Denied {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::LinkLocal => "the address is link-local",
            Self::Metadata => "the address is a cloud's metadata service",
            Self::Loopback => "the address is this machine",
            Self::Own => "the address is Lenswire itself",
            Self::NotAHost => "the address is not one machine's",
        })
    }
}

impl From<Denied> for Problem {
    fn from(denied: Denied) -> Self {
        Self::new(
            Code::SourceDenied,
            format!("A source cannot be there: {denied}."),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(loopback: bool, target: &str) -> Result<(), Denied> {
        let policy = Policy {
            loopback,
            own: vec![
                "0.0.0.0:8080".parse().expect("an address"),
                "127.0.0.1:8189".parse().expect("an address"),
            ],
            machine: vec!["192.168.1.5".parse().expect("an address")],
        };
        policy.check(target.parse().expect("an address"))
    }

    // E11, SEC-25: cameras live in LANs.
    #[test]
    fn lan_and_public_addresses_are_sources() {
        for target in [
            "192.168.1.20:554",
            "10.0.0.9:8080",
            "172.16.0.1:554",
            "[fd12::1]:554",
            "8.8.8.8:554",
            "192.168.1.5:554",
            "100.64.0.1:554",
        ] {
            assert_eq!(check(false, target), Ok(()), "{target}");
        }
    }

    // E11, SEC-22: however it is written.
    #[test]
    fn denied_addresses_are_denied_in_every_dress() {
        let link_local = [
            "169.254.169.254:80",
            "[fe80::1]:80",
            "[::ffff:169.254.169.254]:80",
            "[64:ff9b::a9fe:a9fe]:80",
            "[2002:a9fe:a9fe::]:80",
            "[64:ff9b:1::a9fe:a9fe]:80",
            "[::169.254.169.254]:80",
            "[2001:0:1::5601:5601]:80",
            "[::ffff:0:a9fe:a9fe]:80",
        ];
        for target in link_local {
            assert_eq!(check(true, target), Err(Denied::LinkLocal), "{target}");
        }
        for target in [
            "[fd00:ec2::254]:80",
            "100.100.100.200:80",
            "168.63.129.16:80",
            "[::ffff:192.0.0.192]:80",
        ] {
            assert_eq!(check(true, target), Err(Denied::Metadata), "{target}");
        }
        for target in [
            "0.0.0.0:554",
            "0.1.2.3:554",
            "[::]:554",
            "224.0.0.1:554",
            "255.255.255.255:554",
            "[ff02::1]:554",
            "[fec0::1]:554",
        ] {
            assert_eq!(check(true, target), Err(Denied::NotAHost), "{target}");
        }
        for target in [
            "127.0.0.1:554",
            "127.9.9.9:554",
            "[::1]:554",
            "[::ffff:127.0.0.1]:554",
            "[64:ff9b::7f00:1]:554",
        ] {
            assert_eq!(check(false, target), Err(Denied::Loopback), "{target}");
            assert_eq!(check(true, target), Ok(()), "{target}");
        }
    }

    #[test]
    fn our_own_listeners_are_never_sources() {
        for target in [
            "127.0.0.1:8080",
            "127.0.0.2:8080",
            "[::1]:8080",
            "192.168.1.5:8080",
            "[::ffff:192.168.1.5]:8080",
            "127.0.0.1:8189",
        ] {
            assert_eq!(check(true, target), Err(Denied::Own), "{target}");
        }
        assert_eq!(check(true, "192.168.1.6:8080"), Ok(()));
    }
}
