mod world;

use std::sync::Arc;
use std::time::Duration;

use super::*;
use crate::testing::{self, Chance, SPS_720, SPS_1080_B, h264_sets};
use crate::{Codec, ParameterSets, Track, Tracks};
use world::{AUDIO, Camera, Got, VIDEO, World, batch};

const MS: Duration = Duration::from_millis(1);

/// How long after joining the newest frame is shown within `slack` of its being sent.
fn time_to_edge(world: &World, joined: Duration) -> Option<Duration> {
    // At the edge for good: from the last packet that was late on.
    let late = |got: &&Got| world.delay_of(got) > 40 * MS;
    let last_late = world.got_of(VIDEO).filter(late).last();
    match last_late {
        None => world.got_of(VIDEO).next().map(|got| got.at - joined),
        Some(last) => world
            .got_of(VIDEO)
            .find(|got| got.at > last.at)
            .map(|got| got.at - joined),
    }
}

// A5: a 10 s group of pictures, joined at every frame of it: a picture at once, and the live edge
// after a third of its age or at the next keyframe, whichever is sooner.
#[test]
fn joining_anywhere_in_a_group_shows_a_picture_at_once_and_reaches_the_live_edge_soon() {
    for age in 0..300 {
        let mut world = World::new(Camera::default());
        world.run_for(Duration::from_secs(20) + 33_333 * age * MS / 1_000 + MS);
        world.join();
        let joined = world.now;
        assert_eq!(
            world.got_of(VIDEO).next().map(|got| got.at),
            Some(joined),
            "age {age}"
        );
        world.run_for(Duration::from_secs(6));
        world.check();
        let age = Duration::from_micros(33_333) * age;
        let replay = age / 3;
        let keyframe = Duration::from_secs(10) - age;
        let edge = time_to_edge(&world, joined).unwrap();
        assert!(
            edge <= replay.min(keyframe) + 80 * MS,
            "{age:?} old: at the live edge after {edge:?}"
        );
        assert_eq!(world.viewing().state(), Viewstate::Live);
    }
}

// No packet is missing or doubled where a replay goes over into the live stream.
#[test]
fn a_replay_runs_into_the_live_stream_without_a_seam() {
    for age in (0..220).step_by(3) {
        let mut world = World::new(Camera::default());
        world.run_for(Duration::from_secs(20) + 33_333 * age * MS / 1_000 + MS);
        world.join();
        world.run_for(Duration::from_secs(2));
        world.check();
        let seqs: Vec<u64> = world.got_of(VIDEO).map(|got| got.source_seq).collect();
        assert!(
            seqs.windows(2).all(|pair| pair[1] == pair[0] + 1),
            "age {age}: {seqs:?}"
        );
        assert_eq!(seqs[0] % 600, 0);
    }
}

// testing.md's finding: Chromium keeps up only if timestamps follow the sending clock.
#[test]
fn timestamps_of_a_replay_follow_the_sending_clock() {
    for lag in [Duration::ZERO, 2 * MS, 7 * MS] {
        let mut world = World::new(Camera::default());
        world.lag = lag;
        world.run_for(Duration::from_secs(26));
        world.join();
        let joined = world.now;
        world.run_for(Duration::from_secs(6));
        world.check();
        let first = world.got_of(VIDEO).next().unwrap().out.time;
        for got in world.got_of(VIDEO) {
            let shown = f64::from(got.out.time.wrapping_sub(first)) / 90.0;
            let sent = (got.at - joined).as_secs_f64() * 1e3;
            let late = lag.as_secs_f64() * 1e3 + 12.0;
            assert!(
                (shown - sent).abs() <= late,
                "stamped {shown} ms, sent at {sent} ms"
            );
        }
    }
}

