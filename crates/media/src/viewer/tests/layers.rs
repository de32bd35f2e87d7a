//! Requirement: issue "adaptation without transcoding"; fault row B3.

use super::*;
use crate::testing;

const MAIN: Layer = Layer {
    is_live: true,
    bitrate: 2_000_000,
    size: Some((1_280, 720)),
};
const SUB: Layer = Layer {
    is_live: true,
    bitrate: 300_000,
    size: Some((640, 360)),
};
const BOTH: [Layer; 2] = [MAIN, SUB];
const MS: Duration = Duration::from_millis(1);

fn link(bits: u64) -> Conditions {
    Conditions {
        link: Some(bits),
        ..Conditions::default()
    }
}

fn tile(width: u32, height: u32) -> Conditions {
    Conditions {
        link: Some(50_000_000),
        tile: Some((width, height)),
        ..Conditions::default()
    }
}

/// What is chosen while nothing changes for so long, looked at each 100 ms; probes left out.
fn over(
    layers: &mut Layers,
    shown: usize,
    conditions: &Conditions,
    from: u32,
    to: u32,
) -> Vec<Choice> {
    (from..to)
        .map(|n| {
            layers.choose(
                &BOTH,
                (shown, None),
                conditions,
                testing::start() + n * 100 * MS,
            )
        })
        .filter(|choice| !matches!(choice, Choice::Stay | Choice::Probe))
        .collect()
}

#[test]
fn a_full_link_gets_the_small_picture_at_once() {
    let mut layers = Layers::default();
    let now = testing::start();
    let full = link(1_000_000);
    assert_eq!(
        layers.choose(&BOTH, (0, None), &full, now),
        Choice::AtKeyframe(1)
    );
    let urgent = Conditions {
        queue: 400 * MS,
        ..full
    };
    assert_eq!(
        layers.choose(&BOTH, (0, None), &urgent, now),
        Choice::Now(1)
    );
}

#[test]
fn the_large_picture_comes_back_when_the_link_has_borne_it_for_a_while() {
    let mut layers = Layers::default();
    // Enough to stay, too little to come back: hysteresis.
    assert_eq!(over(&mut layers, 1, &link(2_200_000), 0, 100), []);
    assert_eq!(over(&mut layers, 0, &link(2_200_000), 0, 100), []);
    // A moment of more is not enough.
    assert_eq!(over(&mut layers, 1, &link(5_000_000), 0, 15), []);
    assert_eq!(over(&mut layers, 1, &link(1_000_000), 15, 20), []);
    let choices = over(&mut layers, 1, &link(5_000_000), 20, 41);
    assert_eq!(choices, [Choice::AtKeyframe(0)]);
}

#[test]
fn a_small_tile_gets_the_small_picture_and_a_larger_one_the_large() {
    let mut layers = Layers::default();
    assert_eq!(over(&mut layers, 0, &tile(320, 180), 0, 5), []);
    let choices = over(&mut layers, 0, &tile(320, 180), 5, 12);
    assert_eq!(choices[0], Choice::AtKeyframe(1));
    assert_eq!(over(&mut layers, 1, &tile(320, 180), 12, 60), []);
    let choices = over(&mut layers, 1, &tile(1_920, 1_080), 60, 82);
    assert_eq!(choices, [Choice::AtKeyframe(0)]);
    // Nobody looks.
    let choices = over(&mut layers, 0, &tile(0, 0), 90, 101);
    assert_eq!(choices[0], Choice::AtKeyframe(1));
}

#[test]
fn more_is_measured_before_it_is_sent() {
    let mut layers = Layers::default();
    let mut probes = 0;
    for n in 0..100 {
        let now = testing::start() + n * 100 * MS;
        match layers.choose(&BOTH, (1, None), &link(400_000), now) {
            Choice::Probe => probes += 1,
            choice => assert_eq!(choice, Choice::Stay),
        }
    }
    assert_eq!(probes, 5, "each two seconds");
    // The best is shown: nothing to ask.
    let mut layers = Layers::default();
    let choice = layers.choose(&BOTH, (0, None), &link(50_000_000), testing::start());
    assert_eq!(choice, Choice::Stay);
}

#[test]
fn a_picture_that_is_gone_gives_way_to_one_that_is_there() {
    let gone = Layer {
        is_live: false,
        ..MAIN
    };
    let now = testing::start();
    let mut layers = Layers::default();
    let choice = layers.choose(&[gone, SUB], (0, None), &link(50_000_000), now);
    assert_eq!(choice, Choice::Now(1));
    assert_eq!(
        layers.choose(
            &[
                gone,
                Layer {
                    is_live: false,
                    ..SUB
                }
            ],
            (0, None),
            &link(1),
            now
        ),
        Choice::Stay
    );
    // And comes back like any better picture.
    let choices = over(&mut layers, 1, &link(50_000_000), 0, 21);
    assert_eq!(choices, [Choice::AtKeyframe(0)]);
}

#[test]
fn without_an_estimate_nothing_moves_up() {
    let unknown = Conditions::default();
    let mut layers = Layers::default();
    assert_eq!(over(&mut layers, 0, &unknown, 0, 50), []);
    assert_eq!(over(&mut layers, 1, &unknown, 0, 50), []);
    // Nonsense from a page changes only its own picture.
    let odd = tile(u32::MAX, 0);
    assert_eq!(over(&mut layers, 0, &odd, 0, 5), []);
}

#[test]
fn what_is_under_way_is_called_off_when_it_is_not_right_any_more() {
    let mut layers = Layers::default();
    let now = testing::start();
    let wide = link(5_000_000);
    // Up, at a keyframe that takes its time.
    for n in 0..100 {
        let choice = layers.choose(&BOTH, (1, Some(0)), &wide, now + n * 100 * MS);
        assert_eq!(choice, Choice::Stay);
    }
    let narrow = link(1_000_000);
    let choice = layers.choose(&BOTH, (1, Some(0)), &narrow, now);
    assert_eq!(choice, Choice::Cancel);
}
