//! One viewer of a stream to which anything may happen: what it gets can always be decoded.

use std::sync::Arc;
use std::time::{Duration, Instant};

use bolero::check;
use lenswire_fuzz::{BRIEF, Bytes, start};
use lenswire_media::{
    Codec, Consumer, Item, Packet, ParameterSets, Producer, Run, Stream, Track, TrackId, Tracks,
    Viewing,
};

const VIDEO: TrackId = TrackId(0);
const AUDIO: TrackId = TrackId(1);

struct World {
    now: Instant,
    stream: Stream,
    producer: Option<Producer>,
    consumer: Consumer,
    viewing: Viewing,
    out: Vec<Run>,
    /// Per track: the next number and time of the source.
    next: [(u64, i64); 2],
    last: [Option<Sent>; 2],
    /// Video must go on with a keyframe.
    must_begin: bool,
}

/// What is known of the packet sent last on a track.
#[derive(Clone, Copy)]
struct Sent {
    epoch: u32,
    source_seq: u64,
    seq: u64,
    time: u32,
}

fn tracks() -> Tracks {
    let track = |codec, channels| Track {
        codec,
        channels,
        parameters: ParameterSets::None,
    };
    Tracks(vec![track(Codec::H264, 0), track(Codec::Opus, 2)])
}

impl World {
    fn new() -> Self {
        let stream = Stream::new();
        let now = start();
        let consumer = stream.consume(Arc::new(|| {}));
        let producer = Some(stream.produce(tracks(), Arc::new(|| {})));
        let viewing = Viewing::new(stream.join(), now, &[VIDEO, AUDIO]);
        Self {
            now,
            stream,
            producer,
            consumer,
            viewing,
            out: Vec::new(),
            next: [(0, 0); 2],
            last: [None; 2],
            must_begin: true,
        }
    }

    fn write(&mut self, track: TrackId, keyframe: bool, packets: u8, bytes: usize) {
        let Some(producer) = &mut self.producer else {
            return;
        };
        let epoch = producer.epoch();
        let (seq, time) = &mut self.next[usize::from(track.0)];
        let count = u64::from(packets % 4) + 1;
        let packet = |n: u64| {
            let mut payload = vec![0; bytes.max(13)];
            payload[..4].copy_from_slice(&epoch.to_be_bytes());
            payload[4..12].copy_from_slice(&(*seq + n).to_be_bytes());
            payload[12] = u8::from(keyframe && n == 0);
            let (frame_start, frame_end) = (n == 0, n + 1 == count);
            let (time, seq) = (*time, *seq + n);
            Packet {
                payload: payload.into(),
                time,
                captured: None,
                seq,
                frame_start,
                frame_end,
                keyframe,
            }
        };
        let frame = (0..count).map(packet).collect();
        *seq += count;
        *time += 3_000;
        producer.write(track, self.now, frame);
    }

    fn read(&mut self) {
        while let Some(item) = self.consumer.pop() {
            match item {
                Item::Batch(batch) => self.viewing.on_batch(&batch, self.now, &mut self.out),
                Item::Skipped { .. } => self.viewing.on_skipped(),
                Item::Ended => self.viewing.on_ended(),
                Item::Tracks(_) => {}
            }
            self.check();
        }
    }

    fn poll(&mut self) {
        let wake = self.viewing.poll(self.now, &mut self.out);
        assert!(wake.is_none_or(|wake| wake >= self.now));
        self.check();
    }

    fn check(&mut self) {
        let runs = std::mem::take(&mut self.out);
        for out in runs.iter().flat_map(Run::packets) {
            let field = |from: usize, to: usize| {
                out.payload[from..to]
                    .iter()
                    .fold(0, |n, b| n << 8 | u64::from(*b))
            };
            let (epoch, source_seq, begins) =
                (field(0, 4) as u32, field(4, 12), out.payload[12] == 1);
            let last = &mut self.last[usize::from(out.track.0)];
            let is_video = out.track == VIDEO;
            if let Some(last) = last {
                assert!(
                    (epoch, source_seq) > (last.epoch, last.source_seq),
                    "sent twice"
                );
                let gap = out.seq - last.seq;
                let source_gap = source_seq.saturating_sub(last.source_seq);
                assert!(
                    gap == 1 || (epoch == last.epoch && gap <= source_gap),
                    "a gap that the source has not"
                );
                assert!(out.time.wrapping_sub(last.time) < 1 << 31, "time went back");
                self.must_begin |= is_video && epoch != last.epoch;
            } else {
                assert!(out.seq < 1 << 15);
            }
            if is_video {
                assert!(begins || !self.must_begin, "did not begin with a keyframe");
                self.must_begin = false;
            }
            *last = Some(Sent {
                epoch,
                source_seq,
                seq: out.seq,
                time: out.time,
            });
        }
    }

    fn join(&mut self) {
        self.viewing = Viewing::new(self.stream.join(), self.now, &[VIDEO, AUDIO]);
        self.last = [None; 2];
        self.must_begin = true;
        self.poll();
    }

    fn begin_epoch(&mut self) {
        self.producer = Some(self.stream.produce(tracks(), Arc::new(|| {})));
        self.next = [(0, 0); 2];
    }
}

#[test]
fn viewing() {
    check!().with_test_time(BRIEF).for_each(|input: &[u8]| {
        let mut input = Bytes(input);
        let mut world = World::new();
        while !input.is_empty() {
            let (what, how) = (input.u8(), input.u8());
            match what % 12 {
                0 => world.write(VIDEO, true, how, 2_000),
                1..=3 => world.write(VIDEO, false, how, 100),
                4 => world.write(AUDIO, true, 0, 50),
                5 => world.now += Duration::from_millis(u64::from(how)),
                6 => world.read(),
                7 => world.poll(),
                8 => world.join(),
                9 => world.next[usize::from(how & 1)].0 += u64::from(how >> 1),
                10 if how < 128 => world.begin_epoch(),
                10 => world.producer = None,
                _ => world.viewing.set_link(u64::from(how) * 10_000),
            }
            let _ = (
                world.viewing.state(),
                world.viewing.wants_keyframe(),
                world.viewing.dropped(),
            );
        }
        world.read();
        world.poll();
    });
}
