//! RTP and RTCP of a session: whose it is, in which order it is handed on, whether it is fit.
//!
//! The payload type says which track a packet belongs to; the channel decides only where two
//! tracks share a type, because cameras send on other channels than they answered SETUP with.
//! RTCP is told from RTP by its second byte wherever it comes. Over UDP only the camera's own
//! address counts, and its port once known (SEC-26).

use std::collections::VecDeque;
use std::net::{IpAddr, SocketAddr};
use std::time::Instant;

use lenswire_media::{REORDER_WINDOW, Reorder};

use super::{Carriage, Event, Port, Rtp};
use crate::rtp::{MAX_STALE, Packet, Receiver, Report, Verdict, is_rtcp, read, receiver_report};
use crate::sdp::Announced;
use crate::transport::{Pair, Transport};

/// What was counted of a session, all tracks together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// RTP packets of the camera's.
    pub packets: u64,
    /// RTP packets that never came.
    pub lost: u64,
    /// RTP packets that came out of order and were put in place (UDP).
    pub reordered: u64,
    /// RTP packets that came too late to be put in place (UDP).
    pub late: u64,
    /// Packets of other sources, or of types that were not announced.
    pub foreign: u64,
    /// Packets that could not be read, garbage on the control connection included.
    pub bad: u64,
}

/// What came of a packet.
#[derive(Debug)]
pub(super) enum Found {
    /// Something to pass on.
    Event(Event),
    /// Garbage.
    Bad(&'static str),
    /// The track's source leaves.
    Bye { track: usize, reason: String },
}

/// A packet in the reorder window.
#[derive(Debug)]
struct Waiting {
    packet: Packet,
    arrived: Instant,
    fresh: bool,
}

#[derive(Debug)]
struct Lane {
    payload_type: u8,
    receiver: Receiver,
    channels: Option<Pair<u8>>,
    /// Where the camera's packets come from, as it said.
    remote: Option<Pair<SocketAddr>>,
    /// The port that its first packet came from, where it did not say.
    learned: Option<u16>,
    /// Only over UDP.
    reorder: Option<Reorder<Waiting>>,
    /// Whether a sender report came.
    reports: bool,
}

/// All tracks of a session.
#[derive(Debug)]
pub(super) struct Intake {
    ours: u32,
    peer: Option<IpAddr>,
    lanes: Vec<Lane>,
    /// Sources that sent before anything was set up.
    stale: Vec<u32>,
    foreign: u64,
    pub(super) found: VecDeque<Found>,
}

impl Intake {
    pub(super) fn new(ours: u32) -> Self {
        Self {
            ours,
            peer: None,
            lanes: Vec::new(),
            stale: Vec::new(),
            foreign: 0,
            found: VecDeque::new(),
        }
    }

    pub(super) fn tracks(&self) -> usize {
        self.lanes.len()
    }

    pub(super) fn add(&mut self, announced: &Announced, carriage: Carriage) {
        let mut receiver = Receiver::new(announced.track.codec.clock_rate());
        self.stale
            .iter()
            .for_each(|ssrc| receiver.mark_stale(*ssrc));
        self.lanes.push(Lane {
            payload_type: announced.payload_type,
            receiver,
            channels: None,
            remote: None,
            learned: None,
            reorder: (carriage == Carriage::Udp).then(|| Reorder::new(REORDER_WINDOW)),
            reports: false,
        });
    }

    pub(super) fn truncate(&mut self, tracks: usize) {
        self.lanes.truncate(tracks);
    }

    /// Takes the answer to SETUP.
    pub(super) fn set_up(
        &mut self,
        track: usize,
        said: &Transport,
        remote: Option<Pair<SocketAddr>>,
        peer: Option<IpAddr>,
    ) {
        self.peer = peer;
        if let Some(lane) = self.lanes.get_mut(track) {
            let first = u8::try_from(2 * track).unwrap_or(u8::MAX - 1);
            lane.channels = said.channels.or(Some(Pair {
                rtp: first,
                rtcp: first + 1,
            }));
            lane.remote = remote;
            lane.receiver.announce(said.ssrc);
        }
    }

