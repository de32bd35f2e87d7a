//! Faults that a camera is told to have while it is measured.

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use super::pace::Flow;
use super::rtp;

/// What is wrong with it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Fault {
    #[default]
    None,
    /// It is off: connections end, new ones are hung up on.
    Down,
    /// It makes no pictures.
    Silent,
    /// Its network holds everything back, and lets it go at once afterwards.
    Held,
    /// Of so many packets one is numbered and never sent.
    Lossy(u32),
}

/// One path's.
#[derive(Debug, Default)]
pub(super) struct Faults {
    now: Mutex<Fault>,
    /// How far its clock was set ahead, in ticks of 90 kHz.
    ahead: AtomicU32,
    packets: AtomicU64,
    withheld: AtomicU64,
}

impl Faults {
    pub(super) fn set(&self, fault: Fault) {
        *self.now.lock().unwrap_or_else(PoisonError::into_inner) = fault;
    }

    fn now(&self) -> Fault {
        *self.now.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn is_down(&self) -> bool {
        self.now() == Fault::Down
    }

    /// What happens to a picture, if this has a say in it.
    pub(super) fn flow(&self) -> Option<Flow> {
        match self.now() {
            Fault::Down | Fault::Silent => Some(Flow::Missing),
            Fault::Held => Some(Flow::Held),
            Fault::None | Fault::Lossy(_) => None,
        }
    }

    pub(super) fn jump(&self, ahead: Duration) {
        // The clock of 32 bits goes round, and so may this.
        let ticks = (ahead.as_millis() * 90) as u32;
        self.ahead.fetch_add(ticks, Ordering::Relaxed);
    }

    pub(super) fn ahead(&self) -> u32 {
        self.ahead.load(Ordering::Relaxed)
    }

    /// Interleaved frames without those that are to get lost.
    pub(super) fn thin(&self, frames: Vec<u8>) -> Vec<u8> {
        let Fault::Lossy(one_of) = self.now() else {
            return frames;
        };
        let mut left = Vec::with_capacity(frames.len());
        for frame in rtp::frames(&frames) {
            let n = self.packets.fetch_add(1, Ordering::Relaxed);
            if n.is_multiple_of(u64::from(one_of.max(1))) && rtp::is_media(frame) {
                self.withheld.fetch_add(1, Ordering::Relaxed);
            } else {
                left.extend_from_slice(frame);
            }
        }
        left
    }

    pub(super) fn withheld(&self) -> u64 {
        self.withheld.load(Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_of_so_many_packets_is_withheld_and_counted() {
        let frames: Vec<u8> = (0..10_u8).flat_map(|n| [b'$', 0, 0, 1, n]).collect();
        let faults = Faults::default();
        assert_eq!(faults.thin(frames.clone()), frames);
        faults.set(Fault::Lossy(5));
        assert_eq!(faults.thin(frames).len(), 8 * 5);
        assert_eq!(faults.withheld(), 2);
        assert_eq!(faults.flow(), None);
    }

    #[test]
    fn a_clock_that_jumps_stays_ahead() {
        let faults = Faults::default();
        faults.jump(Duration::from_secs(3_600));
        faults.jump(Duration::from_secs(1));
        assert_eq!(faults.ahead(), 3_601 * 90_000);
    }
}
