//! When each packet of the transport came, for the sender's estimate of the link
//! (draft-holmer-rmcat-transport-wide-cc-extensions-01).

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use lenswire_media::Unwrap16;
use rtcp_types::{Twcc, TwccBuilder, TwccPacketStatus};

/// Between two reports: a sender must notice within a few frames that its link has narrowed.
const INTERVAL: Duration = Duration::from_millis(50);

/// Statuses in one report, and what is kept at most: a quarter of a second of 10 Mbit/s. The oldest
/// are forgotten, and count as lost to the sender.
const MOST: usize = 256;

/// A number so far ahead is a new beginning.
const JUMP: i64 = 1_000;

/// Bytes of one report's list.
const ROOM: usize = 1_000;

/// A tick of the report's times, and how many make up a unit of its reference.
const TICK_MICROS: u128 = 250;
const TICKS_OF_REFERENCE: i64 = 256;

/// The packets of one transport.
#[derive(Debug)]
pub(in crate::peer) struct Arrivals {
    /// The header extension that counts the packets.
    pub(in crate::peer) number: u8,
    origin: Instant,
    numbers: Unwrap16,
    came: BTreeMap<i64, Instant>,
    /// The first number that the next report is on.
    next: Option<i64>,
    due: Option<Instant>,
    reports: u8,
}

impl Arrivals {
    pub(in crate::peer) fn new(number: u8, now: Instant) -> Self {
        Self {
            number,
            origin: now,
            numbers: Unwrap16::default(),
            came: BTreeMap::new(),
            next: None,
            due: None,
            reports: 0,
        }
    }

    pub(in crate::peer) fn on_packet(&mut self, number: u16, now: Instant) {
        let number = self.numbers.unwrap(number);
        if self.next.is_some_and(|next| (number - next).abs() > JUMP) {
            self.came.clear();
            self.next = None;
        }
        self.came.entry(number).or_insert(now);
        if self.came.len() > MOST {
            self.came.pop_first();
        }
        self.due.get_or_insert(now + INTERVAL);
    }

    pub(in crate::peer) fn due(&self) -> Option<Instant> {
        self.due
    }

    /// The report, when it is due. Ask until there is none: a long one comes in parts.
    pub(in crate::peer) fn report(&mut self, now: Instant) -> Option<TwccBuilder> {
        self.due.filter(|due| *due <= now)?;
        let Some((&oldest, &at)) = self.came.first_key_value() else {
            self.due = None;
            return None;
        };
        // One that came late is reported on with those behind it, once more.
        let first = self.next.map_or(oldest, |next| next.min(oldest));
        let reference = self.ticks(at).div_euclid(TICKS_OF_REFERENCE);
        let statuses = self.statuses(first, reference * TICKS_OF_REFERENCE);
        let report = Twcc::builder(
            first as u16,
            (reference & 0xff_ffff) as u32,
            self.reports,
            &statuses,
            Some(ROOM),
        );
        self.reports = self.reports.wrapping_add(1);
        let next = first + i64::try_from(report.packet_status_count().max(1)).unwrap_or(1);
        self.came = self.came.split_off(&next);
        self.next = Some(next);
        Some(report)
    }

    /// Each number from the first to the newest, as far as one report goes.
    fn statuses(&self, first: i64, reference: i64) -> Vec<TwccPacketStatus> {
        let mut statuses = Vec::new();
        let mut before = reference;
        let last = self.came.last_key_value().map_or(first, |(last, _)| *last);
        for number in (first..=last).take(MOST) {
            let Some(at) = self.came.get(&number) else {
                statuses.push(TwccPacketStatus::NotReceived);
                continue;
            };
            let ticks = self.ticks(*at);
            // Beyond eight seconds: for the next report, which has another reference.
            let Ok(delta) = i16::try_from(ticks - before) else {
                break;
            };
            statuses.push(TwccPacketStatus::Received { delta });
            before = ticks;
        }
        statuses
    }

    fn ticks(&self, at: Instant) -> i64 {
        let passed = at.saturating_duration_since(self.origin).as_micros();
        i64::try_from(passed / TICK_MICROS).unwrap_or(i64::MAX)
    }
}

#[cfg(test)]
mod tests {
    use rtcp_types::TransportFeedback;
    use rtcp_types::prelude::*;

    use super::super::tests::beginning;
    use super::*;

    /// Number and arrival in ms since `origin`, of those that came; and how many are reported on.
    fn read(report: TwccBuilder) -> (Vec<(u16, i64)>, usize) {
        let feedback = TransportFeedback::builder_owned(report).media_ssrc(1);
        let mut bytes = vec![0; feedback.calculate_size().unwrap()];
        feedback.write_into_unchecked(&mut bytes);
        let parsed = TransportFeedback::parse(&bytes).unwrap();
        let twcc: Twcc<'_> = parsed.parse_fci().unwrap();
        let mut at = i64::from(twcc.reference_time()) * 64_000;
        let all: Vec<_> = twcc.packets().map(Result::unwrap).collect();
        let came = all.iter().filter_map(|(number, status)| match status {
            TwccPacketStatus::Received { delta } => {
                at += i64::from(*delta) * 250;
                Some((*number, at / 1_000))
            }
            TwccPacketStatus::NotReceived => None,
        });
        (came.collect(), all.len())
    }

    #[test]
    fn what_came_is_told_with_its_time_and_what_did_not_as_missing() {
        let origin = beginning();
        let at = |ms| origin + Duration::from_millis(ms);
        let mut arrivals = Arrivals::new(3, origin);
        for (number, ms) in [(65_534, 1_000), (65_535, 1_010), (2, 1_030), (1, 1_031)] {
            arrivals.on_packet(number, at(ms));
        }
        assert_eq!(arrivals.due(), Some(at(1_050)));
        assert!(arrivals.report(at(1_049)).is_none());
        let (came, all) = read(arrivals.report(at(1_050)).unwrap());
        assert_eq!(
            came,
            [(65_534, 1_000), (65_535, 1_010), (1, 1_031), (2, 1_030)]
        );
        assert_eq!(all, 5);
        assert!(arrivals.report(at(1_050)).is_none() && arrivals.due().is_none());
        // The next report goes on where this one ended, whatever is missing.
        arrivals.on_packet(5, at(1_100));
        let (came, all) = read(arrivals.report(at(1_150)).unwrap());
        assert_eq!((came, all), (vec![(5, 1_100)], 3));
    }

    #[test]
    fn long_silences_and_jumps_make_new_reports() {
        let origin = beginning();
        let at = |ms| origin + Duration::from_millis(ms);
        let mut arrivals = Arrivals::new(3, origin);
        arrivals.on_packet(1, at(10));
        arrivals.on_packet(2, at(20_000));
        let (came, _) = read(arrivals.report(at(20_050)).unwrap());
        assert_eq!(came, [(1, 10)]);
        let (came, _) = read(arrivals.report(at(20_050)).unwrap());
        assert_eq!(came, [(2, 20_000)]);
        arrivals.on_packet(20_000, at(20_100));
        let (came, all) = read(arrivals.report(at(20_200)).unwrap());
        assert_eq!((came.len(), all), (1, 1));
    }

    #[test]
    fn a_flood_is_bounded() {
        let origin = beginning();
        let mut arrivals = Arrivals::new(3, origin);
        for number in 0..5_000 {
            arrivals.on_packet(number, origin);
        }
        assert!(arrivals.came.len() <= MOST);
        let mut told = 0;
        while let Some(report) = arrivals.report(origin + INTERVAL) {
            told += read(report).0.len();
        }
        assert_eq!(told, MOST);
    }
}
