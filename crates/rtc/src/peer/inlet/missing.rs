//! Packets that are missing, and when each is asked for again (RFC 4585 section 6.2.1).

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use lenswire_media::Unwrap16;

/// Missing at once, at most: a quarter of a second of 10 Mbit/s. A larger hole is not mended packet
/// by packet, but by the next keyframe.
const MOST: usize = 256;

/// Numbers in one message: its list must fit a datagram.
const AT_ONCE: usize = 100;

/// One packet is asked for so often.
const TRIES: u8 = 8;

/// Until a packet is asked for again, while the round trip is unknown, and at least.
const UNKNOWN_ROUND_TRIP: Duration = Duration::from_millis(100);
const SHORTEST_ROUND_TRIP: Duration = Duration::from_millis(20);

/// The holes of one source.
#[derive(Debug, Default)]
pub(super) struct Missing {
    numbers: Unwrap16,
    newest: Option<i64>,
    holes: BTreeMap<i64, Ask>,
}

#[derive(Debug)]
struct Ask {
    due: Instant,
    tries: u8,
}

impl Missing {
    /// A packet came, for the first time or again.
    pub(super) fn on_came(&mut self, seq: u16, now: Instant) {
        let seq = self.nearest(seq);
        let newest = self.newest.unwrap_or(seq);
        if seq <= newest {
            self.newest = Some(newest);
            self.holes.remove(&seq);
            return;
        }
        self.newest = Some(seq);
        let hole = newest + 1..seq;
        if self.holes.len() + hole.clone().count() > MOST {
            self.holes.clear();
            return;
        }
        let ask = |seq| (seq, Ask { due: now, tries: 0 });
        self.holes.extend(hole.map(ask));
    }

    /// The number nearest to the newest one: late ones must not move what is near.
    fn nearest(&mut self, seq: u16) -> i64 {
        let mut numbers = self.numbers;
        let unwrapped = numbers.unwrap(seq);
        if self.newest.is_none_or(|newest| unwrapped > newest) {
            self.numbers = numbers;
        }
        unwrapped
    }

    /// What was waited for up to here has been given up.
    pub(super) fn give_up_to(&mut self, seq: u16) {
        let seq = self.nearest(seq);
        self.holes = self.holes.split_off(&seq);
    }

    /// Numbers to be asked for now.
    pub(super) fn ask(&mut self, now: Instant, rtt: Option<Duration>) -> Vec<u16> {
        // Half of it on top: what is only late by jitter would come twice.
        let again = rtt.unwrap_or(UNKNOWN_ROUND_TRIP).max(SHORTEST_ROUND_TRIP) * 3 / 2;
        let mut asked = Vec::new();
        for (seq, ask) in &mut self.holes {
            if ask.due <= now && asked.len() < AT_ONCE {
                asked.push(*seq as u16);
                ask.tries += 1;
                ask.due = now + again;
            }
        }
        self.holes.retain(|_, ask| ask.tries < TRIES);
        asked
    }

    /// When the next is due.
    pub(super) fn due(&self) -> Option<Instant> {
        self.holes.values().map(|ask| ask.due).min()
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::beginning;
    use super::*;

    const RTT: Option<Duration> = Some(Duration::from_millis(40));

    #[test]
    fn a_hole_is_asked_for_until_it_is_filled_or_given_up() {
        let now = beginning();
        let mut missing = Missing::default();
        for seq in [65_533, 65_534, 1] {
            missing.on_came(seq, now);
        }
        assert_eq!(missing.ask(now, RTT), [65_535, 0]);
        assert_eq!(missing.ask(now, RTT), [0_u16; 0], "a round trip must pass");
        missing.on_came(0, now);
        let later = now + Duration::from_millis(60);
        assert_eq!(missing.due(), Some(later));
        assert_eq!(missing.ask(later, RTT), [65_535]);
        missing.give_up_to(1);
        assert_eq!(missing.due(), None);
    }

    #[test]
    fn nothing_is_asked_for_for_ever() {
        let mut now = beginning();
        let mut missing = Missing::default();
        missing.on_came(1, now);
        missing.on_came(3, now);
        for _ in 0..TRIES {
            assert_eq!(missing.ask(now, RTT), [2]);
            now += Duration::from_secs(1);
        }
        assert!(missing.ask(now, RTT).is_empty() && missing.due().is_none());
    }

    #[test]
    fn a_large_hole_is_left_to_the_next_keyframe() {
        let now = beginning();
        let mut missing = Missing::default();
        missing.on_came(0, now);
        missing.on_came(MOST as u16 + 2, now);
        assert!(missing.ask(now, RTT).is_empty());
        missing.on_came(MOST as u16 + 4, now);
        assert_eq!(missing.ask(now, RTT), [MOST as u16 + 3]);
    }
}
