//! How late a viewer's picture is, and when that is too late. Pure: measurements and time come in.

use std::time::{Duration, Instant};

use lenswire_api::{Code, Problem};
use lenswire_rtc::SessionStats;

/// A picture may be late for this long before anybody is told: a keyframe on a thin link, or one
/// lost packet, is over sooner.
const PATIENCE: Duration = Duration::from_secs(3);

/// What a player said this long ago says nothing of now. It reports each second; a hidden page's
/// timers run once a second at best.
const OUTDATED: Duration = Duration::from_secs(10);

/// A player that tells of more than an hour has misjudged its clocks.
const MOST: Duration = Duration::from_secs(3600);

/// Who says how late it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DelayFrom {
    /// The player: from capture, or arrival, to display.
    Player,
    /// The hub, for viewers that report nothing: its own part and half the round trip. The
    /// receiver's buffer and decoder are not in it.
    Server,
}

/// From capture, or arrival, to display.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Delay {
    /// How long.
    pub time: Duration,
    /// By whose account.
    pub from: DelayFrom,
}

/// What the player reported, and when.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Reported(Option<(Duration, Instant)>);

impl Reported {
    /// Takes what a report says, which is believed only as far as it is plausible. A report that
    /// says nothing of it (a tile's size has changed) takes nothing back.
    pub(super) fn take(&mut self, delay: Option<Duration>, now: Instant) {
        let plausible = delay.filter(|delay| *delay < MOST);
        self.0 = plausible.map(|delay| (delay, now)).or(self.0);
    }

    /// The best that is known.
    pub(super) fn or(self, stats: &SessionStats, now: Instant) -> Option<Delay> {
        let fresh = |(_, at): &(Duration, Instant)| now.saturating_duration_since(*at) < OUTDATED;
        if let Some((time, _)) = self.0.filter(fresh) {
            return Some(Delay {
                time,
                from: DelayFrom::Player,
            });
        }
        let time = stats.delay? + stats.rtt.unwrap_or_default() / 2;
        Some(Delay {
            time,
            from: DelayFrom::Server,
        })
    }
}

/// A change in whether a picture is too late.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Late {
    /// It has been for [`PATIENCE`]. `first`: for the first time in its session.
    Begins { first: bool },
    /// It is no longer.
    Ends,
}

/// Watches one viewer's delay against its stream's limit.
#[derive(Debug)]
pub(super) struct DelayWatch {
    limit: Duration,
    over: Over,
    warned_before: bool,
}

#[derive(Debug)]
enum Over {
    No,
    Since(Instant),
    Warned(Problem),
}

impl DelayWatch {
    pub(super) fn new(limit: Duration) -> Self {
        Self {
            limit,
            over: Over::No,
            warned_before: false,
        }
    }

    /// The stream has another limit from now on.
    pub(super) fn limit(&mut self, limit: Duration) {
        self.limit = limit;
    }

    /// The delay now; `None` when there is none to speak of.
    pub(super) fn measured(&mut self, delay: Option<Duration>, now: Instant) -> Option<Late> {
        let Some(delay) = delay.filter(|delay| *delay > self.limit) else {
            let was = std::mem::replace(&mut self.over, Over::No);
            return matches!(was, Over::Warned(_)).then_some(Late::Ends);
        };
        match self.over {
            Over::No => {
                self.over = Over::Since(now);
                None
            }
            Over::Since(at) if now.saturating_duration_since(at) >= PATIENCE => {
                self.over = Over::Warned(late(delay, self.limit));
                let first = !std::mem::replace(&mut self.warned_before, true);
                Some(Late::Begins { first })
            }
            Over::Since(_) | Over::Warned(_) => None,
        }
    }

    /// What to tell the viewer. Its figures are those of when it began, so that it is told once.
    pub(super) fn warning(&self) -> Option<Problem> {
        match &self.over {
            Over::Warned(problem) => Some(problem.clone()),
            Over::No | Over::Since(_) => None,
        }
    }
}

