//! From the RTP of a source to packets as the media path wants them: one [`Ingest`] per track.
//!
//! Everything that is special about a codec happens here, so that nothing behind looks into a
//! payload again: frames are found, keyframes told, parameter sets put in front of them, and what
//! is too large for our packets is cut anew, a NAL unit from the whole. What cameras get wrong is
//! made good where it can be: markers that lie, clocks that jump or stand, start codes in units.

mod frame;
mod passed;
#[cfg(test)]
mod tests;

use std::time::{Duration, Instant};

use crate::assemble::{FRAME_BYTES, Malformed, NalUnits};
use crate::clock::{Order, TrackClock, Unwrap16};
use crate::facts::{self, Concern, OrderWatch, VideoFacts};
use crate::nal::{self, Nal, NalCodec};
use crate::packetize::{g711, nal_unit};
use crate::sets::Sets;
use crate::{Codec, Kind, MAX_PAYLOAD, Packet, Track};
use frame::{End, Frame};
use passed::Passed;

/// A frame whose packets take longer than this is given up.
const FRAME_TIME: Duration = Duration::from_secs(2);
/// A number further off than this is a new beginning, not a loss (RFC 3550, A.1, MAX_DROPOUT).
const JUMP: i64 = 3_000;
/// A stream that nobody could join for so long is worth a word: the longest group of pictures that
/// is cached ([`crate::stream::GOP_TIME`]).
const NO_KEYFRAME: Duration = crate::stream::GOP_TIME;

/// One RTP packet of a track, in order.
#[derive(Clone, Copy, Debug)]
pub struct Rtp<'a> {
    /// Sequence number.
    pub seq: u16,
    /// RTP timestamp.
    pub timestamp: u32,
    /// The marker bit.
    pub marker: bool,
    /// Payload without padding.
    pub payload: &'a [u8],
    /// When it reached this process.
    pub arrived: Instant,
}

/// What an [`Ingest`] has counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct IngestCounts {
    /// Packets that never came.
    pub lost: u64,
    /// Packets that could not be used.
    pub malformed: u64,
    /// Frames that were given up: too large, too slow.
    pub dropped_frames: u64,
}

/// What an [`Ingest`] knows of its track.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Facts {
    /// What the parameter sets say.
    pub video: Option<VideoFacts>,
    /// What viewers will notice, most telling first.
    pub concerns: Vec<Concern>,
    /// Counts.
    pub counts: IngestCounts,
}

/// One RTP track of a source. Give it packets in order (over UDP: behind [`crate::Reorder`]).
#[derive(Debug)]
pub struct Ingest {
    track: Track,
    parts: Parts,
    clock: TrackClock,
    order: Order,
    numbers: Unwrap16,
    expected: Option<i64>,
    next_seq: u64,
    frame: Option<Frame>,
    markers: Markers,
    /// The RTP timestamp of the frame that a marker ended last.
    ended: Option<u32>,
    /// Parameter sets changed since the caller was told.
    has_changed: bool,
    /// Parameter sets changed since they were last sent.
    sets_due: bool,
    watch: Watch,
    counts: IngestCounts,
}

/// How the payloads of a codec are taken.
#[derive(Debug)]
enum Parts {
    Nal {
        codec: NalCodec,
        units: NalUnits,
        sets: Sets,
    },
    Passed(Passed),
    Sound {
        channels: u8,
    },
}

/// What the markers of a track are worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Markers {
    /// They end frames, as they should.
    Trusted,
    /// They end slices or units (seen on cheap cameras): frames end where time goes on.
    Lying,
}

/// What is watched to tell [`Concern`]s.
#[derive(Debug, Default)]
struct Watch {
    video: Option<VideoFacts>,
    order: OrderWatch,
    bipredicted: bool,
    keyframe_without_sets: bool,
    /// When the last keyframe came, or before the first one, the first packet.
    keyframe: Option<Instant>,
}

