//! Real pictures, encoded and written to a stream as a camera's are.

use std::sync::Arc;
use std::time::{Duration, Instant};

use lenswire_api::StreamName;
use lenswire_codec::{H264Encoder, H264Settings, Picture, Size, Yuv};
use lenswire_media::{Packetizer, Producer, Track, TrackId, Tracks};
use tokio_util::task::AbortOnDropHandle;

use super::*;
use crate::config::StreamConfig;
use crate::source::scripted::{Scene, Script, picture};
use crate::source::{End, Source, Then};

#[expect(clippy::disallowed_methods, reason = "a test is where time enters")]
fn clock() -> Instant {
    tokio::time::Instant::now().into_std()
}

fn entry(source: Option<Source>) -> Arc<crate::Entry> {
    let name = StreamName::parse("gate").expect("a name");
    crate::Entry::new(name, StreamConfig::default(), source, clock())
}

/// Writes keyframes of one colour.
struct Camera {
    encoder: H264Encoder,
    packets: Packetizer,
    producer: Option<Producer>,
    time: Duration,
}

impl Camera {
    fn new() -> Self {
        let settings = H264Settings {
            size: Size {
                width: 320,
                height: 240,
            },
            rate: 30,
            bitrate: 500_000,
            keyframe_interval: Duration::from_secs(1),
        };
        Self {
            encoder: H264Encoder::new(settings).expect("sets up"),
            packets: Packetizer::new(lenswire_media::Codec::H264),
            producer: None,
            time: Duration::ZERO,
        }
    }

    fn keyframe(&mut self, stream: &lenswire_media::Stream) {
        let size = Size {
            width: 320,
            height: 240,
        };
        let picture = Picture::filled(size, Yuv::from_rgb(0x30_6090)).expect("is even");
        let encoded = self
            .encoder
            .encode(&picture, self.time, true)
            .expect("encodes");
        let packets = self.packets.frame(encoded.annex_b(), 0, None);
        self.time += Duration::from_millis(33);
        let track = Track {
            codec: lenswire_media::Codec::H264,
            channels: 0,
            parameters: self.packets.parameters(),
        };
        let producer = self
            .producer
            .get_or_insert_with(|| stream.produce(Tracks(vec![track]), Arc::new(|| {})));
        producer.write(TrackId(0), clock(), packets);
    }
}

// Requirement 73: a keyframe is decoded once for all who ask, in each width, and forgotten when the
// next one is asked for.
#[tokio::test]
async fn a_keyframe_is_decoded_once_in_each_width() {
    let (entry, stills, mut camera) = (entry(None), Stills::default(), Camera::new());
    camera.keyframe(entry.media());
    let get = async |width| {
        let keyframe = Keyframe::of(&entry, clock()).await.expect("is there");
        let etag = keyframe.etag(width);
        (etag, stills.jpeg(keyframe, width).await.expect("decodes"))
    };
    let ((tag, one), (same, two)) = tokio::join!(get(None), get(None));
    assert!(one.starts_with(&[0xff, 0xd8]), "a JPEG");
    assert_eq!((tag.as_str(), one.as_ptr()), (same.as_str(), two.as_ptr()));
    let (small_tag, small) = get(Some(32)).await;
    assert!(small.len() < one.len() && small_tag != tag);
    assert_eq!(stills.cache.len(), 2);
    camera.keyframe(entry.media());
    let (newer, other) = get(None).await;
    assert!(newer != tag && other.as_ptr() != one.as_ptr());
    assert_eq!(stills.cache.len(), 1);
}

#[tokio::test]
async fn who_comes_when_too_many_wait_is_told_to_come_again() {
    let (entry, mut camera) = (entry(None), Camera::new());
    camera.keyframe(entry.media());
    let stills = Stills {
        waiting: Semaphore::new(0),
        ..Stills::default()
    };
    let keyframe = Keyframe::of(&entry, clock()).await.expect("is there");
    let refused = stills.jpeg(keyframe, None).await.expect_err("is full");
    assert_eq!(refused.code, Code::Overloaded);
    assert!(refused.retry_after.is_some());
}

#[tokio::test]
async fn a_codec_that_is_not_decoded_is_named() {
    let entry = entry(None);
    let _vp8 = picture(entry.media());
    let refused = Keyframe::of(&entry, clock()).await.err().expect("is VP8");
    assert_eq!(refused.code, Code::SnapshotUnsupported);
    assert_eq!(refused.detail, "gate sends VP8.");
}

// What a camera sends as a keyframe may be anything.
#[tokio::test]
async fn a_broken_keyframe_is_a_problem_and_no_more() {
    let (entry, stills) = (entry(None), Stills::default());
    let track = Track {
        codec: lenswire_media::Codec::H264,
        channels: 0,
        parameters: lenswire_media::ParameterSets::None,
    };
    let mut producer = entry.media().produce(Tracks(vec![track]), Arc::new(|| {}));
    let garbage: Vec<u8> = (0..900_u32).map(|n| (n * 31) as u8 | 1).collect();
    for (seq, payload) in [(0, &[0x65, 0xff, 0xff][..]), (1, &garbage), (2, &[0x78])] {
        let packet = lenswire_media::Packet {
            payload: payload.into(),
            time: 0,
            captured: None,
            seq,
            frame_start: true,
            frame_end: true,
            keyframe: true,
        };
        producer.write(TrackId(0), clock(), vec![packet]);
        let keyframe = Keyframe::of(&entry, clock()).await.expect("says it is one");
        let broken = stills.jpeg(keyframe, None).await.expect_err("is garbage");
        assert_eq!(broken.code, Code::SnapshotMissing, "{}", broken.detail);
    }
}

// Requirement 73: why there is no picture is said in the camera's own words, and within bounds.
#[tokio::test(start_paused = true)]
async fn a_camera_without_a_picture_says_why() {
    let refused = End {
        problem: Problem::from(Code::CameraRefused),
        then: Then::Retry,
    };
    let (script, _log) = Script::new("gate", [Scene::End(refused)]);
    let entry = entry(Some(Source::Scripted(script)));
    let _task = AbortOnDropHandle::new(tokio::spawn(Arc::clone(&entry).run()));
    let asked = clock();
    let problem = Keyframe::of(&entry, clock()).await.err().expect("none");
    assert_eq!(problem.code, Code::SnapshotMissing);
    assert!(problem.detail.contains(Code::CameraRefused.title()));
    assert_eq!(problem.fix(), Code::CameraRefused.fix());
    assert!(clock() - asked <= Duration::from_secs(10));
    assert_eq!(entry.media().demanded(), 0, "nobody waits any more");
}
