//! The dialogue with a camera, from the first OPTIONS to TEARDOWN.
//!
//! Drive it so: hand over what happened with [`Client::handle`], then call [`Client::poll`] until
//! it says [`Output::Wake`], do what it says on the way, and come back at that time or when
//! something happens. After [`Event::Ended`] nothing more comes of it; a new try is a new client.
//!
//! | file | what |
//! |---|---|
//! | `talk` | one request at a time: CSeq, authorization, session, which answer belongs to it |
//! | `answers` | what each answer leads to |
//! | `refusals` | answers that are not 200: an [`End`], a redirect, or another transport |
//! | `urls` | which URL a request names, by `Content-Base` and `a=control` |
//! | `intake` | RTP and RTCP: whose it is, in which order, whether it is fit |
//! | `watch` | deadlines: silence, stall, garbage, keep-alive, reports |

mod answers;
mod intake;
mod options;
mod refusals;
mod talk;
mod urls;
mod watch;

use std::collections::VecDeque;
use std::net::IpAddr;
use std::time::Instant;

use rtsp_types::{Method, Url};

use crate::address::{Address, Credentials};
use crate::auth::Authenticator;
use crate::end::{End, Moment};
use crate::sdp::{Announced, Skipped};
use crate::wire::{Framer, Item, WireError};
use intake::Intake;
use talk::Dialogue;
use watch::Watch;

pub use intake::Totals;
pub use options::{Carriage, Event, Input, Options, Output, Port, Rtp, Transport, Warning};

/// Redirects that are followed. Two are seen in the field (load balancer, then recorder).
const MAX_REDIRECTS: u8 = 3;

/// How far the dialogue has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// The driver connects.
    Dialling,
    /// OPTIONS is out.
    Greeting,
    /// DESCRIBE is out.
    Describing,
    /// The driver binds UDP ports for this track.
    Binding(usize),
    /// SETUP of this track is out.
    SettingUp(usize),
    /// PLAY is out; media may come before its answer.
    Starting,
    /// PLAY was answered.
    Playing,
    /// Over.
    Ended,
}

/// How far the dialogue has come, for whoever tells people about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    /// There is no connection yet, or not any more.
    Dialling,
    /// Connected; the camera has said nothing yet.
    Greeting,
    /// It speaks RTSP and is asked for its description.
    Describing,
    /// It has described its stream, which is being set up.
    SettingUp,
    /// It says that it plays.
    Playing,
}

/// What DESCRIBE brought: what to set up, and at which URLs.
#[derive(Debug)]
struct Plan {
    /// What PLAY, keep-alive and TEARDOWN name.
    aggregate: Url,
    /// The tracks with the URL of each.
    tracks: Vec<(Announced, Url)>,
    skipped: Vec<Skipped>,
}

/// One session with one camera, as a state machine.
#[derive(Debug)]
pub struct Client {
    options: Options,
    address: Address,
    framer: Framer,
    dialogue: Dialogue,
    phase: Phase,
    carriage: Carriage,
    plan: Option<Plan>,
    intake: Intake,
    watch: Watch,
    peer: Option<IpAddr>,
    redirects: u8,
    /// Whether TCP was tried and given up.
    gave_up_tcp: Option<Warning>,
    outputs: VecDeque<Output>,
}

impl Client {
    /// A client that begins by asking for a connection to `address`.
    #[must_use]
    pub fn new(address: Address, credentials: Option<Credentials>, options: Options) -> Self {
        let carriage = match options.transport {
            // Media of an encrypted session must not travel in the open beside it.
            Transport::Udp if !address.tls() => Carriage::Udp,
            _ => Carriage::Tcp,
        };
        let mut client = Self {
            framer: Framer::new(),
            dialogue: Dialogue::new(Authenticator::new(credentials), options.user_agent.clone()),
            phase: Phase::Dialling,
            carriage,
            plan: None,
            intake: Intake::new(options.ssrc),
            watch: Watch::default(),
            peer: None,
            redirects: 0,
            gave_up_tcp: None,
            outputs: VecDeque::new(),
            options,
            address,
        };
        client.dial();
        client
    }

    /// Takes what happened.
    pub fn handle(&mut self, input: Input<'_>, now: Instant) {
        if self.phase == Phase::Ended {
            return;
        }
        match input {
            Input::Connected { peer } => self.greet(peer, now),
            Input::Bytes(bytes) => self.on_bytes(bytes, now),
            Input::Closed { why } => self.on_closed(why),
            Input::Bound { rtp, rtcp } => self.set_up_udp(rtp, rtcp, now),
            Input::Datagram {
                track,
                port,
                from,
                bytes,
            } => {
                self.intake.datagram(track, port, from, bytes, now);
                self.after_media(now);
            }
            Input::Bad { what } => {
                self.watch.bad(what, now);
                self.after_media(now);
            }
            Input::Tick => self.tick(now),
        }
    }

