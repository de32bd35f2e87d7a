//! A session as an administrator sees it.

use lenswire_api::{Code, Problem, StreamName};
use lenswire_rtc::{Protocol, SessionState};
use schemars::JsonSchema;
use serde::Serialize;

use super::{Moment, millis, rfc3339};
use crate::session::{DelayFrom, Purpose, Session};

/// One session.
#[derive(Debug, Serialize, JsonSchema)]
pub struct SessionView {
    id: String,
    /// `watch` or `publish`.
    purpose: &'static str,
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
    /// Which picture of the scene is shown: 0 = the stream, 1 = its substream.
    layer: usize,
    /// What the link is estimated to bear, while anything depends on that.
    estimate_bps: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    delay_ms: Option<u64>,
    /// Who says so.
    #[serde(skip_serializing_if = "Option::is_none")]
    delay_from: Option<&'static str>,
    warnings: Vec<Problem>,
}

impl SessionView {
    /// A session as an administrator sees it.
    #[must_use]
    pub fn new(session: &Session, moment: Moment) -> Self {
        let (stats, shown) = (session.stats(), session.shown());
        let delay = session.delay(&stats, moment.now);
        let by_tcp = stats.pair.filter(|pair| pair.protocol == Protocol::Tcp);
        let by_tcp = by_tcp.map(|_| over_tcp()).into_iter();
        Self {
            id: session.number().to_owned(),
            purpose: match session.purpose() {
                Purpose::Watch => "watch",
                Purpose::Publish => "publish",
            },
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
            layer: shown.layer.unwrap_or(stats.layer),
            estimate_bps: stats.estimate,
            delay_ms: delay.map(|delay| millis(delay.time)),
            delay_from: delay.map(|delay| match delay.from {
                DelayFrom::Player => "player",
                DelayFrom::Server => "server",
            }),
            warnings: by_tcp.chain(shown.warning).collect(),
        }
    }
}

/// It works, but a lost packet holds up all those behind it.
fn over_tcp() -> Problem {
    let detail = "UDP between this viewer and Lenswire does not get through, so media goes by TCP.";
    Problem::new(Code::MediaOverTcp, detail)
}
