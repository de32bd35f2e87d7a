//! Settings as the API shows and changes them: every key that is not about one stream, with its
//! value, where that comes from, and what a change would do to the file.

use std::str::FromStr as _;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;
use serde_json::{Map, Value, json};
use yaml_edit::{Document, Mapping};

use super::edit::{closed, opened};
use super::error::Place;
use super::keys::{Applies, Key, Kind, SETTINGS};
use super::layers::put;
use super::tree::{self, Entry, Node};
use super::{Config, Error, expand, masked, schema};

/// All settings, and which text of the file they were read from.
#[derive(Clone, Debug, Serialize)]
pub struct Settings {
    /// Changes with every change of the file.
    #[serde(skip)]
    pub tag: String,
    /// Where the file is, or would be.
    pub file: String,
    /// Whether it can be written.
    pub writable: bool,
    /// In the order of the annotated example.
    pub items: Vec<Setting>,
}

/// One setting.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Setting {
    /// As in `media.port`.
    pub key: &'static str,
    /// What it takes: `address`, `url`, `path`, `boolean`, `number`, `size`, `time`, `choice`,
    /// `addresses`, `networks` or `ice_servers`.
    pub kind: &'static str,
    /// The words of a `choice`.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    pub choices: &'static [&'static str],
    /// What it is now; null when it is nothing. Passwords are `has_secret: true`.
    pub value: Value,
    /// What it is when nobody says.
    pub default: Value,
    /// `default`, `file`, `environment` or `flag`.
    pub from: &'static str,
    /// The variable or flag that sets it; the file cannot change it then.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub set_by: Option<String>,
    /// The line in the file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<u32>,
    /// Whether a change waits for the next start.
    pub restart: bool,
    /// What it is for.
    pub about: &'static str,
}

/// What a change would do, or did.
#[derive(Clone, Debug)]
pub struct Preview {
    /// What the file then means.
    pub config: Config,
    /// The change of the file as a unified diff, passwords hidden.
    pub diff: String,
    /// Changed settings that wait for the next start.
    pub restarts: Vec<&'static str>,
    /// The tag of the new text.
    pub tag: String,
}

