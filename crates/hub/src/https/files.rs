//! Certificate and key from PEM files. Whoever renews them (certbot, Kubernetes, a person) replaces
//! them one after the other, so a pair that does not fit is an intermediate state: the old one stays
//! until a look finds two that go together.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::sign::CertifiedKey;
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use super::{Current, Error, LOOK, provider};

/// Two files as they were at one look.
pub(super) struct Pair {
    cert: (PathBuf, Vec<u8>),
    key: (PathBuf, Zeroizing<Vec<u8>>),
}

impl Pair {
    pub(super) fn read(cert: &Path, key: &Path) -> Result<Self, Error> {
        let read = |path: &Path| std::fs::read(path).map_err(|error| pem(path, &error.to_string()));
        Ok(Self {
            cert: (cert.to_owned(), read(cert)?),
            key: (key.to_owned(), Zeroizing::new(read(key)?)),
        })
    }

    /// What handshakes need. The errors name the file and never quote it: it may be the key.
    pub(super) fn certified(&self) -> Result<CertifiedKey, Error> {
        const WRONG: &str = "it is not the PEM file that was expected";
        let ((cert, chain), (key, secret)) = (&self.cert, &self.key);
        let chain: Vec<CertificateDer<'static>> = CertificateDer::pem_slice_iter(chain)
            .collect::<Result<_, _>>()
            .map_err(|_| pem(cert, WRONG))?;
        if chain.is_empty() {
            return Err(pem(cert, "it holds no certificate"));
        }
        let secret = PrivateKeyDer::from_pem_slice(secret).map_err(|_| pem(key, WRONG))?;
        CertifiedKey::from_der(chain, secret, &provider()).map_err(|error| Error::Certificate {
            path: cert.display().to_string(),
            why: match error {
                rustls::Error::InconsistentKeys(_) => {
                    format!("{} is the key of another certificate", key.display())
                }
                other => other.to_string(),
            },
        })
    }

    /// To tell whether anything changed, without keeping the key around.
    fn print(&self) -> [u8; 32] {
        Sha256::new()
            .chain_update(&self.cert.1)
            .chain_update([0])
            .chain_update(&*self.key.1)
            .finalize()
            .into()
    }
}

/// Puts renewed files in force.
pub(super) struct Follow {
    cert: PathBuf,
    key: PathBuf,
    /// What was there at the last look; nothing when it could not be read.
    seen: Option<[u8; 32]>,
    current: Arc<Current>,
}

impl Follow {
    pub(super) fn new(pair: &Pair, current: Arc<Current>) -> Self {
        Self {
            cert: pair.cert.0.clone(),
            key: pair.key.0.clone(),
            seen: Some(pair.print()),
            current,
        }
    }

    /// Looks for ever.
    pub(super) async fn run(mut self) {
        loop {
            tokio::time::sleep(LOOK).await;
            let look = tokio::task::spawn_blocking(move || {
                self.look();
                self
            });
            let Ok(looked) = look.await else { return };
            self = looked;
        }
    }

    /// Reads the files, and tells once of each state that cannot be used.
    pub(super) fn look(&mut self) {
        let read = Pair::read(&self.cert, &self.key);
        let print = read.as_ref().ok().map(Pair::print);
        if print == self.seen {
            return;
        }
        self.seen = print;
        match read.and_then(|pair| pair.certified()) {
            Ok(renewed) => {
                self.current.replace(renewed);
                tracing::info!(cert = %self.cert.display(), "the renewed certificate is in force");
            }
            Err(error) => {
                tracing::warn!(%error, "the changed certificate is not taken; the old one stays");
            }
        }
    }
}

fn pem(path: &Path, why: &str) -> Error {
    Error::Pem {
        path: path.display().to_string(),
        why: why.to_owned(),
    }
}
