//! Why a viewer's media finds no way through the network, as far as the hub can tell. Whether
//! anything of the viewer's has arrived tells a closed port from a closed way back, and who the
//! viewer is tells whether the announced addresses can be reached by it at all. Pure.

use std::net::IpAddr;
use std::time::{Duration, Instant};

use lenswire_api::{Code, Problem};

/// Where it can, ICE connects within a second; from here on a viewer deserves a reason.
const PATIENCE: Duration = Duration::from_secs(4);

/// A viewer's way to the media port.
#[derive(Clone, Debug, Default)]
pub(crate) struct Way {
    /// What the answer announced.
    pub(crate) announced: Vec<IpAddr>,
    /// The media port.
    pub(crate) port: u16,
    /// Who asked, as far as that is known.
    pub(crate) viewer: Option<IpAddr>,
    /// Whether a check of the viewer's has arrived.
    heard: bool,
    /// Since when it is being looked for.
    since: Option<Instant>,
    overdue: bool,
}

impl Way {
    /// What an answer announces to that viewer.
    pub(crate) fn new(announced: Vec<IpAddr>, port: u16, viewer: Option<IpAddr>) -> Self {
        Self {
            announced,
            port,
            viewer,
            ..Self::default()
        }
    }

    /// Lets time pass while there is no connection.
    pub(super) fn sought(&mut self, heard: bool, now: Instant) {
        let since = *self.since.get_or_insert(now);
        self.heard = heard;
        self.overdue = now.saturating_duration_since(since) >= PATIENCE;
    }

    /// What is in the way, once it has been looked for long enough.
    pub(super) fn trouble(&self) -> Option<Problem> {
        self.overdue.then(|| self.problem())
    }

    /// What is in the way.
    pub(super) fn problem(&self) -> Problem {
        let port = self.port;
        if self.heard {
            let detail = format!(
                "The viewer's packets arrive at port {port}, but what Lenswire sends does not arrive at the viewer."
            );
            return Problem::new(Code::IceFailed, detail).with_fix(format!(
                "Let UDP and TCP from port {port} out to viewers: a firewall on the way lets it in only."
            ));
        }
        let told = self.told();
        if let Some(why) = self.address_is_wrong() {
            return Problem::new(
                Code::MediaAddressWrong,
                format!("Viewers are told {told}, {why}."),
            );
        }
        let detail =
            format!("Nothing of this viewer's has arrived at {told}, neither by UDP nor by TCP.");
        Problem::new(Code::MediaUnreachable, detail).with_fix(format!(
            "Let UDP and TCP port {port} in, on this machine and on the way to it, or add a TURN server to ice_servers."
        ))
    }

    fn told(&self) -> String {
        let list: Vec<String> = self.announced.iter().map(ToString::to_string).collect();
        format!("{} port {}", list.join(", "), self.port)
    }

    /// Whether the viewer can't reach what it was told, whatever firewalls allow.
    fn address_is_wrong(&self) -> Option<&'static str> {
        let all = |kind: fn(&IpAddr) -> bool| self.announced.iter().all(kind);
        match self.viewer {
            Some(viewer) if !is_private(&viewer) && all(is_private) => {
                Some("which the internet, where this viewer is, does not lead to")
            }
            Some(viewer) if !viewer.is_loopback() && all(IpAddr::is_loopback) => {
                Some("which is the viewer's own machine")
            }
            Some(viewer) if all(is_bridge) && !is_bridge(&viewer) => {
                Some("which looks like an address within Docker")
            }
            _ => None,
        }
    }
}

const fn is_private(ip: &IpAddr) -> bool {
    match ip {
        IpAddr::V4(v4) => v4.is_private() || v4.is_loopback() || v4.is_link_local(),
        IpAddr::V6(v6) => v6.is_loopback() || v6.is_unique_local() || v6.is_unicast_link_local(),
    }
}

/// Docker's own bridges: 172.17.0.0/16 to 172.31.0.0/16.
const fn is_bridge(ip: &IpAddr) -> bool {
    matches!(ip, IpAddr::V4(v4) if v4.octets()[0] == 172 && matches!(v4.octets()[1], 17..=31))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn way(announced: &str, viewer: &str) -> Way {
        let ip = |text: &str| text.parse().expect("an address");
        Way::new(vec![ip(announced)], 8189, Some(ip(viewer)))
    }

    // B5, requirement 67: what keeps media from a viewer is told apart.
    #[test]
    fn each_thing_in_the_way_is_named() {
        for (announced, viewer, code) in [
            ("192.168.1.5", "192.168.1.77", Code::MediaUnreachable),
            ("192.168.1.5", "127.0.0.1", Code::MediaUnreachable),
            ("203.0.113.5", "198.51.100.7", Code::MediaUnreachable),
            ("172.17.0.2", "172.17.0.1", Code::MediaUnreachable),
            ("192.168.1.5", "198.51.100.7", Code::MediaAddressWrong),
            ("172.17.0.2", "192.168.1.77", Code::MediaAddressWrong),
            ("127.0.0.1", "192.168.1.77", Code::MediaAddressWrong),
        ] {
            let problem = way(announced, viewer).problem();
            assert_eq!(problem.code, code, "{announced} to {viewer}");
            assert!(problem.detail.contains(announced), "{problem:?}");
            assert!(problem.detail.ends_with('.') && !problem.fix().is_empty());
        }
    }

    #[test]
    #[expect(
        clippy::disallowed_methods,
        reason = "the fake clock needs a first value"
    )]
    fn a_viewer_that_was_heard_is_told_of_the_way_back_and_nobody_too_early() {
        let (mut way, start) = (way("192.168.1.5", "192.168.1.77"), Instant::now());
        way.sought(false, start);
        way.sought(false, start + Duration::from_secs(3));
        assert_eq!(way.trouble(), None);
        way.sought(false, start + Duration::from_secs(4));
        let code = |way: &Way| way.trouble().map(|problem| problem.code);
        assert_eq!(code(&way), Some(Code::MediaUnreachable));
        way.sought(true, start + Duration::from_secs(5));
        assert_eq!(code(&way), Some(Code::IceFailed));
    }
}
