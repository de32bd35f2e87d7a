//! One viewer's use of one stream, from its offer to its end.
//!
//! A [`Session`] owns its WebRTC peer (dropping it closes the peer) and knows by whose leave it
//! exists and until when. Whether it lives on HTTP or on a socket is no matter: a socket only
//! listens to it, may be lost and another may take it over within [`RESUME`].

mod registry;
mod showing;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use lenswire_api::{Code, Problem, StreamName};
use lenswire_rtc::{Patched, Refusal, SessionEvent, SessionStats};

pub(crate) use registry::Sessions;
pub use showing::{Showing, Shown};

use crate::stream::Standing;
use showing::Picture;

/// How long a session outlives its socket: media goes on while the signalling reconnects
/// (`faults.md` section 3, document 003). Longer would only keep cameras awake for the dead.
pub const RESUME: Duration = Duration::from_secs(60);

/// By whose leave a session exists. What it may do later takes the same one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Identity {
    /// The stream is open to anyone.
    Anyone,
    /// An administrator.
    Administrator,
    /// The bearer of a grant.
    Grant {
        /// Who signed it.
        issuer: String,
        /// Whom it was given to.
        subject: String,
        /// The grant's own number (`jti`), which limits and revocation go by.
        number: String,
    },
}

impl Identity {
    /// Whether `other` is the same somebody. A renewed grant has another number.
    #[must_use]
    pub fn is(&self, other: &Self) -> bool {
        match (self, other) {
            (
                Self::Grant { issuer, subject, .. },
                Self::Grant { issuer: other_issuer, subject: other_subject, .. },
            ) => issuer == other_issuer && subject == other_subject,
            _ => self == other,
        }
    }
}

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
        Self { secret: URL_SAFE_NO_PAD.encode(rand::random::<u128>().to_be_bytes()), number: format!("{:012x}", number >> 16) }
    }
}

/// The part of a session that the engine's events reach.
pub(crate) struct Shared(Mutex<State>);

struct State {
    picture: Picture,
    tether: Tether,
    expires: Option<Instant>,
    /// Counts ICE generations; the ETag says which one a PATCH is about.
    generation: u32,
    /// What the player last reported: capture or arrival to display.
    reported_delay: Option<Duration>,
}

/// What holds a session besides its peer.
enum Tether {
    /// Its URL alone (WHEP): it lives until it is deleted or its peer is gone.
    Url,
    /// A socket, by its number.
    Socket(u64, Listener),
    /// A socket was lost; another may come until then.
    Lost(Instant),
}

