//! Notices when somebody else writes the file. The folder is watched, not the file: editors and
//! Kubernetes replace it.

use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::Duration;

use notify::{RecommendedWatcher, RecursiveMode, Watcher};

use super::{Config, Error, File};

/// How long the folder must be quiet before the file is read: an editor writes in several steps.
const QUIET: Duration = Duration::from_millis(200);

/// Watching; dropping it stops.
#[derive(Debug)]
pub struct Watch {
    _watcher: RecommendedWatcher,
}

impl Watch {
    /// Calls `changed`, on a thread of its own, with each new configuration, or with what is wrong
    /// with it; then the old one stays in force. Writes by [`File::edit`] are not reported.
    ///
    /// # Errors
    /// When the folder cannot be watched.
    pub fn start(
        file: Arc<File>,
        changed: impl Fn(Result<Config, Error>) + Send + 'static,
    ) -> Result<Self, Error> {
        let path = file.path().to_owned();
        let failed = |source| Error::Watch {
            path: path.clone(),
            source,
        };
        let (tell, hear) = channel();
        let mut watcher =
            notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
                if event.is_ok_and(|event| !event.kind.is_access()) {
                    let _closed = tell.send(());
                }
            })
            .map_err(failed)?;
        let folder = path
            .parent()
            .filter(|folder| !folder.as_os_str().is_empty())
            .unwrap_or(Path::new("."));
        watcher
            .watch(folder, RecursiveMode::NonRecursive)
            .map_err(failed)?;
        std::thread::Builder::new()
            .name("config-watch".to_owned())
            .spawn(move || follow(&hear, &file, &changed))
            .map_err(|source| Error::Watch {
                path: path.clone(),
                source: notify::Error::io(source),
            })?;
        Ok(Self { _watcher: watcher })
    }
}

fn follow(hear: &Receiver<()>, file: &File, changed: &dyn Fn(Result<Config, Error>)) {
    let mut told = None;
    while hear.recv().is_ok() {
        loop {
            match hear.recv_timeout(QUIET) {
                Ok(()) => {}
                Err(RecvTimeoutError::Timeout) => break,
                Err(RecvTimeoutError::Disconnected) => return,
            }
        }
        match file.reload() {
            Ok(None) => {}
            Ok(Some(config)) => {
                told = None;
                changed(Ok(config));
            }
            Err(error) => {
                // The folder may be busy with other files: the same complaint is made once.
                let complaint = error.to_string();
                if told.as_ref() != Some(&complaint) {
                    told = Some(complaint);
                    changed(Err(error));
                }
            }
        }
    }
}
