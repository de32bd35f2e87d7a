//! How a stream is called: parsed once at the door, a plain lower-case path from then on.

use std::borrow::{Borrow, Cow};
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Most segments in a name: a page, a group, a place and a camera; more would only lengthen URLs.
const SEGMENTS: usize = 4;
/// Longest segment in bytes, the limit of a DNS label.
const SEGMENT_BYTES: usize = 63;

/// First segments that are the hub's own paths.
const NEVER_FIRST: [&str; 24] = [
    "api",
    "ws",
    "whip",
    "whep",
    "healthz",
    "readyz",
    "metrics",
    "openapi.json",
    "schema.json",
    "lenswire.js",
    "assets",
    "login",
    "claim",
    "add",
    "access",
    "settings",
    "log",
    "install",
    "join",
    "docs",
    "webrtc",
    "offer",
    "ice-candidate",
    "status",
];
/// Last segments that are operations on a stream.
const NEVER_LAST: [&str; 2] = ["whip", "whep"];

/// A stream's name: 1 to 4 segments of `[a-z0-9][a-z0-9_-]{0,62}` joined by `/`, none of the hub's
/// own words in first or last place. Cheap to clone.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StreamName(Arc<str>);

/// Why a text is no stream name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// Nothing, or nothing between two slashes.
    #[error("a part of the name is empty")]
    Empty,
    /// More than four parts.
    #[error("a name has at most {SEGMENTS} parts")]
    Deep,
    /// A part over 63 bytes.
    #[error("a part of the name is longer than {SEGMENT_BYTES} characters")]
    Long,
    /// A character that is not allowed there.
    #[error(
        "{0:?} is not allowed there: use a to z, 0 to 9, and after the first character also - and _"
    )]
    Character(char),
    /// One of the hub's own words.
    #[error("{0:?} is taken by Lenswire itself in that place")]
    Reserved(String),
}

impl StreamName {
    /// Parses a name.
    ///
    /// # Errors
    /// The first thing that is wrong with it.
    pub fn parse(text: &str) -> Result<Self, NameError> {
        let segments: Vec<&str> = text.split('/').take(SEGMENTS + 1).collect();
        if segments.len() > SEGMENTS {
            return Err(NameError::Deep);
        }
        segments
            .iter()
            .try_for_each(|segment| check_segment(segment))?;
        let first = segments.first().filter(|word| NEVER_FIRST.contains(word));
        let last = segments.last().filter(|word| NEVER_LAST.contains(word));
        match first.or(last) {
            Some(word) => Err(NameError::Reserved((*word).to_owned())),
            None => Ok(Self(text.into())),
        }
    }

    /// The name as written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// One segment by its characters; reserved words are the caller's matter.
pub(crate) fn check_segment(segment: &str) -> Result<(), NameError> {
    let first = segment.chars().next().ok_or(NameError::Empty)?;
    if !matches!(first, 'a'..='z' | '0'..='9') {
        return Err(NameError::Character(first));
    }
    if let Some(wrong) = segment
        .chars()
        .find(|c| !matches!(c, 'a'..='z' | '0'..='9' | '-' | '_'))
    {
        return Err(NameError::Character(wrong));
    }
    if segment.len() > SEGMENT_BYTES {
        return Err(NameError::Long);
    }
    Ok(())
}

impl fmt::Display for StreamName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for StreamName {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        Self::parse(text)
    }
}

impl Borrow<str> for StreamName {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl JsonSchema for StreamName {
    fn schema_name() -> Cow<'static, str> {
        "StreamName".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "description": "1 to 4 parts of a to z, 0 to 9, - and _, joined by /.",
            "pattern": "^[a-z0-9][a-z0-9_-]{0,62}(/[a-z0-9][a-z0-9_-]{0,62}){0,3}$",
        })
    }
}

impl Serialize for StreamName {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for StreamName {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ordinary_names_are_names() {
        let longest = "a".repeat(63);
        for name in [
            "gate",
            "0",
            "phones/3",
            "site/hall-2/row_1/cam",
            "a/api",
            "status2",
            longest.as_str(),
        ] {
            assert_eq!(
                StreamName::parse(name).map(|n| n.to_string()),
                Ok(name.to_owned())
            );
        }
    }

    // requirement 88: path tricks end at the door.
    #[test]
    fn path_tricks_and_own_words_are_refused() {
        let long = "a".repeat(64);
        let cases = [
            ("", NameError::Empty),
            ("/gate", NameError::Empty),
            ("gate/", NameError::Empty),
            ("a//b", NameError::Empty),
            ("a/b/c/d/e", NameError::Deep),
            ("..", NameError::Character('.')),
            ("a/../b", NameError::Character('.')),
            ("Gate", NameError::Character('G')),
            ("-a", NameError::Character('-')),
            ("_a", NameError::Character('_')),
            ("ga te", NameError::Character(' ')),
            ("gate%2f", NameError::Character('%')),
            ("gate\r\nX: y", NameError::Character('\r')),
            ("g\u{430}te", NameError::Character('\u{430}')),
            ("<script>", NameError::Character('<')),
            (long.as_str(), NameError::Long),
        ];
        for (text, why) in cases {
            assert_eq!(StreamName::parse(text), Err(why), "{text:?}");
        }
        for word in [
            "api",
            "ws",
            "login",
            "whep/x",
            "gate/whep",
            "a/b/whip",
            "healthz",
            "ice-candidate",
        ] {
            assert!(
                matches!(StreamName::parse(word), Err(NameError::Reserved(_))),
                "{word:?}"
            );
        }
    }
}
