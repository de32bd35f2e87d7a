//! A camera's address with its password: parsed once, printed never. Whoever needs the secret says
//! `expose`, which is easy to search for.

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;

use percent_encoding::percent_decode_str;
use url::{Host, Url};
use zeroize::Zeroizing;

/// Where RTSP lives when the address names no port (RFC 2326 section 3.2; 322 is IANA's for rtsps).
const RTSP_PORT: u16 = 554;
const RTSPS_PORT: u16 = 322;

/// Words in front of `=` whose value is a secret, in a query or in a path (XMEye cameras log in
/// with `/user=admin&password=..&channel=1`).
const SECRET_KEYS: [&str; 12] = [
    "user", "username", "usr", "pass", "password", "passwd", "pwd", "token", "auth", "key",
    "apikey", "secret",
];

/// An `rtsp://` or `rtsps://` address. `Debug` and `Display` show `rtsp://***@host/path`, with the
/// values of `user`, `password`, `token` and the like masked too; the memory is wiped at the end.
#[derive(Clone)]
pub struct SourceUrl(Arc<Parts>);

struct Parts {
    whole: Zeroizing<String>,
    request: Zeroizing<String>,
    masked: String,
    user: Option<Zeroizing<String>>,
    password: Option<Zeroizing<String>>,
    host: Host<String>,
    port: u16,
    tls: bool,
}

/// Why a text is no camera address. Never carries the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SourceUrlError {
    /// Neither `rtsp://` nor `rtsps://`.
    #[error("a source starts with rtsp:// or rtsps://, or is the word demo")]
    Scheme,
    /// No host.
    #[error("the address has no host")]
    Host,
    /// The port is no number up to 65535; a `:`, `/`, `?` or `#` in the password looks the same.
    #[error(
        "the port is not a number from 1 to 65535; in a password, write : / ? # and @ as %3A %2F %3F %23 and %40"
    )]
    Port,
    /// Control characters, which would let an address smuggle header lines (SEC-19).
    #[error("the address contains control characters or spaces")]
    Characters,
    /// An `@` or `#` behind the host: the password's end cannot be told.
    #[error(
        "there is an @ or # behind the host: in a password, write : / ? # and @ as %3A %2F %3F %23 and %40"
    )]
    Ambiguous,
    /// Anything else that RFC 3986 does not allow.
    #[error("the address is malformed")]
    Malformed,
}

impl SourceUrl {
    /// Parses an address. The path and query stay as they are written: cameras compare them
    /// byte by byte.
    ///
    /// # Errors
    /// What is wrong, without the text.
    pub fn parse(text: &str) -> Result<Self, SourceUrlError> {
        if text.chars().any(|c| c.is_control() || c.is_whitespace()) {
            return Err(SourceUrlError::Characters);
        }
        let (scheme, rest) = text.split_once("://").ok_or(SourceUrlError::Scheme)?;
        let tls = match scheme.to_ascii_lowercase().as_str() {
            "rtsp" => false,
            "rtsps" => true,
            _ => return Err(SourceUrlError::Scheme),
        };
        let url = Url::parse(text).map_err(|error| match error {
            url::ParseError::InvalidPort => SourceUrlError::Port,
            url::ParseError::EmptyHost => SourceUrlError::Host,
            _ => SourceUrlError::Malformed,
        })?;
        let host = host(&url)?;
        let default = if tls { RTSPS_PORT } else { RTSP_PORT };
        let (authority, path) = rest
            .find(['/', '?', '#'])
            .map_or((rest, ""), |at| rest.split_at(at));
        let place = authority
            .rsplit_once('@')
            .map_or(authority, |(_, place)| place);
        if path.contains(['@', '#']) {
            return Err(SourceUrlError::Ambiguous);
        }
        let request = format!("{}://{place}{path}", scheme.to_ascii_lowercase());
        Ok(Self(Arc::new(Parts {
            masked: mask(&request, authority.contains('@')),
            user: decoded(Some(url.username()).filter(|user| !user.is_empty())),
            password: decoded(url.password()),
            port: url.port().filter(|port| *port != 0).unwrap_or(default),
            whole: Zeroizing::new(text.to_owned()),
            request: Zeroizing::new(request),
            host,
            tls,
        })))
    }

