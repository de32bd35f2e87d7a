//! An engine, a camera and a swarm of viewers in one place.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use lenswire_media::{
    Codec, Kind, Packet, ParameterSets, Producer, Stream, Track, TrackId, Tracks,
};

use crate::engine::{Engine, EngineConfig, Ice, Session, SessionEvent, SessionStats, Watch};
use crate::peer::Protocol;
use crate::peer::client::ClientPacket;
use crate::swarm::{JoinError, Swarm};
use crate::{Limits, Refusal};

pub(super) const BOTH: &[Kind] = &[Kind::Video, Kind::Audio];

/// Longer than anything takes on a busy machine; reached only by a failure.
pub(super) const LONG: Duration = Duration::from_secs(30);

const FRAME_TIME: Duration = Duration::from_millis(33);

pub(super) fn track(codec: Codec) -> Track {
    Track {
        codec,
        channels: u8::from(codec.kind() == Kind::Audio),
        parameters: ParameterSets::None,
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "tests on real sockets run on the real clock"
)]
fn now() -> Instant {
    Instant::now()
}

/// Makes a STUN request with a USERNAME and no password.
pub(super) fn request(username: &str, transaction: u32) -> Vec<u8> {
    let padded = username.len().next_multiple_of(4);
    let mut bytes = vec![0, 1];
    bytes.extend((4 + padded as u16).to_be_bytes());
    bytes.extend(0x2112_a442_u32.to_be_bytes());
    bytes.extend([0; 8]);
    bytes.extend(transaction.to_be_bytes());
    bytes.extend([0, 6]);
    bytes.extend((username.len() as u16).to_be_bytes());
    bytes.extend(username.as_bytes());
    bytes.resize(20 + 4 + padded, 0);
    bytes
}

/// Writes frames: payloads hold their number and whether they are of a keyframe.
pub(super) struct Camera {
    pub(super) stream: Stream,
    pub(super) producer: Producer,
    pub(super) seq: u64,
    pub(super) keyframe_every: u64,
    /// Of a frame.
    pub(super) packets: u64,
    /// In each payload: which camera it is of.
    pub(super) mark: u8,
    frame: u64,
    audio: u64,
}

impl Camera {
    pub(super) fn of(stream: Stream) -> Self {
        let tracks = Tracks(vec![track(Codec::H264), track(Codec::Opus)]);
        let producer = stream.produce(tracks, Arc::new(|| {}));
        Self {
            stream,
            producer,
            seq: 0,
            keyframe_every: 30,
            packets: 5,
            mark: 0,
            frame: 0,
            audio: 0,
        }
    }

    /// Says how large its picture is, by its parameter sets.
    pub(super) fn sized(mut self, sps: &'static [u8], mark: u8) -> Self {
        let parameters = ParameterSets::H264 {
            sps: sps.into(),
            pps: [0x68, 0xcb, 0x83, 0xcb, 0x20].into(),
        };
        let video = Track {
            parameters,
            ..track(Codec::H264)
        };
        self.producer
            .set_tracks(Tracks(vec![video, track(Codec::Opus)]));
        self.mark = mark;
        self
    }

    /// One that nobody watches.
    pub(super) fn silent() -> Self {
        Self::of(Stream::new())
    }

    /// Writes one frame and its sound.
    pub(super) fn shoot(&mut self) {
        let is_keyframe = self.frame.is_multiple_of(self.keyframe_every);
        let (time, last) = (self.frame as i64 * 2_970, self.packets - 1);
        let packet = |n: u64| {
            let mut payload = vec![0_u8; 1_000];
            payload[..8].copy_from_slice(&(self.seq + n).to_be_bytes());
            payload[8] = u8::from(is_keyframe);
            payload[9] = self.mark;
            Packet {
                payload: payload.into(),
                time,
                captured: None,
                seq: self.seq + n,
                frame_start: n == 0,
                frame_end: n == last,
                keyframe: is_keyframe,
            }
        };
        let video = (0..self.packets).map(packet).collect();
        self.seq += self.packets;
        self.frame += 1;
        let arrived = now();
        self.producer.write(TrackId(0), arrived, video);
        let sound = Packet {
            payload: vec![0_u8; 80].into(),
            time: self.audio as i64 * 1_584,
            captured: None,
            seq: self.audio,
            frame_start: true,
            frame_end: true,
            keyframe: true,
        };
        self.audio += 1;
        self.producer.write(TrackId(1), arrived, vec![sound]);
    }
}

type Told = Arc<Mutex<Vec<SessionEvent>>>;

pub(super) struct World {
    // Dropped in this order: sessions before the engine.
    sessions: Vec<Option<Session>>,
    pub(super) engine: Engine,
    pub(super) swarm: Swarm,
    pub(super) camera: Camera,
    /// Its second profile: a smaller picture of the same scene.
    pub(super) second: Option<Camera>,
    told: Vec<Told>,
}

impl World {
    pub(super) fn new(threads: usize, limits: Limits) -> Self {
        Self::at(threads, limits, Ice::Full, "127.0.0.1")
    }