impl Shared {
    pub(crate) fn new(source: Standing, expires: Option<Instant>) -> Arc<Self> {
        let state = State { picture: Picture::new(source), tether: Tether::Url, expires, generation: 0, reported_delay: None };
        Arc::new(Self(Mutex::new(state)))
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // A listener that panicked did so between whole assignments.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes an event of the engine; whether the session is over by it.
    pub(crate) fn event(&self, event: SessionEvent) -> bool {
        let mut state = self.lock();
        state.picture.event(&event);
        if let (SessionEvent::Candidate(candidate), Tether::Socket(_, listener)) = (event, &state.tether) {
            listener(Notice::Candidate(candidate));
        }
        state.tell();
        state.picture.is_closed()
    }
}

impl State {
    fn tell(&mut self) {
        if let Tether::Socket(_, listener) = &self.tether
            && let Some(shown) = self.picture.news()
        {
            listener(Notice::Shown(shown));
        }
    }
}

/// A session that was answered.
pub struct Session {
    ids: Ids,
    stream: StreamName,
    identity: Identity,
    since: SystemTime,
    peer: lenswire_rtc::Session,
    shared: Arc<Shared>,
}

impl Session {
    pub(crate) fn new(
        ids: Ids,
        stream: StreamName,
        identity: Identity,
        since: SystemTime,
        peer: lenswire_rtc::Session,
        shared: Arc<Shared>,
    ) -> Arc<Self> {
        Arc::new(Self { ids, stream, identity, since, peer, shared })
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

    /// Which stream it shows.
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

    /// Capture or arrival to display, as its player reported it.
    #[must_use]
    pub fn reported_delay(&self) -> Option<Duration> {
        self.shared.lock().reported_delay
    }

    /// Takes the player's report. What a player says is believed only as far as it is plausible.
    pub fn report(&self, delay: Option<Duration>) {
        self.shared.lock().reported_delay = delay.filter(|delay| *delay < Duration::from_secs(3600));
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
        self.peer.add_candidate(candidate).map_err(|refusal| problem(&refusal))
    }

    /// Whether a fragment would restart ICE.
    ///
    /// # Errors
    /// When it is no fragment.
    pub fn would_restart(&self, fragment: &str) -> Result<bool, Problem> {
        self.peer.would_restart(fragment).map_err(|refusal| problem(&refusal))
    }

    /// Applies a fragment; a restart begins a new generation. Waits for a media thread for up to a
    /// second, so not to be called from a task directly.
    ///
    /// # Errors
    /// See [`Refusal`]; the session goes on as it was.
    pub fn patch(&self, fragment: &str, now: Instant) -> Result<Patched, Problem> {
        let patched = self.peer.patch(fragment, now).map_err(|refusal| problem(&refusal))?;
        if matches!(patched, Patched::Restarted(_)) {
            self.shared.lock().generation += 1;
        }
        Ok(patched)
    }

    /// Takes a new offer for the same session and gives its answer. Waits like [`Self::patch`].
    ///
    /// # Errors
    /// See [`Refusal`]; the session goes on as it was.
    pub fn reoffer(&self, offer: &str, now: Instant) -> Result<String, Problem> {
        let answer = self.peer.reoffer(offer, now).map_err(|refusal| problem(&refusal))?;
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
        let mut state = self.shared.lock();
        state.picture.tick(now);
        state.tell();
        if state.expires.is_some_and(|at| at <= now) {
            return Some(Some(Problem::new(Code::GrantExpired, "The grant that this session was opened with has ended and was not renewed.")));
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
        f.debug_struct("Session").field("number", &self.ids.number).field("stream", &self.stream).finish_non_exhaustive()
    }
}

/// What the engine refuses, as a problem: one for each way, so that a new way asks for its words.
pub(crate) fn problem(refusal: &Refusal) -> Problem {
    const SOON: Duration = Duration::from_secs(2);
    match refusal {
        Refusal::BadSdp { why } => Problem::new(Code::SdpInvalid, format!("The offer can't be used: {why}.")),
        Refusal::BadFragment { why } => Problem::new(Code::SdpInvalid, format!("The ICE fragment can't be used: {why}.")),
        Refusal::NoCommonCodec { .. } => Problem::new(Code::CodecNotOffered, format!("Nothing fits: {refusal}.")),
        Refusal::NoTracks => Problem::new(Code::StreamNotLive, "The stream has no track that could be sent.").retry_after(SOON),
        Refusal::TooManySessions { limit } => {
            Problem::new(Code::Overloaded, format!("{limit} sessions are open, and that is the limit.")).retry_after(SOON)
        }
        Refusal::TooManyPending { limit } => {
            Problem::new(Code::TooManySessions, format!("{limit} sessions are still connecting, and that is the limit."))
                .with_fix("Wait until they are connected, or have failed.")
                .retry_after(SOON)
        }
        Refusal::TooManyCandidates => Problem::new(Code::TooManyRequests, format!("{refusal}.")),
        Refusal::Overloaded => Problem::new(Code::Overloaded, "The media threads are busy.").retry_after(SOON),
        Refusal::Ended => Problem::new(Code::SessionNotFound, "The session has ended."),
        Refusal::Internal => Problem::new(Code::Internal, "The session could not be made."),
    }
}
