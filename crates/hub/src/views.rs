//! Streams and sessions as the API shows them. Holds no secrets: a source's address is shown as
//! [`SourceUrl`](crate::config::SourceUrl) prints it, and a session by its number.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use lenswire_api::{Problem, StreamName};
use lenswire_media::{Kind, ParameterSets, StreamStats, Track, Tracks};
use schemars::JsonSchema;
use serde::Serialize;

use crate::config::{Source, StreamConfig, Transport, Viewers};
use crate::stream::{Entry, Standing};

mod session;
#[cfg(test)]
mod tests;

pub use session::SessionView;

/// Both clocks at one moment, to show people when something monotonic happened.
#[derive(Clone, Copy, Debug)]
pub struct Moment {
    /// The monotonic clock.
    pub now: Instant,
    /// The wall clock.
    pub wall: SystemTime,
}

impl Moment {
    /// RFC 3339 in UTC, to the second.
    fn show(self, at: Instant) -> String {
        let wall = match at.checked_duration_since(self.now) {
            Some(ahead) => self.wall + ahead,
            None => self.wall - self.now.saturating_duration_since(at),
        };
        rfc3339(wall)
    }
}

/// One stream.
#[derive(Debug, Serialize, JsonSchema)]
pub struct StreamView {
    name: StreamName,
    page: String,
    source: SourceView,
    transport: &'static str,
    on_demand: bool,
    viewers: &'static str,
    delay_limit_ms: Option<u64>,
    state: StateView,
    warnings: Vec<Problem>,
    tracks: Vec<TrackView>,
    stats: StatsView,
    #[serde(skip_serializing_if = "Option::is_none")]
    substream: Option<SubstreamView>,
}

/// A smaller picture of the same scene.
#[derive(Debug, Serialize, JsonSchema)]
struct SubstreamView {
    source: SourceView,
    state: StateView,
    warnings: Vec<Problem>,
    tracks: Vec<TrackView>,
    stats: SourceStatsView,
}

#[derive(Debug, Serialize, JsonSchema)]
struct SourceView {
    kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<String>,
    has_password: bool,
}

#[derive(Debug, Serialize, JsonSchema)]
struct StateView {
    name: &'static str,
    since: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    retry_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    problem: Option<Problem>,
}

/// What a track is.
#[derive(Debug, Serialize, JsonSchema)]
pub struct TrackView {
    /// `video` or `audio`.
    pub kind: &'static str,
    /// As SDP spells it.
    pub codec: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    profile: Option<String>,
    /// Of the picture, in pixels.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub width: Option<u32>,
    /// Of the picture, in pixels.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub height: Option<u32>,
    clock_rate: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    channels: Option<u8>,
    /// What the camera sends, when that is not what is played.
    #[serde(skip_serializing_if = "Option::is_none")]
    converted_from: Option<SoundView>,
}

/// Sound as a camera sends it.
#[derive(Debug, Serialize, JsonSchema)]
struct SoundView {
    codec: String,
    clock_rate: u32,
    channels: u8,
}

#[derive(Debug, Serialize, JsonSchema)]
struct StatsView {
    #[serde(flatten)]
    source: SourceStatsView,
    watching: usize,
}

#[derive(Debug, Serialize, JsonSchema)]
struct SourceStatsView {
    bitrate_bps: u64,
    frames_per_second: f32,
    keyframe_interval_ms: Option<u64>,
    lost_packets: u64,
    reconnects: u64,
}

impl StreamView {
    /// A stream at a moment, with so many watching.
    #[must_use]
    pub fn new(entry: &Entry, watching: usize, moment: Moment) -> Self {
        let (config, standing) = (entry.config(), entry.standing());
        let stats = entry.stats(moment.now);
        let tracks = entry.media().tracks();
        Self {
            name: entry.name().clone(),
            page: format!("/{}", entry.name()),
            source: SourceView::new(config.source.as_ref()),
            transport: match config.transport {
                Transport::Auto => "auto",
                Transport::Tcp => "tcp",
                Transport::Udp => "udp",
            },
            on_demand: config.on_demand,
            viewers: match config.viewers {
                Viewers::Anyone => "anyone",
                Viewers::Grant => "grant",
            },
            delay_limit_ms: config.delay_limit.map(millis),
            state: StateView::new(entry, &config, &standing, moment),
            tracks: tracks
                .as_deref()
                .map(|tracks| track_views(tracks, &stats))
                .unwrap_or_default(),
            stats: StatsView {
                source: SourceStatsView::new(&stats, &standing),
                watching,
            },
            substream: entry
                .configured_substream()
                .map(|substream| SubstreamView::new(substream, &config, moment)),
            warnings: standing.warnings,
        }
    }
}

impl StreamView {
    /// Where it comes from: the address without its password, or else the kind of source.
    pub(crate) fn origin(&self) -> String {
        let SourceView { kind, url, .. } = &self.source;
        url.clone().unwrap_or_else(|| (*kind).to_owned())
    }

