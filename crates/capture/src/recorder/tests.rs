use lenswire_codec::{H264Decoder, OpusDecoder, Picture};
use lenswire_media::MAX_PAYLOAD;

use super::*;
use crate::{TestPattern, any_instant, stamp};

const NOON: u64 = 1_795_262_400_000_000;

/// A recorder on a clock of its own.
struct World {
    recorder: Recorder<TestPattern>,
    start: Instant,
    now: Duration,
}

impl World {
    fn new() -> Self {
        let start = any_instant();
        let now = Moment {
            steady: start,
            wall: WallTime(NOON),
        };
        let recorder = Recorder::new(TestPattern::new().unwrap(), now).unwrap();
        Self {
            recorder,
            start,
            now: Duration::ZERO,
        }
    }

    fn moment(&self) -> Moment {
        Moment {
            steady: self.start + self.now,
            wall: WallTime(NOON + micros(self.now)),
        }
    }

    /// Sleeps exactly as the thread would, and collects what is made up to `end`.
    fn run_until(&mut self, end: Duration) -> Vec<Made> {
        let mut all = Vec::new();
        while self.now < end {
            match self.recorder.step(self.moment()).unwrap() {
                Some(made) => all.push(made),
                None => {
                    let due = self.recorder.due();
                    self.now = due.saturating_duration_since(self.start).max(self.now);
                }
            }
        }
        all
    }
}

fn of(track: TrackId, made: &[Made]) -> Vec<&[Packet]> {
    made.iter()
        .filter(|m| m.track == track)
        .map(|m| m.packets.as_slice())
        .collect()
}

/// The NAL units of a picture's packets (RFC 6184: single units and FU-A).
fn nal_units(packets: &[Packet]) -> Vec<Vec<u8>> {
    let mut units: Vec<Vec<u8>> = Vec::new();
    for payload in packets.iter().map(|p| &p.payload) {
        match payload[0] & 0x1f {
            28 if payload[1] & 0x80 != 0 => {
                units.push(vec![payload[0] & 0xe0 | payload[1] & 0x1f]);
                units.last_mut().unwrap().extend_from_slice(&payload[2..]);
            }
            28 => units.last_mut().unwrap().extend_from_slice(&payload[2..]),
            _ => units.push(payload.to_vec()),
        }
    }
    units
}

fn decode(decoder: &mut H264Decoder, packets: &[Packet]) -> Picture {
    let units = nal_units(packets);
    decoder
        .decode(units.iter().map(Vec::as_slice))
        .unwrap()
        .expect("one picture a frame")
}

#[test]
fn a_second_is_thirty_pictures_and_fifty_packets_of_sound() {
    let made = World::new().run_until(Duration::from_secs(1));
    let (pictures, sounds) = (of(VIDEO, &made), of(AUDIO, &made));
    assert_eq!((pictures.len(), sounds.len()), (30, 50));
    assert_eq!(made[0].track, VIDEO, "the first picture first");
    let times: Vec<i64> = pictures.iter().map(|p| p[0].time).collect();
    assert_eq!(times, (0..30).map(|n| n * 3_000).collect::<Vec<_>>());
    let times: Vec<i64> = sounds.iter().map(|p| p[0].time).collect();
    assert_eq!(times, (0..50).map(|n| n * 960).collect::<Vec<_>>());
}

#[test]
fn packets_are_numbered_marked_and_small_enough() {
    let made = World::new().run_until(Duration::from_secs(2));
    for track in [VIDEO, AUDIO] {
        let packets: Vec<&Packet> = of(track, &made).into_iter().flatten().collect();
        assert!(
            packets
                .iter()
                .zip(0..)
                .all(|(p, n)| p.seq == n && p.payload.len() <= MAX_PAYLOAD)
        );
    }
    for picture in of(VIDEO, &made) {
        let last = picture.len() - 1;
        assert!(
            picture
                .iter()
                .enumerate()
                .all(|(n, p)| p.frame_start == (n == 0) && p.frame_end == (n == last))
        );
        assert!(
            picture
                .iter()
                .all(|p| p.keyframe == picture[0].keyframe && p.time == picture[0].time)
        );
    }
}

