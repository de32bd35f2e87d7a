//! The way from an address to its picture, as a list of steps. Pure: what a driver reports goes in,
//! with the time; what each step came to comes out.

use std::time::{Duration, Instant};

use lenswire_api::{Code, Problem};
use schemars::JsonSchema;
use serde::Serialize;

use crate::source::Stage;

/// The steps in the order in which they are taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    /// The name has an address.
    Name,
    /// The port takes connections.
    Port,
    /// What answers speaks RTSP.
    Rtsp,
    /// User and password are right.
    Login,
    /// The stream is there and described.
    Describe,
    /// The camera says that it plays.
    Setup,
    /// Packets of the picture come.
    Packets,
    /// One of them begins a picture.
    Keyframe,
}

impl Step {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Name,
        Self::Port,
        Self::Rtsp,
        Self::Login,
        Self::Describe,
        Self::Setup,
        Self::Packets,
        Self::Keyframe,
    ];

    /// What is looked at, for people.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::Name => "Name",
            Self::Port => "Port",
            Self::Rtsp => "RTSP",
            Self::Login => "Password",
            Self::Describe => "Description",
            Self::Setup => "Play",
            Self::Packets => "First packet",
            Self::Keyframe => "First keyframe",
        }
    }

    /// The step that a problem is about, where that is not simply the one it was met in: a camera
    /// refuses a password or a path in answer to whichever request comes first.
    const fn of(code: Code) -> Option<Self> {
        match code {
            Code::CameraWrongPassword
            | Code::CameraPasswordMissing
            | Code::CameraAuthUnsupported => Some(Self::Login),
            Code::CameraNotFound
            | Code::CameraForbidden
            | Code::CameraBusy
            | Code::CameraError
            | Code::CameraRedirects
            | Code::CameraNoVideo
            | Code::CameraCodecUnsupported => Some(Self::Describe),
            Code::NoKeyframe => Some(Self::Keyframe),
            _ => None,
        }
    }
}

/// What a step came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// It is behind us.
    Done,
    /// Here it went wrong.
    Failed,
    /// There was nothing to do, or it was not come to.
    Skipped,
}

/// One step, ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Ended {
    /// Which.
    pub name: Step,
    /// What it came to.
    pub state: State,
    /// What was found, in a few words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// How long it took.
    pub ms: u64,
}

/// The steps so far.
#[derive(Debug)]
pub(super) struct Steps {
    ended: Vec<Ended>,
    since: Instant,
}

impl Steps {
    pub(super) fn new(now: Instant) -> Self {
        Self {
            ended: Vec::new(),
            since: now,
        }
    }

    /// Those that have ended.
    pub(super) fn ended(&self) -> &[Ended] {
        &self.ended
    }

    /// The one that is being taken; `None` when all are behind.
    pub(super) fn current(&self) -> Option<Step> {
        Step::ALL.get(self.ended.len()).copied()
    }

    /// Takes what a driver has reached. After a redirect it reaches things again; the first time counts.
    pub(super) fn reach(&mut self, stage: &Stage, now: Instant) {
        match stage {
            Stage::Named(address) => self.pass(Step::Name, address.to_string(), now),
            Stage::Connected(peer) => self.pass(Step::Port, peer.to_string(), now),
            Stage::Greeted => self.pass(Step::Rtsp, String::new(), now),
            Stage::Described { password } => {
                match password {
                    true => self.pass(Step::Login, String::new(), now),
                    false => self.end(Step::Login, State::Skipped, "none asked for".into(), now),
                }
                self.pass(Step::Describe, String::new(), now);
            }
            Stage::Playing(over) => self.pass(Step::Setup, (*over).to_owned(), now),
        }
    }

    /// A step has gone well, and with it those before.
    pub(super) fn pass(&mut self, step: Step, detail: String, now: Instant) {
        self.end(step, State::Done, detail, now);
    }

