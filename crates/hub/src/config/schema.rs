//! The configuration's JSON Schema (2020-12), for editors that complete and check while one types.
//! It is wider than the checks at loading in one respect: where a variable (`${NAME}`) stands,
//! anything may come out of it.

use serde_json::{Map, Value, json};

use super::keys::{Key, Kind, SETTINGS, STREAM};

/// A stream's name, as `lenswire_api::StreamName` reads it but for the reserved words.
const NAME: &str = "^[a-z0-9][a-z0-9_-]{0,62}(/[a-z0-9][a-z0-9_-]{0,62}){0,3}$";

/// The schema of `lenswire.yaml`.
#[must_use]
pub fn schema() -> Value {
    let mut top = object();
    for key in SETTINGS {
        put(&mut top, key.name, setting(key));
    }
    let mut stream = object();
    for key in STREAM {
        put(&mut stream, key.name, setting(key));
    }
    let bare =
        json!({ "description": "A bare address is the source.", "anyOf": [source(), variable()] });
    let streams = json!({
        "type": ["object", "null"],
        "description": "Streams by name: 1 to 4 parts of a-z, 0-9, - and _, joined by /.",
        "propertyNames": { "pattern": NAME },
        "additionalProperties": { "anyOf": [bare, stream, { "type": "null" }] },
    });
    put(&mut top, "streams", streams);
    let head = [
        ("$schema", "https://json-schema.org/draft/2020-12/schema"),
        ("title", "Lenswire's configuration"),
    ];
    if let Value::Object(top) = &mut top {
        top.extend(head.map(|(key, value)| (key.to_owned(), json!(value))));
    }
    top
}

fn object() -> Value {
    json!({ "type": ["object", "null"], "additionalProperties": false, "properties": {} })
}

/// Puts a key's schema where its name says; what is on the way is made.
fn put(object: &mut Value, name: &str, schema: Value) {
    let Some(Value::Object(properties)) = object.get_mut("properties") else {
        return;
    };
    match name.split_once('.') {
        None => drop(properties.insert(name.to_owned(), schema)),
        Some((first, rest)) => {
            let inner = properties.entry(first).or_insert_with(self::object);
            put(inner, rest, schema);
        }
    }
}

fn setting(key: &Key) -> Value {
    let mut any = vec![taken(key.kind), variable()];
    // A key with nothing behind it is one that is not there, where there is nothing by default.
    if key.default.is_empty() {
        any.push(json!({ "type": "null" }));
    }
    let mut schema = Map::new();
    schema.insert("description".to_owned(), json!(key.about));
    schema.insert("anyOf".to_owned(), Value::Array(any));
    if let Some(default) = value(key.kind, key.default) {
        schema.insert("default".to_owned(), default);
    }
    Value::Object(schema)
}

/// A value as JSON; `None` for nothing.
pub(super) fn value(kind: Kind, text: &str) -> Option<Value> {
    match kind {
        _ if text.is_empty() => None,
        Kind::Flag => Some(json!(text == "true")),
        Kind::Count(..) => Some(
            text.parse::<u64>()
                .map_or(json!(text), |count| json!(count)),
        ),
        Kind::Addresses | Kind::Networks | Kind::IceServers => Some(json!([])),
        _ => Some(json!(text)),
    }
}

fn variable() -> Value {
    json!({ "type": "string", "pattern": r"\$\{" })
}

fn source() -> Value {
    json!({ "type": "string", "pattern": "^(demo:?|[rR][tT][sS][pP][sS]?://[^/].*)$" })
}

fn taken(kind: Kind) -> Value {
    let text = |pattern: &str| json!({ "type": "string", "pattern": pattern });
    let list = |pattern: &str| json!({ "type": "array", "items": { "type": "string", "pattern": pattern } });
    match kind {
        Kind::Socket => text(r"^\s*([0-9.]+|\[[0-9a-fA-F:.%]+\]):[0-9]{1,5}\s*$"),
        Kind::Url => text("^https?://[^/?#]+/?$"),
        Kind::Path => json!({ "type": "string", "minLength": 1 }),
        Kind::Flag => json!({ "type": "boolean" }),
        Kind::Count(least, most) => {
            json!({ "type": "integer", "minimum": least, "maximum": most })
        }
        Kind::Size => text(r"^\s*[0-9]+\s*([bB]|[kKmMgG]([iI]?[bB])?)\s*$"),
        Kind::Time => text(r"^\s*[0-9]+\s*(ms|s|m|min|h|d)\s*$"),
        Kind::Choice(words) => json!({ "enum": words }),
        Kind::Addresses => list("^[0-9a-fA-F:.]+$"),
        Kind::Networks => list("^[0-9a-fA-F:.]+(/[0-9]{1,3})?$"),
        Kind::IceServers => json!({ "type": "array", "items": ice_server() }),
        Kind::Source => source(),
    }
}

fn ice_server() -> Value {
    let url = json!({ "type": "string", "pattern": r"^(stuns?|turns?):.+|\$\{" });
    json!({
        "type": "object",
        "additionalProperties": false,
        "required": ["urls"],
        "properties": {
            "urls": { "anyOf": [url, { "type": "array", "items": url }] },
            "username": { "type": ["string", "number", "null"] },
            "credential": { "type": ["string", "number", "null"], "description": "The password; ${TURN_PASSWORD} takes it from the environment." },
        },
    })
}

#[cfg(test)]
mod tests;
