//! One viewer's or publisher's use of one stream, from its offer to its end.
//!
//! A [`Session`] owns its WebRTC peer (dropping it closes the peer) and knows by whose leave it
//! exists and until when. Whether it lives on HTTP or on a socket is no matter: a socket only
//! listens to it, may be lost and another may take it over within [`RESUME`].

mod delay;
mod identity;
mod refusal;
mod registry;
mod shared;
mod showing;
mod way;

use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use lenswire_api::{Code, Problem, StreamName};
use lenswire_rtc::{Patched, Report, SessionStats};

pub(crate) use delay::Late;
pub use delay::{Delay, DelayFrom};
pub use identity::Identity;
pub(crate) use refusal::problem;
pub(crate) use registry::{Sessions, stopping};
pub(crate) use shared::Shared;
use shared::Tether;
pub use shared::{Listener, Notice};
pub use showing::{Showing, Shown};
pub(crate) use way::Way;

use crate::stream::Standing;

/// How long a session outlives its socket: media goes on while the signalling reconnects
/// (`faults.md` section 3, document 003). Longer would only keep cameras awake for the dead.
pub const RESUME: Duration = Duration::from_secs(60);

/// The ids that a session has.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Ids {
    /// 128 random bits, base64url: whoever knows it may do to the session what its owner may.
    pub(crate) secret: String,
    /// What lists and logs call it.
    pub(crate) number: String,
}

impl Ids {
    pub(crate) fn random() -> Self {
        let number: u64 = rand::random();
        Self {
            secret: URL_SAFE_NO_PAD.encode(rand::random::<u128>().to_be_bytes()),
            number: format!("{:012x}", number >> 16),
        }
    }
}

/// What a session is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// It is sent the stream.
    Watch,
    /// It sends the stream.
    Publish,
}

/// A session that was answered.
pub struct Session {
    ids: Ids,
    purpose: Purpose,
    stream: StreamName,
    identity: Identity,
    since: SystemTime,
    peer: lenswire_rtc::Session,
    shared: Arc<Shared>,
}

impl Session {
    pub(crate) fn new(
        ids: Ids,
        purpose: Purpose,
        stream: StreamName,
        identity: Identity,
        since: SystemTime,
        peer: lenswire_rtc::Session,
        shared: Arc<Shared>,
    ) -> Arc<Self> {
        Arc::new(Self {
            ids,
            purpose,
            stream,
            identity,
            since,
            peer,
            shared,
        })
    }

    /// Its secret: the last segment of its URL, and what `resume` takes.
    #[must_use]
    pub fn secret(&self) -> &str {
        &self.ids.secret
    }

    /// What lists call it.
    #[must_use]
    pub fn number(&self) -> &str {
        &self.ids.number
    }

    /// What it is for.
    #[must_use]
    pub fn purpose(&self) -> Purpose {
        self.purpose
    }

    /// Which stream it shows, or sends.
    #[must_use]
    pub fn stream(&self) -> &StreamName {
        &self.stream
    }

    /// By whose leave.
    #[must_use]
    pub fn identity(&self) -> &Identity {
        &self.identity
    }

    /// Since when.
    #[must_use]
    pub fn since(&self) -> SystemTime {
        self.since
    }

    /// The SDP answer to its first offer.
    #[must_use]
    pub fn answer(&self) -> &str {
        &self.peer.answer
    }

    /// The entity tag of its present ICE generation, without quotes.
    #[must_use]
    pub fn etag(&self) -> String {
        format!("{}.{}", self.peer.ufrag, self.shared.lock().generation)
    }

    /// Its state and the reason for it.
    #[must_use]
    pub fn shown(&self) -> Shown {
        self.shared.lock().picture.shown()
    }

    /// The engine's figures.
    #[must_use]
    pub fn stats(&self) -> SessionStats {
        self.peer.stats()
    }

    /// Capture or arrival to display, as far as it is known.
    #[must_use]
    pub fn delay(&self, stats: &SessionStats, now: Instant) -> Option<Delay> {
        let reported = self.shared.lock().reported;
        reported.or(stats, now)
    }

    /// Takes the player's report, and passes it on to the media thread; whether it was taken. What
    /// a player says is believed only as far as it is plausible, and does nothing to anybody else.
    pub fn report(&self, report: Report, now: Instant) -> bool {
        let mut state = self.shared.lock();
        if !state.reports.take(now) {
            return false;
        }
        state.reported.take(report.delay, now);
        drop(state);
        self.peer.report(report);
        true
    }

    /// Looks at how late its picture is. `None` when that can't be known.
    pub(crate) fn look_at_delay(&self, now: Instant) -> (Option<Delay>, Option<Late>) {
        let stats = self.stats();
        let mut state = self.shared.lock();
        let delay = state.reported.or(&stats, now);
        let late = state.picture.delay(delay.map(|delay| delay.time), now);
        state.tell();
        (delay.filter(|_| state.picture.is_connected()), late)
    }

