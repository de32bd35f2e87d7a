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
mod video;
mod watch;

use std::time::Instant;

use crate::assemble::{Malformed, NalUnits};
use crate::clock::{Order, TrackClock, Unwrap16};
use crate::facts;
use crate::nal::NalCodec;
use crate::packetize::g711;
use crate::sets::Sets;
use crate::{Codec, Kind, MAX_PAYLOAD, Packet, Track};
use frame::{End, Frame};
use passed::Passed;
use watch::Watch;
pub use watch::{Facts, IngestCounts};

/// A number further off than this is a new beginning, not a loss (RFC 3550, A.1, MAX_DROPOUT).
const JUMP: i64 = 3_000;

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
            return Ok(());
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
        let concerns = match self.track.codec.kind() {
            Kind::Video => self.watch.concerns(&self.clock, self.order, now),
            Kind::Audio => Vec::new(),
        };
        Facts {
            video: self.watch.video.clone(),
            concerns,
            counts: self.counts,
        }
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
