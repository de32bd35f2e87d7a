//! The folder that the store lives in: made for its owner alone, and never on a network.

use std::fs::{DirBuilder, OpenOptions};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use super::Error;

/// File systems on which SQLite's locks or shared memory do not hold (<https://sqlite.org/wal.html>,
/// "all processes must be on the same host"; frigate#1280).
const NETWORKED: [&str; 10] = [
    "nfs",
    "nfs4",
    "cifs",
    "smb3",
    "smbfs",
    "9p",
    "fuse.sshfs",
    "afs",
    "ncpfs",
    "fuse.glusterfs",
];

/// Makes folder (mode 0700) and file (0600) where they are missing; gives the file's path.
pub(super) fn prepare(folder: &Path, file: &str) -> Result<PathBuf, Error> {
    let path = folder.join(file);
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder
        .create(folder)
        .map_err(|source| failed(source, folder))?;
    if let Some(kind) = network(folder) {
        return Err(Error::Network {
            path: folder.to_owned(),
            kind,
        });
    }
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
        .open(&path)
        .map_err(|source| failed(source, &path))?;
    Ok(path)
}

fn failed(source: std::io::Error, path: &Path) -> Error {
    let path = path.to_owned();
    match source.kind() {
        ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => Error::ReadOnly(path),
        ErrorKind::StorageFull => Error::Full(path),
        _ => Error::Folder { path, source },
    }
}

/// The kind of network file system that the folder is on, if it is on one that we can tell.
fn network(folder: &Path) -> Option<String> {
    let folder = std::fs::canonicalize(folder).ok()?;
    let mounts = std::fs::read_to_string("/proc/self/mounts").ok()?;
    let kind = mounted(&mounts, &folder)?;
    NETWORKED.contains(&kind.as_str()).then_some(kind)
}

/// The type of the mount that the path is on: the last of the longest (proc(5)).
fn mounted(mounts: &str, path: &Path) -> Option<String> {
    let fields = |line: &str| {
        let mut words = line.split(' ').skip(1);
        Some((unescaped(words.next()?), words.next()?.to_owned()))
    };
    let covers = |(point, _): &(PathBuf, String)| path.starts_with(point);
    mounts
        .lines()
        .filter_map(fields)
        .filter(covers)
        .max_by_key(|(point, _)| point.as_os_str().len())
        .map(|(_, kind)| kind)
}

/// Spaces and the like are `\040` there.
fn unescaped(text: &str) -> PathBuf {
    text.replace("\\040", " ")
        .replace("\\011", "\t")
        .replace("\\134", "\\")
        .into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mount_of_a_path_is_the_nearest() {
        let mounts = "/dev/sda / ext4 rw 0 0\nnas:/x /srv/my\\040nas nfs4 rw 0 0\ntmpfs /srv/my\\040nas/tmp tmpfs rw 0 0\n";
        let kind = |path: &str| mounted(mounts, Path::new(path));
        assert_eq!(kind("/var/lib/lenswire").as_deref(), Some("ext4"));
        assert_eq!(kind("/srv/my nas/lenswire").as_deref(), Some("nfs4"));
        assert_eq!(kind("/srv/my nas/tmp").as_deref(), Some("tmpfs"));
        assert_eq!(kind("/srv/my nas2").as_deref(), Some("ext4"));
    }
}
