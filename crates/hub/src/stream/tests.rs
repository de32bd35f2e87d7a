//! A source under its supervisor, on a clock that the runtime turns: nothing here takes real time.

#![allow(
    clippy::disallowed_methods,
    reason = "the clock is tokio's, paused, and turned by the test"
)]

use lenswire_api::Code;
use tokio::sync::mpsc::UnboundedReceiver;
use tokio_util::task::AbortOnDropHandle;

use super::*;
use crate::source::scripted::{Happened, Scene, Script, picture};
use crate::source::{End, Progress, Then};
use crate::supervise::{GRACE, STALL};

/// A stream with a scripted source that runs.
struct World {
    entry: Arc<Entry>,
    happened: UnboundedReceiver<Happened>,
    _task: AbortOnDropHandle<()>,
}

impl World {
    fn new(on_demand: bool, scenes: impl IntoIterator<Item = Scene>) -> Self {
        let (script, happened) = Script::new("first", scenes);
        let entry = Entry::new(
            name(),
            config(on_demand),
            Some(Source::Scripted(script)),
            clock(),
        );
        let task = AbortOnDropHandle::new(tokio::spawn(Arc::clone(&entry).run()));
        Self {
            entry,
            happened,
            _task: task,
        }
    }

    async fn next(&mut self) -> Happened {
        self.happened.recv().await.expect("the script lives")
    }

    /// Waits until the source waits for its next attempt.
    async fn waits(&self) {
        let mut standing = self.entry.follow();
        standing
            .wait_for(|standing| standing.retry_at().is_some())
            .await
            .expect("the entry lives");
    }

    /// Waits until the source stands so.
    async fn stands(&self, word: &str) -> Standing {
        let mut standing = self.entry.follow();
        standing
            .wait_for(|standing| standing.word() == word)
            .await
            .expect("the entry lives")
            .clone()
    }
}

fn name() -> StreamName {
    StreamName::parse("gate").expect("a name")
}

fn config(on_demand: bool) -> StreamConfig {
    StreamConfig {
        on_demand,
        ..StreamConfig::default()
    }
}

fn refused() -> End {
    End {
        problem: Problem::from(Code::CameraRefused),
        then: Then::Retry,
    }
}

#[tokio::test(start_paused = true)]
async fn an_always_on_source_plays_without_viewers() {
    let mut world = World::new(false, [Scene::Play]);
    assert_eq!(world.next().await, Happened::Started);
    assert_eq!(world.stands("live").await.problem, None);
    assert!(world.entry.media().is_live() && world.entry.media().tracks().is_some());
}

// requirement 68 (on-demand start and stop)
#[tokio::test(start_paused = true)]
async fn an_on_demand_source_starts_with_demand_and_stops_a_grace_after_it() {
    let mut world = World::new(true, [Scene::Play]);
    tokio::time::sleep(Duration::from_secs(3_600)).await;
    assert!(world.happened.is_empty(), "nobody wanted it");
    let demand = world.entry.media().demand();
    assert_eq!(world.next().await, Happened::Started);
    world.stands("live").await;
    // The script shows one picture and no more: what stalls is dialled again while it is wanted.
    let left = tokio::time::Instant::now();
    drop(demand);
    let _idle = world.stands("idle").await;
    assert!(
        left.elapsed() >= GRACE && left.elapsed() < GRACE + Duration::from_secs(1),
        "{:?}",
        left.elapsed()
    );
    assert!(!world.entry.media().is_live());
    assert!(
        world.entry.media().tracks().is_some(),
        "what it consisted of is remembered"
    );
    let _again = world.entry.media().demand();
    world.stands("live").await;
}

// A2: silence of 5 s is seen, named and answered with a new dial; viewers' stream is the same.
#[tokio::test(start_paused = true)]
async fn a_source_that_falls_silent_is_dialled_again() {
    // The second run hangs, so that the stall can be looked at.
    let mut world = World::new(false, [Scene::Play, Scene::Hang, Scene::Play, Scene::Hang]);
    let mut consumer = world.entry.media().consume(Arc::new(|| {}));
    let mut epochs = Vec::new();
    let mut read = || {
        while let Some(item) = consumer.pop() {
            if let lenswire_media::Item::Batch(batch) = item {
                epochs.push(batch.epoch);
            }
        }
    };
    assert_eq!(world.next().await, Happened::Started);
    world.stands("live").await;
    read();
    let silent = tokio::time::Instant::now();
    let stalled = world.stands("stalled").await;
    assert!(silent.elapsed() <= STALL, "{:?}", silent.elapsed());
    assert_eq!(
        stalled.problem.map(|problem| problem.code),
        Some(Code::CameraStalled)
    );
    assert_eq!(world.next().await, Happened::Stopped);
    assert_eq!(world.next().await, Happened::Started);
    let live = world.stands("live").await;
    assert_eq!((live.problem, live.reconnects), (None, 1));
    read();
    assert_eq!(epochs, [1, 2], "the same reader reads both runs");
}

