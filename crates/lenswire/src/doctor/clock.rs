//! Whether the clock can be right: grants, certificates and logs go by it.

use std::path::Path;
use std::time::{Duration, SystemTime};

use super::{Finding, Ground};

/// Skew that grants tolerate.
const TOLERATED: Duration = Duration::from_secs(60);

/// What systemd's and others' time keepers leave while they are in step.
const IN_STEP: [&str; 3] = [
    "/run/systemd/timesync/synchronized",
    "/run/chrony/chronyd.pid",
    "/run/ntpd.pid",
];

/// What there is on a machine where a time keeper would be expected.
const SYSTEMD: &str = "/run/systemd/system";

/// The system's clock.
pub(super) fn clock(ground: &Ground) -> Vec<Finding> {
    let kept = match IN_STEP.iter().any(|file| Path::new(file).exists()) {
        true => Some(true),
        false if Path::new(SYSTEMD).exists() => Some(false),
        false => None,
    };
    vec![judge(now(), newest(&ground.folder), kept)]
}

/// Pure: a file from the future shows a clock that was set back, or has never been set since the
/// machine lost its power.
fn judge(now: SystemTime, newest: Option<SystemTime>, kept: Option<bool>) -> Finding {
    let ahead = newest.and_then(|newest| newest.duration_since(now).ok());
    match (ahead, kept) {
        (Some(ahead), _) if ahead > TOLERATED => Finding::fail(
            format!(
                "The clock is behind: Lenswire has written a file {} seconds from now.",
                ahead.as_secs()
            ),
            "Set the clock, and switch NTP on (timedatectl set-ntp true).",
        ),
        (_, Some(true)) => Finding::ok("The clock is kept by NTP."),
        (_, Some(false)) => Finding::warn(
            "Nothing keeps the clock right.",
            "Switch NTP on (timedatectl set-ntp true): links and certificates end by the clock.",
        ),
        (_, None) => Finding::ok("The clock fits the files; what keeps it is not known here."),
    }
}

/// When the newest file of this program or its data was written.
fn newest(folder: &Path) -> Option<SystemTime> {
    let files = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let data = files.filter_map(|file| file.metadata().ok());
    let program = std::env::current_exe()
        .ok()
        .and_then(|path| path.metadata().ok());
    data.chain(program)
        .filter_map(|about| about.modified().ok())
        .max()
}

#[expect(
    clippy::disallowed_methods,
    reason = "it is the clock that is looked at"
)]
fn now() -> SystemTime {
    SystemTime::now()
}

#[cfg(test)]
mod tests {
    use super::super::Verdict;
    use super::*;

    // D7: a clock that starts in the past after a power cut.
    #[test]
    fn a_file_from_the_future_shows_a_clock_that_is_behind() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000);
        let at = |seconds| Some(now + Duration::from_secs(seconds));
        assert_eq!(judge(now, at(3_600), Some(true)).verdict, Verdict::Fail);
        assert_eq!(judge(now, at(30), Some(true)).verdict, Verdict::Ok);
        assert_eq!(judge(now, None, Some(false)).verdict, Verdict::Warn);
        assert_eq!(judge(now, None, None).verdict, Verdict::Ok);
    }
}
