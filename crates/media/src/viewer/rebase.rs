//! Numbers and times of one track as one viewer sees them.
//!
//! Both start anew for each viewer and go on smoothly when the source does not: numbers count up
//! by one except where the *source* lost packets, and after a break time goes on from what was
//! sent last plus what passed on the local clock.

use std::ops::Range;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::Run;
use crate::{Batch, Codec, Kind, Packet, TrackId, WallTime};

/// First number. Not 0, so that a receiver that reorders the first packets never sees a wrap.
const FIRST_SEQ: u64 = 1;
/// First time in ticks; any value would do.
const FIRST_TIME: i64 = 1 << 16;
/// A gap at the source is shown to the viewer up to this many packets. SRTP receivers guess the
/// rollover counter from the distance (RFC 3711, 3.3.1), so it must stay far below 2^15.
const GAP_MAX: u64 = 1_000;

/// How a packet is placed in the viewer's time.
#[derive(Clone, Copy)]
pub(super) enum At {
    /// It follows the source's clock, begun at this moment if a beginning is needed.
    Live(Instant),
    /// It follows the sending clock: this is when it is due.
    Replayed(Instant),
}

#[derive(Debug)]
pub(super) struct Lane {
    id: TrackId,
    codec: Codec,
    /// Which run of its source it follows; 0 = the next one that comes.
    epoch: u32,
    /// The source's number expected next; None when there is nothing to compare with.
    expected: Option<u64>,
    /// The source's numbers below this were sent or are none of this viewer's business.
    next_in: u64,
    /// Live packets below this were in the snapshot that the viewer joined with.
    live_from: u64,
    /// The viewer's next number.
    next_out: u64,
    /// Viewer's time minus source's time; None when the next frame begins anew.
    offset: Option<i64>,
    last_time: i64,
    last_at: Instant,
    has_sent: bool,
}

impl Lane {
    /// A track of which the first packet of interest has the number `next_in`.
    pub(super) fn new(id: TrackId, codec: Codec, epoch: u32, next_in: u64, now: Instant) -> Self {
        Self {
            id,
            codec,
            epoch,
            expected: None,
            next_in,
            live_from: next_in,
            next_out: FIRST_SEQ,
            offset: None,
            last_time: FIRST_TIME,
            last_at: now,
            has_sent: false,
        }
    }

    pub(super) fn id(&self) -> TrackId {
        self.id
    }

    pub(super) fn kind(&self) -> Kind {
        self.codec.kind()
    }

    /// Where the packets begin that have not been dealt with yet. Numbers only grow within a batch.
    pub(super) fn unseen(&self, packets: &[Packet]) -> usize {
        packets.partition_point(|p| p.seq < self.next_in)
    }

    /// Whether the viewer has all of these live packets from the snapshot it joined with.
    pub(super) fn is_known(&self, packets: &[Packet]) -> bool {
        packets.last().is_none_or(|p| p.seq < self.live_from)
    }

    /// What is sent first is of the past.
    pub(super) fn begin_before_live(&mut self) {
        self.next_in = 0;
    }

    /// Leaves out everything below `seq`; the viewer sees no gap.
    pub(super) fn pass_over_to(&mut self, seq: u64) {
        self.next_in = self.next_in.max(seq);
        self.renumber();
    }

    /// The next packet follows the last in number, whatever the source says.
    pub(super) fn renumber(&mut self) {
        self.expected = None;
    }

    pub(super) fn epoch(&self) -> u32 {
        self.epoch
    }

    /// Another run of the source, or another source: its numbers and times have nothing to do with
    /// the last one's. Live packets below `live_from` are known already.
    pub(super) fn begin_epoch(&mut self, epoch: u32, live_from: u64) {
        self.epoch = epoch;
        self.next_in = live_from;
        self.live_from = live_from;
        self.renumber();
        self.follow_source();
    }

    /// Catching up is over: the next frame is placed by the clock once more, then the source's
    /// times count.
    pub(super) fn follow_source(&mut self) {
        self.offset = None;
    }

    /// Appends what of `packets` (a range of the batch) has not been dealt with, as this viewer sees
    /// it: one run, or several where the source's own numbers or frames part them.
    pub(super) fn send(
        &mut self,
        batch: &Arc<Batch>,
        packets: Range<usize>,
        at: At,
        out: &mut Vec<Run>,
    ) {
        let from = self.unseen(&batch.packets).max(packets.start);
        let mut open: Option<Run> = None;
        for index in from..packets.end {
            let Some(packet) = batch.packets.get(index) else {
                break;
            };
            let seq_shift = self.number(packet.seq).wrapping_sub(packet.seq);
            let (time_shift, arrived) = self.place(packet, batch.arrived, at);
            match &mut open {
                Some(run) if run.seq_shift == seq_shift && run.time_shift == time_shift => {
                    run.packets.end = index + 1;
                }
                _ => {
                    let run = Run {
                        track: self.id,
                        batch: Arc::clone(batch),
                        packets: index..index + 1,
                        seq_shift,
                        time_shift,
                        marks: self.kind() == Kind::Video,
                        arrived,
                    };
                    out.extend(open.replace(run));
                }
            }
        }
        out.extend(open);
    }

    fn number(&mut self, seq: u64) -> u64 {
        let gap = self
            .expected
            .map_or(0, |expected| seq.saturating_sub(expected));
        let number = self.next_out + if gap > GAP_MAX { 1 } else { gap };
        self.next_in = seq.saturating_add(1);
        self.expected = Some(self.next_in);
        self.next_out = number + 1;
        number
    }

    /// The viewer's time of a packet minus the source's, and the local moment it stands for.
    fn place(&mut self, packet: &Packet, arrived: Instant, at: At) -> (i64, Instant) {
        let (clock, stands_for) = match at {
            At::Live(now) => (now, arrived),
            At::Replayed(due) => (due, due),
        };
        let follows_clock = matches!(at, At::Replayed(_)) && packet.frame_start;
        let offset = match self.offset {
            Some(offset) if !follows_clock => offset,
            _ => {
                let offset = self.begin(clock).saturating_sub(packet.time);
                self.offset = Some(offset);
                offset
            }
        };
        let time = packet.time.saturating_add(offset);
        if !self.has_sent || time > self.last_time {
            self.last_time = time;
            self.last_at = clock;
        }
        self.has_sent = true;
        (offset, stands_for)
    }

    /// Where time stands at `clock`: what was sent last plus what has passed, and later than that.
    fn begin(&self, clock: Instant) -> i64 {
        let passed = ticks(
            clock.saturating_duration_since(self.last_at),
            self.codec.clock_rate(),
        );
        self.last_time + if self.has_sent { passed.max(1) } else { passed }
    }
}

pub(super) fn later(at: WallTime, by: Duration) -> WallTime {
    WallTime(at.0.saturating_add(u64::try_from(by.as_micros()).unwrap_or(u64::MAX)))
}

/// A duration in ticks of a clock. Durations of centuries saturate.
fn ticks(duration: Duration, rate: u32) -> i64 {
    let ticks = duration.as_nanos().saturating_mul(u128::from(rate)) / 1_000_000_000;
    i64::try_from(ticks).unwrap_or(i64::MAX >> 1)
}
