//! A track's packets over paths of all kinds, on a fake clock.

use lenswire_media::TrackId;

use super::*;
use crate::sdp;

#[expect(clippy::disallowed_methods, reason = "a test's beginning of time")]
pub(super) fn beginning() -> Instant {
    Instant::now()
}

fn inlet(feedback: &[&'static str]) -> Inlet {
    Inlet::new(&Choice {
        place: 0,
        mid: "0".to_owned(),
        track: TrackId(0),
        media: Codec::Vp8,
        codec: sdp::Codec {
            number: 96,
            rtx: Some(97),
            name: "VP8".to_owned(),
            clock_rate: 90_000,
            channels: None,
            format: String::new(),
            feedback: feedback.to_vec(),
        },
    })
}

fn packet(ssrc: u32, seq: u16) -> Rtp<'static> {
    Rtp {
        number: 96,
        ssrc,
        seq,
        time: u32::from(seq) * 3_000,
        marker: true,
        payload: b"picture",
    }
}

fn numbers(inlet: &mut Inlet, now: Instant) -> Vec<u16> {
    let rtt = Some(Duration::from_millis(40));
    std::iter::from_fn(|| inlet.pop(now, rtt))
        .map(|arrived| arrived.seq)
        .collect()
}

#[test]
fn a_repetition_is_put_in_its_place() {
    let now = beginning();
    let mut inlet = inlet(&["nack"]);
    for seq in [10, 11, 13] {
        inlet.push(&packet(1, seq), now);
    }
    assert_eq!(numbers(&mut inlet, now), [10, 11]);
    assert_eq!(inlet.missing(now, None), [12]);
    let repeated = Rtp {
        number: 97,
        ssrc: 2,
        seq: 7_000,
        time: 12 * 3_000,
        payload: b"\0\x0cpicture",
        ..packet(2, 0)
    };
    inlet.push(&repeated, now);
    let twelfth = inlet.pop(now, None).unwrap();
    assert_eq!((twelfth.seq, twelfth.time), (12, 36_000));
    assert_eq!(twelfth.payload, b"picture");
    assert_eq!(numbers(&mut inlet, now), [13]);
    assert_eq!((inlet.due(), inlet.lost()), (None, 0));
    // Padding by which the sender measures the link, and a repetition of something long gone.
    inlet.push(
        &Rtp {
            payload: b"",
            ..repeated
        },
        now,
    );
    inlet.push(&repeated, now);
    assert_eq!(numbers(&mut inlet, now), [0_u16; 0]);
}

#[test]
fn what_never_comes_is_given_up() {
    let now = beginning();
    let mut inlet = inlet(&["nack"]);
    inlet.push(&packet(1, 1), now);
    inlet.push(&packet(1, 3), now);
    assert_eq!(numbers(&mut inlet, now), [1]);
    // Two and a half round trips of 40 ms and a bit.
    let later = now + Duration::from_millis(124);
    assert_eq!(numbers(&mut inlet, later), [0_u16; 0]);
    assert_eq!(numbers(&mut inlet, now + Duration::from_millis(125)), [3]);
    assert_eq!(inlet.lost(), 1);
    assert!(inlet.missing(later, None).is_empty(), "no use any more");
}

#[test]
fn without_nack_only_reordering_is_waited_for() {
    let now = beginning();
    let mut inlet = inlet(&[]);
    inlet.push(&packet(1, 1), now);
    inlet.push(&packet(1, 3), now);
    assert_eq!(numbers(&mut inlet, now), [1]);
    assert!(inlet.missing(now, None).is_empty());
    assert_eq!(inlet.due(), Some(now + SHORTEST_WAIT));
    assert_eq!(numbers(&mut inlet, now + SHORTEST_WAIT), [3]);
}

#[test]
fn another_source_takes_over_only_after_silence() {
    let now = beginning();
    let mut inlet = inlet(&["nack"]);
    inlet.push(&packet(1, 1), now);
    inlet.push(&packet(2, 900), now + Duration::from_millis(499));
    assert_eq!(numbers(&mut inlet, now), [1]);
    inlet.push(&packet(2, 901), now + SILENCE);
    let first = inlet.pop(now + SILENCE, None).unwrap();
    assert_eq!((first.seq, first.is_fresh), (901, true));
    inlet.push(&packet(2, 902), now + SILENCE);
    assert!(!inlet.pop(now + SILENCE, None).unwrap().is_fresh);
}
