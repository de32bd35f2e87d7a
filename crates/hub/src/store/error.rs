//! What can be wrong with a store, told apart by what somebody has to do about it.

use std::path::{Path, PathBuf};

use lenswire_api::{Code, Problem};

/// Why the store does not do what it was asked.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "each message says what its variant is")]
pub enum Error {
    #[error("no space is left on the disk of {}", .0.display())]
    Full(PathBuf),
    #[error("{} is locked by another program", .0.display())]
    Locked(PathBuf),
    #[error("{} cannot be written: check who owns it and that the disk is not mounted read-only", .0.display())]
    ReadOnly(PathBuf),
    #[error("{} is damaged, or no Lenswire database: move it away or restore a backup", .0.display())]
    Damaged(PathBuf),
    #[error("{} was made by a newer Lenswire: update this one", .0.display())]
    Newer(PathBuf),
    #[error("{} is on a network file system ({kind}), where SQLite loses data: use --data with a local folder", path.display())]
    Network { path: PathBuf, kind: String },
    #[error("cannot make {}: {source}", path.display())]
    Folder {
        path: PathBuf,
        source: std::io::Error,
    },
    #[error("the signing key in the store is damaged")]
    Key,
    #[error("{}: {source}", path.display())]
    Other { path: PathBuf, source: sqlx::Error },
}

impl Error {
    /// Tells SQLite's result codes apart (<https://sqlite.org/rescode.html>; the low byte is the
    /// primary code).
    pub(super) fn new(source: sqlx::Error, path: &Path) -> Self {
        let path = path.to_owned();
        let code = source
            .as_database_error()
            .and_then(|error| error.code()?.parse::<u32>().ok());
        match (code.map(|code| code & 0xff), &source) {
            (Some(13), _) => Self::Full(path),
            (Some(5 | 6), _) | (None, sqlx::Error::PoolTimedOut) => Self::Locked(path),
            (Some(3 | 8 | 14 | 23), _) => Self::ReadOnly(path),
            (Some(11 | 26), _) => Self::Damaged(path),
            (None, sqlx::Error::Configuration(_)) => Self::Newer(path),
            (_, _) => Self::Other { path, source },
        }
    }
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        // The path stays in the log: a client has no use for it.
        match error {
            Error::Full(_) => Code::StorageFull.into(),
            Error::Locked(_) => Code::StorageBusy.into(),
            Error::ReadOnly(_) => Self::new(
                Code::StorageBusy,
                "Lenswire's data folder cannot be written.",
            ),
            Error::Damaged(_)
            | Error::Newer(_)
            | Error::Network { .. }
            | Error::Folder { .. }
            | Error::Key
            | Error::Other { .. } => Code::Internal.into(),
        }
    }
}
