//! Two peers on one fake clock, joined by a seeded bad network.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use lenswire_media::{
    Batch, Codec, Kind, Packet, ParameterSets, Run, Track, TrackId, Tracks, WallTime,
};

use crate::peer::client::{Client, ClientOutput, ClientPacket};
use crate::peer::{Clock, Event, Flight, Incoming, Local, Pair, Peer, Protocol, Received};
use crate::sdp::Offer;
use crate::{Ice, Limits};

pub(super) const SERVER: &str = "10.0.0.1:8189";
pub(super) const CLIENT: &str = "10.0.0.2:5000";

/// xorshift64*: small, seeded, good enough to lose packets by.
pub(super) struct Rng(pub(super) u64);

impl Rng {
    pub(super) fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    /// 0 up to 1.
    fn share(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }
}

/// What a path does to datagrams, both ways alike.
#[derive(Clone, Copy)]
pub(super) struct Path {
    pub(super) delay: Duration,
    /// Up to so much more, each datagram on its own: also reorders.
    pub(super) jitter: Duration,
    /// Chance that a datagram is lost.
    pub(super) loss: f64,
    /// How many are lost in a row when one is.
    pub(super) burst: u32,
}

impl Path {
    pub(super) const CLEAN: Self = Self {
        delay: Duration::from_millis(5),
        jitter: Duration::ZERO,
        loss: 0.0,
        burst: 1,
    };
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum To {
    Server,
    Client,
}

/// When it arrives, what keeps equals in order, at whom, and what.
type Datagram = (Instant, u64, To, Vec<u8>);

pub(super) struct World {
    pub(super) start: Instant,
    pub(super) now: Instant,
    pub(super) peer: Peer,
    pub(super) client: Client,
    pub(super) path: Path,
    flight: Flight,
    rng: Rng,
    burst_left: u32,
    flights: BinaryHeap<Reverse<Datagram>>,
    serial: u64,
    peer_wake: Instant,
    client_wake: Instant,
    pub(super) protocol: Protocol,
    pub(super) client_address: SocketAddr,
    pub(super) packets: Vec<ClientPacket>,
    pub(super) reports: Vec<(Instant, Kind, Duration, u32)>,
    pub(super) events: Vec<Event>,
    pub(super) client_is_connected: bool,
    /// How often the client was asked for a keyframe.
    pub(super) keyframes_wanted: u32,
    /// What came of what the client published.
    pub(super) incoming: Vec<Incoming>,
}

pub(super) fn track(codec: Codec) -> Track {
    Track {
        codec,
        channels: u8::from(codec.kind() == Kind::Audio),
        parameters: ParameterSets::None,
    }
}

pub(super) fn limits() -> Limits {
    Limits::default()
}

pub(super) fn local(ice: Ice) -> Arc<Local> {
    Arc::new(Local::new(vec![SERVER.parse().unwrap()], true, ice).unwrap())
}

/// The wall clock of the start.
pub(super) const WALL: u64 = 1_780_000_000_000_000;

impl World {
    pub(super) fn new(seed: u64, codecs: &[Codec], path: Path) -> Self {
        Self::with(seed, codecs, path, &limits(), Ice::Full, |offer| {
            offer.to_owned()
        })
    }

    #[expect(clippy::disallowed_methods, reason = "a test's beginning of time")]
    pub(super) fn with(
        seed: u64,
        codecs: &[Codec],
        path: Path,
        limits: &Limits,
        ice: Ice,
        change: impl Fn(&str) -> String,
    ) -> Self {
        let now = Instant::now();
        let kinds: Vec<Kind> = codecs.iter().map(|codec| codec.kind()).collect();
        let mut client =
            Client::offer(&kinds, &[(Protocol::Udp, CLIENT.parse().unwrap())], now).unwrap();
        let offer = Offer::read(&change(client.sdp())).unwrap();
        let tracks = Tracks(codecs.iter().map(|codec| track(*codec)).collect());
        let mut peer = Peer::accept(
            &local(ice),
            limits,
            offer,
            &tracks,
            Duration::from_secs(1),
            now,
        )
        .unwrap();
        client.accept(&peer.answer()).unwrap();
        Self::of(seed, peer, client, path, now)
    }

    /// The client publishes.
    #[expect(clippy::disallowed_methods, reason = "a test's beginning of time")]
    pub(super) fn publishing(seed: u64, kinds: &[Kind], path: Path) -> Self {
        let now = Instant::now();
        let addresses = [(Protocol::Udp, CLIENT.parse().unwrap())];
        let mut client = Client::publish(kinds, &addresses, now).unwrap();
        let offer = Offer::read(client.sdp()).unwrap();
        let mut peer = Peer::accept_publisher(&local(Ice::Full), &limits(), offer, now).unwrap();
        client.accept(&peer.answer()).unwrap();
        Self::of(seed, peer, client, path, now)
    }

    fn of(seed: u64, peer: Peer, client: Client, path: Path, now: Instant) -> Self {
        Self {
            start: now,
            now,
            peer,
            client,
            path,
            flight: Flight::default(),
            rng: Rng(seed * 2 + 1),
            burst_left: 0,
            flights: BinaryHeap::new(),
            serial: 0,
            peer_wake: now,
            client_wake: now,
            protocol: Protocol::Udp,
            client_address: CLIENT.parse().unwrap(),
            packets: Vec::new(),
            reports: Vec::new(),
            events: Vec::new(),
            client_is_connected: false,
            keyframes_wanted: 0,
            incoming: Vec::new(),
        }
    }

    pub(super) fn clock(&self) -> Clock {
        let elapsed = self.now.duration_since(self.start).as_micros() as u64;
        Clock {
            now: self.now,
            wall: WallTime(WALL + elapsed),
        }
    }