// Pictures that are larger than 720p30 are replayed slower, so that a browser keeps up; where
// that would hardly gain, the keyframe stands until the next.
#[test]
fn larger_pictures_are_replayed_slower() {
    let pace_of = |parameters: fn() -> ParameterSets| {
        let mut world = World::new(Camera {
            parameters,
            ..Camera::default()
        });
        world.run_for(Duration::from_secs(23));
        world.join();
        world.run_for(Duration::from_secs(1));
        world.got_of(VIDEO).filter(|got| got.out.marker).count() as f64 / 30.0
    };
    let pace = pace_of(|| h264_sets(SPS_720));
    assert!((3.7..4.3).contains(&pace), "720p at {pace}");
    let pace = pace_of(|| h264_sets(SPS_1080_B));
    assert!((1.6..1.9).contains(&pace), "1080p at {pace}");
}

#[test]
fn a_narrow_link_gets_the_still_and_then_the_next_keyframe() {
    let mut world = World::new(Camera::default());
    world.run_for(Duration::from_secs(24));
    world.join();
    // 240 kbit/s of camera over a link of 250: no room to replay.
    world.viewing.as_mut().unwrap().set_link(250_000);
    world.run_for(Duration::from_secs(7));
    world.check();
    let frames: Vec<u64> = world
        .got_of(VIDEO)
        .filter(|got| got.out.marker)
        .map(|got| got.frame)
        .collect();
    assert_eq!(
        frames[..4],
        [600, 601, 602, 900],
        "the still of the past, then the next keyframe"
    );
    assert_eq!(world.viewing().state(), Viewstate::Live);
}

#[test]
fn near_the_next_keyframe_the_old_one_stands_still() {
    let mut world = World::new(Camera::default());
    world.run_for(Duration::from_millis(29_000));
    world.join();
    assert!(
        matches!(world.viewing().state(), Viewstate::CatchingUp { behind } if behind > Duration::from_secs(8))
    );
    assert!(world.viewing().wants_keyframe());
    world.run_for(Duration::from_secs(2));
    world.check();
    let frames: Vec<u64> = world
        .got_of(VIDEO)
        .filter(|got| got.out.marker)
        .map(|got| got.frame)
        .collect();
    assert_eq!(frames[..5], [600, 601, 602, 900, 901]);
    let (still, next) = (
        &world.got[0],
        world.got_of(VIDEO).find(|got| got.frame == 900).unwrap(),
    );
    let shown = f64::from(next.out.time.wrapping_sub(still.out.time)) / 90_000.0;
    let passed = (next.at - still.at).as_secs_f64();
    assert!(
        (shown - passed).abs() < 0.001,
        "{shown} s shown for {passed} s"
    );
}

// A keyframe that was promised and does not come must not leave a still standing.
#[test]
fn a_still_is_given_up_when_the_next_keyframe_is_overdue() {
    let mut world = World::new(Camera {
        gop: 60,
        ..Camera::default()
    });
    world.run_for(Duration::from_millis(19_900));
    world.camera.gop = 1_000_000;
    world.join();
    world.run_for(Duration::from_secs(3));
    world.check();
    assert_eq!(world.viewing().state(), Viewstate::Live);
    assert!(world.got_of(VIDEO).last().unwrap().frame > 680);
}

// Limits: what a viewer holds is bounded as the cache is, also when the promised keyframe stays out.
#[test]
fn a_still_that_waits_in_vain_holds_a_bounded_backlog() {
    let large = Camera {
        bytes: 15_000,
        ..Camera::default()
    };
    let long = Camera {
        gop: 345,
        ..Camera::default()
    };
    for (camera, age) in [(large, 18_500), (long, 22_500)] {
        let mut world = World::new(camera);
        world.run_for(MS * age);
        world.camera.gop = 1_000_000;
        world.join();
        assert!(world.viewing().replay.is_some());
        world.run_for(Duration::from_millis(1_200));
        world.check();
        assert_eq!(world.viewing().state(), Viewstate::AwaitingKeyframe);
        assert!(world.viewing().replay.is_none());
    }
}

