use super::*;
use crate::testing;

const RATE: i64 = 90_000;

/// Frames 40 ms apart, whose RTP time is what `raw` says of the frame's number.
fn times(order: Order, raw: impl Fn(i64) -> i64) -> (Vec<i64>, TrackClock) {
    let start = testing::start();
    let mut clock = TrackClock::new(90_000);
    let time = |n: i64| {
        clock.frame(
            raw(n) as u32,
            start + Duration::from_millis(40 * n as u64),
            order,
        )
    };
    let times = (0..100).map(time).collect();
    (times, clock)
}

fn steps(times: &[i64]) -> Vec<i64> {
    times.windows(2).map(|pair| pair[1] - pair[0]).collect()
}

// A3: 2^32 wrap.
#[test]
fn a_wrap_is_no_jump() {
    for order in [Order::Shown, Order::Decoded] {
        let (times, clock) = times(order, |n| (1 << 32) - 50 * 3_600 + 3_600 * n);
        assert!(steps(&times).iter().all(|step| *step == 3_600));
        assert_eq!(clock.jumps(), 0);
    }
}

// A3: -10 s, -1 s, +1 h: time goes on with what passed here.
#[test]
fn a_jump_becomes_what_passed_meanwhile() {
    for jump in [-10 * RATE, -RATE, 3_600 * RATE, i64::from(u32::MAX / 2)] {
        let (times, clock) = times(Order::Shown, |n| 3_600 * n + if n < 50 { 0 } else { jump });
        assert!(steps(&times).iter().all(|step| *step == 3_600), "{jump}");
        assert_eq!(clock.jumps(), 1, "{jump}");
    }
}

#[test]
fn a_large_step_back_is_a_jump_at_once_even_where_b_frames_are_possible() {
    let (times, clock) = times(Order::Decoded, |n| {
        3_600 * n + if n < 50 { 0 } else { -10 * RATE }
    });
    assert!(steps(&times).iter().all(|step| *step == 3_600));
    assert_eq!(clock.jumps(), 1);
}

// A3, where B-frames are possible: a small step back is believed for as long as it can be one.
#[test]
fn a_clock_set_back_by_a_second_is_found_out_although_b_frames_are_possible() {
    let (times, clock) = times(Order::Decoded, |n| {
        3_600 * n + if n < 50 { 0 } else { -RATE }
    });
    assert_eq!(clock.jumps(), 1);
    let after: Vec<i64> = steps(&times).split_off(50 + 16);
    assert!(after[1..].iter().all(|step| *step == 3_600), "{after:?}");
    assert!(times[99] > 90 * 3_600);
}

#[test]
fn b_frames_keep_their_times() {
    // Decode order I P B B P B B: shown 0 3 1 2 6 4 5.
    let shown = |n: i64| {
        if n == 0 {
            0
        } else {
            (n - 1) / 3 * 3 + [3, 1, 2][((n - 1) % 3) as usize]
        }
    };
    let (times, clock) = times(Order::Decoded, |n| 3_600 * shown(n));
    assert_eq!(clock.jumps(), 0);
    assert!((0..100).all(|n| times[n as usize] == 3_600 * shown(n)));
}

// A3: the camera that sends a raw stream without timestamps.
#[test]
fn a_standing_clock_is_replaced_by_ours() {
    for order in [Order::Shown, Order::Decoded] {
        let (times, clock) = times(order, |_| 1_234);
        assert!(steps(&times).iter().all(|step| *step == 3_600));
        assert!(clock.stands());
        assert_eq!(clock.jumps(), 0);
    }
}

#[test]
fn numbers_unwrap_forward_and_back() {
    let mut numbers = Unwrap16::default();
    let got: Vec<i64> = [65_534, 65_535, 0, 65_535, 1, 2]
        .map(|raw| numbers.unwrap(raw))
        .into();
    assert_eq!(got, [65_534, 65_535, 65_536, 65_535, 65_537, 65_538]);
    let mut times = Unwrap32::default();
    assert_eq!(
        [u32::MAX, 0, u32::MAX].map(|raw| times.unwrap(raw)),
        [0xffff_ffff, 0x1_0000_0000, 0xffff_ffff]
    );
}

#[test]
fn sender_reports_tell_when_something_was_captured() {
    let mut clock = TrackClock::new(90_000);
    assert_eq!(clock.captured(0), None);
    clock.on_sender_report(0, 0);
    assert_eq!(clock.captured(0), None, "a camera without a clock");
    // 2026-01-01 00:00:00.5 UTC, at RTP time 9,000 before the wrap.
    let unix = 1_767_225_600_u64;
    clock.on_sender_report(
        (unix + NTP_TO_UNIX) << 32 | 0x8000_0000,
        9_000_u32.wrapping_neg(),
    );
    let at = |ms: u64| Some(WallTime(unix * 1_000_000 + ms * 1_000));
    assert_eq!(clock.captured(9_000_u32.wrapping_neg()), at(500));
    assert_eq!(clock.captured(0), at(600));
    assert_eq!(clock.captured(18_000_u32.wrapping_neg()), at(400));
}

#[test]
fn sender_reports_of_the_next_era_are_understood() {
    // RFC 4330: 2036-02-07 06:28:16 UTC is second 0 of era 1.
    let wall = wall_of_ntp(1 << 32).unwrap();
    assert_eq!(wall.0, 2_085_978_497_000_000);
}

#[test]
fn a_jump_makes_the_last_report_void() {
    let start = testing::start();
    let mut clock = TrackClock::new(90_000);
    clock.frame(0, start, Order::Shown);
    clock.on_sender_report(3_900_000_000 << 32, 0);
    assert!(clock.captured(0).is_some());
    clock.frame(1 << 31, start, Order::Shown);
    assert_eq!(clock.captured(1 << 31), None);
}
