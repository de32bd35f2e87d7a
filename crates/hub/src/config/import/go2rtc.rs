//! `go2rtc.yaml` (<https://github.com/AlexxIT/go2rtc>): a stream is an address or a list of them, each
//! with options behind `#`. Its `${NAME}` and `${NAME:default}` mean what ours mean.

use serde_json::{Map, Value};

use super::draft::{Draft, Server, Stream};
use super::{map, port, text, texts};

pub(super) fn read(file: &Map<String, Value>, draft: &mut Draft) {
    for (name, value) in map(file, "streams").into_iter().flatten() {
        stream(name, &texts(value), draft);
    }
    if let Some(webrtc) = map(file, "webrtc") {
        read_webrtc(webrtc, draft);
    }
    if let Some(level) = map(file, "log").and_then(|log| text(log, "level")) {
        draft.log_level("log.level", level);
    }
    for key in file.keys() {
        let why = match key.as_str() {
            "streams" | "webrtc" | "log" => continue,
            "api" => {
                "pages and API are at `listen`, and people sign in by claim link and tokens instead of username and password"
            }
            "rtsp" => "RTSP out comes later",
            "ffmpeg" | "exec" | "echo" | "expr" => "Lenswire runs no other programs",
            "homekit" | "hass" | "ngrok" | "srtp" => "Lenswire has nothing of the kind",
            "preload" => "cameras are connected all the time unless on_demand says otherwise",
            _ => "there is no such thing in Lenswire",
        };
        draft.left(key, why);
    }
}

/// The first address that we can read is the source; in go2rtc they are alternatives for other codecs.
fn stream(name: &str, sources: &[&str], draft: &mut Draft) {
    let place = format!("streams.{name}");
    let mut found = false;
    for source in sources {
        let (address, options) = source.split_once('#').unwrap_or((source, ""));
        let plain = address.strip_prefix("ffmpeg:").unwrap_or(address);
        match plain.split_once("://") {
            Some(("rtsp" | "rtsps" | "rtspx", _)) if found => {
                draft.left(&place, format!("{plain}: a stream has one source; a smaller picture of the same goes to `substream`"));
            }
            Some((scheme @ ("rtsp" | "rtsps" | "rtspx"), rest)) => {
                found = true;
                let scheme = if scheme == "rtspx" { "rtsps" } else { scheme };
                let stream = Stream {
                    source: Some(format!("{scheme}://{rest}")),
                    on_demand: true,
                    ..Stream::default()
                };
                draft.stream(&place, name, stream);
                tell_options(&place, plain != address, options, draft);
            }
            Some((scheme, _)) => draft.left(
                &place,
                format!("{scheme}:// is no source of Lenswire's; use the camera's rtsp:// address"),
            ),
            None if address.starts_with("ffmpeg:") => draft.left(
                &place,
                format!("{address}: sound is converted by itself, and pictures are never"),
            ),
            None => {
                let kind = address.split(':').next().unwrap_or_default();
                draft.left(
                    &place,
                    format!("{kind}: is no source of Lenswire's: it runs no other programs"),
                );
            }
        }
    }
    if sources.is_empty() {
        draft.stream(&place, name, Stream::default());
    }
}

fn tell_options(place: &str, by_ffmpeg: bool, options: &str, draft: &mut Draft) {
    if by_ffmpeg {
        draft.look(format!(
            "{place}: FFmpeg converted it; Lenswire takes it as the camera sends it"
        ));
    }
    for option in options.split('#').filter(|option| !option.is_empty()) {
        let why = match option.split('=').next().unwrap_or_default() {
            "backchannel" => "talking to the camera comes later",
            "video" | "audio" | "hardware" | "width" | "height" | "rotate" => {
                "Lenswire sends what the camera sends; sound is converted by itself"
            }
            "media" => "all of the camera's tracks are read",
            _ => "Lenswire has no such option",
        };
        draft.left(format!("{place} #{option}"), why);
    }
}

fn read_webrtc(webrtc: &Map<String, Value>, draft: &mut Draft) {
    if let Some(port) = text(webrtc, "listen").and_then(port) {
        draft.media_port = Some(port);
        draft.taken(format!("webrtc.listen: media.port {port}"));
    }
    for candidate in webrtc.get("candidates").map(texts).unwrap_or_default() {
        let host = candidate
            .rsplit_once(':')
            .map_or(candidate, |(host, _)| host);
        match host.trim_matches(['[', ']']).parse() {
            Ok(address) => {
                draft.addresses.insert(address);
                draft.taken(format!("webrtc.candidates: media.addresses {address}"));
            }
            Err(_) => draft.left(
                format!("webrtc.candidates {candidate}"),
                "write the address that viewers can reach into media.addresses",
            ),
        }
    }
    for server in webrtc
        .get("ice_servers")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(Value::as_object)
    {
        let own = |key| text(server, key).map(str::to_owned);
        let urls: Vec<String> = server
            .get("urls")
            .map(texts)
            .unwrap_or_default()
            .into_iter()
            .map(str::to_owned)
            .collect();
        draft.taken(format!("webrtc.ice_servers: {}", urls.join(" ")));
        draft.ice_servers.push(Server {
            urls,
            username: own("username"),
            credential: own("credential"),
        });
    }
    if webrtc.contains_key("filters") {
        draft.left(
            "webrtc.filters",
            "media.addresses says which addresses are told",
        );
    }
}