#[test]
fn pictures_too_large_to_replay_are_a_still_and_then_the_next_keyframe() {
    let mut world = World::new(Camera::default());
    world.run_for(Duration::from_secs(12));
    world.join_with(|join| join.size = Some((3_840, 2_160)));
    world.run_for(Duration::from_secs(9));
    world.check();
    let frames: Vec<u64> = world
        .got_of(VIDEO)
        .filter(|got| got.out.marker)
        .map(|got| got.frame)
        .collect();
    assert_eq!(frames[..4], [300, 301, 302, 600]);
    // When nobody knows how long the next will take, the still is all there is as well.
    let mut world = World::new(Camera::default());
    world.run_for(Duration::from_secs(5));
    world.join_with(|join| join.size = Some((3_840, 2_160)));
    world.run_for(Duration::from_secs(2));
    assert_eq!(world.got_of(VIDEO).filter(|got| got.out.marker).count(), 3);
    assert_eq!(world.viewing().state(), Viewstate::AwaitingKeyframe);
}

#[test]
fn sound_comes_from_the_live_edge_only() {
    let mut world = World::new(Camera::default());
    world.run_for(Duration::from_secs(25));
    world.join();
    let joined = world.now;
    world.run_for(Duration::from_secs(3));
    world.check();
    let sounds: Vec<&Got> = world.got_of(AUDIO).collect();
    assert_eq!(sounds.len(), 150);
    assert!(
        sounds
            .iter()
            .all(|got| got.at >= joined && got.out.arrived == world.at(got.at) && !got.out.marker)
    );
}

#[test]
fn a_viewer_drops_its_group_of_pictures_when_it_is_live() {
    let mut world = World::new(Camera::default());
    world.run_for(Duration::from_secs(25));
    world.join();
    assert!(world.viewing().replay.is_some());
    world.run_for(Duration::from_secs(3));
    assert!(world.viewing().replay.is_none());
    assert!(size_of::<Viewing>() + 2 * size_of::<Lane>() < 1_024);
}

#[test]
fn without_a_cached_keyframe_nothing_comes_until_one_does() {
    let start = testing::start();
    let stream = crate::Stream::new();
    let video = Track {
        codec: Codec::Vp8,
        channels: 0,
        parameters: ParameterSets::None,
    };
    let mut producer = stream.produce(Tracks(vec![video]), Arc::new(|| {}));
    let mut out = Vec::new();
    producer.write(VIDEO, start, batch(1, 0, false, start).packets.to_vec());
    let mut viewing = Viewing::new(stream.join(), start, &[VIDEO]);
    assert_eq!(viewing.poll(start, &mut out), None);
    viewing.on_batch(&batch(1, 1, false, start), start, &mut out);
    assert!(out.is_empty() && viewing.wants_keyframe());
    assert_eq!(viewing.state(), Viewstate::AwaitingKeyframe);
    viewing.on_batch(&batch(1, 2, true, start), start, &mut out);
    assert_eq!(
        (out.len(), viewing.state(), viewing.wants_keyframe()),
        (1, Viewstate::Live, false)
    );
    assert_eq!(
        viewing.dropped(),
        Dropped::default(),
        "what came before the beginning is no loss"
    );
}

// Packets that the thread had not read when the viewer joined are in the snapshot already.
#[test]
fn what_the_snapshot_had_is_not_sent_twice() {
    let mut world = World::new(Camera {
        gop: 30,
        ..Camera::default()
    });
    world.run_for(Duration::from_millis(1_990));
    world.reads = false;
    world.run_for(Duration::from_millis(500));
    world.join();
    let joined = world.now;
    world.reads = true;
    world.read();
    let at_once = world.got_of(VIDEO).filter(|got| got.at == joined).count();
    assert_eq!(
        at_once, 2,
        "the first frame; the rest is paced, although its keyframe was in the queue"
    );
    world.run_for(Duration::from_secs(3));
    world.check();
    let seqs: Vec<u64> = world.got_of(VIDEO).map(|got| got.source_seq).collect();
    assert!(seqs.windows(2).all(|pair| pair[1] == pair[0] + 1));
}

