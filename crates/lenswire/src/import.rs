//! `lenswire config import`: another program's configuration on standard output as Lenswire's, and
//! on standard error what was taken over and what was not.

use std::io::Write as _;
use std::path::Path;

use anyhow::Context as _;
use lenswire_hub::config::{Note, import};

use crate::say;

/// Largest file that is read, in bytes.
const LIMIT: u64 = 1024 * 1024;

pub(crate) fn run(path: &Path) -> anyhow::Result<()> {
    let cannot = || format!("cannot read {}", path.display());
    let size = std::fs::metadata(path).with_context(cannot)?.len();
    anyhow::ensure!(size <= LIMIT, "{}: it is larger than 1 MiB", cannot());
    let text = std::fs::read_to_string(path).with_context(cannot)?;
    let imported = import(&text).with_context(|| path.display().to_string())?;
    let mut told = std::io::stderr();
    for note in &imported.notes {
        let line = match note {
            Note::Taken(what) => format!("taken over      {what}"),
            Note::Left { what, why } => format!("not taken over  {what}: {why}"),
            Note::Look(what) => format!("look at         {what}"),
        };
        // When standard error is closed there is nobody to tell.
        let _nobody = writeln!(told, "{line}");
    }
    say(imported.yaml.trim_end())
}
