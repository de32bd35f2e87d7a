//! Secrets that this hub makes: 256 random bits, so that a plain hash is enough to keep them.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// Starts an administrator's token, so that secret scanners can know one. It has no dot, which
/// every grant has two of.
const ADMINISTRATOR: &str = "lwa_";

/// 256 random bits as text.
pub(super) fn secret() -> String {
    URL_SAFE_NO_PAD.encode(rand::random::<[u8; 32]>())
}

/// A number that need not be secret, only unlike all others: 96 random bits.
pub(super) fn number() -> String {
    URL_SAFE_NO_PAD.encode(rand::random::<[u8; 12]>())
}

/// A new administrator's token.
pub(super) fn administrator_token() -> String {
    format!("{ADMINISTRATOR}{}", secret())
}
