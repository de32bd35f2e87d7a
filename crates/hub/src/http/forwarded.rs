//! What proxies say of the request that they pass on: `X-Forwarded-For`, `-Proto` and `-Host`, or
//! `Forwarded` (RFC 7239). Read of trusted proxies alone; whether one is, is for
//! [`origin`](super::origin) to say.

use std::net::{IpAddr, SocketAddr};

use axum::http::{HeaderMap, HeaderName};

const X_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const X_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");
const X_HOST: HeaderName = HeaderName::from_static("x-forwarded-host");
const FORWARDED: HeaderName = HeaderName::from_static("forwarded");

/// What was said, each list in the order in which the request passed its proxies.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Forwarded {
    addresses: Vec<String>,
    /// By the last proxy.
    pub(super) proto: Option<String>,
    /// By the last proxy.
    pub(super) host: Option<String>,
}

impl Forwarded {
    /// Reads the family of headers that is there. Of both, the `X-` ones: a proxy that speaks those
    /// lets a client's `Forwarded` pass unread.
    pub(super) fn of(headers: &HeaderMap) -> Self {
        if [X_FOR, X_PROTO, X_HOST]
            .iter()
            .any(|name| headers.contains_key(name))
        {
            Self {
                addresses: list(headers, &X_FOR),
                proto: list(headers, &X_PROTO).pop(),
                host: list(headers, &X_HOST).pop(),
            }
        } else {
            Self::standard(headers)
        }
    }

    fn standard(headers: &HeaderMap) -> Self {
        let mut said = Self::default();
        let texts = headers
            .get_all(FORWARDED)
            .iter()
            .filter_map(|value| value.to_str().ok());
        for hop in texts.flat_map(|text| split(text, ',')) {
            (said.proto, said.host) = (None, None);
            for pair in split(&hop, ';') {
                let Some((name, value)) = pair.split_once('=') else {
                    continue;
                };
                let value = unquoted(value.trim());
                match name.trim().to_ascii_lowercase().as_str() {
                    "for" => said.addresses.push(value),
                    "proto" => said.proto = Some(value),
                    "host" => said.host = Some(value),
                    _ => {}
                }
            }
        }
        said
    }

    /// The last address that a trusted proxy saw and that is no trusted proxy itself.
    pub(super) fn client(&self, trusted: &dyn Fn(IpAddr) -> bool) -> Option<IpAddr> {
        let mut found = None;
        for text in self.addresses.iter().rev() {
            let Some(address) = address(text) else { break };
            found = Some(address);
            if !trusted(address) {
                break;
            }
        }
        found
    }
}

/// Whether a request says that somebody passed it on.
pub(super) fn is_said(headers: &HeaderMap) -> bool {
    [X_FOR, X_PROTO, X_HOST, FORWARDED]
        .iter()
        .any(|name| headers.contains_key(name))
}

fn list(headers: &HeaderMap, name: &HeaderName) -> Vec<String> {
    let texts = headers
        .get_all(name)
        .iter()
        .filter_map(|value| value.to_str().ok());
    texts
        .flat_map(|text| text.split(','))
        .map(|text| text.trim().to_owned())
        .collect()
}

/// An address with or without a port; IPv6 in brackets where it has one (RFC 7239 section 6).
fn address(text: &str) -> Option<IpAddr> {
    let bare = text
        .strip_prefix('[')
        .and_then(|text| text.strip_suffix(']'))
        .unwrap_or(text);
    bare.parse()
        .ok()
        .or_else(|| text.parse::<SocketAddr>().ok().map(|socket| socket.ip()))
}

/// Splits outside of quotes.
fn split(text: &str, at: char) -> Vec<String> {
    let (mut parts, mut quoted, mut escaped) = (vec![String::new()], false, false);
    for character in text.chars() {
        if character == at && !quoted {
            parts.push(String::new());
            continue;
        }
        quoted ^= character == '"' && !escaped;
        escaped = quoted && character == '\\' && !escaped;
        if let Some(part) = parts.last_mut() {
            part.push(character);
        }
    }
    parts
}

fn unquoted(value: &str) -> String {
    match value
        .strip_prefix('"')
        .and_then(|value| value.strip_suffix('"'))
    {
        Some(inner) => inner.replace('\\', ""),
        None => value.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    fn headers(list: &[(&'static str, &'static str)]) -> HeaderMap {
        let pair = |(name, value): &(&'static str, &'static str)| {
            (
                HeaderName::from_static(name),
                HeaderValue::from_static(value),
            )
        };
        list.iter().map(pair).collect()
    }

    fn client(list: &[(&'static str, &'static str)]) -> Option<String> {
        let proxy: IpAddr = [10, 0, 0, 1].into();
        let found = Forwarded::of(&headers(list)).client(&|address| address == proxy);
        found.map(|address| address.to_string())
    }

    // requirement 88: RFC 7239's own examples, and what nginx, Caddy and HAProxy send.
    #[test]
    fn both_families_are_read() {
        for (said, expected) in [
            ("for=192.0.2.43", Some("192.0.2.43")),
            (
                "For=\"[2001:db8:cafe::17]:4711\"",
                Some("2001:db8:cafe::17"),
            ),
            (
                "for=192.0.2.60;proto=http;by=203.0.113.43",
                Some("192.0.2.60"),
            ),
            ("for=192.0.2.43, for=198.51.100.17", Some("198.51.100.17")),
            ("for=192.0.2.43, for=10.0.0.1", Some("192.0.2.43")),
            (
                "for=\"192.0.2.9, 1.1.1.1\", for=\"10.0.0.1:80\"",
                Some("10.0.0.1"),
            ),
            ("for=_hidden, for=10.0.0.1", Some("10.0.0.1")),
            ("for=unknown", None),
            ("", None),
            (";;=,\"", None),
        ] {
            assert_eq!(
                client(&[("forwarded", said)]).as_deref(),
                expected,
                "{said}"
            );
        }
        assert_eq!(
            client(&[("x-forwarded-for", "1.1.1.1, 192.0.2.5, 10.0.0.1")]).as_deref(),
            Some("192.0.2.5")
        );
        let said = Forwarded::of(&headers(&[(
            "forwarded",
            "host=a;proto=http, for=1.1.1.1;host=\"b:8443\";proto=https",
        )]));
        assert_eq!(
            (said.host.as_deref(), said.proto.as_deref()),
            (Some("b:8443"), Some("https"))
        );
    }

    // What a client wrote itself is not what its proxy said.
    #[test]
    fn the_families_do_not_mix() {
        let both = headers(&[
            ("x-forwarded-for", "192.0.2.5"),
            ("forwarded", "for=6.6.6.6;host=evil.example;proto=https"),
        ]);
        let said = Forwarded::of(&both);
        assert_eq!(
            (said.addresses, said.proto, said.host),
            (vec!["192.0.2.5".to_owned()], None, None)
        );
        assert!(is_said(&both) && !is_said(&HeaderMap::new()));
    }
}
