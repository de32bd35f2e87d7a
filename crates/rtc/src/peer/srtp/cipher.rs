//! One key at work: seals and opens, in place.

use aws_lc_rs::aead::{AES_128_GCM, AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::cipher::{EncryptingKey, EncryptionContext};
use aws_lc_rs::hmac;
use aws_lc_rs::iv::FixedLength;

use super::keys::{Label, Master, Profile, Usage, counter_mode};
use super::{INDEX, RTCP_HEADER, Unsealed};

/// Of AES-GCM.
const TAG: usize = 16;
/// Of HMAC-SHA1, cut to 80 bits.
const SHORT_TAG: usize = 10;

pub(super) enum Cipher {
    Gcm { key: LessSafeKey, salt: [u8; 12] },
    Counter(Box<Counter>),
}

pub(super) struct Counter {
    key: EncryptingKey,
    salt: [u8; 14],
    authentication: hmac::Key,
}

impl Cipher {
    pub(super) fn derive(profile: Profile, master: Master<'_>, usage: Usage) -> Option<Self> {
        let gcm = |key: UnboundKey| {
            Some(Self::Gcm {
                key: LessSafeKey::new(key),
                salt: master.derive(usage, Label::Salt)?,
            })
        };
        match profile {
            Profile::Aes128Gcm => {
                let key: [u8; 16] = master.derive(usage, Label::Encryption)?;
                gcm(UnboundKey::new(&AES_128_GCM, &key).ok()?)
            }
            Profile::Aes256Gcm => {
                let key: [u8; 32] = master.derive(usage, Label::Encryption)?;
                gcm(UnboundKey::new(&AES_256_GCM, &key).ok()?)
            }
            Profile::Aes128CmSha1 => {
                let key: [u8; 16] = master.derive(usage, Label::Encryption)?;
                let authentication: [u8; 20] = master.derive(usage, Label::Authentication)?;
                Some(Self::Counter(Box::new(Counter {
                    key: counter_mode(&key)?,
                    salt: master.derive(usage, Label::Salt)?,
                    authentication: hmac::Key::new(
                        hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY,
                        &authentication,
                    ),
                })))
            }
        }
    }

    pub(super) fn seal_rtp(
        &self,
        out: &mut Vec<u8>,
        start: usize,
        header: usize,
        ssrc: u32,
        index: u64,
    ) -> Result<(), Unsealed> {
        let (head, payload) = parts(out, start, header).ok_or(Unsealed)?;
        match self {
            Self::Gcm { key, salt } => {
                let nonce = Nonce::assume_unique_for_key(rtp_nonce(salt, ssrc, index));
                let tag = key
                    .seal_in_place_separate_tag(nonce, Aad::from(&*head), payload)
                    .map_err(|_| Unsealed)?;
                out.extend_from_slice(tag.as_ref());
            }
            Self::Counter(counter) => {
                counter.count(ssrc, index, payload)?;
                let rollovers = ((index >> 16) as u32).to_be_bytes();
                let tag = counter.tag(&[out.get(start..).unwrap_or_default(), &rollovers]);
                out.extend_from_slice(&tag);
            }
        }
        Ok(())
    }

    /// Appends the opened packet to `out`; true when the tag is right.
    pub(super) fn open_rtp(
        &self,
        sealed: &[u8],
        header: usize,
        ssrc: u32,
        index: u64,
        out: &mut Vec<u8>,
    ) -> bool {
        let opened = match self {
            Self::Gcm { key, salt } => {
                open_gcm(key, rtp_nonce(salt, ssrc, index), sealed, header, out)
            }
            Self::Counter(counter) => counter.open_rtp(sealed, header, ssrc, index, out),
        };
        opened.is_some()
    }

    /// `index` with the bit that says that it is encrypted.
    pub(super) fn seal_rtcp(
        &self,
        out: &mut Vec<u8>,
        start: usize,
        ssrc: u32,
        index: u32,
    ) -> Result<(), Unsealed> {
        let (head, payload) = parts(out, start, RTCP_HEADER).ok_or(Unsealed)?;
        let trailer = index.to_be_bytes();
        match self {
            Self::Gcm { key, salt } => {
                let nonce = Nonce::assume_unique_for_key(rtcp_nonce(salt, ssrc, index));
                let tag = key
                    .seal_in_place_separate_tag(nonce, Aad::from(rtcp_aad(head, trailer)), payload)
                    .map_err(|_| Unsealed)?;
                out.extend_from_slice(tag.as_ref());
                out.extend_from_slice(&trailer);
            }
            Self::Counter(counter) => {
                counter.count(ssrc, u64::from(index & !super::ENCRYPTED), payload)?;
                out.extend_from_slice(&trailer);
                let tag = counter.tag(&[out.get(start..).unwrap_or_default()]);
                out.extend_from_slice(&tag);
            }
        }
        Ok(())
    }

    /// Appends the opened packet to `out`; gives its index when the tag is right.
    pub(super) fn open_rtcp(&self, sealed: &[u8], ssrc: u32, out: &mut Vec<u8>) -> Option<u32> {
        match self {
            Self::Gcm { key, salt } => {
                let (body, trailer) = sealed.split_last_chunk::<INDEX>()?;
                let (head, encrypted) = body.split_at_checked(RTCP_HEADER)?;
                let index = u32::from_be_bytes(*trailer);
                if index & super::ENCRYPTED == 0 || encrypted.len() < TAG {
                    return None;
                }
                let nonce = Nonce::assume_unique_for_key(rtcp_nonce(salt, ssrc, index));
                out.extend_from_slice(body);
                let opened = key
                    .open_in_place(
                        nonce,
                        Aad::from(rtcp_aad(head, *trailer)),
                        out.get_mut(RTCP_HEADER..)?,
                    )
                    .ok()?
                    .len();
                out.truncate(RTCP_HEADER + opened);
                Some(index & !super::ENCRYPTED)
            }
            Self::Counter(counter) => {
                let (signed, tag) = sealed.split_last_chunk::<SHORT_TAG>()?;
                let expected = counter.tag(&[signed]);
                aws_lc_rs::constant_time::verify_slices_are_equal(&expected, tag).ok()?;
                let (body, trailer) = signed.split_last_chunk::<INDEX>()?;
                let index = u32::from_be_bytes(*trailer);
                out.extend_from_slice(body);
                let payload = out.get_mut(RTCP_HEADER..)?;
                let number = index & !super::ENCRYPTED;
                if index & super::ENCRYPTED != 0 {
                    counter.count(ssrc, u64::from(number), payload).ok()?;
                }
                Some(number)
            }
        }
    }
}

fn parts(out: &mut [u8], start: usize, header: usize) -> Option<(&mut [u8], &mut [u8])> {
    out.get_mut(start..)?.split_at_mut_checked(header)
}

/// RFC 7714 section 8.1: zeros, SSRC, rollovers and number, over the salt.
fn rtp_nonce(salt: &[u8; 12], ssrc: u32, index: u64) -> [u8; 12] {
    let place = (u128::from(ssrc) << 48) | u128::from(index & 0xffff_ffff_ffff);
    over(salt, place)
}

/// RFC 7714 section 9.1: zeros, SSRC, zeros, index, over the salt.
fn rtcp_nonce(salt: &[u8; 12], ssrc: u32, index: u32) -> [u8; 12] {
    over(
        salt,
        (u128::from(ssrc) << 48) | u128::from(index & !super::ENCRYPTED),
    )
}

fn over<const N: usize>(salt: &[u8; N], place: u128) -> [u8; N] {
    let mut nonce = *salt;
    for (byte, place) in nonce.iter_mut().rev().zip(place.to_le_bytes()) {
        *byte ^= place;
    }
    nonce
}

/// RFC 7714 section 9.3: the header in the clear, then the index.
fn rtcp_aad(head: &[u8], trailer: [u8; INDEX]) -> [u8; RTCP_HEADER + INDEX] {
    let mut aad = [0; RTCP_HEADER + INDEX];
    for (byte, from) in aad.iter_mut().zip(head.iter().chain(&trailer)) {
        *byte = *from;
    }
    aad
}

/// An RTP packet: its header is the associated data.
fn open_gcm(
    key: &LessSafeKey,
    nonce: [u8; 12],
    sealed: &[u8],
    header: usize,
    out: &mut Vec<u8>,
) -> Option<()> {
    let (head, _) = sealed.split_at_checked(header)?;
    out.extend_from_slice(sealed);
    let nonce = Nonce::assume_unique_for_key(nonce);
    let opened = key
        .open_in_place(nonce, Aad::from(head), out.get_mut(header..)?)
        .ok()?
        .len();
    out.truncate(header + opened);
    Some(())
}

impl Counter {
    fn open_rtp(
        &self,
        sealed: &[u8],
        header: usize,
        ssrc: u32,
        index: u64,
        out: &mut Vec<u8>,
    ) -> Option<()> {
        let (signed, tag) = sealed.split_last_chunk::<SHORT_TAG>()?;
        let rollovers = ((index >> 16) as u32).to_be_bytes();
        let expected = self.tag(&[signed, &rollovers]);
        aws_lc_rs::constant_time::verify_slices_are_equal(&expected, tag).ok()?;
        out.extend_from_slice(signed);
        self.count(ssrc, index, out.get_mut(header..)?).ok()
    }

    /// RFC 3711 section 4.1.1: the counter begins at salt, SSRC and index.
    fn count(&self, ssrc: u32, index: u64, payload: &mut [u8]) -> Result<(), Unsealed> {
        let place = (u128::from(ssrc) << 48) | u128::from(index & 0xffff_ffff_ffff);
        let mut block = [0_u8; 16];
        for (byte, from) in block.iter_mut().zip(over(&self.salt, place)) {
            *byte = from;
        }
        let context = EncryptionContext::Iv128(FixedLength::from(block));
        let counted = self.key.less_safe_encrypt(payload, context);
        counted.map(|_| ()).map_err(|_| Unsealed)
    }

    fn tag(&self, parts: &[&[u8]]) -> [u8; SHORT_TAG] {
        let mut context = hmac::Context::with_key(&self.authentication);
        for part in parts {
            context.update(part);
        }
        let mut short = [0; SHORT_TAG];
        for (byte, from) in short.iter_mut().zip(context.sign().as_ref()) {
            *byte = *from;
        }
        short
    }
}
