//! A session on a media thread, a viewer's or a publisher's: what both are, and what tells them apart.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::places::{PendingPlace, SessionPlace};
use super::publisher::Publisher;
use super::router::{AddressClaim, SessionId, UfragClaim};
use super::session::{Closed, SessionEvent, SessionState, SessionStats};
use super::thread::Work;
use super::timers::Alarm;
use super::viewer::Viewer;
use crate::Limits;
use crate::peer::{Clock, Figures, Pair, Peer};

/// Addresses that one session may have proven to be at. A phone that roams all day needs more than
/// one, an attacker who knows the password could claim thousands: the oldest is forgotten.
const MAX_ADDRESSES: usize = 16;

/// A session with that many addresses takes a new one no more often than this: each leaves a trace in
/// the ICE agent.
const MOVE_SPACING: Duration = Duration::from_secs(1);

/// What a session's owner and its media thread both hold.
#[derive(Debug, Default)]
pub(super) struct Shared {
    state: Mutex<Told>,
}

#[derive(Debug, Default)]
struct Told {
    stats: SessionStats,
    /// Something of the client's has arrived that knew the password.
    heard: bool,
    /// The owner wants it closed; set before the thread is told, in case its queue is full.
    close: Option<Closed>,
}

impl Shared {
    fn with<T>(&self, act: impl FnOnce(&mut Told) -> T) -> T {
        act(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }

    pub(super) fn stats(&self) -> SessionStats {
        self.with(|told| told.stats.clone())
    }

    pub(super) fn is_heard(&self) -> bool {
        self.with(|told| told.heard)
    }

    fn hear(&self, heard: bool) {
        self.with(|told| told.heard = heard);
    }

    pub(super) fn state(&self) -> SessionState {
        self.with(|told| told.stats.state)
    }

    pub(super) fn change(&self, act: impl FnOnce(&mut SessionStats)) {
        self.with(|told| act(&mut told.stats));
    }

    pub(super) fn want_close(&self, why: Closed) {
        self.with(|told| told.close.get_or_insert(why).to_owned());
    }

    pub(super) fn wanted_close(&self) -> Option<Closed> {
        self.with(|told| told.close)
    }
}

/// How the owner is told what happens.
pub(super) type Tell = Arc<dyn Fn(SessionEvent) + Send + Sync>;

/// What a session holds so that others can be counted and found; given back by Drop.
pub(super) struct Held {
    pub(super) _session: SessionPlace,
    pub(super) pending: Option<PendingPlace>,
    pub(super) ufrag: UfragClaim,
    pub(super) addresses: VecDeque<AddressClaim>,
    /// When the newest of them was proven.
    pub(super) moved: Option<Instant>,
}

/// What every session is.
pub(super) struct Core {
    pub(super) id: SessionId,
    pub(super) peer: Peer,
    pub(super) held: Held,
    pub(super) shared: Arc<Shared>,
    pub(super) alarm: Alarm,
    pub(super) tell: Tell,
    pub(super) born: Instant,
    reported: Reported,
    #[cfg(test)]
    pub(super) panics: bool,
}

/// A session.
pub(super) enum Member {
    /// It is sent a stream.
    Viewer(Box<Viewer>),
    /// It sends one.
    Publisher(Box<Publisher>),
}

/// What the last statistics were made of.
#[derive(Clone, Copy, Debug)]
struct Reported {
    at: Instant,
    figures: Figures,
}

/// Something a session did while it was driven, for its thread to act on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Turn {
    /// Nothing special.
    Goes,
    /// Media can flow from now on.
    Connected,
    /// Other streams are read from now on.
    Reads,
    /// It is over.
    Ends(Closed),
}

impl Member {
    pub(super) fn core(&self) -> &Core {
        match self {
            Self::Viewer(viewer) => &viewer.core,
            Self::Publisher(publisher) => &publisher.core,
        }
    }

    pub(super) fn core_mut(&mut self) -> &mut Core {
        match self {
            Self::Viewer(viewer) => &mut viewer.core,
            Self::Publisher(publisher) => &mut publisher.core,
        }
    }

    pub(super) fn viewer(&self) -> Option<&Viewer> {
        match self {
            Self::Viewer(viewer) => Some(viewer),
            Self::Publisher(_) => None,
        }
    }

    pub(super) fn viewer_mut(&mut self) -> Option<&mut Viewer> {
        match self {
            Self::Viewer(viewer) => Some(viewer),
            Self::Publisher(_) => None,
        }
    }

    pub(super) fn publisher_mut(&mut self) -> Option<&mut Publisher> {
        match self {
            Self::Viewer(_) => None,
            Self::Publisher(publisher) => Some(publisher),
        }
    }

