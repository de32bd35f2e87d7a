use lenswire_api::Code;

use super::*;

/// A supervisor on a clock that only a test moves.
struct World {
    supervisor: Supervisor,
    now: Instant,
    start: Instant,
}

impl World {
    #[expect(
        clippy::disallowed_methods,
        reason = "the fake clock needs a first value"
    )]
    fn new(mode: Mode) -> Self {
        let now = Instant::now();
        Self {
            supervisor: Supervisor::new(mode, now),
            now,
            start: now,
        }
    }

    fn live() -> Self {
        let mut world = Self::new(Mode::Always);
        assert_eq!(world.tell(Event::Tick), Action::Start);
        world.video();
        world
    }

    fn tell(&mut self, event: Event) -> Action {
        self.supervisor.handle(event, self.now, 0.5)
    }

    fn video(&mut self) {
        assert_eq!(self.tell(Event::Video(self.now)), Action::Nothing);
    }

    /// Plays for that long, a frame each second.
    fn plays(&mut self, seconds: u64) {
        for _ in 0..seconds {
            self.after(1);
            self.video();
        }
    }

    fn after(&mut self, seconds: u64) -> Action {
        self.now += Duration::from_secs(seconds);
        self.tell(Event::Tick)
    }

    fn ends(&mut self, code: Code, then: Then) -> Action {
        self.tell(Event::Ended(End {
            problem: Problem::from(code),
            then,
        }))
    }

    /// Moves the clock to the next wake and ticks.
    fn wait(&mut self) -> (Duration, Action) {
        let wake = self.supervisor.wake().expect("something is due");
        let waited = wake.saturating_duration_since(self.now);
        self.now = self.now.max(wake);
        (waited, self.tell(Event::Tick))
    }

    fn phase(&self) -> Phase {
        self.supervisor.phase()
    }

    fn code(&self) -> Option<Code> {
        self.supervisor.problem().map(|p| p.code)
    }

    fn running(&self) -> bool {
        self.supervisor.attempt.is_some()
    }
}

#[test]
fn an_always_on_source_starts_by_itself_and_is_live_with_its_first_video() {
    let mut world = World::new(Mode::Always);
    assert_eq!(world.phase(), Phase::Idle);
    assert_eq!(world.tell(Event::Tick), Action::Start);
    assert_eq!(world.phase(), Phase::Connecting);
    assert_eq!(world.after(2), Action::Nothing);
    assert_eq!(world.phase(), Phase::Connecting, "no picture, not live");
    world.video();
    assert_eq!((world.phase(), world.code()), (Phase::Live, None));
    assert_eq!(world.supervisor.reconnects(), 0);
}

#[test]
fn an_on_demand_source_runs_while_it_is_wanted_and_a_grace_longer() {
    let mut world = World::new(Mode::OnDemand);
    assert_eq!(world.tell(Event::Tick), Action::Nothing);
    assert_eq!(world.supervisor.wake(), None, "idle costs nothing");
    assert_eq!(world.tell(Event::Demand(true)), Action::Start);
    world.video();
    assert_eq!(world.tell(Event::Demand(false)), Action::Nothing);
    world.plays(9);
    assert_eq!(world.phase(), Phase::Live);
    // Somebody came back in time.
    assert_eq!(world.tell(Event::Demand(true)), Action::Nothing);
    world.plays(60);
    world.tell(Event::Demand(false));
    world.plays(9);
    world.now += Duration::from_secs(1);
    assert_eq!(world.tell(Event::Tick), Action::Stop);
    assert_eq!(
        (world.phase(), world.supervisor.wake()),
        (Phase::Idle, None)
    );
    assert_eq!(world.tell(Event::Demand(true)), Action::Start);
}

