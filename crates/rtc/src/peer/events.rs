//! What happens to a peer, what the other side reports, and what is counted of it.

use std::time::{Duration, Instant};

use rtcp_types::{Compound, Fir, Nack, Packet, Pli, ReportBlock, Twcc};

use super::dtls::Outcome;
use super::wire::Flight;
use super::{Media, Peer};

/// What can happen to a peer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// ICE and DTLS are up: media can be written.
    Connected,
    /// The viewer can't decode (PLI or FIR).
    KeyframeWanted,
    /// There is something new to know of the link ([`Peer::link`]).
    LinkMeasured,
    /// The viewer said goodbye.
    Goodbye,
    /// DTLS failed: another certificate than the offer's, or a broken handshake. Nothing follows.
    Failed,
}

/// What a peer counts.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Figures {
    /// RTP packets sent, retransmissions not counted.
    pub packets: u64,
    /// RTP bytes sent, with headers and tags, retransmissions included.
    pub bytes: u64,
    /// Packets sent again.
    pub retransmitted: u64,
    /// Packets asked for beyond the budget.
    pub refused: u64,
    /// NACK messages received.
    pub nacks: u64,
    /// PLI and FIR received.
    pub keyframe_requests: u64,
    /// Round trip of the newest check, else of the newest report.
    pub rtt: Option<Duration>,
    /// Share of packets that the viewer missed, by its newest report; of a publisher's packets, the
    /// share that was missed here.
    pub loss: Option<f32>,
    /// RTP packets received, repetitions included.
    pub received: u64,
    /// Bytes of them.
    pub received_bytes: u64,
    /// Packets that were asked for once more.
    pub asked: u64,
    /// Packets that never came.
    pub lost: u64,
}

impl Peer {
    /// Lets the handshake go on as far as it can: its records need an address to go to.
    pub(super) fn handshake(&mut self, now: Instant, out: &mut Flight) {
        while let Some(pair) = self.ice.pair
            && let Some(outcome) = self.dtls.drain(|record| out.push(pair, record))
        {
            self.on_handshake(Some(outcome), now);
        }
    }

    pub(super) fn on_handshake(&mut self, outcome: Option<Outcome>, now: Instant) {
        match outcome {
            None => {}
            Some(Outcome::Keys(contexts)) => {
                let (sealer, opener) = *contexts;
                self.media = Media::Flowing {
                    sealer: Box::new(sealer),
                    opener: Box::new(opener),
                    since: now,
                };
                self.events.push_back(Event::Connected);
            }
            Some(Outcome::Goodbye) => {
                self.media = Media::Ended;
                self.events.push_back(Event::Goodbye);
            }
            Some(Outcome::Failed(why)) => {
                tracing::debug!(why, "session failed");
                self.media = Media::Ended;
                self.events.push_back(Event::Failed);
            }
        }
    }

    /// Takes what the viewer reports. Nothing of it counts before its tag was checked.
    pub(super) fn on_rtcp(&mut self, sealed: &[u8], now: Instant, out: &mut Flight) {
        let Media::Flowing { opener, .. } = &mut self.media else {
            return;
        };
        let mut opened = std::mem::take(&mut self.opened);
        if opener.rtcp(sealed, &mut opened)
            && let Ok(packets) = Compound::parse(&opened)
        {
            // A malformed one ends the reading: what follows can't be found any more.
            for packet in packets.map_while(Result::ok) {
                self.on_feedback(&packet, now, out);
            }
        }
        self.opened = opened;
    }

    fn on_feedback(&mut self, packet: &Packet<'_>, now: Instant, out: &mut Flight) {
        match packet {
            Packet::Rr(report) => {
                for block in report.report_blocks() {
                    self.on_report(&block, now);
                }
            }
            Packet::Sr(report) => {
                self.on_sender_report(
                    report.ssrc(),
                    report.ntp_timestamp(),
                    report.rtp_timestamp(),
                    now,
                );
                for block in report.report_blocks() {
                    self.on_report(&block, now);
                }
            }
            Packet::TransportFeedback(feedback) => {
                if let Ok(nack) = feedback.parse_fci::<Nack<'_>>() {
                    self.figures.nacks += 1;
                    self.repair(feedback.media_ssrc(), nack.entries(), now, out);
                } else if let (Ok(came), Some(estimator)) =
                    (feedback.parse_fci::<Twcc<'_>>(), &mut self.estimator)
                {
                    estimator.on_feedback(&came, now);
                    self.happened(Event::LinkMeasured);
                }
            }
            Packet::PayloadFeedback(feedback) => {
                let wants_keyframe = feedback.parse_fci::<Pli<'_>>().is_ok()
                    || feedback.parse_fci::<Fir<'_>>().is_ok();
                if wants_keyframe {
                    self.figures.keyframe_requests += 1;
                    self.happened(Event::KeyframeWanted);
                }
            }
            _ => {}
        }
    }

    /// One compound packet may say the same a hundred times.
    fn happened(&mut self, event: Event) {
        if !self.events.contains(&event) {
            self.events.push_back(event);
        }
    }

    fn on_report(&mut self, block: &ReportBlock<'_>, now: Instant) {
        let is_video = |ssrc| {
            self.lanes
                .iter()
                .any(|lane| lane.is_video && lane.ssrc == ssrc)
        };
        if is_video(block.ssrc()) {
            self.figures.loss = Some(f32::from(block.fraction_lost()) / 256.0);
        }
        let reported = self.round_trip(block, now);
        self.figures.rtt = self.ice.rtt().or(reported).or(self.figures.rtt);
    }

    /// RFC 3550 section 6.4.1: now, minus when our report left, minus how long it was kept.
    fn round_trip(&self, block: &ReportBlock<'_>, now: Instant) -> Option<Duration> {
        let sent = Some(block.last_sender_report_timestamp()).filter(|sent| *sent != 0)?;
        let told = self.told?;
        let passed = now.saturating_duration_since(told.now);
        let wall = told.wall.0 + u64::try_from(passed.as_micros()).ok()?;
        let middle = (super::rtcp::ntp(lenswire_media::WallTime(wall)) >> 16) as u32;
        let units = middle
            .wrapping_sub(sent)
            .wrapping_sub(block.delay_since_last_sender_report_timestamp());
        // Above ten seconds it is a lie or a wrap.
        (units < 10 << 16).then(|| Duration::from_secs_f64(f64::from(units) / 65_536.0))
    }
}
