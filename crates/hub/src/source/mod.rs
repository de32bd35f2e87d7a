//! Where streams come from: one driver per kind of source, all with the same shape.
//!
//! A driver is an `async fn run(what, stream, report) -> End`. It connects, writes a
//! [`media::Producer`](lenswire_media::Producer) and returns only when it can't go on; dropping its
//! future is how it is stopped. It never waits between attempts and never judges what an end means
//! for the next one: that is [`supervise`](crate::supervise)'s. Known kinds are an enum, not trait
//! objects: a new kind is a variant, a file, and an arm that the compiler asks for.

mod capture;
mod rtsp;

use std::net::{IpAddr, SocketAddr};

use lenswire_api::{Code, Problem};
use lenswire_media::Stream;

use crate::config::{SourceUrl, Transport};

pub(crate) use rtsp::{RtspSource, unverified_tls};

/// What a driver tells while it runs.
#[derive(Debug)]
pub(crate) enum Progress {
    /// It dials (again): the first address, the next transport, a redirect's target.
    Connecting,
    /// It has come so far on its way to the picture.
    Reached(Stage),
    /// The first video packet has come. Not before: an answered PLAY is not a picture
    /// (`peers.md` section 4: the others say "online" too early, and RTCP alone keeps them so).
    Live,
    /// That many packets just now that nothing could be made of. Fifty in ten seconds park a source.
    Bad(u32),
    /// It plays, or will, but something about it is wrong and a person can put it right.
    /// One per code: a later warning with the same code replaces the earlier one.
    Warning(Problem),
    /// The warning with this code holds no longer.
    Resolved(Code),
}

/// What lies between an address and its picture. Each is told when it is behind the driver, again
/// after each redirect.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    /// The camera's name stands for this address.
    Named(IpAddr),
    /// The port took the connection, TLS included.
    Connected(SocketAddr),
    /// It speaks RTSP.
    Greeted,
    /// It has described its stream, with or without a password.
    Described {
        /// Whether it asked for one.
        password: bool,
    },
    /// It says that it plays, by this transport.
    Playing(&'static str),
}

/// How a driver's run ended: what to tell people, and what it means for the next attempt.
#[derive(Clone, Debug)]
pub(crate) struct End {
    /// The cause, in words that name what the camera said.
    pub(crate) problem: Problem,
    /// What the supervisor should do about it.
    pub(crate) then: Then,
}

/// What an end means for the next attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Then {
    /// May be over in a moment: network, reboot, a full camera. Tried again with backoff.
    Retry,
    /// The camera refused the password (401). Cameras lock accounts: the second one parks.
    Password,
    /// Can't work as it is: garbage, or media that nobody can play. Parks at once.
    Park,
}

/// Takes what a driver has to report. Cheap, never blocks.
pub(crate) type Report<'a> = &'a mut (dyn FnMut(Progress) + Send);

/// A source to run: the part of a stream's configuration that a driver needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    /// A camera that speaks RTSP.
    Rtsp(RtspSource),
    /// The built-in test pattern with clock and tick.
    Demo,
    /// What a test wants to happen.
    #[cfg(test)]
    Scripted(scripted::Script),
}

impl Source {
    /// A camera at that address.
    pub(crate) fn rtsp(url: &SourceUrl, transport: Transport) -> Self {
        Self::Rtsp(RtspSource::new(url.clone(), transport))
    }

    /// Runs the source until it ends by itself; dropping the future stops it.
    pub(crate) async fn run(&self, stream: &Stream, report: Report<'_>) -> End {
        match self {
            Self::Rtsp(camera) => rtsp::run(camera, stream, report).await,
            Self::Demo => capture::run(stream, report).await,
            #[cfg(test)]
            Self::Scripted(script) => script.run(stream, report).await,
        }
    }
}

#[cfg(test)]
pub(crate) mod scripted;