// A2: noticed within 5 s, dialled again at once.
#[test]
fn a_source_without_video_for_five_seconds_is_stalled_and_dialled_again() {
    let mut world = World::live();
    world.plays(20);
    let (waited, action) = world.wait();
    assert_eq!((waited, action), (STALL, Action::Start));
    assert_eq!(
        (world.phase(), world.code()),
        (Phase::Stalled, Some(Code::CameraStalled))
    );
    // The stream still remembers the old run's last packet.
    let old = world.now - Duration::from_secs(5);
    world.tell(Event::Video(old));
    assert_eq!(world.phase(), Phase::Stalled);
    world.now += Duration::from_secs(1);
    world.video();
    assert_eq!((world.phase(), world.code()), (Phase::Live, None));
    assert_eq!(world.supervisor.reconnects(), 1);
}

#[test]
fn video_puts_the_stall_off() {
    let mut world = World::live();
    for _ in 0..100 {
        world.now += Duration::from_millis(4_900);
        world.video();
        assert_eq!(world.tell(Event::Tick), Action::Nothing);
    }
    assert_eq!(world.phase(), Phase::Live);
}

#[test]
fn a_stalled_source_whose_redial_fails_is_retried_with_the_new_cause() {
    let mut world = World::live();
    world.plays(20);
    world.wait();
    assert_eq!(world.ends(Code::CameraRefused, Then::Retry), Action::Stop);
    assert!(matches!(world.phase(), Phase::Retrying(Some(_))));
    assert_eq!(world.code(), Some(Code::CameraRefused));
}

// A1, requirements 60, 96: camera off for a while, never given up, back within 3 s for minutes.
#[test]
fn it_never_gives_up_and_dials_every_two_seconds_at_first() {
    let mut world = World::live();
    world.plays(60);
    let failed = world.now;
    world.ends(Code::CameraClosed, Then::Retry);
    let since = world.supervisor.since();
    let day = failed + Duration::from_secs(24 * 3600);
    let mut attempts = 0;
    while world.now < day {
        let (waited, action) = world.wait();
        assert_eq!(action, Action::Start);
        assert_eq!(world.phase(), Phase::Retrying(None));
        let minutes_in = world.now.saturating_duration_since(failed) < Duration::from_secs(300);
        assert!(
            waited <= Duration::from_secs(if minutes_in { 2 } else { 23 }),
            "{waited:?}"
        );
        world.ends(Code::CameraRefused, Then::Retry);
        assert_eq!(world.code(), Some(Code::CameraRefused));
        attempts += 1;
    }
    assert!((4_000..10_000).contains(&attempts), "{attempts}");
    assert_eq!(world.supervisor.since(), since, "since the first failure");
    world.wait();
    world.video();
    assert_eq!((world.phase(), world.code()), (Phase::Live, None));
}

#[test]
fn short_waits_come_back_after_a_recovery_but_not_for_a_flapping_source() {
    let mut world = World::live();
    world.ends(Code::CameraClosed, Then::Retry);
    for _ in 0..500 {
        world.wait();
        world.ends(Code::CameraRefused, Then::Retry);
    }
    world.wait();
    world.video();
    world.ends(Code::CameraClosed, Then::Retry);
    assert!(
        world.wait().0 > Duration::from_secs(2),
        "one frame is no recovery"
    );
    world.video();
    world.plays(10);
    world.ends(Code::CameraClosed, Then::Retry);
    assert!(world.wait().0 <= Duration::from_secs(2));
}

#[test]
fn an_attempt_that_shows_nothing_is_ended() {
    let mut world = World::new(Mode::Always);
    world.tell(Event::Tick);
    let (waited, action) = world.wait();
    assert_eq!((waited, action), (ATTEMPT, Action::Stop));
    assert_eq!(world.code(), Some(Code::CameraSilent));
    assert!(matches!(world.phase(), Phase::Retrying(Some(_))));
}

