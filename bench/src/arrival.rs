//! From packet in to packet out: when the camera wrote a picture and when its end reached each viewer.
//!
//! Servers renumber packets, rebase timestamps and cut pictures anew; what they leave alone are the
//! bytes. A picture is known by its last ones.

use std::collections::HashMap;
use std::time::Duration;

use serde_json::{Value, json};

use crate::figures::{median, percentile, rounded, sorted};

/// Bytes by which a picture is known: among the 300 of a clip no two end alike.
const ENDING: usize = 6;

/// Head of an FU-A fragment (RFC 6184, 5.8), which is the server's own.
const FRAGMENT_HEAD: usize = 2;

/// Pictures that took longer are of the clip's round before.
const LONGEST: Duration = Duration::from_secs(5);

/// A picture that was given to the server.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Written {
    pub(crate) ending: u64,
    /// Since 1970, just before it was written to the server's socket.
    pub(crate) at: Duration,
    pub(crate) keyframe: bool,
    pub(crate) bytes: usize,
}

/// The last packet of a picture that a viewer got.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Arrival {
    pub(crate) ending: u64,
    /// Since 1970, by the kernel, when it came to the viewer's socket.
    pub(crate) at: Duration,
}

/// The last bytes of a payload or of a NAL unit; none when it is too short to tell.
pub(crate) fn ending(bytes: &[u8]) -> Option<u64> {
    let tail = bytes.get(FRAGMENT_HEAD..)?.last_chunk::<ENDING>()?;
    Some(tail.iter().fold(0, |sum, byte| sum << 8 | u64::from(*byte)))
}

/// Each viewer's delays of one picture.
struct Delivered {
    keyframe: bool,
    /// Milliseconds, by viewer; absent when it didn't come.
    delays: Vec<(usize, f64)>,
}

/// What the delays say: percentiles, the spread within a picture, and who is last how often.
pub(crate) fn summary(written: &[Written], viewers: &[Vec<Arrival>]) -> Value {
    let pictures = matched(written, viewers);
    let of = |keyframe: bool| {
        let chosen = pictures
            .iter()
            .filter(|picture| picture.keyframe == keyframe);
        let delays = sorted(chosen.clone().flat_map(|p| p.delays.iter().map(|d| d.1)));
        let spreads = sorted(chosen.clone().filter_map(Delivered::spread));
        let bytes = written
            .iter()
            .filter(|w| w.keyframe == keyframe)
            .map(|w| w.bytes as f64);
        json!({
            "pictures": chosen.count(),
            "picture_bytes_p50": median(bytes),
            "p50_ms": percentile(&delays, 50),
            "p99_ms": percentile(&delays, 99),
            "max_ms": percentile(&delays, 100),
            "first_to_last_viewer_p50_ms": percentile(&spreads, 50),
            "first_to_last_viewer_p99_ms": percentile(&spreads, 99),
        })
    };
    json!({
        "viewers": viewers.len(),
        "between_keyframes": of(false),
        "keyframes": of(true),
        "most_often_last_percent": most_often_last(&pictures, viewers.len()),
    })
}

fn matched(written: &[Written], viewers: &[Vec<Arrival>]) -> Vec<Delivered> {
    let mut pictures: Vec<Delivered> = written
        .iter()
        .map(|w| Delivered {
            keyframe: w.keyframe,
            delays: Vec::new(),
        })
        .collect();
    let mut by_ending: HashMap<u64, Vec<usize>> = HashMap::new();
    for (n, w) in written.iter().enumerate() {
        by_ending.entry(w.ending).or_default().push(n);
    }
    for (viewer, arrivals) in viewers.iter().enumerate() {
        for arrival in arrivals {
            let rounds = by_ending.get(&arrival.ending).into_iter().flatten();
            // The latest round of the clip that was before it.
            let picture = rounds.rev().find(|n| written[**n].at <= arrival.at);
            let Some(n) = picture else { continue };
            let delay = arrival.at - written[*n].at;
            if delay < LONGEST {
                pictures[*n]
                    .delays
                    .push((viewer, delay.as_secs_f64() * 1e3));
            }
        }
    }
    // At the edges of the time in which it was noted not everybody's came.
    pictures.retain(|picture| picture.delays.len() == viewers.len());
    pictures
}

impl Delivered {
    fn spread(&self) -> Option<f64> {
        let delays = sorted(self.delays.iter().map(|d| d.1));
        Some(rounded(delays.last()? - delays.first()?))
    }

    fn last(&self) -> Option<usize> {
        self.delays
            .iter()
            .max_by(|a, b| a.1.total_cmp(&b.1))
            .map(|d| d.0)
    }
}

/// In how many of a hundred pictures the unluckiest viewer was the last one.
fn most_often_last(pictures: &[Delivered], viewers: usize) -> Option<f64> {
    let mut times = vec![0_u32; viewers];
    for last in pictures.iter().filter_map(Delivered::last) {
        times[last] += 1;
    }
    let most = f64::from(*times.iter().max()?);
    (!pictures.is_empty()).then(|| rounded(100.0 * most / pictures.len() as f64))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    #[test]
    fn a_picture_is_known_by_its_end_however_it_is_cut() {
        let unit: Vec<u8> = (0..100).collect();
        let fragment: Vec<u8> = [0x7c, 0x41].into_iter().chain(60..100).collect();
        assert_eq!(ending(&unit), ending(&fragment));
        assert_eq!(ending(&[0x7c, 0x41, 1, 2, 3]), None);
    }

    #[test]
    fn delays_are_of_the_last_round_and_only_of_whole_pictures() {
        let written = |ending, at, keyframe| Written {
            ending,
            at: ms(at),
            keyframe,
            bytes: 9,
        };
        let written = [
            written(1, 100, true),
            written(2, 133, false),
            written(1, 10_100, true),
        ];
        let viewers = [
            vec![(1, 101), (2, 134), (1, 10_102)],
            vec![(1, 103), (1, 10_101)],
        ]
        .map(|list| {
            let arrivals = list
                .into_iter()
                .map(|(ending, at)| Arrival { ending, at: ms(at) });
            arrivals.collect()
        });
        let summary = summary(&written, &viewers);
        assert_eq!(
            summary["between_keyframes"]["pictures"], 0,
            "one viewer missed it"
        );
        assert_eq!(summary["keyframes"]["pictures"], 2);
        assert_eq!(summary["keyframes"]["max_ms"], 3.0);
        assert_eq!(summary["most_often_last_percent"], 50.0);
    }
}
