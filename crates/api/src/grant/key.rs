//! Ed25519 keys: made, read and used here, so that no other place chooses an algorithm.

use std::fmt;

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header};

use super::{Claims, GrantError};

/// The key that an issuer signs with. Its private half is never printed.
#[derive(Clone)]
pub struct SigningKey {
    kid: String,
    private: EncodingKey,
    public: PublicKey,
}

/// The half of a key that verifies.
#[derive(Clone)]
pub struct PublicKey {
    pub(super) decoding: DecodingKey,
    bytes: Vec<u8>,
}

impl SigningKey {
    /// Makes a new private key: PKCS#8 (RFC 8410), to be kept secret and given to
    /// [`SigningKey::from_pkcs8`] at each start.
    ///
    /// # Errors
    /// When the system has no randomness.
    pub fn generate() -> Result<Vec<u8>, GrantError> {
        let pair = Ed25519KeyPair::generate().map_err(|_| GrantError::Key)?;
        let document = pair.to_pkcs8v1().map_err(|_| GrantError::Key)?;
        Ok(document.as_ref().to_vec())
    }

    /// Reads a private key and proves that it works by signing with it (a wrong crypto backend
    /// would otherwise show at the first viewer). The `kid` is made from its public half.
    ///
    /// # Errors
    /// When it is no Ed25519 key in PKCS#8.
    pub fn from_pkcs8(private: &[u8]) -> Result<Self, GrantError> {
        // With two backends in the process jsonwebtoken would panic at first use.
        let _already = jsonwebtoken::crypto::aws_lc::DEFAULT_PROVIDER.install_default();
        let pair = Ed25519KeyPair::from_pkcs8(private).map_err(|_| GrantError::Key)?;
        let public = PublicKey::from_bytes(pair.public_key().as_ref())?;
        let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, &public.bytes);
        let kid = URL_SAFE_NO_PAD.encode(digest.as_ref().get(..12).unwrap_or_default());
        let key = Self {
            kid,
            private: EncodingKey::from_ed_der(private),
            public,
        };
        key.prove()?;
        Ok(key)
    }

    /// The number that stands in the tokens' header.
    #[must_use]
    pub fn kid(&self) -> &str {
        &self.kid
    }

    /// What others need to verify its tokens.
    #[must_use]
    pub const fn public(&self) -> &PublicKey {
        &self.public
    }

    /// Makes the token.
    ///
    /// # Errors
    /// When the crypto library refuses, which [`SigningKey::from_pkcs8`] has ruled out.
    pub fn sign(&self, claims: &Claims) -> Result<String, GrantError> {
        let mut header = Header::new(Algorithm::EdDSA);
        header.kid = Some(self.kid.clone());
        jsonwebtoken::encode(&header, claims, &self.private).map_err(|_| GrantError::Key)
    }

    #[cfg(test)]
    pub(super) fn private(&self) -> EncodingKey {
        self.private.clone()
    }

    fn prove(&self) -> Result<(), GrantError> {
        let sentence = b"lenswire";
        let signature = jsonwebtoken::crypto::sign(sentence, &self.private, Algorithm::EdDSA)
            .map_err(|_| GrantError::Key)?;
        let verified = jsonwebtoken::crypto::verify(
            &signature,
            sentence,
            &self.public.decoding,
            Algorithm::EdDSA,
        );
        if verified.unwrap_or(false) {
            Ok(())
        } else {
            Err(GrantError::Key)
        }
    }
}

impl PublicKey {
    /// From the 32 bytes of RFC 8032.
    ///
    /// # Errors
    /// When there are not 32.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, GrantError> {
        if bytes.len() != 32 {
            return Err(GrantError::Key);
        }
        Ok(Self {
            decoding: DecodingKey::from_ed_der(bytes),
            bytes: bytes.to_vec(),
        })
    }

    /// Its 32 bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SigningKey")
            .field("kid", &self.kid)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublicKey({})", URL_SAFE_NO_PAD.encode(&self.bytes))
    }
}
