//! The task that runs a stream's source: it does what the supervisor decided, and sleeps until
//! something is due. A source that panics is caught here, counted and tried again.

use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Instant;

use futures_util::FutureExt as _;
use lenswire_api::{Code, Problem};

use super::{Entry, clock};
use crate::source::{End, Progress, Then};
use crate::supervise::{Action, Event, Phase};

/// Most warnings kept about one source; more would be a list of everything that can be said.
const MOST_WARNINGS: usize = 16;

/// A source that runs; `None` when its driver panicked.
type Running = Pin<Box<dyn Future<Output = Option<End>> + Send>>;

impl Entry {
    /// Runs the stream's source, as often and as long as the supervisor wants it. Never returns;
    /// dropping the future stops the source.
    pub(crate) async fn run(self: Arc<Self>) {
        let mut running: Option<Running> = None;
        self.tick();
        loop {
            match self.take_action() {
                Action::Nothing => {}
                Action::Start => {
                    drop(running.take());
                    running = self.start();
                }
                Action::Stop => running = None,
            }
            let wake = self
                .lock()
                .source
                .as_ref()
                .and_then(|source| source.supervisor.wake());
            tokio::select! {
                end = ended(&mut running) => {
                    running = None;
                    self.on_end(end);
                }
                () = self.kick.notified() => {}
                () = sleep_until(wake) => {}
            }
            self.tick();
        }
    }

    /// Looks at what can't tell by itself: the clock, demand, and when the last video came.
    fn tick(&self) {
        let now = clock();
        let wanted = self.media.demanded() > 0;
        self.tell(Event::Demand(wanted), now);
        self.warm_substream(wanted);
        let live = self.standing.borrow().phase == Phase::Live;
        if let Some(at) = self.media.stats(now).last_video.filter(|_| live) {
            self.tell(Event::Video(at), now);
        }
        self.tell(Event::Tick, now);
    }

    /// The substream is wanted while the stream is: whoever begins to watch in a small tile must not
    /// wait until a second connection to the camera stands.
    fn warm_substream(&self, wanted: bool) {
        let Some(substream) = self.substream() else {
            return;
        };
        let mut state = self.lock();
        if wanted == state.warm.is_some() {
            return;
        }
        let before = state.warm.take();
        state.warm = wanted.then(|| substream.media.demand());
        drop(state);
        drop(before);
    }

    fn take_action(&self) -> Action {
        std::mem::replace(&mut self.lock().action, Action::Nothing)
    }

    /// Makes the future that is one run of the source.
    fn start(self: &Arc<Self>) -> Option<Running> {
        let state = self.lock();
        let (source, run) = (Arc::clone(&state.source.as_ref()?.source), state.run);
        drop(state);
        let entry = Arc::clone(self);
        let driver = async move {
            let mut report = |progress| entry.report(run, progress);
            source.run(&entry.media, &mut report).await
        };
        Some(Box::pin(
            AssertUnwindSafe(driver).catch_unwind().map(Result::ok),
        ))
    }

    pub(super) fn report(&self, run: u64, progress: Progress) {
        let mut state = self.lock();
        if state.run != run {
            return; // An earlier run, about to be dropped.
        }
        match progress {
            Progress::Connecting | Progress::Reached(_) => {}
            Progress::Live => {
                drop(state);
                let now = clock();
                self.tell(Event::Video(now), now);
            }
            Progress::Bad(packets) => {
                drop(state);
                self.tell(Event::Bad(packets), clock());
            }
            Progress::Warning(problem) => {
                if state.warnings.len() < MOST_WARNINGS
                    || state.warnings.contains_key(problem.code.name())
                {
                    state.warnings.insert(problem.code.name(), problem);
                }
                self.publish(state);
            }
            Progress::Resolved(code) => {
                state.warnings.remove(code.name());
                self.publish(state);
            }
        }
    }

    fn on_end(&self, end: Option<End>) {
        let mut state = self.lock();
        if end.is_none() {
            // The panic's own words are in the log already, by the panic hook.
            tracing::error!(
                stream = self.name.as_str(),
                "the source's driver panicked; it is started again"
            );
            state.panics += 1;
        }
        let stopped_anyway = state.action != Action::Nothing;
        drop(state);
        if !stopped_anyway {
            self.tell(Event::Ended(end.unwrap_or_else(panicked)), clock());
        }
    }
}

/// A driver's panic as an end like any other (D9).
fn panicked() -> End {
    let detail = "The part of Lenswire that reads this source failed. It is started again.";
    End {
        problem: Problem::new(Code::Internal, detail),
        then: Then::Retry,
    }
}

/// The end of the running source; waits for ever when none runs.
async fn ended(running: &mut Option<Running>) -> Option<End> {
    match running {
        Some(source) => source.await,
        None => std::future::pending().await,
    }
}

async fn sleep_until(wake: Option<Instant>) {
    match wake {
        Some(at) => tokio::time::sleep_until(at.into()).await,
        None => std::future::pending().await,
    }
}
