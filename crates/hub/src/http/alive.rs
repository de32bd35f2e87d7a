//! The question that a container's health check asks, from the outside like any client.

use std::io::{Error, Result};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use rustls_pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use crate::source::unverified_tls;

/// Health checks come every few seconds and give up after three or four.
const PATIENCE: Duration = Duration::from_secs(3);

const QUESTION: &[u8] = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";

/// Asks the hub that listens there whether it runs. Whose certificate it shows does not matter: the
/// connection does not leave this machine, and no secret goes over it.
///
/// # Errors
/// What came instead of a good answer.
pub async fn alive(mut listen: SocketAddr, tls: bool) -> Result<()> {
    match listen.ip() {
        IpAddr::V4(all) if all.is_unspecified() => listen.set_ip(Ipv4Addr::LOCALHOST.into()),
        IpAddr::V6(all) if all.is_unspecified() => listen.set_ip(Ipv6Addr::LOCALHOST.into()),
        _ => {}
    }
    tokio::time::timeout(PATIENCE, ask(listen, tls))
        .await
        .map_err(|_| Error::other("it does not answer"))?
}

async fn ask(address: SocketAddr, tls: bool) -> Result<()> {
    let stream = TcpStream::connect(address).await?;
    if !tls {
        return answered(stream).await;
    }
    let config = unverified_tls().ok_or_else(|| Error::other("TLS is not available"))?;
    let name = ServerName::from(address.ip());
    answered(TlsConnector::from(config).connect(name, stream).await?).await
}

async fn answered(mut stream: impl AsyncRead + AsyncWrite + Unpin) -> Result<()> {
    stream.write_all(QUESTION).await?;
    let mut answer = [0; 12];
    stream.read_exact(&mut answer).await?;
    match answer.strip_prefix(b"HTTP/1.1 ") {
        Some(b"200") => Ok(()),
        Some(status) => {
            let status = String::from_utf8_lossy(status);
            Err(Error::other(format!("it answers {status}")))
        }
        None => Err(Error::other("what listens there is not Lenswire")),
    }
}
