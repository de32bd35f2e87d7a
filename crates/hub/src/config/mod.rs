//! The configuration file: its shape, its layers, its edits.
//!
//! The YAML file is the configuration's one home. [`File`] loads it (flags over environment over
//! file over default), edits it in place for the API with comments kept, and watches it. What comes
//! out is a [`Config`]: typed, checked, and without any text that still has to be understood.
//!
//! - `shape`, `limits`, `units`, `secret`, `source_url`: the types, and how each is written.
//! - `tree`, `expand`, `layers`, `de`: from text to types, so that every value knows where it came
//!   from and an error can point at it.
//! - `check`: what only shows when two values are seen together.
//! - `file`, `edit`, `watch`: the file itself.
//! - `policy`: which addresses a source may have when it comes from the API.

mod check;
mod de;
mod edit;
mod error;
mod expand;
mod file;
mod import;
mod keys;
mod layers;
mod limits;
mod masked;
mod network;
pub mod policy;
mod schema;
mod secret;
mod settings;
mod shape;
mod source_url;
#[cfg(test)]
mod tests;
mod tls;
mod tree;
mod units;
mod watch;

pub(crate) use edit::NewStream;
pub use edit::{SourceText, StreamEdit, StreamPatch};
pub use error::{Error, Place};
pub use file::{File, Home};
pub use import::{ImportError, Imported, Note, import};
pub use layers::{Environment, Overrides};
pub use limits::Limits;
pub use network::Network;
pub use schema::schema;
pub use secret::Secret;
pub use settings::{Preview, Setting, Settings, SettingsPatch};
pub use shape::{
    Config, Ice, IceServer, Log, LogFormat, LogLevel, Media, Publish, Source, StreamConfig,
    Transport, Viewers,
};

pub(crate) use file::replace;
pub use source_url::{SourceUrl, SourceUrlError, scrub};
pub use tls::{Certificate, Tls};
pub use units::{Bytes, duration};
pub use watch::Watch;
