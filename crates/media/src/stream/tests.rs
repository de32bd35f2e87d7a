use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use super::*;
use crate::testing;
use crate::{Codec, Packet, ParameterSets, Track, TrackId};

const VIDEO: TrackId = TrackId(0);
const AUDIO: TrackId = TrackId(1);

fn tracks() -> Tracks {
    let video = Track {
        codec: Codec::H264,
        channels: 0,
        parameters: ParameterSets::None,
    };
    let audio = Track {
        codec: Codec::Opus,
        channels: 2,
        parameters: ParameterSets::None,
    };
    Tracks(vec![video, audio])
}

fn nothing() -> Wake {
    Arc::new(|| {})
}

fn counter() -> (Wake, Arc<AtomicUsize>) {
    let count = Arc::new(AtomicUsize::new(0));
    let inner = Arc::clone(&count);
    (
        Arc::new(move || {
            inner.fetch_add(1, Ordering::Relaxed);
        }),
        count,
    )
}

/// A camera on a fake clock: 30 frames a second, each one packet.
struct Camera {
    producer: Producer,
    start: Instant,
    seq: u64,
    audio_seq: u64,
}

impl Camera {
    fn on(stream: &Stream) -> Self {
        let start = testing::start() + Duration::from_secs(1_000);
        Self {
            producer: stream.produce(tracks(), nothing()),
            start,
            seq: 0,
            audio_seq: 0,
        }
    }

    fn now(&self) -> Instant {
        self.start + Duration::from_micros(33_333 * self.seq)
    }

    fn frame(&mut self, keyframe: bool, bytes: usize) {
        let packet = Packet {
            payload: vec![0; bytes].into(),
            time: 3_000 * i64::try_from(self.seq).unwrap(),
            captured: None,
            seq: self.seq,
            frame_start: true,
            frame_end: true,
            keyframe,
        };
        let now = self.now();
        self.seq += 1;
        self.producer.write(VIDEO, now, vec![packet]);
    }

    fn sound(&mut self) {
        let seq = self.audio_seq;
        self.audio_seq += 1;
        let time = i64::try_from(seq * 960).unwrap();
        let packet = Packet {
            payload: vec![1; 80].into(),
            time,
            captured: None,
            seq,
            frame_start: true,
            frame_end: true,
            keyframe: true,
        };
        let now = self.now();
        self.producer.write(AUDIO, now, vec![packet]);
    }
}

fn drain(consumer: &mut Consumer) -> Vec<Item> {
    std::iter::from_fn(|| consumer.pop()).collect()
}

/// Items as short words: "K0" a keyframe's number, "d1" another frame, "a0" sound, "skip 3".
fn words(items: &[Item]) -> Vec<String> {
    let word = |item: &Item| match item {
        Item::Batch(b) if b.track == AUDIO => format!("a{}", b.packets[0].seq),
        Item::Batch(b) => format!(
            "{}{}",
            if b.packets[0].keyframe { 'K' } else { 'd' },
            b.packets[0].seq
        ),
        Item::Skipped { packets } => format!("skip {packets}"),
        Item::Tracks(_) => "tracks".to_owned(),
        Item::Ended => "ended".to_owned(),
    };
    items.iter().map(word).collect()
}

#[test]
fn every_reader_gets_every_batch_in_order() {
    let stream = Stream::new();
    let mut first = stream.consume(nothing());
    let mut camera = Camera::on(&stream);
    let mut second = stream.consume(nothing());
    camera.frame(true, 100);
    camera.sound();
    camera.frame(false, 100);
    assert_eq!(words(&drain(&mut first)), ["tracks", "K0", "a0", "d1"]);
    assert_eq!(words(&drain(&mut second)), ["K0", "a0", "d1"]);
}

#[test]
fn a_reader_is_woken_once_until_it_has_emptied_its_queue() {
    let stream = Stream::new();
    let mut camera = Camera::on(&stream);
    let (wake, woken) = counter();
    let mut reader = stream.consume(wake);
    camera.frame(true, 100);
    camera.frame(false, 100);
    assert_eq!(woken.load(Ordering::Relaxed), 1);
    drain(&mut reader);
    camera.frame(false, 100);
    assert_eq!(woken.load(Ordering::Relaxed), 2);
}

// C1: a slow reader holds at most 1 s and goes on at a keyframe.
#[test]
fn a_slow_reader_drops_to_the_newest_keyframe_and_is_told_how_much() {
    let stream = Stream::new();
    let mut camera = Camera::on(&stream);
    let mut reader = stream.consume(nothing());
    for n in 0..40 {
        camera.frame(n % 10 == 0, 100);
    }
    let got = words(&drain(&mut reader));
    // Frame 31 came more than 1 s after frame 0; the newest keyframe was then 30.
    assert_eq!(got[..2], ["skip 30", "K30"]);
    assert_eq!(got.last().unwrap(), "d39");
}

