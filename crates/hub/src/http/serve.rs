//! The accept loop: connections in, requests to the router, everything bounded. Written out rather
//! than taken from `axum::serve`, which bounds nothing: here a header has 5 s and 16 KiB, an idle
//! connection 60 s, an address 1,024 connections, and running out of file handles sheds the newest
//! instead of spinning (E2, D6).

use std::collections::HashMap;
use std::convert::Infallible;
use std::io::ErrorKind;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::{Request, StatusCode};
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio_rustls::TlsAcceptor;
use tower::Service;

use super::deadline::{Deadline, Phase};
use super::origin::Peer;
use crate::config::policy::canonical;
use crate::config::{Limits, Network};

/// How long open requests may go on after the end was asked for. Service managers wait 10 s or
/// more before they kill, and sockets and the store come after this (D2).
const DRAIN: Duration = Duration::from_secs(5);

/// How long a TLS handshake may take; one round trip on a bad link is below 2 s.
const HANDSHAKE: Duration = Duration::from_secs(5);

/// Wait after a failed accept that is not the client's fault, so that the loop cannot spin.
const PAUSE: Duration = Duration::from_millis(50);

/// Why HTTP is not served.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "each message says what its variant is")]
pub enum Error {
    #[error("cannot listen: {0}")]
    Listen(#[from] std::io::Error),
}

/// What to serve with.
pub struct Serving {
    /// Bound already, so that the address is known before anything runs.
    pub listener: std::net::TcpListener,
    /// What shakes hands, if this is HTTPS.
    pub tls: Option<TlsAcceptor>,
    /// Times, sizes and counts.
    pub limits: Limits,
    /// Whose connections are not counted by address: many people stand behind one proxy.
    pub proxies: Vec<Network>,
}

/// Serves until `stop` ends and what was open then has finished or had 5 s.
///
/// # Errors
/// When the listener is no socket.
pub async fn serve(
    serving: Serving,
    router: Router,
    stop: impl Future<Output = ()>,
) -> Result<(), Error> {
    let Serving {
        listener,
        tls,
        limits,
        proxies,
    } = serving;
    listener.set_nonblocking(true)?;
    let listener = TcpListener::from_std(listener)?;
    let mut spare = Spare::new();
    let server = Server {
        router,
        tls,
        counts: Counts::new(&limits, proxies),
        limits,
        end: watch::Sender::new(()),
    };
    tokio::pin!(stop);
    loop {
        tokio::select! {
            () = &mut stop => break,
            accepted = listener.accept() => match accepted {
                Ok((stream, address)) => server.take(stream, address),
                Err(error) => spare.on_error(&error, &listener).await,
            },
        }
    }
    drop(listener);
    tracing::debug!("no new connections; waiting for the open ones");
    server.end.send_replace(());
    if tokio::time::timeout(DRAIN, server.end.closed())
        .await
        .is_err()
    {
        tracing::warn!("some connections did not end in time and were cut");
    }
    Ok(())
}

struct Server {
    router: Router,
    tls: Option<TlsAcceptor>,
    limits: Limits,
    counts: Counts,
    /// Tells connections to end; each holds a receiver while it lives.
    end: watch::Sender<()>,
}

impl Server {
    fn take(&self, stream: TcpStream, address: std::net::SocketAddr) {
        let Some(place) = self.counts.enter(address.ip()) else {
            tracing::warn!("refused a connection: too many are open");
            return;
        };
        // Signalling is small messages: none may wait for the next one's acknowledgement.
        let _best_effort = stream.set_nodelay(true);
        let peer = Peer {
            address,
            tls: self.tls.is_some(),
        };
        let (router, limits, tls) = (self.router.clone(), self.limits.clone(), self.tls.clone());
        let end = self.end.subscribe();
        tokio::spawn(async move {
            let _counted = place;
            match tls {
                None => connection(stream, router, peer, &limits, end).await,
                Some(tls) => match tokio::time::timeout(HANDSHAKE, tls.accept(stream)).await {
                    Ok(Ok(stream)) => connection(stream, router, peer, &limits, end).await,
                    Ok(Err(error)) => tracing::debug!(%error, "a TLS handshake failed"),
                    Err(_) => tracing::debug!("a TLS handshake took too long"),
                },
            }
        });
    }
}

/// One connection, request after request.
async fn connection<S>(
    stream: S,
    router: Router,
    peer: Peer,
    limits: &Limits,
    mut end: watch::Receiver<()>,
) where
    S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin + Send + 'static,
{
    let phase = Phase::default();
    let stream = Deadline::new(stream, phase.clone(), limits.header_time);
    let service = hyper::service::service_fn(move |mut request: Request<hyper::body::Incoming>| {
        phase.answering();
        request.extensions_mut().insert(peer);
        let (phase, mut router) = (phase.clone(), router.clone());
        async move {
            let response = router.call(request.map(Body::new)).await;
            let upgraded = response
                .as_ref()
                .is_ok_and(|response| response.status() == StatusCode::SWITCHING_PROTOCOLS);
            if upgraded {
                phase.free();
            } else {
                phase.waiting();
            }
            response as Result<_, Infallible>
        }
    });
    let served = http1::Builder::new()
        .timer(TokioTimer::new())
        // hyper counts this from the end of the last answer, so it is the idle time; a header that
        // has begun is watched by `Deadline`.
        .header_read_timeout(limits.idle_time)
        .max_buf_size(limits.header.0.max(8_192))
        .serve_connection(TokioIo::new(stream), service)
        .with_upgrades();
    tokio::pin!(served);
    let result = tokio::select! {
        result = served.as_mut() => result,
        _ = end.changed() => {
            served.as_mut().graceful_shutdown();
            served.await
        }
    };
    if let Err(error) = result {
        tracing::debug!(%error, "a connection broke");
    }
}

/// How many connections there are, in all and per address.
#[derive(Clone)]
struct Counts(Arc<Counted>);

struct Counted {
    by_address: Mutex<(usize, HashMap<IpAddr, usize>)>,
    most: usize,
    most_per_address: usize,
    proxies: Vec<Network>,
}

/// One connection's place in the counts; leaving is dropping it.
struct Place {
    counts: Counts,
    address: IpAddr,
}

impl Counts {
    fn new(limits: &Limits, proxies: Vec<Network>) -> Self {
        let (most, most_per_address) = (limits.connections, limits.connections_per_ip);
        Self(Arc::new(Counted {
            by_address: Mutex::default(),
            most,
            most_per_address,
            proxies,
        }))
    }

