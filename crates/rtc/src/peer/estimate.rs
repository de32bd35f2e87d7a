//! What a viewer's link bears, from when its packets came (transport-wide congestion control,
//! draft-holmer-rmcat-transport-wide-cc-extensions-01). Pure.
//!
//! Frames leave as bursts, and how far the link pulls a burst apart says how fast the link is: each
//! one is a measurement, without the link having to be full first. Where a shaper lets short bursts
//! pass at its neighbour's speed that is too much; then a queue grows, and what came through while
//! it did is the truth for a while, longer each time that it happens again.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use rtcp_types::{Twcc, TwccPacketStatus};

/// Packets whose fate is still awaited, at most: two seconds of a 4 Mbit/s stream. The oldest are
/// forgotten.
const AWAITED: usize = 1_024;

/// Packets that left closer behind each other than this are one burst.
const BURST_GAP: Duration = Duration::from_millis(1);

/// A burst that measures: fewer packets or bytes are lost in the receiver's own rhythm.
const BURST_PACKETS: usize = 5;
const BURST_BYTES: usize = 3_000;

/// Bursts of which the median counts.
const BURSTS: usize = 5;

/// Faster than this is fast enough for anything; receivers' clocks tick in quarter milliseconds.
const MOST: u64 = 100_000_000;

/// The least delay of so long is that of the empty link; longer would take clocks that drift for
/// queues.
const FLOOR_TIME: Duration = Duration::from_secs(10);

/// What came through in so long is the rate of a full link.
const RATE_TIME: Duration = Duration::from_millis(500);

/// The link is full when packets wait this long, or, with a shorter queue, when this share is lost.
const FULL_QUEUE: Duration = Duration::from_millis(150);
const HALF_QUEUE: Duration = Duration::from_millis(50);
const FULL_LOSS: f32 = 0.2;

/// A full link's rate is believed for so long, twice as long each time anew, up to the most.
const HOLD: Duration = Duration::from_secs(4);
const HOLD_MOST: Duration = Duration::from_secs(60);
/// After so long without a full link the next one is believed for a short time again.
const CALM: Duration = Duration::from_secs(60);

/// Of a full link's rate, what may be used: the queue has to drain.
const DRAIN: f64 = 0.9;

/// A link as it is now.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Link {
    /// What it bears, in bit/s.
    pub bits_per_second: u64,
    /// How long packets wait in it.
    pub queue: Duration,
    /// Of the packets last reported on, the share that did not come (0..=1).
    pub loss: f32,
}

#[derive(Clone, Copy, Debug)]
struct Sent {
    at: Instant,
    bytes: usize,
    /// On the receiver's clock.
    received: Option<i64>,
}

/// The rate of a full link, and until when it is believed.
#[derive(Clone, Copy, Debug)]
struct Full {
    rate: u64,
    until: Instant,
    hold: Duration,
}

/// One viewer's link.
#[derive(Debug)]
pub(super) struct Estimator {
    begun: Instant,
    /// Number of the packet in front of `sent`.
    first: u64,
    sent: VecDeque<Sent>,
    /// Number of the first packet that no burst has measured yet.
    unmeasured: u64,
    bursts: VecDeque<u64>,
    floor: Floor,
    queue: Duration,
    loss: f32,
    full: Option<Full>,
}

/// The least delay of now and of before.
#[derive(Debug, Default)]
struct Floor {
    since: Option<Instant>,
    now: Option<i64>,
    before: Option<i64>,
}

impl Floor {
    fn take(&mut self, delay: i64, at: Instant) -> i64 {
        let is_old = |since: Instant| at.saturating_duration_since(since) > FLOOR_TIME;
        if self.since.is_none_or(is_old) {
            self.since = Some(at);
            self.before = self.now.take();
        }
        let least = self.now.map_or(delay, |least| least.min(delay));
        self.now = Some(least);
        self.before.map_or(least, |before| before.min(least))
    }
}

impl Estimator {
    pub(super) fn new(now: Instant) -> Self {
        Self {
            begun: now,
            first: 0,
            sent: VecDeque::new(),
            unmeasured: 0,
            bursts: VecDeque::new(),
            floor: Floor::default(),
            queue: Duration::ZERO,
            loss: 0.0,
            full: None,
        }
    }

    /// A packet leaves: its number of the transport.
    pub(super) fn count(&mut self, bytes: usize, now: Instant) -> u16 {
        let number = self.first + self.sent.len() as u64;
        self.sent.push_back(Sent {
            at: now,
            bytes,
            received: None,
        });
        if self.sent.len() > AWAITED {
            self.sent.pop_front();
            self.first += 1;
        }
        number as u16
    }

    /// The link as it is; `None` before anything was measured.
    pub(super) fn link(&self, now: Instant) -> Option<Link> {
        let full = self.full.filter(|full| full.until > now);
        let measured = self.median();
        let rate = match (measured, full) {
            (None, None) => return None,
            (Some(measured), None) => measured,
            (None, Some(full)) => full.rate,
            (Some(measured), Some(full)) => measured.min(full.rate),
        };
        Some(Link {
            bits_per_second: rate,
            queue: self.queue,
            loss: self.loss,
        })
    }

    fn median(&self) -> Option<u64> {
        let mut rates: Vec<u64> = self.bursts.iter().copied().collect();
        rates.sort_unstable();
        rates.get(rates.len() / 2).copied()
    }

