//! The `Transport` and `Session` headers as cameras write them.
//!
//! Read leniently: parameters in any order, blanks inside (`ssrc= d6d6627`, Hikvision), a missing
//! second port, quoted modes, ports of 0. What cannot be read counts as not said.

use std::time::Duration;

/// Session timeout when the camera names none (RFC 2326 section 12.37).
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(60);

/// An RTP and an RTCP number: ports or channels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pair<T> {
    /// For RTP.
    pub rtp: T,
    /// For RTCP.
    pub rtcp: T,
}

/// What a camera answered to SETUP.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Transport {
    /// Channels of interleaved frames.
    pub channels: Option<Pair<u8>>,
    /// UDP ports of the camera; a port of 0 counts as not said (MediaMTX #407).
    pub server_ports: Option<Pair<u16>>,
    /// The source of its RTP packets; 0 counts as not said (H264DVR).
    pub ssrc: Option<u32>,
}

impl Transport {
    /// Reads the first transport of a header.
    #[must_use]
    pub fn parse(header: &str) -> Self {
        let mut transport = Self::default();
        for parameter in header.split(',').next().unwrap_or_default().split(';') {
            let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
            let value = value.trim().trim_matches('"');
            match name.trim().to_ascii_lowercase().as_str() {
                "interleaved" => {
                    transport.channels = pair(value, |channel: u8| channel.checked_add(1));
                }
                "server_port" => {
                    transport.server_ports = pair(value, |port: u16| port.checked_add(1))
                        .filter(|ports| ports.rtp > 1 && ports.rtcp > 1);
                }
                "ssrc" => {
                    let digits = value.trim_start_matches("0x").trim_start_matches("0X");
                    transport.ssrc = u32::from_str_radix(digits, 16)
                        .ok()
                        .filter(|ssrc| *ssrc != 0);
                }
                _ => {}
            }
        }
        transport
    }
}

fn pair<T: std::str::FromStr + Copy>(
    value: &str,
    next: impl Fn(T) -> Option<T>,
) -> Option<Pair<T>> {
    let (first, second) = value.split_once('-').unwrap_or((value, ""));
    let rtp: T = first.trim().parse().ok()?;
    let rtcp = second.trim().parse().ok().or_else(|| next(rtp))?;
    Some(Pair { rtp, rtcp })
}

/// What we ask for in SETUP.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ask {
    /// RTP inside the control connection.
    Interleaved(Pair<u8>),
    /// RTP to these UDP ports of ours.
    Udp(Pair<u16>),
}

impl std::fmt::Display for Ask {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Interleaved(c) => {
                write!(f, "RTP/AVP/TCP;unicast;interleaved={}-{}", c.rtp, c.rtcp)
            }
            Self::Udp(p) => write!(f, "RTP/AVP;unicast;client_port={}-{}", p.rtp, p.rtcp),
        }
    }
}

/// The `Session` header: what to name in each request, and how long the camera waits for one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// The identifier.
    pub id: String,
    /// How long the camera keeps the session without a sign of life.
    pub timeout: Duration,
}

impl Session {
    /// Reads the header; `None` when there is no identifier in it.
    #[must_use]
    pub fn parse(header: &str) -> Option<Self> {
        let mut parts = header.split(';').map(str::trim);
        let id = parts.next().filter(|id| !id.is_empty())?.to_owned();
        let seconds = parts.find_map(|part| {
            let (name, value) = part.split_once('=')?;
            name.trim()
                .eq_ignore_ascii_case("timeout")
                .then(|| value.trim().parse().ok())?
        });
        let timeout = seconds
            .filter(|s| *s > 0)
            .map_or(DEFAULT_TIMEOUT, Duration::from_secs);
        Some(Self { id, timeout })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn transports_of_real_cameras_are_read() {
        let parsed = |header: &str| Transport::parse(header);
        // Hikvision
        let hik = parsed("RTP/AVP/TCP;unicast;interleaved=0-1;ssrc= d6d6627;mode=\"play\"");
        assert_eq!(
            (hik.channels, hik.ssrc),
            (Some(Pair { rtp: 0, rtcp: 1 }), Some(0x0d6d_6627))
        );
        // Luckfox: ssrc before the others; VLC: one port only
        let lf = parsed("RTP/AVP;ssrc=22345685;unicast;client_port=54060-54061;server_port=49152");
        assert_eq!(
            (lf.server_ports, lf.ssrc),
            (
                Some(Pair {
                    rtp: 49152,
                    rtcp: 49153
                }),
                Some(0x2234_5685)
            )
        );
        // H264DVR: ssrc=0 means nothing
        assert_eq!(
            parsed("RTP/AVP;unicast;server_port=40004-40005;ssrc=0").ssrc,
            None
        );
    }

    #[test]
    fn nonsense_counts_as_not_said() {
        // SEC-26: server_port=0-1 must not become a source to trust
        for header in [
            "",
            "\"",
            "RTP/AVP;mode=\"",
            "dest_addr=\"\\\"",
            "interleaved=300-301;server_port=0-1;ssrc=zz",
        ] {
            assert_eq!(Transport::parse(header), Transport::default(), "{header}");
        }
        assert_eq!(Transport::parse("interleaved=255").channels, None);
        assert_eq!(Transport::parse("server_port=65535").server_ports, None);
    }

    #[test]
    fn the_timeout_is_found_behind_blanks_and_defaults_to_a_minute() {
        let read = |header| Session::parse(header).map(|s| (s.id, s.timeout.as_secs()));
        assert_eq!(
            read("       708345999;timeout=60"),
            Some(("708345999".to_owned(), 60))
        );
        assert_eq!(
            read("9a90de54; Timeout = 120"),
            Some(("9a90de54".to_owned(), 120))
        );
        assert_eq!(read("x;timeout=0"), Some(("x".to_owned(), 60)));
        assert_eq!(read("x;timeout=soon"), Some(("x".to_owned(), 60)));
        assert_eq!(read(" ;timeout=5"), None);
    }
}
