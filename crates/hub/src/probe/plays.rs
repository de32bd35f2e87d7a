//! What plays what: one pure table of codecs and those who watch. It speaks of WebRTC as the
//! browsers of 2026 receive it, and of what Lenswire hands on to programs as it is.

use lenswire_media::Codec;
use lenswire_media::facts::Profile;
use schemars::JsonSchema;
use serde::Serialize;

/// Whether it plays.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Everywhere.
    Yes,
    /// Not on every device.
    Maybe,
    /// Nowhere.
    No,
    /// As sound that Lenswire converts on the way.
    AudioConverted,
}

/// Why it is not simply yes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// Only where the device decodes it in hardware.
    Hardware,
    /// The browser has no decoder for it in WebRTC.
    Codec,
    /// This profile is for files and studios; no browser takes it live.
    Profile,
    /// Frames that come out of order stutter.
    BFrames,
}

impl Reason {
    /// In words.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::Hardware => "where the device decodes it in hardware",
            Self::Codec => "it has no decoder for this",
            Self::Profile => "no browser plays this profile live",
            Self::BFrames => "B-frames stutter",
        }
    }
}

/// One judgement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Play {
    /// Whether.
    pub verdict: Verdict,
    /// Why not simply yes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<Reason>,
}

/// What each of those who watch makes of a track.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Plays {
    /// Chrome, Edge and their like, on computers and Android.
    pub chrome: Play,
    /// Safari, and every browser on an iPhone.
    pub safari: Play,
    /// Firefox.
    pub firefox: Play,
    /// Programs that take RTSP: VLC, ffmpeg, recorders.
    pub rtsp: Play,
}

const YES: Play = Play {
    verdict: Verdict::Yes,
    reason: None,
};

const fn no(reason: Reason) -> Play {
    Play {
        verdict: Verdict::No,
        reason: Some(reason),
    }
}

const MAYBE: Play = Play {
    verdict: Verdict::Maybe,
    reason: Some(Reason::Hardware),
};

const AS_OPUS: Play = Play {
    verdict: Verdict::AudioConverted,
    reason: None,
};

/// What plays sound that Lenswire makes Opus of.
pub(super) const CONVERTED: Plays = Plays {
    chrome: AS_OPUS,
    safari: AS_OPUS,
    firefox: AS_OPUS,
    rtsp: YES,
};

/// What plays a track of this codec, profile and order of frames.
#[must_use]
pub fn plays(codec: Codec, profile: Option<Profile>, b_frames: bool) -> Plays {
    let (chrome, safari, firefox) = match codec {
        // Chrome since 136, Safari since 18; Firefox only in files.
        Codec::H265 => (MAYBE, MAYBE, no(Reason::Codec)),
        // Apple decodes AV1 in hardware alone (A17 Pro, M3 and later).
        Codec::Av1 => (YES, MAYBE, YES),
        Codec::H264 | Codec::Vp8 | Codec::Vp9 | Codec::Opus | Codec::Pcmu | Codec::Pcma => {
            (YES, YES, YES)
        }
    };
    let unless = |play: Play| match () {
        () if play.verdict == Verdict::No => play,
        () if profile.is_some_and(|profile| !profile.is_usual()) => no(Reason::Profile),
        () if b_frames => no(Reason::BFrames),
        () => play,
    };
    Plays {
        chrome: unless(chrome),
        safari: unless(safari),
        firefox: unless(firefox),
        rtsp: YES,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdicts(plays: Plays) -> [Verdict; 4] {
        [plays.chrome, plays.safari, plays.firefox, plays.rtsp].map(|play| play.verdict)
    }

    const fn h264(profile: u8) -> Option<Profile> {
        Some(Profile::H264 {
            profile_level_id: [profile, 0, 31],
        })
    }

    // requirements 63 to 65: what a browser cannot play is known before it is tried.
    #[test]
    fn each_codec_is_judged_for_each_browser() {
        use Verdict::{Maybe, No, Yes};
        for (codec, profile, b_frames, expected) in [
            (Codec::H264, h264(66), false, [Yes, Yes, Yes, Yes]),
            (Codec::H264, h264(100), false, [Yes, Yes, Yes, Yes]),
            (Codec::H264, h264(100), true, [No, No, No, Yes]),
            (Codec::H264, h264(122), false, [No, No, No, Yes]),
            (Codec::H265, None, false, [Maybe, Maybe, No, Yes]),
            (Codec::Av1, None, false, [Yes, Maybe, Yes, Yes]),
            (Codec::Vp9, None, false, [Yes, Yes, Yes, Yes]),
            (Codec::Pcma, None, false, [Yes, Yes, Yes, Yes]),
        ] {
            assert_eq!(
                verdicts(plays(codec, profile, b_frames)),
                expected,
                "{codec:?}"
            );
        }
    }

    #[test]
    fn the_reason_is_the_most_telling_one() {
        let ten_bits = Some(Profile::H265 {
            profile: 2,
            level: 93,
        });
        let judged = plays(Codec::H265, ten_bits, true);
        assert_eq!(judged.firefox.reason, Some(Reason::Codec));
        assert_eq!(judged.chrome.reason, Some(Reason::Profile));
        let judged = plays(Codec::H264, h264(77), true);
        assert_eq!(judged.chrome.reason, Some(Reason::BFrames));
    }
}
