//! Whether viewers are told addresses that they can reach.

use std::net::{IpAddr, ToSocketAddrs as _};
use std::path::Path;

use super::{Finding, Ground};

/// What says that we are in a container: Docker's and Podman's files.
const CONTAINER: [&str; 2] = ["/.dockerenv", "/run/.containerenv"];

/// The addresses announced to viewers.
pub(super) fn announced(ground: &Ground) -> Vec<Finding> {
    let media = &ground.config.media;
    let Ok(announced) = lenswire_hub::announced(&media.addresses) else {
        return vec![Finding::fail(
            "This machine has no network address.",
            "Connect it, or set media.addresses to the address that viewers reach.",
        )];
    };
    let place = Place {
        configured: !media.addresses.is_empty(),
        container: CONTAINER.iter().any(|file| Path::new(file).exists()),
        public: public_addresses(ground),
        relay: ground
            .config
            .ice_servers
            .iter()
            .any(|server| server.urls.iter().any(|url| url.starts_with("turn"))),
    };
    vec![judge(&announced, &place, media.port)]
}

/// What `public_url` stands for.
fn public_addresses(ground: &Ground) -> Vec<IpAddr> {
    let url = ground.config.public_url.as_ref();
    let found = url.and_then(|url| {
        let host = url.host_str()?.trim_matches(['[', ']']).to_owned();
        (host, 443).to_socket_addrs().ok()
    });
    found
        .into_iter()
        .flatten()
        .map(|address| address.ip())
        .collect()
}

/// Where all this happens.
struct Place {
    /// `media.addresses` says them.
    configured: bool,
    container: bool,
    /// What `public_url` stands for.
    public: Vec<IpAddr>,
    /// There is a TURN server.
    relay: bool,
}

/// Pure: whether those addresses will do.
fn judge(announced: &[IpAddr], place: &Place, port: u16) -> Finding {
    let list: Vec<String> = announced.iter().map(ToString::to_string).collect();
    let list = list.join(", ");
    let bridged =
        |ip: &IpAddr| matches!(ip, IpAddr::V4(v4) if v4.octets()[0] == 172 && v4.is_private());
    if announced.iter().all(IpAddr::is_loopback) {
        Finding::fail(
            format!("Announced is {list}: nobody but this machine can watch."),
            "Connect the machine to a network, or set media.addresses.",
        )
    } else if place.container && !place.configured && announced.iter().all(bridged) {
        Finding::fail(
            format!("Announced is {list}, an address inside the container."),
            format!(
                "Run the container in the host's network, or publish UDP and TCP port {port} and set media.addresses to the host's address."
            ),
        )
    } else if place.public.iter().any(|ip| !is_private(*ip))
        && announced.iter().copied().all(is_private)
        && !place.relay
    {
        Finding::warn(
            format!(
                "public_url is on the internet, and announced are only private addresses: {list}."
            ),
            format!(
                "Forward UDP and TCP port {port} to this machine and set media.addresses to the public address, or add a TURN server to ice_servers."
            ),
        )
    } else {
        Finding::ok(format!("Viewers are told {list}, port {port}."))
    }
}

const fn is_private(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(v4) => v4.is_private() || v4.is_loopback() || v4.is_link_local(),
        IpAddr::V6(v6) => v6.is_loopback() || v6.is_unique_local() || v6.is_unicast_link_local(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::Verdict;
    use super::*;

    fn ips(texts: &[&str]) -> Vec<IpAddr> {
        texts
            .iter()
            .map(|text| text.parse().expect("an address"))
            .collect()
    }

    fn place(configured: bool, container: bool, public: &[&str]) -> Place {
        Place {
            configured,
            container,
            public: ips(public),
            relay: false,
        }
    }

    // requirement 67: Docker and NAT, the two ways in which everybody announces the wrong address.
    #[test]
    fn wrong_addresses_are_seen_before_a_viewer_meets_them() {
        let judged =
            |addresses: &[&str], place: Place| judge(&ips(addresses), &place, 8189).verdict;
        let plain = || place(false, false, &[]);
        assert_eq!(judged(&["192.168.1.5"], plain()), Verdict::Ok);
        assert_eq!(judged(&["127.0.0.1", "::1"], plain()), Verdict::Fail);
        assert_eq!(
            judged(&["172.17.0.2"], plain()),
            Verdict::Ok,
            "a LAN may be numbered so"
        );
        assert_eq!(
            judged(&["172.17.0.2"], place(false, true, &[])),
            Verdict::Fail
        );
        assert_eq!(judged(&["172.17.0.2"], place(true, true, &[])), Verdict::Ok);
        let online = || place(false, false, &["203.0.113.5"]);
        assert_eq!(judged(&["192.168.1.5"], online()), Verdict::Warn);
        assert_eq!(
            judged(&["192.168.1.5", "203.0.113.5"], online()),
            Verdict::Ok
        );
        let with_relay = Place {
            relay: true,
            ..online()
        };
        assert_eq!(judged(&["192.168.1.5"], with_relay), Verdict::Ok);
    }
}
