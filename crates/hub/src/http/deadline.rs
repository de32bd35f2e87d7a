//! A connection that reads a request's header within its time or not at all. hyper has one time
//! for "no header yet" and "half a header"; a browser's idle connection may wait a minute, a
//! slowloris (one byte every ten seconds) may not (E2).

use std::io::{Error, ErrorKind, IoSlice, Result};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::Sleep;

/// What the connection is doing, told by the service that answers its requests.
#[derive(Clone, Debug)]
pub(super) struct Phase(Arc<AtomicU8>);

/// The first request, or the rest of one whose first bytes came, is awaited.
const HEADER: u8 = 0;
/// The next request may come; nothing of it came yet.
const WAITING: u8 = 1;
/// A request is being answered; what comes is its body.
const ANSWERING: u8 = 2;
/// The connection is a WebSocket now and has its own rules.
const FREE: u8 = 3;

impl Default for Phase {
    /// A new connection owes us a header at once.
    fn default() -> Self {
        Self(Arc::new(AtomicU8::new(HEADER)))
    }
}

impl Phase {
    pub(super) fn waiting(&self) {
        self.0.store(WAITING, Ordering::Relaxed);
    }

    pub(super) fn answering(&self) {
        self.0.store(ANSWERING, Ordering::Relaxed);
    }

    pub(super) fn free(&self) {
        self.0.store(FREE, Ordering::Relaxed);
    }

    fn is_header(&self) -> bool {
        self.0.load(Ordering::Relaxed) == HEADER
    }

    /// The first bytes of a request came.
    fn begins(&self) -> bool {
        self.0
            .compare_exchange(WAITING, HEADER, Ordering::Relaxed, Ordering::Relaxed)
            .is_ok()
    }
}

/// The connection.
pub(super) struct Deadline<S> {
    stream: S,
    phase: Phase,
    time: Duration,
    timer: Option<Pin<Box<Sleep>>>,
}

impl<S> Deadline<S> {
    pub(super) fn new(stream: S, phase: Phase, time: Duration) -> Self {
        let timer = Some(Box::pin(tokio::time::sleep(time)));
        Self {
            stream,
            phase,
            time,
            timer,
        }
    }

    /// Whether the header's time is over; else wakes the task when it will be.
    fn is_over(&mut self, context: &mut Context<'_>) -> bool {
        if !self.phase.is_header() {
            self.timer = None;
            return false;
        }
        let time = self.time;
        let timer = self
            .timer
            .get_or_insert_with(|| Box::pin(tokio::time::sleep(time)));
        timer.as_mut().poll(context).is_ready()
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Deadline<S> {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<Result<()>> {
        let this = self.get_mut();
        let before = buffer.filled().len();
        let read = Pin::new(&mut this.stream).poll_read(context, buffer);
        if buffer.filled().len() > before && this.phase.begins() {
            this.timer = None;
        }
        if this.is_over(context) {
            return Poll::Ready(Err(Error::new(
                ErrorKind::TimedOut,
                "the header took too long",
            )));
        }
        read
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Deadline<S> {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<Result<usize>> {
        Pin::new(&mut self.get_mut().stream).poll_write(context, bytes)
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_flush(context)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(context)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<Result<usize>> {
        Pin::new(&mut self.get_mut().stream).poll_write_vectored(context, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}
