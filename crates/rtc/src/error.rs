//! Everything that can go wrong here: starting the engine ([`Error`]) and taking a viewer or a
//! publisher ([`Refusal`]).

use std::net::SocketAddr;

use lenswire_media::Codec;

/// Why the engine did not start.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The media port is taken, forbidden or the address family is missing.
    #[error("media port {address}: {source}")]
    Bind {
        /// What was asked for.
        address: SocketAddr,
        /// What the system said.
        source: std::io::Error,
    },
    /// The machine has no address to announce.
    #[error("no network address to announce; set media.addresses")]
    NoAddress,
    /// The system gave no randomness to make a DTLS certificate of.
    #[error("no DTLS certificate could be made")]
    NoCertificate,
    /// A thread or a poller could not be made.
    #[error("media thread: {0}")]
    Thread(#[source] std::io::Error),
}

/// Why a viewer or a publisher was not taken, or a change of its session not made. Each maps to one problem code.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Not SDP that a WebRTC offer could be.
    #[error("the SDP offer is not usable: {why}")]
    BadSdp {
        /// In words, for the one who made the offer.
        why: String,
    },
    /// Not an sdpfrag (RFC 8840) or candidate that could be used.
    #[error("the ICE fragment is not usable: {why}")]
    BadFragment {
        /// In words.
        why: String,
    },
    /// The offer has no codec for the stream's picture (or for its only sound).
    #[error("the stream has {}, the offer has {}", names(.stream), .offered.join(", "))]
    NoCommonCodec {
        /// Encoding names of the offer's sections of that kind, as it spells them.
        offered: Vec<String>,
        /// What the stream has.
        stream: Vec<Codec>,
    },
    /// The offer sends neither pictures nor sound.
    #[error("the offer sends nothing")]
    NothingSent,
    /// The offer sends in no codec that is taken.
    #[error("H264, VP8, VP9, AV1 and opus are taken, the offer has {}", .offered.join(", "))]
    NoTakenCodec {
        /// Encoding names of the offer's sections of that kind, as it spells them.
        offered: Vec<String>,
    },
    /// The stream has no track at all that could be sent.
    #[error("the stream has no track")]
    NoTracks,
    /// [`Limits::sessions`](crate::Limits) is reached.
    #[error("{limit} sessions are open; no more are taken")]
    TooManySessions {
        /// The bound.
        limit: usize,
    },
    /// [`Limits::pending`](crate::Limits) or its per-client bound is reached.
    #[error("{limit} sessions are still connecting; no more are taken")]
    TooManyPending {
        /// The bound.
        limit: usize,
    },
    /// More than [`crate::sdp::MAX_CANDIDATES`] candidates for one session.
    #[error("more than {} ICE candidates", crate::sdp::MAX_CANDIDATES)]
    TooManyCandidates,
    /// The media thread's command queue is full or it did not answer in time.
    #[error("the media threads are overloaded")]
    Overloaded,
    /// The session has ended.
    #[error("the session has ended")]
    Ended,
    /// A fault of ours; it has been logged.
    #[error("the session could not be made")]
    Internal,
}

fn names(codecs: &[Codec]) -> String {
    codecs
        .iter()
        .map(|codec| codec.name())
        .collect::<Vec<_>>()
        .join(", ")
}
