//! H.264 payloads, RFC 6184, packetization modes 0 and 1.

use super::Malformed;
use super::nal_units::Payload;

/// Reads one payload.
pub fn parse(payload: &[u8]) -> Result<Payload<'_>, Malformed> {
    let (&header, rest) = payload.split_first().ok_or(Malformed::Empty)?;
    match header & 0x1f {
        // Type 0 does not exist; cameras that put a start code in front of their units send it.
        0..=23 => Ok(Payload::Single(payload)),
        24 => Ok(Payload::Aggregate(rest)),
        28 => {
            let (&fu, body) = rest.split_first().ok_or(Malformed::Truncated)?;
            let header = [header & 0xe0 | fu & 0x1f, 0];
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
