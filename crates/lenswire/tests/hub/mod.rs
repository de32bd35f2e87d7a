//! The built binary, running: configuration and data of its own, a free port, its log kept, ended by
//! its number. And the least HTTP client that can send what no proper client would.

#![allow(
    dead_code,
    clippy::expect_used,
    clippy::panic,
    reason = "each test file takes what it needs, and fails by panicking"
)]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use serde_json::Value;

/// Longer than anything here takes on a busy machine: what waits so long has failed.
const PATIENCE: Duration = Duration::from_secs(60);

pub(crate) fn binary() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_lenswire"));
    // A media port of its own, so that tests run side by side.
    command
        .env_remove("RUST_LOG")
        .env_remove("LENSWIRE_DATA")
        .env("LENSWIRE__MEDIA__PORT", "0")
        .env("NO_COLOR", "1");
    command
}

pub(crate) struct Hub {
    pub(crate) address: SocketAddr,
    pub(crate) data: PathBuf,
    process: Child,
    log: Arc<Mutex<String>>,
    reader: Option<JoinHandle<()>>,
    _folder: Option<tempfile::TempDir>,
}

pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body)
            .unwrap_or_else(|error| panic!("{error}: {} {}", self.head, self.body))
    }

    pub(crate) fn code(&self) -> String {
        self.json()["code"].as_str().unwrap_or_default().to_owned()
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let lines = self.head.lines().filter_map(|line| line.split_once(':'));
        lines
            .filter(|(key, _)| key.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.trim())
            .next()
    }
}

impl Hub {
    /// With this configuration, or as a stranger starts it.
    pub(crate) fn start(config: Option<&str>) -> Self {
        Self::start_with(config, &[])
    }

    pub(crate) fn start_with(config: Option<&str>, environment: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        if let Some(config) = config {
            std::fs::write(folder.path().join("lenswire.yaml"), config).expect("writes");
        }
        let mut hub = Self::start_in(folder.path(), environment);
        hub._folder = Some(folder);
        hub
    }

    pub(crate) fn start_in(data: &Path, environment: &[(&str, &str)]) -> Self {
        let mut command = binary();
        command
            .args([
                "serve",
                "--listen",
                "127.0.0.1:0",
                "--log-format",
                "json",
                "--data",
            ])
            .arg(data);
        command.envs(environment.iter().copied());
        Self::run(command, data.to_owned())
    }

    /// Runs a command that ends up being the hub.
    pub(crate) fn run(mut command: Command, data: PathBuf) -> Self {
        let mut process = command
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("runs");
        let mut lines = BufReader::new(process.stderr.take().expect("is piped"))
            .lines()
            .map_while(Result::ok);
        let log = Arc::new(Mutex::new(String::new()));
        let mut address = None;
        for line in lines.by_ref() {
            address = port(&line);
            log.lock().expect("whole").push_str(&(line + "\n"));
            if address.is_some() {
                break;
            }
        }
        let Some(address) = address else {
            panic!("it did not start: {}", log.lock().expect("whole"))
        };
        let kept = Arc::clone(&log);
        let reader = std::thread::spawn(move || {
            lines.for_each(|line| kept.lock().expect("whole").push_str(&(line + "\n")));
        });
        Self {
            address,
            data,
            process,
            log,
            reader: Some(reader),
            _folder: None,
        }
    }

    pub(crate) fn id(&self) -> u32 {
        self.process.id()
    }

    pub(crate) fn log(&self) -> String {
        self.log.lock().expect("whole").clone()
    }

    pub(crate) fn file(&self) -> PathBuf {
        self.data.join("lenswire.yaml")
    }

    /// The claim link's secret, from the file that takes it where there is no terminal.
    pub(crate) fn secret(&self) -> String {
        let file = self.data.join("claim");
        let link = until("the claim file", || {
            std::fs::read_to_string(&file)
                .ok()
                .filter(|text| text.ends_with('\n'))
        });
        link.trim()
            .split_once('#')
            .expect("a fragment")
            .1
            .to_owned()
    }

