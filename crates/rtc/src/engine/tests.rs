//! The engine on real sockets: loopback, ports of the system's choice, events waited for.

mod publishing;
mod world;

use std::io::{Read as _, Write as _};
use std::net::{TcpStream, UdpSocket};
use std::time::Duration;

use lenswire_media::viewer::Viewstate;
use lenswire_media::{Codec, Kind, Stream, Tracks};

use super::{Closed, Ice, Patched, Report, SessionEvent, SessionState};
use crate::peer::Protocol;
use crate::sdp::Offer;
use crate::{Limits, Refusal};
use world::{BOTH, Camera, LONG, World, track};

#[test]
fn a_viewer_gets_the_stream_over_udp() {
    // requirements 64, 68
    let mut world = World::new(1, Limits::default());
    let viewer = world.join(Protocol::Udp, BOTH);
    assert!(
        world.play(|swarm| swarm.tally(0).unwrap().frames >= 30),
        "{:?}",
        world.swarm
    );
    let stats = world.stats(viewer, |stats| {
        stats.state == SessionState::Connected && stats.packets > 30
    });
    assert_eq!(stats.codecs, [Codec::H264, Codec::Opus]);
    let pair = stats.pair.unwrap();
    assert_eq!(
        (pair.protocol, pair.local.port()),
        (Protocol::Udp, world.engine.port())
    );
    assert!(
        stats
            .delay
            .is_some_and(|delay| delay < Duration::from_secs(1)),
        "{stats:?}"
    );
    let events = world.events(viewer);
    assert!(
        matches!(events.first(), Some(SessionEvent::Connected { .. })),
        "{events:?}"
    );
    assert!(
        events.contains(&SessionEvent::State(Viewstate::Live)),
        "{events:?}"
    );
}

#[test]
fn both_agents_and_both_families_work() {
    // requirement 67: IPv6; design.md: full or lite
    for ice in [Ice::Full, Ice::Lite] {
        for address in ["127.0.0.1", "::1"] {
            let mut world = World::at(1, Limits::default(), ice, address);
            world.join(Protocol::Udp, BOTH);
            assert!(
                world.play(|swarm| swarm.tally(0).unwrap().frames >= 3),
                "{ice:?} {address}"
            );
        }
    }
}

#[test]
fn a_viewer_without_udp_gets_the_stream_over_tcp() {
    // requirement 66; B5
    for threads in [1, 3] {
        let mut world = World::new(threads, Limits::default());
        for _ in 0..3 {
            world.join(Protocol::Tcp, BOTH);
        }
        assert!(
            world.play(|swarm| swarm.tallies().all(|tally| tally.frames >= 30)),
            "{threads} threads"
        );
        for viewer in 0..3 {
            let stats = world.stats(viewer, |stats| stats.pair.is_some());
            assert_eq!(stats.pair.unwrap().protocol, Protocol::Tcp);
        }
    }
}

#[test]
fn fifty_native_viewers_join_at_once() {
    // C4; str0m#932: many DTLS handshakes between two of its peers stalled
    let mut world = World::new(2, Limits::default());
    for _ in 0..50 {
        world.join(Protocol::Udp, BOTH);
    }
    assert!(world.play(|swarm| swarm.tallies().all(|tally| tally.frames >= 3)));
    let load = world.engine.load();
    assert_eq!(
        load.iter().map(|load| load.sessions).collect::<Vec<_>>(),
        [25, 25]
    );
    // One reader per thread and stream, however many watch.
    assert_eq!(world.camera.stream.demanded(), 2);
    world.leave_all();
    assert!(world.wait(|world| world.engine.load().iter().all(|load| load.sessions == 0)));
    assert!(world.wait(|world| world.camera.stream.demanded() == 0));
}

