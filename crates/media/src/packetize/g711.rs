//! G.711, RFC 3551: samples of one byte, which may be cut anywhere.

use std::sync::Arc;

use super::parts;
use crate::MAX_PAYLOAD;

/// Cuts samples of so many channels into payloads, each with its offset in ticks.
pub fn packetize(samples: &[u8], channels: u8) -> impl Iterator<Item = (i64, Arc<[u8]>)> {
    let channels = usize::from(channels.max(1));
    let ticks = samples.len() / channels;
    parts(ticks, MAX_PAYLOAD / channels).map(move |part| {
        let bytes = &samples[part.start * channels..part.end * channels];
        (i64::try_from(part.start).unwrap_or(0), bytes.into())
    })
}
