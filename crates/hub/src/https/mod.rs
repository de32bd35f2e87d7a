//! HTTPS's certificate: where it comes from, and that it never grows old while the hub runs.
//!
//! - `files`: PEM files, read again when somebody renews them.
//! - `local`: the hub's own certificate authority, for a network without public names.
//!
//! Handshakes take the `Current` certificate; one task looks after it.

mod files;
mod local;
mod names;
#[cfg(test)]
mod tests;

use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use arc_swap::ArcSwap;
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use tokio_rustls::TlsAcceptor;
use tokio_util::task::AbortOnDropHandle;
use url::Host;

use crate::config::{Certificate, Tls};
use files::{Follow, Pair};
pub use local::LocalCa;
use local::Renewal;
pub use names::Names;

/// How often renewed files and changed addresses are looked for. A look is two small reads.
const LOOK: Duration = Duration::from_secs(5);

/// Why there is no HTTPS.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "each message says what its variant is")]
pub enum Error {
    #[error("cannot read {path}: {why}")]
    Pem { path: String, why: String },
    #[error("{path} cannot be used: {why}")]
    Certificate { path: String, why: String },
    #[error("cannot keep the local certificate authority in {}: {source}", path.display())]
    Keep {
        path: PathBuf,
        source: std::io::Error,
    },
    #[error("{} is damaged: remove it, and every device has to install the new certificate", path.display())]
    Damaged { path: PathBuf },
    #[error("cannot make a certificate: {0}")]
    Make(#[from] rcgen::Error),
    #[error("cannot use TLS: {0}")]
    Tls(#[from] rustls::Error),
}

/// HTTPS, ready for handshakes. Dropping it ends the renewal.
pub struct Https {
    acceptor: TlsAcceptor,
    ca: Option<Arc<LocalCa>>,
    _renewal: AbortOnDropHandle<()>,
}

impl Https {
    /// Opens what the configuration asks for; `folder` is where a local CA is kept. To be called
    /// within a tokio runtime.
    ///
    /// # Errors
    /// When there is no certificate to begin with. Later ones only leave the present one in place.
    pub fn open(
        tls: &Tls,
        public: Option<Host<String>>,
        folder: &Path,
        now: SystemTime,
    ) -> Result<Self, Error> {
        match &tls.certificate {
            Certificate::Files { cert, key } => {
                let pair = Pair::read(cert, key)?;
                let current = Arc::new(Current::new(pair.certified()?));
                let follow = Follow::new(&pair, Arc::clone(&current));
                Self::new(current, None, follow.run())
            }
            Certificate::Local => {
                let names = Names::of_this_machine(public);
                let ca = Arc::new(LocalCa::open(folder, &names, now)?);
                let current = Arc::new(Current::new(ca.issue(&names, now)?));
                let renewal = Renewal::new(Arc::clone(&ca), names, Arc::clone(&current), now);
                Self::new(current, Some(ca), renewal.run())
            }
        }
    }

    fn new(
        current: Arc<Current>,
        ca: Option<Arc<LocalCa>>,
        renewal: impl Future<Output = ()> + Send + 'static,
    ) -> Result<Self, Error> {
        let mut config = rustls::ServerConfig::builder_with_provider(Arc::new(provider()))
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_cert_resolver(current);
        // HTTP/1.1 alone, for WebSocket needs no more.
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Self {
            acceptor: TlsAcceptor::from(Arc::new(config)),
            ca,
            _renewal: AbortOnDropHandle::new(tokio::spawn(renewal)),
        })
    }

    /// What shakes hands.
    #[must_use]
    pub fn acceptor(&self) -> TlsAcceptor {
        self.acceptor.clone()
    }

    /// The local certificate authority, if that is where the certificate comes from.
    #[must_use]
    pub fn ca(&self) -> Option<Arc<LocalCa>> {
        self.ca.clone()
    }
}

/// The certificate of the moment.
#[derive(Debug)]
struct Current(ArcSwap<CertifiedKey>);

impl Current {
    fn new(key: CertifiedKey) -> Self {
        Self(ArcSwap::from_pointee(key))
    }

    fn replace(&self, key: CertifiedKey) {
        self.0.store(Arc::new(key));
    }
}

impl ResolvesServerCert for Current {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.0.load_full())
    }
}

fn provider() -> rustls::crypto::CryptoProvider {
    rustls::crypto::aws_lc_rs::default_provider()
}

/// Addresses under which others reach this machine, as they are now.
fn own_addresses() -> Vec<IpAddr> {
    lenswire_rtc::announced(&[]).unwrap_or_default()
}