    /// The address as it was written, password included: for the file and for nothing else.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0.whole
    }

    /// The address without user and password, as an RTSP request line carries it; a token in its
    /// query is still there.
    #[must_use]
    pub fn expose_request(&self) -> &str {
        &self.0.request
    }

    /// The password, percent-decoded.
    #[must_use]
    pub fn expose_password(&self) -> Option<&str> {
        self.0.password.as_ref().map(|text| text.as_str())
    }

    /// The user, percent-decoded. Problems may name it.
    #[must_use]
    pub fn user(&self) -> Option<&str> {
        self.0.user.as_ref().map(|text| text.as_str())
    }

    /// Whether the address carries a password or another secret.
    #[must_use]
    pub fn has_password(&self) -> bool {
        self.0.password.is_some() || self.0.masked.contains("=***")
    }

    /// The camera's name or address.
    #[must_use]
    pub fn host(&self) -> &Host<String> {
        &self.0.host
    }

    /// The camera's port: 554, or 322 for `rtsps`, when the address names none.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.0.port
    }

    /// Whether the connection is encrypted.
    #[must_use]
    pub fn is_tls(&self) -> bool {
        self.0.tls
    }
}

/// In the scheme `rtsp` the url crate leaves an IPv4 address as text.
fn host(url: &Url) -> Result<Host<String>, SourceUrlError> {
    match url.host() {
        Some(Host::Domain(name)) if !name.is_empty() => {
            let name = percent_decode_str(name)
                .decode_utf8()
                .map_err(|_| SourceUrlError::Host)?;
            match name.parse::<IpAddr>() {
                Ok(IpAddr::V4(address)) => Ok(Host::Ipv4(address)),
                _ => Ok(Host::Domain(name.into_owned())),
            }
        }
        Some(Host::Ipv4(address)) => Ok(Host::Ipv4(address)),
        Some(Host::Ipv6(address)) => Ok(Host::Ipv6(address)),
        Some(Host::Domain(_)) | None => Err(SourceUrlError::Host),
    }
}

fn decoded(text: Option<&str>) -> Option<Zeroizing<String>> {
    text.map(|text| Zeroizing::new(percent_decode_str(text).decode_utf8_lossy().into_owned()))
}

fn mask(request: &str, userinfo: bool) -> String {
    let Some((scheme, rest)) = request.split_once("://") else {
        return "***".to_owned();
    };
    let user = if userinfo { "***@" } else { "" };
    format!("{scheme}://{user}{}", mask_values(rest))
}

/// Replaces what follows `password=` and its like by `***`.
fn mask_values(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for piece in text.split_inclusive(['/', '?', '&', ';', '#']) {
        let (body, end) = match piece.char_indices().next_back() {
            Some((at, '/' | '?' | '&' | ';' | '#')) => piece.split_at(at),
            _ => (piece, ""),
        };
        match secret_at(body) {
            Some(at) => out.extend([&body[..at], "***", end]),
            None => out.push_str(piece),
        }
    }
    out
}

/// Where the first secret value of one piece begins.
fn secret_at(piece: &str) -> Option<usize> {
    piece.match_indices('=').map(|(at, _)| at).find_map(|at| {
        let word = piece[..at]
            .rsplit(['_', '.', ','])
            .next()
            .unwrap_or_default()
            .to_ascii_lowercase();
        SECRET_KEYS.contains(&word.as_str()).then_some(at + 1)
    })
}

impl fmt::Display for SourceUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.masked)
    }
}

impl fmt::Debug for SourceUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SourceUrl({})", self.0.masked)
    }
}

impl PartialEq for SourceUrl {
    fn eq(&self, other: &Self) -> bool {
        *self.0.whole == *other.0.whole
    }
}

impl Eq for SourceUrl {}

/// Masks user and password of every address inside a longer text, and secret query values: for
/// lines of a file that an error quotes.
#[must_use]
pub fn scrub(text: &str) -> String {
    text.split_inclusive(char::is_whitespace)
        .map(scrub_word)
        .collect()
}

