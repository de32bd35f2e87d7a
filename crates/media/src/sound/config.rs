//! AudioSpecificConfig (ISO/IEC 14496-3, 1.6.2.1), as far as AAC-LC goes, and the StreamMuxConfig around
//! it (1.7.3.1).

use super::bits::Bits;

/// Hertz, by samplingFrequencyIndex (ISO/IEC 14496-3, table 1.18).
const RATES: [u32; 13] = [
    96_000, 88_200, 64_000, 48_000, 44_100, 32_000, 24_000, 22_050, 16_000, 12_000, 11_025, 8_000,
    7_350,
];

/// samplingFrequencyIndex of a rate that is written out.
const WRITTEN_OUT: u32 = 15;

/// Object types (ISO/IEC 14496-3, table 1.17).
const LC: u32 = 2;
const SBR: u32 = 5;
const PS: u32 = 29;
const ESCAPE: u32 = 31;

/// Why sound that calls itself AAC can't be converted. The words name it to people.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unsupported {
    /// Spectral band replication, with or without parametric stereo.
    #[error("HE-AAC")]
    HighEfficiency,
    /// AAC Main, LTP, scalable, or none of them.
    #[error("AAC of object type {0}")]
    ObjectType(u32),
    /// More than two channels, or as many as a table says that comes later.
    #[error("AAC with more than two channels")]
    Channels,
    /// 960 samples in a frame, or a rate that nobody has.
    #[error("AAC of an unusual kind")]
    Unusual,
    /// The description ends too soon, or there is none.
    #[error("AAC without a readable description")]
    Unreadable,
}

/// Rate and channels of AAC-LC, out of its AudioSpecificConfig.
///
/// # Errors
/// [`Unsupported`] for all other AAC.
pub fn aac_lc(config: &[u8]) -> Result<(u32, u8), Unsupported> {
    specific(&mut Bits::new(config))
}

/// The same out of a StreamMuxConfig, which has to be that of one program with one layer.
///
/// # Errors
/// [`Unsupported`] for all others.
pub fn latm(config: &[u8]) -> Result<(u32, u8), Unsupported> {
    let mut bits = Bits::new(config);
    let mut next = |count| bits.take(count).ok_or(Unsupported::Unreadable);
    // audioMuxVersion, allStreamsSameTimeFraming, numSubFrames, numProgram, numLayer.
    let head = (next(1)?, next(1)?, next(6)?, next(4)?, next(3)?);
    if head != (0, 1, 0, 0, 0) {
        return Err(Unsupported::Unusual);
    }
    specific(&mut bits)
}

fn specific(bits: &mut Bits<'_>) -> Result<(u32, u8), Unsupported> {
    let object_type = read_object_type(bits)?;
    let rate = read_rate(bits)?;
    let channels = read(bits, 4)?;
    match object_type {
        LC => {}
        SBR | PS => return Err(Unsupported::HighEfficiency),
        other => return Err(Unsupported::ObjectType(other)),
    }
    // frameLengthFlag: 960 samples instead of 1,024.
    if read(bits, 1)? != 0 || !(7_350..=96_000).contains(&rate) {
        return Err(Unsupported::Unusual);
    }
    match channels {
        1 => Ok((rate, 1)),
        2 => Ok((rate, 2)),
        _ => Err(Unsupported::Channels),
    }
}

fn read(bits: &mut Bits<'_>, count: u8) -> Result<u32, Unsupported> {
    bits.take(count).ok_or(Unsupported::Unreadable)
}

fn read_object_type(bits: &mut Bits<'_>) -> Result<u32, Unsupported> {
    match read(bits, 5)? {
        ESCAPE => Ok(32 + read(bits, 6)?),
        object_type => Ok(object_type),
    }
}

fn read_rate(bits: &mut Bits<'_>) -> Result<u32, Unsupported> {
    match read(bits, 4)? {
        WRITTEN_OUT => read(bits, 24),
        index => RATES
            .get(index as usize)
            .copied()
            .ok_or(Unsupported::Unusual),
    }
}
