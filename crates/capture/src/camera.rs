//! The thread of one camera: the only place of this crate that reads a clock or waits.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, Thread};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use lenswire_codec::Error;
use lenswire_media::{Producer, Stream, WallTime};

use crate::Source;
use crate::recorder::{Moment, Recorder};

/// What a camera tells.
#[derive(Debug)]
pub enum Event {
    /// The first picture is in the stream.
    Live,
    /// It has stopped by itself. Nothing comes after this.
    Ended(Ended),
}

/// Why a camera stopped by itself.
#[derive(Debug, thiserror::Error)]
pub enum Ended {
    /// The source could not be opened or its pictures or sound not be coded.
    #[error("{0}")]
    Codec(#[from] Error),
    /// A bug; the rest of the process is none the worse for it.
    #[error("the camera's thread panicked")]
    Panicked,
}

/// A camera that records into a stream. Dropping it stops it, within one picture's time.
#[derive(Debug)]
#[must_use = "the camera stops when this is dropped"]
pub struct Camera {
    stop: Arc<AtomicBool>,
    thread: Thread,
}

impl Camera {
    /// Starts a thread that opens the source and records it. `events` is called there.
    ///
    /// # Errors
    /// What the system said when it could not make a thread.
    pub fn start<S: Source>(
        name: &str,
        open: impl FnOnce() -> Result<S, Error> + Send + 'static,
        stream: &Stream,
        mut events: impl FnMut(Event) + Send + 'static,
    ) -> std::io::Result<Self> {
        let stop = Arc::new(AtomicBool::new(false));
        let (stopped, stream) = (Arc::clone(&stop), stream.clone());
        let thread = thread::Builder::new()
            .name(format!("camera {name}"))
            .spawn(move || {
                let recording = AssertUnwindSafe(|| record(open, &stream, &stopped, &mut events));
                match catch_unwind(recording) {
                    Ok(Ok(())) => {}
                    Ok(Err(error)) => events(Event::Ended(error.into())),
                    Err(_) => events(Event::Ended(Ended::Panicked)),
                }
            })?;
        Ok(Self {
            stop,
            thread: thread.thread().clone(),
        })
    }
}

impl Drop for Camera {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        self.thread.unpark();
    }
}

/// Records until stopped.
fn record<S: Source>(
    open: impl FnOnce() -> Result<S, Error>,
    stream: &Stream,
    stop: &AtomicBool,
    events: &mut impl FnMut(Event),
) -> Result<(), Error> {
    let mut recorder = Recorder::new(open()?, now())?;
    let mut producer: Option<Producer> = None;
    while !stop.load(Ordering::Relaxed) {
        let now = now();
        if producer
            .as_mut()
            .is_some_and(|p| p.keyframe_wanted(now.steady))
        {
            recorder.wish_keyframe();
        }
        let Some(made) = recorder.step(now)? else {
            thread::park_timeout(recorder.due().saturating_duration_since(now.steady));
            continue;
        };
        // Only the first picture tells the parameter sets, which viewers must know before it. A
        // wish needs no wake: it is seen at the next picture, 33 ms later at most.
        let first = producer.is_none();
        let producer =
            producer.get_or_insert_with(|| stream.produce(recorder.tracks(), Arc::new(|| {})));
        producer.write(made.track, now.steady, made.packets);
        if first {
            events(Event::Live);
        }
    }
    Ok(())
}

#[expect(
    clippy::disallowed_methods,
    reason = "this is where pictures come into being: the door of this crate"
)]
fn now() -> Moment {
    let wall = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    Moment {
        steady: Instant::now(),
        wall: WallTime(u64::try_from(wall.as_micros()).unwrap_or(u64::MAX)),
    }
}

#[cfg(test)]
mod tests;
