//! ICE servers, as a browser's `RTCIceServer` and as WHIP's `Link` headers.

use axum::http::HeaderValue;
use serde::Serialize;

use crate::config::IceServer;

/// One ICE server, in the shape of the W3C's `RTCIceServer`. Holds its password: for those who may
/// watch something, and for no log.
#[derive(Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Server {
    urls: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    username: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    credential: Option<String>,
}

impl From<&IceServer> for Server {
    fn from(server: &IceServer) -> Self {
        Self {
            urls: server.urls.clone(),
            username: server.username.clone(),
            credential: server
                .credential
                .as_ref()
                .map(|secret| secret.expose().to_owned()),
        }
    }
}

impl Server {
    /// One `Link` header for each address (RFC 9725 section 4.6).
    pub(crate) fn links(&self) -> Vec<HeaderValue> {
        let login = match (&self.username, &self.credential) {
            (Some(user), Some(word)) => {
                format!(
                    "; username={}; credential={}; credential-type=\"password\"",
                    quoted(user),
                    quoted(word)
                )
            }
            _ => String::new(),
        };
        // An address with `>` or a control character would end the header early: it is left out.
        let urls = self
            .urls
            .iter()
            .filter(|url| url.bytes().all(|b| b.is_ascii_graphic() && b != b'>'));
        urls.filter_map(|url| {
            HeaderValue::from_str(&format!("<{url}>; rel=\"ice-server\"{login}")).ok()
        })
        .collect()
    }
}

impl std::fmt::Debug for Server {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Server")
            .field("urls", &self.urls)
            .finish_non_exhaustive()
    }
}

/// A quoted string (RFC 9110 section 5.6.4).
fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn server(url: &str, login: Option<(&str, &str)>) -> Server {
        Server {
            urls: vec![url.to_owned()],
            username: login.map(|(user, _)| user.to_owned()),
            credential: login.map(|(_, word)| word.to_owned()),
        }
    }

    #[test]
    fn links_are_as_the_rfc_writes_them() {
        assert_eq!(
            server("stun:s.example:3478", None).links(),
            [r#"<stun:s.example:3478>; rel="ice-server""#]
        );
        let turn = server("turn:t.example?transport=udp", Some(("us\"er", r"p\w"))).links();
        let expected = r#"<turn:t.example?transport=udp>; rel="ice-server"; username="us\"er"; credential="p\\w"; credential-type="password""#;
        assert_eq!(turn, [expected]);
    }

    // SEC-19: no header is ended early.
    #[test]
    fn what_would_break_a_header_is_left_out() {
        assert!(server("stun:x>y", None).links().is_empty());
        assert!(server("stun:x\r\nA: b", None).links().is_empty());
        assert!(
            server("turn:x", Some(("a\r\nB: c", "d")))
                .links()
                .is_empty()
        );
    }

    #[test]
    fn passwords_are_not_printed() {
        assert!(!format!("{:?}", server("turn:x", Some(("user", "canary")))).contains("canary"));
    }
}
