//! Sending: a viewer's packets, sealed behind each other where they leave from, and the reports that
//! say which wall-clock time their timestamps stand for.

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
            let track = run.track();
            let Some(at) = self.lanes.iter().position(|lane| lane.track == track) else {
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
                if !lane.may_send(packet.seq) {
                    continue;
                }
                let start = out.open().len();
                let hints = Hints {
                    mid: is_new.then_some(lane.mid.as_str()),
                    delay,
                };
                let bytes = packet.payload.len();
                let transport = count(&mut self.estimator, lane, bytes, clock.now);
                if seal(lane, &packet, hints, transport, sealer, out).is_err() {
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

    /// Tells the receiver which wall-clock time its timestamps stand for, when that is due. Nothing is
    /// reported before the first packet: a mapping of nothing would take receivers three good ones
    /// to get over.
    pub(super) fn report(&mut self, now: Instant, out: &mut Flight) {
        if self.report_due.is_none_or(|due| due > now) {
            return;
        }
        let Some(pair) = self.ice.pair else {
            return;
        };
        if !self.inlets.is_empty() {
            self.report_reception(pair, now, out);
            return;
        }
        let Some(told) = self.told else {
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

    pub(super) fn send_rtcp(
        &mut self,
        pair: Pair,
        out: &mut Flight,
        push: impl FnOnce(&mut Vec<u8>) -> bool,
    ) {
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
pub(super) fn count(
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
