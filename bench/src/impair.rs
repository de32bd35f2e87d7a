//! A bad network as arithmetic: when each datagram gets through, if it does. No socket and no clock in
//! here; [`crate::relay`] has those.

use std::time::{Duration, Instant};

use clap::Args;
use serde_json::{Value, json};

/// What is done to datagrams on their way to the viewer. All zero is a wire.
#[derive(Args, Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Impairment {
    /// Each way, in milliseconds.
    #[arg(long, default_value_t = 0)]
    pub(crate) delay: u64,
    /// Up to so many milliseconds more, each datagram its own.
    #[arg(long, default_value_t = 0)]
    pub(crate) jitter: u64,
    /// Whether one may overtake another; else jitter holds up those behind.
    #[arg(long)]
    pub(crate) reorder: bool,
    /// Lost at random, in percent.
    #[arg(long, default_value_t = 0.0)]
    pub(crate) loss: f64,
    /// Lost in bursts, in percent of all.
    #[arg(long, default_value_t = 0.0)]
    pub(crate) bursts: f64,
    /// Datagrams in a burst, in the mean.
    #[arg(long, default_value_t = 5.0)]
    pub(crate) burst_length: f64,
    /// Kilobits a second; 0 = no bound.
    #[arg(long, default_value_t = 0)]
    pub(crate) rate: u64,
    /// What waits for longer than this at the bottleneck is dropped, in milliseconds.
    #[arg(long, default_value_t = 200)]
    pub(crate) queue: u64,
}

impl Impairment {
    /// Nothing lost, nothing late: the control arm.
    pub(crate) fn none() -> Self {
        Self {
            burst_length: 5.0,
            queue: 200,
            ..Self::default()
        }
    }

    /// A narrow link.
    pub(crate) fn narrow(kilobits: u64) -> Self {
        Self {
            rate: kilobits,
            ..Self::none()
        }
    }

    pub(crate) fn to_json(self) -> Value {
        json!({
            "delay_ms": self.delay, "jitter_ms": self.jitter, "reorder": self.reorder,
            "loss_percent": self.loss, "bursts_percent": self.bursts, "burst_length": self.burst_length,
            "kilobits_per_second": self.rate, "queue_ms": self.queue,
        })
    }
}

/// One direction of a network.
#[derive(Debug)]
pub(crate) struct Path {
    chance: Chance,
    in_burst: bool,
    /// Until when the bottleneck sends what it has.
    busy: Option<Instant>,
    /// When the last one gets through.
    last: Option<Instant>,
}

impl Path {
    /// The same seed does the same to the same datagrams.
    pub(crate) fn new(seed: u64) -> Self {
        Self {
            chance: Chance(seed | 1),
            in_burst: false,
            busy: None,
            last: None,
        }
    }

    /// When a datagram that comes now gets through; none when it is lost.
    pub(crate) fn carry(
        &mut self,
        how: &Impairment,
        now: Instant,
        bytes: usize,
    ) -> Option<Instant> {
        if self.is_lost(how) {
            return None;
        }
        let sent = self.through_bottleneck(how, now, bytes)?;
        let jitter = Duration::from_millis(how.jitter).mul_f64(self.chance.unit());
        let mut at = sent + Duration::from_millis(how.delay) + jitter;
        if !how.reorder {
            at = at.max(self.last.unwrap_or(at));
        }
        self.last = Some(at);
        Some(at)
    }

    /// Loss of each by itself, and Gilbert's: good and bad spells, all lost in a bad one.
    fn is_lost(&mut self, how: &Impairment) -> bool {
        let turn = self.chance.unit();
        let length = how.burst_length.max(1.0);
        let share = (how.bursts / 100.0).clamp(0.0, 0.9);
        self.in_burst = if self.in_burst {
            turn >= 1.0 / length
        } else {
            turn < share / (1.0 - share) / length
        };
        self.in_burst || self.chance.unit() < how.loss / 100.0
    }

    fn through_bottleneck(
        &mut self,
        how: &Impairment,
        now: Instant,
        bytes: usize,
    ) -> Option<Instant> {
        if how.rate == 0 {
            self.busy = None;
            return Some(now);
        }
        let start = self.busy.unwrap_or(now).max(now);
        if start - now > Duration::from_millis(how.queue) {
            return None;
        }
        // 8 bits a byte, 1,000 bits a kilobit: microseconds are 8,000 x bytes / rate.
        let end = start + Duration::from_micros(8_000 * bytes as u64 / how.rate);
        self.busy = Some(end);
        Some(end)
    }
}

/// Marsaglia's xorshift64: repeatable, and random enough to lose packets by.
#[derive(Debug)]
struct Chance(u64);

impl Chance {
    /// From 0 to below 1.
    fn unit(&mut self) -> f64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as f64 / (1_u64 << 53) as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn carried(how: Impairment, every: Duration) -> Vec<Option<Duration>> {
        let begin = crate::clock::now();
        let mut path = Path::new(42);
        let datagrams = (0..20_000_u32).map(|n| {
            let now = begin + every * n;
            path.carry(&how, now, 1_250).map(|at| at - now)
        });
        datagrams.collect()
    }

    #[test]
    fn no_impairment_changes_nothing() {
        let through = carried(Impairment::none(), Duration::from_millis(1));
        assert!(through.iter().all(|at| *at == Some(Duration::ZERO)));
    }

    #[test]
    fn as_many_are_lost_as_were_asked_for_alone_or_in_bursts() {
        let share = |through: &[Option<Duration>]| {
            100.0 * through.iter().filter(|at| at.is_none()).count() as f64 / through.len() as f64
        };
        let random = carried(
            Impairment {
                loss: 10.0,
                ..Impairment::none()
            },
            Duration::ZERO,
        );
        assert!((9.0..11.0).contains(&share(&random)), "{}", share(&random));
        let bursts = carried(
            Impairment {
                bursts: 5.0,
                ..Impairment::none()
            },
            Duration::ZERO,
        );
        assert!((4.0..6.0).contains(&share(&bursts)), "{}", share(&bursts));
        let begins = bursts
            .windows(2)
            .filter(|w| w[0].is_some() && w[1].is_none())
            .count();
        let length = bursts.iter().filter(|at| at.is_none()).count() as f64 / begins as f64;
        assert!((4.0..6.0).contains(&length), "{length}");
    }

    #[test]
    fn a_narrow_link_delays_up_to_its_queue_and_drops_the_rest() {
        // 10,000 bits each, at 4 Mbit/s 2.5 ms each; one comes each millisecond.
        let through = carried(Impairment::narrow(4_000), Duration::from_millis(1));
        assert_eq!(through[0], Some(Duration::from_micros(2_500)));
        let longest = through.iter().flatten().max().copied().unwrap_or_default();
        assert!(longest <= Duration::from_micros(202_500), "{longest:?}");
        let arrived = through.iter().flatten().count() as f64 / through.len() as f64;
        assert!((0.38..0.42).contains(&arrived), "{arrived}");
    }

    #[test]
    fn jitter_keeps_the_order_unless_told_otherwise() {
        let overtakes = |reorder| {
            let how = Impairment {
                jitter: 100,
                reorder,
                ..Impairment::none()
            };
            let every = Duration::from_millis(1);
            let through = carried(how, every);
            let at = through
                .iter()
                .zip(0..)
                .map(|(delay, n)| delay.unwrap_or_default() + every * n);
            at.collect::<Vec<_>>()
                .windows(2)
                .any(|pair| pair[1] < pair[0])
        };
        assert!(!overtakes(false));
        assert!(overtakes(true));
    }
}