impl Ingest {
    /// A track as the source announced it.
    #[must_use]
    pub fn new(track: Track) -> Self {
        let parts = match track.codec {
            Codec::H264 => Parts::nal(NalCodec::H264, &track),
            Codec::H265 => Parts::nal(NalCodec::H265, &track),
            Codec::Vp8 => Parts::Passed(Passed::Vp8(passed::Vp8::default())),
            Codec::Vp9 => Parts::Passed(Passed::Vp9),
            Codec::Av1 => Parts::Passed(Passed::Av1),
            Codec::Opus | Codec::Pcmu | Codec::Pcma => Parts::Sound {
                channels: track.channels,
            },
        };
        let clock = TrackClock::new(track.codec.clock_rate());
        let mut ingest = Self {
            track,
            parts,
            clock,
            order: Order::Shown,
            numbers: Unwrap16::default(),
            expected: None,
            next_seq: 0,
            frame: None,
            markers: Markers::Trusted,
            ended: None,
            has_changed: false,
            sets_due: false,
            watch: Watch::default(),
            counts: IngestCounts::default(),
        };
        ingest.inspect();
        ingest
    }

    /// Takes one packet; gives the packets of the frames that it completes, usually none or one
    /// frame's. A malformed packet is counted and costs the frame it belongs to, no more.
    pub fn push(&mut self, rtp: &Rtp<'_>) -> Result<Vec<Packet>, Malformed> {
        let mut out = Vec::new();
        let result = self.take(rtp, &mut out);
        if result.is_err() {
            self.counts.malformed += 1;
        }
        // What the packet completed before it proved malformed is not lost with it.
        if out.is_empty() {
            result.map(|()| out)
        } else {
            Ok(out)
        }
    }

    fn take(&mut self, rtp: &Rtp<'_>, out: &mut Vec<Packet>) -> Result<(), Malformed> {
        let lost = self.count(rtp.seq)?;
        if rtp.payload.is_empty() {
            // Nothing to forward, but not missing either: some cameras keep NATs open with these.
            self.pass_number(lost);
            return Err(Malformed::Empty);
        }
        if let Parts::Sound { channels } = self.parts {
            self.next_seq += lost;
            return self.sound(rtp, channels, out);
        }
        if self
            .frame
            .as_ref()
            .is_some_and(|frame| frame.timestamp != rtp.timestamp)
        {
            let end = if lost > 0 { End::Unknown } else { End::Known };
            self.finish(end, out);
        }
        self.pass_number(lost);
        let taken = if self.frame.as_ref().is_some_and(Frame::is_abandoned) {
            Ok(())
        } else {
            self.video(rtp)
        };
        if let Err(malformed) = taken {
            match malformed {
                Malformed::TooLarge | Malformed::TooSlow => self.give_up(),
                _ => self.damage(1),
            }
        }
        if rtp.marker
            && self.markers == Markers::Trusted
            && self.frame.as_ref().is_some_and(Frame::may_end)
        {
            self.ended = Some(rtp.timestamp);
            self.finish(End::Known, out);
        }
        taken
    }

    /// Says how many packets are missing in front of this one.
    fn count(&mut self, seq: u16) -> Result<u64, Malformed> {
        let seq = self.numbers.unwrap(seq);
        let gap = seq - self.expected.unwrap_or(seq);
        if (-JUMP..0).contains(&gap) {
            return Err(Malformed::OutOfOrder);
        }
        self.expected = Some(seq + 1);
        // A jump hides a loss of unknown size; one packet is what the viewers need to know.
        let lost = if gap.abs() > JUMP {
            1
        } else {
            gap.unsigned_abs()
        };
        self.counts.lost += lost;
        Ok(lost)
    }

    /// Notes that packets are missing here.
    fn pass_number(&mut self, lost: u64) {
        if lost > 0 {
            self.damage(lost);
        }
    }

    fn damage(&mut self, lost: u64) {
        if let Parts::Nal { units, .. } = &mut self.parts {
            units.reset();
        }
        match &mut self.frame {
            Some(frame) => frame.lose(lost),
            None => self.next_seq += lost,
        }
    }

