//! Parameter sets out of `fmtp`: base64 of NAL units, as cameras write them.
//!
//! Start codes inside (V380), a start code left at the end (GW Security), lists with more than
//! one set, padding forgotten. What cannot be read is left out: the sets come in band as well,
//! and a wrong one is worse than none.

use std::sync::Arc;

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use lenswire_media::ParameterSets;

/// Cameras forget the padding, or write too much of it.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// Longest parameter set that is believed, in bytes: a real one is below 200.
const MAX_SET: usize = 4 * 1024;

/// H.264 (RFC 6184 section 8.1): `sprop-parameter-sets`.
pub(super) fn h264(fmtp: &str) -> ParameterSets {
    let units = value(fmtp, "sprop-parameter-sets")
        .map(units)
        .unwrap_or_default();
    let of_type = |wanted: u8| {
        first(&units, |unit| {
            unit.first().map(|byte| byte & 0x1f) == Some(wanted)
        })
    };
    match (of_type(7), of_type(8)) {
        (Some(sps), Some(pps)) => ParameterSets::H264 { sps, pps },
        _ => ParameterSets::None,
    }
}

/// H.265 (RFC 7798 section 7.1): `sprop-vps`, `sprop-sps`, `sprop-pps`.
pub(super) fn h265(fmtp: &str) -> ParameterSets {
    let all: Vec<Vec<u8>> = ["sprop-vps", "sprop-sps", "sprop-pps"]
        .into_iter()
        .filter_map(|name| value(fmtp, name))
        .flat_map(units)
        .collect();
    let of_type = |wanted: u8| {
        first(&all, |unit| {
            unit.first().map(|byte| (byte >> 1) & 0x3f) == Some(wanted)
        })
    };
    match (of_type(32), of_type(33), of_type(34)) {
        (Some(vps), Some(sps), Some(pps)) => ParameterSets::H265 { vps, sps, pps },
        _ => ParameterSets::None,
    }
}

fn first(units: &[Vec<u8>], is: impl Fn(&[u8]) -> bool) -> Option<Arc<[u8]>> {
    units
        .iter()
        .find(|unit| is(unit))
        .map(|unit| Arc::from(unit.as_slice()))
}

pub(super) fn value<'a>(fmtp: &'a str, name: &str) -> Option<&'a str> {
    fmtp.split(';').find_map(|parameter| {
        let (key, value) = parameter.split_once('=')?;
        key.trim()
            .eq_ignore_ascii_case(name)
            .then(|| value.trim().trim_matches('"'))
    })
}

fn units(list: &str) -> Vec<Vec<u8>> {
    list.split(',')
        .filter_map(|set| LENIENT.decode(set.trim()).ok())
        .filter(|set| set.len() <= MAX_SET)
        .flat_map(|set| split(&set))
        .collect()
}

/// NAL units between start codes; the whole when there is none. Zero bytes at a unit's end belong
/// to the start code behind it (H.264 annex B).
fn split(bytes: &[u8]) -> Vec<Vec<u8>> {
    let mut units = vec![Vec::new()];
    let mut rest = bytes;
    while let Some((byte, tail)) = rest.split_first() {
        if let Some(behind) = rest.strip_prefix(&[0, 0, 1]) {
            units.push(Vec::new());
            rest = behind;
            continue;
        }
        if let Some(unit) = units.last_mut() {
            unit.push(*byte);
        }
        rest = tail;
    }
    for unit in &mut units {
        while unit.last() == Some(&0) {
            unit.pop();
        }
    }
    units.retain(|unit| unit.len() > 1);
    units
}