#[test]
fn without_a_keyframe_at_hand_a_slow_reader_waits_for_the_next() {
    let stream = Stream::new();
    let mut camera = Camera::on(&stream);
    let mut reader = stream.consume(nothing());
    for n in 0..50 {
        camera.frame(n == 0 || n == 45, 100);
        if n == 40 {
            camera.sound();
        }
    }
    assert_eq!(
        words(&drain(&mut reader)),
        [
            "skip 32", "a0", "skip 13", "K45", "d46", "d47", "d48", "d49"
        ]
    );
}

#[test]
fn a_keyframe_larger_than_the_queue_still_passes() {
    let stream = Stream::new();
    let mut camera = Camera::on(&stream);
    let mut reader = stream.consume(nothing());
    camera.frame(true, QUEUE_BYTES + 1);
    camera.frame(false, 100);
    assert_eq!(words(&drain(&mut reader)), ["K0", "d1"]);
    camera.frame(false, 100);
    camera.frame(false, QUEUE_BYTES + 1);
    assert_eq!(words(&drain(&mut reader)), ["skip 2"]);
}

#[test]
fn a_stream_of_sound_alone_keeps_the_newest() {
    let stream = Stream::new();
    let sound = Track {
        codec: Codec::Opus,
        channels: 2,
        parameters: ParameterSets::None,
    };
    let mut producer = stream.produce(Tracks(vec![sound]), nothing());
    let mut reader = stream.consume(nothing());
    let start = testing::start();
    for n in 0..120 {
        let packet = Packet {
            payload: vec![0; 80].into(),
            time: 0,
            captured: None,
            seq: n,
            frame_start: true,
            frame_end: true,
            keyframe: true,
        };
        producer.write(
            TrackId(0),
            start + Duration::from_millis(20 * n),
            vec![packet],
        );
    }
    let items = drain(&mut reader);
    assert!(items.len() < 60, "{} items waited", items.len());
    assert!(
        matches!(items[0], Item::Skipped { packets } if packets as usize + items.len() - 1 == 120)
    );
}

#[test]
fn who_joins_gets_the_group_of_pictures_from_its_keyframe_on() {
    let stream = Stream::new();
    let mut camera = Camera::on(&stream);
    camera.frame(false, 100);
    assert!(stream.join().gop.is_empty());
    camera.frame(true, 100);
    camera.frame(false, 100);
    camera.frame(true, 100);
    camera.sound();
    camera.frame(false, 100);
    let join = stream.join();
    let gop: Vec<Item> = join.gop.iter().cloned().map(Item::Batch).collect();
    assert_eq!(words(&gop), ["K3", "a0", "d4"]);
    assert_eq!((join.epoch, join.next_seq), (1, vec![5, 1]));
}

// Limits: 8 MiB or 12 s, else wait for a keyframe.
#[test]
fn a_group_of_pictures_that_grew_too_large_is_forgotten_until_the_next_keyframe() {
    let stream = Stream::new();
    let mut camera = Camera::on(&stream);
    camera.frame(true, GOP_BYTES);
    assert_eq!(stream.join().gop.len(), 1);
    camera.frame(false, 1);
    camera.frame(false, 1);
    assert!(stream.join().gop.is_empty());
    camera.frame(true, 1);
    for _ in 0..360 {
        camera.frame(false, 1);
    }
    assert_eq!(stream.join().gop.len(), 361);
    camera.frame(false, 1);
    assert!(stream.join().gop.is_empty());
}

#[test]
fn a_source_that_takes_over_starts_an_epoch_and_silences_the_old_one() {
    let stream = Stream::new();
    let mut old = Camera::on(&stream);
    old.frame(true, 100);
    let mut reader = stream.consume(nothing());
    let mut new = Camera::on(&stream);
    old.frame(true, 100);
    new.frame(true, 100);
    drop(old);
    assert!(stream.is_live());
    let items = drain(&mut reader);
    assert_eq!(words(&items), ["ended", "K0"]);
    assert!(matches!(&items[1], Item::Batch(b) if b.epoch == 2));
    drop(new);
    assert_eq!(words(&drain(&mut reader)), ["ended"]);
    assert!(stream.join().gop.is_empty());
    assert!(stream.tracks().is_some(), "tracks survive the source");
}

#[test]
fn demand_is_counted_and_its_edges_are_told() {
    let stream = Stream::new();
    let (wake, woken) = counter();
    stream.on_demand_change(wake);
    let waiting = stream.demand();
    let reader = stream.consume(nothing());
    assert_eq!((stream.demanded(), woken.load(Ordering::Relaxed)), (2, 1));
    drop(waiting);
    assert_eq!((stream.demanded(), woken.load(Ordering::Relaxed)), (1, 1));
    drop(reader);
    assert_eq!((stream.demanded(), woken.load(Ordering::Relaxed)), (0, 2));
}

