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

use lenswire_api::{Code, Problem};
use lenswire_media::Backoff;

use crate::source::{End, Then};

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

impl Supervisor {
    /// A source that has not run yet; `handle(Event::Tick)` starts it if it is always on.
    pub(crate) fn new(mode: Mode, now: Instant) -> Self {
        Self {
            mode,
            wanted: false,
            unwanted: None,
            phase: Phase::Idle,
            since: now,
            problem: None,
            attempt: None,
            ended: None,
            live: None,
            video: None,
            backoff: Backoff::default(),
            refusals: 0,
            bad: VecDeque::new(),
            lives: 0,
        }
    }

    /// What it is doing.
    pub(crate) fn phase(&self) -> Phase {
        self.phase
    }

    /// Since when. Retrying and parked count from the first failure, not from the last attempt.
    pub(crate) fn since(&self) -> Instant {
        self.since
    }

    /// Why it doesn't play; `None` as soon as it does.
    pub(crate) fn problem(&self) -> Option<&Problem> {
        self.problem.as_ref()
    }

    /// How often it came back after having been live.
    pub(crate) fn reconnects(&self) -> u64 {
        self.lives.saturating_sub(1)
    }

    /// When [`Event::Tick`] is due.
    pub(crate) fn wake(&self) -> Option<Instant> {
        [self.stop_due(), self.watchdog_due().map(|(at, _)| at), self.retry_due()].into_iter().flatten().min()
    }

    /// Takes one event. `random` is uniform in 0..1 and spreads retries.
    pub(crate) fn handle(&mut self, event: Event, now: Instant, random: f64) -> Action {
        match event {
            Event::Tick => self.tick(now, random),
            Event::Demand(wanted) => self.demand(wanted, now),
            Event::Joined => self.joined(now),
            Event::Retry => self.try_now(now),
            Event::Changed => self.changed(now),
            Event::Mode(mode) => {
                self.mode = mode;
                self.demand(self.wanted, now)
            }
            Event::Video(at) => self.video(at, now),
            Event::Bad(packets) => self.bad(packets, now),
            Event::Ended(end) => self.ended(end, now, random),
        }
    }

    fn tick(&mut self, now: Instant, random: f64) -> Action {
        if due(self.stop_due(), now) {
            return self.stop(now);
        }
        if let Some((at, code)) = self.watchdog_due()
            && at <= now
        {
            return if code == Code::CameraStalled { self.stalled(now) } else { self.ended(silent(), now, random) };
        }
        if due(self.retry_due(), now) {
            return self.try_now(now);
        }
        self.start_if_wanted(now)
    }

    fn demand(&mut self, wanted: bool, now: Instant) -> Action {
        self.wanted = wanted;
        self.unwanted = (self.mode == Mode::OnDemand && !wanted).then(|| self.unwanted.unwrap_or(now));
        self.start_if_wanted(now)
    }

    fn start_if_wanted(&mut self, now: Instant) -> Action {
        if self.phase != Phase::Idle || (self.mode == Mode::OnDemand && !self.wanted) {
            return Action::Nothing;
        }
        self.enter(Phase::Connecting, now);
        self.start(now)
    }

    /// Brings the next attempt forward, though not right behind the last one.
    fn joined(&mut self, now: Instant) -> Action {
        let (Phase::Retrying(Some(at)) | Phase::Parked(Some(at))) = &mut self.phase else { return Action::Nothing };
        if let Some((ended, then)) = self.ended {
            let pause = if then == Then::Password { JOIN_PAUSE_PASSWORD } else { JOIN_PAUSE };
            *at = (*at).min(ended + pause);
        }
        if due(self.retry_due(), now) { self.try_now(now) } else { Action::Nothing }
    }

    /// Ends the waiting between attempts, whatever it was for.
    fn try_now(&mut self, now: Instant) -> Action {
        match self.phase {
            Phase::Retrying(Some(_)) => self.phase = Phase::Retrying(None),
            Phase::Parked(Some(_)) => self.phase = Phase::Parked(None),
            _ => return Action::Nothing,
        }
        self.start(now)
    }

    fn changed(&mut self, now: Instant) -> Action {
        let (mode, wanted, lives) = (self.mode, self.wanted, self.lives);
        *self = Self { wanted, lives, ..Self::new(mode, now) };
        match self.demand(wanted, now) {
            Action::Nothing => Action::Stop,
            action => action,
        }
    }