// faults.md "Parked": cameras lock accounts.
#[test]
fn the_second_refused_password_parks_for_five_minutes() {
    let mut world = World::new(Mode::Always);
    world.tell(Event::Tick);
    world.ends(Code::CameraWrongPassword, Then::Password);
    assert!(
        matches!(world.phase(), Phase::Retrying(Some(_))),
        "the first may be a hiccup"
    );
    world.wait();
    world.ends(Code::CameraWrongPassword, Then::Password);
    assert_eq!(
        world.phase(),
        Phase::Parked(Some(world.now + PARKED_PASSWORD))
    );
    let parked = world.supervisor.since();
    // Each later one parks again at once.
    assert_eq!(world.wait(), (PARKED_PASSWORD, Action::Start));
    assert_eq!(world.phase(), Phase::Parked(None));
    world.ends(Code::CameraWrongPassword, Then::Password);
    assert_eq!(
        world.phase(),
        Phase::Parked(Some(world.now + PARKED_PASSWORD))
    );
    assert_eq!(world.supervisor.since(), parked);
}

#[test]
fn an_accepted_password_forgives_the_refused_one() {
    let mut world = World::new(Mode::Always);
    world.tell(Event::Tick);
    world.ends(Code::CameraWrongPassword, Then::Password);
    world.wait();
    world.video();
    world.ends(Code::CameraWrongPassword, Then::Password);
    assert!(matches!(world.phase(), Phase::Retrying(Some(_))));
}

#[test]
fn joining_viewers_cannot_lock_the_cameras_account() {
    let mut world = World::new(Mode::Always);
    world.tell(Event::Tick);
    world.ends(Code::CameraWrongPassword, Then::Password);
    world.wait();
    world.ends(Code::CameraWrongPassword, Then::Password);
    assert_eq!(world.tell(Event::Joined), Action::Nothing);
    assert_eq!(
        world.phase(),
        Phase::Parked(Some(world.now + JOIN_PAUSE_PASSWORD))
    );
    assert_eq!(world.after(59), Action::Nothing);
    assert_eq!(world.after(1), Action::Start);
}

#[test]
fn what_cannot_play_is_parked_and_tried_each_minute() {
    let mut world = World::new(Mode::Always);
    world.tell(Event::Tick);
    for _ in 0..10 {
        world.ends(Code::CameraCodecUnsupported, Then::Park);
        assert_eq!(world.code(), Some(Code::CameraCodecUnsupported));
        assert_eq!(world.wait(), (PARKED, Action::Start));
    }
}

#[test]
fn a_parked_source_wakes_at_once_for_a_viewer_a_person_and_a_change() {
    for event in [Event::Joined, Event::Retry, Event::Changed] {
        let mut world = World::new(Mode::Always);
        world.tell(Event::Tick);
        world.ends(Code::CameraNoVideo, Then::Park);
        world.now += Duration::from_secs(5);
        let name = format!("{event:?}");
        assert_eq!(world.tell(event), Action::Start, "{name}");
        assert!(world.running());
    }
}

#[test]
fn a_storm_of_joins_is_not_a_storm_of_dials() {
    let mut world = World::new(Mode::Always);
    world.tell(Event::Tick);
    world.ends(Code::CameraNoVideo, Then::Park);
    for _ in 0..1_000 {
        assert_eq!(world.tell(Event::Joined), Action::Nothing);
    }
    assert_eq!(world.wait(), (JOIN_PAUSE, Action::Start));
}

#[test]
fn retry_does_nothing_to_what_runs_already() {
    let mut world = World::live();
    assert_eq!(world.tell(Event::Retry), Action::Nothing);
    assert_eq!(world.tell(Event::Joined), Action::Nothing);
    world.ends(Code::CameraClosed, Then::Retry);
    assert_eq!(world.tell(Event::Retry), Action::Start);
    assert_eq!(
        world.tell(Event::Retry),
        Action::Nothing,
        "it is being tried"
    );
}

