//! The socket's messages: JSON objects `{type, id, ..}`, read from strangers and written to them.
//! Pure. What may be said when is the business of [`super::talk`].

use std::time::Duration;

use lenswire_api::Problem;
use serde::{Deserialize, Serialize};

use super::report::PlayerReport;
use crate::config::Limits;
use crate::http::ice::Server;
use crate::http::limits::json;
use crate::session::Shown;

/// Longest `id`, in bytes: it comes back with every message of its session.
const LONGEST_ID: usize = 64;

/// The version of this protocol.
pub(crate) const VERSION: u32 = 1;

/// The client's name for one of its sessions, unique on its socket.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub(crate) struct Id(String);

impl TryFrom<String> for Id {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        if (1..=LONGEST_ID).contains(&text.len()) {
            Ok(Self(text))
        } else {
            Err(format!("an id has 1 to {LONGEST_ID} bytes"))
        }
    }
}

impl From<Id> for String {
    fn from(id: Id) -> Self {
        id.0
    }
}

/// What a client may say. Unknown fields are ignored, so that a newer page can talk to an older
/// hub; unknown types are answered with a problem.
#[derive(Debug, PartialEq, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(crate) enum ClientMessage {
    /// The first message: which protocol, and by whose leave.
    Hello {
        /// [`VERSION`].
        version: u32,
        /// A grant or an administrator's token; without it the cookie counts, from our own Origin.
        #[serde(default)]
        token: Option<String>,
    },
    /// To see a stream.
    Watch {
        /// The new session's name.
        id: Id,
        /// The stream's name.
        stream: String,
        /// The offer.
        sdp: String,
    },
    /// To be a stream's source.
    Publish {
        /// The new session's name.
        id: Id,
    },
    /// A trickled candidate; `null`, absent or empty: there are no more.
    Candidate {
        /// Which session.
        id: Id,
        /// `candidate:..`
        #[serde(default)]
        candidate: Option<String>,
    },
    /// ICE restart: the same session with a new offer.
    Restart {
        /// Which session.
        id: Id,
        /// The new offer.
        sdp: String,
    },
    /// To take over a session of a lost socket.
    Resume {
        /// Its name from now on, on this socket.
        id: Id,
        /// What its `answer` called `session`.
        session: String,
    },
    /// A newer grant for a session.
    Grant {
        /// Which session; absent: all of this socket, and those to come.
        #[serde(default)]
        id: Option<Id>,
        /// The grant.
        token: String,
    },
    /// What the player measures.
    Report {
        /// Which session.
        id: Id,
        /// Its figures.
        #[serde(flatten)]
        report: PlayerReport,
    },
    /// The client is done with a session.
    Close {
        /// Which session.
        id: Id,
    },
}

/// What the hub says.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(crate) enum ServerMessage {
    /// The client's hello was taken.
    Hello {
        /// [`VERSION`].
        version: u32,
        /// For `new RTCPeerConnection({iceServers})`.
        ice_servers: Vec<Server>,
        /// How long a session outlives its socket, for `resume`.
        resume_seconds: u64,
    },
    /// A session is made, or made anew by `restart`.
    Answer {
        /// The client's name for it.
        id: Id,
        /// The hub's name for it: as secret as a password, for `resume` and the session's URL.
        session: String,
        /// The answer.
        sdp: String,
    },
    /// A candidate of the hub's, found after the answer.
    Candidate {
        /// Which session.
        id: Id,
        /// `candidate:..`
        candidate: String,
        /// Always the first section: all are bundled (RFC 9429 section 5.2.1).
        #[serde(rename = "sdpMLineIndex")]
        sdp_m_line_index: u16,
    },
    /// What a session shows.
    State {
        /// Which session.
        id: Id,
        /// One word.
        state: &'static str,
        /// Why, when it is not simply going well.
        #[serde(skip_serializing_if = "Option::is_none")]
        reason: Option<Problem>,
        /// It plays, but the viewer should know this.
        #[serde(skip_serializing_if = "Option::is_none")]
        warning: Option<Problem>,
        /// Which picture of the scene is shown: 0 = the stream's own, 1 = its substream's. Absent
        /// when there is no choice.
        #[serde(skip_serializing_if = "Option::is_none")]
        layer: Option<usize>,
        /// What the server adds to the delay, in milliseconds, when that is known.
        #[serde(skip_serializing_if = "Option::is_none")]
        delay_ms: Option<f64>,
    },
    /// Something could not be done, or was not understood.
    Problem(Trouble),
}