    /// It goes no further, for that reason; the steps that are left are skipped.
    pub(super) fn fail(&mut self, problem: &Problem, now: Instant) {
        let Some(current) = self.current() else {
            return;
        };
        let blamed = Step::of(problem.code).map_or(current, |step| step.max(current));
        self.end(blamed, State::Failed, String::new(), now);
        if let Some(last) = Step::ALL.last().filter(|last| **last > blamed) {
            self.end(*last, State::Skipped, String::new(), now);
        }
    }

    /// Ends a step, and all before it that nobody has spoken of, in the same way unless it failed.
    fn end(&mut self, step: Step, state: State, detail: String, now: Instant) {
        let before = if state == State::Failed {
            State::Done
        } else {
            state
        };
        while let Some(name) = self.current().filter(|current| *current <= step) {
            let own = name == step;
            self.ended.push(Ended {
                name,
                state: if own { state } else { before },
                detail: Some(&detail)
                    .filter(|text| own && !text.is_empty())
                    .cloned(),
                ms: millis(now.saturating_duration_since(self.since)),
            });
            self.since = now;
        }
    }
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[expect(
        clippy::disallowed_methods,
        reason = "the fake clock needs a first value"
    )]
    fn start() -> Instant {
        Instant::now()
    }

    fn states(steps: &Steps) -> String {
        let letter = |ended: &Ended| match ended.state {
            State::Done => 'd',
            State::Failed => 'F',
            State::Skipped => '-',
        };
        steps.ended().iter().map(letter).collect()
    }

    fn peer() -> [Stage; 3] {
        let address = "192.168.1.20:554".parse().expect("an address");
        [
            Stage::Named("192.168.1.20".parse().expect("an address")),
            Stage::Connected(address),
            Stage::Greeted,
        ]
    }

    #[test]
    fn a_camera_that_plays_passes_them_all_in_their_own_time() {
        let begin = start();
        let mut steps = Steps::new(begin);
        let at = |ms| begin + Duration::from_millis(ms);
        for (stage, ms) in peer().iter().zip([3, 5, 9]) {
            steps.reach(stage, at(ms));
        }
        steps.reach(&Stage::Described { password: false }, at(20));
        steps.reach(&Stage::Playing("TCP"), at(30));
        steps.pass(Step::Packets, String::new(), at(130));
        steps.pass(Step::Keyframe, String::new(), at(1_130));
        assert_eq!(states(&steps), "ddd-dddd");
        let times: Vec<u64> = steps.ended().iter().map(|ended| ended.ms).collect();
        assert_eq!(times, [3, 2, 4, 11, 0, 10, 100, 1_000]);
        steps.fail(&Problem::from(Code::CameraClosed), at(2_000));
        assert_eq!(states(&steps), "ddd-dddd", "what is behind stays behind");
    }

    // requirement 59: the step that is wrong is named, whichever request the camera refused.
    #[test]
    fn the_step_that_is_to_blame_fails() {
        for (reached, code, expected) in [
            (0, Code::CameraDnsFailed, "F-------"),
            (1, Code::CameraRefused, "dF------"),
            (2, Code::CameraNotRtsp, "ddF-----"),
            (2, Code::CameraWrongPassword, "dddF----"),
            (3, Code::CameraWrongPassword, "dddF----"),
            (3, Code::CameraNotFound, "ddddF---"),
            (3, Code::CameraClosed, "dddF----"),
        ] {
            let mut steps = Steps::new(start());
            for stage in &peer()[..reached] {
                steps.reach(stage, start());
            }
            steps.fail(&Problem::from(code), start());
            assert_eq!(states(&steps), expected, "{code:?}");
        }
    }

    #[test]
    fn a_redirect_reaches_nothing_twice() {
        let mut steps = Steps::new(start());
        for stage in peer().iter().chain(&peer()) {
            steps.reach(stage, start());
        }
        assert_eq!(steps.ended().len(), 3);
        steps.fail(&Problem::from(Code::CameraRefused), start());
        assert_eq!(states(&steps), "dddF----");
    }
}
