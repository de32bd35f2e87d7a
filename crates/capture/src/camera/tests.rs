use std::sync::mpsc;
use std::time::Duration;

use lenswire_codec::{Picture, Size};
use lenswire_media::{Item, Kind};

use super::*;
use crate::{Format, TestPattern};

/// Only so that a broken camera fails the test instead of hanging it.
const PATIENCE: Duration = Duration::from_secs(20);

type Events = mpsc::Receiver<Event>;

fn start<S: Source>(
    stream: &Stream,
    open: impl FnOnce() -> Result<S, Error> + Send + 'static,
) -> (Camera, Events) {
    let (tell, told) = mpsc::channel();
    let camera = Camera::start("test", open, stream, move |event| drop(tell.send(event))).unwrap();
    (camera, told)
}

// requirement 57: a picture without any camera.
#[test]
fn a_camera_writes_live_pictures_and_ends_when_dropped() {
    let stream = Stream::new();
    let (wake, woken) = mpsc::channel();
    let mut reader = stream.consume(Arc::new(move || wake.send(()).unwrap_or_default()));
    let (camera, events) = start(&stream, TestPattern::new);
    assert!(matches!(events.recv_timeout(PATIENCE), Ok(Event::Live)));
    let (video, track) = stream
        .tracks()
        .unwrap()
        .first(Kind::Video)
        .map(|(id, t)| (id, t.clone()))
        .unwrap();
    assert_ne!(
        track.parameters,
        lenswire_media::ParameterSets::None,
        "known before the first packet"
    );
    let mut camera = Some(camera);
    let mut keyframes = 0;
    loop {
        match reader.pop() {
            None => woken.recv_timeout(PATIENCE).unwrap(),
            Some(Item::Batch(batch)) if batch.track == video && batch.packets[0].keyframe => {
                keyframes += 1;
                camera = None;
            }
            Some(Item::Ended) => break,
            Some(_) => {}
        }
    }
    assert!(camera.is_none() && keyframes >= 1 && !stream.is_live());
}

#[test]
fn a_wish_for_a_keyframe_reaches_the_encoder() {
    let stream = Stream::new();
    let (wake, woken) = mpsc::channel();
    let mut reader = stream.consume(Arc::new(move || wake.send(()).unwrap_or_default()));
    let (_camera, events) = start(&stream, TestPattern::new);
    assert!(matches!(events.recv_timeout(PATIENCE), Ok(Event::Live)));
    let mut times = Vec::new();
    while times.len() < 2 {
        match reader.pop() {
            None => woken.recv_timeout(PATIENCE).unwrap(),
            Some(Item::Batch(batch)) if batch.packets[0].keyframe && batch.track.0 == 0 => {
                times.push(batch.packets[0].time);
                stream.request_keyframe(batch.arrived);
            }
            Some(_) => {}
        }
    }
    assert!(
        times[1] - times[0] < 90_000,
        "sooner than the second it would take by itself: {times:?}"
    );
}

/// Works until its third picture.
struct Broken(TestPattern, usize);

impl Source for Broken {
    fn format(&self) -> Format {
        self.0.format()
    }

    fn picture(&mut self, now: WallTime) -> &Picture {
        self.1 += 1;
        assert!(self.1 < 3, "a bug");
        self.0.picture(now)
    }

    fn sound(&mut self, start: WallTime, samples: &mut [i16]) {
        self.0.sound(start, samples);
    }
}

// D9: a panic costs one source.
#[test]
fn a_panic_ends_the_camera_and_nothing_else() {
    let stream = Stream::new();
    let (_camera, events) = start(&stream, || Ok(Broken(TestPattern::new()?, 0)));
    assert!(matches!(events.recv_timeout(PATIENCE), Ok(Event::Live)));
    assert!(matches!(
        events.recv_timeout(PATIENCE),
        Ok(Event::Ended(Ended::Panicked))
    ));
    assert!(!stream.is_live());
}

#[test]
fn a_source_that_does_not_open_is_told() {
    let stream = Stream::new();
    let odd = Size {
        width: 3,
        height: 3,
    };
    let (_camera, events) = start(&stream, move || Err::<TestPattern, _>(Error::Size(odd)));
    assert!(matches!(
        events.recv_timeout(PATIENCE),
        Ok(Event::Ended(Ended::Codec(Error::Size(_))))
    ));
}
