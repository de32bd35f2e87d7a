//! Peer against client, over every path that a test can afford.

mod answers;
mod hostile;
mod publishing;
mod world;

use std::time::Duration;

use lenswire_media::{Codec, Kind, TrackId, WallTime};

use super::{Event, Protocol};
use crate::sdp::Offer;
use crate::{Ice, Limits, Refusal};
use world::{Path, World, frame, frame_of, limits};

const VIDEO: TrackId = TrackId(0);
const AUDIO: TrackId = TrackId(1);
const FRAME_TIME: Duration = Duration::from_micros(33_333);

/// Sends `frames` of `count` packets and gives repairs time to end.
fn play(world: &mut World, frames: u64, count: u64) {
    for number in 0..frames {
        let packets = frame(world, VIDEO, number, count);
        world.send(&packets);
        world.run_for(FRAME_TIME);
    }
    world.run_for(Duration::from_secs(2));
}

/// The numbers that never came.
fn missing(world: &World, sent: u64) -> Vec<u64> {
    let mut got: Vec<u64> = world
        .received(Kind::Video)
        .iter()
        .map(|packet| packet.seq)
        .collect();
    let arrived = got.len();
    got.sort_unstable();
    got.dedup();
    assert_eq!(got.len(), arrived, "a packet came twice");
    (0..sent)
        .filter(|seq| got.binary_search(seq).is_err())
        .collect()
}

#[test]
fn vp8_and_opus_reach_the_viewer_whole() {
    // requirements 64, 65
    let mut world = World::new(1, &[Codec::Vp8, Codec::Opus], Path::CLEAN);
    world.connect();
    let codecs = world.peer.codecs();
    assert_eq!(codecs, [Codec::Vp8, Codec::Opus]);
    for number in 0..60 {
        let mut packets = frame(&world, VIDEO, number, 5);
        packets.extend(frame(&world, AUDIO, number, 1));
        world.send(&packets);
        world.run_for(FRAME_TIME);
    }
    world.run_for(Duration::from_secs(1));
    assert_eq!(world.received(Kind::Video).len(), 300);
    assert_eq!(world.received(Kind::Audio).len(), 60);
    let last = world.received(Kind::Video)[4].clone();
    assert!(last.marker);
    assert_eq!(last.payload[..8], 4_u64.to_be_bytes());
    assert_eq!(
        last.delay_hint,
        Some((Duration::ZERO, Duration::from_secs(1)))
    );
}

#[test]
fn every_codec_connects() {
    // requirement 64
    for codec in [Codec::H264, Codec::H265, Codec::Vp8, Codec::Vp9, Codec::Av1] {
        for sound in [Codec::Opus, Codec::Pcmu, Codec::Pcma] {
            let mut world = World::new(2, &[codec, sound], Path::CLEAN);
            world.connect();
            let mut packets = frame(&world, VIDEO, 0, 3);
            packets.extend(frame(&world, AUDIO, 0, 1));
            world.send(&packets);
            world.run_for(Duration::from_millis(100));
            assert_eq!(
                (
                    world.received(Kind::Video).len(),
                    world.received(Kind::Audio).len()
                ),
                (3, 1),
                "{codec:?} {sound:?}"
            );
        }
    }
}

#[test]
fn two_percent_of_loss_is_repaired() {
    // B1
    let path = Path {
        loss: 0.02,
        delay: Duration::from_millis(20),
        ..Path::CLEAN
    };
    let mut world = World::new(3, &[Codec::H264], path);
    world.connect();
    play(&mut world, 300, 7);
    assert_eq!(missing(&world, 2_100), Vec::<u64>::new());
    assert!(
        world.peer.figures().retransmitted >= 20,
        "{:?}",
        world.peer.figures()
    );
}

#[test]
fn ten_percent_of_loss_is_repaired() {
    // B1
    let path = Path {
        loss: 0.1,
        delay: Duration::from_millis(20),
        ..Path::CLEAN
    };
    let mut world = World::new(4, &[Codec::H264], path);
    world.connect();
    play(&mut world, 300, 7);
    let missing = missing(&world, 2_100);
    assert!(missing.len() <= 2, "{missing:?}");
}

#[test]
fn bursts_jitter_and_reordering_are_repaired() {
    // B2
    let path = Path {
        loss: 0.05,
        burst: 6,
        delay: Duration::from_millis(10),
        jitter: Duration::from_millis(100),
    };
    let mut world = World::new(5, &[Codec::H264], path);
    world.connect();
    play(&mut world, 300, 7);
    // What nothing comes after can't be known to be missing.
    let missing: Vec<u64> = missing(&world, 2_100)
        .into_iter()
        .filter(|seq| (20..2_080).contains(seq))
        .collect();
    assert!(missing.len() <= 2, "{missing:?}");
}

