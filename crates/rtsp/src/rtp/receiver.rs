//! Whose packets a track takes (SEC-26), and what it tells the camera of them (RFC 3550 appendix A).

use std::time::{Duration, Instant};

use super::{Block, Packet};

/// A pinned source that has been silent for this long may be replaced by another one: an encoder
/// that restarts chooses a new SSRC. Shorter, and a stray packet between two frames of a slow
/// camera could take the track over.
const HANDOVER: Duration = Duration::from_secs(1);

/// Sources remembered as belonging to an earlier session. More than one or two at once has never
/// been seen; the list must not grow with what a peer sends.
pub(crate) const MAX_STALE: usize = 8;

/// What to do with a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is the track's.
    Take,
    /// It is the track's first.
    Begin,
    /// It is the track's, and the first of another source than the one before: numbers and times
    /// begin anew.
    TakeOver,
    /// It is a stranger's, or left over from an earlier session.
    Ignore,
}

/// What was counted of one track.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Packets that were the track's.
    pub packets: u64,
    /// Packets that never came.
    pub lost: u64,
    /// Packets of other sources.
    pub foreign: u64,
}

/// One track's receiving side.
#[derive(Debug)]
pub struct Receiver {
    clock_rate: u32,
    announced: Option<u32>,
    stale: Vec<u32>,
    source: Option<Source>,
    /// Counts of sources that were replaced.
    before: Counts,
    foreign: u64,
}

/// The source that is pinned.
#[derive(Debug)]
struct Source {
    ssrc: u32,
    first: Instant,
    last: Instant,
    base: u32,
    highest: u32,
    received: u64,
    /// Expected and received at the last report.
    reported: (u64, u64),
    transit: Option<i64>,
    /// Sixteen times the jitter, as RFC 3550 A.8 keeps it.
    jitter16: i64,
    report: Option<(u32, Instant)>,
}

impl Receiver {
    /// A track of that clock rate, in hertz, before its first packet.
    #[must_use]
    pub fn new(clock_rate: u32) -> Self {
        Self {
            clock_rate,
            announced: None,
            stale: Vec::new(),
            source: None,
            before: Counts::default(),
            foreign: 0,
        }
    }

    /// Takes the SSRC that SETUP was answered with. A hint: several cameras send another one.
    pub fn announce(&mut self, ssrc: Option<u32>) {
        self.announced = ssrc;
    }

    /// Remembers a source that sends although nothing was set up: old live555 servers go on
    /// sending an earlier session's media to whoever gets its file descriptor.
    pub fn mark_stale(&mut self, ssrc: u32) {
        if self.stale.len() < MAX_STALE && !self.stale.contains(&ssrc) {
            self.stale.push(ssrc);
        }
    }

    #[cfg(test)]
    pub(super) fn stale_sources(&self) -> usize {
        self.stale.len()
    }

    /// The source that is pinned.
    #[must_use]
    pub fn ssrc(&self) -> Option<u32> {
        self.source.as_ref().map(|source| source.ssrc)
    }

    /// When the last packet came.
    #[must_use]
    pub fn last(&self) -> Option<Instant> {
        self.source.as_ref().map(|source| source.last)
    }

    /// Judges and counts a packet.
    pub fn on_packet(&mut self, packet: &Packet, now: Instant) -> Verdict {
        let verdict = self.judge(packet.ssrc, now);
        match verdict {
            Verdict::Ignore => self.foreign += 1,
            Verdict::Begin | Verdict::TakeOver => {
                self.before = self.counts();
                self.before.foreign = 0;
                self.source = Some(Source::new(packet, now));
            }
            Verdict::Take => {}
        }
        if let Some(source) = self.source.as_mut().filter(|_| verdict != Verdict::Ignore) {
            source.on_packet(packet, now, self.clock_rate);
        }
        verdict
    }

