//! What a stream's page draws: the last ten minutes and the last day, in memory. Pure.

use std::collections::VecDeque;
use std::time::Duration;

use lenswire_media::StreamStats;

/// Time between two samples of the fine curve.
pub(crate) const STEP: Duration = Duration::from_secs(2);

/// Samples of the fine curve: ten minutes.
const FINE: usize = 300;

/// Samples of the fine curve that make one of the coarse: two minutes.
const COARSE_STEP: u32 = 60;

/// Samples of the coarse curve: a day.
const COARSE: usize = 720;

/// One sample. What can't be known is NaN, which a curve shows as a gap.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Sample {
    pub(crate) bitrate_bps: f32,
    pub(crate) frames_per_second: f32,
    /// Packets of the source that never came, of all.
    pub(crate) lost_ratio: f32,
    /// Capture or arrival to display: the middle one of those who watch.
    pub(crate) delay_ms: f32,
    pub(crate) watching: f32,
}

impl Sample {
    /// The values, in the order of the fields.
    fn values(self) -> [f32; 5] {
        [
            self.bitrate_bps,
            self.frames_per_second,
            self.lost_ratio,
            self.delay_ms,
            self.watching,
        ]
    }

    fn of(values: [f32; 5]) -> Self {
        let [
            bitrate_bps,
            frames_per_second,
            lost_ratio,
            delay_ms,
            watching,
        ] = values;
        Self {
            bitrate_bps,
            frames_per_second,
            lost_ratio,
            delay_ms,
            watching,
        }
    }
}

/// How far back a curve goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Span {
    TenMinutes,
    Day,
}

/// A stream's curves: 20 KB when they are full.
#[derive(Default)]
pub(crate) struct Curves {
    fine: VecDeque<Sample>,
    coarse: VecDeque<Sample>,
    pending: Mean,
    /// The counters of the sample before: bytes, packets, lost packets.
    before: Option<(u64, u64, u64)>,
}

/// Sums and counts of what is known.
#[derive(Default)]
struct Mean {
    sums: [f64; 5],
    counts: [u32; 5],
    samples: u32,
}

impl Curves {
    /// Takes the next sample, [`STEP`] after the last. `delay` is that of those who watch.
    pub(crate) fn take(
        &mut self,
        stats: &StreamStats,
        is_live: bool,
        delay: Option<Duration>,
        watching: usize,
    ) {
        let counters = (stats.bytes, stats.packets, stats.lost_packets);
        let before = self.before.replace(counters).filter(|_| is_live);
        let known = |value: f32| if is_live { value } else { f32::NAN };
        let sample = Sample {
            bitrate_bps: before.map_or(f32::NAN, |(bytes, ..)| {
                rate(stats.bytes.saturating_sub(bytes))
            }),
            frames_per_second: known(stats.frames_per_second),
            lost_ratio: before.map_or(f32::NAN, |(_, packets, lost)| {
                let (came, lost) = (
                    stats.packets.saturating_sub(packets),
                    stats.lost_packets.saturating_sub(lost),
                );
                lost as f32 / (came + lost) as f32
            }),
            delay_ms: delay.map_or(f32::NAN, |delay| delay.as_secs_f32() * 1e3),
            watching: watching as f32,
        };
        self.push(sample);
    }

    fn push(&mut self, sample: Sample) {
        keep(&mut self.fine, sample, FINE);
        self.pending.add(sample);
        if self.pending.samples == COARSE_STEP {
            let mean = std::mem::take(&mut self.pending).sample();
            keep(&mut self.coarse, mean, COARSE);
        }
    }

    /// The curve and the time between its samples; the last sample is that much old at most.
    pub(crate) fn span(&self, span: Span) -> (Duration, Vec<Sample>) {
        match span {
            Span::TenMinutes => (STEP, self.fine.iter().copied().collect()),
            Span::Day => (STEP * COARSE_STEP, self.coarse.iter().copied().collect()),
        }
    }
}

/// Bits a second.
fn rate(bytes: u64) -> f32 {
    bytes as f32 * 8.0 / STEP.as_secs_f32()
}

fn keep(curve: &mut VecDeque<Sample>, sample: Sample, most: usize) {
    if curve.len() >= most {
        curve.pop_front();
    }
    curve.push_back(sample);
}

impl Mean {
    fn add(&mut self, sample: Sample) {
        for (at, value) in sample.values().into_iter().enumerate() {
            if value.is_finite() {
                self.sums[at] += f64::from(value);
                self.counts[at] += 1;
            }
        }
        self.samples += 1;
    }

    /// NaN where nothing was known: 0 of 0.
    fn sample(self) -> Sample {
        let mut means = [0.0; 5];
        for (at, mean) in means.iter_mut().enumerate() {
            *mean = (self.sums[at] / f64::from(self.counts[at])) as f32;
        }
        Sample::of(means)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stats(seconds: u64) -> StreamStats {
        StreamStats {
            frames_per_second: 25.0,
            bytes: seconds * 125_000,
            packets: seconds * 90,
            lost_packets: seconds * 10,
            ..StreamStats::default()
        }
    }

    // Requirements 74, 94, 103: what is drawn is what was sent, lost and seen.
    #[test]
    fn curves_show_rates_and_gaps() {
        let mut curves = Curves::default();
        let delay = Some(Duration::from_millis(40));
        curves.take(&stats(0), true, None, 0);
        curves.take(&stats(2), true, delay, 3);
        curves.take(&stats(2), false, None, 3);
        let (step, fine) = curves.span(Span::TenMinutes);
        assert_eq!((step, fine.len()), (STEP, 3));
        assert!(fine[0].bitrate_bps.is_nan(), "nothing to compare with yet");
        let expected = Sample {
            bitrate_bps: 1_000_000.0,
            frames_per_second: 25.0,
            lost_ratio: 0.1,
            delay_ms: 40.0,
            watching: 3.0,
        };
        assert_eq!(fine[1], expected);
        assert!(fine[2].bitrate_bps.is_nan() && fine[2].frames_per_second.is_nan());
    }

    #[test]
    fn curves_are_as_long_as_they_say_and_the_coarse_one_is_the_mean() {
        let mut curves = Curves::default();
        for n in 0..100_000_u64 {
            let delay = (n % 2 == 0).then(|| Duration::from_millis(20));
            curves.take(&stats(n * 2), true, delay, usize::from(n % 2 == 0));
        }
        let (step, coarse) = curves.span(Span::Day);
        assert_eq!((step * 720).as_secs(), 86_400);
        assert_eq!(coarse.len(), 720);
        let last = coarse[719];
        assert_eq!(
            (last.delay_ms, last.watching, last.frames_per_second),
            (20.0, 0.5, 25.0)
        );
        assert_eq!(curves.span(Span::TenMinutes).1.len(), 300);
    }
}
