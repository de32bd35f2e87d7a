//! What the system allows a process.

use std::sync::Arc;

use lenswire_hub::config::Watch;

use super::{Finding, Ground};

/// Fewer open files than this are used up by a few hundred viewers of pages, cameras included.
const FILES: u64 = 4_096;

/// How many files may be open.
pub(super) fn files(_: &Ground) -> Vec<Finding> {
    let limits = std::fs::read_to_string("/proc/self/limits").ok();
    let limit = limits.as_deref().and_then(open_files);
    limit.map(judge).into_iter().collect()
}

/// Pure: the soft limit in proc(5)'s table. `u64::MAX` is no limit.
fn open_files(limits: &str) -> Option<u64> {
    let line = limits
        .lines()
        .find_map(|line| line.strip_prefix("Max open files"))?;
    match line.split_whitespace().next()? {
        "unlimited" => Some(u64::MAX),
        number => number.parse().ok(),
    }
}

fn judge(limit: u64) -> Finding {
    match limit {
        u64::MAX => Finding::ok("Any number of files may be open."),
        FILES.. => Finding::ok(format!("{limit} files may be open.")),
        _ => Finding::warn(
            format!("Only {limit} files and connections may be open."),
            "Set LimitNOFILE=65536 in the unit, --ulimit nofile=65536 in Docker, or ulimit -n 65536.",
        ),
    }
}

/// Whether changes of the configuration's file are seen.
pub(super) fn changes(ground: &Ground) -> Vec<Finding> {
    vec![match Watch::start(Arc::clone(&ground.file), |_| {}) {
        Ok(_) => Finding::ok("Changes of the configuration are seen at once."),
        Err(error) => Finding::warn(
            format!("Changes of the configuration are seen at the next start only: {error}."),
            "Raise fs.inotify.max_user_instances and fs.inotify.max_user_watches with sysctl.",
        ),
    }]
}

#[cfg(test)]
mod tests {
    use super::super::Verdict;
    use super::*;

    // D6
    #[test]
    fn the_limit_of_open_files_is_read_and_judged() {
        let table = "Limit                     Soft Limit           Hard Limit           Units     \n\
                     Max processes             unlimited            unlimited            processes \n\
                     Max open files            1024                 524288               files     \n";
        assert_eq!(open_files(table), Some(1_024));
        assert_eq!(
            open_files("Max open files unlimited unlimited files"),
            Some(u64::MAX)
        );
        assert_eq!(open_files("nothing of the kind"), None);
        assert_eq!(judge(1_024).verdict, Verdict::Warn);
        assert_eq!(judge(65_536).verdict, Verdict::Ok);
    }
}
