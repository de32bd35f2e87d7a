//! `tls:`, which says where HTTPS's certificate comes from.

use std::net::SocketAddr;
use std::path::PathBuf;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer};

/// HTTPS on `listen`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tls {
    /// Where the certificate comes from.
    pub certificate: Certificate,
    /// Where plain HTTP leads to HTTPS and, with a local CA, shows how to install that one.
    pub http: Option<SocketAddr>,
}

/// Where a certificate comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Certificate {
    /// PEM files that somebody else renews.
    Files {
        /// The chain, the server's own certificate first.
        cert: PathBuf,
        /// Its private key.
        key: PathBuf,
    },
    /// The hub's own certificate authority, for a local network.
    Local,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default, rename = "tls")]
struct Raw {
    cert: Option<PathBuf>,
    key: Option<PathBuf>,
    local: bool,
    #[serde(deserialize_with = "read_http")]
    http: Option<SocketAddr>,
}

/// `tls:` with nothing in it is the same as no `tls:`. Files are stronger than the local CA, so that
/// `--lan` serves with what there is.
pub(super) fn read_tls<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Tls>, D::Error> {
    let raw = Option::<Raw>::deserialize(deserializer)?.unwrap_or_default();
    let certificate = match (raw.cert, raw.key) {
        (Some(cert), Some(key)) => Some(Certificate::Files { cert, key }),
        (None, None) => raw.local.then_some(Certificate::Local),
        (None, Some(_)) => return Err(missing("cert")),
        (Some(_), None) => return Err(missing("key")),
    };
    match (certificate, raw.http) {
        (None, Some(_)) => Err(D::Error::custom(
            "`http` leads to HTTPS, which needs `cert` and `key`, or `local: true`",
        )),
        (certificate, http) => Ok(certificate.map(|certificate| Tls { certificate, http })),
    }
}

fn missing<E: serde::de::Error>(key: &str) -> E {
    E::custom(format!(
        "`{key}` is missing: HTTPS needs a certificate and its key"
    ))
}

fn read_http<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<SocketAddr>, D::Error> {
    let text = Option::<String>::deserialize(deserializer)?.filter(|text| !text.is_empty());
    text.map(|text| text.trim().parse())
        .transpose()
        .map_err(|_| D::Error::custom("expected an address and a port, such as 0.0.0.0:80"))
}
