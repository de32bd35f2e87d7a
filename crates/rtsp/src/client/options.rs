//! What goes into a client and what comes out of it.

use std::net::{IpAddr, SocketAddr};
use std::time::Instant;

use lenswire_media::Track;

use crate::address::Address;
use crate::end::End;
use crate::rtp::Packet;
use crate::sdp::Skipped;

/// How media may travel, as configured.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Transport {
    /// TCP, and UDP by itself when the camera refuses TCP or never delivers over it.
    #[default]
    Auto,
    /// Only inside the control connection.
    Tcp,
    /// Only in datagrams; over an encrypted connection still TCP.
    Udp,
}

/// How media travels at present.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Carriage {
    /// Interleaved with the control connection.
    Tcp,
    /// In datagrams of their own.
    Udp,
}

impl Carriage {
    /// The name people know: `TCP`, `UDP`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Tcp => "TCP",
            Self::Udp => "UDP",
        }
    }
}

/// How a client is to go about it.
#[derive(Clone, Debug)]
pub struct Options {
    /// How media may travel.
    pub transport: Transport,
    /// What to call ourselves (`User-Agent`).
    pub user_agent: String,
    /// Our own source in receiver reports: any random number.
    pub ssrc: u32,
}

/// Which of a track's two UDP ports.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Port {
    /// Media.
    Rtp,
    /// Reports.
    Rtcp,
}

/// Something that happened outside.
#[derive(Debug)]
pub enum Input<'a> {
    /// The connection asked for stands (TLS included).
    Connected {
        /// The other end: datagrams are taken from there only (SEC-26).
        peer: IpAddr,
    },
    /// Bytes came on the control connection.
    Bytes(&'a [u8]),
    /// The control connection ended.
    Closed {
        /// The operating system's words; `None` when it was closed in order.
        why: Option<String>,
    },
    /// The ports asked for by [`Output::Bind`] are there.
    Bound {
        /// Ours, for RTP; even.
        rtp: u16,
        /// Ours, for RTCP; the next one.
        rtcp: u16,
    },
    /// A datagram came.
    Datagram {
        /// Which track's ports.
        track: usize,
        /// Which of the two.
        port: Port,
        /// From where.
        from: SocketAddr,
        /// What.
        bytes: &'a [u8],
    },
    /// A payload turned out to be garbage further on.
    Bad {
        /// In what way.
        what: String,
    },
    /// Time passed.
    Tick,
}

/// Something to do.
#[derive(Debug)]
pub enum Output {
    /// Connect to there; an earlier connection and all ports are closed first.
    Connect(Address),
    /// Send on the control connection.
    Send(Vec<u8>),
    /// Bind a pair of UDP ports, even and odd, for the next track; answer with [`Input::Bound`].
    Bind {
        /// Which track.
        track: usize,
    },
    /// Send a datagram from one of a track's ports.
    SendTo {
        /// Which track.
        track: usize,
        /// From which of its ports.
        port: Port,
        /// To where.
        to: SocketAddr,
        /// What.
        bytes: Vec<u8>,
    },
    /// Something worth knowing.
    Event(Event),
    /// Nothing more for now; come back then, or when something happens.
    Wake(Option<Instant>),
}

/// Something worth knowing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// What will come; positions in here are the tracks' numbers.
    Tracks(Vec<Track>),
    /// PLAY was answered. No picture yet.
    Playing(Carriage),
    /// A packet, in order.
    Rtp(Rtp),
    /// A sender report of a track's source.
    SenderReport {
        /// Which track.
        track: usize,
        /// NTP time, seconds since 1900 in the upper half.
        ntp: u64,
        /// The same moment on the track's clock.
        time: u32,
    },
    /// It goes on, but a person should know.
    Warning(Warning),
    /// It is over.
    Ended(End),
}

/// A packet of a track.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rtp {
    /// Which track.
    pub track: usize,
    /// The packet.
    pub packet: Packet,
    /// When it arrived (before any waiting for its predecessors).
    pub arrived: Instant,
    /// Another source took the track over, and this is its first: numbers and times have nothing to
    /// do with those before. Never set on a track's first packet.
    pub fresh: bool,
}

/// Something that is not as it should be, while it plays.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Warning {
    /// A track that is left out.
    Skipped(Skipped),
    /// A track that the camera did not want to set up.
    SetupRefused {
        /// `audio`, mostly.
        media: &'static str,
        /// The status code.
        status: u16,
        /// The camera's words.
        reason: String,
    },
    /// The camera refuses TCP; UDP is used.
    TcpRefused {
        /// The status code.
        status: u16,
    },
    /// The camera sent nothing over TCP; UDP is tried.
    TcpSilent,
}
