//! A viewer's or a publisher's session as its owner outside the media threads sees it.

use std::net::IpAddr;
use std::sync::mpsc::sync_channel;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use lenswire_media::{Codec, Concern, Stream, Tracks, Viewstate};

use super::handle::{AnswerForm, Command, Handle, Reoffer};
use super::member::Shared;
use super::router::SessionId;
use crate::sdp::{Fragment, MAX_CANDIDATES, Offer, RemoteCandidate};
use crate::{Pair, Refusal};

/// How long a caller waits for a media thread to take a new offer. A thread that turns a thousand
/// times a second answers at once; one that doesn't has worse to do.
const REPLY_TIME: Duration = Duration::from_secs(1);

/// A session may restart ICE this often: each time costs a media thread half a millisecond.
const RESTART_SPACING: Duration = Duration::from_millis(500);

/// A request to watch a stream.
pub struct Watch {
    /// The client's SDP offer.
    pub offer: String,
    /// What to send. Counts as demand from here on.
    pub stream: Stream,
    /// Smaller pictures of the same scene (a camera's second profile), best first; each counts as
    /// demand, too. The viewer gets the best that its link and its tile bear, switched at keyframes
    /// within the session. One whose codec is not the stream's is passed over. Sound is always the
    /// stream's.
    pub substreams: Vec<Stream>,
    /// What the stream consists of; the answer is made for these. When they change shape later, the
    /// session ends with [`Closed::TracksChanged`].
    pub tracks: Arc<Tracks>,
    /// Called from a media thread: must be cheap and must not call back into the session.
    pub events: Arc<dyn Fn(SessionEvent) + Send + Sync>,
    /// Whom [`Limits::pending_per_client`](crate::Limits) counts this for: the client's address, or
    /// the one that a trusted proxy forwards. `None` = not counted per client.
    pub client: Option<IpAddr>,
    /// The most that the receiver may delay the picture to smooth it (playout-delay hint). The
    /// stream's `delay_limit`; one second by default.
    pub delay_limit: Duration,
    /// When the request came in.
    pub now: Instant,
}

/// A request to publish to a stream.
pub struct Publish {
    /// The client's SDP offer.
    pub offer: String,
    /// What is written, from when the session is connected until it ends. Of several publishers the
    /// last one that connected is the stream's source.
    pub stream: Stream,
    /// As in [`Watch::events`].
    pub events: Arc<dyn Fn(SessionEvent) + Send + Sync>,
    /// As in [`Watch::client`].
    pub client: Option<IpAddr>,
    /// When the request came in.
    pub now: Instant,
}

/// What a player says of itself; what it leaves out stays as it said it last. Nothing of it is believed
/// beyond what it can do to its own session.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Report {
    /// Capture or arrival to display.
    pub delay: Option<Duration>,
    /// Frames decoded since the session began.
    pub frames_decoded: Option<u64>,
    /// Frames received whole since the session began.
    pub frames_received: Option<u64>,
    /// How long a frame waits in the receiver before it is decoded.
    pub jitter_buffer: Option<Duration>,
    /// Pixels, width and height, that the picture takes on the screen; (0, 0) = it is not seen.
    pub tile: Option<(u32, u32)>,
}

impl Report {
    /// With what a later one says anew.
    #[must_use]
    pub(super) fn updated(self, later: Self) -> Self {
        Self {
            delay: later.delay.or(self.delay),
            frames_decoded: later.frames_decoded.or(self.frames_decoded),
            frames_received: later.frames_received.or(self.frames_received),
            jitter_buffer: later.jitter_buffer.or(self.jitter_buffer),
            tile: later.tile.or(self.tile),
        }
    }
}

/// What happens to a session. After [`SessionEvent::Closed`] nothing follows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SessionEvent {
    /// ICE and DTLS are up: media flows by this pair. Again when the pair changes.
    Connected {
        /// Where media flows.
        pair: Pair,
    },
    /// A local candidate found after the answer (`candidate:...`), to be trickled to the client.
    Candidate(String),
    /// Whether the picture is live, catching up or waited for. Sent on change.
    State(Viewstate),
    /// Another picture of the same scene is shown from now on: 0 = the stream, 1 = its first
    /// substream, and so on.
    Layer(usize),
    /// It is over.
    Closed(Closed),
}

/// Why a session ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Closed {
    /// No candidate pair worked within [`Limits::pending_life`](crate::Limits).
    IceFailed,
    /// A pair worked, but DTLS did not finish, or its certificate is not the offer's.
    DtlsFailed,
    /// Nothing authenticated was heard for [`Limits::vanished_after`](crate::Limits).
    Vanished,
    /// The client said goodbye (DTLS close_notify).
    ByPeer,
    /// [`Session::close`], or the session was dropped.
    ByHub,
    /// The stream's tracks changed shape; the client has to negotiate anew.
    TracksChanged,
    /// The client's connection carries less than the stream, for too long.
    TooSlow,
    /// A bug of ours hit this session; it has been logged and counted.
    Panicked,
    /// The engine stops.
    EngineStopped,
}

