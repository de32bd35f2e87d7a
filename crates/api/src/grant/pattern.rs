//! Which streams a grant is for.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::name::check_segment;
use crate::{NameError, StreamName};

/// `gate` is that stream; `phones/*` is every stream below `phones/`; `*` is every stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Pattern {
    /// Every stream.
    All,
    /// Every stream whose name starts with this prefix, which ends in `/`.
    Below(String),
    /// One stream.
    One(StreamName),
}

impl Pattern {
    /// Parses a pattern.
    ///
    /// # Errors
    /// What is wrong with the name in it; a `*` anywhere but alone in last place is one of them.
    pub fn parse(text: &str) -> Result<Self, NameError> {
        if text == "*" {
            return Ok(Self::All);
        }
        let Some(prefix) = text.strip_suffix("/*") else {
            return StreamName::parse(text).map(Self::One);
        };
        prefix.split('/').try_for_each(check_segment)?;
        Ok(Self::Below(format!("{prefix}/")))
    }

    /// Whether the stream is meant.
    #[must_use]
    pub fn matches(&self, stream: &StreamName) -> bool {
        match self {
            Self::All => true,
            Self::Below(prefix) => stream.as_str().starts_with(prefix),
            Self::One(name) => name == stream,
        }
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::All => f.write_str("*"),
            Self::Below(prefix) => write!(f, "{prefix}*"),
            Self::One(name) => name.fmt(f),
        }
    }
}

impl JsonSchema for Pattern {
    fn schema_name() -> Cow<'static, str> {
        "Pattern".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "description": "Which streams: `gate`, all below `phones/*`, or all: `*`.",
            "examples": ["gate", "phones/*", "*"],
        })
    }
}

impl Serialize for Pattern {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Pattern {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matches(pattern: &str, stream: &str) -> bool {
        let stream = StreamName::parse(stream).expect("a name");
        Pattern::parse(pattern).expect("a pattern").matches(&stream)
    }

    // SEC-19: a rule is a path, never a substring.
    #[test]
    fn patterns_match_whole_parts() {
        assert!(
            matches("gate", "gate")
                && matches("phones/*", "phones/3")
                && matches("phones/*", "phones/a/b")
                && matches("*", "x/y")
        );
        assert!(
            !matches("gate", "gate2")
                && !matches("gate", "gate/1")
                && !matches("phones/*", "phones")
                && !matches("phones/*", "phones2/3")
        );
    }

    #[test]
    fn other_stars_are_refused() {
        for wrong in ["", "/*", "*/gate", "ga*", "phones/*/x", "phones/**", "../*"] {
            assert!(Pattern::parse(wrong).is_err(), "{wrong:?}");
        }
    }
}
