//! What makes time pass for those who watch over the hub: curves grow by a sample, and figures that
//! have changed become events, if anybody follows them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant, SystemTime};

use lenswire_api::StreamName;

use super::{Hub, Inner};
use crate::curves::STEP;
use crate::events::{self, Event};
use crate::session::Session;
use crate::stream::{Entry, Standing};
use crate::views::{Moment, SessionView, StreamView};

/// Changed figures are told once a beat.
const BEAT: Duration = Duration::from_secs(1);

/// Beats between two samples of the curves.
const SAMPLED: u64 = STEP.as_secs();

/// Streams, and sessions, looked at in one beat: with more of them each has its turn less often.
const LOOKED_AT: usize = 100;

/// Beats until the hub is gone.
pub(super) async fn pulse(hub: Weak<Inner>) {
    let mut beat = tokio::time::interval(BEAT);
    beat.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Skip);
    let (mut streams, mut sessions) = (Told::default(), Told::default());
    for beats in 0_u64.. {
        beat.tick().await;
        let Some(hub) = hub.upgrade().map(Hub) else {
            return;
        };
        let (moment, audience) = (moment(), hub.audience(moment().now));
        if beats.is_multiple_of(SAMPLED) {
            for entry in hub.streams() {
                let seen = audience.get(entry.name());
                let delay = seen.and_then(Audience::delay);
                entry.sample(delay, seen.map_or(0, |seen| seen.watching), moment.now);
            }
        }
        if hub.events().listeners() > 0 {
            hub.tell_streams(&mut streams, &audience, moment);
            hub.tell_sessions(&mut sessions, moment);
        }
    }
}

/// Who watches a stream.
#[derive(Default)]
pub(crate) struct Audience {
    /// How many.
    pub(crate) watching: usize,
    delays: Vec<Duration>,
}

impl Audience {
    /// The middle one of their delays, of those that are known.
    fn delay(&self) -> Option<Duration> {
        let mut sorted = self.delays.clone();
        sorted.sort_unstable();
        sorted.get(sorted.len() / 2).copied()
    }
}

/// What was told last, by what it is about.
#[derive(Default)]
struct Told {
    last: BTreeMap<String, String>,
    /// Where the next beat begins.
    turn: usize,
}

impl Told {
    /// Whose turn it is.
    fn turn<'a, T>(&mut self, all: &'a [T]) -> impl Iterator<Item = &'a T> + use<'a, T> {
        let from = if self.turn < all.len() { self.turn } else { 0 };
        self.turn = from + LOOKED_AT;
        all.iter().skip(from).take(LOOKED_AT)
    }

    /// Whether it differs from what was told last.
    fn is_news(&mut self, about: &str, text: &str) -> bool {
        if self.last.get(about).is_some_and(|last| last == text) {
            return false;
        }
        self.last.insert(about.to_owned(), text.to_owned());
        true
    }

    /// Forgets what is no more; gives what was told of it last.
    fn gone(&mut self, present: &BTreeSet<&str>) -> Vec<String> {
        let gone = self
            .last
            .extract_if(.., |about, _| !present.contains(about.as_str()));
        gone.map(|(_, last)| last).collect()
    }
}

impl Hub {
    /// Who watches which stream, in one look at all sessions.
    pub(crate) fn audience(&self, now: Instant) -> BTreeMap<StreamName, Audience> {
        let mut audience = BTreeMap::<_, Audience>::new();
        for session in self.sessions() {
            let of_stream = audience.entry(session.stream().clone()).or_default();
            of_stream.watching += 1;
            let delay = session.delay(&session.stats(), now);
            of_stream.delays.extend(delay.map(|delay| delay.time));
        }
        audience
    }

    /// A stream is there, or differs from before.
    pub(super) fn tell_stream(&self, entry: &Entry) {
        let (watching, viewers) = (self.watching(entry.name()), entry.config().viewers);
        let view = StreamView::new(entry, watching, moment());
        self.events()
            .push(Event::stream(entry.name(), viewers, view));
    }

    /// How its source stands has changed; `is_kept`: as its history sees it, too.
    pub(super) fn tell_standing(&self, entry: &Entry, standing: Standing, is_kept: bool) {
        if is_kept {
            self.events().push(Event::Stood {
                name: entry.name().clone(),
                at: moment().wall,
                state: standing.word(),
                problem: standing.problem,
            });
        }
        self.tell_stream(entry);
    }

    fn tell_streams(
        &self,
        told: &mut Told,
        audience: &BTreeMap<StreamName, Audience>,
        moment: Moment,
    ) {
        let streams = self.streams();
        for entry in told.turn(&streams) {
            let watching = audience.get(entry.name()).map_or(0, |seen| seen.watching);
            let view = StreamView::new(entry, watching, moment);
            let event = Event::stream(entry.name(), entry.config().viewers, view);
            if let Event::Stream { whole, .. } = &event
                && told.is_news(entry.name().as_str(), whole)
            {
                self.events().push(event);
            }
        }
        told.gone(&streams.iter().map(|entry| entry.name().as_str()).collect());
    }

    fn tell_sessions(&self, told: &mut Told, moment: Moment) {
        let sessions: Vec<Arc<Session>> = self.sessions();
        for session in told.turn(&sessions) {
            let text = events::session(&SessionView::new(session, moment));
            if told.is_news(session.number(), &text) {
                self.events().push(Event::Session(text));
            }
        }
        let present = sessions.iter().map(|session| session.number()).collect();
        for last in told.gone(&present) {
            self.events().push(Event::SessionClosed(last));
        }
    }
}

/// Both clocks, read once.
#[expect(
    clippy::disallowed_methods,
    reason = "the pulse is what makes time pass, and tells people when"
)]
pub(super) fn moment() -> Moment {
    Moment {
        now: tokio::time::Instant::now().into_std(),
        wall: SystemTime::now(),
    }
}
