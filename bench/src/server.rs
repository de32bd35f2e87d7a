//! The servers under test: how each is told what to serve, and where its WHEP then is.
//!
//! Each runs as it comes, with everything switched off that the measurement doesn't use. Binaries
//! are given by whoever measures; nothing here builds or fetches one.

use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::str::FromStr;
use std::time::Duration;

use anyhow::{Context, Result};

use crate::camera::{Camera, PAYLOAD_TYPE};
use crate::clock;
use crate::door::Door;
use crate::http::{self, Url};
use crate::process::Running;
use crate::viewer::Viewer;

/// How long a server may take from its start to the first stream that can be watched.
const STARTING: Duration = Duration::from_secs(30);

/// Where Janus takes RTP.
const JANUS_RTP_PORT: u16 = 5_004;

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

    /// The files that tell it to pull `stream` from the camera by RTSP over TCP; Janus, which has no
    /// RTSP in this form, to take it as RTP.
    fn files(
        self,
        address: IpAddr,
        camera: SocketAddr,
        stream: &str,
    ) -> Vec<(&'static str, String)> {
        let source = format!("rtsp://{camera}/{stream}");
        match self {
            Self::Lenswire => vec![(
                "server.yaml",
                format!(
                    "listen: {address}:8080\ninsecure_http: true\n\
                     media: {{ port: 8189, addresses: [\"{address}\"] }}\n\
                     streams:\n  {stream}: {{ source: \"{source}\", transport: tcp, viewers: anyone }}\n"
                ),
            )],
            Self::MediaMtx => vec![(
                "server.yaml",
                format!(
                    "logLevel: warn\nrtsp: false\nrtmp: false\nhls: false\nsrt: false\nmoq: false\n\
                     paths:\n  {stream}: {{ source: \"{source}\", rtspTransport: tcp }}\n"
                ),
            )],
            Self::Go2rtc => vec![(
                "server.yaml",
                format!(
                    "log: {{ level: warn }}\napi: {{ listen: \":1984\", origin: \"*\" }}\n\
                     rtsp: {{ listen: \"\" }}\nsrtp: {{ listen: \"\" }}\n\
                     webrtc: {{ listen: \":8555/udp\", candidates: [\"{address}:8555\"], ice_servers: [] }}\n\
                     streams:\n  {stream}: \"{source}\"\n"
                ),
            )],
            Self::Janus => janus_files(),
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

/// Janus with its streaming plugin and HTTP API alone, and mountpoint 1.
fn janus_files() -> Vec<(&'static str, String)> {
    let general = "general: { debug_level = 3 session_timeout = 0 }\n\
                   plugins: { disable = \"libjanus_audiobridge.so,libjanus_duktape.so,libjanus_echotest.so,libjanus_lua.so,\
                   libjanus_nosip.so,libjanus_recordplay.so,libjanus_sip.so,libjanus_textroom.so,libjanus_videocall.so,\
                   libjanus_videoroom.so,libjanus_voicemail.so\" }\n\
                   transports: { disable = \"libjanus_mqtt.so,libjanus_nanomsg.so,libjanus_pfunix.so,\
                   libjanus_rabbitmq.so,libjanus_websockets.so\" }\n";
    let http = "general: { base_path = \"/janus\" http = true port = 8088 https = false }\n";
    let streaming = format!(
        "camera: {{ type = \"rtp\" id = 1 media = ( {{ type = \"video\" mid = \"v\" label = \"v\" port = {JANUS_RTP_PORT} \
         pt = {PAYLOAD_TYPE} codec = \"h264\" fmtp = \"profile-level-id=42c01f;packetization-mode=1\" }} ) }}\n"
    );
    vec![
        ("janus.jcfg", general.to_owned()),
        ("janus.transport.http.jcfg", http.to_owned()),
        ("janus.plugin.streaming.jcfg", streaming),
    ]
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
    /// Starts one that serves one stream of the camera, with its files in `folder`, and waits until
    /// it answers HTTP.
    pub(crate) fn start(
        make: &Make,
        address: IpAddr,
        camera: &Camera,
        stream: &str,
        folder: &Path,
    ) -> Result<Self> {
        let (kind, name) = (make.kind, make.kind.name());
        for (file, text) in kind.files(address, camera.address(), stream) {
            std::fs::write(folder.join(file), text)?;
        }
        let began = clock::now();
        let running = Running::start(
            &mut kind.command(&make.binary, folder),
            &folder.join("server.log"),
        )?;
        let mut server = Self {
            kind,
            address,
            stream: stream.to_owned(),
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
            camera.push(stream, SocketAddr::new(address, JANUS_RTP_PORT))?;
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
        match self.kind {
            Kind::Janus => Ok(Door::Janus(self.url("/janus")?)),
            Kind::Lenswire | Kind::MediaMtx | Kind::Go2rtc => {
                Ok(Door::Whep(Url::parse(&self.whep())?))
            }
        }
    }

    /// Where browsers are let in; Janus has no such place.
    pub(crate) fn whep(&self) -> String {
        let path = match self.kind {
            Kind::Go2rtc => format!("/api/webrtc?src={}", self.stream),
            Kind::Lenswire | Kind::MediaMtx | Kind::Janus => format!("/{}/whep", self.stream),
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
    fn each_server_that_speaks_rtsp_is_pointed_at_the_camera() {
        for kind in [Kind::Lenswire, Kind::MediaMtx, Kind::Go2rtc] {
            let files = kind.files([10, 9, 0, 2].into(), ([10, 9, 0, 2], 8_554).into(), "clip1");
            assert!(
                files
                    .iter()
                    .any(|(_, text)| text.contains("rtsp://10.9.0.2:8554/clip1")),
                "{files:?}"
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
