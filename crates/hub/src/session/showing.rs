//! What a viewer sees, in one word and with its reason: the session's connection, its view of the
//! stream, and how the stream's source stands, put together. Pure.

use std::time::{Duration, Instant};

use lenswire_api::{Code, Problem};
use lenswire_media::Viewstate;
use lenswire_rtc::{Closed, SessionEvent};

use crate::stream::Standing;
use crate::supervise::Phase;

/// A connected viewer of a live source who has waited this long for a keyframe is told so.
const KEYFRAME_PATIENCE: Duration = Duration::from_secs(5);

/// A session's state in the words of the socket's protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Showing {
    /// ICE and DTLS are on their way.
    Connecting,
    /// They are through; nothing is known of the picture yet.
    Connected,
    /// The cached pictures are being replayed, faster than they were recorded.
    CatchingUp,
    /// The newest picture, as it comes.
    Live,
    /// There is nothing to show; the reason says why, as far as there is one.
    Waiting,
    /// It is over.
    Closed,
}

impl Showing {
    /// As the protocol spells it.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Connecting => "connecting",
            Self::Connected => "connected",
            Self::CatchingUp => "catching_up",
            Self::Live => "live",
            Self::Waiting => "waiting",
            Self::Closed => "closed",
        }
    }
}

/// A state with its reason.
#[derive(Clone, Debug, PartialEq)]
pub struct Shown {
    /// In one word.
    pub showing: Showing,
    /// Why, when it is not simply going well.
    pub reason: Option<Problem>,
}

/// What the state is made of.
#[derive(Debug)]
pub(super) struct Picture {
    link: Link,
    view: Option<Viewstate>,
    source: Standing,
    /// Since when it is known that a keyframe is waited for.
    awaiting: Option<Instant>,
    starved: bool,
    told: Option<Shown>,
}

#[derive(Debug)]
enum Link {
    Connecting,
    Connected,
    Closed(Option<Problem>),
}

impl Picture {
    pub(super) fn new(source: Standing) -> Self {
        Self {
            link: Link::Connecting,
            view: None,
            source,
            awaiting: None,
            starved: false,
            told: None,
        }
    }

    /// What the engine says of the session. A closed one stays closed, for its first reason.
    pub(super) fn event(&mut self, event: &SessionEvent) {
        match (event, &self.link) {
            (_, Link::Closed(_)) | (SessionEvent::Candidate(_) | SessionEvent::Layer(_), _) => {}
            (SessionEvent::Connected { .. }, _) => self.link = Link::Connected,
            (SessionEvent::State(view), _) => self.view = Some(*view),
            (SessionEvent::Closed(why), _) => self.link = Link::Closed(reason(*why)),
        }
    }

    /// The hub ends the session.
    pub(super) fn close(&mut self, why: Option<Problem>) {
        if !self.is_closed() {
            self.link = Link::Closed(why);
        }
    }

    pub(super) fn is_closed(&self) -> bool {
        matches!(self.link, Link::Closed(_))
    }

    pub(super) fn is_connected(&self) -> bool {
        matches!(self.link, Link::Connected)
    }

    pub(super) fn source(&mut self, standing: &Standing) {
        self.source = standing.clone();
    }

    /// Lets time pass: a viewer of a live source that waits too long is starved of keyframes.
    pub(super) fn tick(&mut self, now: Instant) {
        let waits = matches!(self.link, Link::Connected)
            && self.view == Some(Viewstate::AwaitingKeyframe)
            && matches!(self.source.phase, Phase::Live | Phase::Idle);
        self.awaiting = waits.then(|| self.awaiting.unwrap_or(now));
        self.starved = self
            .awaiting
            .is_some_and(|since| now.saturating_duration_since(since) >= KEYFRAME_PATIENCE);
    }

