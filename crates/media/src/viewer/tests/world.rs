//! A camera, a stream, a thread and one viewer on a fake clock.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::testing;
use crate::viewer::{Run, Viewing};
use crate::{
    Batch, Codec, Consumer, Item, Join, Packet, ParameterSets, Producer, Stream, Track, TrackId,
    Tracks,
};

pub(super) const VIDEO: TrackId = TrackId(0);
pub(super) const AUDIO: TrackId = TrackId(1);
const FRAME: Duration = Duration::from_nanos(33_333_333);
const SOUND: Duration = Duration::from_millis(20);

/// What the camera is like.
#[derive(Clone, Copy)]
pub(super) struct Camera {
    /// Frames from keyframe to keyframe.
    pub(super) gop: u64,
    /// Packets per frame.
    pub(super) packets: u64,
    /// Bytes per packet.
    pub(super) bytes: usize,
    /// Its clock is this much too fast, in millionths.
    pub(super) ppm: i64,
    pub(super) parameters: fn() -> ParameterSets,
}

impl Default for Camera {
    fn default() -> Self {
        Self {
            gop: 300,
            packets: 2,
            bytes: 500,
            ppm: 0,
            parameters: || ParameterSets::None,
        }
    }
}

/// What was sent.
#[derive(Clone, Debug)]
pub(super) struct Sent {
    pub(super) track: TrackId,
    pub(super) seq: u64,
    pub(super) time: u32,
    pub(super) marker: bool,
    pub(super) arrived: Instant,
}

/// One packet as the viewer got it.
#[derive(Clone, Debug)]
pub(super) struct Got {
    pub(super) at: Duration,
    pub(super) out: Sent,
    /// The epoch and number that the camera gave it.
    pub(super) epoch: u64,
    pub(super) source_seq: u64,
    pub(super) frame: u64,
    pub(super) keyframe: bool,
}

pub(super) struct World {
    pub(super) start: Instant,
    pub(super) now: Duration,
    pub(super) stream: Stream,
    pub(super) camera: Camera,
    pub(super) producer: Option<Producer>,
    consumer: Consumer,
    pub(super) viewing: Option<Viewing>,
    wake: Option<Duration>,
    pub(super) got: Vec<Got>,
    forgot: bool,
    out: Vec<Run>,
    frame: u64,
    next_frame: Duration,
    next_sound: Duration,
    seqs: [u64; 2],
    epoch: u64,
    epoch_frame: u64,
    sound: u64,
    /// Packet numbers of video that the network in front of us loses.
    pub(super) lost: BTreeSet<u64>,
    /// How late the thread comes to its timers.
    pub(super) lag: Duration,
    /// The thread reads the stream only while this is set.
    pub(super) reads: bool,
}

impl World {
    pub(super) fn new(camera: Camera) -> Self {
        let stream = Stream::new();
        let mut world = Self {
            start: testing::start(),
            now: Duration::ZERO,
            consumer: stream.consume(Arc::new(|| {})),
            stream,
            camera,
            producer: None,
            viewing: None,
            wake: None,
            got: Vec::new(),
            forgot: false,
            out: Vec::new(),
            frame: 0,
            next_frame: Duration::ZERO,
            next_sound: Duration::ZERO,
            seqs: [0; 2],
            epoch: 0,
            epoch_frame: 0,
            sound: 0,
            lost: BTreeSet::new(),
            lag: Duration::ZERO,
            reads: true,
        };
        world.begin_epoch();
        world
    }

    /// The camera comes (back), beginning with the first frame of a group.
    pub(super) fn begin_epoch(&mut self) {
        let video = Track {
            codec: Codec::H264,
            channels: 0,
            parameters: (self.camera.parameters)(),
        };
        let audio = Track {
            codec: Codec::Opus,
            channels: 2,
            parameters: ParameterSets::None,
        };
        self.producer = Some(
            self.stream
                .produce(Tracks(vec![video, audio]), Arc::new(|| {})),
        );
        self.epoch += 1;
        (self.epoch_frame, self.seqs) = (0, [0; 2]);
        self.next_frame = self.next_frame.max(self.now);
        self.next_sound = self.next_sound.max(self.now);
    }

