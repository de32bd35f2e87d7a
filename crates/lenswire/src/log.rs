//! The log: text or JSON lines on standard error, and never more than one line per cause and second.
//!
//! A cause is a place in the code together with the stream or camera it speaks of. What a flood of
//! bad packets or a browser in a loop would write a thousand times is written once, and the next
//! line of that cause says how many were left out. `debug` and `trace` are for somebody who looks
//! for one thing, so nothing is left out there.

use std::collections::HashMap;
use std::fmt::{Debug, Result as Formatted, Write as _};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::IsTerminal;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use lenswire_hub::journal::Journal;
use tracing::field::{Field, Visit};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::fmt::format::{Format, Json, JsonFields, Writer};
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{EnvFilter, fmt};

mod lines;
use lines::Lines;

/// How lines look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Look {
    /// For people.
    Text,
    /// One object per line, for machines.
    Json,
}

/// Starts logging. `filter` is a level (`info`) or a list such as `info,lenswire_rtsp=trace`; one
/// that can't be read counts as `info` and is named in the first line.
pub(crate) fn start(look: Look, filter: &str, journal: Arc<Journal>) {
    let parsed = EnvFilter::builder().parse(filter);
    let bad = parsed.as_ref().err().map(ToString::to_string);
    let wanted = tracing_subscriber::registry()
        .with(parsed.unwrap_or_else(|_| EnvFilter::new("info")))
        .with(Lines::new(journal));
    let layer = fmt::layer()
        .with_ansi(std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none())
        .with_writer(std::io::stderr);
    // A second start (tests) keeps the first.
    let _ = match look {
        Look::Text => {
            let format = Once::new(Format::default().with_target(false), Tail::Text);
            wanted.with(layer.event_format(format)).try_init()
        }
        Look::Json => {
            let format = Format::default().json().flatten_event(true);
            let format = Once::new(format, Tail::Json);
            let layer = layer.fmt_fields(JsonFields::new()).event_format(format);
            wanted.with(layer).try_init()
        }
    };
    if let Some(why) = bad {
        tracing::warn!(filter, why, "log level can't be read; using info");
    }
}

/// At most one line per cause in this time.
const SPACING: Duration = Duration::from_secs(1);

/// Causes remembered. When there are more, all are forgotten: then a line too many is written.
const CAUSES: usize = 4_096;

/// Where the count of what was left out goes.
#[derive(Clone, Copy)]
enum Tail {
    Text,
    Json,
}

/// Formats an event as `F` does, unless its cause has just been written.
struct Once<F> {
    inner: F,
    tail: Tail,
    gate: Gate,
}

impl<F> Once<F> {
    fn new(inner: F, tail: Tail) -> Self {
        Self {
            inner,
            tail,
            gate: Gate::default(),
        }
    }
}

/// Lets a cause pass once a second.
#[derive(Default)]
struct Gate(Mutex<Causes>);

impl Gate {
    /// None: leave it out. Some(n): write it; n alike were left out before.
    fn admit(&self, event: &Event<'_>) -> Option<u64> {
        if *event.metadata().level() > Level::INFO {
            return Some(0);
        }
        let mut cause = Cause(DefaultHasher::new());
        event.metadata().callsite().hash(&mut cause.0);
        event.record(&mut cause);
        #[expect(
            clippy::disallowed_methods,
            reason = "a line of the log is a door: it enters the world now"
        )]
        let now = Instant::now();
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .admit(cause.0.finish(), now)
    }
}

impl<S, N, T> FormatEvent<S, N> for Once<Format<Json, T>>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
    Format<Json, T>: FormatEvent<S, N>,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, N>,
        writer: Writer<'_>,
        event: &Event<'_>,
    ) -> Formatted {
        self.write(writer, event, |line| {
            self.inner.format_event(context, line, event)
        })
    }
}

impl<S, N, T> FormatEvent<S, N> for Once<Format<fmt::format::Full, T>>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
    Format<fmt::format::Full, T>: FormatEvent<S, N>,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, N>,
        writer: Writer<'_>,
        event: &Event<'_>,
    ) -> Formatted {
        self.write(writer, event, |line| {
            self.inner.format_event(context, line, event)
        })
    }
}

impl<F> Once<F> {
    fn write(
        &self,
        mut writer: Writer<'_>,
        event: &Event<'_>,
        format: impl FnOnce(Writer<'_>) -> Formatted,
    ) -> Formatted {
        let Some(left_out) = self.gate.admit(event) else {
            return Ok(());
        };
        if left_out == 0 {
            return format(writer);
        }
        let mut line = String::new();
        format(Writer::new(&mut line))?;
        let line = line.trim_end();
        match self.tail {
            Tail::Text => writeln!(writer, "{line} left_out={left_out}"),
            Tail::Json => writeln!(
                writer,
                "{},\"left_out\":{left_out}}}",
                line.strip_suffix('}').unwrap_or(line)
            ),
        }
    }
}

/// Hashes the fields that tell one cause from another at the same place in the code.
struct Cause(DefaultHasher);

impl Visit for Cause {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        if matches!(field.name(), "stream" | "camera" | "code") {
            let mut text = String::new();
            // Writing to a String can't fail.
            let _ = write!(text, "{value:?}");
            text.hash(&mut self.0);
        }
    }
}

#[derive(Default)]
struct Causes(HashMap<u64, Seen>);

struct Seen {
    written: Instant,
    left_out: u64,
}

impl Causes {
    fn admit(&mut self, cause: u64, now: Instant) -> Option<u64> {
        if self.0.len() >= CAUSES && !self.0.contains_key(&cause) {
            self.0.clear();
        }
        let seen = self.0.entry(cause);
        match seen {
            std::collections::hash_map::Entry::Vacant(place) => {
                place.insert(Seen {
                    written: now,
                    left_out: 0,
                });
                Some(0)
            }
            std::collections::hash_map::Entry::Occupied(mut place) => {
                let seen = place.get_mut();
                if now.saturating_duration_since(seen.written) < SPACING {
                    seen.left_out += 1;
                    return None;
                }
                seen.written = now;
                Some(std::mem::take(&mut seen.left_out))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[expect(clippy::disallowed_methods, reason = "any beginning will do")]
    fn a_cause_is_written_once_a_second_and_counts_the_rest() {
        // requirement 75
        let start = Instant::now();
        let mut causes = Causes::default();
        assert_eq!(causes.admit(1, start), Some(0));
        for n in 1..=999 {
            assert_eq!(causes.admit(1, start + Duration::from_millis(n)), None);
        }
        assert_eq!(
            causes.admit(2, start),
            Some(0),
            "another cause is not held back"
        );
        assert_eq!(causes.admit(1, start + SPACING), Some(999));
        assert_eq!(causes.admit(1, start + SPACING * 2), Some(0));
    }

    #[test]
    #[expect(clippy::disallowed_methods, reason = "any beginning will do")]
    fn causes_without_end_cost_bounded_memory() {
        let start = Instant::now();
        let mut causes = Causes::default();
        for cause in 0..100_000 {
            causes.admit(cause, start);
        }
        assert!(causes.0.len() <= CAUSES);
    }
}