// C1: a thread that fell behind goes on at a keyframe, and what was dropped is counted.
#[test]
fn after_a_skip_video_goes_on_at_a_keyframe_without_a_gap_in_numbers() {
    let mut world = World::new(Camera {
        gop: 60,
        ..Camera::default()
    });
    world.run_for(Duration::from_millis(100));
    world.join();
    world.run_for(Duration::from_millis(900));
    world.reads = false;
    world.run_for(Duration::from_millis(1_500));
    world.reads = true;
    world.run_for(Duration::from_secs(5));
    world.check();
    let breaks: Vec<_> = {
        let got: Vec<&Got> = world.got_of(VIDEO).collect();
        got.windows(2)
            .filter(|p| p[1].source_seq != p[0].source_seq + 1)
            .map(|p| p[1].keyframe)
            .collect()
    };
    assert_eq!(breaks, [true]);
    assert_eq!(world.viewing().state(), Viewstate::Live);
}

// A skip while catching up: what the viewer has is shown to its end, then it waits for a keyframe.
#[test]
fn a_skip_behind_a_replay_ends_it_at_a_closed_gate() {
    let mut world = World::new(Camera::default());
    world.run_for(Duration::from_secs(23));
    world.join();
    world.viewing.as_mut().unwrap().on_skipped();
    world.run_for(Duration::from_secs(3));
    assert_eq!(world.viewing().state(), Viewstate::AwaitingKeyframe);
    assert_eq!(
        world.got_of(VIDEO).last().unwrap().frame,
        690,
        "the last frame before the skip"
    );
    assert!(world.viewing().wants_keyframe() && world.viewing().dropped().frames > 80);
    world.run_for(Duration::from_secs(5));
    world.check();
    assert_eq!(world.viewing().state(), Viewstate::Live);
}

#[test]
fn frames_held_back_for_a_keyframe_are_counted() {
    let start = testing::start();
    let mut world = World::new(Camera::default());
    world.run_for(100 * MS);
    world.join();
    world.run_for(100 * MS);
    let viewing = world.viewing.as_mut().unwrap();
    let mut out = Vec::new();
    viewing.on_skipped();
    for seq in 100..105 {
        viewing.on_batch(&batch(1, seq, false, start), start, &mut out);
    }
    assert!(out.is_empty());
    assert_eq!(
        viewing.dropped(),
        Dropped {
            packets: 5,
            frames: 5
        }
    );
    assert!(viewing.wants_keyframe());
}

// requirement 96, A1: the camera is gone and comes back under a playing viewer.
#[test]
fn a_camera_that_comes_back_goes_on_where_time_is_now() {
    let mut world = World::new(Camera {
        gop: 30,
        ..Camera::default()
    });
    world.run_for(Duration::from_secs(3));
    world.join();
    world.run_for(Duration::from_secs(3));
    world.producer = None;
    world.read();
    world.run_for(Duration::from_secs(20));
    assert_eq!(world.viewing().state(), Viewstate::AwaitingKeyframe);
    let before = world.got_of(VIDEO).last().unwrap().clone();
    world.begin_epoch();
    world.run_for(Duration::from_secs(3));
    world.check();
    let after = world.got_of(VIDEO).find(|got| got.epoch == 2).unwrap();
    assert!(after.keyframe && after.out.seq == before.out.seq + 1);
    let shown = f64::from(after.out.time.wrapping_sub(before.out.time)) / 90_000.0;
    let passed = (after.at - before.at).as_secs_f64();
    assert!(
        (shown - passed).abs() < 0.001,
        "{shown} s shown for {passed} s"
    );
    assert_eq!(world.viewing().state(), Viewstate::Live);
    assert!(world.got_of(AUDIO).any(|got| got.epoch == 2));
}

