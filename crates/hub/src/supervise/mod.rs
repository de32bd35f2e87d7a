//! The life of one source, as a pure state machine: when to start it, when to stop it, how long to
//! wait, and what to say meanwhile. It owns no source and reads no clock: the task in
//! [`stream`](crate::stream) tells it what happened and does what it answers.
//!
//! It never gives up. Every end leads to another attempt, later or sooner, and a viewer, a changed
//! configuration or a person's Retry brings the next one forward. Viewers are none of its business:
//! they hang off the stream and stay.
//!
//! ```text
//!            demand, or always on              first video
//!   Idle ───────────────────────▶ Connecting ─────────────▶ Live ◀──────────┐ video
//!    ▲                                │ end            end │  │ 5 s without  │
//!    │ nobody for 10 s                ▼                    │  ▼              │
//!    ├─────────────────────────── Retrying ◀───────────────┘ Stalled (redials at once)
//!    └─────────────────────────── Parked  (401 twice, garbage, unplayable)
//! ```

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use lenswire_api::Problem;
use lenswire_media::Backoff;

use crate::source::{End, Then};

mod machine;
#[cfg(test)]
mod tests;

/// Without video for this long, a live source counts as stalled and is dialled again (A1, A2: the
/// others notice after 10 s or not at all). Half of it would call a 3 s Wi-Fi hiccup a fault.
pub(crate) const STALL: Duration = Duration::from_secs(5);

/// How long an on-demand source runs on when nobody wants it any more: a reload of the page, or a
/// step from the wall to the stream's page, must not cost a camera connection.
pub(crate) const GRACE: Duration = Duration::from_secs(10);

/// An attempt that has shown nothing for this long is ended from here. Drivers have their own,
/// shorter watchdogs, which can name the cause; this one only guards against their bugs.
pub(crate) const ATTEMPT: Duration = Duration::from_secs(30);

/// A parked source is tried again this often (`faults.md`, "Parked").
pub(crate) const PARKED: Duration = Duration::from_secs(60);

/// A source parked for its password is tried again this often: cameras lock accounts, Hikvision
/// for half an hour after seven wrong passwords.
pub(crate) const PARKED_PASSWORD: Duration = Duration::from_secs(300);

/// The second 401 in a row parks.
const REFUSALS: u32 = 2;

/// This many bad packets within [`BAD_WINDOW`] park a source (A7).
const BAD_PACKETS: u32 = 50;

/// See [`BAD_PACKETS`].
const BAD_WINDOW: Duration = Duration::from_secs(10);

/// A joining viewer doesn't bring the next attempt closer than this to the last one's end, so that
/// a storm of joins is not a storm of dials.
const JOIN_PAUSE: Duration = Duration::from_secs(2);

/// The same for a refused password: joining viewers must not lock the camera's account either.
const JOIN_PAUSE_PASSWORD: Duration = Duration::from_secs(60);

/// A source that was live for this long has recovered: the next fault starts with short waits again.
const STABLE: Duration = Duration::from_secs(10);

/// When a source runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    /// From start to end of the process.
    Always,
    /// While somebody wants it, and [`GRACE`] longer.
    OnDemand,
}

/// What happened.
#[derive(Debug)]
pub(crate) enum Event {
    /// The time asked for by [`Supervisor::wake`] has come, or may have.
    Tick,
    /// Whether anybody wants the stream now.
    Demand(bool),
    /// One more viewer came. (Demand only changes with the first one.)
    Joined,
    /// A person pressed Retry.
    Retry,
    /// The source itself was changed: what was wrong before tells nothing any more.
    Changed,
    /// Only when it runs was changed.
    Mode(Mode),
    /// The newest video packet came at this time.
    Video(Instant),
    /// That many packets were of no use.
    Bad(u32),
    /// The driver returned.
    Ended(End),
}

/// What the task must do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Action {
    /// Leave things as they are.
    Nothing,
    /// Start the source; the one that runs, if any, is dropped first.
    Start,
    /// Drop the source if it runs.
    Stop,
}

/// What a source is doing, in the words of the API.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Phase {
    /// On demand, and nobody wants it.
    Idle,
    /// The first attempt since idle or since a change.
    Connecting,
    /// Video comes in.
    Live,
    /// Was live, is silent for [`STALL`], is being dialled again.
    Stalled,
    /// Between attempts until that time; `None`: trying right now.
    Retrying(Option<Instant>),
    /// Can't work as it is; tried again at that time; `None`: trying right now.
    Parked(Option<Instant>),
}

/// The state machine of one source.
#[derive(Debug)]
pub(crate) struct Supervisor {
    mode: Mode,
    wanted: bool,
    /// When demand ended, for an on-demand source that still runs.
    unwanted: Option<Instant>,
    phase: Phase,
    since: Instant,
    problem: Option<Problem>,
    /// When the running attempt started, if one runs.
    attempt: Option<Instant>,
    /// The end of the last attempt and what it meant.
    ended: Option<(Instant, Then)>,
    /// When the running attempt became live.
    live: Option<Instant>,
    /// The running attempt's newest video packet.
    video: Option<Instant>,
    backoff: Backoff,
    /// 401 answers in a row.
    refusals: u32,
    /// Recent bad packets; at most [`BAD_PACKETS`] entries, because that many park.
    bad: VecDeque<(Instant, u32)>,
    /// How often it has become live.
    lives: u64,
}