    pub(super) fn at(&self, at: Duration) -> Instant {
        self.start + at
    }

    pub(super) fn join(&mut self) {
        self.join_with(|_| {});
    }

    pub(super) fn join_with(&mut self, change: impl FnOnce(&mut Join)) {
        let now = self.at(self.now);
        let mut join = self.stream.join();
        change(&mut join);
        self.viewing = Some(Viewing::new(join, now, &[VIDEO, AUDIO]));
        self.wake = Some(self.now);
        self.poll();
    }

    pub(super) fn run_for(&mut self, time: Duration) {
        let end = self.now + time;
        loop {
            let wake = self.wake.map(|at| at + self.lag);
            let next = [Some(self.next_frame), Some(self.next_sound), wake]
                .into_iter()
                .flatten()
                .min();
            let Some(next) = next.filter(|next| *next < end) else {
                break;
            };
            self.now = self.now.max(next);
            if next == self.next_frame {
                self.next_frame += FRAME;
                self.film();
            } else if next == self.next_sound {
                self.next_sound += SOUND;
                self.record();
            } else {
                self.poll();
            }
        }
        self.now = end;
    }

    /// Nothing comes for so long, while the camera's clock runs on.
    pub(super) fn stall(&mut self, time: Duration) {
        let frames = (time.as_nanos() / FRAME.as_nanos()) as u64;
        let sounds = (time.as_nanos() / SOUND.as_nanos()) as u64;
        self.next_frame += FRAME * frames as u32;
        self.next_sound += SOUND * sounds as u32;
        (self.frame, self.epoch_frame) = (self.frame + frames, self.epoch_frame + frames);
        self.sound += sounds;
    }

    fn film(&mut self) {
        let arrived = self.at(self.now);
        let keyframe = self.epoch_frame.is_multiple_of(self.camera.gop);
        // Each run of the source has its own times.
        let time = (self.epoch_frame + 50_000 * self.epoch) as i64 * 3_000;
        let time = time * (1_000_000 + self.camera.ppm) / 1_000_000;
        let mut packets = Vec::new();
        for n in 0..self.camera.packets {
            let seq = self.seqs[0];
            self.seqs[0] += 1;
            if self.lost.contains(&seq) {
                continue;
            }
            let mut payload = vec![0; self.camera.bytes.max(32)];
            for (field, value) in
                payload
                    .chunks_mut(8)
                    .zip([self.epoch, seq, self.frame, u64::from(keyframe)])
            {
                field.copy_from_slice(&value.to_be_bytes());
            }
            let (frame_start, frame_end) = (n == 0, n + 1 == self.camera.packets);
            packets.push(Packet {
                payload: payload.into(),
                time,
                captured: None,
                seq,
                frame_start,
                frame_end,
                keyframe,
            });
        }
        self.frame += 1;
        self.epoch_frame += 1;
        if let Some(producer) = &mut self.producer {
            producer.write(VIDEO, arrived, packets);
        }
        self.read();
    }

    fn record(&mut self) {
        let arrived = self.at(self.now);
        let mut payload = vec![0; 40];
        payload[..8].copy_from_slice(&self.epoch.to_be_bytes());
        payload[8..16].copy_from_slice(&self.seqs[1].to_be_bytes());
        let packet = Packet {
            payload: payload.into(),
            time: (self.sound + 10_000 * self.epoch) as i64 * 960,
            captured: None,
            seq: self.seqs[1],
            frame_start: true,
            frame_end: true,
            keyframe: true,
        };
        self.seqs[1] += 1;
        self.sound += 1;
        if let Some(producer) = &mut self.producer {
            producer.write(AUDIO, arrived, vec![packet]);
        }
        self.read();
    }