fn scrub_word(word: &str) -> String {
    let Some((scheme, rest)) = word.split_once("://") else {
        return mask_values(word);
    };
    // Up to the last @ of the word: a password may contain anything.
    match rest.rfind('@') {
        Some(at) => format!("{scheme}://***@{}", mask_values(&rest[at + 1..])),
        None => format!("{scheme}://{}", mask_values(rest)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> SourceUrl {
        SourceUrl::parse(text).expect("an address")
    }

    // requirement 59.
    #[test]
    fn credentials_are_split_off_and_decoded() {
        let camera = url(
            "rtsp://admin:p%40ss%3a@192.168.1.20:8554/Streaming/Channels/101?transportmode=unicast",
        );
        assert_eq!(camera.user(), Some("admin"));
        assert_eq!(camera.expose_password(), Some("p@ss:"));
        assert_eq!(
            camera.expose_request(),
            "rtsp://192.168.1.20:8554/Streaming/Channels/101?transportmode=unicast"
        );
        assert_eq!(
            (camera.host(), camera.port(), camera.is_tls()),
            (&Host::Ipv4([192, 168, 1, 20].into()), 8554, false)
        );
        assert_eq!(url("rtsps://[fe80::1]/x").port(), 322);
        assert_eq!(url("RTSP://Cam.local").expose_request(), "rtsp://Cam.local");
        assert_eq!(url("rtsp://a:b@c@host/").expose_password(), Some("b@c"));
    }

    // E12: no way of printing shows a secret.
    #[test]
    fn printing_shows_no_secret() {
        let cases = [
            ("rtsp://admin:hunter2@cam/s", "rtsp://***@cam/s"),
            ("rtsp://hunter2@cam/s", "rtsp://***@cam/s"),
            (
                "rtsp://cam/s?user=admin&Password=hunter2&x=1",
                "rtsp://cam/s?user=***&Password=***&x=1",
            ),
            ("rtsp://cam/s?token=hunter2", "rtsp://cam/s?token=***"),
            (
                "rtsp://cam:554/user=admin&password=hunter2&channel=1",
                "rtsp://cam:554/user=***&password=***&channel=1",
            ),
            (
                "rtsp://cam/user=admin_password=hunter2_channel=1.sdp",
                "rtsp://cam/user=***",
            ),
        ];
        for (secret, shown) in cases {
            assert_eq!(url(secret).to_string(), shown);
            assert!(!format!("{:?} {:#?}", url(secret), url(secret)).contains("hunter2"));
        }
        assert!(url("rtsp://cam/s?token=x").has_password() && !url("rtsp://cam/s").has_password());
    }

    // E12: whatever the password is made of.
    #[test]
    fn no_password_is_printed() {
        use rand::{RngExt as _, SeedableRng as _};
        let mut random = rand::rngs::StdRng::seed_from_u64(12);
        for _ in 0..20_000 {
            let length = random.random_range(6..24);
            let password: String = (0..length)
                .map(|_| char::from(random.random_range(b'!'..=b'~')))
                .collect();
            let texts = [
                format!("rtsp://admin:{password}@cam/s"),
                format!("rtsp://{password}@cam/s"),
                format!(
                    "rtsp://cam/s?password={}",
                    password.replace(['&', ';', '/', '?', '#'], "x")
                ),
            ];
            for text in texts {
                let shown = SourceUrl::parse(&text)
                    .map_or_else(|error| error.to_string(), |url| format!("{url} {url:?}"));
                assert!(!shown.contains(&password), "{text} is shown as {shown}");
            }
            let line = scrub(&format!("  source: rtsp://admin:{password}@cam/s  # main"));
            assert!(!line.contains(&password), "{password}: {line}");
        }
    }

    #[test]
    fn scrubbing_masks_addresses_in_prose() {
        assert_eq!(
            scrub("  source: rtsp://admin:a/b@cam/s # see rtsp://u:p@h/x?pwd=1"),
            "  source: rtsp://***@cam/s # see rtsp://***@h/x?pwd=***"
        );
        assert_eq!(scrub("nothing here"), "nothing here");
    }

    // SEC-19: no control character reaches a request line.
    #[test]
    fn what_is_no_address_is_refused() {
        let cases = [
            ("http://cam/", SourceUrlError::Scheme),
            ("cam/stream", SourceUrlError::Scheme),
            ("rtsp:///stream", SourceUrlError::Host),
            ("rtsp://u:p@/stream", SourceUrlError::Host),
            ("rtsp://cam:99999/", SourceUrlError::Port),
            ("rtsp://admin:a/b@cam/", SourceUrlError::Port),
            ("rtsp://cam/a\r\nDESCRIBE", SourceUrlError::Characters),
            ("rtsp://cam/a b", SourceUrlError::Characters),
            ("rtsp://admin:12/4@cam/", SourceUrlError::Ambiguous),
            ("rtsp://admin:12#4@cam/", SourceUrlError::Ambiguous),
            ("rtsp://admin:p@ss/word@cam/", SourceUrlError::Ambiguous),
            ("exec:rm", SourceUrlError::Scheme),
            ("file:///etc/passwd", SourceUrlError::Scheme),
        ];
        for (text, why) in cases {
            assert_eq!(SourceUrl::parse(text).err(), Some(why), "{text:?}");
        }
    }
}
