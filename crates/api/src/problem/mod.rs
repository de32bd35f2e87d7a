//! What went wrong, as a value: `application/problem+json` (RFC 9457) with a stable code, a sentence
//! in the reader's terms and, where there is one, a fix. Holds no secrets: whoever makes the detail
//! writes the camera's name and what it said, never its URL.

mod code;

use std::borrow::Cow;
use std::fmt;
use std::time::Duration;

pub use code::Code;
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::ser::{Serialize, SerializeStruct, Serializer};

/// One problem, ready for a person and for a program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Its stable name; decides title, status and the usual fix.
    pub code: Code,
    /// What happened this time, one or two sentences.
    pub detail: Cow<'static, str>,
    /// What to do, when it differs from the code's usual fix.
    pub fix: Option<Cow<'static, str>>,
    /// The path of the request that it answers, without a query.
    pub instance: Option<String>,
    /// When it is worth asking again; a `Retry-After` header, not part of the body.
    pub retry_after: Option<Duration>,
}

impl Problem {
    /// A problem with its sentence.
    #[must_use]
    pub fn new(code: Code, detail: impl Into<Cow<'static, str>>) -> Self {
        Self {
            code,
            detail: detail.into(),
            fix: None,
            instance: None,
            retry_after: None,
        }
    }

    /// The same with another fix than the usual one.
    #[must_use]
    pub fn with_fix(self, fix: impl Into<Cow<'static, str>>) -> Self {
        Self {
            fix: Some(fix.into()),
            ..self
        }
    }

    /// The same with the path that it answers.
    #[must_use]
    pub fn at(self, path: impl Into<String>) -> Self {
        Self {
            instance: Some(path.into()),
            ..self
        }
    }

    /// The same with a time after which to ask again.
    #[must_use]
    pub fn retry_after(self, wait: Duration) -> Self {
        Self {
            retry_after: Some(wait),
            ..self
        }
    }

    /// What to do: this problem's own advice, else the code's.
    #[must_use]
    pub fn fix(&self) -> &str {
        self.fix.as_deref().unwrap_or_else(|| self.code.fix())
    }
}

impl From<Code> for Problem {
    /// A problem whose title says it all.
    fn from(code: Code) -> Self {
        Self::new(code, "")
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code.title())?;
        if self.detail.is_empty() {
            Ok(())
        } else {
            write!(f, ": {}", self.detail)
        }
    }
}

impl std::error::Error for Problem {}

/// The body as it is written, for the API's description.
#[derive(JsonSchema)]
#[schemars(rename = "Problem", description = "What went wrong (RFC 9457).")]
#[expect(dead_code, reason = "describes what `Serialize` writes")]
struct Body {
    /// Always `about:blank`: the code says which problem it is.
    r#type: &'static str,
    /// The code in a few words.
    title: &'static str,
    /// The HTTP status of its answer.
    status: u16,
    /// Stable: match on this.
    code: Code,
    /// What happened this time.
    detail: Option<String>,
    /// What to do about it.
    fix: Option<String>,
    /// The path that was asked for.
    instance: Option<String>,
}

impl JsonSchema for Problem {
    fn schema_name() -> Cow<'static, str> {
        Body::schema_name()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        Body::json_schema(generator)
    }
}

impl Serialize for Problem {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut body = serializer.serialize_struct("Problem", 7)?;
        body.serialize_field("type", "about:blank")?;
        body.serialize_field("title", self.code.title())?;
        body.serialize_field("status", &self.code.status())?;
        body.serialize_field("code", self.code.name())?;
        optional(
            &mut body,
            "detail",
            Some(self.detail.as_ref()).filter(|text| !text.is_empty()),
        )?;
        optional(
            &mut body,
            "fix",
            Some(self.fix()).filter(|text| !text.is_empty()),
        )?;
        optional(&mut body, "instance", self.instance.as_deref())?;
        body.end()
    }
}

fn optional<S: SerializeStruct>(
    body: &mut S,
    key: &'static str,
    value: Option<&str>,
) -> Result<(), S::Error> {
    match value {
        Some(text) => body.serialize_field(key, text),
        None => body.skip_field(key),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn a_problem_reads_as_promised() {
        let problem = Problem::new(
            Code::CameraWrongPassword,
            "The camera answered \"401 Unauthorized\" to user admin.",
        )
        .at("/gate/whep");
        let expected = serde_json::json!({
            "type": "about:blank",
            "title": "Wrong password",
            "status": 502,
            "code": "camera_wrong_password",
            "detail": "The camera answered \"401 Unauthorized\" to user admin.",
            "fix": Code::CameraWrongPassword.fix(),
            "instance": "/gate/whep",
        });
        assert_eq!(serde_json::to_value(&problem).ok(), Some(expected));
    }

    #[test]
    fn an_own_fix_wins_and_empty_words_are_left_out() {
        let value = serde_json::to_value(Problem::from(Code::NotFound).with_fix("Look there."))
            .expect("serialises");
        assert_eq!(value["fix"], "Look there.");
        assert!(value.get("detail").is_none() && value.get("instance").is_none());
    }

    #[test]
    fn every_code_has_words_and_a_name_of_its_own() {
        let names: HashSet<_> = Code::ALL.iter().map(|code| code.name()).collect();
        assert_eq!(names.len(), Code::ALL.len());
        for code in Code::ALL {
            assert!(
                code.name()
                    .chars()
                    .all(|c| c.is_ascii_lowercase() || c == '_'),
                "{code:?}"
            );
            assert!(
                !code.title().is_empty() && (400..600).contains(&code.status()),
                "{code:?}"
            );
            assert_eq!(Code::from_name(code.name()), Some(*code));
            assert!(
                code.fix().is_empty() || code.fix().ends_with('.'),
                "{code:?}: {}",
                code.fix()
            );
        }
    }
}