#[test]
fn a_late_viewer_starts_at_the_cached_keyframe_with_numbers_of_its_own() {
    // A5; requirement 65
    let mut world = World::new(1, Limits::default());
    world.camera.seq = 1 << 40;
    world.camera.keyframe_every = 10_000;
    for _ in 0..20 {
        world.camera.shoot();
    }
    world.join(Protocol::Udp, &[Kind::Video]);
    let mut seqs = Vec::new();
    let mut first = None;
    assert!(world.watch(
        |swarm| swarm.tally(0).unwrap().frames >= 21,
        |_, packet| {
            first.get_or_insert_with(|| packet.payload[8] == 1);
            seqs.push(packet.seq);
        }
    ));
    assert_eq!(first, Some(true), "begins with the keyframe");
    let begin = seqs[0];
    assert!(begin < 1 << 15, "{begin}");
    assert!(
        seqs.iter()
            .zip(begin..)
            .all(|(got, expected)| *got == expected),
        "{seqs:?}"
    );
}

#[test]
fn a_bug_in_one_session_costs_that_one() {
    // requirement 85; D9
    let mut world = World::new(1, Limits::default());
    let victim = world.join(Protocol::Udp, BOTH);
    let other = world.join(Protocol::Udp, BOTH);
    assert!(world.play(|swarm| swarm.tallies().all(|tally| tally.frames >= 3)));
    world.session(victim).panic_next();
    assert!(world.play_until(|world| {
        world
            .events(victim)
            .contains(&SessionEvent::Closed(Closed::Panicked))
    }));
    let before = world.swarm.tally(other).unwrap().frames;
    assert!(world.play(|swarm| swarm.tally(other).unwrap().frames >= before + 10));
    assert_eq!(world.engine.load()[0].panics, 1);
    assert_eq!(world.session(victim).add_candidate(""), Err(Refusal::Ended));
}

#[test]
fn a_viewer_that_vanishes_is_let_go() {
    // C3
    let limits = Limits {
        vanished_after: Duration::from_millis(1_500),
        ..Limits::default()
    };
    let mut world = World::new(1, limits);
    let viewer = world.join(Protocol::Udp, BOTH);
    assert!(world.play(|swarm| swarm.tally(0).unwrap().frames >= 3));
    world.swarm.stop(0, true);
    assert!(world.play_until(
        |world| world.events(viewer).last() == Some(&SessionEvent::Closed(Closed::Vanished))
    ));
    assert_eq!(world.engine.load()[0].sessions, 0);
    assert_eq!(world.camera.stream.demanded(), 0);
}

#[test]
fn a_viewer_that_never_connects_gives_its_place_back() {
    // E3
    let limits = Limits {
        pending: 2,
        pending_life: Duration::from_millis(100),
        ..Limits::default()
    };
    let mut world = World::new(1, limits);
    let one = world.join(Protocol::Udp, BOTH);
    world.swarm.stop(0, true);
    world.join(Protocol::Udp, BOTH);
    world.swarm.stop(1, true);
    assert_eq!(
        world.try_join(Protocol::Udp, BOTH).unwrap_err(),
        Refusal::TooManyPending { limit: 2 }
    );
    // It waits for a picture, so the source must run.
    assert_eq!(world.camera.stream.demanded(), 2);
    assert!(world.wait(|world| world.events(one) == [SessionEvent::Closed(Closed::IceFailed)]));
    assert!(world.wait(|world| world.camera.stream.demanded() == 0));
    world.join(Protocol::Udp, BOTH);
}

