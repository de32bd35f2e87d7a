//! A media thread: one loop over its sockets, its streams and its timers.
//!
//! Each turn reads the clock once, takes commands, reads what came in, sends what the streams have,
//! and does what is due. Whatever is done to a session is done in [`MediaThread::drive`], inside
//! `catch_unwind`: a bug costs that session.

mod arrivals;
mod care;
mod fanout;
mod net;

use std::collections::{HashMap, VecDeque};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::Receiver;
use std::time::{Duration, Instant, SystemTime};

use lenswire_media::{Run, WallTime};
use mio::net::TcpListener;
use mio::{Events, Poll, Token};

use super::Common;
use super::handle::{Command, Handle};
use super::member::{Member, Turn};
use super::router::{Owner, SessionId};
use super::session::Closed;
use super::timers::Timers;
use super::udp::{ReadBuffer, Udp};
use super::viewer::Viewer;
use crate::peer::{Clock, Flight};
use fanout::Subscription;
use net::Net;

/// The waker's token; sockets, listeners and connections follow.
pub(super) const WAKER: Token = Token(0);
pub(super) const FIRST_SOCKET: Token = Token(1);

/// Events taken per turn; more wait for the next.
const EVENTS: usize = 256;

/// How often every session is looked at: limits, figures, wishes that found the queue full.
const CHECK_INTERVAL: Duration = Duration::from_secs(1);

/// A session's timer is never set closer than this: a peer that wants to be woken at once, again and
/// again, must not spin the thread.
const SHORTEST_WAIT: Duration = Duration::from_millis(1);

/// What a thread starts with.
pub(super) struct Setup {
    pub(super) number: usize,
    pub(super) poll: Poll,
    pub(super) udp: Udp,
    pub(super) listeners: Vec<TcpListener>,
    pub(super) commands: Receiver<Command>,
    pub(super) handle: Arc<Handle>,
    pub(super) common: Arc<Common>,
}

/// The thread's state; nobody else touches it.
pub(super) struct MediaThread {
    number: usize,
    handle: Arc<Handle>,
    common: Arc<Common>,
    commands: Receiver<Command>,
    net: Net,
    listeners: Vec<TcpListener>,
    members: HashMap<SessionId, Member>,
    subscriptions: Vec<Subscription>,
    /// Counts the viewers that came, went or read something else, so that lists are gone through only
    /// then.
    changes: u64,
    timers: Timers,
    clock: Clock,
    next_check: Instant,
    /// UDP sockets that may have more to read.
    readable: Vec<bool>,
    /// Listeners that may have more to accept.
    acceptable: bool,
    /// Connections that may have more to read.
    unread: VecDeque<Token>,
    /// Something was left for the next turn: don't wait.
    has_more: bool,
    buffer: Option<Box<ReadBuffer>>,
    work: Work,
}

/// Room for what is done for one session; used again for each, so that none of it is allocated.
#[derive(Default)]
pub(super) struct Work {
    /// What of the stream is to be written.
    pub(super) runs: Vec<Run>,
    /// What leaves.
    pub(super) flight: Flight,
    /// So much is gathered before it is sent; 0 = each viewer's at once.
    pub(super) gathers: usize,
}

/// While a batch goes to its viewers, this much is sealed before it is sent: sealing and the kernel
/// would throw each other out of the processor's caches for each viewer. A dozen viewers' frames
/// take a tenth of a millisecond to seal, and lie in the cache until the kernel copies them.
const GATHERED: usize = 96 << 10;

#[expect(
    clippy::disallowed_methods,
    reason = "the media thread's door: the clock is read once per turn"
)]
fn read_clock() -> Clock {
    let since_1970 = SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap_or_default();
    Clock {
        now: Instant::now(),
        wall: WallTime(u64::try_from(since_1970.as_micros()).unwrap_or(u64::MAX)),
    }
}

/// Runs until the engine stops.
pub(super) fn run(setup: Setup) {
    let Setup {
        number,
        mut poll,
        udp,
        listeners,
        commands,
        handle,
        common,
    } = setup;
    let clock = read_clock();
    let registry = match poll.registry().try_clone() {
        Ok(registry) => registry,
        Err(error) => {
            tracing::error!(%error, "media thread can't start");
            return;
        }
    };
    let sockets = udp.len();
    let mut thread = MediaThread {
        number,
        handle,
        common,
        commands,
        net: Net::new(udp, registry, FIRST_SOCKET.0 + sockets + listeners.len()),
        listeners,
        members: HashMap::new(),
        subscriptions: Vec::new(),
        changes: 0,
        timers: Timers::default(),
        clock,
        next_check: clock.now + CHECK_INTERVAL,
        readable: vec![true; sockets],
        acceptable: true,
        unread: VecDeque::new(),
        has_more: false,
        buffer: None,
        work: Work::default(),
    };
    let mut events = Events::with_capacity(EVENTS);
    while !thread.handle.stops.load(Ordering::Acquire) {
        if let Err(error) = poll.poll(&mut events, Some(thread.wait()))
            && error.kind() != std::io::ErrorKind::Interrupted
        {
            tracing::error!(%error, "media thread can't wait");
            break;
        }
        thread.clock = read_clock();
        thread.handle.turning();
        // What belongs to a session is caught closer by; this is for the loop itself.
        if catch_unwind(AssertUnwindSafe(|| thread.turn(&events))).is_err() {
            tracing::error!(
                thread = number,
                "bug in the media thread; its turn was cut short"
            );
        }
    }
    thread.end_all(Closed::EngineStopped);
}

