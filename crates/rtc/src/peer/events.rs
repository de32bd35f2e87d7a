//! What comes out of a peer, and what it counts while it does.

use std::time::{Duration, Instant};

use str0m::stats::{MediaEgressStats, PeerStats};
use str0m::{Event as Theirs, IceConnectionState, Output as TheirOutput};

use super::Peer;
use super::wire::{Pair, Sealed};
use crate::demux::{Datagram, classify, is_stun_success, rtp_ssrc};

/// What [`Peer::poll`] gives.
#[derive(Debug)]
pub enum Output {
    /// Send this.
    Send(Sealed),
    /// Something happened.
    Event(Event),
    /// Nothing more now; call [`Peer::advance`] at that time at the latest.
    Wake(Instant),
}

/// What can happen to a peer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// ICE and DTLS are up: media can be written.
    Connected,
    /// The viewer can't decode (PLI or FIR).
    KeyframeWanted,
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
    /// Share of packets that the viewer missed, by its newest report.
    pub loss: Option<f32>,
}

impl Peer {
    /// The next thing to do. Ends with [`Output::Wake`]; call it until then after anything that was
    /// done to the peer.
    pub fn poll(&mut self, now: Instant) -> Output {
        loop {
            match self.rtc.poll_output() {
                Ok(TheirOutput::Timeout(at)) => return Output::Wake(at),
                Ok(TheirOutput::Transmit(transmit)) => {
                    let sealed = Sealed {
                        pair: Pair::from(&transmit),
                        bytes: transmit.contents,
                    };
                    if self.may_leave(&sealed, now) {
                        return Output::Send(sealed);
                    }
                }
                Ok(TheirOutput::Event(event)) => {
                    if let Some(event) = self.on_event(event, now) {
                        return Output::Event(event);
                    }
                }
                Err(error) => {
                    tracing::debug!(%error, "session failed");
                    self.rtc.disconnect();
                    return Output::Event(Event::Failed);
                }
            }
        }
    }

    /// Counts what leaves and holds back what must not.
    fn may_leave(&mut self, sealed: &Sealed, now: Instant) -> bool {
        match classify(sealed) {
            Some(Datagram::Rtp) => self.may_send_media(sealed, now),
            // Sender reports that the library makes before the first packet map its time to zero;
            // receivers would need three good ones to get over that.
            Some(Datagram::Rtcp) => {
                self.progress.pair = Some(sealed.pair);
                self.figures.packets > 0
            }
            Some(Datagram::Dtls) => {
                self.progress.pair = Some(sealed.pair);
                true
            }
            Some(Datagram::Stun) => {
                if is_stun_success(sealed) {
                    self.progress.heard = Some(now);
                }
                true
            }
            Some(Datagram::StunRequest { .. }) | None => true,
        }
    }

    fn may_send_media(&mut self, sealed: &Sealed, now: Instant) -> bool {
        let ssrc = rtp_ssrc(sealed);
        let is_again = self
            .lanes
            .iter()
            .any(|lane| lane.rtx_ssrc.is_some() && lane.rtx_ssrc == ssrc);
        if is_again && !self.retransmits.take(now) {
            self.figures.refused += 1;
            return false;
        }
        self.progress.pair = Some(sealed.pair);
        self.figures.bytes += sealed.len() as u64;
        self.figures.packets += u64::from(!is_again);
        self.figures.retransmitted += u64::from(is_again);
        true
    }

    fn on_event(&mut self, event: Theirs, now: Instant) -> Option<Event> {
        match event {
            Theirs::Connected => {
                self.progress.connected = Some(now);
                Some(Event::Connected)
            }
            Theirs::IceConnectionStateChange(state) => {
                self.progress.ice_is_up |= matches!(
                    state,
                    IceConnectionState::Connected | IceConnectionState::Completed
                );
                None
            }
            Theirs::KeyframeRequest(_) => Some(Event::KeyframeWanted),
            Theirs::Closed => Some(Event::Goodbye),
            Theirs::MediaEgressStats(stats) => {
                self.on_report(&stats);
                None
            }
            Theirs::PeerStats(stats) => {
                self.on_checks(&stats);
                None
            }
            _ => None,
        }
    }

    fn on_report(&mut self, stats: &MediaEgressStats) {
        let Some(lane) = self.lanes.iter_mut().find(|lane| lane.mid == stats.mid) else {
            return;
        };
        lane.nacks = stats.nacks;
        lane.keyframe_requests = stats.plis + stats.firs;
        if lane.is_video {
            self.figures.loss = stats.loss.or(self.figures.loss);
            self.figures.rtt = self.figures.rtt.or(stats.rtt);
        }
        self.figures.nacks = self.lanes.iter().map(|lane| lane.nacks).sum();
        self.figures.keyframe_requests = self.lanes.iter().map(|lane| lane.keyframe_requests).sum();
    }

    fn on_checks(&mut self, stats: &PeerStats) {
        let checked = stats
            .selected_candidate_pair
            .as_ref()
            .and_then(|pair| pair.current_round_trip_time);
        self.figures.rtt = checked.or(self.figures.rtt);
    }
}