#[test]
fn retransmissions_keep_to_their_budget() {
    // C2
    let path = Path {
        loss: 0.3,
        delay: Duration::from_millis(20),
        ..Path::CLEAN
    };
    let limits = Limits {
        retransmits_per_second: 10,
        ..limits()
    };
    let mut world = World::with(6, &[Codec::H264], path, &limits, Ice::Full, str::to_owned);
    world.connect();
    play(&mut world, 300, 7);
    let figures = world.peer.figures();
    assert!(figures.refused > 0, "{figures:?}");
    // 12 seconds, and as many windows as can begin in them.
    assert!(figures.retransmitted <= 10 * 13, "{figures:?}");
}

#[test]
fn a_second_of_blackout_ends_at_frame_borders_of_the_sender() {
    // B6: what is older than the cache is not asked for for ever
    let mut world = World::new(7, &[Codec::H264], Path::CLEAN);
    world.connect();
    for number in 0..120 {
        world.path.loss = if (30..75).contains(&number) { 1.0 } else { 0.0 };
        let packets = frame(&world, VIDEO, number, 4);
        world.send(&packets);
        world.run_for(FRAME_TIME);
    }
    world.path.loss = 0.0;
    world.run_for(Duration::from_secs(2));
    let missing = missing(&world, 480);
    assert!(
        missing.iter().all(|seq| (120..300).contains(seq)),
        "{missing:?}"
    );
    assert!(
        world
            .received(Kind::Video)
            .iter()
            .any(|packet| packet.seq == 479)
    );
}

#[test]
fn numbers_go_on_over_the_rollover() {
    // SRTP's rollover counter (RFC 3711 section 3.3.1)
    let mut world = World::new(
        8,
        &[Codec::H264],
        Path {
            delay: Duration::from_millis(1),
            ..Path::CLEAN
        },
    );
    world.connect();
    for number in 0..1_000 {
        let packets = frame_of(&world, VIDEO, number, 100, |packet| packet.seq += 32_000);
        world.send(&packets);
        world.run_for(Duration::from_millis(5));
    }
    world.run_for(Duration::from_secs(1));
    assert_eq!(world.received(Kind::Video).len(), 100_000);
    assert_eq!(world.received(Kind::Video).last().unwrap().seq, 131_999);
}

#[test]
fn a_restart_keeps_media_flowing_and_moves_to_the_new_generation() {
    // requirement 66: ICE restart
    let mut world = World::new(9, &[Codec::H264, Codec::Opus], Path::CLEAN);
    world.connect();
    let before = world.peer.ufrag().to_owned();
    let offer = world.client.restart().unwrap();
    world.peer.reoffer(Offer::read(&offer).unwrap()).unwrap();
    assert_ne!(world.peer.ufrag(), before);
    let fragment = world.peer.fragment();
    assert!(
        fragment.contains(&format!("a=ice-ufrag:{}\r\n", world.peer.ufrag())),
        "{fragment}"
    );
    // Media goes on over the old pair before the client even has the answer.
    let packets = frame(&world, VIDEO, 0, 3);
    world.send(&packets);
    world.run_for(Duration::from_millis(50));
    assert_eq!(world.received(Kind::Video).len(), 3);
    let answer = world.peer.answer();
    world.client.accept(&answer).unwrap();
    let heard = world.peer.heard();
    world.run_for(Duration::from_secs(2));
    assert!(
        world.peer.heard() > heard,
        "checks of the new generation are answered"
    );
    let packets = frame(&world, VIDEO, 1, 3);
    world.send(&packets);
    world.run_for(Duration::from_millis(50));
    assert_eq!(world.received(Kind::Video).len(), 6);
}

#[test]
fn a_restart_may_not_change_what_was_negotiated() {
    let mut world = World::new(10, &[Codec::H264], Path::CLEAN);
    let offer = world.client.restart().unwrap();
    let other = offer.replace("a=mid:", "a=mid:x");
    let other = other.replace("a=group:BUNDLE ", "a=group:BUNDLE x");
    assert!(matches!(
        world.peer.reoffer(Offer::read(&other).unwrap()),
        Err(Refusal::BadSdp { .. })
    ));
}

#[test]
fn a_passive_client_is_answered_active() {
    // FFmpeg 8's muxer; conventions: "an offer with setup:passive is served"
    let passive = |offer: &str| offer.replace("a=setup:actpass", "a=setup:passive");
    let mut world = World::with(
        11,
        &[Codec::H264],
        Path::CLEAN,
        &limits(),
        Ice::Full,
        passive,
    );
    assert!(world.peer.answer().contains("a=setup:active"));
    world.connect();
    let packets = frame(&world, VIDEO, 0, 3);
    world.send(&packets);
    world.run_for(Duration::from_millis(50));
    assert_eq!(world.received(Kind::Video).len(), 3);
}