/// New values by key, spelled as the file has to; none brings the default back.
#[derive(Clone, Debug)]
pub struct SettingsPatch(Vec<(&'static Key, Option<Value>)>);

impl SettingsPatch {
    /// Reads `{"media.port": 9000, "log.level": null}`.
    ///
    /// # Errors
    /// The key that there is not.
    pub fn read(fields: Map<String, Value>) -> Result<Self, Error> {
        let known = |(name, value): (String, Value)| {
            let key = SETTINGS.iter().find(|key| key.name == name);
            let value = (!value.is_null()).then(|| spelled(value));
            key.map(|key| (key, value)).ok_or(Error::NoSetting(name))
        };
        fields
            .into_iter()
            .map(known)
            .collect::<Result<_, _>>()
            .map(Self)
    }

    /// The first of its keys that something stronger than the file sets.
    pub(super) fn overruled(&self, tree: &Node) -> Result<(), Error> {
        let by = |key: &Key| match &find(tree, key)?.node.place {
            Place::Variable(name) => Some(name.clone()),
            Place::Flag(name) => Some((*name).to_owned()),
            Place::File { .. } => None,
        };
        let first = self
            .0
            .iter()
            .find_map(|(key, _)| Some((key.name, by(key)?)));
        first.map_or(Ok(()), |(key, by)| Err(Error::Overruled { key, by }))
    }

    /// Servers come without the credentials that were not shown: those that stay the same keep them.
    pub(super) fn keep_secrets(&mut self, file: &Node) {
        for (key, value) in &mut self.0 {
            let old = find(file, key).map(|entry| &entry.node.value);
            if let (Kind::IceServers, Some(Value::Array(new)), Some(tree::Value::List(old))) =
                (key.kind, value, old)
            {
                new.iter_mut().for_each(|server| keep_secret(server, old));
            }
        }
    }

    /// What the file is to mean.
    pub(super) fn put_into(&self, tree: &mut Node) -> Result<(), super::error::Fault> {
        self.0.iter().try_for_each(|(key, value)| match value {
            Some(value) => put(tree, key.name.split('.'), node(value)),
            None => {
                tree.remove(key.name);
                Ok(())
            }
        })
    }

    /// The file's text with the change made in it.
    pub(super) fn edit(&self, text: &str) -> Result<String, Error> {
        let document = opened(text)?;
        let root = document.as_mapping().ok_or(Error::Edit("it has no keys"))?;
        for (key, value) in &self.0 {
            match key.name.split_once('.') {
                None => set(&root, key.name, value.as_ref())?,
                Some((parent, last)) => match root.get_mapping(parent) {
                    Some(map) => set(&map, last, value.as_ref())?,
                    None if value.is_none() => {}
                    None => {
                        let fresh = fresh(last, value.as_ref())?;
                        let fresh = fresh.as_mapping().ok_or(Error::Edit("a new key"))?;
                        root.set(parent, fresh);
                    }
                },
            }
        }
        Ok(closed(&document))
    }

    /// Its keys that wait for the next start, where the value is another one.
    pub(super) fn restarts(&self, before: &Node, after: &Node) -> Vec<&'static str> {
        let changed = |key: &Key| shown(before, key) != shown(after, key);
        let waits = |key: &Key| key.applies == Applies::AtStart && changed(key);
        self.0
            .iter()
            .filter(|(key, _)| waits(key))
            .map(|(key, _)| key.name)
            .collect()
    }
}

/// All of them, out of the tree with every layer in it.
pub(super) fn settings(tree: &Node) -> Vec<Setting> {
    SETTINGS.iter().map(|key| setting(tree, key)).collect()
}

fn setting(tree: &Node, key: &'static Key) -> Setting {
    let place = find(tree, key).map(|entry| &entry.node.place);
    let (from, set_by, line) = match place {
        None => ("default", None, None),
        Some(Place::File { line, .. }) => ("file", None, Some(*line)),
        Some(Place::Variable(name)) => ("environment", Some(name.clone()), None),
        Some(Place::Flag(name)) => ("flag", Some((*name).to_owned()), None),
    };
    let choices = if let Kind::Choice(words) = key.kind {
        words
    } else {
        &[]
    };
    Setting {
        key: key.name,
        kind: kind(key.kind),
        choices,
        value: shown(tree, key),
        default: schema::value(key.kind, key.default).unwrap_or_default(),
        from,
        set_by,
        line,
        restart: key.applies == Applies::AtStart,
        about: key.about,
    }
}

const fn kind(kind: Kind) -> &'static str {
    match kind {
        Kind::Socket => "address",
        Kind::Url => "url",
        Kind::Path => "path",
        Kind::Flag => "boolean",
        Kind::Count(..) => "number",
        Kind::Size => "size",
        Kind::Time => "time",
        Kind::Choice(_) => "choice",
        Kind::Addresses => "addresses",
        Kind::Networks => "networks",
        Kind::IceServers => "ice_servers",
        Kind::Source => "source",
    }
}

/// The entry of a key that says something: `public_url:` alone says nothing.
fn find<'a>(tree: &'a Node, key: &Key) -> Option<&'a Entry> {
    let path: Vec<&str> = key.name.split('.').collect();
    let says = |entry: &&Entry| !matches!(entry.node.value, tree::Value::Null);
    tree.find(&path).filter(says)
}

fn shown(tree: &Node, key: &Key) -> Value {
    let value = match find(tree, key).map(|entry| &entry.node.value) {
        Some(tree::Value::List(items)) => Some(items.iter().map(item).collect()),
        Some(tree::Value::Text(text)) => schema::value(key.kind, text.trim()),
        _ => schema::value(key.kind, key.default),
    };
    value.unwrap_or_default()
}

