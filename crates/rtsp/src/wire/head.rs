//! The head of a message, made fit for `rtsp-types`.
//!
//! `rtsp-types` wants CRLF, UTF-8, a reason phrase, a colon in every line and a parseable URI, and
//! waits for as many body bytes as `Content-Length` says. Cameras answer with LF only, with
//! Latin-1 reason phrases or none, repeat `Session`, break lines; so the head is read leniently
//! here, written anew in the canonical form, and only then parsed.

use std::fmt::Write as _;

use rtsp_types::Message;

use super::Item;

/// Headers of which a second one is a mistake: the first is kept, where `rtsp-types` would join
/// them with a comma ("double Session" cameras).
const SINGLE: [&str; 8] = [
    "cseq",
    "session",
    "content-length",
    "content-type",
    "content-base",
    "content-location",
    "location",
    "transport",
];

/// A head that was read, waiting for its body.
#[derive(Debug)]
pub struct Head {
    /// The start line, canonical, without line end.
    start: String,
    headers: Vec<(String, String)>,
    /// Bytes of body that follow; 0 when `Content-Length` is missing or is no number.
    pub length: u64,
}

impl Head {
    /// Reads a head, line ends included. `None` when its first line is no RTSP start line.
    #[must_use]
    pub fn parse(raw: &[u8]) -> Option<Self> {
        let text = String::from_utf8_lossy(raw).replace('\0', "");
        let mut lines = text.lines().map(str::trim_end);
        let start = start_line(lines.next()?)?;
        let mut headers: Vec<(String, String)> = Vec::new();
        for line in lines {
            if let (true, Some((_, value))) = (line.starts_with([' ', '\t']), headers.last_mut()) {
                // A header folded over two lines (RFC 2326 section 4.2 by RFC 2068).
                value.push(' ');
                value.push_str(line.trim());
            } else if let Some((name, value)) = line.split_once(':') {
                add(&mut headers, name.trim(), value.trim());
            }
        }
        let length = headers
            .iter()
            .find(|(name, _)| name.eq_ignore_ascii_case("content-length"));
        let length = length
            .and_then(|(_, value)| value.parse().ok())
            .unwrap_or(0);
        Some(Self {
            start,
            headers,
            length,
        })
    }

    /// The message with its body; `None` when `rtsp-types` finds a fault that was not foreseen.
    #[must_use]
    pub fn message(&self, body: &[u8]) -> Option<Item> {
        let mut raw = format!("{}\r\n", self.start);
        for (name, value) in &self.headers {
            if !name.eq_ignore_ascii_case("content-length") {
                let _ = write!(raw, "{name}: {value}\r\n");
            }
        }
        let _ = write!(raw, "Content-Length: {}\r\n\r\n", body.len());
        let mut raw = raw.into_bytes();
        raw.extend_from_slice(body);
        match Message::<Vec<u8>>::parse(&raw) {
            Ok((Message::Response(response), _)) => Some(Item::Response(response)),
            Ok((Message::Request(request), _)) => Some(Item::Request(request)),
            Ok((Message::Data(_), _)) | Err(_) => None,
        }
    }
}

fn add(headers: &mut Vec<(String, String)>, name: &str, value: &str) {
    let token = |b: u8| b.is_ascii_alphanumeric() || b"!#%&'*+-.^_`|~".contains(&b);
    let repeated = || {
        headers
            .iter()
            .any(|(known, _)| known.eq_ignore_ascii_case(name))
    };
    let single = SINGLE.iter().any(|known| known.eq_ignore_ascii_case(name));
    if name.is_empty() || !name.bytes().all(token) || (single && repeated()) {
        return;
    }
    // rtsp-types trims what ASCII calls white space; what Unicode calls so stays.
    headers.push((name.to_owned(), value.to_owned()));
}

/// `RTSP/1.0 200 OK` or `OPTIONS rtsp://… RTSP/1.0`, canonical.
fn start_line(line: &str) -> Option<String> {
    let mut words = line.split_ascii_whitespace();
    let (first, second) = (words.next()?, words.next()?);
    if first
        .get(..5)
        .is_some_and(|version| version.eq_ignore_ascii_case("RTSP/"))
    {
        let code: u16 = second
            .parse()
            .ok()
            .filter(|code| (100..=999).contains(code))?;
        let reason = words.collect::<Vec<_>>().join(" ");
        return Some(format!("RTSP/1.0 {code} {reason}"));
    }
    let version = words.next()?;
    let rtsp = version
        .get(..5)
        .is_some_and(|v| v.eq_ignore_ascii_case("RTSP/"));
    let method = first.bytes().all(|b| b.is_ascii_uppercase() || b == b'_');
    if !rtsp || !method {
        return None;
    }
    // A target that is no URL is of no use to us; the request still wants an answer.
    let target = url::Url::parse(second).map_or_else(|_| "*".to_owned(), String::from);
    Some(format!("{first} {target} RTSP/1.0"))
}
