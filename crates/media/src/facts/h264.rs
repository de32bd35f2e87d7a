//! H.264 sequence parameter sets, by h264-reader.

use h264_reader::nal::sps::{FrameMbsFlags, SeqParameterSet};
use h264_reader::rbsp::{BitReader, ByteReader};

use super::{Profile, VideoFacts, plausible};

pub(super) fn inspect(sps: &[u8]) -> Option<VideoFacts> {
    // Some cameras pad their sets with zeros.
    let end = sps.iter().rposition(|byte| *byte != 0)? + 1;
    let parsed = SeqParameterSet::from_bits(BitReader::new(ByteReader::skipping_h264_header(
        &sps[..end],
    )))
    .ok()?;
    let restrictions = parsed
        .vui_parameters
        .as_ref()
        .and_then(|vui| vui.bitstream_restrictions.as_ref());
    let profile_level_id = *sps.get(1..)?.first_chunk::<3>()?;
    Some(VideoFacts {
        profile: Profile::H264 { profile_level_id },
        size: plausible(parsed.pixel_dimensions().ok()?)?,
        interlaced: !matches!(parsed.frame_mbs_flags, FrameMbsFlags::Frames),
        reorder_frames: match restrictions {
            Some(restrictions) => Some(restrictions.max_num_reorder_frames),
            // Baseline has no B-frames at all, and order count type 2 says output follows decoding
            // (ITU-T H.264, A.2.1 and 8.2.1.3).
            None if profile_level_id[0] == BASELINE => Some(0),
            None if matches!(
                parsed.pic_order_cnt,
                h264_reader::nal::sps::PicOrderCntType::TypeTwo
            ) =>
            {
                Some(0)
            }
            None => None,
        },
    })
}

const BASELINE: u8 = 66;

/// Baseline, Main and High; the others have more bits, more colour or less of everything.
pub(super) fn is_usual(profile: u8) -> bool {
    matches!(profile, BASELINE | 77 | 100)
}

/// Names of ITU-T H.264, annex A; `flags` are the constraint flags, set0 the highest bit.
pub(super) fn profile_name(profile: u8, flags: u8) -> &'static str {
    match profile {
        BASELINE if flags & 0x40 != 0 => "Constrained Baseline",
        BASELINE => "Baseline",
        77 if flags & 0x80 != 0 => "Constrained Baseline",
        77 => "Main",
        88 => "Extended",
        100 if flags & 0x0c == 0x0c => "Constrained High",
        100 => "High",
        110 => "High 10",
        122 => "High 4:2:2",
        244 => "High 4:4:4",
        _ => "unknown profile",
    }
}
