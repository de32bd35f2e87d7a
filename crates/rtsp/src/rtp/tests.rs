//! Receiving over a clock that the test turns.

use std::time::{Duration, Instant};

use super::*;

fn rtp(ssrc: u32, seq: u16, time: u32) -> Packet {
    let mut data = vec![0x80, 0xe0];
    data.extend(seq.to_be_bytes());
    data.extend(time.to_be_bytes());
    data.extend(ssrc.to_be_bytes());
    data.extend(b"payload");
    Packet::parse(data).unwrap()
}

#[expect(
    clippy::disallowed_methods,
    reason = "a test needs some instant to count from"
)]
fn start() -> Instant {
    Instant::now()
}

#[test]
fn header_extension_and_padding_are_not_payload() {
    let mut data = vec![0xb1, 0x60, 0, 7, 0, 0, 0, 9, 0, 0, 0, 1, 0, 0, 0, 2];
    data.extend([0xbe, 0xde, 0, 1, 1, 2, 3, 4]);
    data.extend(b"hi\0\0\x03");
    let packet = Packet::parse(data).unwrap();
    assert_eq!(
        (packet.payload(), packet.payload_type, packet.marker),
        (&b"hi"[..], 96, false)
    );
    assert!(Packet::parse(vec![0x80, 0x60, 0, 1]).is_none());
    assert!(Packet::parse(vec![0x40; 40]).is_none(), "version 1");
}

#[test]
fn strangers_are_ignored_until_the_pinned_source_falls_silent() {
    // SEC-26
    let (mut receiver, now) = (Receiver::new(90_000), start());
    assert_eq!(receiver.on_packet(&rtp(1, 10, 0), now), Verdict::Begin);
    assert_eq!(receiver.on_packet(&rtp(2, 99, 0), now), Verdict::Ignore);
    assert_eq!(receiver.on_packet(&rtp(1, 12, 0), now), Verdict::Take);
    let later = now + Duration::from_secs(1);
    assert_eq!(
        receiver.on_packet(&rtp(2, 500, 0), later),
        Verdict::TakeOver
    );
    assert_eq!(
        receiver.counts(),
        Counts {
            packets: 3,
            lost: 1,
            foreign: 1
        }
    );
}

#[test]
fn what_an_earlier_session_sends_is_never_taken() {
    // live555's stale file descriptors
    let (mut receiver, now) = (Receiver::new(90_000), start());
    receiver.mark_stale(7);
    assert_eq!(
        receiver.on_packet(&rtp(7, 1, 0), now + Duration::from_secs(9)),
        Verdict::Ignore
    );
    assert_eq!(receiver.on_packet(&rtp(8, 1, 0), now), Verdict::Begin);
    (0..100).for_each(|ssrc| receiver.mark_stale(ssrc));
    assert_eq!(receiver.stale_sources(), 8);
}

#[test]
fn the_announced_source_wins_over_the_first() {
    let (mut receiver, now) = (Receiver::new(90_000), start());
    receiver.announce(Some(5));
    assert_eq!(receiver.on_packet(&rtp(4, 1, 0), now), Verdict::Begin);
    assert_eq!(receiver.on_packet(&rtp(5, 1, 0), now), Verdict::TakeOver);
    assert_eq!(receiver.on_packet(&rtp(4, 2, 0), now), Verdict::Ignore);
}

#[test]
fn reports_say_what_came() {
    // requirement 62; RFC 3550 A.3, numbers worked out by hand
    let (mut receiver, now) = (Receiver::new(90_000), start());
    assert_eq!(receiver.block(now), None);
    for seq in [65_534_u16, 65_535, 1, 0] {
        receiver.on_packet(&rtp(9, seq, 0), now);
    }
    receiver.on_packet(&rtp(9, 5, 0), now);
    assert!(receiver.on_sender_report(9, 0x0123_4567_89ab_cdef, now));
    assert!(!receiver.on_sender_report(8, 0, now));
    let block = receiver.block(now + Duration::from_millis(500)).unwrap();
    assert_eq!(
        (block.highest, block.lost, block.fraction_lost),
        (65_536 + 5, 3, 96)
    );
    assert_eq!(
        (block.last_report, block.since_report),
        (0x4567_89ab, 32_768)
    );
    assert_eq!(
        receiver.block(now).unwrap().fraction_lost,
        0,
        "nothing was lost since"
    );
    let bytes = receiver_report(0xabcd, Some(&block));
    assert_eq!(bytes.len(), 32 + 20, "report with a block, then the name");
    assert_eq!(read(&bytes), Some(vec![]));
    assert_eq!(receiver_report(0xabcd, None).len(), 8 + 20);
}

#[test]
fn jitter_is_that_of_arrivals_against_timestamps() {
    let (mut receiver, now) = (Receiver::new(90_000), start());
    // 10 ms late every second packet: the filter settles near 900 ticks
    for n in 0..400_u32 {
        let late = Duration::from_millis(u64::from(n % 2) * 10);
        receiver.on_packet(
            &rtp(9, n as u16, n * 3_600),
            now + Duration::from_millis(u64::from(n) * 40) + late,
        );
    }
    let jitter = receiver.block(now).unwrap().jitter;
    assert!((850..=900).contains(&jitter), "{jitter}");
}

#[test]
fn sender_reports_and_byes_are_read_and_garbage_is_not() {
    let mut sr = vec![0x80, 200, 0, 6];
    sr.extend(7_u32.to_be_bytes());
    sr.extend(0x0102_0304_0506_0708_u64.to_be_bytes());
    sr.extend(90_u32.to_be_bytes());
    sr.extend([0; 8]);
    sr.extend([0x81, 203, 0, 3, 0, 0, 0, 7, 5]);
    sr.extend(b"sleep\0\0");
    sr.truncate(28 + 16);
    let expected = vec![
        Report::Sender {
            ssrc: 7,
            ntp: 0x0102_0304_0506_0708,
            time: 90,
        },
        Report::Bye {
            ssrcs: vec![7],
            reason: "sleep".into(),
        },
    ];
    assert_eq!(read(&sr), Some(expected));
    assert_eq!(read(&[0x80, 200, 0, 6, 0]), None);
    assert!(is_rtcp(&sr) && !is_rtcp(&[0x80, 0xe0]));
}
