//! What can be known of a source's video without decoding it, and what of it will give viewers
//! trouble.

mod h264;
mod h265;
mod order;

use std::fmt;
use std::time::Duration;

pub(crate) use order::OrderWatch;

use crate::ParameterSets;

/// What a sequence parameter set says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VideoFacts {
    /// Profile and level.
    pub profile: Profile,
    /// Size of the picture in pixels, as shown.
    pub size: (u32, u32),
    /// How many frames may stand out of order at most; None when it is not said. 0 rules B-frames
    /// out.
    pub reorder_frames: Option<u32>,
    /// Whether a picture may be made of two fields.
    pub interlaced: bool,
}

/// A codec's profile and level as its parameter set has them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Profile {
    /// The three bytes of RFC 6184's `profile-level-id`.
    H264 {
        /// profile_idc, constraint flags, level_idc.
        profile_level_id: [u8; 3],
    },
    /// RFC 7798's `profile-id` and `level-id`.
    H265 {
        /// general_profile_idc.
        profile: u8,
        /// general_level_idc: thirty times the level.
        level: u8,
    },
}

impl Profile {
    /// Whether browsers that play the codec at all play this: 8 bits a sample, colour at half the
    /// resolution each way.
    #[must_use]
    pub fn is_usual(&self) -> bool {
        match self {
            Self::H264 {
                profile_level_id: [profile, ..],
            } => h264::is_usual(*profile),
            Self::H265 { profile, .. } => h265::is_usual(*profile),
        }
    }

    /// The `profile-level-id` of H.264 as SDP writes it.
    #[must_use]
    pub fn profile_level_id(&self) -> Option<String> {
        match self {
            Self::H264 {
                profile_level_id: [a, b, c],
            } => Some(format!("{a:02x}{b:02x}{c:02x}")),
            Self::H265 { .. } => None,
        }
    }
}

/// As people say it: "Constrained Baseline 3.1".
impl fmt::Display for Profile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::H264 {
                profile_level_id: [profile, flags, level],
            } => {
                f.write_str(h264::profile_name(*profile, *flags))?;
                write!(f, " {}.{}", level / 10, level % 10)
            }
            Self::H265 { profile, level } => {
                f.write_str(h265::profile_name(*profile))?;
                write!(f, " {}.{}", level / 30, level % 30 / 3)
            }
        }
    }
}

/// Reads parameter sets. None when there are none or they make no sense.
#[must_use]
pub fn inspect(parameters: &ParameterSets) -> Option<VideoFacts> {
    match parameters {
        ParameterSets::None | ParameterSets::Converted(_) => None,
        ParameterSets::H264 { sps, .. } => h264::inspect(sps),
        ParameterSets::H265 { sps, .. } => h265::inspect(sps),
    }
}

/// Largest side of a picture in pixels: that of the highest level of either codec.
const SIDE_MAX: u32 = 16_888;

/// A size that a picture can have.
fn plausible(size: (u32, u32)) -> Option<(u32, u32)> {
    let fits = |side| (1..=SIDE_MAX).contains(&side);
    (fits(size.0) && fits(size.1)).then_some(size)
}

/// Something about a source that its viewers will notice, each with a setting of the camera that
/// changes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Concern {
    /// Frames are shown in another order than they are sent. Browsers stutter.
    BFrames,
    /// For this long no keyframe has come. Nobody can join.
    NoKeyframe {
        /// How long.
        since: Duration,
    },
    /// Keyframes come without their parameter sets, and the session description had none.
    NoParameterSets,
    /// The source's clock has jumped this often.
    ClockJumps {
        /// How often.
        times: u32,
    },
    /// The source's clock stands still while frames come.
    ClockStands,
    /// The codec's profile is one that browsers don't decode.
    Profile(Profile),
    /// Pictures may be made of two fields. Browsers show combs, or nothing.
    Interlaced,
}

#[cfg(test)]
mod tests;