// requirement 102: what is sent along as capture time is what the picture shows.
#[test]
fn pictures_show_the_time_they_are_said_to_be_captured_at() {
    let made = World::new().run_until(Duration::from_secs(1));
    let mut decoder = H264Decoder::new().unwrap();
    for packets in of(VIDEO, &made) {
        let picture = decode(&mut decoder, packets);
        let captured = packets[0].captured.unwrap();
        assert_eq!(stamp::read(&picture), Some(captured.0 / 1_000));
    }
}

#[test]
fn a_keyframe_comes_each_second_and_at_once_when_wished() {
    let mut world = World::new();
    let mut made = world.run_until(Duration::from_millis(500));
    world.recorder.wish_keyframe();
    made.extend(world.run_until(Duration::from_millis(2_600)));
    let pictures = of(VIDEO, &made);
    let keyframes: Vec<usize> = (0..pictures.len())
        .filter(|n| pictures[*n][0].keyframe)
        .collect();
    assert_eq!(keyframes, [0, 15, 45, 75]);
}

#[test]
fn parameter_sets_are_known_after_the_first_picture_and_stand_in_front_of_it() {
    let mut world = World::new();
    let first = world.recorder.step(world.moment()).unwrap().unwrap();
    let ParameterSets::H264 { sps, pps } = world.recorder.tracks().0.remove(0).parameters else {
        panic!("no parameter sets");
    };
    let units = nal_units(&first.packets);
    assert_eq!((units[0].as_slice(), units[1].as_slice()), (&*sps, &*pps));
    assert_eq!(units[2][0] & 0x1f, 5, "IDR");
}

#[test]
fn sound_is_opus_that_ticks_at_the_full_second() {
    let made = World::new().run_until(Duration::from_millis(2_100));
    let mut decoder = OpusDecoder::new(2).unwrap();
    let mut loud = Vec::new();
    for packets in of(AUDIO, &made) {
        let samples = decoder.decode(&packets[0].payload).unwrap();
        assert_eq!(samples.len(), 2 * OPUS_FRAME);
        if samples.iter().any(|s| *s > 4_000) {
            loud.push(packets[0].captured.unwrap().0 - NOON);
        }
    }
    let seconds: Vec<u64> = loud.iter().map(|at| (at + 500_000) / 1_000_000).collect();
    assert!(loud.iter().all(|at| at % 1_000_000 < 100_000), "{loud:?}");
    assert!(
        [0, 1, 2].iter().all(|second| seconds.contains(second)),
        "{loud:?}"
    );
}

// A machine that slept, or is too slow, must show the present and not a queue of the past.
#[test]
fn after_a_pause_the_next_picture_is_of_now_and_sound_leaves_a_gap() {
    let mut world = World::new();
    let before = world.run_until(Duration::from_millis(100));
    world.now = Duration::from_secs(5);
    let made = world.run_until(Duration::from_millis(5_001));
    let (pictures, sounds) = (of(VIDEO, &made), of(AUDIO, &made));
    assert_eq!(pictures.len(), 1);
    assert_eq!(pictures[0][0].captured, Some(WallTime(NOON + 5_000_000)));
    assert_eq!(pictures[0][0].time, 5 * 90_000);
    assert_eq!(sounds.len(), 11, "200 ms made up for, and the one now due");
    let last = of(AUDIO, &before).last().unwrap()[0].seq;
    assert_eq!(sounds[0][0].seq, last + 1, "a gap in time, not a loss");
}

#[test]
fn sound_follows_a_wall_clock_that_was_set() {
    let mut world = World::new();
    world.run_until(Duration::from_millis(100));
    let stepped = Moment {
        wall: WallTime(NOON + 3_600_000_000),
        ..world.moment()
    };
    let start = world.recorder.wall_of(Duration::from_millis(100), stepped);
    assert_eq!(start, stepped.wall);
    let jitter = Moment {
        wall: WallTime(stepped.wall.0 + 900),
        ..stepped
    };
    assert_eq!(
        world.recorder.wall_of(Duration::from_millis(100), jitter),
        start
    );
}
