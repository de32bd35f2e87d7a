//! The data folder: whether it can be written, by us alone, and how much room it has.

use std::fs::OpenOptions;
use std::io::ErrorKind;
use std::path::Path;

use super::{Finding, Ground};

/// Below this the store is about to fail (`limits`: least free disk).
const LITTLE: u64 = 256 << 20;

/// Below this it fails.
const NONE: u64 = 16 << 20;

/// Whether the folder is ours to write.
pub(super) fn folder(ground: &Ground) -> Vec<Finding> {
    let shown = ground.folder.display();
    let place = existing(&ground.folder);
    let written = try_to_write(place);
    vec![match written {
        Err(kind) => Finding::fail(
            format!("{} cannot be written: {kind}.", place.display()),
            "Make it writable for Lenswire's user, or name another with --data.",
        ),
        Ok(()) if place != ground.folder => {
            Finding::ok(format!("{shown} will be made at the first start."))
        }
        Ok(()) if is_open(place) => Finding::warn(
            format!("{shown} can be read by other users; it holds keys."),
            format!("chmod 700 {shown}"),
        ),
        Ok(()) => Finding::ok(format!("{shown} can be written.")),
    }]
}

/// How much room there is.
pub(super) fn space(ground: &Ground) -> Vec<Finding> {
    let shown = ground.folder.display();
    let Ok(free) = fs4::available_space(existing(&ground.folder)) else {
        return Vec::new();
    };
    vec![judge(free, &shown.to_string())]
}

/// Pure: whether so many bytes will do.
fn judge(free: u64, place: &str) -> Finding {
    let megabytes = free >> 20;
    let fix = "Free some space there, or name another folder with --data.";
    match free {
        0..NONE => Finding::fail(format!("{megabytes} MiB are free for {place}."), fix),
        NONE..LITTLE => Finding::warn(format!("Only {megabytes} MiB are free for {place}."), fix),
        _ => Finding::ok(format!("{megabytes} MiB are free.")),
    }
}

/// The folder, or the nearest one above it that is there.
fn existing(folder: &Path) -> &Path {
    folder
        .ancestors()
        .find(|path| path.is_dir())
        .unwrap_or(folder)
}

/// Writes a file that is gone at once.
fn try_to_write(folder: &Path) -> Result<(), ErrorKind> {
    let file = folder.join(format!(".lenswire-doctor-{}", std::process::id()));
    let made = OpenOptions::new().write(true).create_new(true).open(&file);
    let _gone = std::fs::remove_file(&file);
    made.map(drop).map_err(|error| error.kind())
}

#[cfg(unix)]
fn is_open(folder: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::metadata(folder).is_ok_and(|about| about.permissions().mode() & 0o077 != 0)
}

#[cfg(not(unix))]
fn is_open(_folder: &Path) -> bool {
    false
}

#[cfg(test)]
mod tests {
    use super::super::Verdict;
    use super::*;

    #[test]
    fn little_room_is_a_warning_and_none_a_failure() {
        let verdict = |free| judge(free, "/var/lib/lenswire").verdict;
        assert_eq!(verdict(1 << 40), Verdict::Ok);
        assert_eq!(verdict(100 << 20), Verdict::Warn);
        assert_eq!(verdict(0), Verdict::Fail);
    }

    #[test]
    fn a_folder_that_is_not_there_is_judged_by_the_one_above_it() {
        let folder = tempfile::tempdir().expect("a folder");
        assert_eq!(existing(&folder.path().join("a/b")), folder.path());
        assert_eq!(try_to_write(folder.path()), Ok(()));
        assert_eq!(
            std::fs::read_dir(folder.path()).expect("is there").count(),
            0
        );
        assert_eq!(
            try_to_write(&folder.path().join("a")),
            Err(ErrorKind::NotFound)
        );
    }
}
