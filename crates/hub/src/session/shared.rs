//! The state of a session, which its owner, the engine's events and time come to from their sides.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use lenswire_api::Problem;
use lenswire_rtc::SessionEvent;

use super::delay::Reported;
use super::showing::{Picture, Shown};
use super::way::Way;
use crate::stream::Standing;

/// What a session tells whoever listens.
#[derive(Clone, Debug, PartialEq)]
pub enum Notice {
    /// A candidate of ours, found after the answer.
    Candidate(String),
    /// Its state changed. After `Closed` nothing follows.
    Shown(Shown),
}

/// Hears a session's notices, in order. Called under the session's lock and from media threads:
/// must be cheap, must not block and must not call back into the session.
pub type Listener = Arc<dyn Fn(Notice) + Send + Sync>;

/// The part of a session that the engine's events reach.
pub(crate) struct Shared(Mutex<State>);

/// What its lock guards.
pub(super) struct State {
    pub(super) picture: Picture,
    pub(super) tether: Tether,
    pub(super) expires: Option<Instant>,
    /// Counts ICE generations; the ETag says which one a PATCH is about.
    pub(super) generation: u32,
    /// What the player last reported of its delay.
    pub(super) reported: Reported,
    /// How many reports were taken lately.
    pub(super) reports: Reports,
}

/// What holds a session besides its peer.
pub(super) enum Tether {
    /// Its URL alone (WHEP): it lives until it is deleted or its peer is gone.
    Url,
    /// A socket, by its number.
    Socket(u64, Listener),
    /// A socket was lost; another may come until then.
    Lost(Instant),
}

/// A player reports once a second, five times while it catches up, and when its size changes. More
/// than this in a second is of no use to anybody: the rest is not taken.
const REPORTS: u32 = 20;

/// Counts reports by the second.
#[derive(Debug, Default)]
pub(super) struct Reports(Option<(Instant, u32)>);

impl Reports {
    /// Whether one more is taken.
    pub(super) fn take(&mut self, now: Instant) -> bool {
        let (since, count) = match self.0 {
            Some((since, count)) if now.saturating_duration_since(since).as_secs() < 1 => {
                (since, count)
            }
            _ => (now, 0),
        };
        self.0 = Some((since, count + u32::from(count < REPORTS)));
        count < REPORTS
    }
}

impl Shared {
    /// `has_choice`: there are smaller pictures of the same scene.
    pub(crate) fn new(
        source: Standing,
        delay_limit: Duration,
        has_choice: bool,
        way: Way,
        expires: Option<Instant>,
    ) -> Arc<Self> {
        let state = State {
            picture: Picture::new(source, delay_limit, has_choice).by(way),
            tether: Tether::Url,
            expires,
            generation: 0,
            reported: Reported::default(),
            reports: Reports::default(),
        };
        Arc::new(Self(Mutex::new(state)))
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
        // A listener that panicked did so between whole assignments.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The substream is all that this viewer can be shown, and why.
    pub(crate) fn shows_instead(&self, why: Problem) {
        self.lock().picture.shows_instead(why);
    }

    /// Takes an event of the engine; whether the session is over by it.
    pub(crate) fn event(&self, event: SessionEvent) -> bool {
        let mut state = self.lock();
        state.picture.event(&event);
        if let (SessionEvent::Candidate(candidate), Tether::Socket(_, listener)) =
            (event, &state.tether)
        {
            listener(Notice::Candidate(candidate));
        }
        state.tell();
        state.picture.is_closed()
    }
}

impl State {
    /// Tells whoever listens, if there is something new.
    pub(super) fn tell(&mut self) {
        if let Tether::Socket(_, listener) = &self.tether
            && let Some(shown) = self.picture.news()
        {
            listener(Notice::Shown(shown));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // Issue 4, "Bad input": a player that floods reports is held to what is of use.
    #[test]
    #[expect(
        clippy::disallowed_methods,
        reason = "the fake clock needs a first value"
    )]
    fn a_flood_of_reports_is_held_to_twenty_a_second() {
        let now = Instant::now();
        let mut reports = Reports::default();
        let mut taken = |ms| reports.take(now + Duration::from_millis(ms));
        let first = (0..999).filter(|ms| taken(*ms)).count();
        assert_eq!(first, 20);
        assert!(taken(1_000), "a new second");
        let usual = (2_000..12_000).step_by(200);
        assert!(usual.clone().all(taken), "an honest player's, all of them");
    }
}
