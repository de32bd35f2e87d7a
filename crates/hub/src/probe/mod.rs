//! Looking at a camera once, before anybody depends on it: what it sends, who can play that, and
//! where it goes wrong. The same driver as for a stream plays it, into a stream of its own.
//!
//! | file | what |
//! |---|---|
//! | `steps` | the way to the picture, step by step (pure) |
//! | `plays` | what plays what (pure) |
//! | here | running a driver until enough is known |

mod plays;
mod steps;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use lenswire_api::{Code, Problem};
use lenswire_media::{Consumer, Item, Kind, ParameterSets, Stream, StreamStats, Track, facts};
use schemars::JsonSchema;
use serde::Serialize;
use tokio::sync::Notify;

use plays::CONVERTED;
pub use plays::{Play, Plays, Reason, Verdict, plays};
use steps::Steps;
pub use steps::{Ended, State, Step};

use crate::config::policy::Policy;
use crate::config::{SourceUrl, Transport};
use crate::source::{Progress, RtspSource, Source};
use crate::views::TrackView;

/// All of it takes at most this long. Silence is told after 5 s by TCP and 5 s by UDP, and a
/// connection of a camera in the same house takes no time.
pub(crate) const TIME: Duration = Duration::from_secs(12);

/// From the first keyframe on the picture is watched for so long: B-frames and the frame rate show
/// within two seconds (A6) ..
const LOOK: Duration = Duration::from_millis(2_500);

/// .. and the distance of keyframes with the second one, which is not waited for longer than this.
const SECOND_KEYFRAME: Duration = Duration::from_secs(6);

/// How often it is looked at whether enough is known.
const GLANCE: Duration = Duration::from_millis(250);

/// What is to be looked at.
#[derive(Clone, Debug)]
pub struct Camera(Source);

impl Camera {
    /// At an address that is the administrator's own word: from the file or the command line.
    #[must_use]
    pub fn trusted(url: SourceUrl, transport: Transport) -> Self {
        Self(Source::Rtsp(RtspSource::new(url, transport)))
    }

    /// At an address that came with a request; it may not lead where `policy` does not allow (SEC-25).
    #[must_use]
    pub fn untrusted(url: SourceUrl, transport: Transport, policy: Policy) -> Self {
        Self(Source::Rtsp(RtspSource::untrusted(url, transport, policy)))
    }
}

/// What was found.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Found {
    /// The way to the picture; all steps, in order.
    pub steps: Vec<Ended>,
    /// What the camera sends.
    pub tracks: Vec<FoundTrack>,
    /// What is not as it should be, though it plays.
    pub warnings: Vec<Problem>,
    /// Why it does not play.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub problem: Option<Problem>,
}

/// One of the camera's tracks.
#[derive(Debug, Serialize, JsonSchema)]
pub struct FoundTrack {
    /// As a stream shows it.
    #[serde(flatten)]
    pub track: TrackView,
    /// The profile as people say it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub profile_name: Option<String>,
    /// Measured.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub frames_per_second: Option<f32>,
    /// Measured; absent when a second keyframe did not come in time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub keyframe_interval_ms: Option<u64>,
    /// Whether frames come in another order than they are shown in; absent for sound.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub b_frames: Option<bool>,
    /// Who can play it.
    pub plays: Plays,
}

impl FoundTrack {
    fn new(track: &Track, stats: &StreamStats, b_frames: bool) -> Self {
        let profile = facts::inspect(&track.parameters).map(|facts| facts.profile);
        let video = track.codec.kind() == Kind::Video;
        let interval = stats.keyframe_interval.filter(|_| video);
        Self {
            track: TrackView::new(track, stats.size),
            profile_name: profile.map(|profile| profile.to_string()),
            frames_per_second: video.then_some(stats.frames_per_second),
            keyframe_interval_ms: interval
                .map(|interval| u64::try_from(interval.as_millis()).unwrap_or(u64::MAX)),
            b_frames: video.then_some(b_frames),
            plays: match track.parameters {
                ParameterSets::Converted(_) => CONVERTED,
                _ => plays(track.codec, profile, video && b_frames),
            },
        }
    }
}

/// What a probe knows so far.
struct Seen {
    steps: Steps,
    /// By code: a later one replaces an earlier one.
    warnings: BTreeMap<&'static str, Problem>,
    first_packet: Option<Instant>,
    keyframe: Option<Instant>,
}

impl Seen {
    fn new(now: Instant) -> Self {
        Self {
            steps: Steps::new(now),
            warnings: BTreeMap::new(),
            first_packet: None,
            keyframe: None,
        }
    }

    fn on_progress(&mut self, progress: Progress, now: Instant) {
        match progress {
            Progress::Connecting | Progress::Bad(_) => {}
            Progress::Reached(stage) => self.steps.reach(&stage, now),
            Progress::Live => {
                self.first_packet.get_or_insert(now);
                self.steps.pass(Step::Packets, String::new(), now);
            }
            Progress::Warning(problem) => {
                self.warnings.insert(problem.code.name(), problem);
            }
            Progress::Resolved(code) => {
                self.warnings.remove(code.name());
            }
        }
    }

