//! From what DTLS exports to the keys of one direction and use (RFC 5764 section 4.2, RFC 3711
//! section 4.3, RFC 7714 section 11).

use aws_lc_rs::cipher::{AES_128, AES_256, EncryptingKey, EncryptionContext, UnboundCipherKey};
use aws_lc_rs::iv::FixedLength;

/// Protection profile (RFC 5764 section 4.1.2, RFC 7714 section 14.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::peer) enum Profile {
    /// `SRTP_AES128_CM_HMAC_SHA1_80`.
    Aes128CmSha1,
    /// `SRTP_AEAD_AES_128_GCM`.
    Aes128Gcm,
    /// `SRTP_AEAD_AES_256_GCM`.
    Aes256Gcm,
}

impl Profile {
    pub(super) fn key_len(self) -> usize {
        match self {
            Self::Aes128CmSha1 | Self::Aes128Gcm => 16,
            Self::Aes256Gcm => 32,
        }
    }

    pub(super) fn salt_len(self) -> usize {
        match self {
            Self::Aes128CmSha1 => 14,
            Self::Aes128Gcm | Self::Aes256Gcm => 12,
        }
    }
}

/// What a direction's keys are derived from.
#[derive(Clone, Copy)]
pub(super) struct Master<'a> {
    key: &'a [u8],
    salt: &'a [u8],
}

pub(super) struct Masters<'a> {
    pub(super) client: Master<'a>,
    pub(super) server: Master<'a>,
}

/// Client's key, server's key, client's salt, server's salt.
pub(super) fn split(profile: Profile, material: &[u8]) -> Option<Masters<'_>> {
    let (client_key, rest) = material.split_at_checked(profile.key_len())?;
    let (server_key, rest) = rest.split_at_checked(profile.key_len())?;
    let (client_salt, rest) = rest.split_at_checked(profile.salt_len())?;
    let server_salt = rest.get(..profile.salt_len())?;
    Some(Masters {
        client: Master {
            key: client_key,
            salt: client_salt,
        },
        server: Master {
            key: server_key,
            salt: server_salt,
        },
    })
}

/// What keys are for; each has labels of its own.
#[derive(Clone, Copy)]
pub(super) enum Usage {
    Rtp,
    Rtcp,
}

/// RFC 3711 section 4.3.2.
#[derive(Clone, Copy)]
pub(super) enum Label {
    Encryption = 0,
    Authentication = 1,
    Salt = 2,
}

impl Usage {
    fn label(self, label: Label) -> u8 {
        match self {
            Self::Rtp => label as u8,
            Self::Rtcp => label as u8 + 3,
        }
    }
}

impl Master<'_> {
    /// The first bytes of AES in counter mode, begun at the salt with the label in it; the rate of
    /// derivation is 0. A salt of 12 bytes is filled up with zeros behind.
    pub(super) fn derive<const N: usize>(self, usage: Usage, label: Label) -> Option<[u8; N]> {
        let mut counter = [0_u8; 16];
        for (byte, salt) in counter.iter_mut().zip(self.salt) {
            *byte = *salt;
        }
        counter[7] ^= usage.label(label);
        let mut out = [0_u8; N];
        counter_mode(self.key)?
            .less_safe_encrypt(
                &mut out,
                EncryptionContext::Iv128(FixedLength::from(counter)),
            )
            .ok()?;
        Some(out)
    }
}

/// AES in counter mode by the length of the key.
pub(super) fn counter_mode(key: &[u8]) -> Option<EncryptingKey> {
    let algorithm = if key.len() == 32 { &AES_256 } else { &AES_128 };
    EncryptingKey::ctr(UnboundCipherKey::new(algorithm, key).ok()?).ok()
}
