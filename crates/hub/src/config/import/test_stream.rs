//! A `config.yaml` with cameras below `rtsp:`, each with `url` and `name`, as `rtsp.test_stream` is.

use serde_json::{Map, Value};

use super::draft::{Draft, Stream};
use super::{map, text};

/// Whether `rtsp:` holds cameras.
pub(super) fn is(rtsp: &Map<String, Value>) -> bool {
    rtsp.values().any(|camera| camera.get("url").is_some())
}

pub(super) fn read(file: &Map<String, Value>, draft: &mut Draft) {
    for (key, camera) in map(file, "rtsp").into_iter().flatten() {
        let place = format!("rtsp.{key}");
        let Some(fields) = camera.as_object() else {
            draft.left(
                place,
                "Lenswire has its own way of connecting and reconnecting",
            );
            continue;
        };
        let Some(url) = text(fields, "url") else {
            draft.left(place, "it has no url");
            continue;
        };
        let stream = Stream {
            source: Some(url.to_owned()),
            ..Stream::default()
        };
        draft.stream(&place, text(fields, "name").unwrap_or(key), stream);
    }
    let level = ["logging", "log", "logger"]
        .into_iter()
        .find_map(|key| Some((key, text(map(file, key)?, "level")?)));
    if let Some((key, level)) = level {
        draft.log_level(&format!("{key}.level"), level);
    }
    for key in file
        .keys()
        .filter(|key| *key != "rtsp" && Some(key.as_str()) != level.map(|(key, _)| key))
    {
        draft.left(
            key,
            "Lenswire has its own settings for that; lenswire.yaml names them",
        );
    }
}