// A3, soak: a source whose clock is 500 ppm fast for an hour, and that stalls for 5 s every ten
// minutes, ends with the delay it began with; and when it comes back after that hour, time has not
// run away.
#[test]
fn a_fast_clock_adds_no_delay_in_an_hour() {
    let mut world = World::new(Camera {
        ppm: 500,
        gop: 30,
        packets: 1,
        bytes: 32,
        ..Camera::default()
    });
    world.run_for(Duration::from_secs(2));
    world.join();
    let hour = Duration::from_secs(3_600);
    world.run_for(Duration::from_secs(10));
    let delay_at_first = world.delay_of(world.got_of(VIDEO).last().unwrap());
    world.forget();
    for turn in 0..360 {
        if turn % 60 == 30 {
            world.stall(Duration::from_secs(5));
        }
        world.run_for(hour / 360);
        world.check();
        let last = world.got_of(VIDEO).last().unwrap();
        assert_eq!(last.out.arrived, world.at(last.at), "sent when it came");
        world.forget();
    }
    let before = world.got_of(VIDEO).last().unwrap().clone();
    world.producer = None;
    world.read();
    world.begin_epoch();
    world.run_for(Duration::from_secs(2));
    world.check();
    let last = world.got_of(VIDEO).last().unwrap();
    assert!(world.delay_of(last) <= delay_at_first + MS);
    let after = world.got_of(VIDEO).find(|got| got.epoch == 2).unwrap();
    let shown = f64::from(after.out.time.wrapping_sub(before.out.time)) / 90_000.0;
    assert!((shown - (after.at - before.at).as_secs_f64()).abs() < 0.001);
}

#[test]
fn losses_at_the_source_are_gaps_for_the_viewer_too() {
    let mut world = World::new(Camera {
        gop: 30,
        ..Camera::default()
    });
    world.lost = [130, 131, 200, 301].into();
    world.run_for(Duration::from_secs(2));
    world.join();
    world.run_for(Duration::from_secs(6));
    world.check();
    let got: Vec<&Got> = world.got_of(VIDEO).collect();
    let offset = got[0].out.seq.wrapping_sub(got[0].source_seq);
    assert!(
        got.iter()
            .all(|got| got.out.seq.wrapping_sub(got.source_seq) == offset),
        "numbers keep their distance"
    );
}

// Numbers must never jump by so much that an SRTP receiver takes the rollover counter wrong.
#[test]
fn a_senseless_gap_is_shown_as_one_packet() {
    let start = testing::start();
    let mut world = World::new(Camera::default());
    world.run_for(100 * MS);
    world.join();
    let viewing = world.viewing.as_mut().unwrap();
    let mut out = Vec::new();
    for seq in [1_000_000, u64::MAX - 1] {
        viewing.on_batch(&batch(1, seq, true, start), start, &mut out);
    }
    let seqs: Vec<u64> = out.iter().filter_map(|run| Some(run.seqs()?.0)).collect();
    assert_eq!(seqs[1], seqs[0] + 2);
    assert!(seqs[0] < 100);
}

// Random worlds: joins, lags, losses, thread stalls, cameras that go and come.
#[test]
fn whatever_happens_the_viewer_gets_a_decodable_stream() {
    for seed in 0..60 {
        let mut chance = Chance::new(seed);
        let mut world = World::new(Camera {
            gop: 10 + chance.below(300),
            packets: 1 + chance.below(4),
            ..Camera::default()
        });
        world.run_for(MS * chance.below(15_000) as u32);
        world.join();
        for _ in 0..20 {
            match chance.below(5) {
                0 => {
                    world.producer = None;
                    world.read();
                }
                1 => world.begin_epoch(),
                2 => world.reads = !world.reads,
                3 => world.lag = MS * chance.below(60) as u32,
                _ => world.lost.extend((0..5).map(|_| chance.below(4_000))),
            }
            world.run_for(MS * chance.below(3_000) as u32);
        }
        world.reads = true;
        world.begin_epoch();
        world.run_for(Duration::from_secs(12));
        world.check();
        assert_eq!(world.viewing().state(), Viewstate::Live, "seed {seed}");
        // After a break, video always goes on with a keyframe.
        let got: Vec<&Got> = world.got_of(VIDEO).collect();
        for pair in got.windows(2).filter(|p| p[0].epoch != p[1].epoch) {
            assert!(pair[1].keyframe, "seed {seed}");
        }
    }
}