    /// The next thing to do.
    pub fn poll(&mut self) -> Output {
        self.outputs
            .pop_front()
            .unwrap_or_else(|| Output::Wake(self.deadline()))
    }

    /// How far the dialogue has come.
    #[must_use]
    pub fn stage(&self) -> Stage {
        match self.phase {
            Phase::Dialling | Phase::Ended => Stage::Dialling,
            Phase::Greeting => Stage::Greeting,
            Phase::Describing => Stage::Describing,
            Phase::Binding(_) | Phase::SettingUp(_) | Phase::Starting => Stage::SettingUp,
            Phase::Playing => Stage::Playing,
        }
    }

    /// Whether the camera asked for user and password, and was given them.
    #[must_use]
    pub fn has_logged_in(&self) -> bool {
        self.dialogue.auth.armed()
    }

    /// What was counted so far.
    #[must_use]
    pub fn totals(&self) -> Totals {
        self.watch.count(self.intake.totals())
    }

    /// The request that ends the session at the camera, to be sent when the client is given up
    /// while it lives; `None` when there is no session. Cameras with few slots, and live555 ones
    /// that go on sending to a closed connection, need it.
    pub fn teardown(&mut self) -> Option<Vec<u8>> {
        let set_up = matches!(
            self.phase,
            Phase::SettingUp(_) | Phase::Binding(_) | Phase::Starting | Phase::Playing
        );
        if !set_up || self.dialogue.session.is_none() {
            return None;
        }
        let url = self.plan.as_ref()?.aggregate.clone();
        Some(self.dialogue.farewell(&url))
    }

    fn dial(&mut self) {
        self.phase = Phase::Dialling;
        self.framer = Framer::new();
        self.dialogue.restart();
        self.intake = Intake::new(self.options.ssrc);
        self.watch = Watch::default();
        self.plan = None;
        self.outputs
            .push_back(Output::Connect(self.address.clone()));
    }

    fn greet(&mut self, peer: IpAddr, now: Instant) {
        self.peer = Some(peer);
        self.phase = Phase::Greeting;
        self.send(
            Method::Options,
            &self.address.url().clone(),
            Vec::new(),
            now,
        );
    }

    fn send(&mut self, method: Method, url: &Url, headers: talk::Headers, now: Instant) {
        let request = self.dialogue.request(method, url, headers, now);
        self.outputs.push_back(Output::Send(request));
    }

    fn on_bytes(&mut self, bytes: &[u8], now: Instant) {
        self.framer.push(bytes);
        while self.phase != Phase::Ended {
            match self.framer.poll() {
                Ok(None) => break,
                Ok(Some(item)) => self.on_item(item, now),
                Err(WireError::NotRtsp(protocol)) => self.end(End::NotRtsp(protocol)),
                Err(error) => self.end(End::Misbehaves {
                    what: error.to_string(),
                }),
            }
        }
        self.after_media(now);
    }

    fn on_item(&mut self, item: Item, now: Instant) {
        match item {
            Item::Response(response) => self.on_response(&response, now),
            Item::Request(request) => self.on_request(&request),
            Item::Garbage(bytes) => self
                .watch
                .bad(format!("{bytes} bytes that are no RTSP"), now),
            Item::Data { channel, payload } => {
                let expected = matches!(self.phase, Phase::Starting | Phase::Playing);
                self.intake.interleaved(
                    channel,
                    payload,
                    expected && self.carriage == Carriage::Tcp,
                    now,
                );
            }
        }
    }

    fn on_closed(&mut self, why: Option<String>) {
        let moment = match self.phase {
            Phase::Dialling | Phase::Greeting => Moment::Greeting,
            Phase::Playing => Moment::Playing,
            _ => Moment::Asking,
        };
        self.end(End::Closed { moment, why });
    }

    /// Ends the session, with a TEARDOWN where there is one to end.
    fn end(&mut self, end: End) {
        if self.phase == Phase::Ended {
            return;
        }
        if !matches!(end, End::Closed { .. }) {
            let farewell = self.teardown().map(Output::Send);
            self.outputs.extend(farewell);
        }
        self.phase = Phase::Ended;
        self.outputs.push_back(Output::Event(Event::Ended(end)));
    }
}

#[cfg(test)]
mod tests;
