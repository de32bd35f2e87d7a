//! The servers under test: how each is told what to serve, and where its WHEP then is.
//!
//! Each runs as it comes, with everything switched off that the measurement doesn't use. Binaries
//! are given by whoever measures; nothing here builds or fetches one.

use std::fmt::Write as _;
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::str::FromStr;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::clock;
use crate::http::{self, Url};
use crate::process::Running;
use crate::viewer::Viewer;

/// How long a server may take from its start to the first stream that can be watched.
const STARTING: Duration = Duration::from_secs(30);

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
}

/// One that runs.
pub(crate) struct Server {
    kind: Kind,
    address: IpAddr,
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
        }
    }

    fn http_port(self) -> u16 {
        match self {
            Self::Lenswire => 8_080,
            Self::MediaMtx => 8_889,
            Self::Go2rtc => 1_984,
        }
    }

    /// What is asked to see whether it is up.
    fn health(self) -> &'static str {
        match self {
            Self::Lenswire => "/healthz",
            Self::MediaMtx | Self::Go2rtc => "/",
        }
    }

    /// A configuration that pulls `streams` from the camera by RTSP over TCP.
    fn configuration(self, address: IpAddr, camera: SocketAddr, streams: &[&str]) -> String {
        let mut text = match self {
            Self::Lenswire => format!(
                "listen: {address}:8080\ninsecure_http: true\nmedia: {{ port: 8189, addresses: [\"{address}\"] }}\nstreams:\n"
            ),
            Self::MediaMtx => "logLevel: warn\nrtsp: false\nrtmp: false\nhls: false\nsrt: false\nmoq: false\npaths:\n".to_owned(),
            Self::Go2rtc => format!(
                "log: {{ level: warn }}\napi: {{ listen: \":1984\", origin: \"*\" }}\nrtsp: {{ listen: \"\" }}\nsrtp: {{ listen: \"\" }}\n\
                 webrtc: {{ listen: \":8555/udp\", candidates: [\"{address}:8555\"], ice_servers: [] }}\nstreams:\n"
            ),
        };
        for stream in streams {
            let url = format!("rtsp://{camera}/{stream}");
            let written = match self {
                Self::Lenswire => writeln!(
                    text,
                    "  {stream}: {{ source: \"{url}\", transport: tcp, viewers: anyone }}"
                ),
                Self::MediaMtx => writeln!(
                    text,
                    "  {stream}: {{ source: \"{url}\", rtspTransport: tcp }}"
                ),
                Self::Go2rtc => writeln!(text, "  {stream}: \"{url}\""),
            };
            debug_assert!(written.is_ok(), "a string takes everything");
        }
        text
    }

    fn command(self, binary: &Path, configuration: &Path, folder: &Path) -> Command {
        let mut command = Command::new(binary);
        match self {
            Self::Lenswire => command
                .args(["serve", "--config"])
                .arg(configuration)
                .arg("--data")
                .arg(folder),
            Self::MediaMtx => command.arg(configuration),
            Self::Go2rtc => command.arg("-config").arg(configuration),
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
        let kinds = [Kind::Lenswire, Kind::MediaMtx, Kind::Go2rtc];
        let kind = kinds
            .into_iter()
            .find(|kind| kind.name().eq_ignore_ascii_case(name));
        let Some(kind) = kind else {
            bail!("{name}: known are lenswire, mediamtx and go2rtc")
        };
        let binary =
            std::fs::canonicalize(binary).with_context(|| format!("{binary} is not there"))?;
        Ok(Self { kind, binary })
    }
}

impl Server {
    /// Starts one that serves `streams` of the camera, with its files in `folder`.
    pub(crate) fn start(
        make: &Make,
        address: IpAddr,
        camera: SocketAddr,
        streams: &[&str],
        folder: &Path,
    ) -> Result<Self> {
        let configuration = folder.join("server.yaml");
        std::fs::write(
            &configuration,
            make.kind.configuration(address, camera, streams),
        )?;
        let began = clock::now();
        let running = Running::start(
            &mut make.kind.command(&make.binary, &configuration, folder),
            &folder.join("server.log"),
        )?;
        let mut server = Self {
            kind: make.kind,
            address,
            running,
            start: Duration::ZERO,
        };
        server.start = server.answered(began).with_context(|| {
            format!(
                "{} does not answer; its log is in {}",
                make.kind.name(),
                folder.display()
            )
        })?;
        Ok(server)
    }

    fn answered(&self, began: Instant) -> Option<Duration> {
        let url = self.url(self.kind.health()).ok()?;
        clock::until(STARTING, || {
            http::request("GET", &url, None)
                .ok()
                .filter(|answer| answer.status < 500)
        })?;
        Some(clock::now() - began)
    }

    /// Waits until a viewer is let in; that one leaves again.
    pub(crate) fn wait_for(&self, stream: &str) -> Result<()> {
        let whep = Url::parse(&self.whep(stream))?;
        let local = http::local_address(&whep)?;
        let viewer = clock::until(STARTING, || {
            let joined = Viewer::join(&whep, local).ok();
            if joined.is_none() {
                std::thread::sleep(Duration::from_millis(100));
            }
            joined
        });
        viewer
            .with_context(|| format!("{} does not serve {stream}", self.kind.name()))?
            .leave();
        Ok(())
    }

    pub(crate) fn pid(&self) -> u32 {
        self.running.pid()
    }

    pub(crate) fn whep(&self, stream: &str) -> String {
        let path = match self.kind {
            Kind::Lenswire | Kind::MediaMtx => format!("/{stream}/whep"),
            Kind::Go2rtc => format!("/api/webrtc?src={stream}"),
        };
        format!(
            "http://{}{path}",
            SocketAddr::new(self.address, self.kind.http_port())
        )
    }

    fn url(&self, path: &str) -> Result<Url> {
        Url::parse(&format!(
            "http://{}{path}",
            SocketAddr::new(self.address, self.kind.http_port())
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_server_is_pointed_at_the_camera() {
        for kind in [Kind::Lenswire, Kind::MediaMtx, Kind::Go2rtc] {
            let text = kind.configuration(
                [10, 9, 0, 2].into(),
                ([10, 9, 0, 2], 8_554).into(),
                &["clip1", "live1"],
            );
            assert!(
                text.contains("rtsp://10.9.0.2:8554/clip1")
                    && text.contains("rtsp://10.9.0.2:8554/live1"),
                "{text}"
            );
        }
    }

    #[test]
    fn only_known_servers_are_taken() {
        assert!("nginx=/bin/sh".parse::<Make>().is_err());
        assert_eq!(
            "MediaMTX=/bin/sh".parse::<Make>().unwrap().kind,
            Kind::MediaMtx
        );
    }
}
