//! The encrypted control connection (`rtsps://`).
//!
//! Certificates are checked against Mozilla's roots. Cameras sign their own, and there is nobody
//! who could vouch for `192.168.1.20`; so on a private address (RFC 1918, unique local, link-local,
//! loopback) any certificate will do. That keeps listeners on the wire out, and is no worse than
//! the `rtsp://` which people would use instead; it does not prove which camera answers. On a
//! public address a certificate that cannot be checked ends the attempt.

use std::net::IpAddr;
use std::sync::{Arc, LazyLock};

use lenswire_rtsp::{Address, End};
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme,
};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

use super::dial::{CONNECT, Connection};

/// One configuration for public addresses, one for private ones; `None` when the provider lacks
/// TLS altogether, which a test would show.
static CONFIGS: LazyLock<Option<[Arc<ClientConfig>; 2]>> =
    LazyLock::new(|| Some([config(false)?, config(true)?]));

fn config(private: bool) -> Option<Arc<ClientConfig>> {
    let provider = Arc::new(aws_lc_rs::default_provider());
    let roots = RootCertStore {
        roots: webpki_roots::TLS_SERVER_ROOTS.to_vec(),
    };
    let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .ok()?;
    let config = if private {
        let verifier = Arc::new(AnyCertificate { provider });
        builder
            .dangerous()
            .with_custom_certificate_verifier(verifier)
    } else {
        let verifier = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider)
            .build()
            .ok()?;
        builder
            .dangerous()
            .with_custom_certificate_verifier(verifier)
    };
    Some(Arc::new(config.with_no_client_auth()))
}

/// For who takes any certificate, as cameras' own are taken.
pub(crate) fn unverified() -> Option<Arc<ClientConfig>> {
    CONFIGS.as_ref().map(|[_, private]| Arc::clone(private))
}

/// Encrypts a connection.
pub(super) async fn handshake(address: &Address, stream: TcpStream) -> Result<Connection, End> {
    let failed = |why: &str| End::TlsFailed {
        why: why.to_owned(),
    };
    let private = stream
        .peer_addr()
        .is_ok_and(|peer| is_private(peer.ip().to_canonical()));
    let configs = CONFIGS
        .as_ref()
        .ok_or_else(|| failed("TLS is not available"))?;
    let config = configs
        .get(usize::from(private))
        .ok_or_else(|| failed("TLS is not available"))?;
    let name = ServerName::try_from(address.host().to_owned())
        .map_err(|_| failed("the host is no name that a certificate can have"))?;
    let connector = TlsConnector::from(Arc::clone(config));
    match timeout(CONNECT, connector.connect(name, stream)).await {
        Ok(Ok(stream)) => Ok(Connection::Tls(Box::new(stream))),
        Ok(Err(error)) => Err(End::TlsFailed {
            why: explain(&error),
        }),
        Err(_) => Err(failed("the handshake was not answered")),
    }
}

fn is_private(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => v4.is_private() || v4.is_loopback() || v4.is_link_local(),
        IpAddr::V6(v6) => v6.is_loopback() || v6.is_unique_local() || v6.is_unicast_link_local(),
    }
}

/// What went wrong, for people.
fn explain(error: &std::io::Error) -> String {
    let inner = error
        .get_ref()
        .and_then(|inner| inner.downcast_ref::<rustls::Error>());
    match inner {
        Some(rustls::Error::InvalidMessage(_)) => {
            "the port answers in the clear; use rtsp:// instead of rtsps://".to_owned()
        }
        Some(rustls::Error::InvalidCertificate(why)) => match why {
            CertificateError::UnknownIssuer => {
                "the certificate is signed by nobody that is known".to_owned()
            }
            CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
                "the certificate has expired".to_owned()
            }
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
                "the certificate is for another name".to_owned()
            }
            other => format!("the certificate is not valid: {other}"),
        },
        Some(other) => other.to_string(),
        None => error.to_string(),
    }
}

/// Takes any certificate, but checks that the other end has its key.
#[derive(Debug)]
struct AnyCertificate {
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for AnyCertificate {
    fn verify_server_cert(
        &self,
        _end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        rustls::crypto::verify_tls12_signature(message, cert, dss, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        rustls::crypto::verify_tls13_signature(message, cert, dss, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider
            .signature_verification_algorithms
            .supported_schemes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_private_addresses_may_have_any_certificate() {
        for (address, expected) in [
            ("192.168.1.20", true),
            ("10.0.0.1", true),
            ("127.0.0.1", true),
            ("fd00::1", true),
            ("8.8.8.8", false),
            ("172.32.0.1", false),
            ("2001:db8::1", false),
        ] {
            assert_eq!(is_private(address.parse().unwrap()), expected, "{address}");
        }
        assert!(CONFIGS.is_some());
    }
}