// C2: at most one keyframe request a second reaches the source.
#[test]
fn keyframe_wishes_are_merged_and_passed_on_once_a_second() {
    let stream = Stream::new();
    let (wake, woken) = counter();
    let mut producer = stream.produce(tracks(), wake);
    let start = testing::start();
    let mut passed = Vec::new();
    for ms in (0..3_000).step_by(10) {
        let now = start + Duration::from_millis(ms);
        stream.request_keyframe(now);
        if producer.keyframe_wanted(now) {
            passed.push(ms);
        }
    }
    assert_eq!(passed, [0, 1_000, 2_000]);
    assert!(woken.load(Ordering::Relaxed) >= 3);
}

#[test]
fn a_wish_that_came_too_early_is_kept_and_a_keyframe_fulfils_it() {
    let stream = Stream::new();
    let mut camera = Camera::on(&stream);
    let start = camera.start;
    stream.request_keyframe(start);
    assert!(camera.producer.keyframe_wanted(start));
    stream.request_keyframe(start);
    assert!(
        !camera
            .producer
            .keyframe_wanted(start + Duration::from_millis(999))
    );
    assert!(
        camera
            .producer
            .keyframe_wanted(start + Duration::from_secs(1))
    );
    stream.request_keyframe(start);
    camera.frame(true, 100);
    assert!(
        !camera
            .producer
            .keyframe_wanted(start + Duration::from_secs(9))
    );
}

#[test]
fn changed_tracks_are_told_to_readers_and_watchers() {
    let stream = Stream::new();
    let (wake, woken) = counter();
    let watching = stream.on_tracks(wake);
    let mut producer = stream.produce(tracks(), nothing());
    let mut reader = stream.consume(nothing());
    producer.set_tracks(tracks());
    assert!(reader.pop().is_none(), "nothing changed");
    let mut learned = tracks();
    learned.0[0].parameters = ParameterSets::H264 {
        sps: [0x67_u8].as_slice().into(),
        pps: [0x68_u8].as_slice().into(),
    };
    producer.set_tracks(learned.clone());
    assert!(matches!(reader.pop(), Some(Item::Tracks(t)) if *t == learned));
    assert_eq!(woken.load(Ordering::Relaxed), 2);
    drop(watching);
    producer.set_tracks(Tracks::default());
    assert_eq!(woken.load(Ordering::Relaxed), 2);
}

// requirement 62: bitrate, frame rate, keyframe interval and losses of a source.
#[test]
fn a_source_is_measured() {
    let stream = Stream::new();
    let mut camera = Camera::on(&stream);
    for n in 0..150 {
        if n == 50 {
            camera.seq += 3;
        }
        camera.frame(n % 30 == 0, 1_000);
    }
    let stats = stream.stats(camera.now());
    assert!(
        (235_000..245_000).contains(&stats.bitrate),
        "{} bit/s",
        stats.bitrate
    );
    assert!(
        (29.0..31.0).contains(&stats.frames_per_second),
        "{} fps",
        stats.frames_per_second
    );
    let interval = stats.keyframe_interval.unwrap();
    assert!(
        interval.abs_diff(Duration::from_secs(1)) < Duration::from_millis(1),
        "{interval:?}"
    );
    assert_eq!((stats.lost_packets, stats.b_frames), (3, false));
    let later = stream.stats(camera.now() + Duration::from_secs(5));
    assert_eq!((later.bitrate, later.frames_per_second), (0, 0.0));
}

#[test]
fn the_keyframe_interval_is_the_median_of_the_last_five() {
    let stream = Stream::new();
    let mut camera = Camera::on(&stream);
    // Frames between keyframes: one wish of a viewer among the regular ones.
    for gap in [90, 60, 60, 5, 60, 60, 5] {
        camera.frame(true, 10);
        (1..gap).for_each(|_| camera.frame(false, 10));
    }
    camera.frame(true, 10);
    let interval = stream.join().keyframe_interval.unwrap();
    assert!(
        interval.abs_diff(Duration::from_secs(2)) < Duration::from_millis(1),
        "{interval:?}"
    );
}

#[test]
fn other_codecs_make_the_cached_pictures_void() {
    let stream = Stream::new();
    let mut camera = Camera::on(&stream);
    camera.frame(true, 10);
    let mut other = tracks();
    other.0[0].parameters = ParameterSets::H264 {
        sps: [0x67].as_slice().into(),
        pps: [0x68].as_slice().into(),
    };
    camera.producer.set_tracks(other.clone());
    assert_eq!(stream.join().gop.len(), 1, "learned sets change nothing");
    other.0[0].codec = Codec::H265;
    camera.producer.set_tracks(other);
    assert!(stream.join().gop.is_empty());
}
