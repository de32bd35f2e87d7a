//! `GET /api/v1/events`: what happens, as server-sent events (WHATWG HTML, section 9.2). Everybody
//! is told what they may know and no more, for as long as they may.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::http::{HeaderName, HeaderValue};
use axum::response::IntoResponse as _;
use axum::response::sse::{Event as Sent, KeepAlive, Sse};
use futures_util::{StreamExt as _, stream};
use lenswire_api::{Scope, UnixTime};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;
use tokio::sync::watch;

use super::asked::{Answer, Asked};
use super::query;
use super::state::{App, moment};
use crate::auth::Caller;
use crate::events::{Event, Read, Reader};
use crate::journal::Journal;

/// How often a reader's leave is looked at (SEC-13: over within 5 s).
const LOOK: Duration = Duration::from_secs(3);

/// A comment is sent after so long without an event, so that proxies keep the connection.
const QUIET: Duration = Duration::from_secs(15);

/// What may be asked for.
#[derive(Debug, Deserialize, JsonSchema)]
pub(crate) struct Wanted {
    /// `1`: lines of the log, too. For administrators.
    log: Option<u8>,
    /// The last event's id, for who can't send `Last-Event-ID`.
    after: Option<String>,
}

/// `GET /api/v1/events`.
pub(crate) async fn follow(asked: Asked) -> Answer {
    let Wanted { log, after } = query::read(&asked.parts)?;
    let log = log.is_some_and(|log| log != 0);
    if log {
        asked.caller.must_administrate()?;
    }
    let header = asked.header(HeaderName::from_static("last-event-id"));
    let last = header.map(str::to_owned).or(after);
    let Asked { app, caller, .. } = asked;
    let over = over(app.clone(), caller.clone());
    let events = Follower::new(&app, caller, last, log).into_stream();
    let sent = Sse::new(events.take_until(Box::pin(over)));
    let mut answer = sent
        .keep_alive(KeepAlive::new().interval(QUIET))
        .into_response();
    // nginx gathers what it passes on unless it is told not to.
    answer.headers_mut().insert(
        HeaderName::from_static("x-accel-buffering"),
        HeaderValue::from_static("no"),
    );
    Ok(answer)
}

/// Ends when the reader may know nothing any more, or the process stops.
async fn over(app: App, caller: Caller) {
    let credential = caller.credential();
    let mut looks = tokio::time::interval(LOOK);
    loop {
        tokio::select! {
            () = app.stopping.cancelled() => return,
            _ = looks.tick() => {}
        }
        let now = UnixTime::from(moment().wall);
        let ended = matches!(&caller, Caller::Grant(grant) if grant.remaining(now).is_zero());
        let taken_back = match &credential {
            Some(shown) => app.authority.is_over(shown, now).await.unwrap_or(false),
            None => false,
        };
        if ended || taken_back {
            return;
        }
    }
}

/// One who follows. What it reads too late is gone: it holds no queue.
struct Follower {
    caller: Caller,
    events: Reader,
    /// What is to be sent before anything that happens.
    first: Option<Sent>,
    log: Option<Log>,
}

struct Log {
    journal: Arc<Journal>,
    newest: watch::Receiver<u64>,
    read: u64,
    /// Read, but not yet sent.
    lines: std::vec::IntoIter<crate::journal::Line>,
}

impl Follower {
    fn new(app: &App, caller: Caller, last: Option<String>, log: bool) -> Self {
        let all = app.hub.events();
        let resumed = last.as_deref().map(|id| all.resume(id));
        let lost = matches!(resumed, Some(None));
        let events = resumed.flatten().unwrap_or_else(|| all.follow());
        // An id alone is no event to a page, but it goes on from there when the connection breaks.
        let first = if lost {
            reset(&events)
        } else {
            Sent::default().id(events.id())
        };
        Self {
            caller,
            first: Some(first),
            log: log.then(|| Log::new(&app.journal)),
            events,
        }
    }

    fn into_stream(self) -> impl futures_util::Stream<Item = Result<Sent, Infallible>> {
        stream::unfold(self, async |mut follower| {
            let sent = follower.next().await;
            Some((Ok(sent), follower))
        })
    }

    async fn next(&mut self) -> Sent {
        if let Some(first) = self.first.take() {
            return first;
        }
        loop {
            let read = tokio::select! {
                read = self.events.next() => read,
                line = next_line(&mut self.log) => return line,
            };
            let sent = match read {
                Read::Lost => Some(reset(&self.events)),
                Read::Event(event) => self.tell(&event),
            };
            if let Some(sent) = sent {
                return sent;
            }
        }
    }

    /// The event as this caller may know it.
    fn tell(&self, event: &Event) -> Option<Sent> {
        let administrates = self.caller.must_administrate().is_ok();
        let may = |name, viewers| self.caller.may(Scope::Watch, name, viewers).is_ok();
        let (kind, data) = match event {
            Event::Stream { whole, .. } if administrates => ("stream", whole.clone()),
            Event::Stream {
                name,
                viewers,
                plain,
                ..
            } if may(name, *viewers) => ("stream", plain.clone()),
            Event::Removed { name, viewers } if may(name, *viewers) => {
                ("removed", json!({ "name": name }).to_string())
            }
            Event::Session(view) if administrates => ("session", view.clone()),
            Event::SessionClosed(view) if administrates => ("session_closed", view.clone()),
            _ => return None,
        };
        Some(Sent::default().event(kind).id(self.events.id()).data(data))
    }
}

/// Something was missed: whoever reads this reads the lists anew.
fn reset(events: &Reader) -> Sent {
    Sent::default().event("reset").id(events.id()).data("{}")
}

impl Log {
    fn new(journal: &Arc<Journal>) -> Self {
        let newest = journal.follow();
        let read = *newest.borrow();
        Self {
            journal: Arc::clone(journal),
            newest,
            read,
            lines: Vec::new().into_iter(),
        }
    }

    /// The next line. Without an id: lines are numbered by themselves.
    async fn next(&mut self) -> Sent {
        loop {
            if let Some(line) = self.lines.next() {
                self.read = line.id;
                let data = serde_json::to_string(&line).unwrap_or_default();
                return Sent::default().event("log").data(data);
            }
            self.newest.mark_unchanged();
            self.lines = self.journal.after(self.read).into_iter();
            if self.lines.len() == 0 && self.newest.changed().await.is_err() {
                std::future::pending::<()>().await;
            }
        }
    }
}

async fn next_line(log: &mut Option<Log>) -> Sent {
    match log {
        Some(log) => log.next().await,
        None => std::future::pending().await,
    }
}