// D9: a panic costs the one source, is counted, and the source is tried again.
#[tokio::test(start_paused = true)]
async fn a_panicking_source_is_contained_counted_and_tried_again() {
    let mut world = World::new(false, [Scene::Panic, Scene::Panic, Scene::Play]);
    let other = World::new(false, [Scene::Play]);
    other.stands("live").await;
    let retrying = world.stands("retrying").await;
    assert_eq!(
        retrying.problem.map(|problem| problem.code),
        Some(Code::Internal)
    );
    for _ in 0..2 {
        assert_eq!(world.next().await, Happened::Started);
        assert_eq!(world.next().await, Happened::Stopped);
    }
    let live = world.stands("live").await;
    assert_eq!((live.panics, live.problem), (2, None));
    assert_eq!(other.entry.standing().panics, 0);
}

#[tokio::test(start_paused = true)]
async fn a_changed_source_takes_over_and_readers_stay() {
    let mut world = World::new(false, [Scene::End(refused())]);
    let consumer = world.entry.media().consume(Arc::new(|| {}));
    world.stands("retrying").await;
    let (script, mut other) = Script::new("second", [Scene::Play]);
    world
        .entry
        .configure(config(false), Some(Source::Scripted(script)), clock());
    assert_eq!(other.recv().await, Some(Happened::Started));
    world.stands("live").await;
    assert_eq!(world.entry.media().demanded(), 1);
    drop(consumer);
    // The same address again is no change.
    let (same, mut silent) = Script::new("second", [Scene::Hang]);
    world
        .entry
        .configure(config(false), Some(Source::Scripted(same)), clock());
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert!(silent.try_recv().is_err() && world.entry.media().is_live());
    // Nor is when it runs: it stops when nobody has wanted it for a while.
    world.entry.configure(
        config(true),
        Some(Source::Scripted(Script::new("second", []).0)),
        clock(),
    );
    assert!(world.entry.media().is_live());
    world.stands("idle").await;
    // And without a source there is nothing to run.
    world.entry.configure(config(false), None, clock());
    tokio::time::sleep(Duration::from_secs(60)).await;
    assert_eq!(world.entry.standing().word(), "idle");
    world.happened.close();
}

#[tokio::test(start_paused = true)]
async fn retry_and_joining_viewers_bring_the_next_attempt_forward() {
    let park = End {
        problem: Problem::from(Code::CameraNoVideo),
        then: Then::Park,
    };
    let mut world = World::new(
        false,
        [Scene::End(park.clone()), Scene::End(park), Scene::Play],
    );
    world.waits().await;
    while world.happened.try_recv().is_ok() {}
    let parked = tokio::time::Instant::now();
    world.entry.retry(clock());
    assert_eq!(world.next().await, Happened::Started);
    assert_eq!(world.next().await, Happened::Stopped);
    world.waits().await;
    world.entry.joined(clock());
    world.stands("live").await;
    assert!(
        parked.elapsed() < Duration::from_secs(5),
        "{:?}",
        parked.elapsed()
    );
}

#[tokio::test(start_paused = true)]
async fn warnings_come_and_go_by_their_code() {
    let world = World::new(false, [Scene::Play, Scene::Hang]);
    world.stands("live").await;
    let run = world.entry.lock().run;
    let warn = |detail: &'static str| {
        world
            .entry
            .report(run, Progress::Warning(Problem::new(Code::BFrames, detail)));
    };
    warn("once");
    warn("twice");
    world
        .entry
        .report(run - 1, Progress::Warning(Problem::from(Code::UdpSilent)));
    let warnings = world.entry.standing().warnings;
    assert_eq!(
        warnings,
        [Problem::new(Code::BFrames, "twice")],
        "one per code, and none of an earlier run"
    );
    world.entry.report(run, Progress::Resolved(Code::BFrames));
    assert!(world.entry.standing().warnings.is_empty());
    warn("thrice");
    world.stands("stalled").await;
    assert!(
        world.entry.standing().warnings.is_empty(),
        "a new run has its own"
    );
}

