//! A link of a known rate, and what is made of its reports.

use rtcp_types::TransportFeedback;
use rtcp_types::prelude::{RtcpPacketParser as _, RtcpPacketWriterExt as _};

use super::*;

/// Bytes a second pass one behind the other; the receiver reports each 100 ms.
struct World {
    begun: Instant,
    now: Instant,
    estimator: Estimator,
    rate: f64,
    /// A token bucket: so many bytes may pass at once, and what is missing has to be waited for.
    bucket: f64,
    tokens: f64,
    /// Received, not reported: number and when.
    pending: VecDeque<(u64, Option<Instant>)>,
    next: u64,
    reported: u64,
    next_report: Instant,
    lose_every: u64,
}

const MBIT: f64 = 1e6 / 8.0;

/// Hands over a report as it comes from the wire.
fn give(
    estimator: &mut Estimator,
    first: u16,
    reference: u32,
    statuses: &[TwccPacketStatus],
    now: Instant,
) {
    let builder = Twcc::builder(first, reference, 7, statuses, None);
    let feedback = TransportFeedback::builder(&builder);
    let mut bytes = vec![0; 4_096];
    let length = feedback.write_into(&mut bytes).unwrap();
    let parsed = TransportFeedback::parse(&bytes[..length]).unwrap();
    let twcc: Twcc<'_> = parsed.parse_fci().unwrap();
    estimator.on_feedback(&twcc, now);
}

impl World {
    #[expect(clippy::disallowed_methods, reason = "a test's beginning of time")]
    fn new(rate: f64) -> Self {
        let now = Instant::now();
        Self {
            begun: now,
            now,
            estimator: Estimator::new(now),
            rate,
            bucket: 0.0,
            tokens: 0.0,
            pending: VecDeque::new(),
            next: 0,
            reported: 0,
            next_report: now + Duration::from_millis(100),
            lose_every: u64::MAX,
        }
    }

    /// Sends a burst and lets `then` pass.
    fn send(&mut self, packets: usize, bytes: usize, then: Duration) {
        for _ in 0..packets {
            let low = self.estimator.count(bytes, self.now);
            assert_eq!(low, self.next as u16);
            self.tokens -= bytes as f64;
            let waits = Duration::from_secs_f64((-self.tokens / self.rate).max(0.0));
            let lost = self.next % self.lose_every == self.lose_every - 1;
            let at = (!lost).then_some(self.now + waits + Duration::from_millis(20));
            self.pending.push_back((self.next, at));
            self.next += 1;
        }
        self.now += then;
        self.tokens = (self.tokens + self.rate * then.as_secs_f64()).min(self.bucket);
        while self.now >= self.next_report {
            self.report();
            self.next_report += Duration::from_millis(100);
        }
    }

    fn report(&mut self) {
        let now = self.next_report;
        let arrived: Vec<(u64, Option<Instant>)> = std::iter::from_fn(|| {
            let due = self.pending.front()?.1.is_none_or(|at| at <= now);
            due.then(|| self.pending.pop_front()).flatten()
        })
        .collect();
        let Some((first, _)) = arrived.first().copied() else {
            return;
        };
        self.reported = first;
        let micros = |at: Instant| at.duration_since(self.begun).as_micros() as i64;
        let from = arrived.iter().find_map(|(_, at)| *at).map_or(0, micros);
        let reference = from / 64_000;
        let mut clock = reference * 64_000;
        let statuses: Vec<TwccPacketStatus> = arrived
            .iter()
            .map(|(_, at)| match at {
                None => TwccPacketStatus::NotReceived,
                Some(at) => {
                    let delta = ((micros(*at) - clock) / 250) as i16;
                    clock += i64::from(delta) * 250;
                    TwccPacketStatus::Received { delta }
                }
            })
            .collect();
        give(
            &mut self.estimator,
            first as u16,
            reference as u32,
            &statuses,
            now,
        );
    }

    fn play(&mut self, megabits: f64, seconds: u64) {
        let packets = (megabits * MBIT / 30.0 / 1_200.0).round().max(1.0) as usize;
        for _ in 0..30 * seconds {
            self.send(packets, 1_200, Duration::from_micros(33_333));
        }
    }

    fn mbits(&self) -> f64 {
        let link = self.estimator.link(self.now).unwrap();
        link.bits_per_second as f64 / 1e6
    }
}

#[test]
fn a_keyframe_measures_the_link_it_crosses() {
    // issue: a joining viewer on a 4 Mbit/s link
    let mut world = World::new(4.0 * MBIT);
    assert_eq!(world.estimator.link(world.now), None);
    world.send(60, 1_200, Duration::from_millis(300));
    assert!((3.8..4.2).contains(&world.mbits()), "{}", world.mbits());
}

#[test]
fn a_link_with_room_is_measured_without_being_filled() {
    let mut world = World::new(20.0 * MBIT);
    world.play(2.0, 5);
    assert!((18.0..22.0).contains(&world.mbits()), "{}", world.mbits());
    let link = world.estimator.link(world.now).unwrap();
    assert!(link.queue < Duration::from_millis(20), "{link:?}");
}

#[test]
fn a_link_that_shrinks_is_noticed_within_a_second() {
    // B3: 4 to 0.5 Mbit/s
    let mut world = World::new(4.0 * MBIT);
    world.play(2.0, 5);
    world.rate = 0.5 * MBIT;
    world.play(2.0, 1);
    assert!(world.mbits() < 0.6, "{}", world.mbits());
}

#[test]
fn a_shaper_that_lets_bursts_pass_is_found_out_by_its_queue() {
    let mut world = World::new(1.0 * MBIT);
    (world.bucket, world.tokens) = (60_000.0, 60_000.0);
    world.play(2.0, 3);
    assert!(world.mbits() < 1.1, "{}", world.mbits());
}

#[test]
fn a_full_link_is_believed_for_longer_each_time() {
    let mut world = World::new(1.0 * MBIT);
    world.play(2.0, 2);
    let first = world.estimator.full.unwrap().hold;
    world.play(0.3, 12);
    world.play(2.0, 2);
    let second = world.estimator.full.unwrap().hold;
    assert_eq!((first, second), (HOLD, 2 * HOLD));
}

#[test]
fn losses_alone_do_not_shrink_a_link() {
    // B1: 10 % of loss on a link with room
    let mut world = World::new(20.0 * MBIT);
    world.lose_every = 10;
    world.play(2.0, 5);
    assert!(world.mbits() > 15.0, "{}", world.mbits());
    let loss = world.estimator.link(world.now).unwrap().loss;
    assert!((0.05..0.15).contains(&loss), "{loss}");
}

#[test]
fn a_receiver_that_lies_breaks_nothing() {
    let mut world = World::new(4.0 * MBIT);
    world.play(2.0, 1);
    for low in [0, 1, 30_000, 65_535] {
        for delta in [i16::MIN, -1, 0, i16::MAX] {
            let statuses = vec![TwccPacketStatus::Received { delta }; 300];
            let now = world.now;
            give(
                &mut world.estimator,
                low,
                u32::from(low) * 99,
                &statuses,
                now,
            );
            let link = world.estimator.link(world.now).unwrap();
            assert!(link.bits_per_second <= MOST);
        }
    }
}
