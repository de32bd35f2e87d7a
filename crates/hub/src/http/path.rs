//! What a URL's path names, as a value. Pure: no stream need exist for its path to be understood.
//!
//! Paths are read as they come, byte for byte: nothing is decoded, lower-cased or tidied up, so
//! that `..`, `%2f` and `//` name nothing at all. The one exception is `/api/v1/streams/{name}`,
//! where a stream's `/` has to come as `%2F` to stay within its segment.

use lenswire_api::StreamName;
use percent_encoding::percent_decode_str;

/// Longest path that is looked at, in bytes: four segments of 63, an operation and a session fit
/// three times over.
const LONGEST: usize = 1_024;

/// Longest id in a path, in bytes. Ours have 22 and 12.
const LONGEST_ID: usize = 64;

/// What kind of thing a path names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum What {
    /// `/healthz`
    Health,
    /// `/readyz`
    Ready,
    /// `/metrics`
    Metrics,
    /// `/ws`
    Socket,
    /// `/api/v1/me`
    Me,
    /// `/api/v1/claim`
    Claim,
    /// `/api/v1/login`
    Login,
    /// `/api/v1/logout`
    Logout,
    /// `/api/v1/grants`
    Grants,
    /// `/api/v1/streams`
    Streams,
    /// `/api/v1/streams/{name}`
    Stream,
    /// `/api/v1/streams/{name}/retry`
    Retry,
    /// `/api/v1/probe`
    Probe,
    /// `/api/v1/streams/{name}/snapshot.jpg`
    Snapshot,
    /// `/api/v1/streams/{name}/history`
    History,
    /// `/api/v1/streams/{name}/stats`
    Stats,
    /// `/api/v1/events`
    Events,
    /// `/api/v1/log`
    Log,
    /// `/api/v1/tokens`
    Tokens,
    /// `/api/v1/tokens/{id}`
    Token,
    /// `/api/v1/sessions`
    Sessions,
    /// `/api/v1/sessions/{id}`
    Session,
    /// `/api/v1/settings`
    Settings,
    /// `/schema.json`
    Schema,
    /// `/install` and the files below it
    Install,
    /// `/{stream}/whep`
    Whep,
    /// `/{stream}/whep/{session}`
    WhepSession,
    /// `/openapi.json`
    OpenApi,
    /// `/api/streams`, as go2rtc has it
    OtherStreams,
    /// `/api/frame.jpeg?src={stream}`, as go2rtc has it
    OtherFrame,
    /// `/api/webrtc?src={stream}`, as go2rtc has it
    OtherOffer,
    /// `/{stream}/whip`
    Whip,
    /// `/{stream}/whip/{session}`
    WhipSession,
    /// `/lenswire.js`
    Player,
    /// `/assets/{file}` and the few files that browsers ask for at the root
    Asset,
    /// `/`, `/claim`, `/login`
    Page,
    /// `/{stream}`
    StreamPage,
}

impl What {
    /// All of them, for tests that walk the routes.
    #[cfg(test)]
    pub(crate) const ALL: [Self; 37] = [
        Self::Health,
        Self::Ready,
        Self::Metrics,
        Self::Socket,
        Self::Me,
        Self::Claim,
        Self::Login,
        Self::Logout,
        Self::Grants,
        Self::Streams,
        Self::Stream,
        Self::Retry,
        Self::Probe,
        Self::Snapshot,
        Self::History,
        Self::Stats,
        Self::Events,
        Self::Log,
        Self::Tokens,
        Self::Token,
        Self::Sessions,
        Self::Session,
        Self::Settings,
        Self::Schema,
        Self::Install,
        Self::Whep,
        Self::WhepSession,
        Self::OpenApi,
        Self::OtherStreams,
        Self::OtherFrame,
        Self::OtherOffer,
        Self::Whip,
        Self::WhipSession,
        Self::Player,
        Self::Asset,
        Self::Page,
        Self::StreamPage,
    ];
}

