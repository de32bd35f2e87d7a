//! The driver of pictures made on this machine: the demo camera.
//!
//! The work is done on the camera's own thread; this only starts it and passes on what it tells.
//! Dropping the future drops the [`Camera`], which ends the thread within a picture's time.

use lenswire_api::{Code, Problem};
use lenswire_capture::{Camera, Event, TestPattern};
use lenswire_media::Stream;
use tokio::sync::mpsc;

use super::{End, Progress, Report, Then};

/// A camera tells two things in its life: that it is live and that it has ended.
const EVENTS: usize = 2;

/// Records the demo camera until it fails, which only a fault of ours can make it do.
pub(crate) async fn run(stream: &Stream, report: Report<'_>) -> End {
    report(Progress::Connecting);
    let (tell, mut told) = mpsc::channel(EVENTS);
    let events = move |event| drop(tell.try_send(event));
    let _camera = match Camera::start("demo", TestPattern::new, stream, events) {
        Ok(camera) => camera,
        Err(error) => return end(&error),
    };
    while let Some(event) = told.recv().await {
        match event {
            Event::Live => report(Progress::Live),
            Event::Ended(why) => return end(&why),
        }
    }
    end(&"its thread is gone")
}

fn end(why: &dyn std::fmt::Display) -> End {
    let problem = Problem::new(Code::Internal, format!("The demo camera stopped: {why}."));
    End {
        problem,
        then: Then::Retry,
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use lenswire_media::{Item, Kind};
    use tokio::sync::Notify;

    use super::*;

    // requirement 57; the demo camera costs nothing once nobody runs it.
    #[tokio::test]
    async fn the_demo_camera_reports_live_and_stops_when_its_future_is_dropped() {
        let stream = Stream::new();
        let changed = Arc::new(Notify::new());
        let wake = Arc::clone(&changed);
        let mut reader = stream.consume(Arc::new(move || wake.notify_one()));
        let mut told = Vec::new();
        let live = Arc::new(Notify::new());
        let mut report = |progress: Progress| {
            if matches!(progress, Progress::Live) {
                live.notify_one();
            }
            told.push(progress);
        };
        tokio::select! {
            end = run(&stream, &mut report) => panic!("ended: {end:?}"),
            () = live.notified() => {}
        }
        assert!(
            matches!(told[..], [Progress::Connecting, Progress::Live]),
            "{told:?}"
        );
        let tracks = stream.tracks().unwrap();
        assert!(tracks.first(Kind::Video).is_some() && tracks.first(Kind::Audio).is_some());
        loop {
            match reader.pop() {
                Some(Item::Ended) => break,
                Some(_) => {}
                None => changed.notified().await,
            }
        }
        assert!(!stream.is_live());
    }
}
