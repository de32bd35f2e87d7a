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

#[cfg(test)]
mod tests {
    use super::*;

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
