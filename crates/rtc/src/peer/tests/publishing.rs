//! A publisher's packets on their way in, over clean and bad paths.

use std::time::Duration;

use lenswire_media::{Kind, TrackId};

use super::world::{Path, World};
use crate::peer::Incoming;
use crate::peer::client::Published;

/// Sends so many frames of three packets at 30 frames a second.
fn publish(world: &mut World, frames: u64) {
    for frame in 0..frames {
        for n in 0..3 {
            let seq = 65_000 + frame * 3 + n;
            let mut payload = vec![0x5a; 1_000];
            payload[..8].copy_from_slice(&seq.to_be_bytes());
            let packet = Published {
                seq,
                time: (frame * 3_000) as u32,
                marker: n == 2,
                payload: &payload,
            };
            assert!(world.client.write(Kind::Video, &packet, world.now));
        }
        world.client.advance(world.now);
        world.drain_client();
        world.run_for(Duration::from_micros(33_333));
    }
    world.run_for(Duration::from_secs(1));
}

fn numbers(world: &World) -> Vec<u64> {
    let packets = world.incoming.iter().filter_map(|incoming| match incoming {
        Incoming::Packet(arrived) => {
            let seq = u64::from_be_bytes(arrived.payload[..8].try_into().unwrap());
            assert_eq!(arrived.seq, seq as u16);
            assert_eq!(arrived.marker, (seq - 65_000) % 3 == 2);
            Some(seq)
        }
        Incoming::Report { .. } => None,
    });
    packets.collect()
}

fn bad() -> Path {
    Path {
        delay: Duration::from_millis(20),
        jitter: Duration::from_millis(10),
        loss: 0.1,
        burst: 1,
    }
}

#[test]
fn everything_comes_in_order_over_the_wrap_of_its_numbers() {
    let mut world = World::publishing(1, &[Kind::Video, Kind::Audio], Path::CLEAN);
    world.connect();
    publish(&mut world, 300);
    assert_eq!(numbers(&world), (65_000..65_900).collect::<Vec<_>>());
    let figures = *world.peer.figures();
    assert_eq!((figures.lost, figures.asked), (0, 0));
    assert_eq!(figures.loss, Some(0.0));
    let report = world.incoming.iter().find_map(|incoming| match incoming {
        Incoming::Report { track, ntp, .. } => Some((*track, ntp >> 32)),
        Incoming::Packet(_) => None,
    });
    assert!(
        matches!(report, Some((TrackId(0), 2_208_988_800..))),
        "{report:?}"
    );
}

#[test]
fn what_is_lost_on_a_bad_path_comes_again() {
    let mut world = World::publishing(2, &[Kind::Video], bad());
    world.connect();
    publish(&mut world, 600);
    let came = numbers(&world);
    assert!(came.is_sorted(), "in order, each once");
    let figures = *world.peer.figures();
    assert!(figures.asked >= 150, "{figures:?}");
    // A tenth is lost, and of the repetitions a tenth each time.
    assert!(
        came.len() >= 1_790,
        "{} of 1,800 came: {figures:?}",
        came.len()
    );
    // One in front of the first or behind the last is missed by nobody.
    let known = 1_800 - came.len() as u64;
    assert!((known - 1..=known).contains(&figures.lost), "{figures:?}");
    assert!(figures.loss.is_some_and(|loss| loss > 0.02), "{figures:?}");
}

#[test]
fn a_keyframe_is_asked_for() {
    let mut world = World::publishing(3, &[Kind::Video], Path::CLEAN);
    world.connect();
    world.with_peer(|peer, _, out| peer.request_keyframe(TrackId(0), out));
    assert_eq!(
        world.keyframes_wanted, 0,
        "nothing is known of its source yet"
    );
    publish(&mut world, 3);
    world.with_peer(|peer, _, out| peer.request_keyframe(TrackId(0), out));
    world.run_for(Duration::from_millis(100));
    assert_eq!(world.keyframes_wanted, 1);
}

#[test]
fn the_answer_takes_and_sends_nothing() {
    let mut world = World::publishing(4, &[Kind::Video, Kind::Audio], Path::CLEAN);
    let answer = world.peer.answer();
    assert_eq!(answer.matches("a=recvonly").count(), 2, "{answer}");
    assert!(
        !answer.contains("ssrc") && !answer.contains("a=sendonly"),
        "{answer}"
    );
    assert!(answer.contains("transport-wide-cc"), "{answer}");
}

#[test]
fn a_flood_is_cut() {
    let mut world = World::publishing(5, &[Kind::Video], Path::CLEAN);
    world.connect();
    for seq in 0..8_000 {
        let packet = Published {
            seq,
            time: 0,
            marker: false,
            payload: &[1; 100],
        };
        world.client.write(Kind::Video, &packet, world.now);
        world.client.advance(world.now);
        world.drain_client();
    }
    world.run_for(Duration::from_millis(500));
    let received = world.peer.figures().received;
    assert!((1..=5_000).contains(&received), "{received}");
    assert!(world.peer.is_connected());
}