/// A problem as a message of its own. (`Problem`'s own JSON has a `type`, and so has a message.)
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Trouble {
    /// Which session, if it is about one.
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<Id>,
    /// Stable name.
    pub(crate) code: &'static str,
    /// A few words.
    title: &'static str,
    /// A sentence.
    detail: String,
    /// What to do.
    fix: String,
    /// When it is worth trying again.
    #[serde(skip_serializing_if = "Option::is_none")]
    retry_after: Option<u64>,
}

impl ServerMessage {
    /// What a session shows.
    pub(crate) fn state(id: Id, shown: Shown, delay: Option<Duration>) -> Self {
        Self::State {
            id,
            state: shown.showing.word(),
            reason: shown.reason,
            warning: shown.warning,
            layer: shown.layer,
            delay_ms: delay.map(|delay| delay.as_secs_f64() * 1e3),
        }
    }

    /// A problem, about a session or about the socket.
    pub(crate) fn problem(id: Option<Id>, problem: &Problem) -> Self {
        Self::Problem(Trouble {
            id,
            code: problem.code.name(),
            title: problem.code.title(),
            detail: problem.detail.to_string(),
            fix: problem.fix().to_owned(),
            retry_after: problem.retry_after.map(|wait| wait.as_secs()),
        })
    }

    /// As JSON text.
    pub(crate) fn text(&self) -> String {
        // Strings, numbers and lists only: this cannot fail.
        serde_json::to_string(self).unwrap_or_default()
    }
}

/// Why a text is no message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Unread {
    /// The session it names, as far as that could be read, so that the answer finds it.
    pub(crate) id: Option<Id>,
    /// In words, for the one who sent it.
    pub(crate) why: String,
}

impl ClientMessage {
    /// Reads one text message.
    pub(crate) fn parse(text: &str, limits: &Limits) -> Result<Self, Unread> {
        let unread = |why: String| Unread { id: None, why };
        if text.len() > limits.ws_text.0 {
            return Err(unread(format!("A message has at most {}.", limits.ws_text)));
        }
        json(text.as_bytes(), limits).map_err(|problem| Unread {
            id: json::<Named>(text.as_bytes(), limits)
                .ok()
                .and_then(|named| named.id),
            why: format!("This is not a message of the protocol. {}", problem.detail),
        })
    }
}

/// Just enough of a message to answer it.
#[derive(Deserialize)]
struct Named {
    id: Option<Id>,
}

#[cfg(test)]
mod tests {
    use lenswire_api::Code;

    use super::*;

    fn id(text: &str) -> Id {
        Id(text.to_owned())
    }

