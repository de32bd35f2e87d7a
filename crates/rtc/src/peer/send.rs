//! Sending: a viewer's packets into the library, with the wall-clock moment that its sender reports
//! will be made of.

use std::sync::Arc;
use std::time::{Duration, Instant};

use lenswire_media::viewer::Outgoing;
use lenswire_media::{TrackId, WallTime};
use str0m::Rtc;
use str0m::media::{MediaTime, Mid, Pt};
use str0m::rtp::{ExtensionValues, RtpWrite, Ssrc};

use super::Peer;
use super::choose::Choice;

/// The receiver's delay is hinted at in every packet for so long after the start. It keeps the last
/// hint it saw, and one of a second's packets arrives.
const HINT_TIME: Duration = Duration::from_secs(2);

/// A capture time older than this says more about the camera's clock than about its delay.
const OLDEST_CAPTURE: Duration = Duration::from_secs(10);

/// One track on its way out.
pub(super) struct Lane {
    pub(super) place: usize,
    pub(super) mid: Mid,
    pub(super) is_video: bool,
    pub(super) ssrc: u32,
    pub(super) rtx_ssrc: Option<u32>,
    pub(super) nacks: u64,
    pub(super) keyframe_requests: u64,
    track: TrackId,
    number: Pt,
    is_nackable: bool,
    hints_delay: bool,
    /// Its newest packet had a capture time that can be believed.
    is_dated: bool,
}

/// The two clocks, read together.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    /// Monotonic.
    pub now: Instant,
    /// The same moment on the wall.
    pub wall: WallTime,
}

impl Lane {
    pub(super) fn new(rtc: &mut Rtc, choice: &Choice) -> Option<Self> {
        let mid: Mid = choice.mid.as_str().into();
        let mut api = rtc.direct_api();
        let stream = api.stream_tx_by_mid(mid, None)?;
        Some(Self {
            place: choice.place,
            mid,
            is_video: choice.media.kind() == lenswire_media::Kind::Video,
            ssrc: *stream.ssrc(),
            rtx_ssrc: stream.rtx().map(|ssrc| *ssrc),
            nacks: 0,
            keyframe_requests: 0,
            track: choice.track,
            number: choice.codec.number.into(),
            is_nackable: choice.codec.rtx.is_some(),
            hints_delay: choice.media.kind() == lenswire_media::Kind::Video,
            is_dated: false,
        })
    }
}

impl Peer {
    /// Queues packets of one or more frames. They leave with the next [`Peer::advance`].
    pub fn write(&mut self, packets: &[Outgoing], clock: Clock) {
        let Some(since) = self.progress.connected else {
            return;
        };
        let hint = (clock.now.saturating_duration_since(since) < HINT_TIME)
            .then(|| delay_hint(self.delay_limit));
        let mut api = self.rtc.direct_api();
        for packet in packets {
            let Some(at) = self
                .lanes
                .iter()
                .position(|lane| lane.track == packet.track)
            else {
                continue;
            };
            let moment = moment(&mut self.lanes, at, packet, clock);
            let Some(lane) = self.lanes.get(at) else {
                continue;
            };
            let Some(stream) = api.stream_tx(&Ssrc::from(lane.ssrc)) else {
                continue;
            };
            let mut write = RtpWrite::new(
                lane.number,
                packet.seq.into(),
                packet.time,
                moment,
                Arc::clone(&packet.payload),
            )
            .marker(packet.marker)
            .nackable(lane.is_nackable);
            if let Some((min, max)) = hint.filter(|_| lane.hints_delay) {
                write = write.ext_vals(ExtensionValues {
                    play_delay_min: Some(min),
                    play_delay_max: Some(max),
                    ..ExtensionValues::default()
                });
            }
            stream.write_rtp(write);
        }
    }
}

/// From nothing, so that the receiver adds no more than jitter and repair need, to the stream's
/// limit, so that it never stays behind for good after a bad moment. The extension counts tens of
/// milliseconds in twelve bits. A maximum of half a second or less would make Chromium give up
/// smoothing altogether; that is for whoever sets such a limit.
fn delay_hint(limit: Duration) -> (MediaTime, MediaTime) {
    let max = u64::try_from(limit.as_millis() / 10)
        .unwrap_or(u64::MAX)
        .min(4_095);
    (
        MediaTime::from_hundredths(0),
        MediaTime::from_hundredths(max),
    )
}

/// The moment that a packet's timestamp stands for. Capture times are used only while every track
/// has them: a mapping by capture for one and by arrival for another would take sound and picture
/// apart by the camera's delay.
fn moment(lanes: &mut [Lane], at: usize, packet: &Outgoing, clock: Clock) -> Instant {
    let captured = packet.captured.and_then(|captured| {
        let age = Duration::from_micros(clock.wall.0.checked_sub(captured.0)?);
        clock.now.checked_sub(age).filter(|_| age <= OLDEST_CAPTURE)
    });
    if let Some(lane) = lanes.get_mut(at) {
        lane.is_dated = captured.is_some();
    }
    let arrived = packet.arrived.min(clock.now);
    captured
        .filter(|_| lanes.iter().all(|lane| lane.is_dated))
        .unwrap_or(arrived)
}
