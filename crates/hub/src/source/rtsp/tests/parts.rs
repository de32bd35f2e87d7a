//! Cameras as processes: those of `crates/lenswire/tests/parts`, and VLC.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// The system's Python has GStreamer's bindings; one in PATH may not.
const PYTHON: &str = "/usr/bin/python3";

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../..")
        .canonicalize()
        .unwrap()
}

fn part(name: &str) -> PathBuf {
    root().join("crates/lenswire/tests/parts").join(name)
}

/// A clip of a kind that `parts/clip` lists; made once.
fn clip(kind: &str) -> PathBuf {
    let file = root().join("target/clips").join(format!("{kind}.mkv"));
    if !file.exists() {
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        let made = Command::new(part("clip")).arg(kind).arg(&file).status();
        assert!(
            made.expect("parts/clip needs bash and ffmpeg (tools/need test)")
                .success(),
            "no clip {kind}"
        );
    }
    file
}

/// A process that is a camera; it ends with this value.
pub(super) struct Camera {
    child: Child,
    pub(super) port: u16,
}

impl Camera {
    /// GStreamer's RTSP server playing a clip; `flags` are those of `camera.py`.
    pub(super) fn gst(kind: &str, flags: &[&str]) -> Self {
        let mut command = Command::new(PYTHON);
        command
            .arg(part("camera.py"))
            .arg("--clip")
            .arg(clip(kind))
            .args(["--port", "0"])
            .args(flags);
        Self::ready(
            command,
            "python3-gi, gir1.2-gst-rtsp-server-1.0 and GStreamer's plugins",
        )
    }

    /// A camera that redirects, hangs, floods or lies: a mode of `hostile_camera.py`.
    pub(super) fn hostile(mode: &str) -> Self {
        let mut command = Command::new(PYTHON);
        command
            .arg(part("hostile_camera.py"))
            .arg(mode)
            .args(["--port", "0"]);
        Self::ready(command, "python3")
    }

    fn ready(mut command: Command, needs: &str) -> Self {
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("{command:?} needs {needs} (tools/need test): {error}"));
        let mut said = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        said.read_line(&mut line).unwrap();
        let port = line
            .trim()
            .strip_prefix("ready ")
            .and_then(|port| port.parse().ok());
        let port = port.unwrap_or_else(|| {
            panic!("{command:?} needs {needs} (tools/need test); it said {line:?}")
        });
        // What it says later must not fill the pipe and stop it.
        std::thread::spawn(move || std::io::copy(&mut said, &mut std::io::sink()));
        Self { child, port }
    }

    /// VLC: UDP only (461 to TCP), Basic only. It refuses to run as root.
    pub(super) fn vlc(user: &str, password: &str) -> Self {
        let port = TcpListener::bind("127.0.0.1:0")
            .unwrap()
            .local_addr()
            .unwrap()
            .port();
        let home = std::env::temp_dir().join(format!("lenswire-vlc-{port}"));
        std::fs::create_dir_all(&home).unwrap();
        let id = Command::new("id").arg("-u").output().expect("id");
        let mut command = if id.stdout.starts_with(b"0\n") {
            std::os::unix::fs::chown(&home, Some(65534), Some(65534)).unwrap();
            let mut command = Command::new("setpriv");
            command.args(["--reuid=65534", "--regid=65534", "--clear-groups", "cvlc"]);
            command
        } else {
            Command::new("cvlc")
        };
        command
            .args(["--intf", "dummy", "--no-audio", "--loop", "--sout-keep"])
            .args(["--sout", &format!("#rtp{{sdp=rtsp://:{port}/cam}}")])
            .args(["--sout-rtsp-user", user, "--sout-rtsp-pwd", password])
            .arg(clip("gate"))
            .env("HOME", home)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        let child = command
            .spawn()
            .unwrap_or_else(|error| panic!("{command:?} needs vlc-bin and util-linux: {error}"));
        let camera = Self { child, port };
        assert!(
            (0..300).any(|_| camera.answers()),
            "VLC does not serve RTSP; vlc-plugin-base is needed"
        );
        camera
    }

    /// Whether it answers RTSP; waits a little when it does not.
    fn answers(&self) -> bool {
        let ask = || -> std::io::Result<bool> {
            let mut socket = TcpStream::connect(("127.0.0.1", self.port))?;
            socket.set_read_timeout(Some(Duration::from_secs(1)))?;
            socket.write_all(b"OPTIONS rtsp://127.0.0.1/ RTSP/1.0\r\nCSeq: 1\r\n\r\n")?;
            let mut answer = [0; 4];
            socket.read_exact(&mut answer)?;
            Ok(&answer == b"RTSP")
        };
        let answered = ask().unwrap_or(false);
        if !answered {
            std::thread::sleep(Duration::from_millis(100));
        }
        answered
    }

    /// Says a word to `camera.py`: `silent`, `speak`, `drop`, `jump SECONDS`.
    pub(super) fn tell(&mut self, word: &str) {
        writeln!(self.child.stdin.as_mut().unwrap(), "{word}").unwrap();
    }

    /// `kill -9`.
    pub(super) fn kill(&mut self) {
        self.child.kill().unwrap();
        // Until it is gone its port still takes connections.
        self.child.wait().unwrap();
    }

    /// The camera's address with something in front of the host.
    pub(super) fn url(&self, login: &str) -> String {
        format!("rtsp://{login}127.0.0.1:{}/cam", self.port)
    }
}

impl Drop for Camera {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