/// How far a session has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SessionState {
    /// ICE or DTLS is not up yet.
    #[default]
    Connecting,
    /// Media can flow.
    Connected,
    /// Over.
    Closed(Closed),
}

/// A session's figures, at most a second old.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SessionStats {
    /// How far it has come.
    pub state: SessionState,
    /// What the viewer sees; `None` until connected.
    pub view: Option<Viewstate>,
    /// In use; `None` until connected.
    pub pair: Option<Pair>,
    /// What was negotiated, video first.
    pub codecs: Vec<Codec>,
    /// Round trip, by ICE checks or receiver reports.
    pub rtt: Option<Duration>,
    /// Of the packets of the last report interval, the share that the client missed (0..=1).
    pub loss: Option<f32>,
    /// Sent in the last second, in bit/s, headers and retransmissions included.
    pub bitrate: u64,
    /// Packets sent, retransmissions not counted; a publisher's, received.
    pub packets: u64,
    /// Bytes sent, headers included; a publisher's, received.
    pub bytes: u64,
    /// Packets sent again on request.
    pub retransmitted: u64,
    /// Packets asked for beyond the budget and not sent again.
    pub retransmits_refused: u64,
    /// NACK messages received; to a publisher, packets asked for again.
    pub nacks: u64,
    /// Keyframe requests received (PLI and FIR).
    pub keyframe_requests: u64,
    /// Frames not sent because the viewer or this thread was behind.
    pub dropped_frames: u64,
    /// Packets not sent for the same reason.
    pub dropped_packets: u64,
    /// From arrival (or capture, when known) to send, for the newest packet: what the server adds.
    pub delay: Option<Duration>,
    /// Which picture is shown: 0 = the stream, 1 = its first substream, and so on.
    pub layer: usize,
    /// What the link is estimated to bear, in bit/s; `None` while nothing depends on it and nothing
    /// is estimated.
    pub estimate: Option<u64>,
    /// Packets of a publisher that never came.
    pub lost: u64,
    /// What viewers will notice of a publisher's picture.
    pub concerns: Vec<Concern>,
}

/// What a fragment did (see [`Session::patch`]).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Patched {
    /// Candidates were added: 204.
    Trickled,
    /// ICE restarted: 200 with this sdpfrag and a new ETag.
    Restarted(String),
}

/// The owner's end of a session. Dropping it closes the session ([`Closed::ByHub`]).
pub struct Session {
    /// The SDP answer.
    pub answer: String,
    /// Our ICE user fragment: unguessable, but public to whoever sees the answer.
    pub ufrag: String,
    id: SessionId,
    handle: Arc<Handle>,
    shared: Arc<Shared>,
    negotiation: Mutex<Negotiation>,
}

/// What has been agreed on so far, kept for the next change.
struct Negotiation {
    /// The newest offer, with the credentials of its ICE generation.
    offer: Offer,
    /// Candidates of this generation, those of the offer included.
    candidates: usize,
    /// When it was last changed.
    changed: Option<Instant>,
}

impl std::fmt::Debug for Session {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Session")
            .field("id", &self.id)
            .field("state", &self.shared.state())
            .finish_non_exhaustive()
    }
}

impl Session {
    pub(super) fn new(
        id: SessionId,
        answer: String,
        ufrag: String,
        offer: Offer,
        handle: Arc<Handle>,
        shared: Arc<Shared>,
    ) -> Self {
        let candidates = offer.candidates.len();
        Self {
            answer,
            ufrag,
            id,
            handle,
            shared,
            negotiation: Mutex::new(Negotiation {
                offer,
                candidates,
                changed: None,
            }),
        }
    }

    fn negotiation(&self) -> MutexGuard<'_, Negotiation> {
        // It is changed in one step each time.
        self.negotiation
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    fn is_open(&self) -> Result<(), Refusal> {
        if matches!(self.shared.state(), SessionState::Closed(_)) {
            Err(Refusal::Ended)
        } else {
            Ok(())
        }
    }

    /// Adds a trickled candidate: `candidate:...`, with or without `a=`; empty = end of candidates.
    /// Names (mDNS) are ignored, their owner is found by its own checks.
    ///
    /// # Errors
    /// Not a candidate, too many, ended, or overloaded.
    pub fn add_candidate(&self, candidate: &str) -> Result<(), Refusal> {
        self.is_open()?;
        match RemoteCandidate::read(candidate)? {
            Some(candidate) => self.trickle(candidate),
            None => Ok(()),
        }
    }

