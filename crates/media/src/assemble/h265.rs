//! H.265 payloads, RFC 7798, without decoding order numbers (sprop-max-don-diff 0).

use super::Malformed;
use super::nal_units::Payload;

/// Reads one payload.
pub fn parse(payload: &[u8]) -> Result<Payload<'_>, Malformed> {
    if payload.is_empty() {
        return Err(Malformed::Empty);
    }
    let (header, rest) = payload
        .split_first_chunk::<2>()
        .ok_or(Malformed::Truncated)?;
    match (header[0] >> 1) & 0x3f {
        0..=47 => Ok(Payload::Single(payload)),
        48 => Ok(Payload::Aggregate(rest)),
        49 => {
            let (&fu, body) = rest.split_first().ok_or(Malformed::Truncated)?;
            let header = [header[0] & 0x81 | (fu & 0x3f) << 1, header[1]];
            Ok(Payload::Fragment {
                header,
                start: fu & 0x80 != 0,
                end: fu & 0x40 != 0,
                body,
            })
        }
        other => Err(Malformed::PacketType(other)),
    }
}
