//! What waits to be sent on one socket: a bounded queue and the task that empties it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::extract::ws::{CloseFrame, Message, Utf8Bytes, WebSocket, close_code};
use futures_util::SinkExt as _;
use futures_util::stream::SplitSink;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::message::ServerMessage;

/// A write that takes longer than this is a reader that has stopped reading (C1).
const SLOWEST_WRITE: Duration = Duration::from_secs(10);

/// How a socket is closed from here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Farewell {
    /// Its reader does not keep up.
    Slow,
    /// It broke the protocol.
    Protocol,
    /// A message was too long.
    TooBig,
    /// It said nothing in time, or not the right thing.
    Policy,
    /// What it was opened with holds no longer (SEC-13).
    Over,
    /// The hub stops: come again (RFC 6455's registry, 1012).
    Restart,
}

impl Farewell {
    fn frame(self) -> CloseFrame {
        let (code, reason) = match self {
            Self::Slow => (close_code::POLICY, "this socket is read too slowly"),
            Self::Protocol => (close_code::UNSUPPORTED, "not a message of this protocol"),
            Self::TooBig => (close_code::SIZE, "a message is too long"),
            Self::Policy => (close_code::POLICY, "hello is missing or was refused"),
            Self::Over => (close_code::POLICY, "the permission has ended"),
            Self::Restart => (close_code::RESTART, "Lenswire is stopping"),
        };
        CloseFrame {
            code,
            reason: Utf8Bytes::from_static(reason),
        }
    }
}

/// Where messages for one socket go in; clones go to the same one.
///
/// It holds at most `limits.ws_queue` messages (256). When it is full the socket is cut: its reader
/// has not read for minutes, a state that was skipped would be a lie, and a cut socket can resume.
#[derive(Clone)]
pub(super) struct Outbox {
    queue: mpsc::Sender<ServerMessage>,
    farewell: mpsc::Sender<Farewell>,
    full: Arc<AtomicBool>,
}

impl Outbox {
    /// Says it, as soon as what was said before is through. Never waits.
    pub(super) fn say(&self, message: ServerMessage) {
        if self.queue.try_send(message).is_err() && !self.full.swap(true, Ordering::Relaxed) {
            self.close(Farewell::Slow);
        }
    }

    /// Closes the socket. The first farewell counts.
    pub(super) fn close(&self, why: Farewell) {
        let _another_was_first = self.farewell.try_send(why);
    }
}

/// The other end of an [`Outbox`].
pub(super) struct Writer {
    queue: mpsc::Receiver<ServerMessage>,
    farewell: mpsc::Receiver<Farewell>,
    sink: SplitSink<WebSocket, Message>,
    ping: Duration,
}

/// An outbox for a socket, and what has to run for it to be emptied.
pub(super) fn outbox(
    sink: SplitSink<WebSocket, Message>,
    capacity: usize,
    ping: Duration,
) -> (Outbox, Writer) {
    let (queue, messages) = mpsc::channel(capacity.max(1));
    let (farewell, farewells) = mpsc::channel(1);
    let outbox = Outbox {
        queue,
        farewell,
        full: Arc::default(),
    };
    (
        outbox,
        Writer {
            queue: messages,
            farewell: farewells,
            sink,
            ping,
        },
    )
}

impl Writer {
    /// Writes until the socket is gone or has been closed, then says so by `done`.
    pub(super) async fn run(mut self, done: CancellationToken) {
        let _said_at_the_end = done.drop_guard();
        let mut ping = tokio::time::interval(self.ping);
        ping.reset();
        loop {
            let message = tokio::select! {
                biased;
                Some(why) = self.farewell.recv() => return self.close(why).await,
                Some(message) = self.queue.recv() => Message::Text(message.text().into()),
                _ = ping.tick() => Message::Ping(Default::default()),
                else => return,
            };
            if !self.write(message).await {
                return;
            }
        }
    }

    /// Whether it was written in time.
    async fn write(&mut self, message: Message) -> bool {
        matches!(
            tokio::time::timeout(SLOWEST_WRITE, self.sink.send(message)).await,
            Ok(Ok(()))
        )
    }

    /// What is queued goes first, so that a problem is read before the farewell that it explains;
    /// a slow reader gets nothing more.
    async fn close(mut self, why: Farewell) {
        if why != Farewell::Slow {
            while let Ok(message) = self.queue.try_recv() {
                if !self.write(Message::Text(message.text().into())).await {
                    return;
                }
            }
        }
        self.write(Message::Close(Some(why.frame()))).await;
    }
}