    /// Takes the receiver's word on which packets came when.
    pub(super) fn on_feedback(&mut self, feedback: &Twcc<'_>, now: Instant) {
        // Microseconds; the reference counts in 64 ms, the steps in 250 us.
        let mut clock = i64::from(feedback.reference_time()) * 64_000;
        let (mut came, mut missing) = (0_u32, 0_u32);
        let mut newest = None;
        for packet in feedback.packets().take(AWAITED).map_while(Result::ok) {
            let (low, status) = packet;
            let number = self.unwrap(low);
            let TwccPacketStatus::Received { delta } = status else {
                missing += 1;
                continue;
            };
            clock += i64::from(delta) * 250;
            let Some(sent) = number.and_then(|number| self.sent_mut(number)) else {
                continue;
            };
            if sent.received.replace(clock).is_none() {
                came += 1;
                newest = number.max(newest);
            }
        }
        if came + missing > 0 {
            self.loss = missing as f32 / (came + missing) as f32;
        }
        if let Some(newest) = newest {
            self.measure_queue(newest, now);
            self.measure_bursts(newest);
            self.notice_full(newest, now);
        }
    }

    /// The whole number of a packet by its low bits, counted back from the newest.
    fn unwrap(&self, low: u16) -> Option<u64> {
        let next = self.first + self.sent.len() as u64;
        let behind = (next as u16).wrapping_sub(low);
        let number = next.checked_sub(u64::from(behind))?;
        (behind > 0 && number >= self.first).then_some(number)
    }

    fn sent(&self, number: u64) -> Option<&Sent> {
        self.sent
            .get(usize::try_from(number.checked_sub(self.first)?).ok()?)
    }

    fn sent_mut(&mut self, number: u64) -> Option<&mut Sent> {
        let place = usize::try_from(number.checked_sub(self.first)?).ok()?;
        self.sent.get_mut(place)
    }

    /// On the receiver's clock less ours.
    fn delay(&self, sent: &Sent) -> Option<i64> {
        let left = sent.at.saturating_duration_since(self.begun).as_micros();
        Some(sent.received? - i64::try_from(left).ok()?)
    }

    fn measure_queue(&mut self, newest: u64, now: Instant) {
        let Some(delay) = self.sent(newest).and_then(|sent| self.delay(sent)) else {
            return;
        };
        let floor = self.floor.take(delay, now);
        let waits = u64::try_from(delay.saturating_sub(floor)).unwrap_or(0);
        self.queue = Duration::from_micros(waits);
    }

    /// Looks at the bursts up to the newest packet that came.
    fn measure_bursts(&mut self, newest: u64) {
        let mut start = self.unmeasured.max(self.first);
        while start <= newest {
            let mut end = start + 1;
            while let (Some(last), Some(next)) = (self.sent(end - 1), self.sent(end))
                && next.at.saturating_duration_since(last.at) <= BURST_GAP
            {
                end += 1;
            }
            // More of it may still be on its way.
            if end > newest + 1 {
                break;
            }
            if let Some(rate) = self.rate_of(start, end) {
                self.bursts.push_back(rate);
                if self.bursts.len() > BURSTS {
                    self.bursts.pop_front();
                }
            }
            start = end;
        }
        self.unmeasured = start;
    }

    /// How fast the link passed on a burst.
    fn rate_of(&self, start: u64, end: u64) -> Option<u64> {
        let came: Vec<(i64, usize)> = (start..end)
            .filter_map(|number| self.sent(number))
            .filter_map(|sent| Some((sent.received?, sent.bytes)))
            .collect();
        let first = came.iter().map(|(at, _)| *at).min()?;
        let last = came.iter().map(|(at, _)| *at).max()?;
        // The first one's own time on the link lies before it came.
        let bytes: usize = came.iter().skip(1).map(|(_, bytes)| bytes).sum();
        if came.len() < BURST_PACKETS || bytes < BURST_BYTES {
            return None;
        }
        let micros = u64::try_from(last - first).ok()?.max(1);
        Some((bytes as u64 * 8_000_000 / micros).min(MOST))
    }

    fn notice_full(&mut self, newest: u64, now: Instant) {
        let is_full = self.queue > FULL_QUEUE || (self.queue > HALF_QUEUE && self.loss > FULL_LOSS);
        if !is_full {
            return;
        }
        let Some(rate) = self.rate_until(newest) else {
            return;
        };
        let rate = (rate as f64 * DRAIN) as u64;
        let hold = match self.full {
            // Still the same trouble.
            Some(full) if full.until > now => full.hold,
            Some(full) if now.saturating_duration_since(full.until) < CALM => {
                (full.hold * 2).min(HOLD_MOST)
            }
            _ => HOLD,
        };
        self.full = Some(Full {
            rate,
            until: now + hold,
            hold,
        });
    }

    /// What came in the time before the newest packet, in bit/s.
    fn rate_until(&self, newest: u64) -> Option<u64> {
        let until = self.sent(newest)?.received?;
        let window = i64::try_from(RATE_TIME.as_micros()).ok()?;
        let mut first = until;
        let mut bytes = 0;
        for sent in self.sent.iter().rev() {
            let Some(at) = sent.received else { continue };
            if at > until || at <= until - window {
                continue;
            }
            first = first.min(at);
            bytes += sent.bytes as u64;
        }
        // Too short a time says nothing.
        let micros = u64::try_from(until - first)
            .ok()
            .filter(|micros| *micros > 50_000)?;
        Some((bytes * 8_000_000 / micros).min(MOST))
    }
}

#[cfg(test)]
mod tests;