#[test]
fn goodbyes_go_both_ways() {
    let mut world = World::new(2, Limits::default());
    let (leaves, thrown_out, outlived) = (
        world.join(Protocol::Udp, BOTH),
        world.join(Protocol::Udp, BOTH),
        world.join(Protocol::Udp, BOTH),
    );
    assert!(world.play(|swarm| swarm.tallies().all(|tally| tally.frames >= 3)));
    world.swarm.client(leaves).unwrap().close();
    assert!(world.play_until(|world| {
        world
            .events(leaves)
            .contains(&SessionEvent::Closed(Closed::ByPeer))
    }));
    world.leave(thrown_out);
    assert!(world.play(|swarm| swarm.tally(thrown_out).unwrap().has_ended));
    assert!(world.wait(
        |world| world.events(thrown_out).last() == Some(&SessionEvent::Closed(Closed::ByHub))
    ));
    let events = world.stop_engine();
    assert_eq!(
        events[outlived].last(),
        Some(&SessionEvent::Closed(Closed::EngineStopped))
    );
}

#[test]
fn other_tracks_end_the_session_and_new_parameters_do_not() {
    let mut world = World::new(1, Limits::default());
    let viewer = world.join(Protocol::Udp, BOTH);
    assert!(world.play(|swarm| swarm.tally(0).unwrap().frames >= 3));
    let mut same = Tracks(vec![track(Codec::H264), track(Codec::Opus)]);
    same.0[0].parameters = lenswire_media::ParameterSets::H264 {
        sps: vec![0x67, 0x64, 0, 0x1f].into(),
        pps: vec![0x68].into(),
    };
    world.camera.producer.set_tracks(same);
    let before = world.swarm.tally(0).unwrap().frames;
    // Its cached pictures are of the old parameters; it goes on with the next ones.
    assert!(world.play(|swarm| swarm.tally(0).unwrap().frames > before));
    world
        .camera
        .producer
        .set_tracks(Tracks(vec![track(Codec::H265), track(Codec::Opus)]));
    assert!(
        world.play_until(|world| world.events(viewer).last()
            == Some(&SessionEvent::Closed(Closed::TracksChanged)))
    );
}

#[test]
fn ice_restarts_by_fragment_and_by_offer() {
    // requirement 66
    let mut world = World::new(2, Limits::default());
    let viewer = world.join(Protocol::Udp, BOTH);
    assert!(world.play(|swarm| swarm.tally(0).unwrap().frames >= 3));
    let offer = world.swarm.client(0).unwrap().restart().unwrap();
    let credentials = Offer::read(&offer).unwrap().credentials;
    let fragment = format!(
        "a=ice-ufrag:{}\r\na=ice-pwd:{}\r\nm=video 9 UDP/TLS/RTP/SAVPF 0\r\na=mid:0\r\n",
        credentials.ufrag, credentials.password
    );
    let (now, ufrag) = (world.now(), world.session(viewer).ufrag.clone());
    assert_eq!(world.session(viewer).would_restart(&fragment), Ok(true));
    let Ok(Patched::Restarted(answer)) = world.session(viewer).patch(&fragment, now) else {
        panic!("not restarted")
    };
    assert!(!answer.contains(&ufrag));
    assert_eq!(world.session(viewer).would_restart(&fragment), Ok(false));
    assert_eq!(
        world.session(viewer).patch(&fragment, now),
        Ok(Patched::Trickled)
    );
    // Half a second later, the same by a whole offer, whose answer the client takes.
    let later = now + Duration::from_secs(1);
    assert_eq!(
        world.session(viewer).reoffer(&offer, now),
        Err(Refusal::Overloaded)
    );
    let answer = world.session(viewer).reoffer(&offer, later).unwrap();
    world.swarm.client(0).unwrap().accept(&answer).unwrap();
    let before = world.swarm.tally(0).unwrap().frames;
    assert!(world.play(|swarm| swarm.tally(0).unwrap().frames >= before + 60));
}

#[test]
fn candidates_are_counted() {
    // SEC-24
    let mut world = World::new(1, Limits::default());
    let viewer = world.join(Protocol::Udp, BOTH);
    let candidate = "candidate:1 1 udp 5 127.0.0.9 9000 typ host";
    let refused = (0..30)
        .filter(|_| world.session(viewer).add_candidate(candidate).is_err())
        .count();
    assert!((10..=11).contains(&refused), "{refused}");
    assert!(matches!(
        world.session(viewer).add_candidate("nonsense"),
        Err(Refusal::BadFragment { .. })
    ));
    assert!(world.play(|swarm| swarm.tally(0).unwrap().frames >= 3));
}

