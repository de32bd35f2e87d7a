//! `mediamtx.yml` (<https://github.com/bluenviron/mediamtx>): `paths` with `pathDefaults` below them,
//! and a long list of servers and ports. Its file holds every key it has, mostly at its default, so
//! what has no counterpart is named in one line unless somebody needs to know more.

use serde_json::{Map, Value};

use super::super::Transport;
use super::draft::{Draft, Server, Stream};
use super::{map, port, text, texts};

/// Prefixes of keys that are about things which Lenswire does not have.
const NONE_OF_OURS: [(&str, &str); 9] = [
    ("rtmp", "RTMP"),
    ("hls", "HLS"),
    ("srt", "SRT"),
    ("moq", "Media over QUIC"),
    ("playback", "recordings"),
    ("pprof", "profiles over HTTP"),
    ("rtsp", "RTSP out"),
    ("multicast", "multicast"),
    ("runOn", "programs to run"),
];

pub(super) fn read(file: &Map<String, Value>, draft: &mut Draft) {
    let none = Map::new();
    let defaults = map(file, "pathDefaults").unwrap_or(&none);
    for (name, value) in map(file, "paths").into_iter().flatten() {
        path(name, value.as_object().unwrap_or(&none), defaults, draft);
    }
    network(file, draft);
    if let Some(level) = text(file, "logLevel") {
        draft.log_level("logLevel", level);
    }
    if file
        .keys()
        .any(|key| key.starts_with("auth") || key == "readUser" || key == "publishUser")
    {
        draft.left("authentication", "people sign in by claim link, programs by `lenswire token new`; no address is trusted for what it is");
    }
    for (prefix, what) in NONE_OF_OURS {
        if file.keys().any(|key| key.starts_with(prefix)) {
            draft.left(format!("{prefix}*"), format!("{what}: not in Lenswire"));
        }
    }
}

fn path(name: &str, keys: &Map<String, Value>, defaults: &Map<String, Value>, draft: &mut Draft) {
    let place = format!("paths.{name}");
    if name.starts_with('~') || matches!(name, "all" | "all_others") {
        return draft.left(place, "patterns make no stream: each has a name of its own");
    }
    let inherited = |key: &str| keys.get(key).or_else(|| defaults.get(key));
    let source = inherited("source")
        .and_then(Value::as_str)
        .unwrap_or("publisher");
    let (address, scheme) = (source, source.split("://").next().unwrap_or_default());
    let source = match scheme {
        "publisher" => None,
        "rtsp" | "rtsps" => Some(address.to_owned()),
        "redirect" | "rpiCamera" => {
            return draft.left(place, format!("{scheme} is no source of Lenswire's"));
        }
        _ => {
            return draft.left(
                place,
                format!("{scheme}:// is no source of Lenswire's; use the camera's rtsp:// address"),
            );
        }
    };
    let yes = |key: &str| {
        matches!(inherited(key), Some(Value::Bool(true)))
            || inherited(key).and_then(Value::as_str) == Some("yes")
    };
    let transport = ["rtspTransport", "sourceProtocol"]
        .into_iter()
        .find_map(|key| inherited(key).and_then(Value::as_str));
    let stream = Stream {
        on_demand: source.is_some() && yes("sourceOnDemand"),
        transport: match transport {
            Some("tcp") if source.is_some() => Transport::Tcp,
            Some("udp") if source.is_some() => Transport::Udp,
            _ => Transport::Auto,
        },
        source,
    };
    draft.stream(&place, name, stream);
    if transport == Some("multicast") {
        draft.left(
            format!("{place}.rtspTransport"),
            "there is no multicast; tcp or udp is found out",
        );
    }
    if yes("record") {
        draft.left(format!("{place}.record"), "Lenswire does not record");
    }
    for key in keys.keys() {
        match key.as_str() {
            _ if key.starts_with("runOn") => draft.left(format!("{place}.{key}"), "Lenswire runs no other programs"),
            "sourceFingerprint" => draft.look(format!("{place}.sourceFingerprint: on a private address any certificate will do, elsewhere it must be valid")),
            "fallback" => draft.left(format!("{place}.fallback"), "there is no other stream to show instead"),
            _ if key.ends_with("User") || key.ends_with("Pass") || key.ends_with("IPs") => {
                draft.left(format!("{place}.{key}"), "people and programs are let in by grants");
            }
            _ => {}
        }
    }
}

fn network(file: &Map<String, Value>, draft: &mut Draft) {
    if let Some(port) = text(file, "webrtcLocalUDPAddress").and_then(port) {
        draft.media_port = Some(port);
        draft.taken(format!("webrtcLocalUDPAddress: media.port {port}"));
    }
    for host in file
        .get("webrtcAdditionalHosts")
        .map(texts)
        .unwrap_or_default()
    {
        match host.parse() {
            Ok(address) => {
                draft.addresses.insert(address);
                draft.taken(format!("webrtcAdditionalHosts: media.addresses {address}"));
            }
            Err(_) => draft.left(
                format!("webrtcAdditionalHosts {host}"),
                "media.addresses takes addresses, not names",
            ),
        }
    }
    for server in file
        .get("webrtcICEServers2")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(Value::as_object)
    {
        let own = |key| text(server, key).map(str::to_owned);
        let Some(url) = own("url") else { continue };
        draft.taken(format!("webrtcICEServers2: {url}"));
        draft.ice_servers.push(Server {
            urls: vec![url],
            username: own("username"),
            credential: own("password"),
        });
    }
    let proxies = file
        .get("webrtcTrustedProxies")
        .map(texts)
        .unwrap_or_default();
    if !proxies.is_empty() {
        draft.taken(format!(
            "webrtcTrustedProxies: trusted_proxies {}",
            proxies.join(" ")
        ));
        draft.trusted_proxies = proxies.into_iter().map(str::to_owned).collect();
    }
    let encrypted = file
        .get("webrtcEncryption")
        .is_some_and(|value| *value == Value::Bool(true) || value.as_str() == Some("yes"));
    if let (true, Some(cert), Some(key)) = (
        encrypted,
        text(file, "webrtcServerCert"),
        text(file, "webrtcServerKey"),
    ) {
        draft.taken("webrtcServerCert, webrtcServerKey: tls");
        draft.tls = Some((cert.to_owned(), key.to_owned()));
    }
    for (key, why) in [
        (
            "webrtcAddress",
            "pages and WHEP are at `listen`, 127.0.0.1:8080 until you say otherwise; the paths (/{stream}/whep) are the same",
        ),
        ("api", "the API is at `listen`, for administrators"),
        ("metrics", "/metrics is at `listen`, for administrators"),
    ] {
        if file.contains_key(key) {
            draft.left(key, why);
        }
    }
}
