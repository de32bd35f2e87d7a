//! What a player measures, as it says it: numbers from a stranger. Pure.

use std::time::Duration;

use lenswire_rtc::Report;
use serde::Deserialize;

/// No display has more pixels in a row or column; what claims to is not believed.
const MOST_PIXELS: f64 = 32_768.0;

/// More frames than a session of a year at 120 a second has.
const MOST_FRAMES: f64 = 4e9;

/// The fields of `report` that the hub makes use of; a player may send more. Each is taken or left
/// by itself: one figure that a browser doesn't know, or gets wrong, is no reason to lose the rest.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub(crate) struct PlayerReport {
    /// Capture or arrival to display, as far as the player can tell.
    delay_ms: Option<f64>,
    /// Since the session began.
    frames_decoded: Option<f64>,
    /// Whole ones, since the session began.
    frames_received: Option<f64>,
    /// How long a frame waits before it is decoded.
    jitter_buffer_ms: Option<f64>,
    /// Width and height of the picture on the screen in device pixels; 0 and 0: it is not seen.
    tile: Option<[f64; 2]>,
}

impl PlayerReport {
    /// What of it is plausible.
    pub(crate) fn read(&self) -> Report {
        Report {
            delay: self.delay_ms.and_then(duration),
            frames_decoded: self.frames_decoded.and_then(count),
            frames_received: self.frames_received.and_then(count),
            jitter_buffer: self.jitter_buffer_ms.and_then(duration),
            tile: self.tile.and_then(tile),
        }
    }
}

/// Up to an hour: beyond that a clock was misjudged.
fn duration(ms: f64) -> Option<Duration> {
    (0.0..3_600_000.0)
        .contains(&ms)
        .then(|| Duration::from_secs_f64(ms / 1e3))
}

fn count(frames: f64) -> Option<u64> {
    (0.0..=MOST_FRAMES)
        .contains(&frames)
        .then_some(frames as u64)
}

fn tile([width, height]: [f64; 2]) -> Option<(u32, u32)> {
    let plausible = |pixels: f64| (0.0..=MOST_PIXELS).contains(&pixels);
    (plausible(width) && plausible(height)).then(|| (width.round() as u32, height.round() as u32))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Report {
        let report: PlayerReport = serde_json::from_str(text).expect("numbers");
        report.read()
    }

    #[test]
    fn what_a_player_measures_is_read() {
        let text = r#"{"delay_ms":84.5,"frames_decoded":30,"frames_received":31,
            "jitter_buffer_ms":12,"tile":[640,359.6],"freezes":0}"#;
        let expected = Report {
            delay: Some(Duration::from_micros(84_500)),
            frames_decoded: Some(30),
            frames_received: Some(31),
            jitter_buffer: Some(Duration::from_millis(12)),
            tile: Some((640, 360)),
        };
        assert_eq!(read(text), expected);
        assert_eq!(read("{}"), Report::default());
        assert_eq!(read(r#"{"tile":[0,0]}"#).tile, Some((0, 0)));
    }

    // Issue 4, "Bad input": a viewer that lies in its reports.
    #[test]
    fn what_cannot_be_is_left_out_and_the_rest_is_taken() {
        for lie in ["-1", "1e300", "3600000", "-0.001"] {
            let report = read(&format!(r#"{{"delay_ms":{lie},"frames_decoded":7}}"#));
            assert_eq!(
                (report.delay, report.frames_decoded),
                (None, Some(7)),
                "{lie}"
            );
        }
        for lie in ["-1", "1e18"] {
            let text = format!(r#"{{"frames_decoded":{lie},"frames_received":{lie}}}"#);
            assert_eq!(read(&text), Report::default(), "{lie}");
        }
        for lie in ["[-1,1]", "[1,1e9]", "[1e308,0]"] {
            assert_eq!(read(&format!(r#"{{"tile":{lie}}}"#)).tile, None, "{lie}");
        }
        for value in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
            let report = PlayerReport {
                delay_ms: Some(value),
                frames_decoded: Some(value),
                frames_received: Some(value),
                jitter_buffer_ms: Some(value),
                tile: Some([value, value]),
            };
            assert_eq!(report.read(), Report::default(), "{value}");
        }
    }
}
