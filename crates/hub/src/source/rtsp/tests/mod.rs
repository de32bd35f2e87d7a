//! The driver against real servers (`cameras`), and against small ones of our own that misbehave in
//! ways which those never do (`scripted`). The servers are those of the whole-system tests; where
//! one of their tools is missing, these tests fail and say which.

mod cameras;
mod feed;
mod parts;
mod scripted;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use lenswire_api::Problem;
use lenswire_media::{Item, Kind, Stream, Tracks};
use tokio::sync::Notify;
use tokio::time::timeout;

use super::*;

/// How long anything may take before a test is given up. Not a promise: only an end.
const PATIENCE: Duration = Duration::from_secs(60);

/// What a viewer of the stream and a reader of the reports saw.
#[derive(Debug, Default)]
struct Seen {
    connected: usize,
    live: bool,
    bad: u32,
    warnings: Vec<Problem>,
    tracks: Option<Arc<Tracks>>,
    /// Packets of video, of sound.
    packets: (usize, usize),
    keyframes: usize,
    /// Whether packets had a capture time.
    captured: bool,
    epochs: Vec<u32>,
    end: Option<End>,
}

impl Seen {
    fn on_progress(&mut self, progress: Progress) {
        match progress {
            Progress::Connecting => self.connected += 1,
            Progress::Reached(_) => {}
            Progress::Live => self.live = true,
            Progress::Bad(packets) => self.bad += packets,
            Progress::Warning(problem) => self.warnings.push(problem),
            Progress::Resolved(code) => self.warnings.retain(|problem| problem.code != code),
        }
    }

    fn on_item(&mut self, item: &Item) {
        match item {
            Item::Tracks(tracks) => self.tracks = Some(Arc::clone(tracks)),
            Item::Batch(batch) => {
                let sound = self
                    .tracks
                    .as_ref()
                    .and_then(|t| t.get(batch.track))
                    .map(|t| t.codec.kind())
                    == Some(Kind::Audio);
                let count = if sound {
                    &mut self.packets.1
                } else {
                    &mut self.packets.0
                };
                *count += batch.packets.len();
                self.keyframes += usize::from(!sound && batch.packets.iter().any(|p| p.keyframe));
                self.captured |= batch.packets.iter().any(|p| p.captured.is_some());
                if self.epochs.last() != Some(&batch.epoch) {
                    self.epochs.push(batch.epoch);
                }
            }
            Item::Skipped { .. } | Item::Ended => {}
        }
    }

    fn codecs(&self) -> Vec<&'static str> {
        self.tracks
            .iter()
            .flat_map(|tracks| tracks.0.iter())
            .map(|track| track.codec.name())
            .collect()
    }

    fn code(&self) -> &'static str {
        self.end
            .as_ref()
            .map_or("none", |end| end.problem.code.name())
    }
}

fn source(url: &str, transport: Transport) -> RtspSource {
    RtspSource::new(SourceUrl::parse(url).unwrap(), transport)
}

/// Runs a source until it has ended or `enough` was seen; then it is dropped.
async fn watch(source: &RtspSource, enough: impl Fn(&Seen) -> bool) -> Seen {
    let seen = Mutex::new(Seen::default());
    let stream = Stream::new();
    let news = Arc::new(Notify::new());
    let wake = Arc::clone(&news);
    let mut consumer = stream.consume(Arc::new(move || wake.notify_one()));
    {
        let mut report = |progress| {
            seen.lock().unwrap().on_progress(progress);
            news.notify_one();
        };
        let running = run(source, &stream, &mut report);
        tokio::pin!(running);
        let watching = async {
            loop {
                tokio::select! {
                    end = &mut running => {
                        seen.lock().unwrap().end = Some(end);
                        return;
                    }
                    () = news.notified() => {}
                }
                let mut seen = seen.lock().unwrap();
                seen.tracks = seen.tracks.take().or_else(|| stream.tracks());
                while let Some(item) = consumer.pop() {
                    seen.on_item(&item);
                }
                if enough(&seen) {
                    return;
                }
            }
        };
        if timeout(PATIENCE, watching).await.is_err() {
            panic!("not seen within {PATIENCE:?}: {:?}", seen.lock().unwrap());
        }
    }
    seen.into_inner().unwrap()
}
