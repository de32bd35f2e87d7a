//! A viewer that has the keys and means harm: whatever it reports, the session keeps to its budgets
//! and the thread lives on (SEC-15, E6).

use std::time::{Duration, Instant};

use lenswire_media::{Codec, TrackId};

use super::world::{Path, Rng, World, frame, limits};
use crate::Ice;
use crate::peer::srtp::{self, Profile, Sealer};
use crate::peer::{Media, Received};

/// Connected, and then given keys that the test knows, too.
fn keyed(seed: u64) -> (World, Sealer) {
    let codecs = [Codec::H264, Codec::Opus];
    let limits = limits();
    let same = |offer: &str| offer.to_owned();
    let mut world = World::with(seed, &codecs, Path::CLEAN, &limits, Ice::Full, same);
    world.connect();
    let material = [7; 2 * (32 + 12)];
    let contexts = |is_client| srtp::contexts(Profile::Aes256Gcm, &material, is_client).unwrap();
    let (sealer, opener) = contexts(false);
    world.peer.media = Media::Flowing {
        sealer: Box::new(sealer),
        opener: Box::new(opener),
        since: world.now,
    };
    (world, contexts(true).0)
}

/// Sends RTCP as the viewer would; says how many datagrams came of it.
fn report(world: &mut World, sealer: &mut Sealer, plain: &[u8]) -> usize {
    let mut sealed = plain.to_vec();
    if sealer.rtcp(&mut sealed, 0).is_err() {
        return 0;
    }
    let pair = world.peer.pair().unwrap();
    let mut count = 0;
    world.with_peer(|peer, now: Instant, flight| {
        peer.receive(
            Received {
                pair,
                bytes: &sealed,
            },
            now,
            flight,
        );
        count = flight.datagrams().count();
    });
    count
}

fn header(kind: u8, count: u8, body: &[u8]) -> Vec<u8> {
    let words = (body.len() / 4) as u16;
    let mut out = vec![0x80 | count, kind];
    out.extend_from_slice(&words.to_be_bytes());
    out.extend_from_slice(body);
    out
}

/// Asks for 17 packets from `first` on, as often as it fits.
fn nack(ssrc: u32, first: u16, times: usize) -> Vec<u8> {
    let mut body = vec![0, 0, 0, 1];
    body.extend_from_slice(&ssrc.to_be_bytes());
    for n in 0..times {
        body.extend_from_slice(&first.wrapping_add(17 * n as u16).to_be_bytes());
        body.extend_from_slice(&[0xff; 2]);
    }
    header(205, 1, &body)
}

#[test]
fn asking_for_everything_again_is_held_to_the_budget() {
    // C2: NACK 10,000/s
    let (mut world, mut sealer) = keyed(21);
    for number in 0..60 {
        let packets = frame(&world, TrackId(0), number, 9);
        world.send(&packets);
    }
    let ssrc = world.peer.lanes[0].ssrc;
    let most = limits().retransmits_per_second as usize;
    let mut sent = 0;
    for _ in 0..600 {
        sent += report(&mut world, &mut sealer, &nack(ssrc, 0, 30));
        world.now += Duration::from_millis(1);
    }
    assert_eq!(sent, most, "in less than a second");
    assert_eq!(world.peer.figures().retransmitted as usize, most);
}

#[test]
fn a_repair_on_a_lossy_link_goes_twice() {
    // B1: what is lost again costs a browser a tenth of a second
    let (mut world, mut sealer) = keyed(24);
    let packets = frame(&world, TrackId(0), 0, 9);
    world.send(&packets);
    let ssrc = world.peer.lanes[0].ssrc;
    let mut one = vec![0, 0, 0, 1];
    one.extend_from_slice(&ssrc.to_be_bytes());
    one.extend_from_slice(&[0, 3, 0, 0]);
    let one = header(205, 1, &one);
    assert_eq!(report(&mut world, &mut sealer, &one), 1);
    let mut lossy = vec![0, 0, 0, 1];
    lossy.extend_from_slice(&ssrc.to_be_bytes());
    lossy.extend_from_slice(&[26, 0, 0, 1]);
    lossy.extend_from_slice(&[0; 16]);
    report(&mut world, &mut sealer, &header(201, 1, &lossy));
    assert!(world.peer.figures().loss > Some(0.09));
    assert_eq!(report(&mut world, &mut sealer, &one), 2);
}

#[test]
fn a_hundred_wishes_in_one_message_are_one() {
    // C2: PLI 100/s
    let (mut world, mut sealer) = keyed(22);
    world.events.clear();
    let pli = header(206, 1, &[0, 0, 0, 1, 0, 0, 0, 2]);
    report(&mut world, &mut sealer, &pli.repeat(50));
    assert_eq!(world.events.len(), 1, "{:?}", world.events);
    assert_eq!(world.peer.figures().keyframe_requests, 50);
}

#[test]
fn what_makes_no_sense_is_passed_over() {
    let (mut world, mut sealer) = keyed(23);
    let packets = frame(&world, TrackId(0), 0, 9);
    world.send(&packets);
    let ssrc = world.peer.lanes[0].ssrc;
    let mut random = Rng(23);
    let seeds = [
        nack(ssrc, 1, 5),
        header(201, 1, &[0; 28]),
        header(206, 4, &[0; 16]),
        header(
            205,
            15,
            &[
                0, 0, 0, 1, 0, 0, 0, 2, 0, 1, 0, 9, 0, 0, 1, 0, 0x20, 9, 1, 1,
            ],
        ),
        header(207, 0, &[0; 12]),
        header(202, 1, &[0; 12]),
    ];
    for round in 0..20_000 {
        let mut plain = seeds[round % seeds.len()].clone();
        for _ in 0..1 + random.next() % 4 {
            let at = random.next() as usize % plain.len();
            plain[at] = random.next() as u8;
        }
        plain.truncate(8 + random.next() as usize % (plain.len() + 40));
        report(&mut world, &mut sealer, &plain);
        world.now += Duration::from_millis(11);
    }
    let loss = world.peer.figures().loss;
    assert!(
        loss.is_none_or(|loss| (0.0..=1.0).contains(&loss)),
        "{loss:?}"
    );
    assert!(world.peer.is_connected());
}
