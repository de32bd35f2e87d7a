//! Wall-clock time as it stands in tokens.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Whole seconds since 1970-01-01 UTC (RFC 7519 "NumericDate", integers only: a string or a
/// fraction does not parse, so a claim cannot be present and unread, CVE-2026-25537).
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(transparent)]
#[schemars(description = "Seconds since 1970-01-01 UTC.")]
pub struct UnixTime(pub u64);

impl UnixTime {
    /// That much later; stops at the end of time.
    #[must_use]
    pub const fn plus(self, by: Duration) -> Self {
        Self(self.0.saturating_add(by.as_secs()))
    }

    /// How long after `earlier` this is; zero when it is not after.
    #[must_use]
    pub const fn since(self, earlier: Self) -> Duration {
        Duration::from_secs(self.0.saturating_sub(earlier.0))
    }
}

impl From<SystemTime> for UnixTime {
    /// A clock before 1970 counts as 1970, where every grant is still to begin.
    fn from(time: SystemTime) -> Self {
        Self(
            time.duration_since(UNIX_EPOCH)
                .map_or(0, |since| since.as_secs()),
        )
    }
}
