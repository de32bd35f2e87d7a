//! A viewer's session as its owner outside the media threads sees it.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use lenswire_media::{Codec, Stream, Tracks, Viewstate};

use crate::{Pair, Refusal};

/// A request to watch a stream.
pub struct Watch {
    /// The client's SDP offer.
    pub offer: String,
    /// What to send. Counts as demand from here on.
    pub stream: Stream,
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
    /// Packets sent, retransmissions not counted.
    pub packets: u64,
    /// Bytes sent, headers included.
    pub bytes: u64,
    /// Packets sent again on request.
    pub retransmitted: u64,
    /// Packets asked for beyond the budget and not sent again.
    pub retransmits_refused: u64,
    /// NACK messages received.
    pub nacks: u64,
    /// Keyframe requests received (PLI and FIR).
    pub keyframe_requests: u64,
    /// Frames not sent because the viewer or this thread was behind.
    pub dropped_frames: u64,
    /// Packets not sent for the same reason.
    pub dropped_packets: u64,
    /// From arrival (or capture, when known) to send, for the newest packet: what the server adds.
    pub delay: Option<Duration>,
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
#[derive(Debug)]
pub struct Session {
    /// The SDP answer.
    pub answer: String,
    /// Our ICE user fragment: unguessable, but public to whoever sees the answer.
    pub ufrag: String,
}

impl Session {
    /// Adds a trickled candidate: `candidate:...`, with or without `a=`; empty = end of candidates.
    /// Names (mDNS) are ignored, their owner is found by its own checks.
    ///
    /// # Errors
    /// Not a candidate, too many, ended, or overloaded.
    pub fn add_candidate(&self, candidate: &str) -> Result<(), Refusal> {
        let _ = candidate;
        Err(Refusal::Internal)
    }

    /// Applies an sdpfrag (RFC 8840): candidates of the current ICE generation, or, when its
    /// credentials differ, an ICE restart. Waits for the media thread, normally well under a
    /// millisecond and at most one second.
    ///
    /// # Errors
    /// Not a fragment, too many candidates, ended, or overloaded.
    pub fn patch(&self, fragment: &str, now: Instant) -> Result<Patched, Refusal> {
        let _ = (fragment, now);
        Err(Refusal::Internal)
    }

    /// Whether [`Session::patch`] with this fragment would restart ICE (the precondition that
    /// RFC 9725 asks for differs: `If-Match: *`).
    ///
    /// # Errors
    /// Not a fragment.
    pub fn would_restart(&self, fragment: &str) -> Result<bool, Refusal> {
        let _ = fragment;
        Err(Refusal::Internal)
    }

    /// Takes a whole new offer of the same session (ICE restart over the WebSocket) and gives the
    /// answer. Waits like [`Session::patch`].
    ///
    /// # Errors
    /// See [`Refusal`]; the session goes on as it was.
    pub fn reoffer(&self, offer: &str, now: Instant) -> Result<String, Refusal> {
        let _ = (offer, now);
        Err(Refusal::Internal)
    }

    /// The figures of the last second.
    #[must_use]
    pub fn stats(&self) -> SessionStats {
        SessionStats::default()
    }

    /// Ends the session; the client sees DTLS close. `why` comes back in [`SessionEvent::Closed`].
    pub fn close(&self, why: Closed) {
        let _ = why;
    }
}
