//! What is wrong with a configuration, and where, as a person wants to read it: file, line and
//! column, the line itself with secrets masked, and what to write instead.

use std::fmt;
use std::path::PathBuf;

use lenswire_api::{Code, Problem, StreamName};

use super::source_url::scrub;

/// Where a value was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// In the file, both counted from 1.
    File {
        /// Line.
        line: u32,
        /// Column, in characters.
        column: u32,
    },
    /// In an environment variable of that name.
    Variable(String),
    /// Behind a command-line flag.
    Flag(&'static str),
}

/// Something wrong in the text of a configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Where.
    pub place: Option<Place>,
    /// What.
    pub message: String,
    /// What to write instead.
    pub help: Option<String>,
}

/// Why a configuration cannot be loaded, edited or watched.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "each message says what its variant is")]
pub enum Error {
    /// The report has the place, the line and the help.
    #[error("{0}")]
    Invalid(Report),
    #[error("cannot read {}: {source}", path.display())]
    Read {
        path: PathBuf,
        source: std::io::Error,
    },
    #[error("cannot write {}: {source}", path.display())]
    Write {
        path: PathBuf,
        source: std::io::Error,
    },
    #[error("{} cannot be written: {why}", path.display())]
    ReadOnly { path: PathBuf, why: String },
    #[error("{} changed meanwhile", path.display())]
    Changed { path: PathBuf },
    #[error("the file is written in a way that this change cannot be made in: {0}")]
    Edit(&'static str),
    #[error("there is a stream {0} already")]
    NameTaken(StreamName),
    #[error("there is no stream {0}")]
    NoStream(StreamName),
    #[error("stream {0} is set by the environment, not by the file")]
    NotInFile(StreamName),
    #[error("there is no setting {0}")]
    NoSetting(String),
    #[error("{key} is set by {by}, which is stronger than the file")]
    Overruled { key: &'static str, by: String },
    #[error("there are {0} streams, which is the limit")]
    TooMany(usize),
    #[error("cannot watch {}: {source}", path.display())]
    Watch {
        path: PathBuf,
        source: notify::Error,
    },
}

/// A fault with the text around it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// The file's name as the person gave it.
    pub name: String,
    /// What is wrong.
    pub fault: Fault,
    /// The line, secrets masked.
    line: Option<String>,
}

impl Fault {
    /// A fault without a place yet.
    pub(super) fn new(message: impl Into<String>) -> Self {
        Self {
            place: None,
            message: message.into(),
            help: None,
        }
    }

    /// The same, here, unless a place nearer to the value is known.
    pub(super) fn at(mut self, place: &Place) -> Self {
        self.place.get_or_insert_with(|| place.clone());
        self
    }

    /// The same with advice.
    pub(super) fn with_help(self, help: impl Into<String>) -> Self {
        Self {
            help: Some(help.into()),
            ..self
        }
    }

    /// Adds the file's name and the line.
    pub(super) fn report(mut self, name: &str, text: &str) -> Report {
        self.message = scrub(&self.message);
        let line = match self.place {
            Some(Place::File { line, .. }) => usize::try_from(line)
                .ok()
                .and_then(|n| text.lines().nth(n.saturating_sub(1))),
            _ => None,
        };
        Report {
            name: name.to_owned(),
            line: line.map(scrub),
            fault: self,
        }
    }
}

impl Report {
    /// Several lines for a terminal.
    #[must_use]
    pub fn long(&self) -> String {
        let mut out = self.to_string();
        if let (Some(text), Some(Place::File { line, column })) = (&self.line, &self.fault.place) {
            let number = line.to_string();
            let margin = " ".repeat(number.len());
            // After masking the column may lie behind the line's end; then the line alone is shown.
            let at = usize::try_from(*column).unwrap_or(1).saturating_sub(1);
            let caret = if at <= text.chars().count() {
                format!("{}^", " ".repeat(at))
            } else {
                String::new()
            };
            out.push_str(&format!(
                "\n{margin} |\n{number} | {text}\n{margin} | {caret}"
            ));
        }
        if let Some(help) = &self.fault.help {
            out.push_str(&format!("\nhelp: {help}"));
        }
        out
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.fault.place {
            Some(Place::File { line, column }) => {
                write!(f, "{}:{line}:{column}: {}", self.name, self.fault.message)
            }
            Some(Place::Variable(name)) => {
                write!(f, "environment variable {name}: {}", self.fault.message)
            }
            Some(Place::Flag(name)) => write!(f, "{name}: {}", self.fault.message),
            None => write!(f, "{}: {}", self.name, self.fault.message),
        }
    }
}

impl Error {
    /// Several lines for a terminal.
    #[must_use]
    pub fn long(&self) -> String {
        match self {
            Self::Invalid(report) => report.long(),
            other => other.to_string(),
        }
    }
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        let detail = error.to_string();
        match error {
            Error::Invalid(report) => {
                let problem = Self::new(Code::ConfigInvalid, detail);
                report
                    .fault
                    .help
                    .map_or(problem.clone(), |help| problem.with_fix(help))
            }
            Error::Read { .. } | Error::Watch { .. } => Self::new(Code::Internal, detail),
            Error::Write { source, .. } if source.kind() == std::io::ErrorKind::StorageFull => {
                Self::new(Code::StorageFull, detail)
            }
            Error::Write { .. } | Error::ReadOnly { .. } | Error::NotInFile(_) | Error::Edit(_) => {
                Self::new(Code::ConfigReadOnly, detail)
            }
            Error::NoSetting(_) => Self::new(Code::ConfigInvalid, detail),
            Error::Overruled { .. } => Self::new(Code::ConfigReadOnly, detail)
                .with_fix("Change it there, or start Lenswire without it."),
            Error::Changed { .. } => Self::new(Code::ConfigChanged, detail),
            Error::NameTaken(_) => Self::new(Code::NameTaken, detail),
            Error::NoStream(_) => Self::new(Code::StreamNotFound, detail),
            Error::TooMany(_) => Self::new(Code::Overloaded, detail)
                .with_fix("Remove a stream, or raise limits.streams."),
        }
    }
}
