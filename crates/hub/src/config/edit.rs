//! One change of one stream, made in the text with everything else left as it is: comments, order,
//! spelling. Whether the result means what was asked is for the caller to check by parsing it.

use std::str::FromStr;
use std::time::Duration;

use lenswire_api::StreamName;
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer};
use yaml_edit::{Document, Mapping, MappingBuilder};

use super::shape::{Publish, Source, StreamConfig, Transport, Viewers};
use super::units::{duration, show_duration};
use super::{Config, Error, Secret, SourceUrlError, expand};

/// A change that the API asks for.
#[derive(Clone, Debug)]
pub enum StreamEdit {
    /// A new stream.
    Add(StreamName, StreamPatch),
    /// Other values for some keys.
    Change(StreamName, StreamPatch),
    /// No such stream any more.
    Remove(StreamName),
}

impl StreamEdit {
    /// The stream that it is about.
    #[must_use]
    pub const fn name(&self) -> &StreamName {
        match self {
            Self::Add(name, _) | Self::Change(name, _) | Self::Remove(name) => name,
        }
    }
}

/// Keys of one stream in a request's body (RFC 7396): absent leaves a key as it is, null removes
/// it, which brings its default back.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct StreamPatch {
    /// `rtsp://..`, `demo`; none: whoever publishes.
    #[serde(deserialize_with = "given")]
    #[schemars(with = "Option<String>")]
    pub source: Option<Option<SourceText>>,
    /// A smaller picture of the same scene.
    #[serde(deserialize_with = "given")]
    #[schemars(with = "Option<String>")]
    pub substream: Option<Option<SourceText>>,
    /// How RTSP media travels.
    #[serde(deserialize_with = "given")]
    #[schemars(with = "Option<Transport>")]
    pub transport: Option<Option<Transport>>,
    /// Whether the source runs only while somebody watches.
    #[serde(deserialize_with = "given")]
    #[schemars(with = "Option<bool>")]
    pub on_demand: Option<Option<bool>>,
    /// How far a viewer may fall behind: `500ms`, `2s`.
    #[serde(deserialize_with = "given_duration")]
    #[schemars(with = "Option<String>")]
    pub delay_limit: Option<Option<Duration>>,
    /// Who may watch.
    #[serde(deserialize_with = "given")]
    #[schemars(with = "Option<Viewers>")]
    pub viewers: Option<Option<Viewers>>,
    /// Who may be its source.
    #[serde(deserialize_with = "given")]
    #[schemars(with = "Option<Publish>")]
    pub publish: Option<Option<Publish>>,
}

/// A new stream as a request describes it.
#[derive(Debug, JsonSchema)]
#[expect(dead_code, reason = "describes what is read in two steps")]
pub(crate) struct NewStream {
    /// What it is to be called.
    name: StreamName,
    #[schemars(flatten)]
    keys: StreamPatch,
}

/// A source as a request writes it: checked, and kept as it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceText {
    source: Source,
    text: Secret,
}

impl SourceText {
    /// Reads it. A variable (`${..}`) in it is plain text: only the file may name variables.
    ///
    /// # Errors
    /// What is wrong with the address, without the address.
    pub fn parse(text: &str) -> Result<Self, SourceUrlError> {
        Ok(Self {
            source: Source::parse(text)?,
            text: Secret::new(text),
        })
    }

    /// What it means.
    #[must_use]
    pub const fn source(&self) -> &Source {
        &self.source
    }
}

impl<'de> Deserialize<'de> for SourceText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        if text.contains("://***@") || text.contains("=***") {
            return Err(serde::de::Error::custom(
                "this is the masked address: leave the key out to keep it, or write the password",
            ));
        }
        Self::parse(&text).map_err(serde::de::Error::custom)
    }
}

fn given<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Option<T>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

fn given_duration<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Option<Duration>>, D::Error> {
    let text = Option::<String>::deserialize(deserializer)?;
    let read = |text: String| {
        duration(&text)
            .ok_or_else(|| serde::de::Error::custom("expected a duration such as 500ms or 1s"))
    };
    text.map(read).transpose().map(Some)
}