    fn video(&mut self, at: Instant, now: Instant) -> Action {
        let Some(started) = self.attempt else { return Action::Nothing };
        // The stream remembers its newest packet across sources: an older one proves nothing.
        if at < started {
            return Action::Nothing;
        }
        self.video = self.video.max(Some(at));
        if self.phase != Phase::Live {
            self.enter(Phase::Live, now);
            self.problem = None;
            self.refusals = 0;
            self.live = Some(now);
            self.lives += 1;
        }
        Action::Nothing
    }

    fn bad(&mut self, packets: u32, now: Instant) -> Action {
        if self.attempt.is_none() || packets == 0 {
            return Action::Nothing;
        }
        self.bad.push_back((now, packets));
        self.bad.retain(|(at, _)| now.saturating_duration_since(*at) < BAD_WINDOW);
        let recent: u32 = self.bad.iter().fold(0, |sum, (_, n)| sum.saturating_add(*n));
        if recent < BAD_PACKETS {
            return Action::Nothing;
        }
        let problem = Problem::new(
            Code::CameraMisbehaves,
            format!("The source sent {recent} packets within {} s that nothing can be made of.", BAD_WINDOW.as_secs()),
        );
        self.ended(End { problem, then: Then::Park }, now, 0.0)
    }

    fn stalled(&mut self, now: Instant) -> Action {
        self.problem = Some(Problem::new(
            Code::CameraStalled,
            format!("It played, but no video has come for {} s. Lenswire is connecting again.", STALL.as_secs()),
        ));
        self.enter(Phase::Stalled, now);
        self.start(now)
    }

    fn ended(&mut self, end: End, now: Instant, random: f64) -> Action {
        if self.live.is_some_and(|live| now.saturating_duration_since(live) >= STABLE) {
            self.backoff.succeeded();
        }
        self.attempt = None;
        self.live = None;
        self.ended = Some((now, end.then));
        self.problem = Some(end.problem);
        if end.then == Then::Password {
            self.refusals += 1;
        }
        let phase = match end.then {
            Then::Password if self.refusals >= REFUSALS => Phase::Parked(Some(now + PARKED_PASSWORD)),
            Then::Park => Phase::Parked(Some(now + PARKED)),
            Then::Retry | Then::Password => Phase::Retrying(Some(now + self.wait(now, random))),
        };
        self.enter(phase, now);
        Action::Stop
    }

    /// How long until the next attempt. Spread downwards only, from half of it to all of it: a
    /// camera that is back is dialled within 2 s and shows its picture within 3 s.
    fn wait(&mut self, now: Instant, random: f64) -> Duration {
        self.backoff.failed(now, random * 0.5)
    }

    fn start(&mut self, now: Instant) -> Action {
        self.attempt = Some(now);
        self.live = None;
        self.video = None;
        self.bad.clear();
        Action::Start
    }

    fn stop(&mut self, now: Instant) -> Action {
        self.attempt = None;
        self.live = None;
        self.problem = None;
        self.unwanted = None;
        self.enter(Phase::Idle, now);
        Action::Stop
    }

    /// Changes the phase; `since` stays when only the time of the next attempt changes.
    fn enter(&mut self, phase: Phase, now: Instant) {
        if std::mem::discriminant(&self.phase) != std::mem::discriminant(&phase) {
            self.since = now;
        }
        self.phase = phase;
    }

    /// When an unwanted source stops. A parked one stays parked until its next attempt is due:
    /// what was learned about its password must outlive the viewer who asked.
    fn stop_due(&self) -> Option<Instant> {
        let grace = self.unwanted? + GRACE;
        match self.phase {
            Phase::Idle => None,
            Phase::Parked(Some(at)) => Some(at.max(grace)),
            _ => Some(grace),
        }
    }

    /// When the running attempt has been silent for too long, and what that means.
    fn watchdog_due(&self) -> Option<(Instant, Code)> {
        let started = self.attempt?;
        match self.phase {
            Phase::Live => Some((self.video? + STALL, Code::CameraStalled)),
            _ => Some((started + ATTEMPT, Code::CameraSilent)),
        }
    }

    fn retry_due(&self) -> Option<Instant> {
        match self.phase {
            Phase::Retrying(at) | Phase::Parked(at) => at,
            _ => None,
        }
    }
}

fn due(at: Option<Instant>, now: Instant) -> bool {
    at.is_some_and(|at| at <= now)
}

fn silent() -> End {
    let detail = format!("The source was asked to play and sent no video within {} s.", ATTEMPT.as_secs());
    End { problem: Problem::new(Code::CameraSilent, detail), then: Then::Retry }
}
