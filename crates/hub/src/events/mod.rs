//! What has just happened in the hub, for those who follow it.
//!
//! Events go into one bounded [`Ring`]; each reader keeps the number of the last one it has read and
//! asks for what came after. Nobody waits for a reader: one that reads too slowly, or comes back too
//! late, finds that its place is gone and begins anew.

mod ring;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use lenswire_api::{Problem, StreamName};
use tokio::sync::watch;

use crate::config::Viewers;
use crate::views::{SessionView, StreamView};
use ring::Ring;

/// Something that happened, as it is told: written once, whoever reads it.
#[derive(Debug)]
pub(crate) enum Event {
    /// A stream is there, or shows something else than before.
    Stream {
        name: StreamName,
        viewers: Viewers,
        /// [`StreamView`] as JSON, for administrators.
        whole: String,
        /// The same for those who may watch.
        plain: String,
    },
    /// A stream was taken out of the configuration.
    Removed { name: StreamName, viewers: Viewers },
    /// How a stream's source stands has changed. Not told to anybody, but kept: see
    /// [`history`](crate::history).
    Stood {
        name: StreamName,
        at: SystemTime,
        state: &'static str,
        problem: Option<Problem>,
    },
    /// A session began, or shows something else than before: [`SessionView`] as JSON.
    Session(String),
    /// A session is over: [`SessionView`] as JSON, as it was last seen.
    SessionClosed(String),
}

impl Event {
    /// A stream as it is now.
    pub(crate) fn stream(name: &StreamName, viewers: Viewers, view: StreamView) -> Self {
        Self::Stream {
            name: name.clone(),
            viewers,
            whole: json(&view),
            plain: json(&view.for_viewers()),
        }
    }

    /// About how many bytes it takes.
    fn size(&self) -> usize {
        match self {
            Self::Stream { whole, plain, .. } => whole.len() + plain.len(),
            Self::Session(text) | Self::SessionClosed(text) => text.len(),
            Self::Removed { .. } | Self::Stood { .. } => 256,
        }
    }
}

/// A session as its event tells it.
pub(crate) fn session(view: &SessionView) -> String {
    json(view)
}

fn json(view: &impl serde::Serialize) -> String {
    serde_json::to_string(view).unwrap_or_default()
}

/// The ring, and who waits for what comes next. Share it in an `Arc`.
pub(crate) struct Events {
    /// Held by each reader that wants figures told.
    listening: Arc<()>,
    /// Unlike that of any other process, so that a number from before a restart is known as such.
    run: u32,
    ring: Mutex<Ring<Event>>,
    newest: watch::Sender<u64>,
}

impl Default for Events {
    fn default() -> Self {
        Self {
            listening: Arc::default(),
            run: rand::random(),
            ring: Mutex::default(),
            newest: watch::Sender::new(0),
        }
    }
}

impl Events {
    /// It happened.
    pub(crate) fn push(&self, event: Event) {
        let size = event.size();
        let mut ring = self.lock();
        let number = ring.push(event, size);
        // Under the lock, so that numbers come in order.
        self.newest.send_replace(number);
    }

    /// Reads from now on.
    pub(crate) fn follow(self: &Arc<Self>) -> Reader {
        Reader {
            _listens: Some(Arc::clone(&self.listening)),
            ..self.follow_changes()
        }
    }

    /// The same for one that needs no figures: they are told while somebody else listens.
    pub(crate) fn follow_changes(self: &Arc<Self>) -> Reader {
        let newest = self.newest.subscribe();
        let read = *newest.borrow();
        Reader {
            events: Arc::clone(self),
            newest,
            read,
            _listens: None,
        }
    }

    /// Reads on behind the event that `id` names, if it names one of this process.
    pub(crate) fn resume(self: &Arc<Self>, id: &str) -> Option<Reader> {
        let (run, number) = id.split_once('-')?;
        let run = u32::from_str_radix(run, 16).ok()?;
        let read = number.parse().ok()?;
        let mut reader = self.follow();
        let known = run == self.run && read <= reader.read;
        reader.read = read;
        known.then_some(reader)
    }

    /// How many want figures told.
    pub(crate) fn listeners(&self) -> usize {
        Arc::strong_count(&self.listening) - 1
    }

    fn lock(&self) -> MutexGuard<'_, Ring<Event>> {
        self.ring.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One who follows.
pub(crate) struct Reader {
    events: Arc<Events>,
    newest: watch::Receiver<u64>,
    /// The last one read.
    read: u64,
    _listens: Option<Arc<()>>,
}

/// What a reader finds.
pub(crate) enum Read {
    /// The next event.
    Event(Arc<Event>),
    /// Some were dropped before they could be read.
    Lost,
}

impl Reader {
    /// The next event; waits for it. May be dropped while it waits.
    pub(crate) async fn next(&mut self) -> Read {
        loop {
            self.newest.mark_unchanged();
            let newest = *self.newest.borrow();
            if newest > self.read {
                return self.take(newest);
            }
            if self.newest.changed().await.is_err() {
                std::future::pending::<()>().await;
            }
        }
    }

    fn take(&mut self, newest: u64) -> Read {
        match self.events.lock().after(self.read) {
            Some(event) => {
                self.read += 1;
                Read::Event(event)
            }
            None => {
                self.read = newest;
                Read::Lost
            }
        }
    }

    /// What names the last event read, for [`Events::resume`].
    pub(crate) fn id(&self) -> String {
        format!("{:x}-{}", self.events.run, self.read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn removed(name: &str) -> Event {
        Event::Removed {
            name: StreamName::parse(name).expect("a name"),
            viewers: Viewers::Grant,
        }
    }

    async fn name(reader: &mut Reader) -> String {
        match reader.next().await {
            Read::Event(event) => match &*event {
                Event::Removed { name, .. } => name.to_string(),
                other => panic!("{other:?}"),
            },
            Read::Lost => "lost".to_owned(),
        }
    }

    // Requirement 73: who comes back reads on where it was.
    #[tokio::test]
    async fn a_reader_reads_on_where_it_was() {
        let events = Arc::new(Events::default());
        events.push(removed("before"));
        let mut reader = events.follow();
        events.push(removed("one"));
        events.push(removed("two"));
        assert_eq!(name(&mut reader).await, "one");
        let id = reader.id();
        drop(reader);
        assert_eq!(events.listeners(), 0);
        let mut again = events.resume(&id).expect("is known");
        assert_eq!(name(&mut again).await, "two");
        for foreign in [
            "",
            "0",
            "zz-1",
            "1-",
            &format!("{:x}-99", events.run),
            "0-1",
        ] {
            assert!(events.resume(foreign).is_none(), "{foreign}");
        }
    }

    // Bad input: a reader that stops reading holds nothing up and costs nothing.
    #[tokio::test]
    async fn a_reader_that_is_too_slow_is_told_so_once() {
        let events = Arc::new(Events::default());
        let mut reader = events.follow();
        for _ in 0..10_000 {
            events.push(removed("gone"));
        }
        assert_eq!(name(&mut reader).await, "lost");
        events.push(removed("next"));
        assert_eq!(name(&mut reader).await, "next");
    }
}