    /// Its stream allows another delay from now on.
    pub(crate) fn limit_delay(&self, limit: Duration) {
        self.shared.lock().picture.limit_delay(limit);
    }

    /// Whether `identity` may do to it what its owner may. An administrator may close anything, but
    /// that is another route's business.
    #[must_use]
    pub fn belongs_to(&self, identity: &Identity) -> bool {
        self.identity.is(identity)
    }

    /// Until when its leave holds; `None` = as long as the stream is open, or its owner is one.
    #[must_use]
    pub fn expires(&self) -> Option<Instant> {
        self.shared.lock().expires
    }

    /// Its owner brought a newer grant. An older one shortens nothing.
    pub fn renew(&self, until: Option<Instant>) {
        let mut state = self.shared.lock();
        state.expires = state.expires.and_then(|old| until.map(|new| new.max(old)));
    }

    /// Adds a candidate of the viewer's.
    ///
    /// # Errors
    /// What is wrong with it, in words.
    pub fn add_candidate(&self, candidate: &str) -> Result<(), Problem> {
        self.peer
            .add_candidate(candidate)
            .map_err(|refusal| problem(&refusal))
    }

    /// Whether a fragment would restart ICE.
    ///
    /// # Errors
    /// When it is no fragment.
    pub fn would_restart(&self, fragment: &str) -> Result<bool, Problem> {
        self.peer
            .would_restart(fragment)
            .map_err(|refusal| problem(&refusal))
    }

    /// Applies a fragment; a restart begins a new generation. Waits for a media thread for up to a
    /// second, so not to be called from a task directly.
    ///
    /// # Errors
    /// See [`Refusal`](lenswire_rtc::Refusal); the session goes on as it was.
    pub fn patch(&self, fragment: &str, now: Instant) -> Result<Patched, Problem> {
        let patched = self
            .peer
            .patch(fragment, now)
            .map_err(|refusal| problem(&refusal))?;
        if matches!(patched, Patched::Restarted(_)) {
            self.shared.lock().generation += 1;
        }
        Ok(patched)
    }

    /// Takes a new offer for the same session and gives its answer. Waits like [`Self::patch`].
    ///
    /// # Errors
    /// See [`Refusal`](lenswire_rtc::Refusal); the session goes on as it was.
    pub fn reoffer(&self, offer: &str, now: Instant) -> Result<String, Problem> {
        let answer = self
            .peer
            .reoffer(offer, now)
            .map_err(|refusal| problem(&refusal))?;
        self.shared.lock().generation += 1;
        Ok(answer)
    }

    /// Socket number `socket` listens from now on, in place of any other; it hears the state at once.
    pub fn attach(&self, socket: u64, listener: Listener) {
        let mut state = self.shared.lock();
        state.tether = Tether::Socket(socket, listener);
        state.picture.untold();
        state.tell();
    }

    /// Socket number `socket` is lost. Nothing happens if another one has taken over.
    pub fn detach(&self, socket: u64, now: Instant) {
        let mut state = self.shared.lock();
        if matches!(state.tether, Tether::Socket(holder, _) if holder == socket) {
            state.tether = Tether::Lost(now + RESUME);
        }
    }

    /// Whether socket number `socket` listens to it.
    #[must_use]
    pub fn is_attached(&self, socket: u64) -> bool {
        matches!(self.shared.lock().tether, Tether::Socket(holder, _) if holder == socket)
    }

    /// Whether it is over.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.shared.lock().picture.is_closed()
    }

    /// Whether ICE and DTLS are up.
    #[must_use]
    pub fn is_connected(&self) -> bool {
        self.shared.lock().picture.is_connected()
    }

    pub(crate) fn on_standing(&self, standing: &Standing) {
        let mut state = self.shared.lock();
        state.picture.source(standing);
        state.tell();
    }

    /// Lets time pass. `Some` when the session has to end, with the reason to give.
    pub(crate) fn tick(&self, now: Instant) -> Option<Option<Problem>> {
        let heard = self.peer.is_heard();
        let mut state = self.shared.lock();
        state.picture.seek(heard, now);
        state.picture.tick(now);
        state.tell();
        if state.expires.is_some_and(|at| at <= now) {
            return Some(Some(Problem::new(
                Code::GrantExpired,
                "The grant that this session was opened with has ended and was not renewed.",
            )));
        }
        matches!(state.tether, Tether::Lost(until) if until <= now).then_some(None)
    }

    /// Ends it for that reason. (Its place in the registry is the registry's.)
    pub(crate) fn close(&self, why: Option<Problem>) {
        let mut state = self.shared.lock();
        state.picture.close(why);
        state.tell();
        drop(state);
        self.peer.close(lenswire_rtc::Closed::ByHub);
    }
}

impl std::fmt::Debug for Session {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // Without its secret.
        f.debug_struct("Session")
            .field("number", &self.ids.number)
            .field("stream", &self.stream)
            .finish_non_exhaustive()
    }
}
