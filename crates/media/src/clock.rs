//! Clocks of a source: RTP numbers and times without their wraps, and what wall-clock time they
//! stand for.

use std::time::{Duration, Instant};

use crate::WallTime;

/// Takes the wrap out of 16-bit numbers (RFC 3550, A.1).
#[derive(Clone, Copy, Debug, Default)]
pub struct Unwrap16 {
    last: Option<i64>,
}

impl Unwrap16 {
    /// The number nearest to the last one that has these low 16 bits.
    pub fn unwrap(&mut self, raw: u16) -> i64 {
        let value = match self.last {
            None => i64::from(raw),
            Some(last) => last + i64::from(raw.wrapping_sub(last as u16) as i16),
        };
        self.last = Some(value);
        value
    }
}

/// Takes the wrap out of 32-bit times.
#[derive(Clone, Copy, Debug, Default)]
pub struct Unwrap32 {
    last: Option<i64>,
}

impl Unwrap32 {
    /// The time nearest to the last one that has these low 32 bits.
    pub fn unwrap(&mut self, raw: u32) -> i64 {
        let value = match self.last {
            None => i64::from(raw),
            Some(last) => last + i64::from(raw.wrapping_sub(last as u32) as i32),
        };
        self.last = Some(value);
        value
    }
}

/// Whether a track's times may go back from one frame to the next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// Frames are sent in the order they are shown.
    Shown,
    /// B-frames may be in it: a frame may be shown before the one sent ahead of it.
    Decoded,
}

/// A source may be ahead by this before its clock counts as having jumped (A3).
const JUMP: Duration = Duration::from_secs(10);
/// How far times go back at most when B-frames are in play: 16 frames at 8 frames a second.
const REORDER: Duration = Duration::from_secs(2);
/// So many frames in a row may be before the latest: what a decoded picture buffer holds
/// (ITU-T H.264, A.3.1). More, and the clock has been set back.
const REORDER_FRAMES: u32 = 16;
/// A clock that has not moved for so many frames stands.
const STANDING: u32 = 10;

/// The clock of one RTP track.
///
/// Its times begin at 0 and never jump: where the source's do (more than 10 s ahead, or back), time
/// goes on with what passed here instead, and counts [`Self::jumps`]. A source whose clock stands
/// still gets times from ours.
#[derive(Debug)]
pub struct TrackClock {
    rate: u32,
    last: Option<Last>,
    jumps: u32,
    /// Frames in a row whose time did not move.
    standing: u32,
    report: Option<Report>,
}

#[derive(Clone, Copy, Debug)]
struct Last {
    raw: u32,
    time: i64,
    /// The latest time so far.
    newest: i64,
    /// Frames in a row that were before it.
    behind: u32,
    /// When the latest one came.
    arrived: Instant,
}

#[derive(Clone, Copy, Debug)]
struct Report {
    raw: u32,
    wall: WallTime,
}

impl TrackClock {
    /// A clock of so many ticks per second.
    #[must_use]
    pub fn new(rate: u32) -> Self {
        Self {
            rate: rate.max(1),
            last: None,
            jumps: 0,
            standing: 0,
            report: None,
        }
    }

    /// The time of a frame that begins with this RTP timestamp, in ticks since the first one.
    pub fn frame(&mut self, raw: u32, arrived: Instant, order: Order) -> i64 {
        let Some(last) = self.last else {
            self.last = Some(Last {
                raw,
                time: 0,
                newest: 0,
                behind: 0,
                arrived,
            });
            return 0;
        };
        let step = i64::from(raw.wrapping_sub(last.raw) as i32);
        self.standing = if step == 0 {
            self.standing.saturating_add(1)
        } else {
            0
        };
        let time = if self.is_plausible(step, &last, order) {
            last.time + step
        } else {
            self.jumped(step);
            last.newest
                + self
                    .ticks(arrived.saturating_duration_since(last.arrived))
                    .max(1)
        };
        let is_newest = time > last.newest;
        self.last = Some(Last {
            raw,
            time,
            newest: last.newest.max(time),
            behind: if is_newest { 0 } else { last.behind + 1 },
            arrived: if is_newest { arrived } else { last.arrived },
        });
        time
    }

    fn jumped(&mut self, step: i64) {
        if step != 0 {
            self.jumps = self.jumps.saturating_add(1);
            // What the last report said is not known to hold for the new times.
            self.report = None;
        }
    }

    fn is_plausible(&self, step: i64, last: &Last, order: Order) -> bool {
        let behind = last.newest - (last.time + step);
        let is_ahead = step > 0 && step <= self.ticks(JUMP);
        match order {
            Order::Shown => is_ahead,
            Order::Decoded if behind <= 0 => is_ahead,
            Order::Decoded => {
                step != 0 && behind <= self.ticks(REORDER) && last.behind < REORDER_FRAMES
            }
        }
    }

    /// Takes an RTCP sender report: its NTP time (seconds since 1900 in the upper 32 bits) and the
    /// RTP time that belongs to it. Cameras without a clock send 0 and are ignored.
    pub fn on_sender_report(&mut self, ntp: u64, raw: u32) {
        if let Some(wall) = wall_of_ntp(ntp) {
            self.report = Some(Report { raw, wall });
        }
    }

    /// When what this RTP timestamp stands for was captured, by the source's own clock; None
    /// before its first sender report.
    #[must_use]
    pub fn captured(&self, raw: u32) -> Option<WallTime> {
        let report = self.report?;
        let ticks = i64::from(raw.wrapping_sub(report.raw) as i32);
        let micros = ticks * 1_000_000 / i64::from(self.rate);
        Some(WallTime(report.wall.0.saturating_add_signed(micros)))
    }

    /// How often the source's clock has jumped.
    #[must_use]
    pub fn jumps(&self) -> u32 {
        self.jumps
    }

    /// Whether the source's clock stands still while frames come.
    #[must_use]
    pub fn stands(&self) -> bool {
        self.standing >= STANDING
    }

    fn ticks(&self, duration: Duration) -> i64 {
        let ticks = duration.as_nanos().saturating_mul(u128::from(self.rate)) / 1_000_000_000;
        i64::try_from(ticks).unwrap_or(i64::MAX >> 2)
    }
}

/// Seconds from 1900-01-01, where NTP begins, to 1970-01-01.
const NTP_TO_UNIX: u64 = 2_208_988_800;

/// NTP time to wall-clock time. Seconds with the highest bit clear are of the era that begins in
/// 2036 (RFC 4330, section 3). None for 0, and for times before 1970.
fn wall_of_ntp(ntp: u64) -> Option<WallTime> {
    if ntp == 0 {
        return None;
    }
    let mut seconds = ntp >> 32;
    if seconds < 1 << 31 {
        seconds += 1 << 32;
    }
    let micros = ((ntp & 0xffff_ffff) * 1_000_000) >> 32;
    Some(WallTime(
        seconds.checked_sub(NTP_TO_UNIX)? * 1_000_000 + micros,
    ))
}

#[cfg(test)]
mod tests;