    #[test]
    fn what_a_page_says_is_understood() {
        let cases = [
            (
                r#"{"type":"hello","version":1}"#,
                ClientMessage::Hello {
                    version: 1,
                    token: None,
                },
            ),
            (
                r#"{"type":"watch","id":"a","stream":"gate","sdp":"v=0\r\n"}"#,
                ClientMessage::Watch {
                    id: id("a"),
                    stream: "gate".into(),
                    sdp: "v=0\r\n".into(),
                },
            ),
            (
                r#"{"type":"candidate","id":"a","candidate":"candidate:1","sdpMid":"0","sdpMLineIndex":0}"#,
                ClientMessage::Candidate {
                    id: id("a"),
                    candidate: Some("candidate:1".into()),
                },
            ),
            (
                r#"{"type":"candidate","id":"a","candidate":null,"sdpMid":null}"#,
                ClientMessage::Candidate {
                    id: id("a"),
                    candidate: None,
                },
            ),
            (
                r#"{"type":"publish","id":"p","stream":"x","sdp":""}"#,
                ClientMessage::Publish { id: id("p") },
            ),
            (
                r#"{"type":"report","id":"a","delay_ms":84.5,"anything":[1]}"#,
                ClientMessage::Report {
                    id: id("a"),
                    report: serde_json::from_str(r#"{"delay_ms":84.5}"#).expect("a report"),
                },
            ),
            (
                r#"{"type":"grant","token":"t"}"#,
                ClientMessage::Grant {
                    id: None,
                    token: "t".into(),
                },
            ),
            (
                r#"{"id":"a","type":"close"}"#,
                ClientMessage::Close { id: id("a") },
            ),
        ];
        for (text, expected) in cases {
            assert_eq!(
                ClientMessage::parse(text, &Limits::default()),
                Ok(expected),
                "{text}"
            );
        }
    }

    // E1: JSON bombs and nonsense are an answer, never a crash.
    #[test]
    fn what_is_no_message_says_why_and_for_whom() {
        let deep = format!(
            "{{\"type\":\"report\",\"id\":\"a\",\"x\":{}1{}}}",
            "[".repeat(100_000 / 2),
            "]".repeat(100_000 / 2)
        );
        let nested = format!(
            "{{\"type\":\"report\",\"id\":\"a\",\"x\":{}1{}}}",
            "[".repeat(32),
            "]".repeat(32)
        );
        let long = format!("{{\"type\":\"close\",\"id\":\"{}\"}}", "a".repeat(70_000));
        let long_id = format!("{{\"type\":\"close\",\"id\":\"{}\"}}", "a".repeat(65));
        for text in [
            "",
            "{}",
            "[]",
            "null",
            "{\"type\":1}",
            "{\"type\":\"hello\"}",
            &deep,
            &nested,
            &long,
            &long_id,
            "\u{0}",
        ] {
            let unread = ClientMessage::parse(text, &Limits::default())
                .expect_err(text.get(..40).unwrap_or(text));
            assert!(unread.id.is_none() && !unread.why.is_empty());
        }
        let unread = ClientMessage::parse(r#"{"type":"dance","id":"a"}"#, &Limits::default())
            .expect_err("no such type");
        assert_eq!(unread.id, Some(id("a")));
        assert!(unread.why.contains("dance"), "{}", unread.why);
    }

    #[test]
    fn what_the_hub_says_is_what_the_design_says() {
        let problem = Problem::new(Code::CameraRefused, "It said no.");
        let cases = [
            (
                ServerMessage::State {
                    id: id("a"),
                    state: "waiting",
                    reason: Some(problem.clone()),
                    warning: None,
                    layer: None,
                    delay_ms: None,
                },
                serde_json::json!({"type": "state", "id": "a", "state": "waiting", "reason": problem}),
            ),
            (
                ServerMessage::State {
                    id: id("a"),
                    state: "live",
                    reason: None,
                    warning: Some(problem.clone()),
                    layer: Some(1),
                    delay_ms: Some(0.5),
                },
                serde_json::json!({"type": "state", "id": "a", "state": "live", "warning": problem, "layer": 1, "delay_ms": 0.5}),
            ),
            (
                ServerMessage::Answer {
                    id: id("a"),
                    session: "s".into(),
                    sdp: "v=0".into(),
                },
                serde_json::json!({"type": "answer", "id": "a", "session": "s", "sdp": "v=0"}),
            ),
            (
                ServerMessage::problem(None, &problem),
                serde_json::json!({"type": "problem", "code": "camera_refused", "title": Code::CameraRefused.title(),
                    "detail": "It said no.", "fix": Code::CameraRefused.fix()}),
            ),
            (
                ServerMessage::Candidate {
                    id: id("a"),
                    candidate: "candidate:1".into(),
                    sdp_m_line_index: 0,
                },
                serde_json::json!({"type": "candidate", "id": "a", "candidate": "candidate:1", "sdpMLineIndex": 0}),
            ),
        ];
        for (message, expected) in cases {
            let value: serde_json::Value = serde_json::from_str(&message.text()).expect("JSON");
            assert_eq!(value, expected);
        }
    }
}
