//! The file itself: found, read, written. A write is a new file put in the old one's place, after
//! the new text was parsed again and means exactly what was asked.

use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use sha2::{Digest, Sha256};

use super::edit::{edited, expected};
use super::error::{Error, Fault};
use super::layers::{Environment, Overrides, overlay};
use super::settings::{self, Preview, Settings, SettingsPatch};
use super::tree::Node;
use super::{Config, StreamEdit, check, de, expand};

/// What a new file starts with: the demo, as it was served without a file.
const NEW_FILE: &str = "\
# Lenswire's configuration. The annotated lenswire.yaml of the source tree explains every key.
streams:
  demo:
    source: demo
    on_demand: true
    viewers: anyone
";

/// Largest file that is read, in bytes; 256 streams take about 64 KiB.
const FILE_LIMIT: u64 = 1024 * 1024;

/// Where the configuration lives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Home {
    /// The person named it: it must be there.
    Named(PathBuf),
    /// The usual place: without a file there, the demo is served, and the first edit makes one.
    Usual(PathBuf),
}

/// The configuration's file, with the layers over it.
#[derive(Debug)]
pub struct File {
    home: Home,
    environment: Environment,
    overrides: Overrides,
    seen: Mutex<Option<Seen>>,
}

/// The hash of the text that was loaded last; nothing when there was no file.
type Seen = Option<[u8; 32]>;

/// What a load found.
struct Loaded {
    text: Option<String>,
    config: Config,
}

impl File {
    /// A file at its home, not read yet.
    #[must_use]
    pub const fn new(home: Home, environment: Environment, overrides: Overrides) -> Self {
        Self {
            home,
            environment,
            overrides,
            seen: Mutex::new(None),
        }
    }

    /// Where it is, or would be.
    #[must_use]
    pub fn path(&self) -> &Path {
        match &self.home {
            Home::Named(path) | Home::Usual(path) => path,
        }
    }

    /// Reads and checks it.
    ///
    /// # Errors
    /// [`Error::Invalid`] with place and line, or why it cannot be read.
    pub fn load(&self) -> Result<Config, Error> {
        let mut seen = self.seen();
        let loaded = self.read()?;
        *seen = Some(loaded.text.as_deref().map(hash));
        Ok(loaded.config)
    }

    /// Reads it again when its text is another than the one loaded or written last.
    ///
    /// # Errors
    /// As [`File::load`].
    pub fn reload(&self) -> Result<Option<Config>, Error> {
        let mut seen = self.seen();
        let text = self.text()?;
        let now = Some(text.as_deref().map(hash));
        if *seen == now {
            return Ok(None);
        }
        let config = self.parse(text.as_deref())?;
        *seen = now;
        Ok(Some(config))
    }

    /// Makes one change in the file and gives the configuration that it now means.
    ///
    /// # Errors
    /// [`Error::Changed`] when the file is another than the one loaded last, [`Error::ReadOnly`]
    /// when it cannot be written, [`Error::Invalid`] when the result would be wrong.
    pub fn edit(&self, edit: &StreamEdit) -> Result<Config, Error> {
        let mut seen = self.seen();
        let Loaded { text, config } = self.read()?;
        if seen.is_some_and(|seen| seen != text.as_deref().map(hash)) {
            return Err(Error::Changed {
                path: self.path().to_owned(),
            });
        }
        let wanted = expected(&config, edit)?;
        let new = edited(text.as_deref().unwrap_or(NEW_FILE), edit)?;
        let got = self.parse(Some(&new))?;
        if got != wanted {
            return Err(Error::Edit("the result would mean something else"));
        }
        self.write(&new)?;
        *seen = Some(Some(hash(&new)));
        Ok(got)
    }

    /// The settings as they are, from the file's present text.
    ///
    /// # Errors
    /// As [`File::load`].
    pub fn settings(&self) -> Result<Settings, Error> {
        let text = self.text()?;
        let whole = text.as_deref().unwrap_or(NEW_FILE);
        let tree = self.told(whole, layered(whole, &self.environment, &self.overrides))?;
        Ok(Settings {
            tag: settings::tag(&hash(whole)),
            file: self.path().display().to_string(),
            writable: text.is_none() || self.is_writable(),
            items: settings::settings(&tree),
        })
    }

    /// Changes settings in the file, unless it is only to be shown what that would do. `expected`
    /// says whether the file is still the one that the change was made for.
    ///
    /// # Errors
    /// [`Error::Changed`] when it is not, [`Error::Overruled`] for what a flag or the environment
    /// sets, and as [`File::edit`].
    pub fn change(
        &self,
        mut patch: SettingsPatch,
        expected: impl Fn(&str) -> bool,
        only_show: bool,
    ) -> Result<Preview, Error> {
        let mut seen = self.seen();
        let text = self.text()?;
        let old = text.as_deref().unwrap_or(NEW_FILE);
        if !expected(&settings::tag(&hash(old))) {
            return Err(Error::Changed {
                path: self.path().to_owned(),
            });
        }
        let layers = |text| layered(text, &self.environment, &self.overrides);
        let before = self.told(old, layers(old))?;
        patch.overruled(&before)?;
        let mut wanted = self.told(old, Node::parse(old))?;
        patch.keep_secrets(&wanted);
        let new = patch.edit(old)?;
        let (got, after) = (self.parse(Some(&new))?, self.told(&new, layers(&new))?);
        patch
            .put_into(&mut wanted)
            .and_then(|()| complete(wanted, &self.environment, &self.overrides))
            .ok()
            .filter(|wanted| *wanted == got)
            .ok_or(Error::Edit("the result would mean something else"))?;
        if !only_show {
            self.write(&new)?;
            *seen = Some(Some(hash(&new)));
        }
        Ok(Preview {
            diff: settings::diff(&self.name(), old, &new),
            restarts: patch.restarts(&before, &after),
            tag: settings::tag(&hash(&new)),
            config: got,
        })
    }

