//! What each event does. The states and their times are in the folder's head.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use lenswire_api::{Code, Problem};
use lenswire_media::Backoff;

use super::{
    ATTEMPT, Action, BAD_PACKETS, BAD_WINDOW, Event, GRACE, JOIN_PAUSE, JOIN_PAUSE_PASSWORD, Mode,
    PARKED, PARKED_PASSWORD, Phase, REFUSALS, STABLE, STALL, Supervisor,
};
use crate::source::{End, Then};

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
        [
            self.stop_due(),
            self.watchdog_due().map(|(at, _)| at),
            self.retry_due(),
        ]
        .into_iter()
        .flatten()
        .min()
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
            return if code == Code::CameraStalled {
                self.stalled(now)
            } else {
                self.ended(silent(), now, random)
            };
        }
        if due(self.retry_due(), now) {
            return self.try_now(now);
        }
        self.start_if_wanted(now)
    }

    fn demand(&mut self, wanted: bool, now: Instant) -> Action {
        self.wanted = wanted;
        self.unwanted =
            (self.mode == Mode::OnDemand && !wanted).then(|| self.unwanted.unwrap_or(now));
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
        let (Phase::Retrying(Some(at)) | Phase::Parked(Some(at))) = &mut self.phase else {
            return Action::Nothing;
        };
        if let Some((ended, then)) = self.ended {
            let pause = if then == Then::Password {
                JOIN_PAUSE_PASSWORD
            } else {
                JOIN_PAUSE
            };
            *at = (*at).min(ended + pause);
        }
        if due(self.retry_due(), now) {
            self.try_now(now)
        } else {
            Action::Nothing
        }
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
        *self = Self {
            wanted,
            lives,
            ..Self::new(mode, now)
        };
        match self.demand(wanted, now) {
            Action::Nothing => Action::Stop,
            action => action,
        }
    }

    fn video(&mut self, at: Instant, now: Instant) -> Action {
        let Some(started) = self.attempt else {
            return Action::Nothing;
        };
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
        self.bad
            .retain(|(at, _)| now.saturating_duration_since(*at) < BAD_WINDOW);
        let recent: u32 = self
            .bad
            .iter()
            .fold(0, |sum, (_, n)| sum.saturating_add(*n));
        if recent < BAD_PACKETS {
            return Action::Nothing;
        }
        let problem = Problem::new(
            Code::CameraMisbehaves,
            format!(
                "The source sent {recent} packets within {} s that nothing can be made of.",
                BAD_WINDOW.as_secs()
            ),
        );
        self.ended(
            End {
                problem,
                then: Then::Park,
            },
            now,
            0.0,
        )
    }

    fn stalled(&mut self, now: Instant) -> Action {
        self.problem = Some(Problem::new(
            Code::CameraStalled,
            format!(
                "It played, but no video has come for {} s. Lenswire is connecting again.",
                STALL.as_secs()
            ),
        ));
        self.enter(Phase::Stalled, now);
        self.start(now)
    }

    fn ended(&mut self, end: End, now: Instant, random: f64) -> Action {
        if self
            .live
            .is_some_and(|live| now.saturating_duration_since(live) >= STABLE)
        {
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
            Then::Password if self.refusals >= REFUSALS => {
                Phase::Parked(Some(now + PARKED_PASSWORD))
            }
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
    let detail = format!(
        "The source was asked to play and sent no video within {} s.",
        ATTEMPT.as_secs()
    );
    End {
        problem: Problem::new(Code::CameraSilent, detail),
        then: Then::Retry,
    }
}
