//! Pictures: where frames begin and end, and what stands in front of them.

use std::time::Duration;

use super::frame::{End, Frame};
use super::{Ingest, Markers, Parts, Rtp};
use crate::Packet;
use crate::assemble::{FRAME_BYTES, Malformed};
use crate::nal::{self, Nal};
use crate::packetize::nal_unit;

/// A frame whose packets take longer than this is given up.
const FRAME_TIME: Duration = Duration::from_secs(2);

impl Ingest {
    pub(super) fn video(&mut self, rtp: &Rtp<'_>) -> Result<(), Malformed> {
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

    pub(super) fn finish(&mut self, end: End, out: &mut Vec<Packet>) {
        let Some(mut frame) = self.frame.take() else {
            return;
        };
        if self.held() > 0 && end == End::Known {
            // A unit that never ended. Where packets are missing behind it, that is why, and they are
            // counted there.
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
    pub(super) fn give_up(&mut self) {
        self.counts.dropped_frames += 1;
        if let Parts::Nal { units, .. } = &mut self.parts {
            units.reset();
        }
        match &mut self.frame {
            Some(frame) => frame.abandon(),
            None => self.next_seq += 1,
        }
    }
}