#[test]
fn strangers_get_no_answer_and_do_no_harm() {
    // SEC-17, SEC-24, E4, E5
    let mut world = World::new(2, Limits::default());
    world.join(Protocol::Udp, BOTH);
    assert!(world.play(|swarm| swarm.tally(0).unwrap().frames >= 3));
    let stranger = UdpSocket::bind("127.0.0.1:0").unwrap();
    stranger
        .connect(("127.0.0.1", world.engine.port()))
        .unwrap();
    stranger.set_nonblocking(true).unwrap();
    let known = world.session(0).ufrag.clone();
    for n in 0..2_000_u32 {
        let datagram = match n % 4 {
            0 => world::request("nobody:here", n),
            1 => world::request(&format!("{known}:here"), n),
            2 => vec![22; 200],
            _ => vec![0x80; 1_400],
        };
        let _ = stranger.send(&datagram);
    }
    let _ = stranger.send(&vec![0; 4_000]);
    let before = world.swarm.tally(0).unwrap().frames;
    assert!(world.play(|swarm| swarm.tally(0).unwrap().frames >= before + 30));
    assert!(
        stranger.recv(&mut [0; 2_000]).is_err(),
        "a stranger was answered"
    );
    world.join(Protocol::Udp, BOTH);
    assert!(world.play(|swarm| swarm.tally(1).unwrap().frames >= 3));
}

#[test]
fn a_connection_that_says_nothing_or_nonsense_is_closed() {
    // E2
    let limits = Limits {
        tcp_first_request: Duration::from_millis(100),
        tcp_connections_per_address: 3,
        ..Limits::default()
    };
    let mut world = World::new(2, limits);
    world.join(Protocol::Udp, BOTH);
    let address = ("127.0.0.1", world.engine.port());
    let mut silent = TcpStream::connect(address).unwrap();
    let mut unknown = TcpStream::connect(address).unwrap();
    let mut forged = TcpStream::connect(address).unwrap();
    let known = world.session(0).ufrag.clone();
    for (stream, name) in [
        (&mut unknown, "nobody:here".to_owned()),
        (&mut forged, format!("{known}:here")),
    ] {
        let mut framed = Vec::new();
        crate::framing::frame(&world::request(&name, 1), &mut framed);
        stream.write_all(&framed).unwrap();
    }
    // One too many from one address.
    let mut fourth = TcpStream::connect(address).unwrap();
    for stream in [&mut silent, &mut unknown, &mut forged, &mut fourth] {
        stream.set_read_timeout(Some(LONG)).unwrap();
        let closed = stream.read(&mut [0; 10]);
        assert!(
            matches!(closed, Ok(0))
                || closed
                    .as_ref()
                    .is_err_and(|error| error.kind() == std::io::ErrorKind::ConnectionReset),
            "{closed:?}"
        );
    }
}

#[test]
fn a_slow_connection_is_cut_to_the_next_keyframe_and_hurts_nobody() {
    // C1
    let mut world = World::new(1, Limits::default());
    world.camera.packets = 100;
    let slow = world.join(Protocol::Tcp, &[Kind::Video]);
    let other = world.join(Protocol::Udp, &[Kind::Video]);
    assert!(world.play(|swarm| swarm.tallies().all(|tally| tally.frames >= 3)));
    world.swarm.stop(slow, true);
    assert!(world.play_until(|world| world.session(slow).stats().dropped_frames >= 10));
    world.camera.packets = 5;
    world.swarm.stop(slow, false);
    let before = [slow, other].map(|place| world.swarm.tally(place).unwrap().frames);
    let (mut keyframes, mut last, mut gaps) = (0, None, Vec::new());
    assert!(world.watch(
        |swarm| {
            [slow, other]
                .iter()
                .zip(before)
                .all(|(place, before)| swarm.tally(*place).unwrap().frames >= before + 90)
        },
        |place, packet| {
            if place == slow {
                gaps.extend(
                    last.filter(|last| packet.seq != last + 1)
                        .map(|last| (last, packet.seq)),
                );
                last = Some(packet.seq);
                keyframes += u64::from(packet.payload[8]);
            }
        }
    ));
    assert!(
        keyframes > 0 && gaps.is_empty(),
        "goes on whole with a keyframe: {keyframes} {gaps:?}"
    );
}