    /// Where packets are to be sent to, by track.
    pub(super) fn remotes(&self) -> Vec<(usize, Pair<SocketAddr>)> {
        let udp = self
            .lanes
            .iter()
            .enumerate()
            .filter(|(_, lane)| lane.reorder.is_some());
        udp.filter_map(|(track, lane)| Some((track, lane.remote?)))
            .collect()
    }

    /// Takes an interleaved frame; `expected` once PLAY was asked for.
    pub(super) fn interleaved(
        &mut self,
        channel: u8,
        payload: Vec<u8>,
        expected: bool,
        now: Instant,
    ) {
        if !expected {
            return self.stray(payload);
        }
        let on_channel = self.lanes.iter().position(|lane| {
            lane.channels
                .is_some_and(|c| c.rtp == channel || c.rtcp == channel)
        });
        if is_rtcp(&payload) {
            return self.rtcp(on_channel, &payload, now);
        }
        let Some(packet) = Packet::parse(payload) else {
            return self.found.push_back(Found::Bad("frames that hold no RTP"));
        };
        let mut of_type = (0..self.lanes.len()).filter(|n| {
            self.lanes
                .get(*n)
                .is_some_and(|lane| lane.payload_type == packet.payload_type)
        });
        match (of_type.next(), of_type.next()) {
            (Some(track), None) => self.take(track, packet, now),
            (Some(first), Some(_)) => self.take(on_channel.unwrap_or(first), packet, now),
            // Geovision mixes packets of an unannounced type 50 into its video.
            (None, _) => self.foreign += 1,
        }
    }

    /// Media that nobody asked for: an earlier session's, which live555 goes on sending to
    /// whichever connection inherits its file descriptor.
    fn stray(&mut self, payload: Vec<u8>) {
        self.foreign += 1;
        if !self.lanes.is_empty() || is_rtcp(&payload) || self.stale.len() >= MAX_STALE {
            return;
        }
        if let Some(packet) = Packet::parse(payload)
            && !self.stale.contains(&packet.ssrc)
        {
            self.stale.push(packet.ssrc);
        }
    }

    /// Takes a datagram.
    pub(super) fn datagram(
        &mut self,
        track: usize,
        port: Port,
        from: SocketAddr,
        bytes: &[u8],
        now: Instant,
    ) {
        let peer = self.peer.map(|peer| peer.to_canonical());
        let Some(lane) = self.lanes.get_mut(track) else {
            return;
        };
        if peer != Some(from.ip().to_canonical()) || !lane.is_from(port, from.port()) {
            self.foreign += 1;
            return;
        }
        if is_rtcp(bytes) {
            return self.rtcp(Some(track), bytes, now);
        }
        let Some(packet) = Packet::parse(bytes.to_vec()) else {
            return self
                .found
                .push_back(Found::Bad("datagrams that hold no RTP"));
        };
        if packet.payload_type != lane.payload_type {
            self.foreign += 1;
            return;
        }
        if port == Port::Rtp {
            lane.learned.get_or_insert(from.port());
        }
        self.take(track, packet, now);
    }

    fn take(&mut self, track: usize, packet: Packet, now: Instant) {
        let Some(lane) = self.lanes.get_mut(track) else {
            return;
        };
        let fresh = match lane.receiver.on_packet(&packet, now) {
            Verdict::Ignore => return,
            // Not fresh: a track's first packet has nothing before it that it could differ from, and
            // tracks begin one after the other.
            Verdict::Begin | Verdict::Take => false,
            Verdict::TakeOver => true,
        };
        let waiting = Waiting {
            packet,
            arrived: now,
            fresh,
        };
        match &mut lane.reorder {
            None => self.found.push_back(waiting.event(track)),
            Some(reorder) => {
                if fresh {
                    *reorder = Reorder::new(REORDER_WINDOW);
                }
                reorder.push(waiting.packet.seq, waiting, now);
                self.release(track, now);
            }
        }
    }

    fn release(&mut self, track: usize, now: Instant) {
        let Some(reorder) = self
            .lanes
            .get_mut(track)
            .and_then(|lane| lane.reorder.as_mut())
        else {
            return;
        };
        while let Some((_, waiting)) = reorder.pop(now) {
            self.found.push_back(waiting.event(track));
        }
    }

