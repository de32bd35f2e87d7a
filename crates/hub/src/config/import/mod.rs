//! Other programs' configurations, turned into ours: what has a counterpart is taken over, and the
//! rest is named with the reason, so that nobody believes to have what he has not. Passwords are
//! kept as they are written: the result works at once, and is as much a secret as what it came from.

mod draft;
mod go2rtc;
mod mediamtx;
mod test_stream;

use serde_json::{Map, Value};

use draft::Draft;

/// The result.
#[derive(Clone, Debug)]
pub struct Imported {
    /// Our configuration.
    pub yaml: String,
    /// What became of what.
    pub notes: Vec<Note>,
}

/// What became of one thing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Note {
    /// It has a counterpart.
    Taken(String),
    /// It has none.
    Left {
        /// The key, or where it stands.
        what: String,
        /// Why not.
        why: String,
    },
    /// It works, but a person should decide.
    Look(String),
}

/// Why a file is not imported at all.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ImportError {
    /// With the parser's words.
    #[error("this is no YAML: {0}")]
    Syntax(String),
    /// Nothing in it says whose it is.
    #[error(
        "this is no configuration of go2rtc (streams:), of MediaMTX (paths:), and has no rtsp.test_stream"
    )]
    Unknown,
    /// It need not be imported.
    #[error("this is Lenswire's own configuration already: use it with --config")]
    Ours,
}

/// Reads a configuration of whichever program wrote it.
///
/// # Errors
/// When it cannot be told what it is.
pub fn import(text: &str) -> Result<Imported, ImportError> {
    let value: Value = serde_saphyr::from_str(text)
        .map_err(|error| ImportError::Syntax(first_line(&error.without_snippet().to_string())))?;
    let Value::Object(file) = value else {
        return Err(ImportError::Unknown);
    };
    let mut draft = Draft::default();
    match () {
        () if file.contains_key("paths") || file.contains_key("pathDefaults") => {
            mediamtx::read(&file, &mut draft);
        }
        () if is_ours(&file) => return Err(ImportError::Ours),
        () if file.contains_key("streams") => go2rtc::read(&file, &mut draft),
        () if map(&file, "rtsp").is_some_and(test_stream::is) => {
            test_stream::read(&file, &mut draft);
        }
        () => return Err(ImportError::Unknown),
    }
    Ok(draft.finish())
}

/// go2rtc's streams are addresses or lists of them; ours may have keys.
fn is_ours(file: &Map<String, Value>) -> bool {
    map(file, "streams").is_some_and(|streams| streams.values().any(Value::is_object))
}

fn first_line(text: &str) -> String {
    text.lines().next().unwrap_or_default().to_owned()
}

fn map<'a>(file: &'a Map<String, Value>, key: &str) -> Option<&'a Map<String, Value>> {
    file.get(key)?.as_object()
}

fn text<'a>(file: &'a Map<String, Value>, key: &str) -> Option<&'a str> {
    file.get(key)?.as_str().filter(|text| !text.is_empty())
}

/// One text, or a list of them.
fn texts(value: &Value) -> Vec<&str> {
    match value {
        Value::Array(items) => items.iter().filter_map(Value::as_str).collect(),
        one => one.as_str().into_iter().collect(),
    }
}

/// `:8189`, `0.0.0.0:8189` or `:8555/tcp`: the port.
fn port(address: &str) -> Option<u16> {
    let port = address.rsplit(':').next()?.split('/').next()?;
    port.parse().ok().filter(|port| *port != 0)
}

#[cfg(test)]
mod tests;
