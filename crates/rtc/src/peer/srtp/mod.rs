//! SRTP and SRTCP (RFC 3711) with the ciphers that DTLS negotiates: AES-GCM (RFC 7714), and AES-CM
//! with HMAC-SHA1 for receivers that know nothing better. The ciphers are aws-lc's; this is how the
//! protocol uses them: which bytes are sealed, under which nonce, with which key.
//!
//! There are four contexts per session: RTP and RTCP, out and in. Everything is sealed where it
//! lies, without a copy or an allocation.

mod cipher;
mod keys;
mod sources;

use cipher::Cipher;
pub(super) use keys::Profile;
use sources::{Sources, Window};

/// The fixed part of an RTCP packet, which stays in the clear.
const RTCP_HEADER: usize = 8;

/// Set in the index of every SRTCP packet that is encrypted; ours all are.
const ENCRYPTED: u32 = 1 << 31;

/// Bytes of the index behind an SRTCP packet.
const INDEX: usize = 4;

/// A packet could not be sealed: the cipher refused, or the index ran out. It must not leave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Unsealed;

/// Seals what we send.
pub(super) struct Sealer {
    rtp: Cipher,
    rtcp: Cipher,
    /// Of the next RTCP packet; 31 bits (RFC 3711 section 3.4).
    rtcp_index: u32,
}

/// Opens what the other side sends.
pub(super) struct Opener {
    rtp: Cipher,
    rtcp: Cipher,
    sources: Sources,
    /// RTCP indices that came.
    seen: Window<1>,
}

/// Both directions of a session, from what the handshake exported. `is_client` = we began it.
pub(super) fn contexts(
    profile: Profile,
    material: &[u8],
    is_client: bool,
) -> Option<(Sealer, Opener)> {
    let masters = keys::split(profile, material)?;
    let (ours, theirs) = if is_client {
        (masters.client, masters.server)
    } else {
        (masters.server, masters.client)
    };
    let sealer = Sealer {
        rtp: Cipher::derive(profile, ours, keys::Usage::Rtp)?,
        rtcp: Cipher::derive(profile, ours, keys::Usage::Rtcp)?,
        rtcp_index: 1,
    };
    let opener = Opener {
        rtp: Cipher::derive(profile, theirs, keys::Usage::Rtp)?,
        rtcp: Cipher::derive(profile, theirs, keys::Usage::Rtcp)?,
        sources: Sources::default(),
        seen: Window::default(),
    };
    Some((sealer, opener))
}

impl Sealer {
    /// Seals the RTP packet that begins at `start` of `out` and has a header of `header` bytes.
    /// `index` is its extended sequence number; the caller never uses one twice.
    pub(super) fn rtp(
        &self,
        out: &mut Vec<u8>,
        start: usize,
        header: usize,
        ssrc: u32,
        index: u64,
    ) -> Result<(), Unsealed> {
        self.rtp.seal_rtp(out, start, header, ssrc, index)
    }

    /// Seals the RTCP packet that begins at `start` of `out`.
    pub(super) fn rtcp(&mut self, out: &mut Vec<u8>, start: usize) -> Result<(), Unsealed> {
        let index = self.rtcp_index;
        if index >= ENCRYPTED {
            return Err(Unsealed);
        }
        self.rtcp_index += 1;
        self.rtcp
            .seal_rtcp(out, start, ssrc(out.get(start + 4..)), index | ENCRYPTED)
    }
}

impl Opener {
    /// Opens an SRTP packet with a header of `header` bytes into `out`; false when it is forged,
    /// repeated, too old, or of one source too many.
    pub(super) fn rtp(&mut self, sealed: &[u8], header: usize, out: &mut Vec<u8>) -> bool {
        out.clear();
        let Some(seq) = sealed.get(2..4).and_then(|field| field.try_into().ok()) else {
            return false;
        };
        let source = ssrc(sealed.get(8..));
        let Some(index) = self.sources.index(source, u16::from_be_bytes(seq)) else {
            return false;
        };
        // Only after its tag was checked does it count (SEC-18).
        self.rtp.open_rtp(sealed, header, source, index, out) && self.sources.take(source, index)
    }

    /// Opens an SRTCP packet into `out`; false when it is forged, repeated or too old.
    pub(super) fn rtcp(&mut self, sealed: &[u8], out: &mut Vec<u8>) -> bool {
        out.clear();
        let Some(index) = self.rtcp.open_rtcp(sealed, ssrc(sealed.get(4..)), out) else {
            return false;
        };
        // Only after its tag was checked: a forger must not move the window (SEC-18).
        self.seen.take(u64::from(index))
    }
}

/// The field that a source's number begins.
fn ssrc(field: Option<&[u8]>) -> u32 {
    let bytes = field.and_then(|field| field.first_chunk());
    bytes.map_or(0, |bytes| u32::from_be_bytes(*bytes))
}

#[cfg(test)]
mod tests;