#[test]
fn a_viewer_waits_through_a_change_of_source() {
    // A1: the camera comes back, the viewers stayed
    let mut world = World::new(1, Limits::default());
    let viewer = world.join(Protocol::Udp, BOTH);
    assert!(world.play(|swarm| swarm.tally(0).unwrap().frames >= 3));
    let stream = world.camera.stream.clone();
    world.camera = Camera::silent();
    assert!(world.wait(|world| {
        world
            .events(viewer)
            .contains(&SessionEvent::State(Viewstate::AwaitingKeyframe))
    }));
    world.camera = Camera::of(stream);
    let before = world.swarm.tally(0).unwrap().frames;
    assert!(world.play(|swarm| swarm.tally(0).unwrap().frames >= before + 10));
}

#[test]
fn offers_that_can_not_be_served_are_refused_and_leave_nothing_behind() {
    let mut world = World::new(
        1,
        Limits {
            sessions: 1,
            ..Limits::default()
        },
    );
    assert!(matches!(
        world.watch_offer("v=0\r\n", world.camera.stream.clone()),
        Err(Refusal::BadSdp { .. })
    ));
    let firefox = include_str!("../../testdata/firefox-esr.sdp");
    let refused = world
        .watch_offer(firefox, world.camera.stream.clone())
        .unwrap_err();
    assert!(
        matches!(&refused, Refusal::NoCommonCodec { offered, .. } if offered.iter().any(|name| name == "VP8")),
        "{refused:?}"
    );
    let empty = Stream::new();
    assert!(
        world
            .watch_tracks(firefox, empty.clone(), Tracks::default())
            .is_err()
    );
    assert_eq!((empty.demanded(), world.camera.stream.demanded()), (0, 0));
    world.join(Protocol::Udp, BOTH);
    assert_eq!(
        world.try_join(Protocol::Udp, BOTH).unwrap_err(),
        Refusal::TooManySessions { limit: 1 }
    );
}

/// x264, Constrained Baseline: 1280x720 and 640x360.
const SPS_720: &[u8] = &[
    0x67, 0x42, 0xc0, 0x1f, 0xd9, 0x00, 0x50, 0x05, 0xbb, 0x01, 0x10, 0x00, 0x00, 0x03, 0x00, 0x10,
    0x00, 0x00, 0x03, 0x03, 0xc0, 0xf1, 0x83, 0x24, 0x80,
];
const SPS_360: &[u8] = &[
    0x67, 0x42, 0xc0, 0x1e, 0xd9, 0x00, 0xa0, 0x2f, 0xf9, 0x70, 0x11, 0x00, 0x00, 0x03, 0x00, 0x01,
    0x00, 0x00, 0x03, 0x00, 0x3c, 0x0f, 0x16, 0x2e, 0x48,
];

fn two_sizes() -> World {
    let mut world = World::new(1, Limits::default());
    world.camera = Camera::of(Stream::new()).sized(SPS_720, 1);
    let mut second = Camera::of(Stream::new()).sized(SPS_360, 2);
    second.packets = 2;
    world.second = Some(second);
    world
}