    /// Claims the hub; the administrator's token.
    pub(crate) fn claim(&self) -> String {
        let body = serde_json::json!({ "secret": self.secret(), "show_token": true }).to_string();
        let answer = self.post("/api/v1/claim", &[], &body);
        assert_eq!(answer.status, 200, "{}", answer.body);
        answer.json()["administrator_token"]
            .as_str()
            .expect("a token")
            .to_owned()
    }

    pub(crate) fn get(&self, path: &str, headers: &[(&str, &str)]) -> Answer {
        self.ask("GET", path, headers, "")
    }

    pub(crate) fn post(&self, path: &str, headers: &[(&str, &str)], json: &str) -> Answer {
        let headers = [headers, &[("content-type", "application/json")]].concat();
        self.ask("POST", path, &headers, json)
    }

    pub(crate) fn ask(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> Answer {
        ask(self.address, method, path, headers, body)
    }

    /// Sends exactly these bytes and reads until the other side closes.
    pub(crate) fn raw(&self, bytes: &[u8]) -> String {
        raw(self.address, bytes)
    }

    pub(crate) fn signal(&self, name: &str) {
        let sent = Command::new("kill")
            .arg(format!("-{name}"))
            .arg(self.process.id().to_string())
            .status();
        assert!(sent.expect("runs").success());
    }

    /// Asks it to stop, and waits until it has.
    pub(crate) fn stop(&mut self) -> ExitStatus {
        self.signal("TERM");
        self.wait()
    }

    pub(crate) fn kill(&mut self) {
        self.process.kill().expect("is there");
        self.wait();
    }

    pub(crate) fn wait(&mut self) -> ExitStatus {
        let status = self.process.wait().expect("ends");
        if let Some(reader) = self.reader.take() {
            reader.join().expect("read to the end");
        }
        status
    }
}

impl Drop for Hub {
    fn drop(&mut self) {
        let _gone = self.process.kill();
        let _gone = self.process.wait();
        if !std::thread::panicking() {
            assert!(!self.log().contains("panicked at"), "{}", self.log());
        }
    }
}

/// Where the hub says that it is.
fn port(line: &str) -> Option<SocketAddr> {
    let event: Value = serde_json::from_str(line).ok()?;
    let port = event["address"]
        .as_str()?
        .rsplit_once(':')?
        .1
        .parse::<u16>()
        .ok()?;
    Some(SocketAddr::from(([127, 0, 0, 1], port)))
}

pub(crate) fn ask(
    address: SocketAddr,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: &str,
) -> Answer {
    let own = format!("localhost:{}", address.port());
    let host = headers
        .iter()
        .find(|(name, _)| *name == "host")
        .map_or(own.as_str(), |(_, value)| *value);
    let mut request = format!(
        "{method} {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\nContent-Length: {}\r\n",
        body.len()
    );
    for (name, value) in headers.iter().filter(|(name, _)| *name != "host") {
        request.push_str(&format!("{name}: {value}\r\n"));
    }
    let text = raw(address, (request + "\r\n" + body).as_bytes());
    let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
    let status = head
        .split(' ')
        .nth(1)
        .and_then(|status| status.parse().ok())
        .unwrap_or(0);
    Answer {
        status,
        head: head.to_owned(),
        body: body.to_owned(),
    }
}

pub(crate) fn raw(address: SocketAddr, bytes: &[u8]) -> String {
    let mut stream = TcpStream::connect(address).expect("connects");
    stream.set_read_timeout(Some(PATIENCE)).expect("a timeout");
    let _cut_while_writing = stream.write_all(bytes);
    let mut answer = Vec::new();
    let _reset = stream.read_to_end(&mut answer);
    String::from_utf8_lossy(&answer).into_owned()
}

/// Asks again until there is something, or patience ends.
pub(crate) fn until<T>(what: &str, mut attempt: impl FnMut() -> Option<T>) -> T {
    for _ in 0..PATIENCE.as_millis() / 20 {
        if let Some(found) = attempt() {
            return found;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    panic!("waited in vain for {what}");
}
