//! The last lines of the log, for the page that shows them. Whoever writes the log puts them here:
//! see `log.rs` of the program.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use schemars::JsonSchema;
use serde::Serialize;
use tokio::sync::watch;

/// Lines kept: a day of a quiet hub, minutes of one in trouble. What is older is dropped.
const KEPT: usize = 1_000;

/// Longest message or field, in bytes; the rest is cut off.
const LONGEST: usize = 1_024;

/// How grave a line is, the gravest first.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, serde::Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// Something does not work.
    Error,
    /// Something is not as it should be.
    Warn,
    /// What happens.
    Info,
    /// What happens in detail.
    Debug,
    /// Everything.
    Trace,
}

/// One line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Line {
    /// Counts up by one.
    pub id: u64,
    /// When, as RFC 3339.
    pub at: String,
    /// How grave.
    pub level: Level,
    /// The part of the program that says so.
    pub target: String,
    /// What it says.
    pub message: String,
    /// What it says it about: `stream`, `session`, `code`, ..
    pub fields: std::collections::BTreeMap<String, String>,
}

/// The lines. Share it in an `Arc`.
#[derive(Debug)]
pub struct Journal {
    lines: Mutex<VecDeque<Line>>,
    newest: watch::Sender<u64>,
}

impl Default for Journal {
    fn default() -> Self {
        Self {
            lines: Mutex::default(),
            newest: watch::Sender::new(0),
        }
    }
}

impl Journal {
    /// Keeps a line; its `id` is given here. What looks like a password is masked once more, though
    /// nothing that is logged should hold one.
    pub fn write(&self, line: Line) {
        let mut lines = self.lock();
        let id = lines.back().map_or(0, |line| line.id) + 1;
        let fields = line.fields.into_iter();
        let line = Line {
            id,
            message: clean(&line.message),
            fields: fields.map(|(key, value)| (key, clean(&value))).collect(),
            ..line
        };
        if lines.len() >= KEPT {
            lines.pop_front();
        }
        lines.push_back(line);
        self.newest.send_replace(id);
    }

    /// All lines that are kept, the oldest first.
    #[must_use]
    pub fn lines(&self) -> Vec<Line> {
        self.after(0)
    }

    /// The lines after that number, the oldest first.
    pub(crate) fn after(&self, id: u64) -> Vec<Line> {
        let lines = self.lock();
        let newer = lines.iter().skip_while(|line| line.id <= id);
        newer.cloned().collect()
    }

    /// Follows the number of the newest line.
    pub(crate) fn follow(&self) -> watch::Receiver<u64> {
        self.newest.subscribe()
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<Line>> {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn clean(text: &str) -> String {
    let mut text = crate::config::scrub(text);
    if text.len() > LONGEST {
        text.truncate(text.floor_char_boundary(LONGEST));
        text.push_str("..");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(message: &str) -> Line {
        Line {
            id: 0,
            at: "2026-11-24T00:00:00Z".into(),
            level: Level::Info,
            target: "test".into(),
            message: message.into(),
            fields: [("url".to_owned(), message.to_owned())].into(),
        }
    }

    // Requirement 74; SEC-12: bounded, and no password whoever wrote it.
    #[test]
    fn lines_are_kept_in_bounds_and_without_passwords() {
        let journal = Journal::default();
        let followed = journal.follow();
        for _ in 0..KEPT + 10 {
            journal.write(line("rtsp://ann:canary@192.0.2.1/a"));
        }
        journal.write(line(&"\u{e9}".repeat(LONGEST)));
        let all = journal.after(0);
        assert_eq!((all.len(), all[0].id), (KEPT, 12));
        assert!(!format!("{all:?}").contains("canary"));
        assert_eq!(*followed.borrow(), 1_011);
        let last = journal.after(1_010);
        assert_eq!(last.len(), 1);
        assert_eq!(last[0].message.len(), LONGEST + 2);
    }
}
