//! What several tests need: a moment to begin at, chance with a seed, parameter sets of real
//! encoders.

use std::time::Instant;

use crate::{Codec, ParameterSets, Track};

/// The moment at which a test's fake clock begins.
#[expect(
    clippy::disallowed_methods,
    reason = "an Instant can't be made otherwise; only differences to it matter"
)]
pub(crate) fn start() -> Instant {
    Instant::now()
}

/// xorshift64*: the same numbers for the same seed.
pub(crate) struct Chance(u64);

impl Chance {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    /// A number below `end`.
    pub(crate) fn below(&mut self, end: u64) -> u64 {
        (self.next() >> 11) % end
    }

    pub(crate) fn bytes(&mut self, len: usize) -> Vec<u8> {
        (0..len).map(|_| 1 + self.below(255) as u8).collect()
    }
}

/// x264, 1280x720 at 30, Constrained Baseline 3.1, no B-frames.
pub(crate) const SPS_720: &[u8] = &hex::<25>(b"6742c01fd9005005bb0110000003001000000303c0f1832480");
pub(crate) const PPS_720: &[u8] = &hex::<5>(b"68cb83cb20");
/// x264, 1920x1080 at 30, High 4.0, two B-frames.
pub(crate) const SPS_1080_B: &[u8] =
    &hex::<27>(b"67640028acd940780227e5c044000003000400000300f03c60c658");
/// x264, 640x480 at 30, Main 3.0, no B-frames.
pub(crate) const SPS_480: &[u8] = &hex::<24>(b"674d401ed900a03db0110000030001000003003c0f162e48");
/// x264, 640x360, High 4:2:2, High 10 and High 4:4:4.
pub(crate) const SPS_422: &[u8] =
    &hex::<26>(b"677a001ebcb405017fc4e022000003000200000300641e2c5d40");
pub(crate) const SPS_10: &[u8] = &hex::<25>(b"676e001ea6cb405017fcb808800000030080000019078b1750");
pub(crate) const SPS_444: &[u8] = &hex::<25>(b"67f4001e919680a02ff89c0440000003004000000c83c58ba8");
/// x264, 640x360, Main, coded for fields.
pub(crate) const SPS_FIELDS: &[u8] =
    &hex::<24>(b"674d401ef405031f9f011000000300100000030321f142aa");
/// x265, 1920x1080 at 25, Main 4.0, with B-frames.
pub(crate) const H265_VPS: &[u8] = &hex::<24>(b"40010c01ffff016000000300900000030000030078959809");
pub(crate) const H265_SPS_B: &[u8] = &hex::<42>(
    b"420101016000000300900000030000030078a003c08010e596566924caf0168080000003008000000c84",
);
pub(crate) const H265_PPS: &[u8] = &hex::<7>(b"4401c172b46240");
/// x265, 640x360 at 25, no B-frames.
pub(crate) const H265_SPS: &[u8] = &hex::<42>(
    b"42010101600000030090000003000003003fa0050201696592a4932bc05a020000030002000003003210",
);

const fn hex<const N: usize>(text: &[u8]) -> [u8; N] {
    const fn digit(c: u8) -> u8 {
        if c < b'a' { c - b'0' } else { c - b'a' + 10 }
    }
    let mut bytes = [0; N];
    let mut at = 0;
    while at < N {
        bytes[at] = digit(text[2 * at]) << 4 | digit(text[2 * at + 1]);
        at += 1;
    }
    bytes
}

/// Parameter sets as a session description has them.
pub(crate) fn h264_sets(sps: &[u8]) -> ParameterSets {
    ParameterSets::H264 {
        sps: sps.into(),
        pps: PPS_720.into(),
    }
}

/// A track with what its session description said.
pub(crate) fn track(codec: Codec, parameters: ParameterSets) -> Track {
    Track {
        codec,
        channels: 0,
        parameters,
    }
}