    fn sound(
        &mut self,
        rtp: &Rtp<'_>,
        channels: u8,
        out: &mut Vec<Packet>,
    ) -> Result<(), Malformed> {
        let time = self.clock.frame(rtp.timestamp, rtp.arrived, Order::Shown);
        let captured = self.clock.captured(rtp.timestamp);
        let mut give = |time, payload| {
            let seq = self.next_seq;
            self.next_seq += 1;
            out.push(Packet {
                payload,
                time,
                captured,
                seq,
                frame_start: true,
                frame_end: true,
                keyframe: true,
            });
        };
        if rtp.payload.len() <= MAX_PAYLOAD {
            give(time, rtp.payload.into());
            return Ok(());
        }
        if self.track.codec == Codec::Opus {
            return Err(Malformed::TooLarge);
        }
        g711::packetize(rtp.payload, channels)
            .for_each(|(offset, payload)| give(time + offset, payload));
        Ok(())
    }

    fn video(&mut self, rtp: &Rtp<'_>) -> Result<(), Malformed> {
        self.watch.keyframe.get_or_insert(rtp.arrived);
        if self.continues_ended(rtp) {
            self.markers = Markers::Lying;
        }
        let age = self
            .frame
            .as_ref()
            .map(|frame| rtp.arrived.saturating_duration_since(frame.began));
        if age.is_some_and(|age| age > FRAME_TIME) {
            return Err(Malformed::TooSlow);
        }
        match &mut self.parts {
            Parts::Nal { .. } => self.nal(rtp)?,
            Parts::Passed(passed) => {
                let frame = self
                    .frame
                    .get_or_insert_with(|| Frame::begin(rtp, &mut self.clock, self.order));
                frame.has_picture = true;
                passed.take(rtp.payload, frame)?;
            }
            Parts::Sound { .. } => {}
        }
        let bytes = self.held() + self.frame.as_ref().map_or(0, |frame| frame.bytes);
        if bytes > FRAME_BYTES {
            Err(Malformed::TooLarge)
        } else {
            Ok(())
        }
    }

    /// Whether this packet belongs to a frame that a marker has ended already.
    fn continues_ended(&self, rtp: &Rtp<'_>) -> bool {
        if self.ended != Some(rtp.timestamp)
            || self.frame.is_some()
            || self.markers == Markers::Lying
        {
            return false;
        }
        let Parts::Nal { units, .. } = &self.parts else {
            return false;
        };
        matches!(
            units.peek(rtp.payload),
            Some(Nal::Slice { first: false, .. })
        )
    }

    fn held(&self) -> usize {
        match &self.parts {
            Parts::Nal { units, .. } => units.held(),
            Parts::Passed(_) | Parts::Sound { .. } => 0,
        }
    }

    fn nal(&mut self, rtp: &Rtp<'_>) -> Result<(), Malformed> {
        let Parts::Nal { codec, units, sets } = &mut self.parts else {
            return Ok(());
        };
        let (codec, frame) = (*codec, &mut self.frame);
        let (clock, order, watch) = (&mut self.clock, self.order, &mut self.watch);
        let mut changed = false;
        let result = units.push(rtp.payload, |unit| match nal::classify(codec, unit) {
            Nal::Noise => {}
            Nal::Set(kind) => changed |= sets.learn(codec, kind, unit),
            kind @ (Nal::Other | Nal::Slice { .. }) => {
                let frame = frame.get_or_insert_with(|| Frame::begin(rtp, clock, order));
                if let Nal::Slice {
                    keyframe,
                    bipredicted,
                    ..
                } = kind
                {
                    frame.has_picture = true;
                    frame.keyframe |= keyframe;
                    watch.bipredicted |= bipredicted;
                }
                frame.bytes += unit.len();
                nal_unit(codec, unit, &mut frame.payloads);
            }
        });
        if units.is_within() {
            self.frame
                .get_or_insert_with(|| Frame::begin(rtp, &mut self.clock, self.order));
        }
        if changed {
            self.has_changed = true;
            self.sets_due = true;
            self.inspect();
        }
        result
    }