#[tokio::test(start_paused = true)]
async fn tracks_are_waited_for_and_the_waiting_is_told() {
    let world = World::new(true, [Scene::End(refused()), Scene::Play]);
    let _demand = world.entry.media().demand();
    let mut told = Vec::new();
    let mut waiting = |standing: &Standing| {
        told.push((standing.word(), standing.problem.as_ref().map(|p| p.code)));
    };
    let tracks = world
        .entry
        .tracks(clock(), Duration::from_secs(10), &mut waiting)
        .await;
    assert_eq!(tracks.map(|tracks| tracks.0.len()), Some(1));
    assert_eq!(told.first(), Some(&("idle", None)));
    assert!(
        told.contains(&("retrying", Some(Code::CameraRefused))),
        "{told:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn tracks_that_never_come_are_waited_for_so_long_and_no_longer() {
    let world = World::new(true, [Scene::Hang]);
    let _demand = world.entry.media().demand();
    let asked = tokio::time::Instant::now();
    let patience = Duration::from_secs(10);
    assert!(
        world
            .entry
            .tracks(clock(), patience, &mut |_| {})
            .await
            .is_none()
    );
    assert_eq!(asked.elapsed().as_secs(), 10);
}

#[tokio::test(start_paused = true)]
async fn a_parked_source_is_not_waited_for() {
    let park = End {
        problem: Problem::from(Code::CameraCodecUnsupported),
        then: Then::Park,
    };
    let world = World::new(true, [Scene::End(park)]);
    let _demand = world.entry.media().demand();
    world.stands("parked").await;
    let asked = tokio::time::Instant::now();
    assert!(
        world
            .entry
            .tracks(clock(), Duration::from_secs(10), &mut |_| {})
            .await
            .is_none()
    );
    assert!(asked.elapsed() < Duration::from_secs(1));
}

#[tokio::test(start_paused = true)]
async fn a_stream_without_a_source_is_whoever_publishes_to_it() {
    let entry = Entry::new(name(), config(false), None, clock());
    let _task = AbortOnDropHandle::new(tokio::spawn(Arc::clone(&entry).run()));
    let producer = picture(entry.media());
    assert!(
        entry
            .tracks(clock(), Duration::ZERO, &mut |_| {})
            .await
            .is_some()
    );
    drop(producer);
    tokio::time::sleep(Duration::from_secs(60)).await;
    assert_eq!(entry.standing().word(), "idle");
}

/// What must come within an hour on the tests' clock, which costs no time: without that bound a test
/// of what never happens would never end.
async fn soon<F: Future>(what: F) -> F::Output {
    let waited = tokio::time::timeout(Duration::from_secs(3_600), what).await;
    waited.expect("it never came")
}

/// A stream with a substream, both scripted and both run.
struct Pair {
    entry: Arc<Entry>,
    main: UnboundedReceiver<Happened>,
    sub: UnboundedReceiver<Happened>,
    _tasks: [AbortOnDropHandle<()>; 2],
}

impl Pair {
    fn new(
        on_demand: bool,
        main: impl IntoIterator<Item = Scene>,
        sub: impl IntoIterator<Item = Scene>,
    ) -> Self {
        let ((first, main), (second, sub)) = (Script::new("main", main), Script::new("sub", sub));
        let sources = Sources {
            main: Some(Source::Scripted(first)),
            substream: Some(Source::Scripted(second)),
        };
        let entry = Entry::new(name(), config(on_demand), sources, clock());
        let substream = entry.configured_substream().expect("is configured");
        let tasks = [Arc::clone(&entry), Arc::clone(substream)]
            .map(|entry| AbortOnDropHandle::new(tokio::spawn(entry.run())));
        Self {
            entry,
            main,
            sub,
            _tasks: tasks,
        }
    }

    fn substream(&self) -> &Arc<Entry> {
        self.entry.configured_substream().expect("is configured")
    }

    async fn stands(entry: &Entry, word: &str) -> Standing {
        let mut standing = entry.follow();
        let stands = standing.wait_for(|standing| standing.word() == word);
        soon(stands).await.expect("the entry lives").clone()
    }
}

// Issue 4, point 4: the small picture is there before a small tile asks for it.
#[tokio::test(start_paused = true)]
async fn a_substream_is_warm_exactly_while_its_stream_is_wanted() {
    let mut pair = Pair::new(true, [Scene::Play], [Scene::Play]);
    tokio::time::sleep(Duration::from_secs(3_600)).await;
    assert!(pair.main.is_empty() && pair.sub.is_empty(), "nobody wanted");
    let demand = pair.entry.media().demand();
    assert_eq!(soon(pair.main.recv()).await, Some(Happened::Started));
    assert_eq!(soon(pair.sub.recv()).await, Some(Happened::Started));
    Pair::stands(pair.substream(), "live").await;
    let left = tokio::time::Instant::now();
    drop(demand);
    Pair::stands(pair.substream(), "idle").await;
    assert!(left.elapsed() >= GRACE && left.elapsed() < GRACE + Duration::from_secs(1));
    assert_eq!(pair.substream().media().demanded(), 0);
}

#[tokio::test(start_paused = true)]
async fn an_always_on_stream_has_an_always_on_substream() {
    let mut pair = Pair::new(false, [Scene::Play], [Scene::Play]);
    assert_eq!(soon(pair.main.recv()).await, Some(Happened::Started));
    assert_eq!(soon(pair.sub.recv()).await, Some(Happened::Started));
    Pair::stands(pair.substream(), "live").await;
}

#[tokio::test(start_paused = true)]
async fn a_broken_substream_has_its_own_state_and_disturbs_nothing() {
    let park = End {
        problem: Problem::from(Code::CameraNotFound),
        then: Then::Park,
    };
    for scenes in [
        vec![Scene::End(refused())],
        vec![Scene::End(park)],
        vec![Scene::Panic],
    ] {
        let mut pair = Pair::new(false, [Scene::Play, Scene::Hang], scenes);
        assert_eq!(soon(pair.main.recv()).await, Some(Happened::Started));
        let broken = async {
            let mut standing = pair.substream().follow();
            let stands = standing.wait_for(|standing| standing.problem.is_some());
            soon(stands).await.expect("the entry lives").clone()
        };
        let broken = broken.await;
        assert!(
            ["retrying", "parked"].contains(&broken.word()),
            "{broken:?}"
        );
        let main = pair.entry.standing();
        assert_eq!((main.word(), main.problem, main.panics), ("live", None, 0));
        assert!(pair.main.is_empty(), "it plays on");
        let watched = pair
            .entry
            .tracks(clock(), Duration::ZERO, &mut |_| {})
            .await;
        assert!(watched.is_some(), "nobody waits for the substream");
    }
}

// Issue 4: a changed substream is a difference like any other.
#[tokio::test(start_paused = true)]
async fn a_substream_comes_changes_and_goes_while_its_stream_plays_on() {
    let mut pair = Pair::new(
        false,
        [Scene::Play, Scene::Hang],
        [Scene::Play, Scene::Hang],
    );
    Pair::stands(&pair.entry, "live").await;
    Pair::stands(pair.substream(), "live").await;
    let media = pair.substream().media().clone();
    let viewer = media.consume(Arc::new(|| {}));
    let configure = |substream: Option<Script>| {
        let sources = Sources {
            main: Some(Source::Scripted(Script::new("main", []).0)),
            substream: substream.map(Source::Scripted),
        };
        pair.entry.configure(config(false), sources, clock());
    };
    let (script, mut other) = Script::new("other", [Scene::Play, Scene::Hang]);
    configure(Some(script));
    assert_eq!(soon(other.recv()).await, Some(Happened::Started));
    Pair::stands(pair.substream(), "live").await;
    assert_eq!(media.demanded(), 1, "its viewer stayed");
    configure(None);
    assert!(pair.entry.configured_substream().is_none());
    assert_eq!(soon(other.recv()).await, Some(Happened::Stopped));
    let (script, mut again) = Script::new("again", [Scene::Play, Scene::Hang]);
    configure(Some(script));
    assert_eq!(soon(again.recv()).await, Some(Happened::Started));
    drop(viewer);
    assert_eq!(pair.main.try_recv(), Ok(Happened::Started));
    assert!(
        pair.main.is_empty(),
        "the stream's own source never noticed"
    );
    assert_eq!(pair.entry.standing().word(), "live");
}