    fn judge(&self, ssrc: u32, now: Instant) -> Verdict {
        if self.stale.contains(&ssrc) && self.announced != Some(ssrc) {
            return Verdict::Ignore;
        }
        match &self.source {
            None => Verdict::Begin,
            Some(source) if source.ssrc == ssrc => Verdict::Take,
            Some(_) if self.announced == Some(ssrc) => Verdict::TakeOver,
            Some(source) if now.saturating_duration_since(source.last) >= HANDOVER => {
                Verdict::TakeOver
            }
            Some(_) => Verdict::Ignore,
        }
    }

    /// Takes a sender report; false when it is a stranger's.
    pub fn on_sender_report(&mut self, ssrc: u32, ntp: u64, now: Instant) -> bool {
        let Some(source) = self.source.as_mut().filter(|source| source.ssrc == ssrc) else {
            return false;
        };
        source.report = Some(((ntp >> 16) as u32, now));
        true
    }

    /// What to report now; `None` before the first packet. Each call begins a new interval.
    pub fn block(&mut self, now: Instant) -> Option<Block> {
        self.source.as_mut().map(|source| source.block(now))
    }

    /// What was counted so far.
    #[must_use]
    pub fn counts(&self) -> Counts {
        let (expected, received) = self
            .source
            .as_ref()
            .map_or((0, 0), |s| (s.expected(), s.received));
        Counts {
            packets: self.before.packets + received,
            lost: self.before.lost + expected.saturating_sub(received),
            foreign: self.foreign,
        }
    }
}

impl Source {
    fn new(first: &Packet, now: Instant) -> Self {
        Self {
            ssrc: first.ssrc,
            first: now,
            last: now,
            base: u32::from(first.seq),
            highest: u32::from(first.seq),
            received: 0,
            reported: (0, 0),
            transit: None,
            jitter16: 0,
            report: None,
        }
    }

    fn on_packet(&mut self, packet: &Packet, now: Instant, clock_rate: u32) {
        let ahead = packet.seq.wrapping_sub(self.highest as u16) as i16;
        // RFC 3550 A.1: a step of 3,000 or more is a restart, not a loss.
        if ahead.unsigned_abs() > 3_000 {
            self.base = self
                .highest
                .wrapping_add_signed(i32::from(ahead))
                .wrapping_sub(self.received as u32);
        }
        if ahead > 0 || ahead.unsigned_abs() > 3_000 {
            self.highest = self.highest.wrapping_add_signed(i32::from(ahead));
        }
        self.received += 1;
        self.last = now;
        let micros = i64::try_from(now.saturating_duration_since(self.first).as_micros())
            .unwrap_or(i64::MAX >> 32);
        let arrival = micros.saturating_mul(i64::from(clock_rate)) / 1_000_000;
        let transit = arrival - i64::from(packet.time);
        if let Some(before) = self.transit.replace(transit) {
            // Times wrap: only the low 32 bits of a difference mean something.
            let step = i64::from((transit - before) as i32).abs();
            self.jitter16 += step - ((self.jitter16 + 8) >> 4);
        }
    }

    fn expected(&self) -> u64 {
        u64::from(self.highest.wrapping_sub(self.base)) + 1
    }

    fn block(&mut self, now: Instant) -> Block {
        let (expected, received) = (self.expected(), self.received);
        let (expected_before, received_before) =
            std::mem::replace(&mut self.reported, (expected, received));
        let due = expected.saturating_sub(expected_before);
        let came = received - received_before;
        let fraction = (due.saturating_sub(came) << 8)
            .checked_div(due)
            .unwrap_or(0);
        let (last_report, since_report) = self.report.map_or((0, 0), |(ntp, at)| {
            let since = now.saturating_duration_since(at).as_micros() * 65_536 / 1_000_000;
            (ntp, u32::try_from(since).unwrap_or(u32::MAX))
        });
        Block {
            ssrc: self.ssrc,
            fraction_lost: u8::try_from(fraction).unwrap_or(u8::MAX),
            lost: u32::try_from(expected.saturating_sub(received)).unwrap_or(u32::MAX),
            highest: self.highest,
            jitter: u32::try_from(self.jitter16 >> 4).unwrap_or(u32::MAX),
            last_report,
            since_report,
        }
    }
}