    /// What is due by the clock.
    pub(super) fn tick(&mut self, clock: Clock, work: &mut Work) {
        match self {
            Self::Viewer(viewer) => viewer.tick(clock, work),
            Self::Publisher(publisher) => publisher.tick(clock, work),
        }
    }

    /// What came of what was done to the peer, and when to look at it again.
    pub(super) fn settle(&mut self, clock: Clock, work: &mut Work) -> (Turn, Instant) {
        match self {
            Self::Viewer(viewer) => viewer.settle(clock, work),
            Self::Publisher(publisher) => publisher.settle(clock, work),
        }
    }

    /// Once a second: whether it must end, and its figures.
    pub(super) fn check(&mut self, limits: &Limits, now: Instant) -> Option<Closed> {
        let ends = self.core_mut().check(limits, now);
        if ends.is_none() && self.core().peer.is_connected() {
            match self {
                Self::Viewer(viewer) => viewer.report(now),
                Self::Publisher(publisher) => publisher.report(now),
            }
        }
        ends
    }
}

impl Core {
    pub(super) fn new(id: SessionId, peer: Peer, held: Held, tell: Tell, now: Instant) -> Self {
        let shared = Arc::new(Shared::default());
        shared.change(|stats| stats.codecs = peer.codecs());
        Self {
            id,
            peer,
            held,
            shared,
            alarm: Alarm::default(),
            tell,
            born: now,
            reported: Reported {
                at: now,
                figures: Figures::default(),
            },
            #[cfg(test)]
            panics: false,
        }
    }

    /// Media can flow.
    pub(super) fn connected(&mut self) {
        self.held.pending = None;
        if let Some(pair) = self.peer.pair() {
            self.shared.change(|stats| {
                stats.state = SessionState::Connected;
                stats.pair = Some(pair);
            });
            (self.tell)(SessionEvent::Connected { pair });
        }
    }

    fn check(&self, limits: &Limits, now: Instant) -> Option<Closed> {
        if let Some(why) = self.shared.wanted_close() {
            return Some(why);
        }
        if !self.peer.is_connected() {
            self.shared.hear(self.peer.heard().is_some());
            let failed = if self.peer.has_ice() {
                Closed::DtlsFailed
            } else {
                Closed::IceFailed
            };
            return (now.saturating_duration_since(self.born) > limits.pending_life)
                .then_some(failed);
        }
        let silent = self
            .peer
            .heard()
            .map_or(Duration::ZERO, |heard| now.saturating_duration_since(heard));
        (silent > limits.vanished_after).then_some(Closed::Vanished)
    }

    /// Tells the figures of the last second; `also` adds what only this kind of session has. `bytes`
    /// counts what flows.
    pub(super) fn report(
        &mut self,
        now: Instant,
        bytes: impl Fn(&Figures) -> u64,
        also: impl FnOnce(&mut SessionStats, &Figures),
    ) {
        let figures = *self.peer.figures();
        let seconds = now
            .saturating_duration_since(self.reported.at)
            .as_secs_f64();
        let bits = (bytes(&figures) - bytes(&self.reported.figures)) as f64 * 8.0;
        let pair = self.peer.pair();
        let moved = self.shared.with(|told| {
            let stats = &mut told.stats;
            let moved = stats.pair != pair;
            stats.pair = pair;
            stats.rtt = figures.rtt;
            stats.loss = figures.loss;
            if seconds > 0.0 {
                stats.bitrate = (bits / seconds) as u64;
            }
            also(stats, &figures);
            moved
        });
        self.reported = Reported { at: now, figures };
        if let Some(pair) = pair.filter(|_| moved) {
            (self.tell)(SessionEvent::Connected { pair });
        }
    }

    /// Whether a new address would be taken now: beyond the first few, one a second.
    pub(super) fn may_move(&self, now: Instant) -> bool {
        let is_settled = self
            .held
            .moved
            .is_none_or(|at| now.saturating_duration_since(at) >= MOVE_SPACING);
        self.held.addresses.len() < MAX_ADDRESSES || is_settled
    }

    /// Remembers where the other side is; gives back the address that is forgotten for it.
    pub(super) fn remember(&mut self, claim: AddressClaim, now: Instant) -> Option<AddressClaim> {
        self.held.moved = Some(now);
        self.held.addresses.push_back(claim);
        if self.held.addresses.len() > MAX_ADDRESSES {
            self.held.addresses.pop_front()
        } else {
            None
        }
    }

    /// Where media goes.
    pub(super) fn pair(&self) -> Option<Pair> {
        self.peer.pair()
    }

    /// Tells the owner that it is over. The last thing that is told.
    pub(super) fn over(&self, why: Closed) {
        self.shared
            .change(|stats| stats.state = SessionState::Closed(why));
        (self.tell)(SessionEvent::Closed(why));
    }
}
