//! What the feed makes of a session's tracks, on a clock that the test turns.

use std::time::Instant;

use lenswire_media::{Codec, ParameterSets, Track};
use lenswire_rtsp::Rtp;
use lenswire_rtsp::rtp::{Packet, Receiver, Verdict};

use super::super::feed::Feed;
use super::*;

const VIDEO: usize = 0;
const SOUND: usize = 1;

fn track(codec: Codec) -> Track {
    Track {
        codec,
        channels: u8::from(codec == Codec::Pcma),
        parameters: ParameterSets::None,
    }
}

fn packet(ssrc: u32, seq: u16) -> Packet {
    let mut data = vec![0x80, 0xe0];
    data.extend(seq.to_be_bytes());
    data.extend((u32::from(seq) * 3_000).to_be_bytes());
    data.extend(ssrc.to_be_bytes());
    // A VP8 keyframe of 16 x 16; as sound it is any ten samples.
    data.extend([0x10, 0, 0, 0, 0x9d, 0x01, 0x2a, 16, 0, 16, 0]);
    Packet::parse(data).expect("is RTP")
}

/// Both tracks of a camera, each with what judges whose packets are taken.
struct Session<'a> {
    feed: Feed<'a>,
    receivers: [Receiver; 2],
    now: Instant,
}

impl Session<'_> {
    fn hear(&mut self, track: usize, ssrc: u32, seq: u16) {
        self.now += Duration::from_millis(33);
        let packet = packet(ssrc, seq);
        let verdict = self.receivers[track].on_packet(&packet, self.now);
        let rtp = Rtp {
            track,
            packet,
            arrived: self.now,
            fresh: verdict == Verdict::TakeOver,
        };
        assert_eq!(self.feed.on_rtp(&rtp, &mut |_| {}), None);
    }
}

/// The epochs of what a reader gets when packets (track, source) come in this order.
fn epochs(order: &[(usize, u32)]) -> Vec<u32> {
    let stream = Stream::new();
    let mut consumer = stream.consume(Arc::new(|| {}));
    let mut session = Session {
        feed: Feed::new(&stream),
        receivers: [Receiver::new(90_000), Receiver::new(8_000)],
        now: now(),
    };
    session
        .feed
        .begin(vec![track(Codec::Vp8), track(Codec::Pcma)]);
    for (seq, (track, ssrc)) in (1..).zip(order) {
        session.hear(*track, *ssrc, seq);
    }
    let mut seen = Seen::default();
    while let Some(item) = consumer.pop() {
        seen.on_item(&item);
    }
    seen.epochs
}

// requirement 61: tracks begin one after the other, in whichever order. The later one's first packet
// is no new source: taken for one, it threw the first keyframe away.
#[test]
fn tracks_that_begin_one_after_the_other_are_one_epoch() {
    let picture_first = [(VIDEO, 7), (VIDEO, 7), (SOUND, 8), (VIDEO, 7), (SOUND, 8)];
    assert_eq!(epochs(&picture_first), [1]);
    let sound_first = [(SOUND, 8), (SOUND, 8), (VIDEO, 7), (SOUND, 8), (VIDEO, 7)];
    assert_eq!(epochs(&sound_first), [1]);
}

// SEC-26, A3: an encoder that restarts chooses another source, with numbers and times of its own.
#[test]
fn another_source_of_a_track_is_another_epoch() {
    let mut order = vec![(VIDEO, 7)];
    // Its silence is as long as that of a pinned source must be.
    order.extend([(SOUND, 8); 40]);
    order.extend([(VIDEO, 9), (SOUND, 8)]);
    assert_eq!(epochs(&order), [1, 2]);
}
