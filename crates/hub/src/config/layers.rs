//! Flags over environment over file: variables named `LENSWIRE__A__B` set the key `a.b`.

use std::collections::BTreeMap;
use std::fmt;

use super::error::{Fault, Place};
use super::tree::{Entry, Node, Value};

/// Start of the variables that set keys.
const PREFIX: &str = "LENSWIRE__";

/// The environment's variables, taken once so that a reload sees what the start saw.
#[derive(Clone, Default)]
pub struct Environment(BTreeMap<String, String>);

impl Environment {
    /// The process's own. Names and values that are not UTF-8 are left out.
    #[must_use]
    pub fn process() -> Self {
        std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
            .collect()
    }

    pub(super) fn value(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }
}

impl<K: Into<String>, V: Into<String>> FromIterator<(K, V)> for Environment {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(variables: I) -> Self {
        Self(
            variables
                .into_iter()
                .map(|(name, value)| (name.into(), value.into()))
                .collect(),
        )
    }
}

/// Shows names only: values are where the passwords are.
impl fmt::Debug for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.0.keys()).finish()
    }
}

/// What the command line sets.
#[derive(Clone, Debug, Default)]
pub struct Overrides(Vec<(&'static str, &'static str, String)>);

impl Overrides {
    /// Adds a flag's value, when it was given, for a key such as `log.format`.
    #[must_use]
    pub fn with(
        mut self,
        flag: &'static str,
        key: &'static str,
        value: Option<impl ToString>,
    ) -> Self {
        self.0
            .extend(value.map(|value| (flag, key, value.to_string())));
        self
    }
}

/// Puts environment and flags over what the file says.
pub(super) fn overlay(
    node: &mut Node,
    environment: &Environment,
    overrides: &Overrides,
) -> Result<(), Fault> {
    for (name, value) in environment.0.iter().filter(|(_, value)| !value.is_empty()) {
        let Some(key) = name.strip_prefix(PREFIX) else {
            continue;
        };
        let key = key.to_ascii_lowercase();
        let value = Node::parse_value(value, Place::Variable(name.clone()))?;
        put(node, key.split("__"), value)?;
    }
    for (flag, key, value) in &overrides.0 {
        let value = Node::parse_value(value, Place::Flag(flag))?;
        put(node, key.split('.'), value)?;
    }
    Ok(())
}

/// Sets what stands behind a path of keys.
pub(super) fn put<'a>(
    node: &mut Node,
    mut path: impl Iterator<Item = &'a str>,
    value: Node,
) -> Result<(), Fault> {
    let Some(key) = path.next() else {
        *node = value;
        return Ok(());
    };
    if key.is_empty() {
        return Err(Fault::new("a part of the name is empty").at(&value.place));
    }
    if let Value::Text(source) = &node.value {
        // A stream written as a bare string, of which one more key is set.
        let source = Node {
            value: Value::Text(source.clone()),
            place: node.place.clone(),
        };
        node.value = Value::Map(vec![Entry {
            key: "source".to_owned(),
            place: node.place.clone(),
            node: source,
        }]);
    }
    if !matches!(node.value, Value::Map(_)) {
        node.value = Value::Map(Vec::new());
    }
    let Value::Map(entries) = &mut node.value else {
        return Ok(());
    };
    if let Some(entry) = entries.iter_mut().find(|entry| entry.key == key) {
        return put(&mut entry.node, path, value);
    }
    let place = value.place.clone();
    let mut child = Node {
        value: Value::Null,
        place: place.clone(),
    };
    put(&mut child, path, value)?;
    entries.push(Entry {
        key: key.to_owned(),
        place,
        node: child,
    });
    Ok(())
}
