//! The configuration's types, as the file spells them.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use lenswire_api::StreamName;
use schemars::JsonSchema;
use serde::de::{Error as _, MapAccess, Visitor, value::MapAccessDeserializer};
use serde::{Deserialize, Deserializer};
use url::Url;

use super::tls::read_tls;
use super::units::read_some_duration;
use super::{Limits, Network, Secret, SourceUrl, Tls};

/// Everything that the file says, with defaults where it says nothing.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Where pages, API and signalling are served.
    #[serde(deserialize_with = "read_listen")]
    pub listen: SocketAddr,
    /// What links and QR codes say, and which other `Host` and `Origin` is our own.
    #[serde(deserialize_with = "read_url")]
    pub public_url: Option<Url>,
    /// HTTPS, if it is served.
    #[serde(deserialize_with = "read_tls")]
    pub tls: Option<Tls>,
    /// The port for all media, and what is told about it.
    pub media: Media,
    /// STUN and TURN servers that viewers are told of.
    pub ice_servers: Vec<IceServer>,
    /// Whose `X-Forwarded-*` headers are believed.
    pub trusted_proxies: Vec<Network>,
    /// Serve plain HTTP on an address that others can reach.
    pub insecure_http: bool,
    /// Whether a source added through the API may be on this machine; when absent, only while
    /// `listen` is loopback ([`Config::loopback_sources`]).
    pub allow_loopback_sources: Option<bool>,
    /// How much of everything.
    pub limits: Limits,
    /// What is logged.
    pub log: Log,
    /// Streams by name.
    pub streams: BTreeMap<StreamName, StreamConfig>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 8080)),
            public_url: None,
            tls: None,
            media: Media::default(),
            ice_servers: Vec::new(),
            trusted_proxies: Vec::new(),
            insecure_http: false,
            allow_loopback_sources: None,
            limits: Limits::default(),
            log: Log::default(),
            streams: BTreeMap::new(),
        }
    }
}

impl Config {
    /// What is served when there is no file: a demo camera that anyone may watch.
    #[must_use]
    pub fn demo() -> Self {
        let camera = StreamConfig {
            source: Some(Source::Demo),
            on_demand: true,
            viewers: Viewers::Anyone,
            ..StreamConfig::default()
        };
        let streams = StreamName::parse("demo").map(|name| (name, camera));
        Self {
            streams: streams.into_iter().collect(),
            ..Self::default()
        }
    }

    /// Whether a source added through the API may be on this machine.
    #[must_use]
    pub fn loopback_sources(&self) -> bool {
        self.allow_loopback_sources
            .unwrap_or_else(|| self.listen.ip().is_loopback())
    }
}

fn read_listen<'de, D: Deserializer<'de>>(deserializer: D) -> Result<SocketAddr, D::Error> {
    let text = String::deserialize(deserializer)?;
    text.trim().parse().map_err(|_| {
        D::Error::custom("expected an address and a port, such as 127.0.0.1:8080 or 0.0.0.0:8443")
    })
}

fn read_url<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Url>, D::Error> {
    let text = Option::<String>::deserialize(deserializer)?.filter(|text| !text.is_empty());
    let read = |text: String| {
        Url::parse(&text).map_err(|_| {
            D::Error::custom("expected an address such as https://cameras.example.org")
        })
    };
    text.map(read).transpose()
}

/// Where media goes.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Media {
    /// One UDP and TCP port for all media; 0 takes a free one.
    pub port: u16,
    /// Addresses to announce; the machine's own when empty.
    pub addresses: Vec<IpAddr>,
    /// How connectivity is checked.
    pub ice: Ice,
}

impl Default for Media {
    fn default() -> Self {
        Self {
            port: 8189,
            addresses: Vec::new(),
            ice: Ice::Full,
        }
    }
}

/// Who checks connectivity (RFC 8445 section 2.5).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ice {
    /// Both sides.
    #[default]
    Full,
    /// The viewer alone; only on a public address.
    Lite,
}

/// One entry of `ice_servers`, as in the browser's RTCIceServer.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IceServer {
    /// `stun:` or `turn:` addresses.
    #[serde(deserialize_with = "one_or_many")]
    pub urls: Vec<String>,
    /// For TURN.
    #[serde(default)]
    pub username: Option<String>,
    /// For TURN.
    #[serde(default)]
    pub credential: Option<Secret>,
}

