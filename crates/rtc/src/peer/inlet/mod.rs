//! One track on its way in: which source sends it, which of its packets came and in what order,
//! which are missing and asked for again, and what its sender is told of it.

mod arrivals;
mod missing;
mod reception;

use std::time::{Duration, Instant};

use lenswire_media::{Codec, Reorder, TrackId};

pub(super) use arrivals::Arrivals;
use missing::Missing;
pub(super) use reception::Reception;

use super::choose::Choice;

/// Another source takes a track over once the last one has been silent for so long: a browser that
/// replaces its encoder goes on with another number.
const SILENCE: Duration = Duration::from_millis(500);

/// How long packets wait for a missing one: until its repetition may have come, asked for twice.
const SHORTEST_WAIT: Duration = Duration::from_millis(50);
const LONGEST_WAIT: Duration = Duration::from_millis(300);

/// A packet of a track, in its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Arrived {
    /// Which track.
    pub track: TrackId,
    /// RTP sequence number.
    pub seq: u16,
    /// RTP timestamp.
    pub time: u32,
    /// RTP marker.
    pub marker: bool,
    /// RTP payload, without padding.
    pub payload: Vec<u8>,
    /// When it came; a repetition, when that came.
    pub at: Instant,
    /// The first one of another source than before: numbers and times begin anew.
    pub is_fresh: bool,
}

/// One track of a publisher.
pub(super) struct Inlet {
    pub(super) track: TrackId,
    pub(super) media: Codec,
    /// Payload type.
    pub(super) number: u8,
    /// Payload type of repetitions (RFC 4588).
    rtx: Option<u8>,
    /// Missing packets may be asked for.
    repeats: bool,
    source: Option<Source>,
}

/// Who sends it.
struct Source {
    ssrc: u32,
    order: Reorder<Arrived>,
    missing: Missing,
    reception: Reception,
    last: Instant,
    is_fresh: bool,
}

/// What of an RTP packet matters here.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rtp<'a> {
    pub(super) number: u8,
    pub(super) ssrc: u32,
    pub(super) seq: u16,
    pub(super) time: u32,
    pub(super) marker: bool,
    pub(super) payload: &'a [u8],
}

impl Inlet {
    pub(super) fn new(choice: &Choice) -> Self {
        Self {
            track: choice.track,
            media: choice.media,
            number: choice.codec.number,
            rtx: choice.codec.rtx,
            repeats: choice.codec.feedback.contains(&"nack"),
            source: None,
        }
    }

    /// Whether a payload type belongs to this track.
    pub(super) fn takes(&self, number: u8) -> bool {
        number == self.number || Some(number) == self.rtx
    }

    /// The source that sends it now.
    pub(super) fn ssrc(&self) -> Option<u32> {
        self.source.as_ref().map(|source| source.ssrc)
    }

    /// Takes a packet; what is in order by now is for [`Self::pop`].
    pub(super) fn push(&mut self, rtp: &Rtp<'_>, now: Instant) {
        if rtp.number != self.number {
            self.push_repeated(rtp, now);
            return;
        }
        let is_known = |source: &Source| source.ssrc == rtp.ssrc;
        let is_silent = |source: &Source| now.saturating_duration_since(source.last) >= SILENCE;
        match &self.source {
            Some(source) if is_known(source) => {}
            Some(source) if !is_silent(source) => return,
            before => self.source = Some(Source::new(rtp, before.is_some(), now)),
        }
        let (track, rate) = (self.track, self.media.clock_rate());
        if let Some(source) = &mut self.source {
            source.last = now;
            source.reception.on_packet(rtp.seq, rtp.time, rate, now);
            source.push(track, rtp.seq, rtp, rtp.payload, now);
        }
    }

    /// The number of the packet that is repeated stands in front of its payload. One without is
    /// padding by which the sender measures the link.
    fn push_repeated(&mut self, rtp: &Rtp<'_>, now: Instant) {
        let (Some(source), Some((seq, payload))) =
            (&mut self.source, rtp.payload.split_first_chunk())
        else {
            return;
        };
        source.push(self.track, u16::from_be_bytes(*seq), rtp, payload, now);
    }

    /// The next packet in order, once those in front of it are there or given up.
    pub(super) fn pop(&mut self, now: Instant, rtt: Option<Duration>) -> Option<Arrived> {
        let wait = if self.repeats {
            rtt.map_or(LONGEST_WAIT / 2, |rtt| rtt * 5 / 2 + SHORTEST_WAIT / 2)
        } else {
            SHORTEST_WAIT
        };
        let source = self.source.as_mut()?;
        source
            .order
            .set_window(wait.clamp(SHORTEST_WAIT, LONGEST_WAIT));
        let (_, mut arrived) = source.order.pop(now)?;
        source.missing.give_up_to(arrived.seq);
        arrived.is_fresh = std::mem::take(&mut source.is_fresh);
        Some(arrived)
    }

    /// Numbers to be asked for now.
    pub(super) fn missing(&mut self, now: Instant, rtt: Option<Duration>) -> Vec<u16> {
        match &mut self.source {
            Some(source) if self.repeats => source.missing.ask(now, rtt),
            _ => Vec::new(),
        }
    }

    /// When [`Self::pop`] or [`Self::missing`] has something although nothing comes.
    pub(super) fn due(&self) -> Option<Instant> {
        let source = self.source.as_ref()?;
        let asks = source.missing.due().filter(|_| self.repeats);
        source.order.wake_at().into_iter().chain(asks).min()
    }

    /// What its sender is told.
    pub(super) fn reception(&mut self) -> Option<(u32, &mut Reception)> {
        let source = self.source.as_mut()?;
        Some((source.ssrc, &mut source.reception))
    }

    /// Packets that never came.
    pub(super) fn lost(&self) -> u64 {
        self.source
            .as_ref()
            .map_or(0, |source| source.order.counts().lost)
    }
}

impl Source {
    fn new(rtp: &Rtp<'_>, is_fresh: bool, now: Instant) -> Self {
        Self {
            ssrc: rtp.ssrc,
            order: Reorder::new(SHORTEST_WAIT),
            missing: Missing::default(),
            reception: Reception::default(),
            last: now,
            is_fresh,
        }
    }

    fn push(&mut self, track: TrackId, seq: u16, rtp: &Rtp<'_>, payload: &[u8], now: Instant) {
        self.missing.on_came(seq, now);
        let arrived = Arrived {
            track,
            seq,
            time: rtp.time,
            marker: rtp.marker,
            payload: payload.to_vec(),
            at: now,
            is_fresh: false,
        };
        self.order.push(seq, arrived, now);
    }
}

#[cfg(test)]
mod tests;
