//! Streams and sessions as the API shows them. Holds no secrets: a source's address is shown as
//! [`SourceUrl`](crate::config::SourceUrl) prints it, and a session by its number.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use lenswire_api::{Problem, StreamName};
use lenswire_media::{Kind, ParameterSets, StreamStats, Track, Tracks};
use lenswire_rtc::{Protocol, SessionState};
use serde::Serialize;

use crate::config::{Source, StreamConfig, Transport, Viewers};
use crate::session::Session;
use crate::stream::{Entry, Standing};

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
#[derive(Debug, Serialize)]
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
}

#[derive(Debug, Serialize)]
struct SourceView {
    kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<String>,
    has_password: bool,
}

#[derive(Debug, Serialize)]
struct StateView {
    name: &'static str,
    since: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    retry_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    problem: Option<Problem>,
}

#[derive(Debug, Serialize)]
struct TrackView {
    kind: &'static str,
    codec: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    profile: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    width: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    height: Option<u32>,
    clock_rate: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    channels: Option<u8>,
}

#[derive(Debug, Serialize)]
struct StatsView {
    bitrate_bps: u64,
    frames_per_second: f32,
    keyframe_interval_ms: Option<u64>,
    lost_packets: u64,
    reconnects: u64,
    watching: usize,
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
            source: SourceView::new(&config),
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
                bitrate_bps: stats.bitrate,
                frames_per_second: stats.frames_per_second,
                keyframe_interval_ms: stats.keyframe_interval.map(millis),
                lost_packets: stats.lost_packets,
                reconnects: standing.reconnects,
                watching,
            },
            warnings: standing.warnings,
        }
    }
}

impl StreamView {
    /// The same for people who may watch and nothing more: where the camera stands is left out.
    #[must_use]
    pub fn for_viewers(self) -> Self {
        Self {
            source: SourceView {
                url: None,
                has_password: false,
                ..self.source
            },
            ..self
        }
    }
}

impl SourceView {
    fn new(config: &StreamConfig) -> Self {
        match &config.source {
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
    fn new(track: &Track, size: Option<(u32, u32)>) -> Self {
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
        }
    }
}

/// `profile-level-id` (RFC 6184 section 8.1): the three bytes behind the SPS's NAL header.
fn profile(parameters: &ParameterSets) -> Option<String> {
    match parameters {
        ParameterSets::H264 { sps, .. } => sps
            .get(1..4)
            .map(|bytes| bytes.iter().map(|byte| format!("{byte:02x}")).collect()),
        ParameterSets::H265 { .. } | ParameterSets::None => None,
    }
}

/// One session.
#[derive(Debug, Serialize)]
pub struct SessionView {
    id: String,
    stream: StreamName,
    since: String,
    state: &'static str,
    showing: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<Problem>,
    transport: Option<&'static str>,
    local: Option<String>,
    remote: Option<String>,
    codec: Vec<&'static str>,
    bitrate_bps: u64,
    rtt_ms: Option<f64>,
    loss_ratio: Option<f32>,
    dropped_frames: u64,
    retransmitted: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    delay_ms: Option<u64>,
}

impl SessionView {
    /// A session as an administrator sees it.
    #[must_use]
    pub fn new(session: &Session) -> Self {
        let (stats, shown) = (session.stats(), session.shown());
        Self {
            id: session.number().to_owned(),
            stream: session.stream().clone(),
            since: rfc3339(session.since()),
            state: match stats.state {
                SessionState::Connecting => "connecting",
                SessionState::Connected => "connected",
                SessionState::Closed(_) => "closed",
            },
            showing: shown.showing.word(),
            reason: shown.reason,
            transport: stats.pair.map(|pair| match pair.protocol {
                Protocol::Udp => "udp",
                Protocol::Tcp => "tcp",
            }),
            local: stats.pair.map(|pair| pair.local.to_string()),
            remote: stats.pair.map(|pair| pair.remote.to_string()),
            codec: stats.codecs.iter().map(|codec| codec.name()).collect(),
            bitrate_bps: stats.bitrate,
            rtt_ms: stats.rtt.map(|rtt| rtt.as_secs_f64() * 1e3),
            loss_ratio: stats.loss,
            dropped_frames: stats.dropped_frames,
            retransmitted: stats.retransmitted,
            delay_ms: session.reported_delay().or(stats.delay).map(millis),
        }
    }
}

fn millis(duration: Duration) -> u64 {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_right_at_the_edges_of_the_calendar() {
        let cases = [
            (0, "1970-01-01T00:00:00Z"),
            (951_782_400, "2000-02-29T00:00:00Z"),
            (951_868_799, "2000-02-29T23:59:59Z"),
            (1_078_012_800, "2004-02-29T00:00:00Z"),
            (1_795_264_205, "2026-11-21T12:30:05Z"),
            (4_107_542_400, "2100-03-01T00:00:00Z"),
        ];
        for (seconds, expected) in cases {
            assert_eq!(rfc3339(UNIX_EPOCH + Duration::from_secs(seconds)), expected);
        }
        assert_eq!(
            rfc3339(UNIX_EPOCH - Duration::from_secs(1)),
            "1970-01-01T00:00:00Z"
        );
    }

    #[test]
    #[expect(
        clippy::disallowed_methods,
        reason = "the fake clock needs a first value"
    )]
    fn moments_before_and_after_now_are_shown() {
        let moment = Moment {
            now: Instant::now(),
            wall: UNIX_EPOCH + Duration::from_secs(100),
        };
        assert_eq!(
            moment.show(moment.now + Duration::from_secs(5)),
            "1970-01-01T00:01:45Z"
        );
        assert_eq!(
            moment.show(moment.now - Duration::from_secs(5)),
            "1970-01-01T00:01:35Z"
        );
    }

    #[test]
    fn a_profile_is_read_from_the_sps() {
        let sps = ParameterSets::H264 {
            sps: [0x67, 0x42, 0xe0, 0x1f, 1].into(),
            pps: [0x68].into(),
        };
        assert_eq!(profile(&sps).as_deref(), Some("42e01f"));
        let short = ParameterSets::H264 {
            sps: [0x67].into(),
            pps: [].into(),
        };
        assert_eq!(profile(&short), None);
    }
}
