//! How others reach a media thread: a bounded queue of commands, a bounded queue of datagrams that
//! the kernel gave to the wrong thread, and one way to wake it.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::mpsc::{SyncSender, TrySendError};
use std::sync::{Mutex, PoisonError};

use mio::Waker;

use super::Load;
use super::member::Member;
use super::router::SessionId;
use super::session::Closed;
use super::tcp::Connection;
use super::udp::Arrival;
use crate::Refusal;
use crate::sdp::{Offer, RemoteCandidate};

/// Commands that may wait. A thread takes all of them each turn, so a full queue means that it has
/// not turned for a thousand commands: callers are refused instead of kept waiting.
pub(super) const COMMANDS: usize = 1_024;

/// Datagrams that may wait for the thread that owns them: what is more is lost, as UDP may be.
const STRAYS: usize = 1_024;

/// What a thread is asked to do.
pub(super) enum Command {
    /// Take a session in.
    Add(Member),
    /// Somebody wishes a keyframe of what a publisher sends.
    KeyframeWished(SessionId),
    /// Give a session's peer a candidate.
    Candidate(SessionId, RemoteCandidate),
    /// What a session's player measures.
    Report(SessionId, super::session::Report),
    /// Give a session's peer a later offer and reply with the answer.
    Reoffer(Box<Reoffer>),
    /// Take over a connection that belongs to one of its sessions, with the datagrams already read.
    Adopt(Box<Connection>, Vec<Vec<u8>>),
    /// A test's failpoint: the viewer's next batch panics.
    #[cfg(test)]
    Panic(SessionId),
    /// End a session.
    Close(SessionId, Closed),
}

/// A later offer of a session.
pub(super) struct Reoffer {
    pub(super) session: SessionId,
    pub(super) offer: Offer,
    pub(super) form: AnswerForm,
    /// A full queue is nobody waiting any more.
    pub(super) reply: SyncSender<Result<String, Refusal>>,
}

/// What the answer to a later offer is written as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum AnswerForm {
    Sdp,
    Fragment,
}

/// A datagram for a session of another thread.
pub(super) struct Stray {
    pub(super) session: SessionId,
    pub(super) arrival: Arrival,
    pub(super) bytes: Box<[u8]>,
}

/// The way to a thread.
pub(super) struct Handle {
    waker: Waker,
    /// Already woken and not yet turning: no need to wake again.
    is_woken: AtomicBool,
    pub(super) stops: AtomicBool,
    commands: SyncSender<Command>,
    strays: Mutex<VecDeque<Stray>>,
    pub(super) counts: Counts,
}

/// What a thread carries, as others may see it.
#[derive(Debug, Default)]
pub(super) struct Counts {
    pub(super) sessions: AtomicUsize,
    pub(super) pending: AtomicUsize,
    pub(super) tcp_connections: AtomicUsize,
    pub(super) panics: AtomicU64,
    pub(super) dropped_datagrams: AtomicU64,
}

impl std::fmt::Debug for Handle {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Handle")
            .field("counts", &self.counts)
            .finish_non_exhaustive()
    }
}

impl Handle {
    pub(super) fn new(waker: Waker, commands: SyncSender<Command>) -> Self {
        Self {
            waker,
            is_woken: AtomicBool::new(false),
            stops: AtomicBool::new(false),
            commands,
            strays: Mutex::default(),
            counts: Counts::default(),
        }
    }

    /// Makes the thread turn.
    pub(super) fn wake(&self) {
        if !self.is_woken.swap(true, Ordering::AcqRel)
            && let Err(error) = self.waker.wake()
        {
            tracing::warn!(%error, "media thread can't be woken");
        }
    }

    /// The thread begins to turn: whoever comes from now on wakes it again.
    pub(super) fn turning(&self) {
        self.is_woken.store(false, Ordering::Release);
    }

    /// Queues a command.
    pub(super) fn send(&self, command: Command) -> Result<(), Refusal> {
        let sent = self
            .commands
            .try_send(command)
            .map_err(|error| match error {
                TrySendError::Full(_) => Refusal::Overloaded,
                TrySendError::Disconnected(_) => Refusal::Ended,
            });
        self.wake();
        sent
    }

    /// Queues a datagram.
    pub(super) fn forward(&self, session: SessionId, arrival: Arrival, bytes: &[u8]) {
        let mut strays = self.strays.lock().unwrap_or_else(PoisonError::into_inner);
        if strays.len() < STRAYS {
            strays.push_back(Stray {
                session,
                arrival,
                bytes: bytes.into(),
            });
        }
        drop(strays);
        self.wake();
    }

    /// Takes the datagrams that were queued.
    pub(super) fn take_strays(&self) -> VecDeque<Stray> {
        std::mem::take(&mut *self.strays.lock().unwrap_or_else(PoisonError::into_inner))
    }

    pub(super) fn load(&self) -> Load {
        Load {
            sessions: self.counts.sessions.load(Ordering::Relaxed),
            pending: self.counts.pending.load(Ordering::Relaxed),
            tcp_connections: self.counts.tcp_connections.load(Ordering::Relaxed),
            panics: self.counts.panics.load(Ordering::Relaxed),
            dropped_datagrams: self.counts.dropped_datagrams.load(Ordering::Relaxed),
        }
    }
}
