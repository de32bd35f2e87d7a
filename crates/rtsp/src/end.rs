//! Every way a session with a camera can end, with what the camera said. What a person is told of
//! it, and whether it is worth trying again, is decided by whoever drives the client.

use std::net::SocketAddr;
use std::time::Duration;

use crate::client::Carriage;
use crate::wire::Protocol;

/// Where in the dialogue something happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    /// Before the camera said anything.
    Greeting,
    /// While asking for the description and setting up.
    Asking,
    /// After PLAY was answered.
    Playing,
}

/// Why there is no session any longer. Texts in it are short, single lines, and never hold the
/// password.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum End {
    /// The host's name has no address.
    #[error("no address is known for {host}: {why}")]
    Dns {
        /// The name looked up.
        host: String,
        /// What the resolver said.
        why: String,
    },
    /// The address may not be dialled (SEC-25), be it the camera's own or a redirect's.
    #[error("{address} is not an address that a source may have")]
    Denied {
        /// What the name stands for.
        address: SocketAddr,
    },
    /// Nothing listens on the port.
    #[error("{address} refused the connection")]
    Refused {
        /// Where.
        address: SocketAddr,
    },
    /// No route, or the network said so.
    #[error("{address} cannot be reached: {why}")]
    Unreachable {
        /// Where.
        address: SocketAddr,
        /// The operating system's words.
        why: String,
    },
    /// No answer to the attempt to connect.
    #[error("{address} did not answer within {} s", after.as_secs())]
    ConnectTimeout {
        /// Where.
        address: SocketAddr,
        /// How long it was given.
        after: Duration,
    },
    /// The encrypted connection could not be made.
    #[error("no encrypted connection: {why}")]
    TlsFailed {
        /// The reason.
        why: String,
    },
    /// Something else listens there.
    #[error("the port speaks {0}")]
    NotRtsp(Protocol),
    /// Connected, and then no answer.
    #[error("no answer to {method} within {} s", after.as_secs())]
    NoAnswer {
        /// The request that was left unanswered.
        method: &'static str,
        /// How long it was given.
        after: Duration,
    },
    /// The camera refused user and password.
    #[error("401 to user {user}")]
    WrongPassword {
        /// The user's name.
        user: String,
    },
    /// The camera wants user and password and none were given.
    #[error("401 and no password was given")]
    PasswordMissing {
        /// What the camera calls what it guards; may be empty.
        realm: String,
    },
    /// The camera wants a way of logging in that is not known here.
    #[error("401 asking for {offered:?}, which is not supported")]
    AuthUnsupported {
        /// What it asked for; empty when it did not say.
        offered: String,
    },
    /// 404: no such stream.
    #[error("404 {reason}")]
    NotFound {
        /// The camera's words.
        reason: String,
    },
    /// 403: this user may not.
    #[error("403 {reason}")]
    Forbidden {
        /// The camera's words.
        reason: String,
    },
    /// 453 or 503: too many viewers or too little bandwidth.
    #[error("{status} {reason}")]
    Busy {
        /// The status code.
        status: u16,
        /// The camera's words.
        reason: String,
    },
    /// Any other refusal.
    #[error("{status} {reason} to {method}")]
    Status {
        /// What was asked.
        method: &'static str,
        /// The status code.
        status: u16,
        /// The camera's words.
        reason: String,
    },
    /// Neither TCP nor UDP, or not the one that is configured.
    #[error("461 to {}", asked.name())]
    TransportRefused {
        /// What was asked for last.
        asked: Carriage,
        /// Whether the other one had been tried before.
        both: bool,
    },
    /// More redirects than are followed.
    #[error("redirected more than {followed} times, last to {to}")]
    TooManyRedirects {
        /// How many were followed.
        followed: u8,
        /// Where the last one led, fit to show.
        to: String,
    },
    /// A redirect to something that is not a camera's URL.
    #[error("redirected to something that is no RTSP address")]
    BadRedirect,
    /// The description holds nothing that can be carried.
    #[error("nothing that can be played; the camera has {}", has.join(", "))]
    NothingPlayable {
        /// What it has: `video MJPEG`, …; empty when it announces nothing at all.
        has: Vec<String>,
        /// Whether pictures are among it.
        video: bool,
    },
    /// PLAY was answered and no picture came.
    #[error("no video within {} s over {}", after.as_secs(), over.name())]
    Silent {
        /// How the media was to come.
        over: Carriage,
        /// How long it was given.
        after: Duration,
        /// Whether TCP had been tried before and was silent as well.
        tcp_too: bool,
        /// Whether sender reports came: then the camera does send, and something drops it.
        reports: bool,
    },
    /// Pictures came and then no more.
    #[error("no video for {} s", after.as_secs())]
    Stalled {
        /// For how long.
        after: Duration,
        /// Whether other packets went on coming: then the camera lives and its encoder does not.
        alive: bool,
    },
    /// The camera said good-bye (RTCP BYE, TEARDOWN or the end of its stream).
    #[error("the camera ended the stream")]
    Bye {
        /// Its reason; may be empty.
        reason: String,
    },
    /// The connection was closed or broke.
    #[error("the connection ended{}", why.as_deref().map(|why| format!(": {why}")).unwrap_or_default())]
    Closed {
        /// When.
        moment: Moment,
        /// The operating system's words; `None` when it was closed in order.
        why: Option<String>,
    },
    /// What it sends breaks the protocol or its limits.
    #[error("the camera sends {what}")]
    Misbehaves {
        /// What exactly.
        what: String,
    },
}
