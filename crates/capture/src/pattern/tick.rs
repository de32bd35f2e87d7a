//! A short tone at each full second, so that ears can check what eyes see: it sounds while the dot
//! beside the name shines.

use std::f32::consts::TAU;
use std::time::Duration;

use lenswire_codec::OPUS_RATE;
use lenswire_media::WallTime;

/// Pitch in hertz. Easy to hear through any speaker, and a whole number of waves in [`LENGTH`].
const PITCH: f32 = 1_000.0;

/// How long it sounds.
const LENGTH: Duration = Duration::from_millis(50);

/// Samples over which it swells and fades: 2 ms, below which it would click.
const EDGE: usize = 96;

/// Loudest sample: a quarter of the range, which nobody needs to turn down.
const LEVEL: f32 = 8_192.0;

/// Fills `samples`, left and right in turn, with what sounds from `start` on.
pub(super) fn fill(start: WallTime, samples: &mut [i16]) {
    let rate = u64::from(OPUS_RATE);
    let first = start.0 % 1_000_000 * rate / 1_000_000;
    for (pair, n) in samples.chunks_exact_mut(2).zip(first..) {
        pair.fill(sample((n % rate) as usize));
    }
}

/// The sample that many samples after a full second.
fn sample(n: usize) -> i16 {
    let length = LENGTH.as_millis() as usize * OPUS_RATE as usize / 1_000;
    if n >= length {
        return 0;
    }
    let swell = n.min(length - n).min(EDGE) as f32 / EDGE as f32;
    let turns = n as f32 * PITCH / OPUS_RATE as f32;
    ((turns * TAU).sin() * LEVEL * swell) as i16
}

#[cfg(test)]
mod tests {
    use super::*;

    fn loudest(start_ms: u64) -> i16 {
        let mut samples = [0; 1_920];
        fill(WallTime(start_ms * 1_000), &mut samples);
        samples.into_iter().max().unwrap_or(0)
    }

    #[test]
    fn it_sounds_at_the_full_second_and_only_then() {
        assert!(loudest(5_000) > 8_000 && loudest(5_020) > 8_000);
        assert_eq!([5_060, 5_500, 5_979].map(loudest), [0; 3]);
    }

    #[test]
    fn it_may_begin_anywhere_within_a_packet() {
        let mut samples = [0; 1_920];
        fill(WallTime(4_990_000), &mut samples);
        assert!(
            samples[..960].iter().all(|s| *s == 0),
            "10 ms of silence first"
        );
        assert!(samples[960..].iter().any(|s| *s > 8_000));
    }
}
