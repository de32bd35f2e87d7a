//! VP8, RFC 7741.

use std::sync::Arc;

use super::{joined, parts};
use crate::MAX_PAYLOAD;

/// The S bit of a payload descriptor: a partition, here the frame, starts (RFC 7741, 4.2).
pub const START: u8 = 0x10;

/// Cuts one frame into payloads, each with the payload descriptor `descriptor` in front, whose S
/// bit only the first keeps. Says whether the frame is a keyframe.
pub fn packetize(descriptor: &[u8], frame: &[u8], out: &mut Vec<Arc<[u8]>>) -> bool {
    let mut descriptor = descriptor.to_vec();
    for part in parts(
        frame.len(),
        MAX_PAYLOAD.saturating_sub(descriptor.len()).max(1),
    ) {
        if part.start > 0 {
            descriptor[0] &= !START;
        }
        out.push(joined(&descriptor, &frame[part]));
    }
    is_keyframe(frame)
}

/// Whether an encoded frame is a keyframe: the lowest bit of its first byte is 0 (RFC 6386, 9.1).
#[must_use]
pub fn is_keyframe(frame: &[u8]) -> bool {
    frame.first().is_some_and(|byte| byte & 1 == 0)
}
