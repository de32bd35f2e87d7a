//! H.265 sequence parameter sets (ITU-T H.265, 7.3.2.2), as far as the picture's size and order.

use std::num::NonZeroUsize;

use h264_reader::rbsp::{BitRead, BitReader, BitReaderError, ByteReader};

use super::{Profile, VideoFacts, plausible};

/// Bytes of a NAL unit's header.
const HEADER: NonZeroUsize = NonZeroUsize::MIN.saturating_add(1);

pub(super) fn inspect(sps: &[u8]) -> Option<VideoFacts> {
    read(&mut BitReader::new(ByteReader::skipping_bytes(sps, HEADER)))
        .ok()
        .flatten()
}

fn read<R: BitRead>(bits: &mut R) -> Result<Option<VideoFacts>, BitReaderError> {
    bits.skip(4, "sps_video_parameter_set_id")?;
    let layers: u32 = bits.read::<3, _>("sps_max_sub_layers_minus1")?;
    bits.skip(1, "sps_temporal_id_nesting_flag")?;
    let profile = read_profile(bits, layers)?;
    bits.read_ue("sps_seq_parameter_set_id")?;
    let chroma = bits.read_ue("chroma_format_idc")?;
    let planes = chroma == 3 && bits.read_bit("separate_colour_plane_flag")?;
    let width = bits.read_ue("pic_width_in_luma_samples")?;
    let height = bits.read_ue("pic_height_in_luma_samples")?;
    let mut window = [0; 4];
    if bits.read_bit("conformance_window_flag")? {
        for side in &mut window {
            *side = bits.read_ue("conf_win_offset")?;
        }
    }
    bits.read_ue("bit_depth_luma_minus8")?;
    bits.read_ue("bit_depth_chroma_minus8")?;
    bits.read_ue("log2_max_pic_order_cnt_lsb_minus4")?;
    let each_layer = bits.read_bit("sps_sub_layer_ordering_info_present_flag")?;
    let mut reorder = 0;
    // The last one read is that of the highest layer, which is the whole stream.
    for _ in if each_layer { 0 } else { layers }..=layers {
        bits.read_ue("sps_max_dec_pic_buffering_minus1")?;
        reorder = bits.read_ue("sps_max_num_reorder_pics")?;
        bits.read_ue("sps_max_latency_increase_plus1")?;
    }
    let (across, down) = match chroma {
        1 => (2, 2),
        2 => (2, 1),
        _ => (1, 1),
    };
    let [left, right, top, bottom] = window;
    let size = (
        cropped(width, across, left, right),
        cropped(height, down, top, bottom),
    );
    Ok(match size {
        (Some(width), Some(height)) if !planes => {
            plausible((width, height)).map(|size| VideoFacts {
                profile,
                size,
                reorder_frames: Some(reorder),
                // Fields are told outside of the SPS, and no camera is known that makes them.
                interlaced: false,
            })
        }
        _ => None,
    })
}

fn cropped(size: u32, unit: u32, from: u32, to: u32) -> Option<u32> {
    let cut = from.checked_add(to)?.checked_mul(unit)?;
    size.checked_sub(cut)
}

/// profile_tier_level, ITU-T H.265, 7.3.3.
fn read_profile<R: BitRead>(bits: &mut R, layers: u32) -> Result<Profile, BitReaderError> {
    bits.skip(3, "general_profile_space, general_tier_flag")?;
    let profile = bits.read::<5, u8>("general_profile_idc")?;
    bits.skip(32, "general_profile_compatibility_flags")?;
    bits.skip(48, "general constraint flags")?;
    let level = bits.read::<8, u8>("general_level_idc")?;
    let mut present = [(false, false); 7];
    for layer in present.iter_mut().take(layers as usize) {
        *layer = (
            bits.read_bit("sub_layer_profile_present_flag")?,
            bits.read_bit("sub_layer_level_present_flag")?,
        );
    }
    if layers > 0 {
        bits.skip(2 * (8 - layers), "reserved_zero_2bits")?;
    }
    for (has_profile, has_level) in present.into_iter().take(layers as usize) {
        bits.skip(if has_profile { 88 } else { 0 }, "sub_layer profile")?;
        bits.skip(if has_level { 8 } else { 0 }, "sub_layer_level_idc")?;
    }
    Ok(Profile::H265 { profile, level })
}

/// Main.
pub(super) fn is_usual(profile: u8) -> bool {
    profile == 1
}

/// Names of ITU-T H.265, annex A.
pub(super) fn profile_name(profile: u8) -> &'static str {
    match profile {
        1 => "Main",
        2 => "Main 10",
        3 => "Main Still Picture",
        4 => "Range Extensions",
        _ => "unknown profile",
    }
}
