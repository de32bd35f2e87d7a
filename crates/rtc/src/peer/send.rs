//! Sending: a viewer's packets, sealed behind each other where they leave from; repairs; reports.

use std::time::{Duration, Instant};

use lenswire_media::WallTime;
use lenswire_media::viewer::{Outgoing, Run};

use super::estimate::Estimator;
use super::lane::Lane;
use super::rtcp::{self, Report};
use super::rtp::{self, Header, Hints};
use super::srtp::{Sealer, Unsealed};
use super::wire::{Flight, Pair};
use super::{Media, Peer};

/// Sections are named and the receiver's delay is hinted at in every packet for so long after the
/// start. The receiver keeps the last hint it saw, and one of so many packets arrives.
const HINT_TIME: Duration = Duration::from_secs(2);

/// A capture time older than this says more about the camera's clock than about its delay.
const OLDEST_CAPTURE: Duration = Duration::from_secs(10);

/// Between two sender reports. Players need them early and often to keep sound and picture in step.
const REPORT_INTERVAL: Duration = Duration::from_secs(1);

/// Bytes of a packet beside its payload: IP, UDP, RTP, tag.
const OVERHEAD: usize = 20 + 8 + 12 + 16;

/// Entries of one request for repair that are looked at: all that is kept may be missing.
const MOST_LOST: usize = 1_024;

/// A probe of the link: padding that receivers throw away, as much of it as shows how fast the link
/// is and small enough to wait no longer than a frame on half a megabit.
const PROBE_PACKETS: usize = 40;

/// Padding bytes in one packet, at most; the last one counts them (RFC 3550 section 5.1).
const PADDING: u8 = 255;

/// Names the sender: the tracks of one name are played in step.
pub(super) const NAME: &str = "lenswire";

/// The two clocks, read together.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    /// Monotonic.
    pub now: Instant,
    /// The same moment on the wall.
    pub wall: WallTime,
}

impl Peer {
    /// Seals packets of one or more frames into `out`. Takes the runs out of `runs`: they are kept
    /// for repair.
    pub fn write(&mut self, runs: &mut Vec<Run>, clock: Clock, out: &mut Flight) {
        let (Media::Flowing { sealer, since, .. }, Some(pair)) = (&self.media, self.ice.pair)
        else {
            runs.clear();
            return;
        };
        self.told = Some(clock);
        let is_new = clock.now.saturating_duration_since(*since) < HINT_TIME;
        for run in runs.drain(..) {
            let Some(at) = self.lanes.iter().position(|lane| lane.track == run.track()) else {
                continue;
            };
            if let Some(last) = run.packets().last() {
                let moment = moment(&mut self.lanes, at, &last, clock);
                self.lanes[at].sent.newest = Some((last.time, moment));
            }
            let lane = &mut self.lanes[at];
            // From nothing, so that the receiver adds no more than jitter and repair need, to the
            // stream's limit, so that it never stays behind for good after a bad moment. A maximum
            // of half a second or less would make Chromium give up smoothing altogether; that is
            // for whoever sets such a limit.
            let delay = Some(self.delay_limit).filter(|_| is_new && lane.is_video);
            for packet in run.packets() {
                let start = out.open().len();
                let transport = count(&mut self.estimator, lane, packet.payload.len(), clock.now);
                let hints = Hints {
                    mid: is_new.then_some(lane.mid.as_str()),
                    delay,
                };
                if !lane.may_send(packet.seq)
                    || seal(lane, &packet, hints, transport, sealer, out).is_err()
                {
                    out.abandon();
                    continue;
                }
                self.figures.bytes += (out.open().len() - start) as u64;
                self.figures.packets += 1;
                out.end(pair);
                lane.count(&packet);
            }
            lane.keep(run, clock.now);
        }
        if self.report_due.is_none() && self.figures.packets > 0 {
            self.report_due = Some(clock.now);
            self.report(clock.now, out);
        }
    }

    /// Sends packets once more (RFC 4588), as far as the budget goes.
    pub(super) fn repair(
        &mut self,
        ssrc: u32,
        lost: impl Iterator<Item = u16>,
        now: Instant,
        out: &mut Flight,
    ) {
        let (Media::Flowing { sealer, .. }, Some(pair)) = (&self.media, self.ice.pair) else {
            return;
        };
        let Some(lane) = self.lanes.iter_mut().find(|lane| lane.ssrc == ssrc) else {
            return;
        };
        for low in lost.take(MOST_LOST) {
            if self.retransmits.is_spent(now) {
                self.figures.refused += 1;
                return;
            }
            let Some(packet) = lane.find(low) else {
                continue;
            };
            let Some(mut repair) = lane.repair else {
                return;
            };
            self.retransmits.take(now);
            let header = Header {
                marker: packet.marker,
                number: repair.number,
                seq: repair.next as u16,
                time: packet.time,
                ssrc: repair.ssrc,
            };
            let start = out.open().len();
            let length =
                rtp::push_header(out.open(), header, &lane.extensions, Hints::default(), None);
            out.open()
                .extend_from_slice(&(packet.seq as u16).to_be_bytes());
            out.open().extend_from_slice(packet.payload);
            if sealer
                .rtp(out.open(), start, length, repair.ssrc, repair.next)
                .is_err()
            {
                out.abandon();
                return;
            }
            self.figures.bytes += (out.open().len() - start) as u64;
            self.figures.retransmitted += 1;
            out.end(pair);
            repair.next += 1;
            lane.repair = Some(repair);
        }
    }

