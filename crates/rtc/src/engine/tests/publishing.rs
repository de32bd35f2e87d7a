//! Somebody sends, others watch: on real sockets, through one engine.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use lenswire_media::{Codec, Kind, Stream};

use super::super::{Closed, Publish, Session, SessionEvent, SessionState, Watch};
use super::world::{BOTH, LONG, World};
use crate::peer::Protocol;
use crate::peer::client::Published;
use crate::swarm::JoinError;
use crate::{Limits, Refusal};

const FRAME_TIME: Duration = Duration::from_millis(33);

/// Constrained Baseline, 320 x 240.
const SPS: &[u8] = &[0x67, 0x42, 0xc0, 0x0d, 0xda, 0x05, 0x07, 0xe8, 0x40];
const PPS: &[u8] = &[0x68, 0xce, 0x3c, 0x80];

type Told = Arc<Mutex<Vec<SessionEvent>>>;

/// A phone: sends a keyframe at first and whenever it is asked for one.
struct Phone {
    place: usize,
    session: Session,
    stream: Stream,
    told: Told,
    seq: u64,
    frame: u64,
    obeyed: u64,
    next: Instant,
}

impl Phone {
    fn publish(world: &mut World, stream: Stream, protocol: Protocol) -> Self {
        let (told, now) = (Told::default(), world.now());
        let World { engine, swarm, .. } = world;
        let mut session = None;
        let place = swarm.publish(protocol, BOTH, |offer| {
            let told = Arc::clone(&told);
            let published = engine.publish(Publish {
                offer: offer.to_owned(),
                stream: stream.clone(),
                events: Arc::new(move |event| told.lock().unwrap().push(event)),
                client: None,
                now,
            });
            let published = published.map_err(|refusal| refusal.to_string())?;
            let answer = published.answer.clone();
            session = Some(published);
            Ok(answer)
        });
        Self {
            place: place.unwrap(),
            session: session.unwrap(),
            stream,
            told,
            seq: 65_500,
            frame: 0,
            obeyed: 0,
            next: now,
        }
    }

    /// Sends what is due; the picture's number is in each slice.
    fn film(&mut self, world: &mut World) {
        let now = world.now();
        let wanted = world.swarm.tally(self.place).unwrap().keyframes_wanted;
        while self.next <= now {
            let is_keyframe = self.frame == 0 || wanted > self.obeyed;
            self.obeyed = wanted;
            let mut slice = vec![if is_keyframe { 0x65 } else { 0x41 }, 0x88];
            slice.extend(self.frame.to_be_bytes());
            slice.resize(900, 1);
            let sets: &[&[u8]] = if is_keyframe { &[SPS, PPS] } else { &[] };
            for payload in sets.iter().copied().chain([slice.as_slice()]) {
                let packet = Published {
                    seq: self.seq,
                    time: (self.frame * 2_970) as u32,
                    marker: payload.len() == 900,
                    payload,
                };
                if world
                    .swarm
                    .client(self.place)
                    .unwrap()
                    .write(Kind::Video, &packet, now)
                {
                    self.seq += 1;
                }
            }
            self.frame += 1;
            self.next += FRAME_TIME;
        }
    }

    fn film_until(&mut self, world: &mut World, mut done: impl FnMut(&Self, &World) -> bool) {
        let end = world.now() + LONG;
        while !done(self, world) {
            assert!(
                world.now() < end,
                "{:?} {:?}",
                self.session.stats(),
                world.swarm
            );
            if world.swarm.tally(self.place).unwrap().connected.is_some() {
                self.film(world);
            } else {
                self.next = world.now();
            }
            world.swarm.run(Duration::from_millis(5), |_| false);
        }
    }
}

fn watch(world: &mut World, stream: &Stream) -> (usize, Session) {
    let now = world.now();
    let World { engine, swarm, .. } = world;
    let mut session = None;
    let place = swarm.join(Protocol::Udp, BOTH, |offer| {
        let watched = engine.watch(Watch {
            offer: offer.to_owned(),
            stream: stream.clone(),
            substreams: Vec::new(),
            tracks: stream.tracks().unwrap(),
            events: Arc::new(|_| {}),
            client: None,
            delay_limit: Duration::from_secs(1),
            now,
        });
        let watched = watched.map_err(|refusal| refusal.to_string())?;
        let answer = watched.answer.clone();
        session = Some(watched);
        Ok(answer)
    });
    (place.unwrap(), session.unwrap())
}

