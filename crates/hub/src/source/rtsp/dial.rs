//! From an address to a connection: name, policy, TCP, TLS. Every way this can fail is its own
//! [`End`], and all of it together takes at most [`CONNECT`] per step.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use lenswire_rtsp::{Address, End};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::client::TlsStream;

use super::tls;

/// How long looking a name up, connecting, and the TLS handshake may take, each. A camera in the
/// same house answers within milliseconds; five seconds is what a person waits.
pub(super) const CONNECT: Duration = Duration::from_secs(5);

/// Addresses of one name that are tried. A camera has one, or one per IP version.
const MAX_ADDRESSES: usize = 4;

/// A control connection.
#[derive(Debug)]
pub(super) enum Connection {
    /// In the open.
    Plain(TcpStream),
    /// Encrypted.
    Tls(Box<TlsStream<TcpStream>>),
}

impl Connection {
    /// The socket beneath.
    pub(super) fn socket(&self) -> &TcpStream {
        match self {
            Self::Plain(stream) => stream,
            Self::Tls(stream) => stream.get_ref().0,
        }
    }

    fn stream(self: Pin<&mut Self>) -> Pin<&mut dyn Stream> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream),
            Self::Tls(stream) => Pin::new(stream.as_mut()),
        }
    }
}

/// Either kind.
trait Stream: AsyncRead + AsyncWrite + Unpin {}
impl<T: AsyncRead + AsyncWrite + Unpin> Stream for T {}

impl AsyncRead for Connection {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.stream().poll_read(cx, buf)
    }
}

impl AsyncWrite for Connection {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.stream().poll_write(cx, buf)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.stream().poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.stream().poll_shutdown(cx)
    }
}

/// The addresses of a camera. Every one that its name has is asked of `allowed` and left alone when
/// it says no (SEC-25: resolved once, checked, then connected to). At least one.
pub(super) async fn look_up(
    address: &Address,
    allowed: impl Fn(SocketAddr) -> bool,
) -> Result<Vec<SocketAddr>, End> {
    let mut found = resolve(address).await?;
    let Some(first) = found.first().copied() else {
        return Err(no_address(address, "it has no address"));
    };
    found.retain(|at| allowed(*at));
    if found.is_empty() {
        return Err(End::Denied { address: first });
    }
    Ok(found)
}

/// Connects to the first of a camera's addresses that takes it.
pub(super) async fn dial(
    address: &Address,
    candidates: &[SocketAddr],
) -> Result<(Connection, SocketAddr), End> {
    let mut last = no_address(address, "it has no address");
    for (n, candidate) in candidates.iter().enumerate() {
        // What is left of the time is shared by those that are left.
        let share = CONNECT / u32::try_from(candidates.len() - n).unwrap_or(1);
        match connect(*candidate, share).await {
            Ok(stream) if address.tls() => {
                return Ok((tls::handshake(address, stream).await?, *candidate));
            }
            Ok(stream) => return Ok((Connection::Plain(stream), *candidate)),
            Err(end) => last = end,
        }
    }
    Err(last)
}

async fn resolve(address: &Address) -> Result<Vec<SocketAddr>, End> {
    let found = timeout(
        CONNECT,
        tokio::net::lookup_host((address.host(), address.port())),
    )
    .await;
    match found {
        Ok(Ok(all)) => Ok(all.take(MAX_ADDRESSES).collect()),
        Ok(Err(error)) => Err(no_address(address, &error.to_string())),
        Err(_) => Err(no_address(address, "the name server does not answer")),
    }
}

fn no_address(address: &Address, why: &str) -> End {
    End::Dns {
        host: address.host().to_owned(),
        why: why.to_owned(),
    }
}

async fn connect(address: SocketAddr, within: Duration) -> Result<TcpStream, End> {
    let why = |error: io::Error| match error.kind() {
        io::ErrorKind::ConnectionRefused => End::Refused { address },
        io::ErrorKind::TimedOut => End::ConnectTimeout {
            address,
            after: within,
        },
        _ => End::Unreachable {
            address,
            why: error.to_string(),
        },
    };
    match timeout(within, TcpStream::connect(address)).await {
        Ok(Ok(stream)) => {
            // Requests are small and each is waited for.
            let _ = stream.set_nodelay(true);
            Ok(stream)
        }
        Ok(Err(error)) => Err(why(error)),
        Err(_) => Err(End::ConnectTimeout {
            address,
            after: within,
        }),
    }
}