    fn on_keyframe(&mut self, stats: &StreamStats, now: Instant) {
        if self.keyframe.is_some() {
            return;
        }
        self.keyframe = Some(now);
        let size = stats
            .size
            .map(|(width, height)| format!("{width}x{height}"));
        self.steps
            .pass(Step::Keyframe, size.unwrap_or_default(), now);
    }

    /// Whether waiting longer would tell nothing more.
    fn is_enough(&self, stats: &StreamStats, now: Instant) -> bool {
        let looked = self.keyframe.map(|at| now.saturating_duration_since(at));
        looked.is_some_and(|looked| {
            looked >= SECOND_KEYFRAME || (looked >= LOOK && stats.keyframe_interval.is_some())
        })
    }

    /// Why it is not known after [`TIME`]; nothing is wrong with a camera whose keyframe has come.
    fn overdue(&self, now: Instant) -> Option<Problem> {
        if self.keyframe.is_some() {
            return None;
        }
        Some(match self.first_packet {
            Some(at) => {
                let waited = now.saturating_duration_since(at).as_secs();
                let detail = format!("Video came for {waited} seconds, and no keyframe in it.");
                Problem::new(Code::NoKeyframe, detail)
            }
            None => Problem::new(
                Code::CameraSilent,
                format!("There was no picture after {} seconds.", TIME.as_secs()),
            ),
        })
    }
}

/// Looks at a camera; `tell` hears of each step as it ends. Takes at most `TIME`; dropped, it lets
/// go of the camera.
pub async fn run(camera: &Camera, tell: &mut (dyn FnMut(&Ended) + Send)) -> Found {
    let (stream, news) = (Stream::new(), Arc::new(Notify::new()));
    let seen = Mutex::new(Seen::new(now()));
    let wake = Arc::clone(&news);
    let mut consumer = stream.consume(Arc::new(move || wake.notify_one()));
    let mut report = |progress| {
        lock(&seen).on_progress(progress, now());
        news.notify_one();
    };
    let mut told = 0;
    let ended = {
        let running = camera.0.run(&stream, &mut report);
        tokio::pin!(running);
        let late = tokio::time::sleep(TIME);
        tokio::pin!(late);
        loop {
            let (end, over) = tokio::select! {
                end = &mut running => (Some(end.problem), true),
                () = &mut late => (lock(&seen).overdue(now()), true),
                () = news.notified() => (None, false),
                () = tokio::time::sleep(GLANCE) => (None, false),
            };
            let enough = look(&stream, &mut consumer, &mut lock(&seen));
            tell_new(&lock(&seen).steps, &mut told, tell);
            if over || enough {
                break end;
            }
        }
    };
    let mut seen = seen.into_inner().unwrap_or_else(PoisonError::into_inner);
    if let Some(problem) = &ended {
        seen.steps.fail(problem, now());
    }
    tell_new(&seen.steps, &mut told, tell);
    found(seen, &stream, ended)
}

/// Looks through what came; whether that is enough.
fn look(stream: &Stream, consumer: &mut Consumer, seen: &mut Seen) -> bool {
    let now = now();
    let mut keyframe = false;
    while let Some(item) = consumer.pop() {
        if let Item::Batch(batch) = item {
            let tracks = stream.tracks();
            let track = tracks.as_ref().and_then(|tracks| tracks.get(batch.track));
            let video = track.is_some_and(|track| track.codec.kind() == Kind::Video);
            keyframe |= video && batch.packets.iter().any(|packet| packet.keyframe);
        }
    }
    let stats = stream.stats(now);
    if keyframe {
        seen.on_keyframe(&stats, now);
    }
    seen.is_enough(&stats, now)
}

fn tell_new(steps: &Steps, told: &mut usize, tell: &mut (dyn FnMut(&Ended) + Send)) {
    steps.ended().iter().skip(*told).for_each(tell);
    *told = steps.ended().len();
}

fn found(seen: Seen, stream: &Stream, problem: Option<Problem>) -> Found {
    let stats = stream.stats(now());
    let tracks = stream.tracks();
    let tracks = tracks.iter().flat_map(|tracks| tracks.0.iter());
    let b_frames = stats.b_frames || seen.warnings.contains_key(Code::BFrames.name());
    Found {
        steps: seen.steps.ended().to_vec(),
        tracks: tracks
            .map(|track| FoundTrack::new(track, &stats, b_frames))
            .collect(),
        warnings: seen.warnings.into_values().collect(),
        problem,
    }
}

fn lock(seen: &Mutex<Seen>) -> MutexGuard<'_, Seen> {
    // Nothing that holds it can panic half-way.
    seen.lock().unwrap_or_else(PoisonError::into_inner)
}

#[expect(
    clippy::disallowed_methods,
    reason = "a door: a camera's progress enters here"
)]
fn now() -> Instant {
    Instant::now()
}
