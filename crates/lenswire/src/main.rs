//! Any camera, on any screen and in any program, in real time: the binary.
//!
//! One file per subcommand. Exit codes: 0 it did what it was asked; 1 it could not; 2 the command
//! line or the configuration is wrong.
#![forbid(unsafe_code)]

mod check;
mod cli;
mod doctor;
mod health;
mod hello;
mod import;
mod log;
mod place;
mod probe;
mod serve;
mod token;

use std::io::Write as _;
use std::process::ExitCode;

use clap::Parser as _;

use cli::{Cli, Command, ConfigCommand};

fn main() -> ExitCode {
    let Cli { command } = Cli::parse();
    const WELL: bool = true;
    let result = match command {
        Command::Serve(options) => serve::run(options).map(|()| WELL),
        Command::Token(options) => token::run(options).map(|()| WELL),
        Command::Probe(options) => probe::run(options),
        Command::Doctor(options) => doctor::run(options),
        Command::Health(options) => health::run(options).map(|()| WELL),
        Command::Config { command } => match command {
            ConfigCommand::Check(options) => check::run(options),
            ConfigCommand::Schema => schema(),
            ConfigCommand::Import { file } => import::run(&file),
        }
        .map(|()| WELL),
    };
    match result {
        Ok(WELL) => ExitCode::SUCCESS,
        // It did what it was asked and has said what it found.
        Ok(_) => ExitCode::FAILURE,
        Err(error) => {
            let configuration = error.downcast_ref::<lenswire_hub::config::Error>();
            let text = configuration
                .map_or_else(|| format!("{error:#}"), lenswire_hub::config::Error::long);
            // When standard error is closed there is nobody to tell.
            let _nobody = writeln!(std::io::stderr(), "lenswire: {text}");
            ExitCode::from(if configuration.is_some() { 2 } else { 1 })
        }
    }
}

/// `lenswire config schema`.
fn schema() -> anyhow::Result<()> {
    let schema = lenswire_hub::config::schema();
    say(&serde_json::to_string_pretty(&schema)?)
}

/// Writes a line to standard output, for what was asked for rather than for the log.
fn say(text: &str) -> anyhow::Result<()> {
    writeln!(std::io::stdout(), "{text}").map_err(Into::into)
}

/// What time it is.
#[expect(clippy::disallowed_methods, reason = "a command starts here")]
fn now() -> lenswire_api::UnixTime {
    std::time::SystemTime::now().into()
}
