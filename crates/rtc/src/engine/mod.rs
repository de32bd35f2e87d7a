//! Media threads and what they own: peers, one UDP socket each on a shared port, ICE-TCP
//! connections, timers, and one consumer per stream that one of their viewers watches.
//!
//! No tokio and no task per viewer: a thread per core, each with a loop that can be read on one
//! screen (`thread`). Callers talk to a thread by a bounded queue and are never waited for.

mod addresses;
mod config;
mod handle;
mod member;
mod places;
mod publisher;
mod router;
mod session;
mod sys;
mod tcp;
mod thread;
mod timers;
mod udp;
mod viewer;

use std::collections::VecDeque;
use std::net::{IpAddr, SocketAddr};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::sync_channel;
use std::sync::{Arc, OnceLock};
use std::thread::JoinHandle;
use std::time::Instant;

use mio::{Interest, Poll, Token, Waker};

pub use addresses::announced;
pub use config::{EngineConfig, Ice};
pub use session::{
    Closed, Patched, Publish, Report, Session, SessionEvent, SessionState, SessionStats, Watch,
};

use crate::peer::{Local, Peer};
use crate::sdp::Offer;
use crate::{Error, Limits, Refusal};
use handle::{COMMANDS, Command, Handle};
use member::{Core, Held, Member, Tell};
use places::{PendingPlace, Places, SessionPlace};
use publisher::Publisher;
use router::{Owner, Router, SessionId};
use udp::Udp;
use viewer::{Source, Viewer};

/// What the threads and the callers share.
#[derive(Debug)]
struct Common {
    router: Arc<Router>,
    places: Arc<Places>,
    limits: Limits,
    announced: Vec<SocketAddr>,
    local: Arc<Local>,
    threads: OnceLock<Vec<Arc<Handle>>>,
    last_session: AtomicU64,
}

impl Common {
    fn threads(&self) -> &[Arc<Handle>] {
        self.threads.get().map(Vec::as_slice).unwrap_or_default()
    }
}

/// The media threads. Dropping it ends every session and joins the threads.
#[derive(Debug)]
pub struct Engine {
    port: u16,
    common: Arc<Common>,
    joins: Vec<JoinHandle<()>>,
}

/// What one media thread carries.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Load {
    /// Sessions, connected or not.
    pub sessions: usize,
    /// Of them, still connecting; up to a second old.
    pub pending: usize,
    /// ICE-TCP connections; up to a second old.
    pub tcp_connections: usize,
    /// Peers lost to a panic since the start.
    pub panics: u64,
    /// Datagrams that the kernel's send queue had no room for, since the start.
    pub dropped_datagrams: u64,
}

impl Engine {
    /// Opens the sockets and starts the threads.
    ///
    /// # Errors
    /// The port can't be opened, there is no address to announce, or the system has no thread left.
    pub fn start(config: EngineConfig) -> Result<Self, Error> {
        let addresses = announced(&config.addresses)?;
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let threads = sys::most_threads(if config.threads == 0 {
            cores
        } else {
            config.threads
        });
        let opened = sys::open(config.port, threads)?;
        let announced: Vec<SocketAddr> = addresses
            .iter()
            .map(|ip| SocketAddr::new(*ip, opened.port))
            .collect();
        let local = Local::new(announced.clone(), !opened.tcp.is_empty(), config.ice)
            .map_err(|_| Error::NoCertificate)?;
        let common = Arc::new(Common {
            router: Arc::default(),
            places: Arc::default(),
            limits: config.limits,
            announced,
            local: Arc::new(local),
            threads: OnceLock::new(),
            last_session: AtomicU64::new(0),
        });
        let mut setups = Vec::new();
        let mut listeners = opened.tcp;
        for (number, sockets) in opened.udp.into_iter().enumerate() {
            // Connections are few and handed over: one thread accepts for all.
            setups.push(
                setup(number, sockets, std::mem::take(&mut listeners), &common)
                    .map_err(Error::Thread)?,
            );
        }
        let handles = setups
            .iter()
            .map(|setup| Arc::clone(&setup.handle))
            .collect();
        // Set once, here, before any thread runs.
        let _ = common.threads.set(handles);
        let mut engine = Self {
            port: opened.port,
            common,
            joins: Vec::new(),
        };
        for setup in setups {
            let builder = std::thread::Builder::new().name(format!("media-{}", setup.number));
            // When one fails, the drop of `engine` stops those that run.
            engine.joins.push(
                builder
                    .spawn(move || thread::run(setup))
                    .map_err(Error::Thread)?,
            );
        }
        Ok(engine)
    }

    /// The UDP and TCP port in use.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The addresses announced in answers.
    #[must_use]
    pub fn addresses(&self) -> Vec<IpAddr> {
        self.common.announced.iter().map(SocketAddr::ip).collect()
    }

    /// One entry per media thread.
    #[must_use]
    pub fn load(&self) -> Vec<Load> {
        self.common
            .threads()
            .iter()
            .map(|handle| handle.load())
            .collect()
    }

