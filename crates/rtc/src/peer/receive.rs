//! Receiving: a publisher's packets, opened and put in order; what is missing is asked for, and its
//! sender is told what came.

use std::time::{Duration, Instant};

use lenswire_media::{Kind, TrackId};
use rtp_types::RtpPacket;

use super::inlet::{Arrived, Rtp};
use super::wire::{Flight, Pair};
use super::{Media, Peer, rtcp, rtp};

/// Between two receiver reports.
const REPORT_INTERVAL: Duration = Duration::from_secs(1);

/// Things that came and were not polled, at most; the newest are dropped. Whoever drives a peer polls
/// after each datagram, and one datagram can complete what waited for it: half a second's packets.
const MOST_INCOMING: usize = 1_024;

/// What [`Peer::poll_incoming`] gives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Incoming {
    /// A packet, in its place.
    Packet(Arrived),
    /// A sender report: the RTP time that stands for the NTP time.
    Report {
        /// Of which track.
        track: TrackId,
        /// Seconds since 1900, 32 bits behind the point.
        ntp: u64,
        /// In the track's clock.
        time: u32,
    },
}

impl Peer {
    /// The next of what a publisher sent.
    pub fn poll_incoming(&mut self) -> Option<Incoming> {
        self.incoming.pop_front()
    }

    /// Asks a publisher for a keyframe (RFC 4585 section 6.3.1).
    pub fn request_keyframe(&mut self, track: TrackId, out: &mut Flight) {
        let inlet = self.inlets.iter().find(|inlet| inlet.track == track);
        let (Some(of), Some(pair)) = (inlet.and_then(|inlet| inlet.ssrc()), self.ice.pair) else {
            return;
        };
        let from = self.ssrc;
        self.send_rtcp(pair, out, |out| rtcp::push_keyframe_request(out, from, of));
    }

    pub(super) fn on_rtp(&mut self, sealed: &[u8], now: Instant, out: &mut Flight) {
        let (Media::Flowing { opener, .. }, Some(header)) =
            (&mut self.media, rtp::header_length(sealed))
        else {
            return;
        };
        let mut opened = std::mem::take(&mut self.opened);
        if opener.rtp(sealed, header, &mut opened)
            && let Ok(packet) = RtpPacket::parse(&opened)
        {
            self.figures.received += 1;
            self.figures.received_bytes += sealed.len() as u64;
            self.take_packet(&packet, now);
            self.answer_for(now, out);
        }
        self.opened = opened;
    }

    fn take_packet(&mut self, packet: &RtpPacket<'_>, now: Instant) {
        if let (Some(arrivals), Some(values)) = (&mut self.arrivals, packet.extension())
            && let Some(count) =
                rtp::extension(values, arrivals.number).and_then(<[u8]>::first_chunk)
        {
            arrivals.on_packet(u16::from_be_bytes(*count), now);
        }
        let number = packet.payload_type();
        let Some(inlet) = self.inlets.iter_mut().find(|inlet| inlet.takes(number)) else {
            return;
        };
        let rtp = Rtp {
            number,
            ssrc: packet.ssrc(),
            seq: packet.sequence_number(),
            time: packet.timestamp(),
            marker: packet.marker_bit(),
            payload: packet.payload(),
        };
        inlet.push(&rtp, now);
        if self.report_due.is_none() {
            self.report_due = Some(now + REPORT_INTERVAL);
        }
    }

    pub(super) fn on_sender_report(&mut self, ssrc: u32, ntp: u64, time: u32, now: Instant) {
        for inlet in &mut self.inlets {
            let track = inlet.track;
            let Some((of, reception)) = inlet.reception() else {
                continue;
            };
            if of == ssrc {
                reception.on_sender_report(ntp, now);
                keep(&mut self.incoming, Incoming::Report { track, ntp, time });
            }
        }
    }

    /// When something of the inlets is due.
    pub(super) fn inlets_due(&self) -> Option<Instant> {
        let arrivals = self.arrivals.as_ref().and_then(|arrivals| arrivals.due());
        let inlets = self.inlets.iter().filter_map(|inlet| inlet.due());
        inlets.chain(arrivals).min()
    }

    /// What is due by what came, or didn't: gives what is in order, asks for what is missing, tells
    /// when packets came.
    pub(super) fn answer_for(&mut self, now: Instant, out: &mut Flight) {
        let Some(pair) = self.ice.pair.filter(|_| !self.inlets.is_empty()) else {
            return;
        };
        let rtt = self.ice.rtt();
        let mut wanted = Vec::new();
        for inlet in &mut self.inlets {
            while let Some(arrived) = inlet.pop(now, rtt) {
                keep(&mut self.incoming, Incoming::Packet(arrived));
            }
            let numbers = inlet.missing(now, rtt);
            wanted.extend(
                inlet
                    .ssrc()
                    .filter(|_| !numbers.is_empty())
                    .map(|of| (of, numbers)),
            );
        }
        for (of, numbers) in wanted {
            self.figures.asked += numbers.len() as u64;
            let from = self.ssrc;
            self.send_rtcp(pair, out, |out| rtcp::push_nack(out, from, of, &numbers));
        }
        self.figures.lost = self.inlets.iter().map(|inlet| inlet.lost()).sum();
        self.tell_arrivals(pair, now, out);
    }

    fn tell_arrivals(&mut self, pair: Pair, now: Instant, out: &mut Flight) {
        let Some(of) = self.inlets.iter().find_map(|inlet| inlet.ssrc()) else {
            return;
        };
        let from = self.ssrc;
        while let Some(report) = self
            .arrivals
            .as_mut()
            .and_then(|arrivals| arrivals.report(now))
        {
            self.send_rtcp(pair, out, |out| rtcp::push_arrivals(out, from, of, report));
        }
    }

    /// Tells the sender how its packets come, when that is due.
    pub(super) fn report_reception(&mut self, pair: Pair, now: Instant, out: &mut Flight) {
        self.report_due = Some(now + REPORT_INTERVAL);
        let mut blocks = Vec::new();
        for inlet in &mut self.inlets {
            let is_video = inlet.media.kind() == Kind::Video;
            let Some((of, reception)) = inlet.reception() else {
                continue;
            };
            if let Some((block, lost)) = reception.block(of, now) {
                blocks.push(block);
                // The picture's, as for viewers; the sound's where there is no picture.
                if is_video || self.figures.loss.is_none() {
                    self.figures.loss = Some(lost);
                }
            }
        }
        let from = self.ssrc;
        self.send_rtcp(pair, out, |out| {
            rtcp::push_receiver_report(out, from, blocks, super::send::NAME)
        });
    }
}

fn keep(incoming: &mut std::collections::VecDeque<Incoming>, item: Incoming) {
    if incoming.len() < MOST_INCOMING {
        incoming.push_back(item);
    }
}