    fn enter(&self, address: IpAddr) -> Option<Place> {
        let address = canonical(address);
        let proxy = self.0.proxies.iter().any(|proxy| proxy.contains(address));
        let mut counts = self
            .0
            .by_address
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let here = counts.1.get(&address).copied().unwrap_or(0);
        if counts.0 >= self.0.most || (!proxy && here >= self.0.most_per_address) {
            return None;
        }
        counts.0 += 1;
        counts.1.insert(address, here + 1);
        Some(Place {
            counts: self.clone(),
            address,
        })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut counts = self
            .counts
            .0
            .by_address
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        counts.0 = counts.0.saturating_sub(1);
        let left = counts.1.get_mut(&self.address).map(|count| {
            *count = count.saturating_sub(1);
            *count
        });
        if left == Some(0) {
            counts.1.remove(&self.address);
        }
    }
}

/// A file handle held back, to be given up when there is no other: with it the waiting connection
/// is accepted and told to come back, instead of being offered to us again and again.
struct Spare(Option<std::fs::File>);

impl Spare {
    fn new() -> Self {
        Self(spare_handle())
    }

    async fn on_error(&mut self, error: &std::io::Error, listener: &TcpListener) {
        // EMFILE and ENFILE have no ErrorKind of their own.
        let exhausted = matches!(error.raw_os_error(), Some(23 | 24)) && cfg!(unix);
        if exhausted && self.0.take().is_some() {
            tracing::warn!("no file handles are left: new connections are turned away");
            if let Ok(Ok((stream, _))) = tokio::time::timeout(PAUSE, listener.accept()).await {
                let busy = b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 5\r\nConnection: close\r\nContent-Length: 0\r\n\r\n";
                let _best_effort = stream.try_write(busy);
            }
            self.0 = spare_handle();
            return;
        }
        // A client that went away before it was accepted is no reason to wait.
        if !matches!(
            error.kind(),
            ErrorKind::ConnectionAborted | ErrorKind::ConnectionReset | ErrorKind::Interrupted
        ) {
            tracing::warn!(%error, "cannot accept a connection");
            self.0 = self.0.take().or_else(spare_handle);
            tokio::time::sleep(PAUSE).await;
        }
    }
}

/// Any open file will do.
fn spare_handle() -> Option<std::fs::File> {
    std::env::current_exe().and_then(std::fs::File::open).ok()
}

#[cfg(test)]
mod tests;
