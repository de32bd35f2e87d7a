//! A source that does what a test says, run by run.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use lenswire_media::{Codec, Packet, ParameterSets, Producer, Stream, Track, TrackId, Tracks};

use super::{End, Progress, Report};

/// What one run does before it waits to be dropped.
#[derive(Clone, Debug)]
pub(crate) enum Scene {
    /// Shows a picture and plays on.
    Play,
    /// Ends at once.
    End(End),
    /// Panics.
    Panic,
    /// Connects and never shows anything.
    Hang,
}

/// Scenes for the runs to come; the last one repeats. Clones share it.
#[derive(Clone, Debug)]
pub(crate) struct Script {
    scenes: Arc<Mutex<VecDeque<Scene>>>,
    /// Told at each start and each stop.
    log: tokio::sync::mpsc::UnboundedSender<Happened>,
    /// Two scripts are the same configuration when this is the same.
    pub(crate) address: &'static str,
}

/// What a script tells the test.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Happened {
    Started,
    Stopped,
}

impl PartialEq for Script {
    fn eq(&self, other: &Self) -> bool {
        self.address == other.address
    }
}

impl Eq for Script {}

impl Script {
    pub(crate) fn new(
        address: &'static str,
        scenes: impl IntoIterator<Item = Scene>,
    ) -> (Self, tokio::sync::mpsc::UnboundedReceiver<Happened>) {
        let (log, happened) = tokio::sync::mpsc::unbounded_channel();
        (
            Self {
                scenes: Arc::new(Mutex::new(scenes.into_iter().collect())),
                log,
                address,
            },
            happened,
        )
    }

    fn next(&self) -> Scene {
        let mut scenes = self.scenes.lock().unwrap();
        let scene = if scenes.len() > 1 {
            scenes.pop_front()
        } else {
            scenes.front().cloned()
        };
        scene.unwrap_or(Scene::Hang)
    }

    pub(crate) async fn run(&self, stream: &Stream, report: Report<'_>) -> End {
        let _ = self.log.send(Happened::Started);
        let _stopped = Stopped(self.log.clone());
        report(Progress::Connecting);
        match self.next() {
            Scene::End(end) => end,
            Scene::Panic => panic!("a source that panics"),
            Scene::Hang => std::future::pending().await,
            Scene::Play => {
                let _producer = picture(stream);
                report(Progress::Live);
                std::future::pending().await
            }
        }
    }
}

struct Stopped(tokio::sync::mpsc::UnboundedSender<Happened>);

impl Drop for Stopped {
    fn drop(&mut self) {
        let _ = self.0.send(Happened::Stopped);
    }
}

/// Writes one keyframe of VP8 (a codec whose packets need no parameter sets).
#[expect(
    clippy::disallowed_methods,
    reason = "a source is a door; tokio's clock, because tests turn it"
)]
pub(crate) fn picture(stream: &Stream) -> Producer {
    let track = Track {
        codec: Codec::Vp8,
        channels: 0,
        parameters: ParameterSets::None,
    };
    let mut producer = stream.produce(Tracks(vec![track]), Arc::new(|| {}));
    let packet = Packet {
        payload: Arc::from(&[0x10, 0, 0, 0, 0x9d, 0x01, 0x2a, 16, 0, 16, 0][..]),
        time: 0,
        captured: None,
        seq: 0,
        frame_start: true,
        frame_end: true,
        keyframe: true,
    };
    producer.write(
        TrackId(0),
        tokio::time::Instant::now().into_std(),
        vec![packet],
    );
    producer
}
