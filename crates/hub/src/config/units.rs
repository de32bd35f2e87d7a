//! How people write durations and sizes: `1s`, `250ms`, `7d`, `64 KiB`. A number without a unit is
//! an error, because the next reader cannot know which one was meant.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Deserializer};

/// A number of bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Bytes(pub usize);

impl Bytes {
    /// So many KiB.
    #[must_use]
    pub const fn kib(count: usize) -> Self {
        Self(count * 1024)
    }

    /// So many MiB.
    #[must_use]
    pub const fn mib(count: usize) -> Self {
        Self(count * 1024 * 1024)
    }
}

impl fmt::Display for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            n if n > 0 && n % (1 << 20) == 0 => write!(f, "{} MiB", n >> 20),
            n if n > 0 && n % (1 << 10) == 0 => write!(f, "{} KiB", n >> 10),
            n => write!(f, "{n} B"),
        }
    }
}

impl<'de> Deserialize<'de> for Bytes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        bytes(&text).ok_or_else(|| {
            serde::de::Error::custom("expected a size such as 512 B, 64 KiB or 4 MiB")
        })
    }
}

/// Reads a size; `K`, `M` and `G` are 1,024-based with and without `iB`.
fn bytes(text: &str) -> Option<Bytes> {
    let (number, unit) = split(text)?;
    let factor: usize = match unit.to_ascii_lowercase().as_str() {
        "b" => 1,
        "k" | "kb" | "kib" => 1 << 10,
        "m" | "mb" | "mib" => 1 << 20,
        "g" | "gb" | "gib" => 1 << 30,
        _ => return None,
    };
    number
        .checked_mul(u64::try_from(factor).ok()?)
        .and_then(|n| usize::try_from(n).ok())
        .map(Bytes)
}

/// Reads a duration in whole `ms`, `s`, `m`, `h` or `d`.
#[must_use]
pub fn duration(text: &str) -> Option<Duration> {
    let (number, unit) = split(text)?;
    let millis: u64 = match unit {
        "ms" => 1,
        "s" => 1_000,
        "m" | "min" => 60_000,
        "h" => 3_600_000,
        "d" => 86_400_000,
        _ => return None,
    };
    number.checked_mul(millis).map(Duration::from_millis)
}

fn split(text: &str) -> Option<(u64, &str)> {
    let text = text.trim();
    let end = text.find(|c: char| !c.is_ascii_digit())?;
    let (digits, unit) = text.split_at(end);
    Some((digits.parse().ok()?, unit.trim()))
}

/// For `#[serde(with)]` on a duration.
pub(super) fn read_duration<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Duration, D::Error> {
    let text = String::deserialize(deserializer)?;
    duration(&text)
        .ok_or_else(|| serde::de::Error::custom("expected a duration such as 250ms, 10s, 5m or 7d"))
}

/// For `#[serde(with)]` on a duration that may be absent.
pub(super) fn read_some_duration<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Duration>, D::Error> {
    let text = Option::<String>::deserialize(deserializer)?;
    text.map_or(Ok(None), |text| {
        duration(&text).map(Some).ok_or_else(|| {
            serde::de::Error::custom("expected a duration such as 250ms, 10s, 5m or 7d")
        })
    })
}

/// As people write it back: the largest unit that leaves no rest.
pub(super) fn show_duration(duration: Duration) -> String {
    match duration.as_millis() {
        n if n > 0 && n % 86_400_000 == 0 => format!("{}d", n / 86_400_000),
        n if n > 0 && n % 3_600_000 == 0 => format!("{}h", n / 3_600_000),
        n if n > 0 && n % 60_000 == 0 => format!("{}m", n / 60_000),
        n if n > 0 && n % 1_000 == 0 => format!("{}s", n / 1_000),
        n => format!("{n}ms"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_are_read_and_written_back() {
        for (text, millis) in [
            ("1s", 1_000),
            ("250ms", 250),
            ("5m", 300_000),
            ("7d", 604_800_000),
            ("2 h", 7_200_000),
        ] {
            assert_eq!(
                duration(text),
                Some(Duration::from_millis(millis)),
                "{text}"
            );
            assert_eq!(
                duration(&show_duration(Duration::from_millis(millis))),
                duration(text)
            );
        }
        for (text, count) in [
            ("16 KiB", 16_384),
            ("4MiB", 4 << 20),
            ("512 B", 512),
            ("1k", 1_024),
        ] {
            assert_eq!(bytes(text), Some(Bytes(count)), "{text}");
            assert_eq!(bytes(&Bytes(count).to_string()), Some(Bytes(count)));
        }
    }

    #[test]
    fn what_has_no_unit_is_refused() {
        for text in [
            "1",
            "",
            "s",
            "-1s",
            "1.5s",
            "1 week",
            "99999999999999999999s",
            "18446744073709551615d",
        ] {
            assert_eq!(duration(text), None, "{text}");
        }
        for text in ["1", "1 XB", "", "18446744073709551615 GiB"] {
            assert_eq!(bytes(text), None, "{text}");
        }
    }
}
