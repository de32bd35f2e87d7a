//! SDP as lines (RFC 8866 section 5): `k=value`, ended by CRLF or LF. Nothing else is assumed, so the
//! same walker reads whole descriptions and the fragments of RFC 8840.

/// One line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Line<'a> {
    /// `m=` and what follows.
    Media(&'a str),
    /// `a=name:value`; a flag has no value.
    Attribute {
        name: &'a str,
        value: Option<&'a str>,
    },
    /// Any other line of the grammar.
    Other,
}

/// Walks over the lines; empty ones (the end of a body) are passed over. An item is `Err` with the
/// line's number, counted from one, when it isn't a line of SDP.
pub(super) fn lines(text: &str) -> impl Iterator<Item = Result<Line<'_>, usize>> {
    text.split('\n')
        .zip(1_usize..)
        .filter_map(|(line, number)| {
            let line = line.strip_suffix('\r').unwrap_or(line);
            if line.is_empty() {
                return None;
            }
            Some(read(line).ok_or(number))
        })
}

fn read(line: &str) -> Option<Line<'_>> {
    if line.bytes().any(|byte| byte == b'\r' || byte == 0) {
        return None;
    }
    let (key, value) = line.split_once('=')?;
    let [key] = key.as_bytes() else { return None };
    match key {
        b'm' => Some(Line::Media(value)),
        b'a' => Some(match value.split_once(':') {
            Some((name, value)) => Line::Attribute {
                name,
                value: Some(value),
            },
            None => Line::Attribute {
                name: value,
                value: None,
            },
        }),
        b'a'..=b'z' => Some(Line::Other),
        _ => None,
    }
}