    /// What a media thread does when it is woken.
    pub(super) fn read(&mut self) {
        while let Some(item) = self.reads.then(|| self.consumer.pop()).flatten() {
            let now = self.at(self.now);
            let Some(viewing) = &mut self.viewing else {
                continue;
            };
            match item {
                Item::Batch(batch) => viewing.on_batch(&batch, now, &mut self.out),
                Item::Skipped { .. } => viewing.on_skipped(),
                Item::Ended => viewing.on_ended(),
                Item::Tracks(_) => {}
            }
        }
        self.poll();
    }

    fn poll(&mut self) {
        let now = self.at(self.now);
        if let Some(viewing) = &mut self.viewing {
            let wake = viewing.poll(now, &mut self.out);
            self.wake = wake.map(|at| at - self.start);
        }
        for run in self.out.drain(..) {
            for packet in run.packets() {
                let field = |n: usize| {
                    packet
                        .payload
                        .get(8 * n..8 * n + 8)
                        .map_or(0, |b| u64::from_be_bytes(b.try_into().unwrap()))
                };
                let out = Sent {
                    track: packet.track,
                    seq: packet.seq,
                    time: packet.time,
                    marker: packet.marker,
                    arrived: packet.arrived,
                };
                self.got.push(Got {
                    at: self.now,
                    out,
                    epoch: field(0),
                    source_seq: field(1),
                    frame: field(2),
                    keyframe: field(3) == 1,
                });
            }
        }
    }

    pub(super) fn viewing(&self) -> &Viewing {
        self.viewing.as_ref().unwrap()
    }

    pub(super) fn got_of(&self, track: TrackId) -> impl Iterator<Item = &Got> {
        self.got.iter().filter(move |got| got.out.track == track)
    }

    /// How long after the camera sent it the newest frame got to the viewer.
    pub(super) fn delay_of(&self, got: &Got) -> Duration {
        got.at
            .saturating_sub(FRAME * u32::try_from(got.frame).unwrap())
    }

    /// Checks what holds for every viewer at any time.
    pub(super) fn check(&self) {
        for track in [VIDEO, AUDIO] {
            let got: Vec<&Got> = self.got_of(track).collect();
            let Some(first) = got.first() else { continue };
            assert!(self.forgot || first.out.seq < 1 << 15);
            for pair in got.windows(2) {
                let (a, b) = (pair[0], pair[1]);
                let step = b.out.seq - a.out.seq;
                let is_gap = track == VIDEO
                    && a.epoch == b.epoch
                    && self.lost.range(a.source_seq..b.source_seq).count() > 0;
                assert!(
                    step == 1 || (is_gap && step <= 1 + self.lost.len() as u64),
                    "{a:?} then {b:?}"
                );
                assert!(
                    (a.epoch, a.source_seq) < (b.epoch, b.source_seq),
                    "duplicate: {a:?} then {b:?}"
                );
                let time = b.out.time.wrapping_sub(a.out.time) as i32;
                assert!(
                    time >= 0 && (time > 0 || a.frame == b.frame),
                    "time: {a:?} then {b:?}"
                );
            }
        }
        if let Some(first) = self.got_of(VIDEO).next().filter(|_| !self.forgot) {
            assert!(first.keyframe, "begins with {first:?}");
        }
    }

    /// Forgets what the viewer got but the last video packet, for long runs.
    pub(super) fn forget(&mut self) {
        let last = self
            .got
            .iter()
            .rposition(|got| got.out.track == VIDEO)
            .unwrap();
        self.got = vec![self.got[last].clone()];
        self.forgot = true;
    }
}

/// A batch of one frame in one packet.
pub(super) fn batch(epoch: u32, seq: u64, keyframe: bool, arrived: Instant) -> Arc<Batch> {
    let packet = Packet {
        payload: vec![0; 100].into(),
        time: 3_000 * seq as i64,
        captured: None,
        seq,
        frame_start: true,
        frame_end: true,
        keyframe,
    };
    Arc::new(Batch {
        epoch,
        track: VIDEO,
        arrived,
        packets: Box::new([packet]),
    })
}
