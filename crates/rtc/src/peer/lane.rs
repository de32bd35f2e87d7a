//! One track on its way out: its numbers on the wire, what its sender reports say, and what of it can
//! be sent once more.
//!
//! Nothing is copied for repair: what was sent is remembered as [`Run`]s, which hold the batches that
//! all viewers share.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use lenswire_media::viewer::{Outgoing, Run};
use lenswire_media::{Kind, TrackId};

use super::choose::Choice;
use super::rtp::Numbers;
use crate::sdp::Extension;

/// How long packets can be sent once more. A repair that comes later has missed its frame.
const KEPT_TIME: Duration = Duration::from_secs(1);

/// Packets that can be sent once more, at most; a second of a 9 Mbit/s stream.
const KEPT_PACKETS: usize = 1_024;

/// One track of one viewer.
pub(super) struct Lane {
    /// Place of its section in the offer.
    pub(super) place: usize,
    pub(super) mid: String,
    pub(super) track: TrackId,
    pub(super) is_video: bool,
    /// Hertz of its timestamps.
    pub(super) clock_rate: u32,
    /// Payload type.
    pub(super) number: u8,
    pub(super) ssrc: u32,
    /// `None` when the receiver can't be sent anything twice.
    pub(super) repair: Option<Repair>,
    pub(super) extensions: Numbers,
    pub(super) sent: Sent,
    kept: VecDeque<(Instant, Run)>,
    kept_packets: usize,
}

/// How packets are sent once more (RFC 4588).
#[derive(Clone, Copy, Debug)]
pub(super) struct Repair {
    pub(super) number: u8,
    pub(super) ssrc: u32,
    /// Extended sequence number of the next.
    pub(super) next: u64,
}

/// What has been sent, for reports.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Sent {
    pub(super) packets: u32,
    pub(super) octets: u32,
    /// The highest number.
    pub(super) seq: Option<u64>,
    /// The newest timestamp and the moment that it stands for.
    pub(super) newest: Option<(u32, Instant)>,
    /// The newest packet had a capture time that can be believed.
    pub(super) is_dated: bool,
}

impl Lane {
    pub(super) fn new(choice: &Choice, extensions: &[&Extension], ssrcs: [u32; 2]) -> Self {
        let [ssrc, again] = ssrcs;
        Self {
            place: choice.place,
            mid: choice.mid.clone(),
            track: choice.track,
            is_video: choice.media.kind() == Kind::Video,
            clock_rate: choice.media.clock_rate(),
            number: choice.codec.number,
            ssrc,
            repair: choice.codec.rtx.map(|number| Repair {
                number,
                ssrc: again,
                next: 1,
            }),
            extensions: Numbers::of(extensions.iter().copied()),
            sent: Sent::default(),
            kept: VecDeque::new(),
            kept_packets: 0,
        }
    }

    /// Whether its packets can be counted over the transport, so that the receiver reports on them.
    pub(super) fn counts_transport(&self) -> bool {
        self.is_video && self.extensions.counts_transport()
    }

    /// Whether a number may be sealed now: only ever upwards, for a number sealed twice with other
    /// bytes would give the cipher's secrets away.
    pub(super) fn may_send(&self, seq: u64) -> bool {
        self.sent.seq.is_none_or(|sent| seq > sent)
    }

    pub(super) fn count(&mut self, packet: &Outgoing<'_>) {
        self.sent.seq = Some(packet.seq);
        self.sent.packets = self.sent.packets.wrapping_add(1);
        let octets = u32::try_from(packet.payload.len()).unwrap_or(0);
        self.sent.octets = self.sent.octets.wrapping_add(octets);
    }

    /// Remembers what was sent; the oldest is forgotten by age and by count.
    pub(super) fn keep(&mut self, run: Run, now: Instant) {
        if self.repair.is_none() {
            return;
        }
        self.kept_packets += run.packets().len();
        self.kept.push_back((now, run));
        while let Some((at, run)) = self.kept.front()
            && (self.kept_packets > KEPT_PACKETS || now.saturating_duration_since(*at) > KEPT_TIME)
        {
            self.kept_packets -= run.packets().len();
            self.kept.pop_front();
        }
    }

    /// The packet that a receiver names by the low bits of its number.
    pub(super) fn find(&self, low: u16) -> Option<Outgoing<'_>> {
        let newest = self.sent.seq?;
        let behind = (newest as u16).wrapping_sub(low);
        let seq = newest.checked_sub(u64::from(behind))?;
        let ends_before = |(_, run): &(Instant, Run)| run.seqs().is_none_or(|(_, last)| last < seq);
        let at = self.kept.partition_point(ends_before);
        self.kept.get(at)?.1.find(seq)
    }
}