    /// Whether it can be opened for writing; tried, because only the system knows.
    fn is_writable(&self) -> bool {
        std::fs::OpenOptions::new()
            .append(true)
            .open(self.path())
            .is_ok()
    }

    fn name(&self) -> String {
        let name = self.path().file_name().unwrap_or_default();
        name.to_string_lossy().into_owned()
    }

    fn told<T>(&self, text: &str, result: Result<T, Fault>) -> Result<T, Error> {
        result.map_err(|fault| Error::Invalid(fault.report(&self.name(), text)))
    }

    fn seen(&self) -> MutexGuard<'_, Option<Seen>> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn read(&self) -> Result<Loaded, Error> {
        let text = self.text()?;
        let config = self.parse(text.as_deref())?;
        Ok(Loaded { text, config })
    }

    fn text(&self) -> Result<Option<String>, Error> {
        let path = self.path();
        let failed = |source| Error::Read {
            path: path.to_owned(),
            source,
        };
        match std::fs::metadata(path) {
            Ok(found) if found.len() > FILE_LIMIT => Err(failed(std::io::Error::new(
                ErrorKind::FileTooLarge,
                "it is larger than 1 MiB",
            ))),
            Ok(_) => std::fs::read_to_string(path).map(Some).map_err(failed),
            Err(error)
                if error.kind() == ErrorKind::NotFound && matches!(self.home, Home::Usual(_)) =>
            {
                Ok(None)
            }
            Err(error) => Err(failed(error)),
        }
    }

    fn parse(&self, text: Option<&str>) -> Result<Config, Error> {
        let result = parse(text.unwrap_or(NEW_FILE), &self.environment, &self.overrides);
        self.told(text.unwrap_or_default(), result)
    }

    fn write(&self, text: &str) -> Result<(), Error> {
        // A link stays a link: what it leads to is replaced.
        let path = std::fs::canonicalize(self.path()).unwrap_or_else(|_| self.path().to_owned());
        let permissions = match std::fs::metadata(&path) {
            Ok(found) if found.permissions().readonly() => {
                return Err(Error::ReadOnly {
                    path,
                    why: "it is marked read-only".to_owned(),
                });
            }
            Ok(found) => Some(found.permissions()),
            Err(_) => None,
        };
        replace(&path, text, permissions).map_err(|source| match source.kind() {
            ErrorKind::PermissionDenied
            | ErrorKind::ReadOnlyFilesystem
            | ErrorKind::ResourceBusy
            | ErrorKind::NotFound => Error::ReadOnly {
                path,
                why: source.to_string(),
            },
            _ => Error::Write { path, source },
        })
    }
}

/// From text to configuration, through every layer.
pub(super) fn parse(
    text: &str,
    environment: &Environment,
    overrides: &Overrides,
) -> Result<Config, Fault> {
    complete(Node::parse(text)?, environment, overrides)
}

/// From the file's tree to configuration.
fn complete(tree: Node, environment: &Environment, overrides: &Overrides) -> Result<Config, Fault> {
    let tree = with_layers(tree, environment, overrides)?;
    let config = de::read(tree.clone())?;
    check::check(&config, &tree)?;
    Ok(config)
}

fn layered(text: &str, environment: &Environment, overrides: &Overrides) -> Result<Node, Fault> {
    with_layers(Node::parse(text)?, environment, overrides)
}

fn with_layers(
    mut tree: Node,
    environment: &Environment,
    overrides: &Overrides,
) -> Result<Node, Fault> {
    expand::expand(&mut tree, environment)?;
    overlay(&mut tree, environment, overrides)?;
    Ok(tree)
}

fn hash(text: &str) -> [u8; 32] {
    Sha256::digest(text).into()
}

/// Writes beside the file, makes it durable, and puts it in the file's place: whoever reads, and
/// whatever kills us, sees the old text or the new one.
pub(crate) fn replace(
    path: &Path,
    text: &str,
    permissions: Option<std::fs::Permissions>,
) -> std::io::Result<()> {
    let folder = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty())
        .unwrap_or(Path::new("."));
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let beside = folder.join(format!(".{name}.{}.new", std::process::id()));
    let written =
        write_beside(&beside, text, permissions).and_then(|()| std::fs::rename(&beside, path));
    if written.is_err() {
        let _gone = std::fs::remove_file(&beside);
    }
    written?;
    #[cfg(unix)]
    std::fs::File::open(folder)?.sync_all()?;
    Ok(())
}

fn write_beside(
    path: &Path,
    text: &str,
    permissions: Option<std::fs::Permissions>,
) -> std::io::Result<()> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    // It may hold passwords: nobody else reads it unless the old file let them.
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    file.write_all(text.as_bytes())?;
    if let Some(permissions) = permissions {
        file.set_permissions(permissions)?;
    }
    file.sync_all()
}

#[cfg(test)]
mod tests;