#[test]
fn a_client_without_candidates_is_found_by_its_checks() {
    // OBS: no candidates and no trickle
    for ice in [Ice::Full, Ice::Lite] {
        let without = |offer: &str| {
            offer
                .lines()
                .filter(|line| !line.starts_with("a=candidate"))
                .map(|line| format!("{line}\r\n"))
                .collect()
        };
        let mut world = World::with(12, &[Codec::H264], Path::CLEAN, &limits(), ice, without);
        world.connect();
        assert!(world.events.contains(&Event::Connected));
        let pair = world.peer.pair().unwrap();
        assert_eq!(
            (pair.protocol, pair.remote),
            (Protocol::Udp, world.client_address)
        );
    }
}

#[test]
fn a_keyframe_request_comes_out() {
    let mut world = World::new(13, &[Codec::H264], Path::CLEAN);
    world.connect();
    let packets = frame(&world, VIDEO, 0, 3);
    world.send(&packets);
    world.run_for(Duration::from_millis(50));
    world.client.request_keyframe();
    world.client.advance(world.now);
    world.run_for(Duration::from_millis(50));
    assert!(world.events.contains(&Event::KeyframeWanted));
}

#[test]
fn reports_map_timestamps_as_they_were_sent() {
    // requirement 62; testing.md "Instant start": else lip sync delays the picture
    let mut world = World::new(14, &[Codec::H264], Path::CLEAN);
    world.connect();
    world.run_for(Duration::from_secs(3));
    assert!(
        world.reports.is_empty(),
        "no report before the first packet: {:?}",
        world.reports
    );
    let begun = world.now;
    for number in 0..150 {
        // Captured 200 ms before it is sent.
        let captured = WallTime(world.clock().wall.0 - 200_000);
        let packets = frame_of(&world, VIDEO, number, 2, |packet| {
            packet.captured = Some(captured);
        });
        world.send(&packets);
        world.run_for(FRAME_TIME);
    }
    assert!(world.reports.len() >= 3, "{:?}", world.reports);
    for (at, _, _, time) in &world.reports {
        // One frame is 3,000 ticks and starts at 1,000; the report's time is that of its moment.
        let since = at.duration_since(begun) + Duration::from_millis(200) - world.path.delay;
        let expected = 1_000.0 + since.as_secs_f64() * 90_000.0;
        assert!(
            (f64::from(*time) - expected).abs() < 900.0,
            "{time} is not within 10 ms of {expected}"
        );
    }
}

#[test]
fn silence_is_noticed_and_strangers_do_not_break_it() {
    // B4, E5, E6: only checks with the right password count as life
    let mut world = World::new(15, &[Codec::H264], Path::CLEAN);
    world.connect();
    let heard = world.peer.heard().unwrap();
    world.path.loss = 1.0;
    for n in 0..200_u64 {
        world.run_for(Duration::from_millis(100));
        let pair = world.peer.pair().unwrap();
        let mut junk = vec![0_u8; 100];
        junk[0] = [0, 22, 128, 128][n as usize % 4];
        junk[1] = if n % 4 == 3 { 200 } else { 1 };
        world.with_peer(|peer, now, flight| {
            peer.receive(super::Received { pair, bytes: &junk }, now, flight);
        });
    }
    assert!(world.peer.heard().unwrap() <= heard + Duration::from_secs(5));
    assert!(world.peer.is_connected(), "junk ends nothing");
}

#[test]
fn goodbye_is_said_and_heard() {
    let mut world = World::new(16, &[Codec::H264], Path::CLEAN);
    world.connect();
    world.client.close();
    world.run_for(Duration::from_millis(100));
    assert!(world.events.contains(&Event::Goodbye), "{:?}", world.events);
}

#[test]
fn no_number_is_sealed_twice() {
    // SEC-14: a nonce used again gives the cipher's key stream away
    let mut world = World::new(17, &[Codec::H264], Path::CLEAN);
    world.connect();
    for number in [0, 1, 1, 0, 2] {
        let packets = frame(&world, VIDEO, number, 3);
        world.send(&packets);
    }
    assert_eq!(world.peer.figures().packets, 9);
    world.run_for(Duration::from_millis(100));
    assert_eq!(world.received(Kind::Video).len(), 9);
}

#[test]
fn another_certificate_than_the_offers_is_refused() {
    // SEC-14: possession of the signalled key
    let other = |offer: &str| {
        let (before, after) = offer.split_once("a=fingerprint:sha-256 ").unwrap();
        let digit = if after.starts_with('0') { "1" } else { "0" };
        format!("{before}a=fingerprint:sha-256 {digit}{}", &after[1..])
    };
    let limits = limits();
    let codecs = [Codec::H264];
    let mut world = World::with(18, &codecs, Path::CLEAN, &limits, Ice::Full, other);
    world.run_for(Duration::from_secs(3));
    assert_eq!(world.events, [Event::Failed]);
    assert!(!world.peer.is_connected());
    let packets = frame(&world, VIDEO, 0, 3);
    world.send(&packets);
    assert_eq!(
        world.peer.figures().packets,
        0,
        "nothing is sealed for a stranger"
    );
}