    fn finish(&mut self, end: End, out: &mut Vec<Packet>) {
        let Some(mut frame) = self.frame.take() else {
            return;
        };
        if self.held() > 0 {
            // A unit that never ended.
            frame.lose(1);
        }
        match &mut self.parts {
            Parts::Nal { codec, units, sets } => {
                units.reset();
                let is_complete = sets.is_complete(*codec);
                self.watch.keyframe_without_sets |= frame.keyframe && !is_complete;
                frame.keyframe &= is_complete;
                if frame.keyframe || (self.sets_due && frame.has_picture) {
                    frame.put_in_front(|payloads| sets.write(*codec, payloads));
                    self.sets_due = false;
                }
            }
            Parts::Passed(passed) => passed.finish(&mut frame),
            Parts::Sound { .. } => {}
        }
        if frame.keyframe && frame.is_whole() && end == End::Known {
            self.watch.keyframe = Some(frame.began);
        }
        if frame.has_picture {
            self.watch.order.on_frame(frame.time);
        }
        self.next_seq = frame.give(end, self.next_seq, out);
    }

    /// Drops the frame that is coming, up to where the next begins; viewers see a gap.
    fn give_up(&mut self) {
        self.counts.dropped_frames += 1;
        if let Parts::Nal { units, .. } = &mut self.parts {
            units.reset();
        }
        match &mut self.frame {
            Some(frame) => frame.abandon(),
            None => self.next_seq += 1,
        }
    }

    /// Takes an RTCP sender report of this track: NTP time and the RTP time that belongs to it.
    pub fn on_sender_report(&mut self, ntp: u64, rtp: u32) {
        self.clock.on_sender_report(ntp, rtp);
    }

    fn inspect(&mut self) {
        if let Parts::Nal { sets, .. } = &self.parts {
            self.track.parameters = sets.to_parameters();
            self.watch.video = facts::inspect(&self.track.parameters);
            let reorder = self
                .watch
                .video
                .as_ref()
                .and_then(|video| video.reorder_frames);
            self.order = if reorder == Some(0) {
                Order::Shown
            } else {
                Order::Decoded
            };
        }
    }

    /// The track with its parameter sets, when these changed since the last call. Ask before the
    /// packets of [`Self::push`] are written, so that readers know first.
    pub fn changed_track(&mut self) -> Option<Track> {
        std::mem::take(&mut self.has_changed).then(|| self.track.clone())
    }

    /// The track as known now.
    #[must_use]
    pub fn track(&self) -> &Track {
        &self.track
    }

    /// What is known of the track, as of `now`.
    #[must_use]
    pub fn facts(&self, now: Instant) -> Facts {
        Facts {
            video: self.watch.video.clone(),
            concerns: self.concerns(now),
            counts: self.counts,
        }
    }

    fn concerns(&self, now: Instant) -> Vec<Concern> {
        let mut concerns = Vec::new();
        let is_video = self.track.codec.kind() == Kind::Video;
        let may_reorder = self.order == Order::Decoded;
        if is_video && (self.watch.order.is_mixed() || (self.watch.bipredicted && may_reorder)) {
            concerns.push(Concern::BFrames);
        }
        if self.watch.keyframe_without_sets {
            concerns.push(Concern::NoParameterSets);
        }
        let since = self
            .watch
            .keyframe
            .map(|at| now.saturating_duration_since(at));
        if let Some(since) = since.filter(|since| *since >= NO_KEYFRAME) {
            concerns.push(Concern::NoKeyframe { since });
        }
        if self.clock.stands() {
            concerns.push(Concern::ClockStands);
        }
        if self.clock.jumps() > 0 {
            concerns.push(Concern::ClockJumps {
                times: self.clock.jumps(),
            });
        }
        concerns
    }
}

impl Parts {
    fn nal(codec: NalCodec, track: &Track) -> Self {
        Self::Nal {
            codec,
            units: NalUnits::new(codec),
            sets: Sets::new(&track.parameters),
        }
    }
}