/// An address, or a server without its password.
fn item(node: &Node) -> Value {
    match &node.value {
        tree::Value::Text(text) => json!(text),
        tree::Value::Map(entries) => {
            let mut server = Map::new();
            for Entry { key, node, .. } in entries {
                match (key.as_str(), &node.value) {
                    ("credential", _) => server.insert("has_secret".to_owned(), json!(true)),
                    (_, tree::Value::List(items)) => {
                        server.insert(key.clone(), items.iter().map(item).collect())
                    }
                    (_, _) => server.insert(key.clone(), item(node)),
                };
            }
            Value::Object(server)
        }
        tree::Value::Null | tree::Value::List(_) => Value::Null,
    }
}

fn keep_secret(server: &mut Value, old: &[Node]) {
    let Value::Object(fields) = server else {
        return;
    };
    if fields.remove("has_secret") != Some(json!(true)) || fields.contains_key("credential") {
        return;
    }
    let same = |candidate: &&Node| {
        let shown = item(candidate);
        ["urls", "username"]
            .iter()
            .all(|key| shown.get(*key) == fields.get(*key))
    };
    let found = old
        .iter()
        .find(same)
        .and_then(|server| server.find(&["credential"]));
    if let Some(tree::Value::Text(secret)) = found.map(|entry| &entry.node.value) {
        fields.insert("credential".to_owned(), json!(secret));
    }
}

/// A request's value as the file's parser would see it.
fn node(value: &Value) -> Node {
    let place = Place::File { line: 1, column: 1 };
    let value = match value {
        Value::Null => tree::Value::Null,
        Value::Bool(flag) => tree::Value::Text(flag.to_string()),
        Value::Number(number) => tree::Value::Text(number.to_string()),
        Value::String(text) => tree::Value::Text(text.clone()),
        Value::Array(items) => tree::Value::List(items.iter().map(node).collect()),
        Value::Object(fields) => {
            let entry = |(key, value): (&String, &Value)| Entry {
                key: key.clone(),
                place: place.clone(),
                node: node(value),
            };
            tree::Value::Map(fields.iter().map(entry).collect())
        }
    };
    Node { value, place }
}

/// A request's value as the file has to spell it: only the file may name variables.
fn spelled(value: Value) -> Value {
    match value {
        Value::String(text) => Value::String(expand::escape(&text)),
        Value::Array(items) => items.into_iter().map(spelled).collect(),
        Value::Object(fields) => fields
            .into_iter()
            .map(|(key, value)| (key, spelled(value)))
            .collect(),
        other => other,
    }
}

/// One key and its value as a map of its own. JSON is YAML.
fn fresh(key: &str, value: Option<&Value>) -> Result<Document, Error> {
    let text = format!("{key}: {}\n", json!(value));
    Document::from_str(&text).map_err(|_| Error::Edit("a new key"))
}

fn set(map: &Mapping, key: &str, value: Option<&Value>) -> Result<(), Error> {
    match value {
        None => drop(map.remove(key)),
        Some(Value::String(text)) => map.set(key, text.as_str()),
        Some(Value::Bool(flag)) => map.set(key, *flag),
        Some(Value::Array(items)) => {
            // JSON is YAML: what it looks like in one line.
            let list = Document::from_str(&json!(items).to_string()).ok();
            let list = list.and_then(|list| list.as_sequence());
            map.set(key, list.ok_or(Error::Edit("a list"))?);
        }
        Some(Value::Number(number)) => match number.as_i64() {
            Some(number) => map.set(key, number),
            None => map.set(key, number.to_string()),
        },
        Some(other) => map.set(key, other.to_string()),
    }
    Ok(())
}

/// What changes between two texts of the file.
pub(super) fn diff(name: &str, before: &str, after: &str) -> String {
    let (before, after) = (masked::masked(before), masked::masked(after));
    similar::TextDiff::from_lines(&before, &after)
        .unified_diff()
        .context_radius(3)
        .header(name, name)
        .to_string()
}

/// Names a text: the first half of its hash is enough.
pub(super) fn tag(hash: &[u8; 32]) -> String {
    URL_SAFE_NO_PAD.encode(&hash[..16])
}

#[cfg(test)]
mod tests;
