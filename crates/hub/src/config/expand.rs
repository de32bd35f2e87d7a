//! `${VAR}` and `${VAR:default}` inside values, and `${file:PATH}` for a secret in a file of its own
//! (Docker, Kubernetes, systemd's LoadCredential), so that passwords need not stand in the file.
//! `$${` is a literal `${`: the API writes it that way, or whoever may add a camera could read the
//! environment through its address.

use std::io::Read as _;
use std::path::{Component, Path};

use super::error::Fault;
use super::layers::Environment;
use super::tree::{Node, Value};

/// Where systemd puts what `LoadCredential=` names.
const CREDENTIALS: &str = "CREDENTIALS_DIRECTORY";

/// Most that is read of a secret's file, in bytes.
const SECRET_LIMIT: u64 = 4 * 1024;

/// Replaces variables in every text below `node`; keys stay as they are.
pub(super) fn expand(node: &mut Node, environment: &Environment) -> Result<(), Fault> {
    match &mut node.value {
        Value::Null => Ok(()),
        Value::Text(text) if text.contains("${") => {
            *text = expanded(text, environment).map_err(|fault| fault.at(&node.place))?;
            Ok(())
        }
        Value::Text(_) => Ok(()),
        Value::List(items) => items
            .iter_mut()
            .try_for_each(|item| expand(item, environment)),
        Value::Map(entries) => entries
            .iter_mut()
            .try_for_each(|entry| expand(&mut entry.node, environment)),
    }
}

/// Writes a text so that [`expand`] gives it back.
pub(super) fn escape(text: &str) -> String {
    text.replace("${", "$${")
}

fn expanded(text: &str, environment: &Environment) -> Result<String, Fault> {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("${") {
        let (before, after) = rest.split_at(at);
        let after = &after[2..];
        if let Some(before) = before.strip_suffix('$') {
            out.extend([before, "${"]);
            rest = after;
            continue;
        }
        let end = after.find('}').ok_or_else(|| {
            Fault::new("`${` without `}`").with_help("write `$${` for a literal `${`")
        })?;
        out.push_str(before);
        match after[..end].strip_prefix("file:") {
            Some(path) => out.push_str(&secret(path, environment)?),
            None => out.push_str(variable(&after[..end], environment)?),
        }
        rest = &after[end + 1..];
    }
    out.push_str(rest);
    Ok(out)
}

/// The first line of a secret's file; a path that is not absolute is one of systemd's credentials.
fn secret(path: &str, environment: &Environment) -> Result<String, Fault> {
    let credentials = environment.value(CREDENTIALS);
    let path = match (Path::new(path), credentials) {
        (path, _) if path.is_absolute() => path.to_owned(),
        (path, Some(folder))
            if path
                .components()
                .all(|part| matches!(part, Component::Normal(_))) =>
        {
            Path::new(folder).join(path)
        }
        _ => {
            return Err(Fault::new("`${file:..}` needs an absolute path")
                .with_help("write ${file:/run/secrets/NAME}; under systemd, LoadCredential=NAME:.. and ${file:NAME}"));
        }
    };
    let failed =
        |why: &str| Fault::new(format!("cannot read the secret {}: {why}", path.display()));
    let file = std::fs::File::open(&path).map_err(|error| failed(&error.to_string()))?;
    let mut text = String::new();
    file.take(SECRET_LIMIT)
        .read_to_string(&mut text)
        .map_err(|error| failed(&error.to_string()))?;
    // Whoever wrote it with an editor left a line's end behind it.
    match text.lines().next().map(str::trim_end) {
        Some(line) if !line.is_empty() => Ok(line.to_owned()),
        _ => Err(failed("it is empty")),
    }
}

fn variable<'a>(inner: &'a str, environment: &'a Environment) -> Result<&'a str, Fault> {
    let (name, default) = inner
        .split_once(':')
        .map_or((inner, None), |(name, default)| (name, Some(default)));
    let valid = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    if !valid {
        return Err(Fault::new("`${...}` needs a variable's name")
            .with_help("write ${NAME} or ${NAME:default}"));
    }
    environment.value(name).or(default).ok_or_else(|| {
        Fault::new(format!("the environment variable {name} is not set"))
            .with_help(format!("set {name}, or write ${{{name}:default}}"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn try_expand(text: &str) -> Result<String, Fault> {
        expanded(
            text,
            &Environment::from_iter([("PASS", "x$y"), ("EMPTY", "")]),
        )
    }

    #[test]
    fn variables_defaults_and_escapes() {
        for (text, out) in [
            ("rtsp://u:${PASS}@h", "rtsp://u:x$y@h"),
            ("${PASS}${PASS}", "x$yx$y"),
            ("${NONE:a:b}", "a:b"),
            ("[${EMPTY}${EMPTY:d}]", "[]"),
            ("$${PASS} $PASS 5$", "${PASS} $PASS 5$"),
        ] {
            assert_eq!(try_expand(text).ok().as_deref(), Some(out), "{text}");
        }
        for wrong in ["${NONE}", "${PASS", "${}", "${a b}", "${1}"] {
            assert!(try_expand(wrong).is_err(), "{wrong}");
        }
    }

    // requirement 71: Docker's and systemd's secrets.
    #[test]
    fn secrets_come_from_files() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("gate");
        std::fs::write(&path, "hunter2\nmore\n").expect("writes");
        std::fs::write(folder.path().join("empty"), "\n").expect("writes");
        let shown = folder.path().display().to_string();
        let environment = Environment::from_iter([(CREDENTIALS, shown.clone())]);
        let read = |text: &str| expanded(text, &environment);
        for text in [
            format!("u:${{file:{}}}@h", path.display()),
            "u:${file:gate}@h".to_owned(),
        ] {
            assert_eq!(read(&text).ok().as_deref(), Some("u:hunter2@h"), "{text}");
        }
        for (text, complaint) in [
            ("${file:../gate}", "needs an absolute path"),
            ("${file:}", "cannot read the secret"),
            ("${file:none}", "none: No such file"),
            ("${file:empty}", "it is empty"),
            ("${file:/dev/null}", "it is empty"),
            ("${file:/}", "cannot read the secret /"),
        ] {
            let fault = read(text).expect_err("is no secret");
            assert!(
                fault.message.contains(complaint),
                "{text}: {}",
                fault.message
            );
        }
        assert!(
            try_expand("${file:gate}").is_err(),
            "without systemd there are no credentials"
        );
    }

    #[test]
    fn escaped_text_comes_back() {
        for text in ["${PASS}", "a$${b", "$$${x}", "plain $ text"] {
            assert_eq!(try_expand(&escape(text)).ok().as_deref(), Some(text));
        }
    }
}
