//! As much HTTP as signalling needs, blocking and one request a connection.
//!
//! HTTP/1.0 on purpose: a server answers it without chunks and closes when it is done.

use std::io::{Read, Write};
use std::net::{IpAddr, TcpStream, ToSocketAddrs};
use std::time::Duration;

use anyhow::{Context, Result, bail};

/// How long a server may take to connect or answer.
const PATIENCE: Duration = Duration::from_secs(15);

/// Where to ask: `http://host:port/path?query`.
#[derive(Clone, Debug)]
pub(crate) struct Url {
    /// `host:port`.
    pub(crate) authority: String,
    /// Path with query.
    pub(crate) path: String,
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) location: Option<String>,
    pub(crate) body: String,
}

impl Url {
    pub(crate) fn parse(text: &str) -> Result<Self> {
        let rest = text
            .strip_prefix("http://")
            .with_context(|| format!("{text}: only http:// can be measured"))?;
        let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        let authority = if authority.contains(':') {
            authority.to_owned()
        } else {
            format!("{authority}:80")
        };
        let path = if path.is_empty() {
            "/".to_owned()
        } else {
            path.to_owned()
        };
        Ok(Self { authority, path })
    }

    /// The resource `name` below this one.
    pub(crate) fn below(&self, name: &str) -> Self {
        let path = format!("{}/{name}", self.path.trim_end_matches('/'));
        Self {
            path,
            ..self.clone()
        }
    }

    /// What a `Location` in an answer from here means.
    pub(crate) fn join(&self, location: &str) -> Result<Self> {
        if location.starts_with('/') {
            return Ok(Self {
                path: location.to_owned(),
                ..self.clone()
            });
        }
        Self::parse(location)
    }
}

/// Sends one request; `body` is its media type and content.
pub(crate) fn request(method: &str, url: &Url, body: Option<(&str, &str)>) -> Result<Answer> {
    request_as(None, method, url, body)
}

/// The same, with a token.
pub(crate) fn request_as(
    token: Option<&str>,
    method: &str,
    url: &Url,
    body: Option<(&str, &str)>,
) -> Result<Answer> {
    let mut connection = connect(url)?;
    connection.set_read_timeout(Some(PATIENCE))?;
    let mut head = format!(
        "{method} {} HTTP/1.0\r\nHost: {}\r\n",
        url.path, url.authority
    );
    if let Some(token) = token {
        head += &format!("Authorization: Bearer {token}\r\n");
    }
    if let Some((kind, content)) = body {
        head += &format!(
            "Content-Type: {kind}\r\nContent-Length: {}\r\n",
            content.len()
        );
    }
    let content = body.map_or("", |(_, content)| content);
    connection.write_all(format!("{head}\r\n{content}").as_bytes())?;
    let mut answer = Vec::new();
    connection.read_to_end(&mut answer)?;
    parse(&String::from_utf8_lossy(&answer))
}

/// Our own address on the way to a server.
pub(crate) fn local_address(url: &Url) -> Result<IpAddr> {
    Ok(connect(url)?.local_addr()?.ip())
}

fn connect(url: &Url) -> Result<TcpStream> {
    let address = url
        .authority
        .to_socket_addrs()?
        .next()
        .context("no address")?;
    TcpStream::connect_timeout(&address, PATIENCE)
        .with_context(|| format!("{address} does not listen"))
}

fn parse(answer: &str) -> Result<Answer> {
    let Some((head, body)) = answer.split_once("\r\n\r\n") else {
        bail!("an answer without an end of its head")
    };
    let mut lines = head.lines();
    let status = lines
        .next()
        .and_then(|line| line.split(' ').nth(1))
        .and_then(|code| code.parse().ok());
    let location = lines
        .filter_map(|line| line.split_once(':'))
        .find(|(name, _)| name.eq_ignore_ascii_case("location"));
    Ok(Answer {
        status: status.context("an answer without status")?,
        location: location.map(|(_, value)| value.trim().to_owned()),
        body: body.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_and_locations_are_taken_apart() {
        let url = Url::parse("http://10.9.0.2:8889/gate/whep").unwrap();
        assert_eq!(
            (url.authority.as_str(), url.path.as_str()),
            ("10.9.0.2:8889", "/gate/whep")
        );
        assert_eq!(url.join("/gate/whep/1").unwrap().path, "/gate/whep/1");
        assert_eq!(url.join("http://other/x").unwrap().authority, "other:80");
        assert!(Url::parse("https://10.9.0.2/").is_err());
    }

    #[test]
    fn an_answer_is_status_location_and_body() {
        let answer = parse("HTTP/1.1 201 Created\r\nLOCATION: /s/1\r\n\r\nv=0\r\n").unwrap();
        assert_eq!(
            (
                answer.status,
                answer.location.as_deref(),
                answer.body.as_str()
            ),
            (201, Some("/s/1"), "v=0\r\n")
        );
        assert!(parse("nonsense").is_err());
    }
}