    /// Sends a burst that measures the link, when a track can repair and the link is estimated: padding
    /// goes by the number of its repairs, so that it leaves no gap (RFC 4588 section 8.8 leaves that
    /// open, receivers take it).
    pub fn probe(&mut self, now: Instant, out: &mut Flight) {
        let (Media::Flowing { sealer, .. }, Some(pair)) = (&self.media, self.ice.pair) else {
            return;
        };
        let lane = self.lanes.iter_mut().find(|lane| lane.counts_transport());
        let Some((lane, mut repair)) = lane.and_then(|lane| {
            let repair = lane.repair?;
            Some((lane, repair))
        }) else {
            return;
        };
        for _ in 0..PROBE_PACKETS {
            let Some(transport) = count(&mut self.estimator, lane, usize::from(PADDING), now)
            else {
                return;
            };
            let header = Header {
                marker: false,
                number: repair.number,
                seq: repair.next as u16,
                time: lane.sent.newest.map_or(0, |(time, _)| time),
                ssrc: repair.ssrc,
            };
            let start = out.open().len();
            let (numbers, hints) = (&lane.extensions, Hints::default());
            let length = rtp::push_header(out.open(), header, numbers, hints, Some(transport));
            rtp::push_padding(out.open(), start, PADDING);
            if sealer
                .rtp(out.open(), start, length, repair.ssrc, repair.next)
                .is_err()
            {
                out.abandon();
                return;
            }
            self.figures.bytes += (out.open().len() - start) as u64;
            out.end(pair);
            repair.next += 1;
            lane.repair = Some(repair);
        }
    }

    /// Tells the receiver which wall-clock time its timestamps stand for, when that is due. Nothing is
    /// reported before the first packet: a mapping of nothing would take receivers three good ones
    /// to get over.
    pub(super) fn report(&mut self, now: Instant, out: &mut Flight) {
        if self.report_due.is_none_or(|due| due > now) {
            return;
        }
        let (Some(told), Some(pair)) = (self.told, self.ice.pair) else {
            return;
        };
        self.report_due = Some(now + REPORT_INTERVAL);
        let passed = now.saturating_duration_since(told.now);
        let wall = WallTime(told.wall.0 + u64::try_from(passed.as_micros()).unwrap_or(0));
        let reports: Vec<Report> = self
            .lanes
            .iter()
            .filter_map(|lane| report(lane, now, wall))
            .collect();
        self.send_rtcp(pair, out, |out| {
            !reports.is_empty() && rtcp::push_reports(out, &reports, NAME)
        });
    }

    pub(super) fn say_goodbye(&mut self, out: &mut Flight) {
        let ssrcs: Vec<u32> = self.lanes.iter().map(|lane| lane.ssrc).collect();
        if let Some(pair) = self.ice.pair {
            self.send_rtcp(pair, out, |out| rtcp::push_goodbye(out, &ssrcs));
        }
    }

    fn send_rtcp(&mut self, pair: Pair, out: &mut Flight, push: impl FnOnce(&mut Vec<u8>) -> bool) {
        let Media::Flowing { sealer, .. } = &mut self.media else {
            return;
        };
        let start = out.open().len();
        if push(out.open()) && sealer.rtcp(out.open(), start).is_ok() {
            out.end(pair);
        } else {
            out.abandon();
        }
    }
}

/// The packet's number of the transport, while the link is estimated.
fn count(
    estimator: &mut Option<Estimator>,
    lane: &Lane,
    bytes: usize,
    now: Instant,
) -> Option<u16> {
    let estimator = estimator.as_mut().filter(|_| lane.counts_transport())?;
    Some(estimator.count(bytes + OVERHEAD, now))
}

fn seal(
    lane: &Lane,
    packet: &Outgoing<'_>,
    hints: Hints<'_>,
    transport: Option<u16>,
    sealer: &Sealer,
    out: &mut Flight,
) -> Result<(), Unsealed> {
    let header = Header {
        marker: packet.marker,
        number: lane.number,
        seq: packet.seq as u16,
        time: packet.time,
        ssrc: lane.ssrc,
    };
    let bytes = out.open();
    let start = bytes.len();
    let length = rtp::push_header(bytes, header, &lane.extensions, hints, transport);
    bytes.extend_from_slice(packet.payload);
    sealer.rtp(bytes, start, length, lane.ssrc, packet.seq)
}

/// Where a track's time stands now.
fn report(lane: &Lane, now: Instant, wall: WallTime) -> Option<Report> {
    let (time, moment) = lane.sent.newest?;
    let passed = now.saturating_duration_since(moment).as_micros();
    let ticks = passed * u128::from(lane.clock_rate) / 1_000_000;
    Some(Report {
        ssrc: lane.ssrc,
        wall,
        time: time.wrapping_add(ticks as u32),
        packets: lane.sent.packets,
        octets: lane.sent.octets,
    })
}

/// The moment that a packet's timestamp stands for. Capture times are used only while every track
/// has them: a mapping by capture for one and by arrival for another would take sound and picture
/// apart by the camera's delay.
fn moment(lanes: &mut [Lane], at: usize, packet: &Outgoing<'_>, clock: Clock) -> Instant {
    let captured = packet.captured.and_then(|captured| {
        let age = Duration::from_micros(clock.wall.0.checked_sub(captured.0)?);
        clock.now.checked_sub(age).filter(|_| age <= OLDEST_CAPTURE)
    });
    if let Some(lane) = lanes.get_mut(at) {
        lane.sent.is_dated = captured.is_some();
    }
    let arrived = packet.arrived.min(clock.now);
    captured
        .filter(|_| lanes.iter().all(|lane| lane.sent.is_dated))
        .unwrap_or(arrived)
}
