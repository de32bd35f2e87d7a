//! H.264, RFC 6184: single NAL units and FU-A. Units are never aggregated (STAP-A): a parameter
//! set of its own packet is what every receiver understands.

use std::sync::Arc;

use super::{joined, parts};
use crate::MAX_PAYLOAD;

/// FU-A, RFC 6184, 5.8.
const FU_A: u8 = 28;
const FU_HEADER: usize = 2;
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
    let (header, body) = (nal[0], &nal[1..]);
    for part in parts(body.len(), MAX_PAYLOAD - FU_HEADER) {
        let start = if part.start == 0 { START } else { 0 };
        let end = if part.end == body.len() { END } else { 0 };
        let fu = [header & 0xe0 | FU_A, start | end | header & 0x1f];
        out.push(joined(&fu, &body[part]));
    }
}
