//! The servers under test: how each is told what to serve, and where its WHEP then is.
//!
//! Each runs as it comes, with everything switched off that the measurement doesn't use. Binaries
//! are given by whoever measures; nothing here builds or fetches one.

mod configuration;

use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::str::FromStr;
use std::time::Duration;

use anyhow::{Context, Result, ensure};

use crate::api::Api;
use crate::camera::Camera;
use crate::clock;
use crate::door::Door;
use crate::http::{self, Url};
use crate::process::Running;
use crate::viewer::Viewer;

/// How long a server may take from its start to the first stream that can be watched.
const STARTING: Duration = Duration::from_secs(30);

/// Where Janus takes RTP.
const JANUS_RTP_PORT: u16 = 5_004;

/// Ports where the servers that speak WHEP take media.
pub(crate) const MEDIA_PORTS: [u16; 2] = [8_189, 8_555];

/// A stream that a server is told to serve.
#[derive(Clone, Debug)]
pub(crate) struct Stream {
    /// Its name there.
    pub(crate) name: String,
    /// The camera's path, without `/`.
    pub(crate) path: &'static str,
    /// The path of its smaller picture, for servers that know such a thing.
    pub(crate) substream: Option<&'static str>,
    pub(crate) on_demand: bool,
}

impl Stream {
    /// One of the camera's paths under its own name, always connected.
    pub(crate) fn of(path: &'static str) -> Self {
        Self {
            name: path.to_owned(),
            path,
            substream: None,
            on_demand: false,
        }
    }
}

/// What a server is started with.
pub(crate) struct Setting<'a> {
    /// The address that it announces.
    pub(crate) address: IpAddr,
    pub(crate) camera: &'a Camera,
    /// The first is the one that is watched when nothing else is said.
    pub(crate) streams: &'a [Stream],
}

/// A make of server and its binary.
#[derive(Clone, Debug)]
pub(crate) struct Make {
    pub(crate) kind: Kind,
    pub(crate) binary: PathBuf,
}

/// The servers whose configuration is known here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Lenswire,
    MediaMtx,
    Go2rtc,
    Janus,
}

impl Kind {
    const ALL: [Self; 4] = [Self::Lenswire, Self::MediaMtx, Self::Go2rtc, Self::Janus];
}

/// One that runs.
pub(crate) struct Server {
    kind: Kind,
    address: IpAddr,
    stream: String,
    /// Its files, and what it runs from.
    folder: PathBuf,
    binary: PathBuf,
    running: Running,
    /// When it was started, and how long until it answered HTTP.
    pub(crate) start: Duration,
}

impl Kind {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Lenswire => "Lenswire",
            Self::MediaMtx => "MediaMTX",
            Self::Go2rtc => "go2rtc",
            Self::Janus => "Janus",
        }
    }

    /// Where it takes media.
    pub(crate) fn media_port(self) -> u16 {
        match self {
            Self::Lenswire | Self::MediaMtx | Self::Janus => MEDIA_PORTS[0],
            Self::Go2rtc => MEDIA_PORTS[1],
        }
    }

    fn http_port(self) -> u16 {
        match self {
            Self::Lenswire => 8_080,
            Self::MediaMtx => 8_889,
            Self::Go2rtc => 1_984,
            Self::Janus => 8_088,
        }
    }

    /// What is asked to see whether it is up.
    fn health(self) -> &'static str {
        match self {
            Self::Lenswire => "/healthz",
            Self::MediaMtx | Self::Go2rtc => "/",
            Self::Janus => "/janus/info",
        }
    }

    fn command(self, binary: &Path, folder: &Path) -> Command {
        let mut command = Command::new(binary);
        let configuration = folder.join("server.yaml");
        match self {
            Self::Lenswire => command
                .args(["serve", "--config"])
                .arg(configuration)
                .arg("--data")
                .arg(folder),
            Self::MediaMtx => command.arg(configuration),
            Self::Go2rtc => command.arg("-config").arg(configuration),
            Self::Janus => command.arg("-F").arg(folder),
        };
        command.current_dir(folder);
        command
    }
}

impl FromStr for Make {
    type Err = anyhow::Error;

