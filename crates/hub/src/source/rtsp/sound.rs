//! Sound that no browser plays, converted once for the stream while somebody watches.
//!
//! Decoding and encoding take a third of a millisecond for 20 ms of sound: too long for the loop that
//! reads the camera, so they have a task of their own, which writes what it makes beside that loop.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use lenswire_codec::{OpusPacket, SoundCoding, SoundConverter, SoundSettings};
use lenswire_media::sound::{Coding, Depacketizer, Format, Unit};
use lenswire_media::{Packet, Producer, Rtp, Stream, TrackId, WallTime, Writer};
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::broadcast::{Receiver, Sender, channel};

/// Units that may wait for the task: above a second of AAC. What is older is dropped, and counted as
/// lost packets of the stream.
const WAITING: usize = 64;

/// So many units in a row that can't be decoded are no accident.
const HOPELESS: u32 = 50;

/// One sound track that is converted.
#[derive(Debug)]
pub(super) struct Sound {
    depacketizer: Depacketizer,
    /// Packets in a row of which nothing could be made.
    malformed: u32,
    task: Option<Task>,
}

#[derive(Debug)]
struct Task {
    units: Sender<Unit>,
    /// Units in a row that could not be decoded.
    failed: Arc<AtomicU32>,
    handle: tokio::task::JoinHandle<()>,
}

impl Sound {
    pub(super) fn new(format: Format) -> Self {
        Self {
            depacketizer: Depacketizer::new(format),
            malformed: 0,
            task: None,
        }
    }

    /// Takes a packet; what it completes is converted if anybody watches `stream`. Garbage costs the
    /// sound, never the picture.
    pub(super) fn push(
        &mut self,
        rtp: &Rtp<'_>,
        track: TrackId,
        stream: &Stream,
        producer: &Producer,
    ) {
        // Always taken apart, so that its times go on whether somebody watches or not.
        let Ok(units) = self.depacketizer.push(rtp) else {
            self.malformed = self.malformed.saturating_add(1);
            return;
        };
        self.malformed = 0;
        if units.is_empty() {
            return;
        }
        if stream.demanded() == 0 {
            self.task = None;
            return;
        }
        let format = self.depacketizer.format();
        let task = self
            .task
            .get_or_insert_with(|| Task::start(format, track, producer.writer()));
        for unit in units {
            // It fails when the task has ended, of which `is_hopeless` tells.
            let _ = task.units.send(unit);
        }
    }

    pub(super) fn on_sender_report(&mut self, ntp: u64, time: u32) {
        self.depacketizer.on_sender_report(ntp, time);
    }

    /// What can't be converted, though it was announced as what can.
    pub(super) fn hopeless(&self) -> Option<Format> {
        let task = self.task.as_ref()?;
        let hopeless = task.handle.is_finished() || task.failed.load(Ordering::Relaxed) >= HOPELESS;
        hopeless.then(|| self.depacketizer.format())
    }
}

impl Task {
    fn start(format: Format, track: TrackId, writer: Writer) -> Self {
        let (units, waiting) = channel(WAITING);
        let failed = Arc::new(AtomicU32::new(0));
        let out = Out {
            seq: writer.next_seq(track),
            writer,
            track,
        };
        let handle = tokio::spawn(convert(format, waiting, out, Arc::clone(&failed)));
        Self {
            units,
            failed,
            handle,
        }
    }
}

/// Ends when nobody gives it units any more.
async fn convert(format: Format, mut units: Receiver<Unit>, mut out: Out, failed: Arc<AtomicU32>) {
    let coding = match format.coding {
        Coding::Aac(_) | Coding::AacLatm => SoundCoding::Aac,
        Coding::L16 => SoundCoding::Samples,
    };
    let settings = SoundSettings {
        coding,
        rate: format.rate,
        channels: format.channels,
    };
    let mut converter = match SoundConverter::new(settings) {
        Ok(converter) => converter,
        Err(error) => return tracing::warn!(%error, "the camera's sound cannot be converted"),
    };
    loop {
        match units.recv().await {
            Ok(unit) => match converter.push(&unit.data, unit.time) {
                Ok(packets) => {
                    failed.store(0, Ordering::Relaxed);
                    out.write(&unit, packets);
                }
                Err(error) => {
                    failed.fetch_add(1, Ordering::Relaxed);
                    tracing::debug!(%error, "a unit of sound cannot be decoded");
                }
            },
            Err(RecvError::Lagged(dropped)) => out.seq += dropped,
            Err(RecvError::Closed) => return,
        }
    }
}

/// Where it goes.
struct Out {
    writer: Writer,
    track: TrackId,
    seq: u64,
}

impl Out {
    fn write(&mut self, unit: &Unit, packets: Vec<OpusPacket>) {
        let packets = packets.into_iter().map(|OpusPacket { time, data }| {
            let seq = self.seq;
            self.seq += 1;
            // Ticks of 48 kHz to microseconds.
            let later = (time - unit.time) * 1_000 / 48;
            Packet {
                payload: data.into(),
                time,
                captured: unit
                    .captured
                    .map(|at| WallTime(at.0.saturating_add_signed(later))),
                seq,
                frame_start: true,
                frame_end: true,
                keyframe: true,
            }
        });
        let packets = packets.collect();
        self.writer.write(self.track, unit.arrived, packets);
    }
}