fn one_or_many<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    struct Urls;
    impl<'de> Visitor<'de> for Urls {
        type Value = Vec<String>;

        fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("an address such as stun:stun.example.org:3478, or a list of them")
        }

        fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
            Ok(vec![text.to_owned()])
        }

        fn visit_seq<A: serde::de::SeqAccess<'de>>(
            self,
            mut items: A,
        ) -> Result<Self::Value, A::Error> {
            let mut urls = Vec::new();
            while let Some(url) = items.next_element()? {
                urls.push(url);
            }
            Ok(urls)
        }
    }
    deserializer.deserialize_any(Urls)
}

/// What is logged, and how.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Log {
    /// For people or for machines.
    pub format: LogFormat,
    /// From which level on.
    pub level: LogLevel,
}

/// How a log line looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LogFormat {
    /// One line for people.
    #[default]
    Text,
    /// One JSON object a line.
    Json,
}

/// From which level on lines are logged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the names are tracing's and say it all")]
pub enum LogLevel {
    Off,
    Error,
    Warn,
    #[default]
    Info,
    Debug,
    Trace,
}

/// One stream. Written as a bare string it is its source.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct StreamConfig {
    /// Where it comes from; nowhere when somebody publishes it.
    pub source: Option<Source>,
    /// A smaller version of the same picture.
    pub substream: Option<Source>,
    /// How RTSP media travels.
    pub transport: Transport,
    /// Connect only while somebody watches.
    pub on_demand: bool,
    /// How far a viewer may fall behind before frames are dropped.
    pub delay_limit: Option<Duration>,
    /// Who may watch.
    pub viewers: Viewers,
    /// Who may publish.
    pub publish: Publish,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default, rename = "stream")]
struct RawStream {
    source: Option<Source>,
    substream: Option<Source>,
    transport: Transport,
    on_demand: bool,
    #[serde(deserialize_with = "read_some_duration")]
    delay_limit: Option<Duration>,
    viewers: Viewers,
    publish: Publish,
}

impl From<RawStream> for StreamConfig {
    fn from(raw: RawStream) -> Self {
        let RawStream {
            source,
            substream,
            transport,
            on_demand,
            delay_limit,
            viewers,
            publish,
        } = raw;
        Self {
            source,
            substream,
            transport,
            on_demand,
            delay_limit,
            viewers,
            publish,
        }
    }
}

impl<'de> Deserialize<'de> for StreamConfig {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct AnyStream;
        impl<'de> Visitor<'de> for AnyStream {
            type Value = StreamConfig;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a stream: its source, or keys such as source, viewers and on_demand")
            }

            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Self::Value, E> {
                let source = Source::parse(text).map_err(E::custom)?;
                Ok(StreamConfig {
                    source: Some(source),
                    ..StreamConfig::default()
                })
            }

            fn visit_unit<E>(self) -> Result<Self::Value, E> {
                Ok(StreamConfig::default())
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
                RawStream::deserialize(MapAccessDeserializer::new(map)).map(Into::into)
            }
        }
        deserializer.deserialize_any(AnyStream)
    }
}

/// Where a stream comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// A camera.
    Rtsp(SourceUrl),
    /// The built-in demo camera, `demo` or `demo:`.
    Demo,
}

impl Source {
    /// Reads a source as the file writes it.
    ///
    /// # Errors
    /// What is wrong, without the text.
    pub fn parse(text: &str) -> Result<Self, super::SourceUrlError> {
        match text {
            "demo" | "demo:" => Ok(Self::Demo),
            url => SourceUrl::parse(url).map(Self::Rtsp),
        }
    }
}

impl std::fmt::Display for Source {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Rtsp(url) => url.fmt(f),
            Self::Demo => f.write_str("demo"),
        }
    }
}

impl<'de> Deserialize<'de> for Source {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).map_err(D::Error::custom)
    }
}

/// How RTSP media travels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Transport {
    /// TCP, and UDP when the camera wants it.
    #[default]
    Auto,
    /// Interleaved in the control connection.
    Tcp,
    /// RTP over UDP.
    Udp,
}

/// Who may watch a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Viewers {
    /// Everybody.
    Anyone,
    /// Administrators and whoever brings a grant.
    #[default]
    Grant,
}

/// Who may be a stream's source.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Publish {
    /// Everybody.
    Anyone,
    /// Administrators and whoever brings a grant or a slot link.
    #[default]
    Grant,
}