    pub(super) fn at(threads: usize, limits: Limits, ice: Ice, address: &str) -> Self {
        let address = address.parse().unwrap();
        let engine = Engine::start(EngineConfig {
            port: 0,
            addresses: vec![address],
            ice,
            threads,
            limits,
        })
        .unwrap();
        Self {
            sessions: Vec::new(),
            engine,
            swarm: Swarm::new(address).unwrap(),
            camera: Camera::of(Stream::new()),
            second: None,
            told: Vec::new(),
        }
    }

    pub(super) fn now(&self) -> Instant {
        now()
    }

    pub(super) fn join(&mut self, protocol: Protocol, kinds: &[Kind]) -> usize {
        self.try_join(protocol, kinds).unwrap()
    }

    pub(super) fn try_join(
        &mut self,
        protocol: Protocol,
        kinds: &[Kind],
    ) -> Result<usize, Refusal> {
        let told = Told::default();
        let mut outcome = None;
        let (engine, stream) = (&self.engine, &self.camera.stream);
        let second = self.second.as_ref().map(|camera| camera.stream.clone());
        let joined = self.swarm.join(protocol, kinds, |offer| {
            let request = request_of(offer, stream.clone(), stream.tracks().unwrap(), &told);
            let watched = engine.watch(Watch {
                substreams: second.into_iter().collect(),
                ..request
            });
            let answer = watched
                .as_ref()
                .map(|session| session.answer.clone())
                .map_err(ToString::to_string);
            outcome = Some(watched);
            answer
        });
        assert!(
            matches!(joined, Ok(_) | Err(JoinError::Refused(_))),
            "{joined:?}"
        );
        self.sessions.push(Some(outcome.unwrap()?));
        self.told.push(told);
        Ok(self.sessions.len() - 1)
    }

    pub(super) fn watch_offer(&self, offer: &str, stream: Stream) -> Result<Session, Refusal> {
        let tracks = stream.tracks().unwrap();
        self.engine
            .watch(request_of(offer, stream, tracks, &Told::default()))
    }

    pub(super) fn watch_tracks(
        &self,
        offer: &str,
        stream: Stream,
        tracks: Tracks,
    ) -> Result<Session, Refusal> {
        self.engine.watch(request_of(
            offer,
            stream,
            Arc::new(tracks),
            &Told::default(),
        ))
    }

    pub(super) fn session(&self, viewer: usize) -> &Session {
        self.sessions[viewer].as_ref().unwrap()
    }

    pub(super) fn events(&self, viewer: usize) -> Vec<SessionEvent> {
        self.told[viewer].lock().unwrap().clone()
    }

    pub(super) fn leave(&mut self, viewer: usize) {
        self.sessions[viewer] = None;
    }

    pub(super) fn leave_all(&mut self) {
        self.sessions.iter_mut().for_each(|session| *session = None);
    }

    /// Plays 30 frames a second until `done`; false when that never comes.
    pub(super) fn play(&mut self, done: impl FnMut(&Swarm) -> bool) -> bool {
        self.watch(done, |_, _| {})
    }

    pub(super) fn watch(
        &mut self,
        mut done: impl FnMut(&Swarm) -> bool,
        mut each: impl FnMut(usize, &ClientPacket),
    ) -> bool {
        let Self {
            swarm,
            camera,
            second,
            ..
        } = self;
        let mut next = now();
        let mut step = |swarm: &Swarm| {
            while next <= now() {
                camera.shoot();
                if let Some(second) = second {
                    second.shoot();
                }
                next += FRAME_TIME;
            }
            done(swarm)
        };
        swarm.watch(LONG, &mut step, &mut each)
    }

    /// The same for what concerns more than the swarm.
    pub(super) fn play_until(&mut self, mut done: impl FnMut(&Self) -> bool) -> bool {
        let end = now() + LONG;
        while now() < end {
            let mut turns = 0;
            self.play(|_| {
                turns += 1;
                turns > 10
            });
            if done(self) {
                return true;
            }
        }
        false
    }

    /// Waits without playing.
    pub(super) fn wait(&mut self, mut done: impl FnMut(&Self) -> bool) -> bool {
        let end = now() + LONG;
        while now() < end {
            if done(self) {
                return true;
            }
            self.swarm.run(Duration::from_millis(10), |_| false);
        }
        false
    }

    /// The figures as soon as they are as wanted.
    pub(super) fn stats(
        &mut self,
        viewer: usize,
        wanted: impl Fn(&SessionStats) -> bool,
    ) -> SessionStats {
        assert!(
            self.play_until(|world| wanted(&world.session(viewer).stats())),
            "{:?}",
            self.session(viewer).stats()
        );
        self.session(viewer).stats()
    }

    /// Drops the engine under its sessions and gives what they were told.
    pub(super) fn stop_engine(self) -> Vec<Vec<SessionEvent>> {
        let Self {
            sessions,
            engine,
            told,
            ..
        } = self;
        drop(engine);
        drop(sessions);
        told.iter()
            .map(|told| told.lock().unwrap().clone())
            .collect()
    }
}

fn request_of(offer: &str, stream: Stream, tracks: Arc<Tracks>, told: &Told) -> Watch {
    let told = Arc::clone(told);
    Watch {
        offer: offer.to_owned(),
        stream,
        tracks,
        events: Arc::new(move |event| told.lock().unwrap().push(event)),
        client: None,
        substreams: Vec::new(),
        delay_limit: Duration::from_secs(1),
        now: now(),
    }
}
