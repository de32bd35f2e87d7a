//! Sound that has to be converted: AAC and plain samples, as SDP announces them.

use lenswire_media::sound::{self, AuHeaders, Coding, Format, Unsupported};

use super::parameters::value;

/// Longest AudioSpecificConfig that is believed, in bytes: a real one is below 20.
const MAX_CONFIG: usize = 64;

/// Rates of plain samples that are believed.
const RATES: std::ops::RangeInclusive<u32> = 8_000..=96_000;

/// What the sound is, if it can be converted.
pub(super) fn format(name: &str, clock_rate: u32, channels: u8, fmtp: &str) -> Option<Format> {
    if name.eq_ignore_ascii_case("L16") {
        let fits = RATES.contains(&clock_rate) && (1..=2).contains(&channels);
        return fits.then_some(Format {
            coding: Coding::L16,
            rate: clock_rate,
            clock_rate,
            channels,
        });
    }
    let (coding, (rate, channels)) = aac(name, fmtp)?.ok()?;
    Some(Format {
        coding,
        rate,
        // Where the camera forgot it, the sound's own rate is what it means.
        clock_rate: if clock_rate == 0 { rate } else { clock_rate },
        channels,
    })
}

/// Why it can't be, if it is AAC.
pub(super) fn unsupported(name: &str, fmtp: &str) -> Option<Unsupported> {
    aac(name, fmtp)?.err()
}

type Aac = (Coding, (u32, u8));

fn aac(name: &str, fmtp: &str) -> Option<Result<Aac, Unsupported>> {
    match name.to_ascii_uppercase().as_str() {
        "MPEG4-GENERIC" => Some(generic(fmtp)),
        "MP4A-LATM" => Some(latm(fmtp)),
        _ => None,
    }
}

/// RFC 3640, 4.1. AAC-hbr and AAC-lbr differ in their sizes, which stand beside them; a camera that
/// leaves them out means those of AAC-hbr (3.3.6).
fn generic(fmtp: &str) -> Result<Aac, Unsupported> {
    let bits = |name: &str| value(fmtp, name).map(str::parse::<u8>);
    // Fields that AAC has no use for, and interleaving: no camera is known that has them.
    let absent = [
        "CTSDeltaLength",
        "DTSDeltaLength",
        "streamStateIndication",
        "auxiliaryDataSizeLength",
    ];
    if absent
        .iter()
        .any(|name| !matches!(bits(name), None | Some(Ok(0))))
    {
        return Err(Unsupported::Unusual);
    }
    let size = |name: &str, usual: u8| match bits(name) {
        None => Ok(usual),
        Some(Ok(bits @ 0..=16)) => Ok(bits),
        Some(_) => Err(Unsupported::Unreadable),
    };
    let headers = AuHeaders {
        size: size("sizelength", 13)?,
        index: size("indexlength", 3)?,
        index_delta: size("indexdeltalength", 3)?,
    };
    if headers.size == 0 {
        return Err(Unsupported::Unreadable);
    }
    let config = config(fmtp)?;
    Ok((Coding::Aac(headers), sound::aac_lc(&config)?))
}

/// RFC 6416, 7.3: only with the configuration here and not in each packet, as all cameras do that are
/// known.
fn latm(fmtp: &str) -> Result<Aac, Unsupported> {
    if value(fmtp, "cpresent") != Some("0") {
        return Err(Unsupported::Unusual);
    }
    let config = config(fmtp)?;
    Ok((Coding::AacLatm, sound::latm(&config)?))
}

/// `config`, in hexadecimal digits.
fn config(fmtp: &str) -> Result<Vec<u8>, Unsupported> {
    let digits = value(fmtp, "config").unwrap_or_default().as_bytes();
    let byte = |pair: &[u8]| {
        let text = str::from_utf8(pair).ok()?;
        u8::from_str_radix(text, 16).ok()
    };
    let bytes: Option<Vec<u8>> = digits.chunks_exact(2).take(MAX_CONFIG).map(byte).collect();
    bytes
        .filter(|bytes| !bytes.is_empty())
        .ok_or(Unsupported::Unreadable)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn aac(fmtp: &str) -> Option<Format> {
        format("mpeg4-generic", 48_000, 2, fmtp)
    }

    // Requirement 80, as cameras write it.
    #[test]
    fn aac_is_understood_as_cameras_announce_it() {
        let headers = AuHeaders {
            size: 13,
            index: 3,
            index_delta: 3,
        };
        let hikvision = "streamtype=5;profile-level-id=15;mode=AAC-hbr;config=1408;SizeLength=13;IndexLength=3;IndexDeltaLength=3;Profile=1;";
        let format = format("MPEG4-GENERIC", 16_000, 1, hikvision).unwrap();
        assert_eq!(
            (format.coding, format.rate, format.channels),
            (Coding::Aac(headers), 16_000, 1)
        );
        // One that forgets the sizes.
        assert_eq!(
            aac("mode=AAC-hbr; config=1190").unwrap().coding,
            Coding::Aac(headers)
        );
    }

    #[test]
    fn latm_and_plain_samples_are_understood() {
        let latm = format("MP4A-LATM", 44_100, 2, "cpresent=0;config=400024203fc0").unwrap();
        assert_eq!(
            (latm.coding, latm.rate, latm.channels),
            (Coding::AacLatm, 44_100, 2)
        );
        assert_eq!(format("L16", 44_100, 2, "").unwrap().coding, Coding::L16);
        assert_eq!(format("L16", 44_100, 6, ""), None);
        assert_eq!(format("L16", 0, 1, ""), None);
        assert_eq!(format("PCMU", 8_000, 1, ""), None);
    }

    #[test]
    fn other_aac_is_named() {
        let why = |name, fmtp| unsupported(name, fmtp).map(|why| why.to_string());
        assert_eq!(
            why("mpeg4-generic", "config=2b920800"),
            Some("HE-AAC".to_owned())
        );
        assert_eq!(
            why("mpeg4-generic", ""),
            Some("AAC without a readable description".to_owned())
        );
        assert_eq!(
            why("mpeg4-generic", "config=zz"),
            Some("AAC without a readable description".to_owned())
        );
        assert_eq!(
            why("mpeg4-generic", "config=1190;sizelength=99"),
            Some("AAC without a readable description".to_owned())
        );
        assert_eq!(
            why("mpeg4-generic", "config=1190;CTSDeltaLength=4"),
            Some("AAC of an unusual kind".to_owned())
        );
        assert_eq!(
            why("MP4A-LATM", "config=400024203fc0"),
            Some("AAC of an unusual kind".to_owned())
        );
        assert_eq!(why("mpeg4-generic", "config=1190"), None);
        assert_eq!(why("PCMU", ""), None);
    }
}