    /// The state, if it differs from what was told last.
    pub(super) fn news(&mut self) -> Option<Shown> {
        let shown = self.shown();
        if self.told.as_ref() == Some(&shown) {
            return None;
        }
        self.told = Some(shown.clone());
        Some(shown)
    }

    /// Makes the next [`Self::news`] tell the state even if it was told: there is a new listener.
    pub(super) fn untold(&mut self) {
        self.told = None;
    }

    pub(super) fn shown(&self) -> Shown {
        let plain = |showing| Shown {
            showing,
            reason: None,
        };
        match &self.link {
            Link::Connecting => plain(Showing::Connecting),
            Link::Closed(why) => Shown {
                showing: Showing::Closed,
                reason: why.clone(),
            },
            Link::Connected => match (self.source.phase, self.view) {
                // Idle: a stream that has no source of its own, because somebody publishes it.
                (Phase::Live | Phase::Idle, Some(Viewstate::Live)) => plain(Showing::Live),
                (Phase::Live | Phase::Idle, Some(Viewstate::CatchingUp { .. })) => {
                    plain(Showing::CatchingUp)
                }
                (Phase::Live | Phase::Idle, Some(Viewstate::AwaitingKeyframe)) => Shown {
                    showing: Showing::Waiting,
                    reason: self.starved.then(no_keyframe),
                },
                (Phase::Live | Phase::Idle, None) => plain(Showing::Connected),
                (Phase::Connecting | Phase::Stalled | Phase::Retrying(_) | Phase::Parked(_), _) => {
                    Shown {
                        showing: Showing::Waiting,
                        reason: self.source.problem.clone(),
                    }
                }
            },
        }
    }
}

fn no_keyframe() -> Problem {
    let detail = format!(
        "The camera sends video, but no keyframe for {} s, and a picture can only start with one.",
        KEYFRAME_PATIENCE.as_secs()
    );
    Problem::new(Code::NoKeyframe, detail)
}

