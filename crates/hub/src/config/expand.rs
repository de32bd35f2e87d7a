//! `${VAR}` and `${VAR:default}` inside values, so that passwords need not stand in the file.
//! `$${` is a literal `${`: the API writes it that way, or whoever may add a camera could read the
//! environment through its address.

use super::error::Fault;
use super::layers::Environment;
use super::tree::{Node, Value};

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
        out.extend([before, variable(&after[..end], environment)?]);
        rest = &after[end + 1..];
    }
    out.push_str(rest);
    Ok(out)
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

    #[test]
    fn escaped_text_comes_back() {
        for text in ["${PASS}", "a$${b", "$$${x}", "plain $ text"] {
            assert_eq!(try_expand(&escape(text)).ok().as_deref(), Some(text));
        }
    }
}