    /// The same for people who may watch and nothing more: where the camera stands is left out.
    #[must_use]
    pub fn for_viewers(self) -> Self {
        Self {
            source: self.source.for_viewers(),
            substream: self.substream.map(|substream| SubstreamView {
                source: substream.source.for_viewers(),
                ..substream
            }),
            ..self
        }
    }
}

impl SubstreamView {
    fn new(entry: &Entry, config: &StreamConfig, moment: Moment) -> Self {
        let (standing, stats) = (entry.standing(), entry.stats(moment.now));
        let tracks = entry.media().tracks();
        Self {
            source: SourceView::new(config.substream.as_ref()),
            state: StateView::new(entry, config, &standing, moment),
            tracks: tracks
                .as_deref()
                .map(|tracks| track_views(tracks, &stats))
                .unwrap_or_default(),
            stats: SourceStatsView::new(&stats, &standing),
            warnings: standing.warnings,
        }
    }
}

impl SourceStatsView {
    fn new(stats: &StreamStats, standing: &Standing) -> Self {
        Self {
            bitrate_bps: stats.bitrate,
            frames_per_second: stats.frames_per_second,
            keyframe_interval_ms: stats.keyframe_interval.map(millis),
            lost_packets: stats.lost_packets,
            reconnects: standing.reconnects,
        }
    }
}

impl SourceView {
    fn for_viewers(self) -> Self {
        Self {
            url: None,
            has_password: false,
            ..self
        }
    }

    fn new(source: Option<&Source>) -> Self {
        match source {
            None => Self {
                kind: "none",
                url: None,
                has_password: false,
            },
            Some(Source::Demo) => Self {
                kind: "demo",
                url: None,
                has_password: false,
            },
            Some(Source::Rtsp(url)) => Self {
                kind: "rtsp",
                url: Some(url.to_string()),
                has_password: url.has_password(),
            },
        }
    }
}

impl StateView {
    fn new(entry: &Entry, config: &StreamConfig, standing: &Standing, moment: Moment) -> Self {
        // Without a source of its own a stream is live while somebody publishes to it.
        let published = config.source.is_none() && entry.media().is_live();
        Self {
            name: if published { "live" } else { standing.word() },
            since: moment.show(standing.since()),
            retry_at: standing.retry_at().map(|at| moment.show(at)),
            problem: standing.problem.clone(),
        }
    }
}

fn track_views(tracks: &Tracks, stats: &StreamStats) -> Vec<TrackView> {
    tracks
        .0
        .iter()
        .map(|track| TrackView::new(track, stats.size))
        .collect()
}

impl TrackView {
    /// A track, with the picture's size if it is one.
    #[must_use]
    pub fn new(track: &Track, size: Option<(u32, u32)>) -> Self {
        let video = track.codec.kind() == Kind::Video;
        let size = size.filter(|_| video);
        Self {
            kind: if video { "video" } else { "audio" },
            codec: track.codec.name(),
            profile: profile(&track.parameters),
            width: size.map(|(width, _)| width),
            height: size.map(|(_, height)| height),
            clock_rate: track.codec.clock_rate(),
            channels: (!video).then_some(track.channels),
            converted_from: match &track.parameters {
                ParameterSets::Converted(format) => Some(SoundView {
                    codec: format.to_string(),
                    clock_rate: format.rate,
                    channels: format.channels,
                }),
                _ => None,
            },
        }
    }
}

/// `profile-level-id` (RFC 6184 section 8.1): the three bytes behind the SPS's NAL header.
fn profile(parameters: &ParameterSets) -> Option<String> {
    match parameters {
        ParameterSets::H264 { sps, .. } => sps
            .get(1..4)
            .map(|bytes| bytes.iter().map(|byte| format!("{byte:02x}")).collect()),
        ParameterSets::H265 { .. } | ParameterSets::Converted(_) | ParameterSets::None => None,
    }
}

pub(crate) fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// `2026-11-21T12:30:00Z`. A clock before 1970 shows 1970.
#[must_use]
pub fn rfc3339(time: SystemTime) -> String {
    let seconds = time
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_secs());
    let (days, second) = (seconds / 86_400, seconds % 86_400);
    let (year, month, day) = date(days);
    format!(
        "{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}Z",
        second / 3_600,
        second / 60 % 60,
        second % 60
    )
}

/// Year, month and day of a day counted from 1970-01-01, in the Gregorian calendar.
fn date(days: u64) -> (u64, u64, u64) {
    // Counted from 0000-03-01, so that a leap day ends its year, and in eras of 400 years.
    let days = days + 719_468;
    let (era, day) = (days / 146_097, days % 146_097);
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let of_year = day - (365 * year + year / 4 - year / 100);
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    (era * 400 + year + u64::from(month <= 2), month, day)
}