fn late(delay: Duration, limit: Duration) -> Problem {
    let detail = format!(
        "The picture is {:.1} s late, and this stream allows {:.1} s (delay_limit).",
        delay.as_secs_f64(),
        limit.as_secs_f64()
    );
    Problem::new(Code::ViewerDelayed, detail)
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMIT: Duration = Duration::from_secs(1);
    const SHORT: Option<Duration> = Some(Duration::from_millis(100));
    const LONG: Option<Duration> = Some(Duration::from_millis(1_400));

    #[expect(
        clippy::disallowed_methods,
        reason = "the fake clock needs a first value"
    )]
    fn start() -> Instant {
        Instant::now()
    }

    fn millis(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    // faults.md: delay is measured per viewer; a warning comes and goes with its cause.
    #[test]
    fn a_late_picture_is_told_of_after_three_seconds_and_until_it_is_in_time() {
        let now = start();
        let mut watch = DelayWatch::new(LIMIT);
        assert_eq!(watch.measured(LONG, now), None);
        assert_eq!(watch.measured(LONG, now + millis(2_999)), None);
        assert_eq!(watch.warning(), None);
        let told = watch.measured(LONG, now + millis(3_000));
        assert_eq!(told, Some(Late::Begins { first: true }));
        let warning = watch.warning().unwrap();
        assert_eq!(warning.code, Code::ViewerDelayed);
        assert!(warning.detail.contains("1.4 s late"), "{}", warning.detail);
        assert_eq!(watch.measured(Some(LIMIT * 9), now + millis(9_000)), None);
        assert_eq!(watch.warning(), Some(warning), "told once, not each second");
        assert_eq!(watch.measured(SHORT, now + millis(9_500)), Some(Late::Ends));
        assert_eq!(watch.warning(), None);
        // And anew: it begins again, but not for the first time.
        assert_eq!(watch.measured(LONG, now + millis(10_000)), None);
        let told = watch.measured(LONG, now + millis(13_000));
        assert_eq!(told, Some(Late::Begins { first: false }));
    }

    #[test]
    fn what_is_late_now_and_then_or_not_measured_is_not_told_of() {
        let now = start();
        let mut watch = DelayWatch::new(LIMIT);
        for second in 0..60 {
            let delay = if second % 3 == 2 { SHORT } else { LONG };
            assert_eq!(watch.measured(delay, now + millis(second * 1_000)), None);
        }
        assert_eq!(watch.measured(LONG, now + millis(60_000)), None);
        assert_eq!(watch.measured(None, now + millis(62_000)), None);
        assert_eq!(watch.measured(LONG, now + millis(64_000)), None);
        assert_eq!(watch.measured(Some(LIMIT), now + millis(70_000)), None);
        watch.limit(millis(50));
        assert_eq!(watch.measured(SHORT, now + millis(71_000)), None);
        assert!(watch.measured(SHORT, now + millis(74_000)).is_some());
    }

    #[test]
    fn the_players_word_counts_while_it_is_fresh_and_plausible() {
        let now = start();
        let mut reported = Reported::default();
        let mut stats = SessionStats::default();
        assert_eq!(reported.or(&stats, now), None);
        (stats.delay, stats.rtt) = (Some(millis(3)), Some(millis(40)));
        let server = Some(Delay {
            time: millis(23),
            from: DelayFrom::Server,
        });
        assert_eq!(reported.or(&stats, now), server);
        reported.take(SHORT, now);
        let player = Some(Delay {
            time: millis(100),
            from: DelayFrom::Player,
        });
        assert_eq!(reported.or(&stats, now + millis(9_999)), player);
        assert_eq!(reported.or(&stats, now + millis(10_000)), server);
        reported.take(None, now + millis(9_000));
        assert_eq!(reported.or(&stats, now + millis(9_000)), player);
        reported.take(Some(MOST), now + millis(11_000));
        assert_eq!(reported.or(&stats, now + millis(11_000)), server);
    }
}