impl MediaThread {
    fn wait(&self) -> Duration {
        if self.has_more {
            return Duration::ZERO;
        }
        let next = self
            .timers
            .next()
            .map_or(self.next_check, |at| at.min(self.next_check));
        next.saturating_duration_since(self.clock.now)
    }

    fn turn(&mut self, events: &Events) {
        self.has_more = false;
        self.take_commands();
        for event in events {
            self.on_event(event);
        }
        self.read_all();
        self.fan_out();
        self.run_timers();
        if self.clock.now >= self.next_check {
            self.next_check = self.clock.now + CHECK_INTERVAL;
            self.check_all();
        }
        self.subscriptions
            .retain(|subscription| !subscription.viewers.is_empty());
    }

    fn on_event(&mut self, event: &mio::event::Event) {
        let token = event.token();
        let Some(place) = token.0.checked_sub(FIRST_SOCKET.0) else {
            return;
        };
        if let Some(readable) = self.readable.get_mut(place) {
            *readable |= event.is_readable();
            if event.is_writable() {
                self.net.udp.on_writable(place);
            }
        } else if place < self.readable.len() + self.listeners.len() {
            self.acceptable = true;
        } else {
            if event.is_writable() {
                self.net.write(token, self.clock.now);
            }
            if event.is_readable() {
                self.unread.push_back(token);
            }
        }
    }

    fn run_timers(&mut self) {
        while let Some(entry) = self.timers.pop(self.clock.now) {
            let (_, id) = entry;
            let Some(member) = self.members.get_mut(&id) else {
                continue;
            };
            let alarm = &mut member.core_mut().alarm;
            if self.timers.is_due(entry, alarm, self.clock.now) {
                self.drive(id, |member, clock, work| {
                    member.tick(clock, work);
                    true
                });
            }
        }
    }

    /// The same to a viewer; nothing to a publisher.
    fn drive_viewer(
        &mut self,
        id: SessionId,
        act: impl FnOnce(&mut Viewer, Clock, &mut Work) -> bool,
    ) {
        self.drive(id, |member, clock, work| {
            let viewer = member.viewer_mut();
            viewer.is_some_and(|viewer| act(viewer, clock, work))
        });
    }

    /// Does something to a session and sends what comes of it; `act` says whether anything can. The
    /// only place from which sessions are called.
    fn drive(&mut self, id: SessionId, act: impl FnOnce(&mut Member, Clock, &mut Work) -> bool) {
        let Self {
            members,
            net,
            work,
            timers,
            clock,
            ..
        } = self;
        let Some(member) = members.get_mut(&id) else {
            return;
        };
        let now = clock.now;
        let driven = catch_unwind(AssertUnwindSafe(|| {
            let did = act(member, *clock, work);
            did.then(|| member.settle(*clock, work))
        }));
        // What a bug left half done must not leave; what was whole before may.
        work.runs.clear();
        work.flight.abandon();
        if work.flight.len() >= work.gathers {
            net.send(&mut work.flight, now);
        }
        match driven {
            Ok(None) => {}
            Ok(Some((turn, wake))) => {
                timers.set(
                    id,
                    &mut member.core_mut().alarm,
                    wake.max(now + SHORTEST_WAIT),
                );
                match turn {
                    Turn::Goes => {}
                    Turn::Connected => self.begin(id),
                    Turn::Reads => self.subscribe(id),
                    Turn::Ends(why) => self.end(id, why),
                }
            }
            Err(_) => {
                self.handle.counts.panics.fetch_add(1, Ordering::Relaxed);
                tracing::error!(session = id.0, "bug in a session; it was closed");
                self.end(id, Closed::Panicked);
            }
        }
    }

    /// A session is connected: a viewer gets its stream, a publisher's stream has a source.
    fn begin(&mut self, id: SessionId) {
        match self.members.get_mut(&id) {
            Some(Member::Viewer(_)) => self.join(id),
            Some(Member::Publisher(_)) => self.drive(id, |member, _, _| {
                if let Some(publisher) = member.publisher_mut() {
                    publisher.begin();
                }
                true
            }),
            None => {}
        }
    }

    /// Does something to many viewers, sending what comes of it in larger portions.
    fn gathering(&mut self, act: impl FnOnce(&mut Self)) {
        self.work.gathers = GATHERED;
        act(self);
        self.work.gathers = 0;
        self.net.send(&mut self.work.flight, self.clock.now);
    }

    fn owner(&self, session: SessionId) -> Owner {
        Owner {
            thread: self.number,
            session,
        }
    }
}