    fn trickle(&self, candidate: RemoteCandidate) -> Result<(), Refusal> {
        let mut negotiation = self.negotiation();
        if negotiation.candidates >= MAX_CANDIDATES {
            return Err(Refusal::TooManyCandidates);
        }
        negotiation.candidates += 1;
        self.handle.send(Command::Candidate(self.id, candidate))
    }

    /// Applies an sdpfrag (RFC 8840): candidates of the current ICE generation, or, when its
    /// credentials differ, an ICE restart. Waits for the media thread, normally well under a
    /// millisecond and at most one second.
    ///
    /// # Errors
    /// Not a fragment, too many candidates, ended, overloaded, or restarted a moment ago.
    pub fn patch(&self, fragment: &str, now: Instant) -> Result<Patched, Refusal> {
        self.is_open()?;
        let fragment = Fragment::read(fragment)?;
        match self.restarted(&fragment) {
            Some(offer) => self
                .renegotiate(offer, AnswerForm::Fragment, now)
                .map(Patched::Restarted),
            None => {
                fragment
                    .candidates
                    .into_iter()
                    .try_for_each(|candidate| self.trickle(candidate))?;
                Ok(Patched::Trickled)
            }
        }
    }

    /// Whether [`Session::patch`] with this fragment would restart ICE (the precondition that
    /// RFC 9725 asks for differs: `If-Match: *`).
    ///
    /// # Errors
    /// Not a fragment.
    pub fn would_restart(&self, fragment: &str) -> Result<bool, Refusal> {
        Ok(self.restarted(&Fragment::read(fragment)?).is_some())
    }

    /// The session's offer as a restart makes it: other credentials, and the fragment's candidates.
    fn restarted(&self, fragment: &Fragment) -> Option<Offer> {
        let credentials = fragment.credentials.as_ref()?;
        let negotiation = self.negotiation();
        let is_new = negotiation.offer.credentials != *credentials;
        is_new.then(|| Offer {
            credentials: credentials.clone(),
            candidates: fragment.candidates.clone(),
            ..negotiation.offer.clone()
        })
    }

    /// Takes a whole new offer of the same session (ICE restart over the WebSocket) and gives the
    /// answer. Waits like [`Session::patch`].
    ///
    /// # Errors
    /// See [`Refusal`]; the session goes on as it was.
    pub fn reoffer(&self, offer: &str, now: Instant) -> Result<String, Refusal> {
        self.is_open()?;
        self.renegotiate(Offer::read(offer)?, AnswerForm::Sdp, now)
    }

    fn renegotiate(&self, offer: Offer, form: AnswerForm, now: Instant) -> Result<String, Refusal> {
        let is_soon = |at: Instant| now.saturating_duration_since(at) < RESTART_SPACING;
        if self.negotiation().changed.replace(now).is_some_and(is_soon) {
            return Err(Refusal::Overloaded);
        }
        let (reply, answer) = sync_channel(1);
        let reoffer = Reoffer {
            session: self.id,
            offer: offer.clone(),
            form,
            reply,
        };
        self.handle.send(Command::Reoffer(Box::new(reoffer)))?;
        let text = answer
            .recv_timeout(REPLY_TIME)
            .map_err(|_| Refusal::Overloaded)??;
        let candidates = offer.candidates.len();
        *self.negotiation() = Negotiation {
            offer,
            candidates,
            changed: Some(now),
        };
        Ok(text)
    }

    /// Makes the next batch for this viewer panic, as a bug would.
    #[cfg(test)]
    pub(super) fn panic_next(&self) {
        self.handle.send(Command::Panic(self.id)).unwrap();
    }

    /// Tells the media thread what the player measures. A full queue loses the report: the next
    /// comes in a second.
    pub fn report(&self, report: Report) {
        if let Err(refusal) = self.handle.send(Command::Report(self.id, report)) {
            tracing::debug!(%refusal, "report");
        }
    }

    /// The figures of the last second.
    #[must_use]
    pub fn stats(&self) -> SessionStats {
        self.shared.stats()
    }

    /// Whether something of the client's has arrived while no way to it is found yet; told once a
    /// second.
    #[must_use]
    pub fn is_heard(&self) -> bool {
        self.shared.is_heard()
    }

    /// Ends the session; the client sees DTLS close. `why` comes back in [`SessionEvent::Closed`].
    pub fn close(&self, why: Closed) {
        // When the queue is full the thread finds the wish at its next look, within a second.
        self.shared.want_close(why);
        if let Err(refusal) = self.handle.send(Command::Close(self.id, why)) {
            tracing::debug!(%refusal, "close waits for the next look");
        }
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        self.close(Closed::ByHub);
    }
}
