//! The command line. What it sets is stronger than the environment and the file, and what it does
//! not set is `None`, so that it never hides what they say.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand, ValueEnum};
use lenswire_api::{Pattern, Scope};
use lenswire_hub::config::{self, Overrides};

/// Any camera, on any screen and in any program, in real time.
#[derive(Debug, Parser)]
#[command(name = "lenswire", version, arg_required_else_help = true)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Serve cameras: pages, API, WebRTC
    Serve(Serve),
    /// Make, list and revoke tokens, and make a claim link
    Token(Token),
    /// Look at a camera: what it sends, who can play it, and where it goes wrong
    Probe(Probe),
    /// Look at everything around Lenswire: ports, addresses, permissions, disk, clock, relays
    Doctor(Doctor),
    /// Ask the running hub whether it is well, for health checks
    Health(Health),
    /// Look at the configuration
    Config {
        #[command(subcommand)]
        command: ConfigCommand,
    },
}

/// Where things are; every subcommand takes it.
#[derive(Debug, Args)]
pub(crate) struct Places {
    /// The configuration file [default: lenswire.yaml in the data folder; without one, a demo]
    #[arg(long, value_name = "FILE", global = true)]
    pub(crate) config: Option<PathBuf>,

    /// The data folder [default: the system's state folder]
    #[arg(long, value_name = "FOLDER", env = "LENSWIRE_DATA", global = true)]
    pub(crate) data: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct Serve {
    #[command(flatten)]
    pub(crate) places: Places,

    #[command(flatten)]
    pub(crate) listening: Listening,

    /// How log lines look: text or json
    #[arg(long, value_name = "FORMAT")]
    pub(crate) log_format: Option<String>,

    /// What is logged: off, error, warn, info, debug or trace
    #[arg(long, value_name = "LEVEL")]
    pub(crate) log_level: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct Probe {
    #[command(flatten)]
    pub(crate) places: Places,

    /// The camera's address (rtsp://..), or a stream in the configuration
    #[arg(value_name = "URL|STREAM")]
    pub(crate) camera: String,

    /// How its media is to travel [default: auto, or as the stream says]
    #[arg(long, value_enum)]
    pub(crate) transport: Option<TransportName>,

    /// As JSON, like the API's answer
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Doctor {
    #[command(flatten)]
    pub(crate) places: Places,

    /// Look at each stream's camera, too; it costs the camera a connection for a few seconds
    #[arg(long)]
    pub(crate) streams: bool,

    /// As JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum TransportName {
    Auto,
    Tcp,
    Udp,
}

impl From<TransportName> for config::Transport {
    fn from(name: TransportName) -> Self {
        match name {
            TransportName::Auto => Self::Auto,
            TransportName::Tcp => Self::Tcp,
            TransportName::Udp => Self::Udp,
        }
    }
}

/// Where the hub listens, when the command line says so.
#[derive(Debug, Args)]
pub(crate) struct Listening {
    /// Where to serve pages and the API, such as 127.0.0.1:8080
    #[arg(long, value_name = "ADDRESS:PORT")]
    pub(crate) listen: Option<String>,

    /// Serve this network, phones too, by HTTPS: short for `listen: 0.0.0.0:8443` and
    /// `tls: { local: true, http: 0.0.0.0:8080 }`
    #[arg(long)]
    pub(crate) lan: bool,
}

impl Listening {
    /// As settings. The address that is named is stronger than the one that `--lan` stands for.
    pub(crate) fn overrides(self) -> Overrides {
        let lan = |value: &'static str| self.lan.then_some(value);
        Overrides::default()
            .with("--lan", "listen", lan("0.0.0.0:8443"))
            .with("--lan", "tls.local", lan("true"))
            .with("--lan", "tls.http", lan("0.0.0.0:8080"))
            .with("--listen", "listen", self.listen)
    }
}

#[derive(Debug, Args)]
pub(crate) struct Health {
    #[command(flatten)]
    pub(crate) places: Places,

    /// As the hub was started with
    #[command(flatten)]
    pub(crate) listening: Listening,
}

#[derive(Debug, Subcommand)]
pub(crate) enum ConfigCommand {
    /// Say whether the configuration is right, and where it is not
    Check(Places),
    /// Print the configuration's JSON Schema, for editors
    Schema,
    /// Turn a configuration of go2rtc or MediaMTX into Lenswire's
    Import {
        /// go2rtc.yaml, mediamtx.yml, or a config.yaml with rtsp.test_stream
        file: PathBuf,
    },
}

#[derive(Debug, Args)]
pub(crate) struct Token {
    #[command(flatten)]
    pub(crate) places: Places,

    #[command(subcommand)]
    pub(crate) command: TokenCommand,
}

#[derive(Debug, Subcommand)]
pub(crate) enum TokenCommand {
    /// Make a claim link; whoever opens it within an hour administrates this hub
    Claim,
    /// Make a token; it is shown once
    New(NewToken),
    /// List tokens; the tokens themselves are not kept
    List {
        /// As JSON
        #[arg(long)]
        json: bool,
    },
    /// End a token at once
    Revoke {
        /// Its number, from `token list`
        id: String,
    },
}

#[derive(Debug, Args)]
pub(crate) struct NewToken {
    /// What it is for, such as the program's name
    pub(crate) name: String,

    /// An administrator's token, which may do everything
    #[arg(long, conflicts_with_all = ["stream", "scope"])]
    pub(crate) administrator: bool,

    /// A stream that it is for: gate, phones/* or * (may be repeated)
    #[arg(long, required_unless_present = "administrator", value_parser = pattern)]
    pub(crate) stream: Vec<Pattern>,

    /// What it may do with the streams (may be repeated)
    #[arg(long, value_enum, default_value = "watch")]
    pub(crate) scope: Vec<ScopeName>,

    /// How long it holds, such as 12h or 365d [default: a grant a year, an administrator's for ever]
    #[arg(long = "for", value_name = "TIME", value_parser = time)]
    pub(crate) lasts: Option<Duration>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum ScopeName {
    Watch,
    Publish,
    Control,
}

impl From<ScopeName> for Scope {
    fn from(name: ScopeName) -> Self {
        match name {
            ScopeName::Watch => Self::Watch,
            ScopeName::Publish => Self::Publish,
            ScopeName::Control => Self::Control,
        }
    }
}

fn pattern(text: &str) -> Result<Pattern, String> {
    Pattern::parse(text).map_err(|error| error.to_string())
}

fn time(text: &str) -> Result<Duration, &'static str> {
    config::duration(text)
        .filter(|time| time.as_secs() > 0)
        .ok_or("expected a time such as 12h or 365d")
}
