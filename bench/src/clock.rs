//! The clocks. A benchmark reads them everywhere; this is the one place that says so.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use lenswire_media::WallTime;

/// The steady clock.
#[expect(
    clippy::disallowed_methods,
    reason = "measuring time is what this program does"
)]
pub(crate) fn now() -> Instant {
    Instant::now()
}

/// The wall clock.
#[expect(clippy::disallowed_methods, reason = "pictures are stamped with it")]
pub(crate) fn wall() -> WallTime {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    WallTime(u64::try_from(since.as_micros()).unwrap_or(u64::MAX))
}

/// Asks `ready` again and again until it has something, at most for `patience`.
pub(crate) fn until<T>(patience: Duration, mut ready: impl FnMut() -> Option<T>) -> Option<T> {
    let deadline = now() + patience;
    loop {
        if let Some(done) = ready() {
            return Some(done);
        }
        if now() > deadline {
            return None;
        }
        std::thread::sleep(Duration::from_millis(1));
    }
}
