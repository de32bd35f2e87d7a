//! What a sender is told of its packets: how many are missing, how evenly they come (RFC 3550
//! section 6.4.1, appendices A.3 and A.8).

use std::time::{Duration, Instant};

use lenswire_media::Unwrap16;
use rtcp_types::{ReportBlock, ReportBlockBuilder};

/// The packets of one source.
#[derive(Debug, Default)]
pub(in crate::peer) struct Reception {
    numbers: Unwrap16,
    first: Option<i64>,
    newest: i64,
    came: i64,
    /// At the last report.
    told: Told,
    /// In ticks of the track's clock.
    jitter: f64,
    transit: Option<(u32, Instant)>,
    /// The middle of the newest sender report's time, and when it came.
    report: Option<(u32, Instant)>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Told {
    expected: i64,
    came: i64,
}

impl Reception {
    /// `rate` = ticks a second of `time`.
    pub(super) fn on_packet(&mut self, seq: u16, time: u32, rate: u32, now: Instant) {
        let seq = self.numbers.unwrap(seq);
        let first = *self.first.get_or_insert(seq);
        self.newest = if first == seq && self.came == 0 {
            seq
        } else {
            self.newest.max(seq)
        };
        self.came += 1;
        if let Some((before, at)) = self.transit.replace((time, now)) {
            let passed = now.saturating_duration_since(at).as_secs_f64() * f64::from(rate);
            let sent = f64::from(time.wrapping_sub(before) as i32);
            self.jitter += ((passed - sent).abs() - self.jitter) / 16.0;
        }
    }

    pub(in crate::peer) fn on_sender_report(&mut self, ntp: u64, now: Instant) {
        self.report = Some(((ntp >> 16) as u32, now));
    }

    /// The report on all that came, and which share was lost since the last one (0..=1).
    pub(in crate::peer) fn block(
        &mut self,
        ssrc: u32,
        now: Instant,
    ) -> Option<(ReportBlockBuilder, f32)> {
        let expected = self.newest - self.first? + 1;
        let lost = expected - self.came;
        let (of, came) = (expected - self.told.expected, self.came - self.told.came);
        self.told = Told {
            expected,
            came: self.came,
        };
        let share = if of > 0 {
            u8::try_from((of - came).max(0) * 256 / of).unwrap_or(u8::MAX)
        } else {
            0
        };
        let (sent, at) = self.report.unwrap_or((0, now));
        let since = now.saturating_duration_since(at);
        let block = ReportBlock::builder(ssrc)
            .fraction_lost(share)
            // 24 bits with a sign; repetitions may make it negative, which says nothing here.
            .cumulative_lost(u32::try_from(lost.clamp(0, 0x7f_ffff)).unwrap_or(0))
            .extended_sequence_number(self.newest as u32)
            .interarrival_jitter(self.jitter as u32)
            .last_sender_report_timestamp(sent)
            .delay_since_last_sender_report_timestamp(units(since));
        Some((block, f32::from(share) / 256.0))
    }
}

/// 65,536 a second.
fn units(passed: Duration) -> u32 {
    (passed.as_secs_f64() * 65_536.0) as u32
}

#[cfg(test)]
mod tests {
    use rtcp_types::prelude::*;

    use super::super::tests::beginning;
    use super::*;

    fn read(reception: &mut Reception, now: Instant) -> (u8, u32, u32, u32, u32) {
        let (block, _) = reception.block(7, now).unwrap();
        let built = rtcp_types::ReceiverReport::builder(1).add_report_block(block);
        let mut bytes = vec![0; built.calculate_size().unwrap()];
        built.write_into_unchecked(&mut bytes);
        let report = rtcp_types::ReceiverReport::parse(&bytes).unwrap();
        let block = report.report_blocks().next().unwrap();
        (
            block.fraction_lost(),
            block.cumulative_lost(),
            block.extended_sequence_number(),
            block.interarrival_jitter(),
            block.delay_since_last_sender_report_timestamp(),
        )
    }

    #[test]
    fn a_quarter_lost_is_said_so_once() {
        let mut now = beginning();
        let mut reception = Reception::default();
        for (n, seq) in [65_530, 65_531, 65_532, 65_533, 65_534, 65_535, 0, 1]
            .into_iter()
            .zip(0..)
        {
            if seq != 2 && seq != 5 {
                reception.on_packet(n, seq * 3_000, 90_000, now);
            }
            now += Duration::from_nanos(33_333_333);
        }
        reception.on_sender_report(0x1234_5678_9abc_def0, now);
        let (share, lost, newest, jitter, delay) =
            read(&mut reception, now + Duration::from_millis(500));
        assert_eq!((share, lost, newest), (64, 2, 65_537));
        assert_eq!((jitter, delay), (0, 32_768));
        let (share, lost, ..) = read(&mut reception, now);
        assert_eq!((share, lost), (0, 2));
    }

    #[test]
    fn what_comes_evenly_has_no_jitter_and_what_does_not_has() {
        let mut now = beginning();
        let (mut even, mut uneven) = (Reception::default(), Reception::default());
        for n in 0..100_u16 {
            even.on_packet(n, u32::from(n) * 9_000, 90_000, now);
            let late = Duration::from_millis(if n % 2 == 0 { 0 } else { 10 });
            uneven.on_packet(n, u32::from(n) * 9_000, 90_000, now + late);
            now += Duration::from_millis(100);
        }
        assert_eq!(read(&mut even, now).3, 0);
        let jitter = read(&mut uneven, now).3;
        assert!(
            (850..=900).contains(&jitter),
            "{jitter} ticks of 10 ms = 900"
        );
    }
}
