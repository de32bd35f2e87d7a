//! What strangers send as text: offers, candidates and ICE fragments, bounded and read before the
//! WebRTC library sees any of it.

/// Longest SDP taken, in bytes. A browser's offer for sixteen sections stays below 60 KiB.
pub const MAX_SDP: usize = 64 * 1_024;

/// Most media sections (`m=` lines) taken.
pub const MAX_SECTIONS: usize = 16;

/// Most remote candidates taken per ICE generation; with two local ones of a family that is 40 pairs.
pub const MAX_CANDIDATES: usize = 20;