/// Why the engine closed a session, in words. `None`: as somebody wished.
fn reason(why: Closed) -> Option<Problem> {
    let problem = match why {
        Closed::ByPeer | Closed::ByHub => return None,
        Closed::IceFailed => Problem::new(
            Code::IceFailed,
            "No pair of addresses let viewer and server reach each other.",
        ),
        Closed::DtlsFailed => Problem::new(
            Code::IceFailed,
            "The two could reach each other, but did not agree on keys (DTLS).",
        )
        .with_fix(
            "Connect again. When it happens each time, something between the two changes packets.",
        ),
        Closed::Vanished => Problem::new(
            Code::ViewerVanished,
            "Nothing has been heard from the viewer for too long.",
        ),
        Closed::TracksChanged => Problem::new(
            Code::TracksChanged,
            "The stream's tracks are other ones now than when this session began.",
        ),
        Closed::TooSlow => Problem::new(
            Code::ViewerTooSlow,
            "The viewer's connection carries less than the stream needs, for too long.",
        ),
        Closed::Panicked => Problem::new(
            Code::Internal,
            "The part of Lenswire that served this session failed. Connecting again is safe.",
        ),
        Closed::EngineStopped => Problem::new(Code::Overloaded, "Lenswire is stopping.")
            .with_fix("Connect again in a few seconds."),
    };
    Some(problem)
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;

    use lenswire_rtc::{Pair, Protocol};

    use super::*;

    #[expect(
        clippy::disallowed_methods,
        reason = "the fake clock needs a first value"
    )]
    fn start() -> Instant {
        Instant::now()
    }

    fn standing(phase: Phase, code: Option<Code>) -> Standing {
        Standing {
            phase,
            since: start(),
            problem: code.map(Problem::from),
            warnings: Vec::new(),
            reconnects: 0,
            panics: 0,
        }
    }

    fn connected() -> SessionEvent {
        let address = SocketAddr::from(([192, 0, 2, 1], 1));
        SessionEvent::Connected {
            pair: Pair {
                protocol: Protocol::Udp,
                local: address,
                remote: address,
            },
        }
    }

    fn told(picture: &mut Picture) -> Option<(&'static str, Option<Code>)> {
        picture
            .news()
            .map(|shown| (shown.showing.word(), shown.reason.map(|r| r.code)))
    }

    #[test]
    fn a_session_goes_from_connecting_to_live_and_says_each_step_once() {
        let mut picture = Picture::new(standing(Phase::Live, None));
        assert_eq!(told(&mut picture), Some(("connecting", None)));
        assert_eq!(told(&mut picture), None);
        picture.event(&connected());
        assert_eq!(told(&mut picture), Some(("connected", None)));
        picture.event(&SessionEvent::State(Viewstate::CatchingUp {
            behind: Duration::from_secs(1),
        }));
        assert_eq!(told(&mut picture), Some(("catching_up", None)));
        picture.event(&SessionEvent::State(Viewstate::Live));
        assert_eq!(told(&mut picture), Some(("live", None)));
        picture.event(&SessionEvent::Closed(Closed::Vanished));
        assert_eq!(
            told(&mut picture),
            Some(("closed", Some(Code::ViewerVanished)))
        );
        picture.event(&connected());
        assert_eq!(told(&mut picture), None, "closed is for good");
    }

    // The words change with the cause and are gone when it plays.
    #[test]
    fn while_the_source_is_down_the_reason_is_the_sources() {
        let mut picture = Picture::new(standing(Phase::Live, None));
        picture.event(&connected());
        picture.event(&SessionEvent::State(Viewstate::Live));
        assert_eq!(told(&mut picture), Some(("live", None)));
        picture.source(&standing(Phase::Stalled, Some(Code::CameraStalled)));
        assert_eq!(
            told(&mut picture),
            Some(("waiting", Some(Code::CameraStalled)))
        );
        picture.source(&standing(Phase::Retrying(None), Some(Code::CameraRefused)));
        assert_eq!(
            told(&mut picture),
            Some(("waiting", Some(Code::CameraRefused)))
        );
        picture.source(&standing(
            Phase::Retrying(Some(start())),
            Some(Code::CameraRefused),
        ));
        assert_eq!(
            told(&mut picture),
            None,
            "the next attempt's time is no news to a viewer"
        );
        picture.source(&standing(Phase::Live, None));
        assert_eq!(told(&mut picture), Some(("live", None)));
    }

    #[test]
    fn a_live_source_without_keyframes_is_named_after_five_seconds() {
        let now = start();
        let mut picture = Picture::new(standing(Phase::Live, None));
        picture.event(&connected());
        picture.event(&SessionEvent::State(Viewstate::AwaitingKeyframe));
        for second in 0..5 {
            picture.tick(now + Duration::from_secs(second));
        }
        assert_eq!(told(&mut picture), Some(("waiting", None)));
        picture.tick(now + Duration::from_secs(5));
        assert_eq!(
            told(&mut picture),
            Some(("waiting", Some(Code::NoKeyframe)))
        );
        picture.event(&SessionEvent::State(Viewstate::Live));
        assert_eq!(told(&mut picture), Some(("live", None)));
        // Waiting begins anew.
        picture.tick(now + Duration::from_secs(9));
        picture.event(&SessionEvent::State(Viewstate::AwaitingKeyframe));
        picture.tick(now + Duration::from_secs(10));
        assert_eq!(told(&mut picture), Some(("waiting", None)));
    }

    #[test]
    fn what_the_hub_says_first_is_the_reason_that_stays() {
        let mut picture = Picture::new(standing(Phase::Live, None));
        picture.close(Some(Problem::from(Code::GrantExpired)));
        picture.event(&SessionEvent::Closed(Closed::ByHub));
        assert_eq!(
            told(&mut picture),
            Some(("closed", Some(Code::GrantExpired)))
        );
        assert!(picture.is_closed());
    }
}
