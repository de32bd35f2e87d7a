//! What a process uses, as Linux counts it, and child processes that end with their owner.

use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result};

/// Clock ticks a second in `/proc/PID/stat`. Every Linux that we know of has 100 (`getconf CLK_TCK`).
const TICKS: u64 = 100;

/// What a process has used and holds.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Usage {
    /// Processor time of all its threads, in user and kernel mode.
    pub(crate) cpu: Duration,
    /// Memory that is in RAM, in bytes.
    pub(crate) rss: u64,
}

/// Reads what a process uses.
pub(crate) fn usage(pid: u32) -> Result<Usage> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat"))
        .with_context(|| format!("process {pid} is gone"))?;
    let status = fs::read_to_string(format!("/proc/{pid}/status"))?;
    Ok(Usage {
        cpu: cpu(&stat).context("/proc/PID/stat")?,
        rss: rss(&status).context("/proc/PID/status")?,
    })
}

fn cpu(stat: &str) -> Option<Duration> {
    // The name, in brackets, may hold anything, spaces and brackets too. After it the 12th and 13th
    // fields are utime and stime (proc_pid_stat(5) counts them as 14 and 15).
    let mut fields = stat.rsplit_once(')')?.1.split_whitespace().skip(11);
    let (user, system): (u64, u64) = (fields.next()?.parse().ok()?, fields.next()?.parse().ok()?);
    Some(Duration::from_millis((user + system) * 1_000 / TICKS))
}

fn rss(status: &str) -> Option<u64> {
    let kilobytes: u64 = status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))?
        .split_whitespace()
        .next()?
        .parse()
        .ok()?;
    Some(kilobytes * 1_024)
}

/// What a process holds that must not grow.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Holdings {
    pub(crate) rss: u64,
    pub(crate) threads: u64,
    pub(crate) descriptors: usize,
}

impl Holdings {
    pub(crate) fn to_json(self) -> serde_json::Value {
        serde_json::json!({
            "rss_mb": self.rss as f64 / 1e6,
            "threads": self.threads,
            "descriptors": self.descriptors,
        })
    }
}

/// Reads what a process holds.
pub(crate) fn holdings(pid: u32) -> Result<Holdings> {
    let status = fs::read_to_string(format!("/proc/{pid}/status"))
        .with_context(|| format!("process {pid} is gone"))?;
    let threads = status
        .lines()
        .find_map(|line| line.strip_prefix("Threads:"));
    Ok(Holdings {
        rss: rss(&status).context("/proc/PID/status")?,
        threads: threads.context("/proc/PID/status")?.trim().parse()?,
        descriptors: fs::read_dir(format!("/proc/{pid}/fd"))?.count(),
    })
}

/// Processor time of the calling thread, to the nanosecond.
pub(crate) fn thread_cpu() -> Result<Duration> {
    let stat = fs::read_to_string("/proc/thread-self/schedstat")?;
    let run = stat
        .split_whitespace()
        .next()
        .context("/proc/thread-self/schedstat")?;
    Ok(Duration::from_nanos(run.parse()?))
}

/// Stops a process for a while, as a machine does that swaps.
pub(crate) fn pause(pid: u32, time: Duration) -> Result<()> {
    let signal = |name: &str| {
        let sent = Command::new("kill").args([name, &pid.to_string()]).status();
        anyhow::ensure!(sent?.success(), "process {pid} is gone");
        Ok(())
    };
    signal("-STOP")?;
    std::thread::sleep(time);
    signal("-CONT")
}

/// A child process that is ended when this is dropped.
#[derive(Debug)]
pub(crate) struct Running(Child);

impl Running {
    /// Starts it with its output in `log`.
    pub(crate) fn start(command: &mut Command, log: &Path) -> Result<Self> {
        let out = fs::File::create(log)?;
        command
            .stdin(Stdio::null())
            .stderr(out.try_clone()?)
            .stdout(out);
        let child = command
            .spawn()
            .with_context(|| format!("{} does not start", command.get_program().display()))?;
        Ok(Self(child))
    }

    pub(crate) fn pid(&self) -> u32 {
        self.0.id()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It may be gone already, which is as good.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn processor_time_is_found_behind_an_awkward_name() {
        let stat = "42 (a) b) (c) S 1 42 42 0 -1 4194560 9 0 0 0 250 51 7 7 20 0 3 0 100 1 2 3";
        assert_eq!(cpu(stat), Some(Duration::from_millis(3_010)));
    }

    #[test]
    fn our_own_process_has_memory() {
        assert!(usage(std::process::id()).unwrap().rss > 1 << 20);
    }
}
