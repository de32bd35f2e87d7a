//! The configuration as a tree of texts, each with its place. YAML's guesses at types are undone:
//! what a value means is decided by the key that it stands behind, so a password of digits stays a
//! password and an environment variable is read like a line of the file.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_saphyr::{Location, Spanned};

use super::error::{Fault, Place};

/// One value.
#[derive(Clone, Debug)]
pub(super) struct Node {
    pub(super) value: Value,
    pub(super) place: Place,
}

/// What it is.
#[derive(Clone)]
pub(super) enum Value {
    Null,
    Text(String),
    List(Vec<Node>),
    Map(Vec<Entry>),
}

/// One key and its value.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub(super) key: String,
    pub(super) place: Place,
    pub(super) node: Node,
}

impl Node {
    /// An empty map, for a file without content.
    pub(super) const fn empty() -> Self {
        Self {
            value: Value::Map(Vec::new()),
            place: Place::File { line: 1, column: 1 },
        }
    }

    /// Parses YAML.
    pub(super) fn parse(text: &str) -> Result<Self, Fault> {
        let spanned: Spanned<Scan> =
            serde_saphyr::from_str(text).map_err(|error| syntax(&error, text))?;
        let node = build(spanned, text);
        match node.value {
            Value::Null => Ok(Self::empty()),
            Value::Map(_) => Ok(node),
            Value::Text(_) | Value::List(_) => {
                Err(Fault::new("expected keys such as `listen:` and `streams:`").at(&node.place))
            }
        }
    }

    /// Parses the value of one variable or flag: a list or map when it looks like one, else a text
    /// as it is.
    pub(super) fn parse_value(text: &str, place: Place) -> Result<Self, Fault> {
        if !text.starts_with(['[', '{']) {
            return Ok(Self {
                value: Value::Text(text.to_owned()),
                place,
            });
        }
        let spanned: Spanned<Scan> = serde_saphyr::from_str(text)
            .map_err(|_| Fault::new("this is no YAML list or map").at(&place))?;
        let mut node = build(spanned, text);
        node.put(&place);
        Ok(node)
    }

    /// What stands behind these keys.
    pub(super) fn find(&self, path: &[&str]) -> Option<&Entry> {
        let (first, rest) = path.split_first()?;
        let Value::Map(entries) = &self.value else {
            return None;
        };
        let entry = entries.iter().find(|entry| entry.key == *first)?;
        if rest.is_empty() {
            Some(entry)
        } else {
            entry.node.find(rest)
        }
    }

    /// Takes away what stands behind a name such as `media.port`.
    pub(super) fn remove(&mut self, name: &str) {
        let Value::Map(entries) = &mut self.value else {
            return;
        };
        match name.split_once('.') {
            None => entries.retain(|entry| entry.key != name),
            Some((first, rest)) => {
                let found = entries.iter_mut().find(|entry| entry.key == first);
                if let Some(entry) = found {
                    entry.node.remove(rest);
                }
            }
        }
    }

    fn put(&mut self, place: &Place) {
        self.place = place.clone();
        match &mut self.value {
            Value::List(items) => items.iter_mut().for_each(|item| item.put(place)),
            Value::Map(entries) => entries.iter_mut().for_each(|entry| {
                entry.place = place.clone();
                entry.node.put(place);
            }),
            Value::Null | Value::Text(_) => {}
        }
    }
}

/// Shows the shape and never a text, because a text may be a password.
impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("null"),
            Self::Text(_) => f.write_str("text"),
            Self::List(items) => f.debug_list().entries(items).finish(),
            Self::Map(entries) => f.debug_list().entries(entries).finish(),
        }
    }
}

/// The parser's words with our place, and what people usually meant.
fn syntax(error: &serde_saphyr::Error, text: &str) -> Fault {
    let location = error.location();
    let plain = error.without_snippet().to_string();
    let message = plain
        .split(" at line ")
        .next()
        .unwrap_or(&plain)
        .split(", set Duplicate")
        .next()
        .unwrap_or(&plain)
        .to_owned();
    let line = location
        .and_then(|at| usize::try_from(at.line()).ok())
        .and_then(|n| text.lines().nth(n.saturating_sub(1)));
    let fault = match location {
        Some(at) => Fault::new(message.clone()).at(&place(at)),
        None => Fault::new(message.clone()),
    };
    match line.map(str::trim_end) {
        Some(line) if line.ends_with("demo:") && message.contains("mapping values") => {
            fault.with_help("write `source: demo`")
        }
        _ if message.contains("tabs") => fault.with_help("indent with spaces"),
        _ if message.contains("mapping values") => {
            fault.with_help("put the value in quotes, or check the indentation")
        }
        _ if message.contains("unexpected character") => fault.with_help("put the value in quotes"),
        _ => fault,
    }
}

fn place(at: Location) -> Place {
    let narrow = |n: u64| u32::try_from(n).unwrap_or(u32::MAX);
    Place::File {
        line: narrow(at.line()),
        column: narrow(at.column()),
    }
}

/// A value as the parser reports it; `Typed` lost its spelling and is read again from the text.
enum Scan {
    Null,
    Typed,
    Text(String),
    List(Vec<Spanned<Self>>),
    Map(Vec<(Spanned<String>, Spanned<Self>)>),
}

fn build(spanned: Spanned<Scan>, text: &str) -> Node {
    let value = match spanned.value {
        Scan::Null => Value::Null,
        Scan::Typed => Value::Text(spelling(spanned.defined, text).to_owned()),
        Scan::Text(text) => Value::Text(text),
        Scan::List(items) => Value::List(items.into_iter().map(|item| build(item, text)).collect()),
        Scan::Map(entries) => Value::Map(
            entries
                .into_iter()
                .map(|(key, value)| Entry {
                    place: place(key.referenced),
                    key: key.value,
                    node: build(value, text),
                })
                .collect(),
        ),
    };
    Node {
        value,
        place: place(spanned.referenced),
    }
}

fn spelling(at: Location, text: &str) -> &str {
    let span = at.span();
    let start = span.byte_offset().and_then(|n| usize::try_from(n).ok());
    let length = span.byte_len().and_then(|n| usize::try_from(n).ok());
    start
        .zip(length)
        .and_then(|(start, length)| text.get(start..start + length))
        .unwrap_or_default()
}

impl<'de> Deserialize<'de> for Scan {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ScanVisitor)
    }
}

struct ScanVisitor;

impl<'de> Visitor<'de> for ScanVisitor {
    type Value = Scan;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E>(self) -> Result<Scan, E> {
        Ok(Scan::Null)
    }

    fn visit_none<E>(self) -> Result<Scan, E> {
        Ok(Scan::Null)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Scan, D::Error> {
        deserializer.deserialize_any(self)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Scan, E> {
        Ok(Scan::Typed)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Scan, E> {
        Ok(Scan::Typed)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Scan, E> {
        Ok(Scan::Typed)
    }

    fn visit_i128<E>(self, _: i128) -> Result<Scan, E> {
        Ok(Scan::Typed)
    }

    fn visit_u128<E>(self, _: u128) -> Result<Scan, E> {
        Ok(Scan::Typed)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Scan, E> {
        Ok(Scan::Typed)
    }

    fn visit_str<E>(self, text: &str) -> Result<Scan, E> {
        Ok(Scan::Text(text.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Scan, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element()? {
            list.push(item);
        }
        Ok(Scan::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Scan, A::Error> {
        let mut map = Vec::new();
        while let Some(entry) = entries.next_entry()? {
            map.push(entry);
        }
        Ok(Scan::Map(map))
    }
}