    fn rtcp(&mut self, track: Option<usize>, bytes: &[u8], now: Instant) {
        let Some(reports) = read(bytes) else {
            return self.found.push_back(Found::Bad("reports that are no RTCP"));
        };
        for report in reports {
            let ssrcs = match &report {
                Report::Sender { ssrc, .. } => std::slice::from_ref(ssrc),
                Report::Bye { ssrcs, .. } => ssrcs.as_slice(),
            };
            let owner = self.lanes.iter().position(|lane| {
                lane.receiver
                    .ssrc()
                    .is_some_and(|ssrc| ssrcs.contains(&ssrc))
            });
            match report {
                Report::Sender { ssrc, ntp, time } => {
                    if let Some(lane) = track.and_then(|track| self.lanes.get_mut(track)) {
                        lane.reports = true;
                    }
                    let Some((track, lane)) = owner.and_then(|n| Some((n, self.lanes.get_mut(n)?)))
                    else {
                        continue;
                    };
                    lane.receiver.on_sender_report(ssrc, ntp, now);
                    self.found
                        .push_back(Found::Event(Event::SenderReport { track, ntp, time }));
                }
                Report::Bye { ssrcs, reason } => {
                    // Some name nobody: then it is whose channel it came on.
                    if let Some(track) = owner.or(track.filter(|_| ssrcs.is_empty())) {
                        self.found.push_back(Found::Bye { track, reason });
                    }
                }
            }
        }
    }

    /// Hands on what has waited for long enough.
    pub(super) fn tick(&mut self, now: Instant) {
        (0..self.lanes.len()).for_each(|track| self.release(track, now));
    }

    /// When to call [`Self::tick`].
    pub(super) fn wake_at(&self) -> Option<Instant> {
        self.lanes
            .iter()
            .filter_map(|lane| lane.reorder.as_ref()?.wake_at())
            .min()
    }

    /// When the last packet of a track came.
    pub(super) fn last(&self, track: usize) -> Option<Instant> {
        self.lanes.get(track)?.receiver.last()
    }

    /// Whether sender reports of a track came.
    pub(super) fn reported(&self, track: usize) -> bool {
        self.lanes.get(track).is_some_and(|lane| lane.reports)
    }

    /// A receiver report for each track, with where it goes: a channel, or a port of the camera.
    pub(super) fn reports(
        &mut self,
        now: Instant,
    ) -> Vec<(usize, Result<SocketAddr, u8>, Vec<u8>)> {
        let (ours, peer) = (self.ours, self.peer);
        let lanes = self.lanes.iter_mut().enumerate();
        lanes
            .filter_map(|(track, lane)| {
                let to = lane.reports_go_to(peer)?;
                let block = lane.receiver.block(now);
                Some((track, to, receiver_report(ours, block.as_ref())))
            })
            .collect()
    }

    pub(super) fn totals(&self) -> Totals {
        let mut totals = Totals {
            foreign: self.foreign,
            ..Totals::default()
        };
        for lane in &self.lanes {
            let counts = lane.receiver.counts();
            let order = lane
                .reorder
                .as_ref()
                .map(Reorder::counts)
                .unwrap_or_default();
            totals.packets += counts.packets;
            totals.lost += counts.lost;
            totals.foreign += counts.foreign;
            totals.reordered += order.reordered;
            totals.late += order.late;
        }
        totals
    }
}

impl Lane {
    /// Whether a datagram to `port` may come from the camera's port `from`.
    fn is_from(&self, port: Port, from: u16) -> bool {
        match (self.remote, port) {
            (Some(remote), Port::Rtp) => from == remote.rtp.port(),
            (Some(remote), Port::Rtcp) => from == remote.rtcp.port(),
            (None, Port::Rtp) => self.learned.is_none_or(|learned| learned == from),
            (None, Port::Rtcp) => true,
        }
    }

    fn reports_go_to(&self, peer: Option<IpAddr>) -> Option<Result<SocketAddr, u8>> {
        if self.reorder.is_none() {
            return self.channels.map(|channels| Err(channels.rtcp));
        }
        let learned = || Some(SocketAddr::new(peer?, self.learned?.checked_add(1)?));
        self.remote
            .map(|remote| remote.rtcp)
            .or_else(learned)
            .map(Ok)
    }
}

impl Waiting {
    fn event(self, track: usize) -> Found {
        Found::Event(Event::Rtp(Rtp {
            track,
            packet: self.packet,
            arrived: self.arrived,
            fresh: self.fresh,
        }))
    }
}