    fn launch(&mut self, to: To, bytes: Vec<u8>) {
        if self.burst_left > 0 {
            self.burst_left -= 1;
            return;
        }
        if self.rng.share() < self.path.loss / f64::from(self.path.burst) {
            self.burst_left = self.path.burst - 1;
            return;
        }
        let at = self.now + self.path.delay + self.path.jitter.mul_f64(self.rng.share());
        self.serial += 1;
        self.flights.push(Reverse((at, self.serial, to, bytes)));
    }

    /// Does something to the peer and carries what comes of it.
    pub(super) fn with_peer(&mut self, act: impl FnOnce(&mut Peer, Instant, &mut Flight)) {
        let mut flight = std::mem::take(&mut self.flight);
        act(&mut self.peer, self.now, &mut flight);
        for (pair, bytes) in flight.datagrams() {
            assert!(bytes.len() <= 1_240, "{} bytes leave", bytes.len());
            assert_eq!(pair.local, SERVER.parse().unwrap());
            if pair.remote == self.client_address {
                self.launch(To::Client, bytes.to_vec());
            }
        }
        flight.clear();
        self.flight = flight;
        while let Some(event) = self.peer.poll_event() {
            self.events.push(event);
        }
        self.incoming
            .extend(std::iter::from_fn(|| self.peer.poll_incoming()));
        self.peer_wake = self.peer.wake(self.now);
    }

    pub(super) fn advance_peer(&mut self) {
        self.with_peer(|peer, now, flight| peer.advance(now, flight));
    }

    pub(super) fn drain_client(&mut self) {
        loop {
            match self.client.poll() {
                ClientOutput::Send(sealed) => self.launch(To::Server, sealed.to_vec()),
                ClientOutput::Connected => self.client_is_connected = true,
                ClientOutput::Packet(packet) => self.packets.push(packet),
                ClientOutput::Report { kind, wall, time } => {
                    self.reports.push((self.now, kind, wall, time));
                }
                ClientOutput::KeyframeWanted => self.keyframes_wanted += 1,
                ClientOutput::Ended => {}
                ClientOutput::Wake(at) => {
                    self.client_wake = at;
                    return;
                }
            }
        }
    }

    /// Runs until `until`.
    pub(super) fn run_until(&mut self, until: Instant) {
        self.advance_peer();
        self.drain_client();
        loop {
            let flight = self.flights.peek().map(|Reverse((at, ..))| *at);
            let next = [Some(self.peer_wake), Some(self.client_wake), flight]
                .into_iter()
                .flatten()
                .min()
                .unwrap();
            if next > until {
                self.now = until;
                return;
            }
            self.now = self.now.max(next);
            if flight == Some(next) {
                let Reverse((_, _, to, bytes)) = self.flights.pop().unwrap();
                self.deliver(to, &bytes);
            } else if next == self.peer_wake {
                self.advance_peer();
                self.peer_wake = self.peer_wake.max(self.now + Duration::from_micros(100));
            } else {
                self.client.advance(self.now);
                self.drain_client();
                self.client_wake = self.client_wake.max(self.now + Duration::from_micros(100));
            }
        }
    }

    fn deliver(&mut self, to: To, bytes: &[u8]) {
        let server: SocketAddr = SERVER.parse().unwrap();
        match to {
            To::Server => {
                let pair = Pair {
                    protocol: self.protocol,
                    local: server,
                    remote: self.client_address,
                };
                self.with_peer(|peer, now, flight| {
                    peer.receive(Received { pair, bytes }, now, flight);
                });
            }
            To::Client => {
                let pair = Pair {
                    protocol: self.protocol,
                    local: CLIENT.parse().unwrap(),
                    remote: server,
                };
                self.client.receive(Received { pair, bytes }, self.now);
                self.drain_client();
            }
        }
    }

    pub(super) fn run_for(&mut self, time: Duration) {
        self.run_until(self.now + time);
    }

    /// Runs until both sides can talk.
    pub(super) fn connect(&mut self) {
        for _ in 0..100 {
            self.run_for(Duration::from_millis(100));
            if self.peer.is_connected() && self.client_is_connected {
                return;
            }
        }
        panic!("not connected within 10 s: {:?}", self.peer);
    }

    /// Sends a frame now.
    pub(super) fn send(&mut self, runs: &[Run]) {
        let (clock, mut runs) = (self.clock(), runs.to_vec());
        self.with_peer(|peer, _, flight| peer.write(&mut runs, clock, flight));
    }

    pub(super) fn received(&self, kind: Kind) -> Vec<&ClientPacket> {
        self.packets
            .iter()
            .filter(|packet| packet.kind == kind)
            .collect()
    }
}

/// A frame of `count` packets at 30 frames a second; each payload holds its number.
pub(super) fn frame(world: &World, track: TrackId, number: u64, count: u64) -> Vec<Run> {
    frame_of(world, track, number, count, |_| {})
}

/// The same with something changed in each packet.
pub(super) fn frame_of(
    world: &World,
    track: TrackId,
    number: u64,
    count: u64,
    change: impl Fn(&mut Packet),
) -> Vec<Run> {
    let packet = |n: u64| {
        let seq = number * count + n;
        let mut payload = vec![0x5a_u8; 1_000];
        payload[..8].copy_from_slice(&seq.to_be_bytes());
        let mut packet = Packet {
            payload: payload.into(),
            time: (number * 3_000 + 1_000) as i64,
            captured: None,
            seq,
            frame_start: n == 0,
            frame_end: n + 1 == count,
            keyframe: true,
        };
        change(&mut packet);
        packet
    };
    let batch = Batch {
        epoch: 1,
        track,
        arrived: world.now,
        packets: (0..count).map(packet).collect(),
    };
    vec![Run::whole(Arc::new(batch), true)]
}
