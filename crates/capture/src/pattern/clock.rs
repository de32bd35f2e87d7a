//! A wall clock time as people write it, in UTC.

use std::fmt;

use lenswire_media::WallTime;

const MICROS_A_DAY: u64 = 86_400_000_000;

/// Shows as `2026-11-21`.
pub(super) struct Date(pub(super) WallTime);

/// Shows as `12:00:00.000`.
pub(super) struct Time(pub(super) WallTime);

impl fmt::Display for Date {
    /// The Gregorian calendar counts easiest in years that begin in March, so that the leap day
    /// comes last, and in its whole cycles of 400 years, which have 146,097 days.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Days since 0000-03-01.
        let days = self.0.0 / MICROS_A_DAY + 719_468;
        let (cycle, day) = (days / 146_097, days % 146_097);
        let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
        let day = day - (365 * year + year / 4 - year / 100);
        // Months since March have 31, 30, 31, 30, 31 days over and over: 153 in five of them.
        let month = (5 * day + 2) / 153;
        let day = day - (153 * month + 2) / 5 + 1;
        let (month, carried) = if month < 10 {
            (month + 3, 0)
        } else {
            (month - 9, 1)
        };
        write!(f, "{:04}-{month:02}-{day:02}", 400 * cycle + year + carried)
    }
}

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let millis = self.0.0 % MICROS_A_DAY / 1_000;
        let (seconds, millis) = (millis / 1_000, millis % 1_000);
        let (hours, minutes, seconds) = (seconds / 3_600, seconds / 60 % 60, seconds % 60);
        write!(f, "{hours:02}:{minutes:02}:{seconds:02}.{millis:03}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn both(seconds: u64) -> String {
        let at = WallTime(seconds * 1_000_000 + 7_000);
        format!("{} {}", Date(at), Time(at))
    }

    // Expected values from `date -u -d @N`.
    #[test]
    fn days_and_leap_days_are_right() {
        let known = [
            (0, "1970-01-01 00:00:00.007"),
            (951_782_400, "2000-02-29 00:00:00.007"),
            (951_868_799, "2000-02-29 23:59:59.007"),
            (1_709_251_200, "2024-03-01 00:00:00.007"),
            (1_795_262_400, "2026-11-21 12:00:00.007"),
            (1_798_761_599, "2026-12-31 23:59:59.007"),
            (4_107_542_399, "2100-02-28 23:59:59.007"),
            (4_107_542_400, "2100-03-01 00:00:00.007"),
        ];
        for (seconds, text) in known {
            assert_eq!(both(seconds), text);
        }
    }
}