impl What {
    /// Its path, with what differs in braces.
    pub(crate) const fn template(self) -> &'static str {
        match self {
            Self::Health => "/healthz",
            Self::Ready => "/readyz",
            Self::Metrics => "/metrics",
            Self::Socket => "/ws",
            Self::Me => "/api/v1/me",
            Self::Claim => "/api/v1/claim",
            Self::Login => "/api/v1/login",
            Self::Logout => "/api/v1/logout",
            Self::Grants => "/api/v1/grants",
            Self::Streams => "/api/v1/streams",
            Self::Stream => "/api/v1/streams/{name}",
            Self::Retry => "/api/v1/streams/{name}/retry",
            Self::Probe => "/api/v1/probe",
            Self::Snapshot => "/api/v1/streams/{name}/snapshot.jpg",
            Self::History => "/api/v1/streams/{name}/history",
            Self::Stats => "/api/v1/streams/{name}/stats",
            Self::Events => "/api/v1/events",
            Self::Log => "/api/v1/log",
            Self::Tokens => "/api/v1/tokens",
            Self::Token => "/api/v1/tokens/{id}",
            Self::Sessions => "/api/v1/sessions",
            Self::Session => "/api/v1/sessions/{id}",
            Self::Whep => "/{stream}/whep",
            Self::WhepSession => "/{stream}/whep/{session}",
            Self::Whip => "/{stream}/whip",
            Self::WhipSession => "/{stream}/whip/{session}",
            Self::Settings => "/api/v1/settings",
            Self::Schema => "/schema.json",
            Self::Install => "/install",
            Self::OpenApi => "/openapi.json",
            Self::OtherStreams => "/api/streams",
            Self::OtherFrame => "/api/frame.jpeg",
            Self::OtherOffer => "/api/webrtc",
            Self::Player => "/lenswire.js",
            Self::Asset => "/assets/{file}",
            Self::Page => "/",
            Self::StreamPage => "/{stream}",
        }
    }
}

/// A path, understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    /// What it names.
    pub(crate) what: What,
    /// The stream in it.
    pub(crate) stream: Option<StreamName>,
    /// The session's id or the file's name in it.
    pub(crate) id: Option<String>,
}

impl Place {
    /// Understands a path; `None` when it names nothing.
    pub(crate) fn parse(path: &str) -> Option<Self> {
        if path.len() > LONGEST {
            return None;
        }
        let rest = path.strip_prefix('/')?;
        if let Some(api) = rest.strip_prefix("api/v1/") {
            return Self::api(api);
        }
        if let Some(file) = rest.strip_prefix("assets/") {
            return file_name(file).map(|file| Self {
                id: Some(format!("assets/{file}")),
                ..Self::bare(What::Asset)
            });
        }
        let what = match rest {
            "" | "claim" | "login" | "add" | "access" | "settings" | "log" => What::Page,
            "healthz" => What::Health,
            "readyz" => What::Ready,
            "metrics" => What::Metrics,
            "ws" => What::Socket,
            "lenswire.js" => What::Player,
            "schema.json" => What::Schema,
            "install" | "install/lenswire.crt" | "install/lenswire.mobileconfig" => {
                return Some(Self {
                    id: Some(rest.to_owned()),
                    ..Self::bare(What::Install)
                });
            }
            "openapi.json" => What::OpenApi,
            "api/streams" => What::OtherStreams,
            "api/frame.jpeg" => What::OtherFrame,
            "api/webrtc" => What::OtherOffer,
            "favicon.ico" | "favicon.svg" | "robots.txt" => {
                return Some(Self {
                    id: Some(rest.to_owned()),
                    ..Self::bare(What::Asset)
                });
            }
            _ => return Self::of_stream(rest),
        };
        Some(Self::bare(what))
    }

    /// The same with the stream that `?src=` names, where that is how a stream is named.
    pub(crate) fn with_query(self, query: Option<&str>) -> Self {
        if !matches!(self.what, What::OtherFrame | What::OtherOffer) {
            return self;
        }
        let mut pairs = url::form_urlencoded::parse(query.unwrap_or_default().as_bytes());
        let src = pairs.find(|(key, _)| key == "src");
        Self {
            stream: src.and_then(|(_, name)| StreamName::parse(&name).ok()),
            ..self
        }
    }

    fn bare(what: What) -> Self {
        Self {
            what,
            stream: None,
            id: None,
        }
    }

    fn api(path: &str) -> Option<Self> {
        let mut parts = path.split('/');
        let (first, second, third) = (parts.next()?, parts.next(), parts.next());
        if parts.next().is_some() {
            return None;
        }
        match (first, second, third) {
            ("me", None, None) => Some(Self::bare(What::Me)),
            ("claim", None, None) => Some(Self::bare(What::Claim)),
            ("login", None, None) => Some(Self::bare(What::Login)),
            ("logout", None, None) => Some(Self::bare(What::Logout)),
            ("grants", None, None) => Some(Self::bare(What::Grants)),
            ("settings", None, None) => Some(Self::bare(What::Settings)),
            ("streams", None, None) => Some(Self::bare(What::Streams)),
            ("streams", Some(name), None) => Self::encoded(What::Stream, name),
            ("streams", Some(name), Some("retry")) => Self::encoded(What::Retry, name),
            ("probe", None, None) => Some(Self::bare(What::Probe)),
            ("streams", Some(name), Some("snapshot.jpg")) => Self::encoded(What::Snapshot, name),
            ("streams", Some(name), Some("history")) => Self::encoded(What::History, name),
            ("streams", Some(name), Some("stats")) => Self::encoded(What::Stats, name),
            ("events", None, None) => Some(Self::bare(What::Events)),
            ("log", None, None) => Some(Self::bare(What::Log)),
            ("tokens", None, None) => Some(Self::bare(What::Tokens)),
            ("tokens", Some(id), None) => Some(Self {
                id: Some(ident(id)?),
                ..Self::bare(What::Token)
            }),
            ("sessions", None, None) => Some(Self::bare(What::Sessions)),
            ("sessions", Some(id), None) => Some(Self {
                id: Some(ident(id)?),
                ..Self::bare(What::Session)
            }),
            _ => None,
        }
    }

