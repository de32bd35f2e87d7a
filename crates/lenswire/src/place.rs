//! Where configuration and data are.

use std::path::PathBuf;

use anyhow::Context as _;
use lenswire_hub::config::{Environment, File, Home, Overrides};

use crate::cli::Places;

/// The configuration's name in the data folder.
const FILE: &str = "lenswire.yaml";

impl Places {
    /// The data folder: named, or the system's place for a program's state.
    pub(crate) fn folder(&self) -> anyhow::Result<PathBuf> {
        if let Some(folder) = &self.data {
            return Ok(folder.clone());
        }
        let folders = directories::ProjectDirs::from("", "", "lenswire").context(
            "there is no home folder to keep data in: name one with --data or LENSWIRE_DATA",
        )?;
        Ok(folders
            .state_dir()
            .unwrap_or_else(|| folders.data_local_dir())
            .to_owned())
    }

    /// The configuration's file.
    pub(crate) fn file(&self, overrides: Overrides) -> anyhow::Result<File> {
        let home = match &self.config {
            Some(path) => Home::Named(path.clone()),
            None => Home::Usual(self.folder()?.join(FILE)),
        };
        Ok(File::new(home, Environment::process(), overrides))
    }
}
