//! Opus, RFC 7587: one Opus packet is one payload.

use std::sync::Arc;

use crate::MAX_PAYLOAD;

/// Puts one Opus packet into a payload. One that is larger than a payload can't be sent (it can't
/// be cut) and makes none; 20 ms at 470 kbit/s would be that large. Sound needs no keyframe: true.
pub fn packetize(packet: &[u8], out: &mut Vec<Arc<[u8]>>) -> bool {
    if !packet.is_empty() && packet.len() <= MAX_PAYLOAD {
        out.push(packet.into());
    }
    true
}