impl StreamPatch {
    /// The stream with this patch applied.
    #[must_use]
    pub fn applied(&self, stream: &StreamConfig) -> StreamConfig {
        let mut stream = stream.clone();
        let source = |text: &Option<SourceText>| text.as_ref().map(|text| text.source.clone());
        if let Some(text) = &self.source {
            stream.source = source(text);
        }
        if let Some(text) = &self.substream {
            stream.substream = source(text);
        }
        stream.transport = self
            .transport
            .map_or(stream.transport, Option::unwrap_or_default);
        stream.on_demand = self
            .on_demand
            .map_or(stream.on_demand, Option::unwrap_or_default);
        stream.delay_limit = self.delay_limit.unwrap_or(stream.delay_limit);
        stream.viewers = self
            .viewers
            .map_or(stream.viewers, Option::unwrap_or_default);
        stream.publish = self
            .publish
            .map_or(stream.publish, Option::unwrap_or_default);
        stream
    }

    /// Key, and the value as the file spells it; nothing to remove the key.
    fn lines(&self) -> Vec<(&'static str, Option<Scalar>)> {
        let source = |text: &SourceText| match &text.source {
            Source::Demo => Scalar::Text("demo".to_owned()),
            Source::Rtsp(_) => Scalar::Text(expand::escape(text.text.expose())),
        };
        let mut lines = Vec::new();
        lines.extend(
            self.source
                .as_ref()
                .map(|value| ("source", value.as_ref().map(source))),
        );
        lines.extend(
            self.substream
                .as_ref()
                .map(|value| ("substream", value.as_ref().map(source))),
        );
        lines.extend(self.transport.map(|value| {
            (
                "transport",
                value.map(|value| Scalar::word(transport(value))),
            )
        }));
        lines.extend(
            self.on_demand
                .map(|value| ("on_demand", value.map(Scalar::Flag))),
        );
        lines.extend(self.delay_limit.map(|value| {
            (
                "delay_limit",
                value.map(|value| Scalar::Text(show_duration(value))),
            )
        }));
        lines.extend(
            self.viewers
                .map(|value| ("viewers", value.map(|value| Scalar::word(viewers(value))))),
        );
        lines.extend(
            self.publish
                .map(|value| ("publish", value.map(|value| Scalar::word(publish(value))))),
        );
        lines
    }
}

enum Scalar {
    Text(String),
    Flag(bool),
}

impl Scalar {
    fn word(text: &str) -> Self {
        Self::Text(text.to_owned())
    }

    fn put(&self, map: &Mapping, key: &str) {
        match self {
            Self::Text(text) => map.set(key, text.as_str()),
            Self::Flag(flag) => map.set(key, *flag),
        }
    }
}

const fn transport(value: Transport) -> &'static str {
    match value {
        Transport::Auto => "auto",
        Transport::Tcp => "tcp",
        Transport::Udp => "udp",
    }
}

const fn viewers(value: Viewers) -> &'static str {
    match value {
        Viewers::Anyone => "anyone",
        Viewers::Grant => "grant",
    }
}

const fn publish(value: Publish) -> &'static str {
    match value {
        Publish::Anyone => "anyone",
        Publish::Grant => "grant",
    }
}

/// What the configuration is to mean after the change.
pub(super) fn expected(config: &Config, edit: &StreamEdit) -> Result<Config, Error> {
    let mut config = config.clone();
    match edit {
        StreamEdit::Add(name, _) if config.streams.contains_key(name) => {
            return Err(Error::NameTaken(name.clone()));
        }
        StreamEdit::Add(_, _) if config.streams.len() >= config.limits.streams => {
            return Err(Error::TooMany(config.limits.streams));
        }
        StreamEdit::Add(name, patch) => {
            config
                .streams
                .insert(name.clone(), patch.applied(&StreamConfig::default()));
        }
        StreamEdit::Change(name, patch) => {
            let stream = config
                .streams
                .get_mut(name)
                .ok_or_else(|| Error::NoStream(name.clone()))?;
            *stream = patch.applied(stream);
        }
        StreamEdit::Remove(name) => {
            config
                .streams
                .remove(name)
                .ok_or_else(|| Error::NoStream(name.clone()))?;
        }
    }
    Ok(config)
}