    /// `lenswire=target/release/lenswire`.
    fn from_str(text: &str) -> Result<Self> {
        let (name, binary) = text.split_once('=').context("NAME=BINARY is expected")?;
        let kind = Kind::ALL
            .into_iter()
            .find(|kind| kind.name().eq_ignore_ascii_case(name));
        let kind = kind
            .with_context(|| format!("{name}: known are lenswire, mediamtx, go2rtc and janus"))?;
        let binary =
            std::fs::canonicalize(binary).with_context(|| format!("{binary} is not there"))?;
        Ok(Self { kind, binary })
    }
}

impl Server {
    /// Starts one with its files in `folder` and waits until it answers HTTP.
    pub(crate) fn start(make: &Make, setting: &Setting<'_>, folder: &Path) -> Result<Self> {
        let (kind, name) = (make.kind, make.kind.name());
        let first = setting.streams.first().context("no stream")?;
        for (file, text) in configuration::files(kind, setting) {
            std::fs::write(folder.join(file), text)?;
        }
        let began = clock::now();
        let running = Running::start(
            &mut kind.command(&make.binary, folder),
            &folder.join("server.log"),
        )?;
        let mut server = Self {
            kind,
            address: setting.address,
            stream: first.name.clone(),
            folder: folder.to_owned(),
            binary: make.binary.clone(),
            running,
            start: Duration::ZERO,
        };
        let health = server.url(kind.health())?;
        let up = || {
            http::request("GET", &health, None)
                .ok()
                .filter(|answer| answer.status < 500)
        };
        clock::until(STARTING, up).with_context(|| format!("{name} does not answer"))?;
        server.start = clock::now() - began;
        if kind == Kind::Janus {
            setting
                .camera
                .push(first.path, SocketAddr::new(setting.address, JANUS_RTP_PORT))?;
        }
        Ok(server)
    }

    /// Waits until a viewer is let in; that one leaves again.
    pub(crate) fn wait_for_stream(&self) -> Result<()> {
        let door = self.door()?;
        let local = http::local_address(door.url())?;
        let viewer = clock::until(STARTING, || {
            let joined = Viewer::join(&door, local).ok();
            if joined.is_none() {
                std::thread::sleep(Duration::from_millis(100));
            }
            joined
        });
        viewer
            .with_context(|| format!("{} does not serve {}", self.kind.name(), self.stream))?
            .leave();
        Ok(())
    }

    pub(crate) fn pid(&self) -> u32 {
        self.running.pid()
    }

    /// Where native viewers are let in.
    pub(crate) fn door(&self) -> Result<Door> {
        self.door_to(&self.stream)
    }

    /// The same for another stream than the first.
    pub(crate) fn door_to(&self, stream: &str) -> Result<Door> {
        match self.kind {
            Kind::Janus => Ok(Door::Janus(self.url("/janus")?)),
            Kind::Lenswire | Kind::MediaMtx | Kind::Go2rtc => {
                Ok(Door::Whep(self.url(&self.whep_path(stream))?))
            }
        }
    }

    /// Lenswire's API, as its administrator.
    pub(crate) fn api(&self) -> Result<Api> {
        let mut make = Command::new(&self.binary);
        make.args(["token", "new", "bench", "--administrator", "--data"])
            .arg(&self.folder);
        let made = make.output().context("no token")?;
        ensure!(
            made.status.success(),
            "no token: {}",
            String::from_utf8_lossy(&made.stderr)
        );
        let token = String::from_utf8(made.stdout)?.trim().to_owned();
        Ok(Api::new(self.url("")?, token))
    }

    /// Where browsers are let in; Janus has no such place.
    pub(crate) fn whep(&self) -> String {
        format!("{}{}", self.origin(), self.whep_path(&self.stream))
    }

    /// The server's own page with its player.
    pub(crate) fn page(&self) -> String {
        format!("{}/{}", self.origin(), self.stream)
    }

    fn whep_path(&self, stream: &str) -> String {
        match self.kind {
            Kind::Go2rtc => format!("/api/webrtc?src={stream}"),
            Kind::Lenswire | Kind::MediaMtx | Kind::Janus => format!("/{stream}/whep"),
        }
    }

    fn origin(&self) -> String {
        format!(
            "http://{}",
            SocketAddr::new(self.address, self.kind.http_port())
        )
    }

    fn url(&self, path: &str) -> Result<Url> {
        Url::parse(&format!("{}{path}", self.origin()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_known_servers_are_taken() {
        assert!("nginx=/bin/sh".parse::<Make>().is_err());
        assert_eq!(
            "MediaMTX=/bin/sh".parse::<Make>().unwrap().kind,
            Kind::MediaMtx
        );
    }
}
