//! The encoder: low delay before all. No B-frames, one slice a picture (the packetiser cuts it),
//! keyframes by time or on demand.

use std::ops::Range;
use std::time::Duration;

use openh264::OpenH264API;
use openh264::encoder::{
    BitRate, Complexity, Encoder, EncoderConfig, FrameRate, FrameType, IntraFramePeriod, Level,
    Profile, QpRange, RateControlMode, SpsPpsStrategy, UsageType, VuiConfig,
};

use crate::{Error, Picture, Size};

/// Coarsest quantiser allowed. Beyond it text falls apart; a keyframe rather costs a little more.
const COARSEST: u8 = 40;

/// Finest quantiser allowed. Below it a still picture grows without anybody seeing the difference.
const FINEST: u8 = 18;

/// What stands in front of each NAL unit (ITU-R H.264, B.1.1).
pub(super) const START_CODE: [u8; 4] = [0, 0, 0, 1];

/// What to encode and how large it may become.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct H264Settings {
    /// Of every picture.
    pub size: Size,
    /// Pictures a second, for rate control.
    pub rate: u32,
    /// Bits a second on average.
    pub bitrate: u32,
    /// Longest time between two keyframes.
    pub keyframe_interval: Duration,
}

/// Encodes pictures of one size. Not tied to a thread; a call takes a few milliseconds at 720p.
pub struct H264Encoder {
    encoder: Encoder,
    settings: H264Settings,
    /// Time of the last keyframe; none before the first picture, which always is one.
    last_keyframe: Option<Duration>,
}

/// One encoded picture, or nothing when rate control left the picture out.
#[derive(Clone, Debug, Default)]
pub struct Encoded {
    annex_b: Vec<u8>,
    units: Vec<Range<usize>>,
    /// It can be decoded without any other; SPS and PPS stand in front of it.
    pub keyframe: bool,
}

impl Encoded {
    /// The NAL units in order, without start codes.
    pub fn nal_units(&self) -> impl Iterator<Item = &[u8]> + Clone {
        self.units.iter().map(|range| &self.annex_b[range.clone()])
    }

    /// Whether the picture was left out.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.units.is_empty()
    }

    /// The NAL units with a start code in front of each (ITU-R H.264, annex B).
    #[must_use]
    pub fn annex_b(&self) -> &[u8] {
        &self.annex_b
    }
}

impl H264Encoder {
    /// Makes an encoder; nothing is allocated for pictures before the first one comes.
    ///
    /// # Errors
    /// [`Error::Size`] for a size that is odd, zero or above 3840x2160, [`Error::H264`] when
    /// OpenH264 can't be set up.
    pub fn new(settings: H264Settings) -> Result<Self, Error> {
        let Size { width, height } = settings.size;
        let fits = width.max(height) <= 3840 && width.min(height) <= 2160 && width.min(height) > 0;
        if !fits || width % 2 != 0 || height % 2 != 0 {
            return Err(Error::Size(settings.size));
        }
        let encoder = Encoder::with_api_config(OpenH264API::from_source(), config(&settings))?;
        Ok(Self {
            encoder,
            settings,
            last_keyframe: None,
        })
    }

    /// Encodes the picture of `time` (since any start, never backwards).
    ///
    /// # Errors
    /// [`Error::OtherSize`] for a picture of another size, [`Error::H264`] when OpenH264 fails; the
    /// encoder can go on with the next picture.
    pub fn encode(
        &mut self,
        picture: &Picture,
        time: Duration,
        force_keyframe: bool,
    ) -> Result<Encoded, Error> {
        if picture.size() != self.settings.size {
            return Err(Error::OtherSize {
                expected: self.settings.size,
                got: picture.size(),
            });
        }
        if force_keyframe || self.keyframe_due(time) {
            self.encoder.force_intra_frame();
        }
        let millis = u64::try_from(time.as_millis()).unwrap_or(0);
        let stream = self
            .encoder
            .encode_at(picture, openh264::Timestamp::from_millis(millis))?;
        let mut encoded = Encoded {
            keyframe: matches!(stream.frame_type(), FrameType::IDR),
            ..Encoded::default()
        };
        for layer in (0..stream.num_layers()).filter_map(|n| stream.layer(n)) {
            for unit in (0..layer.nal_count()).filter_map(|n| layer.nal_unit(n)) {
                encoded.push(without_start_code(unit));
            }
        }
        if encoded.keyframe {
            self.last_keyframe = Some(time);
        }
        Ok(encoded)
    }

    /// Half a picture's time early rather than late, so that an interval of 1 s at 30 pictures a
    /// second is 30 pictures and not sometimes 31. OpenH264's own period would not start anew with
    /// a keyframe that was asked for.
    fn keyframe_due(&self, time: Duration) -> bool {
        let half = Duration::from_secs(1) / (2 * self.settings.rate.max(1));
        // Before the first picture there is nothing to force: it is a keyframe anyway.
        self.last_keyframe
            .is_some_and(|last| time.saturating_sub(last) + half >= self.settings.keyframe_interval)
    }
}

impl Encoded {
    fn push(&mut self, unit: &[u8]) {
        self.annex_b.extend_from_slice(&START_CODE);
        let start = self.annex_b.len();
        self.annex_b.extend_from_slice(unit);
        self.units.push(start..self.annex_b.len());
    }
}

impl std::fmt::Debug for H264Encoder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("H264Encoder")
            .field("settings", &self.settings)
            .finish_non_exhaustive()
    }
}

fn config(settings: &H264Settings) -> EncoderConfig {
    EncoderConfig::new()
        .usage_type(UsageType::CameraVideoRealTime)
        .profile(Profile::Baseline)
        .level(level(settings))
        .max_frame_rate(FrameRate::from_hz(settings.rate as f32))
        .bitrate(BitRate::from_bps(settings.bitrate))
        .rate_control_mode(RateControlMode::Bitrate)
        // Without it OpenH264 does not hold the bitrate; pictures are left out only when they must.
        .skip_frames(true)
        .qp(QpRange::new(FINEST, COARSEST))
        .complexity(Complexity::Low)
        .scene_change_detect(false)
        .intra_frame_period(IntraFramePeriod::from_num_frames(0))
        // The same numbers for every keyframe, so that parameter sets sent ahead stay true.
        .sps_pps_strategy(SpsPpsStrategy::ConstantId)
        .vui(VuiConfig::bt709())
        // One picture at a time on the caller's thread: threads of its own would buy delay with cores.
        .num_threads(1)
}

/// The lowest level of ITU-T H.264 table A-1 that we name and that fits; browsers offer 3.1 and
/// decode more.
fn level(settings: &H264Settings) -> Level {
    let Size { width, height } = settings.size;
    let blocks = width.div_ceil(16) * height.div_ceil(16);
    match blocks * settings.rate as usize {
        0..=108_000 if blocks <= 3_600 => Level::Level_3_1,
        0..=245_760 if blocks <= 8_192 => Level::Level_4_0,
        0..=522_240 if blocks <= 8_704 => Level::Level_4_2,
        _ => Level::Level_5_2,
    }
}

fn without_start_code(unit: &[u8]) -> &[u8] {
    unit.strip_prefix(&START_CODE)
        .or_else(|| unit.strip_prefix(&START_CODE[1..]))
        .unwrap_or(unit)
}
