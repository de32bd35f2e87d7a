//! From a token to a [`Grant`]: one algorithm, a known issuer and key, our audience, our clock.
//! The JWT library checks the signature only; times are compared here, with `now` as an argument,
//! because the library reads the system's clock.

use std::collections::HashMap;

use jsonwebtoken::{Algorithm, Validation};

use super::{Claims, Grant, LEEWAY, PublicKey, TOKEN_LIMIT};
use crate::UnixTime;

/// Why a token is no grant here. What a client is told is only "not accepted"; this is for the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum GrantError {
    /// Not three parts of base64url, or over [`TOKEN_LIMIT`].
    #[error("not a token")]
    Malformed,
    /// The header names another algorithm than EdDSA, or something this verifier does not do.
    #[error("the token's header is not accepted")]
    Header,
    /// The header's `kid` is missing or unknown.
    #[error("the token's key is unknown")]
    UnknownKey,
    /// The signature is wrong.
    #[error("the signature is wrong")]
    Signature,
    /// A claim is missing or has another type.
    #[error("a claim is missing or malformed")]
    Claims,
    /// Signed by a known key in another's name.
    #[error("the key belongs to another issuer")]
    Issuer,
    /// For somebody else.
    #[error("the grant is for another hub")]
    Audience,
    /// Over.
    #[error("the grant has ended")]
    Expired,
    /// Not yet.
    #[error("the grant is not valid yet")]
    Early,
    /// A key that is no Ed25519 key, or no randomness to make one.
    #[error("the key cannot be used")]
    Key,
}

/// Who may sign for this hub: a name and its keys.
#[derive(Clone, Debug)]
pub struct Issuer {
    /// The `iss` that its tokens must carry.
    pub iss: String,
    /// Its keys by `kid`.
    pub keys: HashMap<String, PublicKey>,
}

/// Checks tokens for one audience.
#[derive(Clone, Debug)]
pub struct Verifier {
    audience: String,
    keys: HashMap<String, (String, PublicKey)>,
}

impl Verifier {
    /// A verifier for `audience` (`hub:<id>`) that trusts these issuers. When two claim the same
    /// `kid`, the first keeps it.
    #[must_use]
    pub fn new(audience: impl Into<String>, issuers: impl IntoIterator<Item = Issuer>) -> Self {
        let mut keys = HashMap::new();
        for issuer in issuers {
            for (kid, key) in issuer.keys {
                keys.entry(kid).or_insert_with(|| (issuer.iss.clone(), key));
            }
        }
        Self {
            audience: audience.into(),
            keys,
        }
    }

    /// Verifies a token at the time `now`.
    ///
    /// # Errors
    /// The first reason why it is no grant here.
    pub fn verify(&self, token: &str, now: UnixTime) -> Result<Grant, GrantError> {
        if token.len() > TOKEN_LIMIT || token.split('.').count() != 3 {
            return Err(GrantError::Malformed);
        }
        let (iss, key) = self.key(token)?;
        let claims = signed_claims(token, key)?;
        if claims.iss != *iss {
            return Err(GrantError::Issuer);
        }
        if claims.aud != self.audience {
            return Err(GrantError::Audience);
        }
        let skewed = check_times(&claims, now)?;
        Ok(Grant { claims, skewed })
    }

    /// The key that the header names, by `kid` alone: a key inside the token (`jwk`, `jku`, `x5u`)
    /// is never looked at, and `crit` (RFC 7515 section 4.1.11) names what we do not do.
    fn key(&self, token: &str) -> Result<&(String, PublicKey), GrantError> {
        let header = jsonwebtoken::decode_header(token).map_err(|_| GrantError::Header)?;
        if header.alg != Algorithm::EdDSA || header.crit.is_some() {
            return Err(GrantError::Header);
        }
        header
            .kid
            .and_then(|kid| self.keys.get(&kid))
            .ok_or(GrantError::UnknownKey)
    }
}

fn signed_claims(token: &str, key: &PublicKey) -> Result<Claims, GrantError> {
    use jsonwebtoken::errors::ErrorKind;
    let mut only_signature = Validation::new(Algorithm::EdDSA);
    only_signature.required_spec_claims.clear();
    only_signature.validate_exp = false;
    only_signature.validate_nbf = false;
    only_signature.validate_aud = false;
    match jsonwebtoken::decode::<Claims>(token, &key.decoding, &only_signature) {
        Ok(data) => Ok(data.claims),
        Err(error) if matches!(error.kind(), ErrorKind::Json(_) | ErrorKind::Utf8(_)) => {
            Err(GrantError::Claims)
        }
        Err(_) => Err(GrantError::Signature),
    }
}

/// Whether the token holds at `now`; `true` when only thanks to the leeway.
fn check_times(claims: &Claims, now: UnixTime) -> Result<bool, GrantError> {
    let begins = claims.nbf.map_or(claims.iat, |nbf| nbf.max(claims.iat));
    if claims.exp <= begins {
        return Err(GrantError::Claims);
    }
    if claims.exp.plus(LEEWAY) <= now {
        return Err(GrantError::Expired);
    }
    if begins > now.plus(LEEWAY) {
        return Err(GrantError::Early);
    }
    Ok(claims.exp <= now || begins > now)
}
