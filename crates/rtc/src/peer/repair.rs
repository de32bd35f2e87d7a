//! Sending once more what a viewer missed (RFC 4588), and measuring its link with padding that goes by
//! the same numbers.

use std::time::Instant;

use super::lane::{Lane, Repair};
use super::rtp::{self, Header, Hints};
use super::send::count;
use super::srtp::{Sealer, Unsealed};
use super::wire::Flight;
use super::{Media, Peer};

/// Entries of one request that are looked at: all that is kept may be missing.
const MOST_LOST: usize = 1_024;

/// Above this share of losses a repair goes twice: one that is lost in its turn is asked for again only
/// after what a browser takes for a round trip, a tenth of a second, and that is a freeze.
const LOSSY: f32 = 0.04;

/// A probe: as much as shows how fast a link is, and small enough to wait for less than a quarter of
/// a second on half a megabit.
const PROBE_PACKETS: usize = 40;

/// Padding bytes in one packet, at most; the last one counts them (RFC 3550 section 5.1).
const PADDING: u8 = 255;

impl Peer {
    /// Sends packets once more, as far as the budget goes.
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
        let lane = self.lanes.iter_mut().find(|lane| lane.ssrc == ssrc);
        let Some((lane, mut repair)) = lane.and_then(with_repair) else {
            return;
        };
        let copies = if self.figures.loss.is_some_and(|loss| loss > LOSSY) {
            2
        } else {
            1
        };
        for low in lost
            .take(MOST_LOST)
            .flat_map(|low| std::iter::repeat_n(low, copies))
        {
            if self.retransmits.is_spent(now) {
                self.figures.refused += 1;
                break;
            }
            let Some(packet) = lane.find(low) else {
                continue;
            };
            self.retransmits.take(now);
            let header = header(&repair, packet.marker, packet.time);
            let sealed = push(lane, header, repair.next, None, sealer, out, |bytes, _| {
                bytes.extend_from_slice(&(packet.seq as u16).to_be_bytes());
                bytes.extend_from_slice(packet.payload);
            });
            let Ok(bytes) = sealed else { break };
            out.end(pair);
            self.figures.bytes += bytes;
            self.figures.retransmitted += 1;
            repair.next += 1;
        }
        lane.repair = Some(repair);
    }

    /// Sends a burst that measures the link, when a track can repair and the link is estimated.
    /// Receivers throw padding away, and by the numbers of repairs it leaves no gap in the picture's.
    pub fn probe(&mut self, now: Instant, out: &mut Flight) {
        let (Media::Flowing { sealer, .. }, Some(pair)) = (&self.media, self.ice.pair) else {
            return;
        };
        let lane = self.lanes.iter_mut().find(|lane| lane.counts_transport());
        let Some((lane, mut repair)) = lane.and_then(with_repair) else {
            return;
        };
        let time = lane.sent.newest.map_or(0, |(time, _)| time);
        for _ in 0..PROBE_PACKETS {
            let transport = count(&mut self.estimator, lane, usize::from(PADDING), now);
            if transport.is_none() {
                break;
            }
            let header = header(&repair, false, time);
            let fill = |bytes: &mut Vec<u8>, start| rtp::push_padding(bytes, start, PADDING);
            let sealed = push(lane, header, repair.next, transport, sealer, out, fill);
            let Ok(bytes) = sealed else { break };
            out.end(pair);
            self.figures.bytes += bytes;
            repair.next += 1;
        }
        lane.repair = Some(repair);
    }
}

fn with_repair(lane: &mut Lane) -> Option<(&mut Lane, Repair)> {
    let repair = lane.repair?;
    Some((lane, repair))
}

fn header(repair: &Repair, marker: bool, time: u32) -> Header {
    Header {
        marker,
        number: repair.number,
        seq: repair.next as u16,
        time,
        ssrc: repair.ssrc,
    }
}

/// Seals one packet; `fill` adds what follows its header and is told where the packet begins. Gives
/// its length.
fn push(
    lane: &Lane,
    header: Header,
    index: u64,
    transport: Option<u16>,
    sealer: &Sealer,
    out: &mut Flight,
    fill: impl FnOnce(&mut Vec<u8>, usize),
) -> Result<u64, Unsealed> {
    let bytes = out.open();
    let start = bytes.len();
    let hints = Hints::default();
    let length = rtp::push_header(bytes, header, &lane.extensions, hints, transport);
    fill(bytes, start);
    let sealed = sealer.rtp(bytes, start, length, header.ssrc, index);
    let grown = (bytes.len() - start) as u64;
    match sealed {
        Ok(()) => Ok(grown),
        Err(error) => {
            out.abandon();
            Err(error)
        }
    }
}
