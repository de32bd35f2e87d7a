//! Every key of the configuration on one page: what it takes, what it is without the file, and
//! whether a change waits for the next start. The JSON Schema and the settings of the API are made
//! from it; a test holds it against the types, so that neither can have a key that the other lacks.

/// One key.
#[derive(Clone, Copy, Debug)]
pub(super) struct Key {
    /// As in `media.port`.
    pub(super) name: &'static str,
    /// What it takes.
    pub(super) kind: Kind,
    /// What it is when nobody says, as the file spells it; empty when it is nothing.
    pub(super) default: &'static str,
    /// When a change is in force.
    pub(super) applies: Applies,
    /// What it is for.
    pub(super) about: &'static str,
}

/// What a key takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// An address and a port.
    Socket,
    /// `https://host`.
    Url,
    /// A file's path.
    Path,
    /// true or false.
    Flag,
    /// A whole number in these bounds.
    Count(u64, u64),
    /// `16 KiB`.
    Size,
    /// `250ms`.
    Time,
    /// One of these words.
    Choice(&'static [&'static str]),
    /// A list of addresses.
    Addresses,
    /// A list of addresses and ranges.
    Networks,
    /// A list of STUN and TURN servers.
    IceServers,
    /// A camera's address, or `demo`.
    Source,
}

/// When a change is in force.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Applies {
    /// As soon as the file says so.
    AtOnce,
    /// From the next start.
    AtStart,
}

use Applies::{AtOnce, AtStart};
use Kind::{
    Addresses, Choice, Count, Flag, IceServers, Networks, Path, Size, Socket, Source, Time, Url,
};

const fn key(
    name: &'static str,
    kind: Kind,
    default: &'static str,
    applies: Applies,
    about: &'static str,
) -> Key {
    Key {
        name,
        kind,
        default,
        applies,
        about,
    }
}

const fn limit(name: &'static str, kind: Kind, default: &'static str, about: &'static str) -> Key {
    key(name, kind, default, AtStart, about)
}

const MOST: u64 = 1_000_000;

