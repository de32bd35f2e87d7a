//! `lenswire probe`: what a camera sends, who can play it, and where it goes wrong.

use anyhow::{Context as _, anyhow};
use lenswire_api::{Problem, StreamName};
use lenswire_hub::config::{Overrides, Source, SourceUrl, Transport};
use lenswire_hub::probe::{self, Camera, Ended, Found, FoundTrack, Play, State, Verdict};

use crate::cli::{Places, Probe};
use crate::say;

/// Looks; whether the camera plays.
pub(crate) fn run(options: Probe) -> anyhow::Result<bool> {
    let camera = camera(&options)?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("cannot start")?;
    let json = options.json;
    let mut tell = |step: &Ended| {
        // What is asked for at the end is said at the end, if at all.
        let _closed = if json { Ok(()) } else { say(&line(step)) };
    };
    let found = runtime.block_on(probe::run(&camera, &mut tell));
    if json {
        say(&serde_json::to_string_pretty(&found)?)?;
    } else {
        conclude(&found)?;
    }
    // The camera is told goodbye behind our back, within a second.
    runtime.shutdown_timeout(std::time::Duration::from_secs(1));
    Ok(found.problem.is_none())
}

/// The camera at an address, or that of a stream in the configuration.
fn camera(options: &Probe) -> anyhow::Result<Camera> {
    let (url, transport) = match options.camera.contains("://") {
        true => (SourceUrl::parse(&options.camera)?, Transport::Auto),
        false => configured(&options.places, &options.camera)?,
    };
    let transport = options.transport.map_or(transport, Into::into);
    Ok(Camera::trusted(url, transport))
}

fn configured(places: &Places, name: &str) -> anyhow::Result<(SourceUrl, Transport)> {
    let config = places.file(Overrides::default())?.load()?;
    let stream = StreamName::parse(name)
        .ok()
        .and_then(|name| config.streams.get(&name))
        .ok_or_else(|| anyhow!("there is no stream {name}; an address starts with rtsp://"))?;
    match &stream.source {
        Some(Source::Rtsp(url)) => Ok((url.clone(), stream.transport)),
        _ => Err(anyhow!("the stream {name} has no camera to look at")),
    }
}

fn line(step: &Ended) -> String {
    let Ended {
        name,
        state,
        detail,
        ms,
    } = step;
    let detail = detail.as_deref().unwrap_or_default();
    let text = match state {
        State::Done => format!("ok      {:<15} {ms:>6} ms  {detail}", name.title()),
        State::Failed => format!("FAILED  {:<15} {ms:>6} ms  {detail}", name.title()),
        State::Skipped => format!("-       {:<15}            {detail}", name.title()),
    };
    text.trim_end().to_owned()
}

fn conclude(found: &Found) -> anyhow::Result<()> {
    for track in &found.tracks {
        say(&format!("\n{}", describe(track)))?;
        say(&format!("        {}", players(track)))?;
    }
    for warning in &found.warnings {
        tell(warning)?;
    }
    found.problem.as_ref().map_or(Ok(()), tell)
}

/// A problem as people read it: what, why, what to do.
pub(crate) fn tell(problem: &Problem) -> anyhow::Result<()> {
    let Problem { code, .. } = problem;
    say(&format!("\n{problem}"))?;
    say(format!("  {}", problem.fix()).trim_end())?;
    say(&format!("  ({})", code.name()))
}

fn describe(track: &FoundTrack) -> String {
    let view = &track.track;
    let video = [
        track.profile_name.clone(),
        view.width
            .zip(view.height)
            .map(|(width, height)| format!("{width}x{height}")),
        track.frames_per_second.map(|rate| format!("{rate:.0} fps")),
        track.keyframe_interval_ms.map(keyframes),
        track
            .b_frames
            .and_then(|has| has.then(|| "B-frames".to_owned())),
    ];
    let facts: Vec<String> = video.into_iter().flatten().collect();
    let name = format!("{:<7} {}", view.kind, view.codec);
    match facts.as_slice() {
        [] => name,
        facts => format!("{name}, {}", facts.join(", ")),
    }
}

fn keyframes(ms: u64) -> String {
    format!("a keyframe each {}.{} s", ms / 1_000, ms % 1_000 / 100)
}

fn players(track: &FoundTrack) -> String {
    let plays = &track.plays;
    let all = [
        ("Chrome", plays.chrome),
        ("Safari", plays.safari),
        ("Firefox", plays.firefox),
        ("RTSP", plays.rtsp),
    ];
    all.map(|(who, play)| format!("{who}: {}", verdict(play)))
        .join("   ")
}

fn verdict(play: Play) -> String {
    let word = match play.verdict {
        Verdict::Yes => "yes",
        Verdict::Maybe => "maybe",
        Verdict::No => "no",
        Verdict::AudioConverted => "yes, as Opus",
    };
    play.reason.map_or_else(
        || word.to_owned(),
        |reason| format!("{word} ({})", reason.words()),
    )
}