/// The file's text, for changing.
pub(super) fn opened(text: &str) -> Result<Document, Error> {
    let document = Document::from_str(text)
        .ok()
        .filter(|document| document.as_mapping().is_some());
    // A file of comments alone is no document; with one key it is.
    let document = document.map_or_else(
        || Document::from_str(&format!("{text}\nstreams: {{}}\n")),
        Ok,
    );
    document.map_err(|_| Error::Edit("it is not understood by the editor"))
}

/// The changed text.
pub(super) fn closed(document: &Document) -> String {
    let text = document.to_string();
    if text.ends_with('\n') {
        text
    } else {
        text + "\n"
    }
}

/// The text with the change made in it.
pub(super) fn edited(text: &str, edit: &StreamEdit) -> Result<String, Error> {
    let document = opened(text)?;
    let root = document.as_mapping().ok_or(Error::Edit("it has no keys"))?;
    match edit {
        StreamEdit::Add(name, patch) => add(&root, name, patch)?,
        StreamEdit::Change(name, patch) => change(&root, name, patch)?,
        StreamEdit::Remove(name) => {
            let streams = root
                .get_mapping("streams")
                .ok_or(Error::Edit("it has no streams"))?;
            streams
                .remove(name.as_str())
                .ok_or_else(|| Error::NotInFile(name.clone()))?;
            if streams.is_empty() {
                root.set(
                    "streams",
                    MappingBuilder::new()
                        .build_document()
                        .as_mapping()
                        .ok_or(Error::Edit("an empty map"))?,
                );
            }
        }
    }
    Ok(closed(&document))
}

fn add(root: &Mapping, name: &StreamName, patch: &StreamPatch) -> Result<(), Error> {
    let mut builder = MappingBuilder::new();
    for (key, value) in patch.lines() {
        builder = match value {
            Some(Scalar::Text(text)) => builder.pair(key, text.as_str()),
            Some(Scalar::Flag(flag)) => builder.pair(key, flag),
            None => builder,
        };
    }
    let stream = builder
        .build_document()
        .as_mapping()
        .ok_or(Error::Edit("a new stream"))?;
    match root.get_mapping("streams") {
        Some(streams) => streams.set(name.as_str(), stream),
        None => {
            let streams = MappingBuilder::new()
                .pair(name.as_str(), stream)
                .build_document();
            root.set(
                "streams",
                streams
                    .as_mapping()
                    .ok_or(Error::Edit("the first stream"))?,
            );
        }
    }
    Ok(())
}

fn change(root: &Mapping, name: &StreamName, patch: &StreamPatch) -> Result<(), Error> {
    let streams = root
        .get_mapping("streams")
        .ok_or_else(|| Error::NotInFile(name.clone()))?;
    if !streams.contains_key(name.as_str()) {
        return Err(Error::NotInFile(name.clone()));
    }
    let stream = match streams.get_mapping(name.as_str()) {
        Some(stream) => stream,
        None => spell_out(&streams, name)?,
    };
    for (key, value) in patch.lines() {
        match value {
            Some(value) => value.put(&stream, key),
            None => drop(stream.remove(key)),
        }
    }
    Ok(())
}

/// `gate: rtsp://..` becomes `gate: { source: rtsp://.. }`, for it is to have more keys.
fn spell_out(streams: &Mapping, name: &StreamName) -> Result<Mapping, Error> {
    let value = streams.get(name.as_str());
    let source = value
        .as_ref()
        .and_then(|value| value.as_scalar())
        .map(|scalar| scalar.as_string())
        .filter(|text| !text.is_empty());
    let mut builder = MappingBuilder::new();
    if let Some(source) = source {
        builder = builder.pair("source", source.as_str());
    }
    let stream = builder
        .build_document()
        .as_mapping()
        .ok_or(Error::Edit("a stream written as one word"))?;
    streams.set(name.as_str(), stream);
    streams
        .get_mapping(name.as_str())
        .ok_or(Error::Edit("a stream written as one word"))
}