    /// Negotiates in the caller's thread (about a millisecond), then hands the peer to the least
    /// loaded media thread. It never waits.
    ///
    /// # Errors
    /// See [`Refusal`].
    pub fn watch(&self, watch: Watch) -> Result<Session, Refusal> {
        let places = self.common.places.take(watch.client, &self.common.limits)?;
        let mut layers = vec![watch.stream.clone()];
        layers.extend(watch.substreams.iter().cloned());
        let demands = layers.iter().map(lenswire_media::Stream::demand).collect();
        let offer = Offer::read(&watch.offer)?;
        let accepted = self.negotiate(|common| {
            Peer::accept(
                &common.local,
                &common.limits,
                offer.clone(),
                &watch.tracks,
                watch.delay_limit,
                watch.now,
            )
        })?;
        let source = Source {
            layers,
            tracks: watch.tracks,
            demands,
        };
        self.start_session(
            accepted,
            places,
            offer,
            watch.events,
            watch.now,
            |core, _| Member::Viewer(Box::new(Viewer::new(core, source))),
        )
    }

    /// The same for somebody who sends.
    ///
    /// # Errors
    /// See [`Refusal`].
    pub fn publish(&self, publish: Publish) -> Result<Session, Refusal> {
        let places = self
            .common
            .places
            .take(publish.client, &self.common.limits)?;
        let offer = Offer::read(&publish.offer)?;
        let accepted = self.negotiate(|common| {
            Peer::accept_publisher(&common.local, &common.limits, offer.clone(), publish.now)
        })?;
        let (events, now, stream) = (publish.events, publish.now, publish.stream);
        self.start_session(accepted, places, offer, events, now, |core, handle| {
            Member::Publisher(Box::new(Publisher::new(core, stream, handle)))
        })
    }

    fn start_session(
        &self,
        (peer, answer): (Peer, String),
        (session, pending): (SessionPlace, PendingPlace),
        offer: Offer,
        events: Tell,
        now: Instant,
        make: impl FnOnce(Core, &Arc<Handle>) -> Member,
    ) -> Result<Session, Refusal> {
        let id = SessionId(self.common.last_session.fetch_add(1, Ordering::Relaxed));
        let threads = self.common.threads().iter().enumerate();
        let (thread, handle) = threads
            .min_by_key(|(_, handle)| handle.counts.sessions.load(Ordering::Relaxed))
            .ok_or(Refusal::Ended)?;
        let ufrag = peer.ufrag().to_owned();
        let claim = self.common.router.claim_ufrag(
            &ufrag,
            Owner {
                thread,
                session: id,
            },
        );
        let held = Held {
            _session: session,
            pending: Some(pending),
            ufrag: claim,
            addresses: VecDeque::new(),
            moved: None,
        };
        let core = Core::new(id, peer, held, events, now);
        let shared = Arc::clone(&core.shared);
        let member = make(core, handle);
        let session = Session::new(id, answer, ufrag, offer, Arc::clone(handle), shared);
        handle.counts.sessions.fetch_add(1, Ordering::Relaxed);
        if let Err(refusal) = handle.send(Command::Add(member)) {
            handle.counts.sessions.fetch_sub(1, Ordering::Relaxed);
            return Err(refusal);
        }
        Ok(session)
    }

    /// The library may panic on an offer, too: that is the offer's own misfortune.
    fn negotiate(
        &self,
        accept: impl FnOnce(&Common) -> Result<Peer, Refusal>,
    ) -> Result<(Peer, String), Refusal> {
        let negotiated = catch_unwind(AssertUnwindSafe(|| {
            let mut peer = accept(&self.common)?;
            let answer = peer.answer();
            Ok((peer, answer))
        }));
        negotiated.unwrap_or_else(|_| {
            tracing::error!("bug in a negotiation; the offer was refused");
            Err(Refusal::Internal)
        })
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        for handle in self.common.threads() {
            handle.stops.store(true, Ordering::Release);
            handle.wake();
        }
        for join in self.joins.drain(..) {
            if join.join().is_err() {
                tracing::error!("a media thread had panicked");
            }
        }
    }
}

/// Makes a thread's poller, sockets and handle; it doesn't run yet.
fn setup(
    number: usize,
    sockets: Vec<std::net::UdpSocket>,
    listeners: Vec<std::net::TcpListener>,
    common: &Arc<Common>,
) -> std::io::Result<thread::Setup> {
    let poll = Poll::new()?;
    let waker = Waker::new(poll.registry(), thread::WAKER)?;
    let (sender, commands) = sync_channel(COMMANDS);
    let udp = Udp::new(sockets, poll.registry(), thread::FIRST_SOCKET)?;
    let mut watched = Vec::new();
    for (listener, token) in listeners
        .into_iter()
        .zip(thread::FIRST_SOCKET.0 + udp.len()..)
    {
        let mut listener = mio::net::TcpListener::from_std(listener);
        poll.registry()
            .register(&mut listener, Token(token), Interest::READABLE)?;
        watched.push(listener);
    }
    let handle = Arc::new(Handle::new(waker, sender));
    Ok(thread::Setup {
        number,
        poll,
        udp,
        listeners: watched,
        commands,
        handle,
        common: Arc::clone(common),
    })
}

#[cfg(test)]
mod tests;