/// Plays until a picture of that camera comes; the marks of all that came on the way, runs as one,
/// and whether every number and the sound were there.
fn until_mark(world: &mut World, mark: u8) -> Vec<u8> {
    let mut marks: Vec<u8> = Vec::new();
    let mut last: Option<u64> = None;
    let mut is_there = false;
    let seen = std::cell::Cell::new(false);
    assert!(world.watch(
        |_| seen.get(),
        |_, packet| {
            if packet.kind == Kind::Audio {
                return;
            }
            let is_next = last.is_none_or(|last| packet.seq == last + 1);
            assert!(is_next, "{last:?} then {}", packet.seq);
            last = Some(packet.seq);
            if marks.last() != Some(&packet.payload[9]) {
                let begins = packet.payload[8] == 1;
                assert!(begins || marks.is_empty(), "goes over in mid-group");
                marks.push(packet.payload[9]);
            }
            is_there |= packet.payload[9] == mark && packet.marker;
            seen.set(is_there);
        }
    ));
    marks
}

#[test]
fn a_tile_gets_the_picture_of_its_size_within_one_session() {
    // design.md section 3: main and sub stream switched at keyframes; numbers go on
    let mut world = two_sizes();
    let viewer = world.join(Protocol::Udp, BOTH);
    assert_eq!(until_mark(&mut world, 1), [1]);
    let tile = |width, height| Report {
        tile: Some((width, height)),
        ..Report::default()
    };
    world.session(viewer).report(tile(320, 180));
    assert_eq!(until_mark(&mut world, 2), [1, 2]);
    assert_eq!(world.stats(viewer, |stats| stats.layer == 1).layer, 1);
    // What a report leaves out stays as it was.
    world.session(viewer).report(Report {
        delay: Some(Duration::from_millis(80)),
        ..Report::default()
    });
    let before = world.swarm.tally(0).unwrap().frames;
    assert!(world.play(|swarm| swarm.tally(0).unwrap().frames >= before + 90));
    assert_eq!(world.session(viewer).stats().layer, 1);
    world.session(viewer).report(tile(1_280, 720));
    assert_eq!(until_mark(&mut world, 1), [2, 1]);
    let sound = |events: &[SessionEvent]| {
        let layers = events.iter().filter_map(|event| match event {
            SessionEvent::Layer(layer) => Some(*layer),
            _ => None,
        });
        layers.collect::<Vec<_>>()
    };
    assert_eq!(sound(&world.events(viewer)), [1, 0]);
    let stats = world.stats(viewer, |stats| stats.estimate.is_some());
    assert!(stats.estimate > Some(1_000_000), "{stats:?}");
}

#[test]
fn the_small_picture_stands_in_for_a_camera_that_is_gone() {
    // peers.md section 3, 10
    let mut world = two_sizes();
    world.join(Protocol::Udp, BOTH);
    assert_eq!(until_mark(&mut world, 1), [1]);
    let stream = world.camera.stream.clone();
    world.camera = Camera::silent();
    assert_eq!(until_mark(&mut world, 2).last(), Some(&2));
    world.camera = Camera::of(stream).sized(SPS_720, 1);
    assert_eq!(until_mark(&mut world, 1), [2, 1]);
}

#[test]
fn a_second_picture_in_another_codec_disturbs_nothing() {
    let mut world = two_sizes();
    let stream = Stream::new();
    let tracks = Tracks(vec![track(Codec::Vp8)]);
    let producer = stream.produce(tracks, std::sync::Arc::new(|| {}));
    let mut second = Camera::of(Stream::new());
    (second.stream, second.producer, second.mark) = (stream, producer, 2);
    world.second = Some(second);
    let viewer = world.join(Protocol::Udp, BOTH);
    world.session(viewer).report(Report {
        tile: Some((16, 9)),
        ..Report::default()
    });
    assert!(world.play(|swarm| swarm.tally(0).unwrap().frames >= 90));
    assert_eq!(world.session(viewer).stats().layer, 0);
}
