//! H.265, RFC 7798: single NAL units and fragmentation units.

use std::sync::Arc;

use super::{joined, parts};
use crate::MAX_PAYLOAD;

/// Fragmentation unit, RFC 7798, 4.4.3.
const FU: u8 = 49;
const FU_HEADER: usize = 3;
const START: u8 = 0x80;
const END: u8 = 0x40;

/// Cuts one NAL unit without start code into payloads.
pub fn packetize(nal: &[u8], out: &mut Vec<Arc<[u8]>>) {
    if nal.len() <= MAX_PAYLOAD {
        if !nal.is_empty() {
            out.push(nal.into());
        }
        return;
    }
    let kind = (nal[0] >> 1) & 0x3f;
    let body = &nal[2..];
    for part in parts(body.len(), MAX_PAYLOAD - FU_HEADER) {
        let start = if part.start == 0 { START } else { 0 };
        let end = if part.end == body.len() { END } else { 0 };
        // The type is replaced; layer and temporal id stay those of the unit.
        let fu = [nal[0] & 0x81 | FU << 1, nal[1], start | end | kind];
        out.push(joined(&fu, &body[part]));
    }
}
