//! What is listening on a port that does not speak RTSP: its first bytes tell.

use std::fmt;

use crate::text::quote;

/// A protocol that is not RTSP.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Protocol {
    /// A web server.
    Http,
    /// An encrypted port that was spoken to in plain text.
    Tls,
    /// A secure shell server.
    Ssh,
    /// Something else; its first bytes as text, as far as they are text.
    Other(String),
}

impl Protocol {
    /// Names the protocol by the first bytes that its server sent.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        match bytes {
            // Record types 20 to 23, then a version of 3.x (RFC 8446 section 5.1).
            [20..=23, 3, ..] => Self::Tls,
            _ if begins(bytes, b"HTTP") || bytes.first() == Some(&b'<') => Self::Http,
            _ if begins(bytes, b"SSH") => Self::Ssh,
            _ => Self::Other(quote(
                &String::from_utf8_lossy(bytes.get(..32).unwrap_or(bytes)),
                None,
            )),
        }
    }
}

fn begins(bytes: &[u8], with: &[u8]) -> bool {
    !bytes.is_empty()
        && bytes
            .iter()
            .zip(with)
            .all(|(a, b)| a.eq_ignore_ascii_case(b))
}

impl fmt::Display for Protocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Http => f.write_str("HTTP (a web server)"),
            Self::Tls => f.write_str("TLS (an encrypted port)"),
            Self::Ssh => f.write_str("SSH (a secure shell)"),
            Self::Other(first) if first.chars().any(char::is_alphanumeric) => {
                write!(f, "something that says {first:?}")
            }
            Self::Other(_) => f.write_str("something else"),
        }
    }
}
