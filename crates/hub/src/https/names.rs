//! Under which names and addresses devices in the local network reach this machine.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use url::Host;

/// Names that only a local network serves (RFC 6762, RFC 8375, RFC 6761, and what home routers use).
pub(super) const LOCAL: [&str; 5] = ["local", "localhost", "lan", "internal", "home.arpa"];

/// Ranges that nobody has for himself in the internet: RFC 1918, RFC 6598 (carriers, and overlay
/// networks such as Tailscale), link-local, loopback, unique local.
pub(super) const PRIVATE: [(IpAddr, u8); 9] = [
    (IpAddr::V4(Ipv4Addr::new(10, 0, 0, 0)), 8),
    (IpAddr::V4(Ipv4Addr::new(172, 16, 0, 0)), 12),
    (IpAddr::V4(Ipv4Addr::new(192, 168, 0, 0)), 16),
    (IpAddr::V4(Ipv4Addr::new(100, 64, 0, 0)), 10),
    (IpAddr::V4(Ipv4Addr::new(169, 254, 0, 0)), 16),
    (IpAddr::V4(Ipv4Addr::new(127, 0, 0, 0)), 8),
    (IpAddr::V6(Ipv6Addr::LOCALHOST), 128),
    (IpAddr::V6(Ipv6Addr::new(0xfc00, 0, 0, 0, 0, 0, 0, 0)), 7),
    (IpAddr::V6(Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 0)), 10),
];

/// Names and addresses, each once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Names {
    /// What the machine is called, in small letters; `lenswire` where it has no usable name.
    pub(super) host: String,
    /// The name in `public_url`, if it is one.
    pub(super) public: Option<String>,
    /// Addresses, loopback among them.
    pub(super) addresses: Vec<IpAddr>,
}

impl Names {
    /// As they are at present.
    #[must_use]
    pub fn of_this_machine(public: Option<Host<String>>) -> Self {
        let host = gethostname::gethostname().to_string_lossy().into_owned();
        Self::new(&host, public, super::own_addresses())
    }

    pub(super) fn new(host: &str, public: Option<Host<String>>, own: Vec<IpAddr>) -> Self {
        let host = host.trim_end_matches('.').to_ascii_lowercase();
        let usable = !host.is_empty()
            && host.len() < 64
            && host
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'.');
        let mut names = Self {
            host: if usable { host } else { "lenswire".to_owned() },
            public: None,
            addresses: vec![Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()],
        };
        names.put(own);
        match public {
            Some(Host::Domain(name)) => names.public = Some(name),
            Some(Host::Ipv4(address)) => names.put([address.into()]),
            Some(Host::Ipv6(address)) => names.put([address.into()]),
            None => {}
        }
        names
    }

    fn put(&mut self, more: impl IntoIterator<Item = IpAddr>) {
        for address in more {
            if !self.addresses.contains(&address) {
                self.addresses.push(address);
            }
        }
    }

    /// The same machine with the addresses that it has now.
    pub(super) fn again(&self) -> Self {
        let public = self.public.clone().map(Host::Domain);
        Self::new(&self.host, public, super::own_addresses())
    }

    /// Names by which a browser may ask for it.
    pub(super) fn hosts(&self) -> Vec<String> {
        let mut hosts = vec!["localhost".to_owned(), self.host.clone()];
        if !self.host.contains('.') {
            hosts.push(format!("{}.local", self.host));
        }
        hosts.extend(self.public.clone());
        hosts.sort();
        hosts.dedup();
        hosts
    }
}

/// Whether `name` is `suffix` or below it, which is how RFC 5280 section 4.2.1.10 reads it.
pub(super) fn is_below(name: &str, suffix: &str) -> bool {
    name == suffix
        || name
            .strip_suffix(suffix)
            .is_some_and(|front| front.ends_with('.'))
}
