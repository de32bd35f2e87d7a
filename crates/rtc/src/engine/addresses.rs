//! Which addresses to announce, and under which of them a datagram came in.

use std::net::{IpAddr, SocketAddr};

use crate::Error;
use crate::sdp::is_link_local;

/// Most addresses announced: each is two candidates, and pairs multiply.
const MOST: usize = 8;

/// The addresses to announce: what was configured, else the machine's own: no loopback unless there
/// is nothing else, no link-local, nothing twice.
///
/// # Errors
/// When there is none.
pub fn announced(configured: &[IpAddr]) -> Result<Vec<IpAddr>, Error> {
    let mut addresses = if configured.is_empty() {
        own(if_addrs::get_if_addrs()
            .map_err(Error::Thread)?
            .iter()
            .map(if_addrs::Interface::ip))
    } else {
        configured.to_vec()
    };
    let mut seen = std::collections::HashSet::new();
    addresses.retain(|ip| seen.insert(*ip));
    addresses.truncate(MOST);
    if addresses.is_empty() {
        Err(Error::NoAddress)
    } else {
        Ok(addresses)
    }
}

fn own(all: impl Iterator<Item = IpAddr>) -> Vec<IpAddr> {
    let usable = all.filter(|ip| !is_link_local(*ip) && !ip.is_unspecified());
    let (loopback, mut reachable): (Vec<IpAddr>, Vec<IpAddr>) =
        usable.partition(IpAddr::is_loopback);
    // IPv4 first: the order of the answer.
    reachable.sort_by_key(IpAddr::is_ipv6);
    if reachable.is_empty() {
        loopback
    } else {
        reachable
    }
}

/// The announced address that stands for the local address a datagram was sent to: itself, or, when
/// a NAT in front of us or a second interface changed it, the first of its family. `None` = none is
/// announced in that family.
pub(super) fn announced_for(
    announced: &[SocketAddr],
    to: Option<IpAddr>,
    is_ipv4: bool,
) -> Option<SocketAddr> {
    let exact = to.and_then(|to| announced.iter().find(|ours| ours.ip() == to.to_canonical()));
    exact
        .or_else(|| announced.iter().find(|ours| ours.is_ipv4() == is_ipv4))
        .copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ips(texts: &[&str]) -> Vec<IpAddr> {
        texts.iter().map(|text| text.parse().unwrap()).collect()
    }

    #[test]
    fn a_machine_announces_what_others_can_reach() {
        // SEC-28
        let all = ips(&[
            "127.0.0.1",
            "::1",
            "fe80::1",
            "2001:db8::5",
            "169.254.1.1",
            "192.168.1.5",
        ]);
        assert_eq!(own(all.into_iter()), ips(&["192.168.1.5", "2001:db8::5"]));
        assert_eq!(
            own(ips(&["127.0.0.1", "::1", "fe80::1"]).into_iter()),
            ips(&["127.0.0.1", "::1"])
        );
    }

    #[test]
    fn what_is_configured_is_announced_and_nothing_else() {
        // requirement 67: configurable public addresses
        assert_eq!(
            announced(&ips(&["203.0.113.5", "203.0.113.5"])).unwrap(),
            ips(&["203.0.113.5"])
        );
    }

    #[test]
    fn a_datagram_counts_for_the_address_that_was_announced() {
        let ours: Vec<SocketAddr> = ["203.0.113.5:1", "10.0.0.1:1", "[2001:db8::5]:1"]
            .iter()
            .map(|text| text.parse().unwrap())
            .collect();
        let to = |text: &str| Some(text.parse().unwrap());
        assert_eq!(announced_for(&ours, to("10.0.0.1"), true), Some(ours[1]));
        assert_eq!(
            announced_for(&ours, to("::ffff:10.0.0.1"), true),
            Some(ours[1])
        );
        assert_eq!(announced_for(&ours, to("172.17.0.1"), true), Some(ours[0]));
        assert_eq!(announced_for(&ours, None, false), Some(ours[2]));
        assert_eq!(announced_for(&ours[..2], None, false), None);
    }
}
