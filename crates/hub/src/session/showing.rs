//! What a viewer sees, in one word and with its reason: the session's connection, its view of the
//! stream, and how the stream's source stands, put together. Pure.

use std::time::{Duration, Instant};

use lenswire_api::{Code, Problem};
use lenswire_media::Viewstate;
use lenswire_rtc::{Closed, SessionEvent};

use super::delay::{DelayWatch, Late};
use super::way::Way;
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
    /// It plays, but the viewer should know: its picture is later than its stream allows, or it is
    /// another one than the stream's own.
    pub warning: Option<Problem>,
    /// Which picture of the scene: 0 = the stream, 1 = its substream; `None` when there is but one.
    pub layer: Option<usize>,
}

impl Shown {
    fn because(showing: Showing, reason: Option<Problem>) -> Self {
        Self {
            showing,
            reason,
            warning: None,
            layer: None,
        }
    }
}

/// What the state is made of.
#[derive(Debug)]
pub(super) struct Picture {
    link: Link,
    way: Way,
    view: Option<Viewstate>,
    source: Standing,
    /// Since when it is known that a keyframe is waited for.
    awaiting: Option<Instant>,
    starved: bool,
    /// Which picture is shown, where there is a choice.
    layer: Option<usize>,
    /// Why the substream is all that can be shown, if it is.
    instead: Option<Problem>,
    delay: DelayWatch,
    told: Option<Shown>,
}

#[derive(Debug)]
enum Link {
    Connecting,
    Connected,
    Closed(Option<Problem>),
}

impl Picture {
    pub(super) fn new(source: Standing, delay_limit: Duration, has_choice: bool) -> Self {
        Self {
            link: Link::Connecting,
            way: Way::default(),
            view: None,
            source,
            awaiting: None,
            starved: false,
            layer: has_choice.then_some(0),
            instead: None,
            delay: DelayWatch::new(delay_limit),
            told: None,
        }
    }

    /// The same, with the way that its media has to find.
    pub(super) fn by(self, way: Way) -> Self {
        Self { way, ..self }
    }

    /// Lets time pass while it finds none; `heard`: something of the viewer's has arrived.
    pub(super) fn seek(&mut self, heard: bool, now: Instant) {
        if matches!(self.link, Link::Connecting) {
            self.way.sought(heard, now);
        }
    }

    /// What the engine says of the session. A closed one stays closed, for its first reason.
    pub(super) fn event(&mut self, event: &SessionEvent) {
        match (event, &self.link) {
            (_, Link::Closed(_)) | (SessionEvent::Candidate(_), _) => {}
            (SessionEvent::Layer(_), _) if self.instead.is_some() => {}
            (SessionEvent::Layer(layer), _) => self.layer = self.layer.and(Some(*layer)),
            (SessionEvent::Connected { .. }, _) => self.link = Link::Connected,
            (SessionEvent::State(view), _) => self.view = Some(*view),
            (SessionEvent::Closed(why), _) => {
                self.link = Link::Closed(reason(*why, &self.way));
            }
        }
    }

    pub(super) fn shows_instead(&mut self, why: Problem) {
        self.layer = Some(1);
        self.instead = Some(why);
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

    /// How late its picture is now; whether that has begun or ceased to be too late. Only a picture
    /// that moves can be late.
    pub(super) fn delay(&mut self, delay: Option<Duration>, now: Instant) -> Option<Late> {
        let moves = matches!(self.state().showing, Showing::Live | Showing::CatchingUp);
        self.delay.measured(delay.filter(|_| moves), now)
    }

    pub(super) fn limit_delay(&mut self, limit: Duration) {
        self.delay.limit(limit);
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
        Shown {
            warning: self.delay.warning().or_else(|| self.instead.clone()),
            layer: self.layer,
            ..self.state()
        }
    }

    fn state(&self) -> Shown {
        let plain = |showing| Shown::because(showing, None);
        match &self.link {
            Link::Connecting => Shown::because(Showing::Connecting, self.way.trouble()),
            Link::Closed(why) => Shown::because(Showing::Closed, why.clone()),
            Link::Connected => match (self.source.phase, self.view) {
                // Idle: a stream that has no source of its own, because somebody publishes it.
                (Phase::Live | Phase::Idle, Some(Viewstate::Live)) => plain(Showing::Live),
                (Phase::Live | Phase::Idle, Some(Viewstate::CatchingUp { .. })) => {
                    plain(Showing::CatchingUp)
                }
                (Phase::Live | Phase::Idle, Some(Viewstate::AwaitingKeyframe)) => {
                    Shown::because(Showing::Waiting, self.starved.then(no_keyframe))
                }
                (Phase::Live | Phase::Idle, None) => plain(Showing::Connected),
                (Phase::Connecting | Phase::Stalled | Phase::Retrying(_) | Phase::Parked(_), _) => {
                    Shown::because(Showing::Waiting, self.source.reason().cloned())
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
fn reason(why: Closed, way: &Way) -> Option<Problem> {
    let problem = match why {
        Closed::ByPeer | Closed::ByHub => return None,
        Closed::IceFailed => way.problem(),
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

    fn picture() -> Picture {
        Picture::new(standing(Phase::Live, None), Duration::from_secs(1), false)
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
        let mut picture = picture();
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
        let mut picture = picture();
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
        let mut picture = picture();
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
        let mut picture = picture();
        picture.close(Some(Problem::from(Code::GrantExpired)));
        picture.event(&SessionEvent::Closed(Closed::ByHub));
        assert_eq!(
            told(&mut picture),
            Some(("closed", Some(Code::GrantExpired)))
        );
        assert!(picture.is_closed());
    }

    // Issue 4: which picture is shown is told where there is a choice, and only there.
    #[test]
    fn the_layer_is_told_where_there_is_a_choice() {
        for (has_choice, expected) in [(false, None), (true, Some(1))] {
            let live = standing(Phase::Live, None);
            let mut picture = Picture::new(live, Duration::from_secs(1), has_choice);
            picture.event(&connected());
            picture.event(&SessionEvent::State(Viewstate::Live));
            assert_eq!(picture.news().unwrap().layer, expected.map(|_| 0));
            picture.event(&SessionEvent::Layer(1));
            assert_eq!(picture.news().and_then(|shown| shown.layer), expected);
        }
    }

    #[test]
    fn only_a_picture_that_moves_can_be_late() {
        let now = start();
        let late = Some(Duration::from_secs(2));
        let mut picture = picture();
        let look =
            |picture: &mut Picture, second| picture.delay(late, now + Duration::from_secs(second));
        for second in 0..5 {
            assert_eq!(look(&mut picture, second), None, "it still connects");
        }
        picture.event(&connected());
        picture.event(&SessionEvent::State(Viewstate::Live));
        assert_eq!(look(&mut picture, 5), None);
        assert_eq!(look(&mut picture, 8), Some(Late::Begins { first: true }));
        let shown = picture.news().unwrap();
        assert_eq!(
            (shown.showing, shown.warning.map(|warning| warning.code)),
            (Showing::Live, Some(Code::ViewerDelayed))
        );
        picture.source(&standing(Phase::Stalled, Some(Code::CameraStalled)));
        assert_eq!(look(&mut picture, 9), Some(Late::Ends));
        assert_eq!(picture.news().unwrap().warning, None);
    }
}
