//! SRTP and SRTCP (RFC 3711) with the ciphers that DTLS negotiates: AES-GCM (RFC 7714), and AES-CM
//! with HMAC-SHA1 for receivers that know nothing better. The ciphers are aws-lc's; this is how the
//! protocol uses them: which bytes are sealed, under which nonce, with which key.
//!
//! A viewer sends us nothing but RTCP, so there are three contexts per session: RTP out, RTCP out,
//! RTCP in. Everything is sealed where it lies, without a copy or an allocation.

mod cipher;
mod keys;

use cipher::Cipher;
pub(super) use keys::Profile;

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

/// Opens the RTCP that a viewer sends.
pub(super) struct Opener {
    rtcp: Cipher,
    seen: Seen,
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
        rtcp: Cipher::derive(profile, theirs, keys::Usage::Rtcp)?,
        seen: Seen::default(),
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
            .seal_rtcp(out, start, ssrc(out.get(start..)), index | ENCRYPTED)
    }
}

impl Opener {
    /// Opens an SRTCP packet into `out`; false when it is forged, repeated or too old.
    pub(super) fn rtcp(&mut self, sealed: &[u8], out: &mut Vec<u8>) -> bool {
        out.clear();
        let Some(index) = self.rtcp.open_rtcp(sealed, ssrc(Some(sealed)), out) else {
            return false;
        };
        // Only after its tag was checked: a forger must not move the window (SEC-18).
        self.seen.take(index)
    }
}

fn ssrc(packet: Option<&[u8]>) -> u32 {
    let field = packet.and_then(|packet| packet.get(4..8)?.try_into().ok());
    field.map_or(0, u32::from_be_bytes)
}

/// Which of the newest 64 indices came already (RFC 3711 section 3.3.2).
#[derive(Default)]
struct Seen {
    newest: u32,
    /// Bit n: `newest - n` came.
    bits: u64,
}

impl Seen {
    fn take(&mut self, index: u32) -> bool {
        if self.bits == 0 || index > self.newest {
            let ahead = index.saturating_sub(self.newest);
            self.bits = self.bits.checked_shl(ahead).unwrap_or(0) | 1;
            self.newest = index;
            return true;
        }
        let bit = 1_u64.checked_shl(self.newest - index).unwrap_or(0);
        let is_new = bit != 0 && self.bits & bit == 0;
        self.bits |= bit;
        is_new
    }
}

#[cfg(test)]
mod tests;
