//! What a stream consists of: tracks, their codecs and the parameters that a receiver must know
//! before the first packet.

use std::sync::Arc;

use crate::sound;

/// Picture or sound.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Pictures.
    Video,
    /// Sound.
    Audio,
}

/// A codec that Lenswire can forward. The name is the one of its RTP payload format.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Codec {
    /// RFC 6184, packetization-mode 1.
    H264,
    /// RFC 7798.
    H265,
    /// RFC 7741.
    Vp8,
    /// RFC 9628.
    Vp9,
    /// AV1 RTP specification 1.0.
    Av1,
    /// RFC 7587.
    Opus,
    /// G.711 mu-law, RFC 3551.
    Pcmu,
    /// G.711 A-law, RFC 3551.
    Pcma,
}

impl Codec {
    /// Whether the codec carries pictures or sound.
    #[must_use]
    pub const fn kind(self) -> Kind {
        match self {
            Self::H264 | Self::H265 | Self::Vp8 | Self::Vp9 | Self::Av1 => Kind::Video,
            Self::Opus | Self::Pcmu | Self::Pcma => Kind::Audio,
        }
    }

    /// The RTP clock in hertz.
    #[must_use]
    pub const fn clock_rate(self) -> u32 {
        match self {
            Self::H264 | Self::H265 | Self::Vp8 | Self::Vp9 | Self::Av1 => 90_000,
            Self::Opus => 48_000,
            Self::Pcmu | Self::Pcma => 8_000,
        }
    }

    /// The encoding name as SDP spells it (`a=rtpmap`).
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::H264 => "H264",
            Self::H265 => "H265",
            Self::Vp8 => "VP8",
            Self::Vp9 => "VP9",
            Self::Av1 => "AV1",
            Self::Opus => "opus",
            Self::Pcmu => "PCMU",
            Self::Pcma => "PCMA",
        }
    }
}

/// A track's number within its stream: the index into [`Tracks`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TrackId(pub u8);

/// What a decoder must have before a track's first keyframe.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub enum ParameterSets {
    /// The codec has none, or they have not been seen yet.
    #[default]
    None,
    /// H.264: whole NAL units without start codes.
    H264 {
        /// Sequence parameter set.
        sps: Arc<[u8]>,
        /// Picture parameter set.
        pps: Arc<[u8]>,
    },
    /// H.265: whole NAL units without start codes.
    H265 {
        /// Video parameter set.
        vps: Arc<[u8]>,
        /// Sequence parameter set.
        sps: Arc<[u8]>,
        /// Picture parameter set.
        pps: Arc<[u8]>,
    },
    /// None: it is Opus that was made here, out of this.
    Converted(sound::Format),
}

/// One track as a source announces it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Track {
    /// How its packets are coded.
    pub codec: Codec,
    /// Audio channels (1 or 2); 0 for video.
    pub channels: u8,
    /// What stands in front of keyframes.
    pub parameters: ParameterSets,
}

/// A stream's tracks, in the order of [`TrackId`]. A new value means a new negotiation for
/// viewers only when codecs or their number changed ([`Tracks::same_shape`]).
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Tracks(pub Vec<Track>);

impl Tracks {
    /// Iterates over the tracks with their numbers.
    pub fn iter(&self) -> impl Iterator<Item = (TrackId, &Track)> {
        self.0
            .iter()
            .zip(0_u8..)
            .map(|(track, n)| (TrackId(n), track))
    }

    /// The track with that number.
    #[must_use]
    pub fn get(&self, id: TrackId) -> Option<&Track> {
        self.0.get(usize::from(id.0))
    }

    /// The first track of a kind.
    #[must_use]
    pub fn first(&self, kind: Kind) -> Option<(TrackId, &Track)> {
        self.iter().find(|(_, track)| track.codec.kind() == kind)
    }

    /// Whether a viewer that negotiated `self` can go on with `other` in the same session.
    #[must_use]
    pub fn same_shape(&self, other: &Self) -> bool {
        self.0.len() == other.0.len()
            && self
                .0
                .iter()
                .zip(&other.0)
                .all(|(a, b)| a.codec == b.codec && a.channels == b.channels)
    }
}