// A7: garbage parks after 50 bad packets in 10 s.
#[test]
fn fifty_bad_packets_in_ten_seconds_park() {
    let mut world = World::live();
    for _ in 0..49 {
        assert_eq!(world.tell(Event::Bad(1)), Action::Nothing);
    }
    assert_eq!(world.tell(Event::Bad(1)), Action::Stop);
    assert_eq!(world.code(), Some(Code::CameraMisbehaves));
    assert_eq!(world.phase(), Phase::Parked(Some(world.now + PARKED)));
    assert_eq!(
        world.tell(Event::Bad(1_000)),
        Action::Nothing,
        "it runs no more"
    );
    world.wait();
    world.video();
    assert_eq!(world.tell(Event::Bad(49)), Action::Nothing, "counted anew");
    assert_eq!(world.tell(Event::Bad(u32::MAX)), Action::Stop);
}

#[test]
fn bad_packets_over_a_longer_time_are_borne() {
    let mut world = World::live();
    for _ in 0..1_000 {
        world.now += Duration::from_secs(1);
        world.video();
        assert_eq!(world.tell(Event::Bad(4)), Action::Nothing);
    }
    assert!(world.supervisor.bad.len() <= 50);
}

#[test]
fn a_changed_source_starts_anew_with_nothing_held_against_it() {
    let mut world = World::new(Mode::Always);
    world.tell(Event::Tick);
    world.ends(Code::CameraWrongPassword, Then::Password);
    world.wait();
    world.ends(Code::CameraWrongPassword, Then::Password);
    assert_eq!(world.tell(Event::Changed), Action::Start);
    assert_eq!((world.phase(), world.code()), (Phase::Connecting, None));
    world.ends(Code::CameraWrongPassword, Then::Password);
    assert!(
        matches!(world.phase(), Phase::Retrying(Some(_))),
        "the first with the new one"
    );
}

#[test]
fn a_changed_source_that_nobody_wants_stops() {
    let mut world = World::new(Mode::OnDemand);
    world.tell(Event::Demand(true));
    world.video();
    world.tell(Event::Demand(false));
    assert_eq!(world.tell(Event::Changed), Action::Stop);
    assert_eq!(world.phase(), Phase::Idle);
}

#[test]
fn changing_when_it_runs_restarts_nothing() {
    let mut world = World::live();
    assert_eq!(world.tell(Event::Mode(Mode::OnDemand)), Action::Nothing);
    assert_eq!(world.phase(), Phase::Live);
    world.plays(9);
    world.now += Duration::from_secs(1);
    assert_eq!(world.tell(Event::Tick), Action::Stop);
    assert_eq!(world.tell(Event::Mode(Mode::Always)), Action::Start);
}

#[test]
fn an_unwanted_source_that_fails_is_not_dialled_for_ever() {
    let mut world = World::new(Mode::OnDemand);
    world.tell(Event::Demand(true));
    world.ends(Code::CameraRefused, Then::Retry);
    world.tell(Event::Demand(false));
    let mut dials = 0;
    while world.phase() != Phase::Idle {
        if world.wait().1 == Action::Start {
            world.ends(Code::CameraRefused, Then::Retry);
            dials += 1;
        }
    }
    assert!(dials <= 20, "{dials}");
    assert_eq!(world.code(), None);
    assert!(world.now.saturating_duration_since(world.start) <= GRACE);
}

#[test]
fn an_unwanted_parked_source_keeps_its_pause_and_then_rests() {
    let mut world = World::new(Mode::OnDemand);
    world.tell(Event::Demand(true));
    world.ends(Code::CameraWrongPassword, Then::Password);
    world.wait();
    world.ends(Code::CameraWrongPassword, Then::Password);
    world.tell(Event::Demand(false));
    assert_eq!(world.after(30), Action::Nothing);
    assert!(
        matches!(world.phase(), Phase::Parked(Some(_))),
        "the cause stays readable"
    );
    assert_eq!(world.tell(Event::Demand(true)), Action::Nothing);
    world.tell(Event::Demand(false));
    assert_eq!(world.wait().1, Action::Stop);
    assert_eq!(world.phase(), Phase::Idle);
    // The refused passwords are not forgotten: the next one parks at once.
    world.tell(Event::Demand(true));
    world.ends(Code::CameraWrongPassword, Then::Password);
    assert!(matches!(world.phase(), Phase::Parked(Some(_))));
}
