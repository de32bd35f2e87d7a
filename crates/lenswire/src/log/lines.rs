//! Lines of the log for the page that shows them, beside those on standard error.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::SystemTime;

use lenswire_hub::journal::{Journal, Level, Line};
use lenswire_hub::views::rfc3339;
use tracing::field::{Field, Visit};
use tracing::{Event, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::Context;

use super::Gate;

/// Puts what is logged into the journal, a cause at most once a second there too.
pub(super) struct Lines {
    journal: Arc<Journal>,
    gate: Gate,
}

impl Lines {
    pub(super) fn new(journal: Arc<Journal>) -> Self {
        Self {
            journal,
            gate: Gate::default(),
        }
    }
}

impl<S: Subscriber> Layer<S> for Lines {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let Some(left_out) = self.gate.admit(event) else {
            return;
        };
        let mut said = Said::default();
        event.record(&mut said);
        let Said {
            message,
            mut fields,
        } = said;
        if left_out > 0 {
            fields.insert("left_out".into(), left_out.to_string());
        }
        #[expect(
            clippy::disallowed_methods,
            reason = "a line of the log is a door: it enters the world now"
        )]
        let at = rfc3339(SystemTime::now());
        let metadata = event.metadata();
        self.journal.write(Line {
            id: 0,
            at,
            level: level(*metadata.level()),
            target: metadata.target().to_owned(),
            message,
            fields,
        });
    }
}

fn level(level: tracing::Level) -> Level {
    match level {
        tracing::Level::ERROR => Level::Error,
        tracing::Level::WARN => Level::Warn,
        tracing::Level::INFO => Level::Info,
        tracing::Level::DEBUG => Level::Debug,
        tracing::Level::TRACE => Level::Trace,
    }
}

/// What an event says, as text.
#[derive(Default)]
struct Said {
    message: String,
    fields: BTreeMap<String, String>,
}

impl Said {
    fn put(&mut self, field: &Field, text: String) {
        if field.name() == "message" {
            self.message = text;
        } else {
            self.fields.insert(field.name().to_owned(), text);
        }
    }
}

impl Visit for Said {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.put(field, value.to_owned());
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.put(field, format!("{value:?}"));
    }
}

#[cfg(test)]
mod tests {
    use tracing_subscriber::layer::SubscriberExt as _;

    use super::*;

    // Requirement 74: what the log viewer shows is what was logged, once a cause.
    #[test]
    fn what_is_logged_can_be_read_back() {
        let journal = Arc::new(Journal::default());
        let subscriber = tracing_subscriber::registry().with(Lines::new(Arc::clone(&journal)));
        tracing::subscriber::with_default(subscriber, || {
            for _ in 0..3 {
                tracing::warn!(stream = "gate", tries = 2, "no answer");
            }
            tracing::info!("another");
        });
        let lines = journal.lines();
        assert_eq!(lines.len(), 2, "{lines:?}");
        let first = &lines[0];
        assert_eq!(
            (first.level, first.message.as_str()),
            (Level::Warn, "no answer")
        );
        assert_eq!(first.fields["stream"], "gate");
        assert_eq!(first.fields["tries"], "2");
        assert!(first.target.starts_with("lenswire") && first.at.ends_with('Z'));
    }
}