    fn encoded(what: What, segment: &str) -> Option<Self> {
        let name = percent_decode_str(segment).decode_utf8().ok()?;
        Some(Self {
            stream: Some(StreamName::parse(&name).ok()?),
            ..Self::bare(what)
        })
    }

    /// `{stream}`, `{stream}/whep`, `{stream}/whep/{session}`, and the same with `whip`. No name ends in
    /// either, so the last two segments decide.
    fn of_stream(path: &str) -> Option<Self> {
        let parts = path.rsplit_once('/');
        let (what, name, id) = match parts {
            Some((name, "whep")) => (What::Whep, name, None),
            Some((name, "whip")) => (What::Whip, name, None),
            Some((front, last)) => match front.rsplit_once('/') {
                Some((name, "whep")) => (What::WhepSession, name, Some(ident(last)?)),
                Some((name, "whip")) => (What::WhipSession, name, Some(ident(last)?)),
                _ => (What::StreamPage, path, None),
            },
            None => (What::StreamPage, path, None),
        };
        Some(Self {
            what,
            stream: Some(StreamName::parse(name).ok()?),
            id,
        })
    }
}

/// An id as we make them: base64url without padding, or hexadecimal.
fn ident(text: &str) -> Option<String> {
    let fits = (1..=LONGEST_ID).contains(&text.len());
    (fits
        && text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_'))
    .then(|| text.to_owned())
}

/// A file's name as the web build makes them: one segment, no leading dot.
fn file_name(text: &str) -> Option<&str> {
    let fits = (1..=128).contains(&text.len()) && !text.starts_with('.');
    (fits
        && text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.')))
    .then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(path: &str) -> Option<(What, Option<String>, Option<String>)> {
        Place::parse(path).map(|p| (p.what, p.stream.map(|s| s.to_string()), p.id))
    }

    type Row<'a> = (&'a str, What, Option<&'a str>, Option<&'a str>);

    const API: &[Row<'_>] = &[
        ("/schema.json", What::Schema, None, None),
        ("/install", What::Install, None, Some("install")),
        (
            "/install/lenswire.crt",
            What::Install,
            None,
            Some("install/lenswire.crt"),
        ),
        ("/api/v1/settings", What::Settings, None, None),
        ("/api/v1/me", What::Me, None, None),
        ("/api/v1/claim", What::Claim, None, None),
        ("/api/v1/login", What::Login, None, None),
        ("/api/v1/logout", What::Logout, None, None),
        ("/api/v1/grants", What::Grants, None, None),
        ("/api/v1/streams", What::Streams, None, None),
        ("/api/v1/streams/gate", What::Stream, Some("gate"), None),
        (
            "/api/v1/streams/phones%2F1",
            What::Stream,
            Some("phones/1"),
            None,
        ),
        (
            "/api/v1/streams/phones%2f1/retry",
            What::Retry,
            Some("phones/1"),
            None,
        ),
        ("/api/v1/probe", What::Probe, None, None),
        (
            "/api/v1/streams/phones%2F1/snapshot.jpg",
            What::Snapshot,
            Some("phones/1"),
            None,
        ),
        (
            "/api/v1/streams/gate/history",
            What::History,
            Some("gate"),
            None,
        ),
        (
            "/api/v1/streams/gate/stats",
            What::Stats,
            Some("gate"),
            None,
        ),
        ("/api/v1/events", What::Events, None, None),
        ("/api/v1/log", What::Log, None, None),
        ("/api/v1/tokens", What::Tokens, None, None),
        ("/api/v1/tokens/a-b_1", What::Token, None, Some("a-b_1")),
        ("/api/v1/sessions", What::Sessions, None, None),
        (
            "/api/v1/sessions/0123abcd",
            What::Session,
            None,
            Some("0123abcd"),
        ),
    ];

    #[test]
    fn every_path_that_means_something_is_understood() {
        let id = "AAECAwQFBgcICQoLDA0ODw";
        let session = format!("/site/hall/row/cam/whep/{id}");
        let table: &[Row<'_>] = &[
            ("/", What::Page, None, None),
            ("/claim", What::Page, None, None),
            ("/login", What::Page, None, None),
            ("/add", What::Page, None, None),
            ("/access", What::Page, None, None),
            ("/settings", What::Page, None, None),
            ("/log", What::Page, None, None),
            ("/healthz", What::Health, None, None),
            ("/readyz", What::Ready, None, None),
            ("/ws", What::Socket, None, None),
            ("/lenswire.js", What::Player, None, None),
            ("/openapi.json", What::OpenApi, None, None),
            ("/api/streams", What::OtherStreams, None, None),
            ("/api/frame.jpeg", What::OtherFrame, None, None),
            ("/api/webrtc", What::OtherOffer, None, None),
            (
                "/assets/index-B2x_9.css",
                What::Asset,
                None,
                Some("assets/index-B2x_9.css"),
            ),
            ("/favicon.svg", What::Asset, None, Some("favicon.svg")),
            ("/gate", What::StreamPage, Some("gate"), None),
            ("/a/b/c/d", What::StreamPage, Some("a/b/c/d"), None),
            ("/gate/whep", What::Whep, Some("gate"), None),
            ("/phones/1/whep", What::Whep, Some("phones/1"), None),
            ("/a/b/c/d/whep", What::Whep, Some("a/b/c/d"), None),
            ("/stage/whip", What::Whip, Some("stage"), None),
            (
                "/stage/whip/x-1",
                What::WhipSession,
                Some("stage"),
                Some("x-1"),
            ),
            (
                &session,
                What::WhepSession,
                Some("site/hall/row/cam"),
                Some(id),
            ),
            // A stream may be called `whep` neither in first nor in last place, but in between.
            ("/a/whep/b/whep", What::Whep, Some("a/whep/b"), None),
        ];
        for (path, what, stream, id) in API.iter().chain(table) {
            let expected = Some((*what, stream.map(str::to_owned), id.map(str::to_owned)));
            assert_eq!(parsed(path), expected, "{path}");
        }
    }

    #[test]
    fn other_programs_name_a_stream_behind_a_question_mark() {
        let named = |path: &str, query| {
            let place = Place::parse(path).expect("is known").with_query(query);
            place.stream.map(|name| name.to_string())
        };
        let frame = "/api/frame.jpeg";
        assert_eq!(named(frame, Some("w=1&src=gate")).as_deref(), Some("gate"));
        assert_eq!(named(frame, Some("src=a%2Fb")).as_deref(), Some("a/b"));
        for none in [
            None,
            Some(""),
            Some("src="),
            Some("src=../x"),
            Some("dst=gate"),
        ] {
            assert_eq!(named(frame, none), None, "{none:?}");
        }
        assert_eq!(
            named("/api/v1/streams/gate", Some("src=yard")).as_deref(),
            Some("gate")
        );
    }

    // Path tricks (SEC-19): what is not a path of ours names nothing.
    #[test]
    fn path_tricks_name_nothing() {
        let long = format!("/{}", "a".repeat(2_000));
        let long_id = format!("/gate/whep/{}", "a".repeat(65));
        let tricks = [
            "",
            "gate",
            "//",
            "//gate",
            "/gate/",
            "/gate//whep",
            "/gate/whep/",
            "/gate/whep/a/b/c",
            "/./gate",
            "/../etc/passwd",
            "/gate/..",
            "/gate/../api",
            "/Gate",
            "/gate%2Fwhep",
            "/%67ate",
            "/gate/whep/a%00",
            "/gate/whep/a.b",
            "/a/b/c/d/e",
            "/a/b/c/d/e/whep",
            "/whep",
            "/whep/x",
            "/whip",
            "/whip/x",
            "/api",
            "/api/",
            "/api/v1",
            "/api/v1/",
            "/api/v2/streams",
            "/api/v1/streams/",
            "/api/v1/streams/../me",
            "/api/v1/streams/%2e%2e",
            "/api/v1/streams/a/b",
            "/api/v1/streams/a%2F",
            "/api/v1/streams/%ff",
            "/api/v1/streams/gate/retry/x",
            "/api/v1/streams/gate/snapshot.png",
            "/api/v1/me/",
            "/api/v1/sessions/",
            "/api/v1/sessions/a/b",
            "/assets/",
            "/install/",
            "/install/local-ca.json",
            "/api/v1/settings/listen",
            "/assets/..",
            "/assets/../index.html",
            "/assets/a/b.js",
            "/assets/.hidden",
            "/assets/%2e%2e",
            "/healthz/",
            "/ws/",
            "/metrics/",
            "/g\u{e2}te",
            "/gate?x",
            "/gate;x",
            "/gate\0",
            &long,
            &long_id,
        ];
        for path in tricks {
            assert_eq!(parsed(path), None, "{path:?}");
        }
    }
}