#[test]
fn what_a_phone_sends_viewers_see_over_udp_and_tcp() {
    // requirements 7, 20: media goes from peer to peer once offers are answered
    for protocol in [Protocol::Udp, Protocol::Tcp] {
        let mut world = World::new(2, Limits::default());
        let mut phone = Phone::publish(&mut world, Stream::new(), protocol);
        phone.film_until(&mut world, |phone, _| phone.stream.is_live());
        let (viewer, _session) = watch(&mut world, &phone.stream.clone());
        phone.film_until(&mut world, |_, world| {
            world.swarm.tally(viewer).unwrap().frames >= 60
        });
        phone.film_until(&mut world, |phone, _| phone.session.stats().packets >= 60);
        let stats = phone.session.stats();
        assert_eq!(stats.codecs, [Codec::H264, Codec::Opus]);
        assert_eq!((stats.state, stats.lost), (SessionState::Connected, 0));
        assert_eq!(stats.pair.unwrap().protocol, protocol);
        let told = phone.told.lock().unwrap().clone();
        assert!(
            matches!(told[..], [SessionEvent::Connected { .. }]),
            "{told:?}"
        );
    }
}

#[test]
fn a_viewer_that_joins_late_makes_the_phone_send_a_keyframe_only_if_it_lacks_one() {
    let mut world = World::new(1, Limits::default());
    let mut phone = Phone::publish(&mut world, Stream::new(), Protocol::Udp);
    phone.film_until(&mut world, |phone, _| phone.frame >= 30);
    let stream = phone.stream.clone();
    let (viewer, _session) = watch(&mut world, &stream);
    phone.film_until(&mut world, |_, world| {
        world.swarm.tally(viewer).unwrap().frames >= 30
    });
    let wanted = |world: &World| world.swarm.tally(0).unwrap().keyframes_wanted;
    assert_eq!(wanted(&world), 0, "the cached one was enough");
    stream.request_keyframe(world.now());
    phone.film_until(&mut world, |_, world| wanted(world) == 1);
}

#[test]
fn a_phone_that_goes_leaves_a_stream_without_a_source_and_another_takes_over() {
    // requirements 28, 47
    let mut world = World::new(2, Limits::default());
    let stream = Stream::new();
    let mut first = Phone::publish(&mut world, stream.clone(), Protocol::Udp);
    first.film_until(&mut world, |_, _| stream.is_live());
    let (viewer, session) = watch(&mut world, &stream);
    first.film_until(&mut world, |_, world| {
        world.swarm.tally(viewer).unwrap().frames >= 10
    });
    world.swarm.client(first.place).unwrap().close();
    first.film_until(&mut world, |_, _| !stream.is_live());
    assert_eq!(
        first.session.stats().state,
        SessionState::Closed(Closed::ByPeer)
    );
    let before = world.swarm.tally(viewer).unwrap().frames;
    let mut second = Phone::publish(&mut world, stream.clone(), Protocol::Udp);
    second.film_until(&mut world, |_, world| {
        world.swarm.tally(viewer).unwrap().frames >= before + 30
    });
    assert_eq!(
        session.stats().state,
        SessionState::Connected,
        "the same session all along"
    );
    drop(second.session);
    assert!(world.wait(|_| !stream.is_live()), "dropped by its owner");
}

#[test]
fn what_cannot_be_published_is_refused() {
    let mut world = World::new(1, Limits::default());
    let now = world.now();
    let World { engine, swarm, .. } = &mut world;
    let mut refusal = None;
    let joined = swarm.join(Protocol::Udp, BOTH, |offer| {
        let published = engine.publish(Publish {
            offer: offer.to_owned(),
            stream: Stream::new(),
            events: Arc::new(|_| {}),
            client: None,
            now,
        });
        refusal = published.err();
        Err("no".to_owned())
    });
    assert!(matches!(joined, Err(JoinError::Refused(_))));
    assert_eq!(refusal, Some(Refusal::NothingSent), "it wants to receive");
}
