//! ICE fragments, `application/trickle-ice-sdpfrag` (RFC 8840 section 9): how a WHEP client trickles
//! candidates or restarts ICE, and how a restart is answered.

use std::fmt;

use super::candidate::{RemoteCandidate, excerpt};
use super::lines::{Line, lines};
use super::{Credentials, MAX_CANDIDATES, MAX_SDP, MAX_SECTIONS};
use crate::Refusal;

/// What a fragment says. Sections of a bundle share one transport, so which section a candidate
/// stands in doesn't matter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fragment {
    /// Of the generation that the candidates belong to.
    pub credentials: Option<Credentials>,
    /// In their order.
    pub candidates: Vec<RemoteCandidate>,
    /// No more will follow.
    pub end_of_candidates: bool,
}

impl Fragment {
    /// Reads a fragment.
    ///
    /// # Errors
    /// [`Refusal::BadFragment`] and [`Refusal::TooManyCandidates`].
    pub fn read(text: &str) -> Result<Self, Refusal> {
        if text.len() > MAX_SDP {
            return Err(bad(format!("longer than {MAX_SDP} bytes")));
        }
        let mut fragment = Self {
            credentials: None,
            candidates: Vec::new(),
            end_of_candidates: false,
        };
        let mut ufrag = None;
        let mut password = None;
        let mut sections = 0;
        for line in lines(text) {
            match line.map_err(|number| bad(format!("line {number} is not SDP")))? {
                Line::Media(_) => sections += 1,
                Line::Attribute {
                    name: "ice-ufrag",
                    value: Some(value),
                } => keep_first(&mut ufrag, value)?,
                Line::Attribute {
                    name: "ice-pwd",
                    value: Some(value),
                } => keep_first(&mut password, value)?,
                Line::Attribute {
                    name: "end-of-candidates",
                    ..
                } => fragment.end_of_candidates = true,
                Line::Attribute {
                    name: "candidate",
                    value: Some(value),
                } => fragment.add(value)?,
                Line::Attribute { .. } | Line::Other => {}
            }
            if sections > MAX_SECTIONS {
                return Err(bad(format!("more than {MAX_SECTIONS} media sections")));
            }
        }
        fragment.credentials = match (ufrag, password) {
            (Some(ufrag), Some(password)) => Some(Credentials::new(ufrag, password).map_err(bad)?),
            (None, None) => None,
            _ => return Err(bad("one of ice-ufrag and ice-pwd is missing".to_owned())),
        };
        Ok(fragment)
    }

    fn add(&mut self, value: &str) -> Result<(), Refusal> {
        if self.candidates.len() == MAX_CANDIDATES {
            return Err(Refusal::TooManyCandidates);
        }
        self.candidates
            .extend(RemoteCandidate::read(&format!("candidate:{value}"))?);
        Ok(())
    }
}

/// The credentials of all sections must be the same: there is one transport.
fn keep_first<'a>(kept: &mut Option<&'a str>, value: &'a str) -> Result<(), Refusal> {
    match kept {
        Some(first) if *first != value => {
            Err(bad(format!("two ICE credentials: {}", excerpt(value))))
        }
        _ => {
            *kept = Some(value);
            Ok(())
        }
    }
}

fn bad(why: String) -> Refusal {
    Refusal::BadFragment { why }
}

/// The answer to a restart: our new credentials and candidates, in the bundle's first section.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FragmentAnswer<'a> {
    /// Our credentials of the new generation.
    pub credentials: &'a Credentials,
    /// `audio` or `video`, and the section's `mid`.
    pub section: (&'a str, &'a str),
    /// Our candidates as `candidate:...`.
    pub candidates: &'a [String],
}

impl fmt::Display for FragmentAnswer<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (kind, mid) = self.section;
        write!(
            out,
            "a=ice-ufrag:{}\r\na=ice-pwd:{}\r\n",
            self.credentials.ufrag, self.credentials.password
        )?;
        write!(out, "m={kind} 9 UDP/TLS/RTP/SAVPF 0\r\na=mid:{mid}\r\n")?;
        for candidate in self.candidates {
            write!(out, "a={candidate}\r\n")?;
        }
        write!(out, "a=end-of-candidates\r\n")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 9725 section 4.3.2, example.
    const TRICKLE: &str = "a=ice-ufrag:EsAw\r\na=ice-pwd:P2uYro0UCOQ4zxjKXaWCBui1\r\nm=audio 9 UDP/TLS/RTP/SAVPF 0\r\na=mid:0\r\n\
        a=candidate:1387637174 1 udp 2122260223 192.0.2.1 61764 typ host generation 0 ufrag EsAw network-id 1\r\n\
        a=candidate:3471623853 1 udp 2122194687 198.51.100.2 61765 typ host generation 0 ufrag EsAw network-id 2\r\n\
        a=end-of-candidates\r\n";

    #[test]
    fn the_example_of_rfc_9725_is_read() {
        let fragment = Fragment::read(TRICKLE).unwrap();
        assert_eq!(fragment.credentials.unwrap().ufrag, "EsAw");
        assert_eq!(fragment.candidates.len(), 2);
        assert!(fragment.end_of_candidates);
    }

    #[test]
    fn limits_and_contradictions_are_refused() {
        // E1
        let many = "a=candidate:1 1 udp 1 192.0.2.1 1 typ host\n".repeat(MAX_CANDIDATES + 1);
        assert_eq!(Fragment::read(&many), Err(Refusal::TooManyCandidates));
        for text in [
            "a=ice-ufrag:abcd\r\n".to_owned(),
            "no sdp".to_owned(),
            "a=ice-ufrag:abcd\r\na=ice-ufrag:efgh\r\na=ice-pwd:0123456789012345678901\r\n"
                .to_owned(),
            "a=ice-ufrag:ab\r\na=ice-pwd:short\r\n".to_owned(),
            "m=audio 9 X 0\n".repeat(MAX_SECTIONS + 1),
            "a".repeat(MAX_SDP + 1),
        ] {
            assert!(
                matches!(Fragment::read(&text), Err(Refusal::BadFragment { .. })),
                "{}",
                excerpt(&text)
            );
        }
    }

    #[test]
    fn an_answer_reads_back() {
        let credentials = Credentials::new("abcd", "0123456789012345678901").unwrap();
        let candidates = ["candidate:1 1 udp 1 192.0.2.1 1 typ host".to_owned()];
        let answer = FragmentAnswer {
            credentials: &credentials,
            section: ("video", "1"),
            candidates: &candidates,
        };
        let read = Fragment::read(&answer.to_string()).unwrap();
        assert_eq!(read.credentials.as_ref(), Some(&credentials));
        assert_eq!(read.candidates.first().unwrap().line, candidates[0]);
    }
}