/// The settings: all that is not about one stream.
pub(super) const SETTINGS: &[Key] = &[
    key(
        "listen",
        Socket,
        "127.0.0.1:8080",
        AtStart,
        "Where pages, API and signalling are served. Another address than loopback wants tls, trusted_proxies or insecure_http.",
    ),
    key(
        "public_url",
        Url,
        "",
        AtOnce,
        "The address that people type, for links and QR codes.",
    ),
    key(
        "tls.cert",
        Path,
        "",
        AtStart,
        "The certificate with its chain, a PEM file; read again when it changes.",
    ),
    key("tls.key", Path, "", AtStart, "Its private key, a PEM file."),
    key(
        "tls.local",
        Flag,
        "false",
        AtStart,
        "HTTPS with a certificate of the hub's own authority, which devices install once from /install.",
    ),
    key(
        "tls.http",
        Socket,
        "",
        AtStart,
        "Where plain HTTP leads to HTTPS.",
    ),
    key(
        "insecure_http",
        Flag,
        "false",
        AtOnce,
        "Plain HTTP on an address that others can reach. Tokens then travel in the clear.",
    ),
    key(
        "trusted_proxies",
        Networks,
        "[]",
        AtOnce,
        "Proxies whose X-Forwarded-For, -Proto, -Host and Forwarded are believed.",
    ),
    key(
        "allow_loopback_sources",
        Flag,
        "",
        AtOnce,
        "Whether a source added through the API may be on this machine. Without it, only while listen is loopback.",
    ),
    key(
        "media.port",
        Count(0, 65_535),
        "8189",
        AtStart,
        "One UDP and TCP port for all media; open it in the firewall.",
    ),
    key(
        "media.addresses",
        Addresses,
        "[]",
        AtStart,
        "Addresses to tell viewers; empty: the machine's own.",
    ),
    key(
        "media.ice",
        Choice(&["full", "lite"]),
        "full",
        AtStart,
        "full, or lite on a server with a public address.",
    ),
    key(
        "ice_servers",
        IceServers,
        "[]",
        AtOnce,
        "STUN and TURN servers that viewers are told of.",
    ),
    key(
        "log.format",
        Choice(&["text", "json"]),
        "text",
        AtStart,
        "How log lines look.",
    ),
    key(
        "log.level",
        Choice(&["off", "error", "warn", "info", "debug", "trace"]),
        "info",
        AtStart,
        "From which level on lines are logged.",
    ),
    limit("limits.header", Size, "16 KiB", "Of one request."),
    limit("limits.header_time", Time, "5s", "For a header to arrive."),
    limit("limits.body", Size, "64 KiB", "Of one request."),
    limit("limits.body_time", Time, "10s", "For a body to arrive."),
    limit(
        "limits.idle_time",
        Time,
        "60s",
        "How long a connection may wait for its next request.",
    ),
    limit(
        "limits.connections",
        Count(1, MOST),
        "8192",
        "TCP connections, in all.",
    ),
    limit(
        "limits.connections_per_ip",
        Count(1, MOST),
        "1024",
        "TCP connections of one address; trusted proxies are not counted.",
    ),
    limit(
        "limits.json_depth",
        Count(0, MOST),
        "32",
        "How deep JSON may nest.",
    ),
    limit("limits.json_items", Count(0, MOST), "1000", "In one array."),
    limit("limits.sdp", Size, "64 KiB", "Of one SDP."),
    limit(
        "limits.sdp_media",
        Count(0, MOST),
        "16",
        "Media sections in one SDP.",
    ),
    limit(
        "limits.candidates",
        Count(0, MOST),
        "20",
        "That one viewer may name.",
    ),
    limit(
        "limits.ws_text",
        Size,
        "64 KiB",
        "Of one text message on a socket.",
    ),
    limit(
        "limits.ws_media",
        Size,
        "4 MiB",
        "Of one media message on a socket.",
    ),
    limit(
        "limits.ws_queue",
        Count(1, MOST),
        "256",
        "Messages waiting for a slow socket.",
    ),
    limit(
        "limits.ws_ping",
        Time,
        "15s",
        "How often a socket is asked whether it lives.",
    ),
    limit(
        "limits.ws_auth_time",
        Time,
        "5s",
        "For a socket's first message.",
    ),
    limit(
        "limits.sessions_per_socket",
        Count(1, MOST),
        "64",
        "Sessions on one socket.",
    ),
    limit(
        "limits.sessions_per_user",
        Count(0, MOST),
        "64",
        "Sessions of one user.",
    ),
    limit(
        "limits.sessions_per_stream",
        Count(0, MOST),
        "1000",
        "Sessions on one stream.",
    ),
    limit(
        "limits.pending",
        Count(0, MOST),
        "1024",
        "Sessions that have not connected yet, in all.",
    ),
    limit(
        "limits.pending_per_ip",
        Count(0, MOST),
        "256",
        "Sessions that have not connected yet, of one address.",
    ),
    limit(
        "limits.pending_time",
        Time,
        "15s",
        "How long a session may take to connect.",
    ),
    limit(
        "limits.vanished_time",
        Time,
        "20s",
        "Silence after which a viewer is gone.",
    ),
    limit(
        "limits.streams",
        Count(1, MOST),
        "256",
        "Streams, live or not.",
    ),
    limit(
        "limits.logins_per_account",
        Count(0, MOST),
        "5",
        "Attempts to sign in a minute, of one address.",
    ),
    limit(
        "limits.logins_per_ip",
        Count(0, MOST),
        "30",
        "Attempts to sign in a minute, of one address with all accounts.",
    ),
    limit(
        "limits.api_per_user",
        Count(0, MOST),
        "50",
        "API requests a second, of one user.",
    ),
    limit(
        "limits.whep_per_ip",
        Count(0, MOST),
        "100",
        "WHEP requests a second, of one address.",
    ),
    limit(
        "limits.whep_burst",
        Count(0, MOST),
        "500",
        "WHEP requests of one address at once.",
    ),
];

/// Keys of one stream, below `streams.{name}`.
pub(super) const STREAM: &[Key] = &[
    key(
        "source",
        Source,
        "",
        AtOnce,
        "Where it comes from: rtsp://, rtsps:// or demo. Without it, somebody publishes it.",
    ),
    key(
        "substream",
        Source,
        "",
        AtOnce,
        "A smaller picture of the same, for small tiles and thin links.",
    ),
    key(
        "transport",
        Choice(&["auto", "tcp", "udp"]),
        "auto",
        AtOnce,
        "How RTSP media travels: TCP, and UDP when the camera wants it.",
    ),
    key(
        "on_demand",
        Flag,
        "false",
        AtOnce,
        "Connect only while somebody watches.",
    ),
    key(
        "delay_limit",
        Time,
        "",
        AtOnce,
        "How far a viewer may fall behind before frames are dropped.",
    ),
    key(
        "viewers",
        Choice(&["grant", "anyone"]),
        "grant",
        AtOnce,
        "Who may watch: who brings a grant, or everybody.",
    ),
    key(
        "publish",
        Choice(&["grant", "anyone"]),
        "grant",
        AtOnce,
        "Who may publish.",
    ),
];
