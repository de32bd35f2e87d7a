//! Entity tags and `If-Match` (RFC 9110 sections 8.8.3 and 13.1.1), as WHIP and WHEP use them: one
//! strong tag per ICE session, `*` for "restart it".

/// What an `If-Match` header asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum IfMatch {
    /// There is none.
    Missing,
    /// `*`; also `"*"`, which is how RFC 9725's own example spells it.
    Any,
    /// One of these strong tags, without their quotes. Empty when only weak or broken ones came:
    /// those match nothing (strong comparison).
    Tags(Vec<String>),
}

/// More tags than this in one header nobody needs; the rest are not looked at.
const MOST_TAGS: usize = 16;

impl IfMatch {
    /// Reads the header's value.
    pub(crate) fn parse(value: Option<&str>) -> Self {
        let Some(value) = value.map(str::trim).filter(|v| !v.is_empty()) else {
            return Self::Missing;
        };
        if value == "*" || value == "\"*\"" {
            return Self::Any;
        }
        let strong = |tag: &str| {
            tag.trim()
                .strip_prefix('"')?
                .strip_suffix('"')
                .map(str::to_owned)
        };
        Self::Tags(
            value
                .split(',')
                .take(MOST_TAGS)
                .filter_map(strong)
                .collect(),
        )
    }

    /// Whether the current tag is among those asked for.
    pub(crate) fn allows(&self, current: &str) -> bool {
        match self {
            Self::Missing => false,
            Self::Any => true,
            Self::Tags(tags) => tags.iter().any(|tag| tag == current),
        }
    }
}

/// Whether an `If-None-Match` header names what is there now (RFC 9110 section 13.1.2): weak
/// comparison, so that `W/` doesn't matter. `current` has its quotes.
pub(crate) fn is_known(header: Option<&str>, current: &str) -> bool {
    header.is_some_and(|header| {
        let mut tags = header.split(',').take(MOST_TAGS).map(str::trim);
        tags.any(|tag| tag == "*" || tag.trim_start_matches("W/") == current)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_known_is_named_weakly_or_strongly() {
        for known in ["\"a\"", "W/\"a\"", "\"b\", \"a\"", "*"] {
            assert!(is_known(Some(known), "\"a\""), "{known}");
        }
        for other in [None, Some(""), Some("a"), Some("\"b\"")] {
            assert!(!is_known(other, "\"a\""), "{other:?}");
        }
    }

    #[test]
    fn tags_are_compared_strongly() {
        let cases = [
            (None, IfMatch::Missing),
            (Some(""), IfMatch::Missing),
            (Some("*"), IfMatch::Any),
            (Some(" \"*\" "), IfMatch::Any),
            (Some("\"a\""), IfMatch::Tags(vec!["a".into()])),
            (
                Some("\"a\", \"b\""),
                IfMatch::Tags(vec!["a".into(), "b".into()]),
            ),
            (Some("W/\"a\""), IfMatch::Tags(Vec::new())),
            (Some("a"), IfMatch::Tags(Vec::new())),
        ];
        for (value, expected) in cases {
            assert_eq!(IfMatch::parse(value), expected, "{value:?}");
        }
        assert!(IfMatch::parse(Some("\"x\", \"a\"")).allows("a"));
        assert!(!IfMatch::parse(Some("W/\"a\"")).allows("a"));
        assert!(!IfMatch::parse(None).allows("a"));
    }
}
