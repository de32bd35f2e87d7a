//! A password that must be seen nowhere: requirement 88, E12, SEC-4. A camera's address carries it,
//! everything that talks about that camera is made to talk, at trace, and all of it is searched.

#![allow(
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod hub;

use std::io::{Read, Write};
use std::net::TcpListener;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use hub::{Hub, until};

/// Unlike anything else, also in parts.
const CANARY: &str = "Zq7vCanary9xK";
/// `canary:Zq7vCanary9xK` as HTTP Basic sends it, without the last group.
const BASIC: &str = "Y2FuYXJ5OlpxN3ZDYW5hcnk5";

/// A camera that asks for each kind of password in turn, and repeats what it is told.
fn camera(basic: bool) -> (u16, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("bound").port();
    let heard = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&heard);
    std::thread::spawn(move || {
        for mut client in listener.incoming().map_while(Result::ok) {
            let count = Arc::clone(&count);
            std::thread::spawn(move || {
                let mut buffer = [0; 4096];
                while let Ok(length @ 1..) = client.read(&mut buffer) {
                    let request = String::from_utf8_lossy(&buffer[..length]).into_owned();
                    let sequence = request
                        .lines()
                        .find_map(|line| line.strip_prefix("CSeq: "))
                        .unwrap_or("1")
                        .trim();
                    count.fetch_add(
                        usize::from(request.contains("Authorization")),
                        Ordering::SeqCst,
                    );
                    let scheme = if basic {
                        "Basic realm=\"x\""
                    } else {
                        "Digest realm=\"x\", nonce=\"abc\", algorithm=MD5"
                    };
                    let answer = format!(
                        "RTSP/1.0 401 Unauthorized\r\nCSeq: {sequence}\r\nWWW-Authenticate: {scheme}\r\n\r\n"
                    );
                    if client.write_all(answer.as_bytes()).is_err() {
                        return;
                    }
                }
            });
        }
    });
    (port, heard)
}

/// Right and wrong requests, with the password in each.
fn requests(url: &str) -> [(&'static str, &'static str, String); 20] {
    let none = String::new;
    [
        ("GET", "/api/v1/streams", none()),
        ("GET", "/api/v1/sessions", none()),
        ("GET", "/readyz", none()),
        ("POST", "/api/v1/probe", format!(r#"{{"source":"{url}"}}"#)),
        ("POST", "/api/v1/probe", format!(r#"{{"sauce":"{url}"}}"#)),
        (
            "POST",
            "/api/v1/streams",
            format!(r#"{{"name":"added","source":"{url}"}}"#),
        ),
        (
            "PATCH",
            "/api/v1/streams/added",
            format!(r#"{{"source":"{url}?pwd={CANARY}"}}"#),
        ),
        (
            "PATCH",
            "/api/v1/streams/added",
            format!(r#"{{"source":"http://u:{CANARY}@h/"}}"#),
        ),
        (
            "PATCH",
            "/api/v1/streams/added",
            format!(r#"{{"source":"rtsp://u:{CANARY}@127.0.0.1:99999/"}}"#),
        ),
        (
            "PATCH",
            "/api/v1/streams/added",
            format!(r#"{{"source":"rtsp://u:{CANARY}@169.254.169.254/"}}"#),
        ),
        (
            "PATCH",
            "/api/v1/streams/added",
            format!(r#"{{"transport":"{url}"}}"#),
        ),
        (
            "PATCH",
            "/api/v1/streams/added",
            format!(r#"{{"on_demand":"{url}"}}"#),
        ),
        (
            "PATCH",
            "/api/v1/streams/added",
            format!(r#"{{"{url}":1}}"#),
        ),
        (
            "PATCH",
            "/api/v1/streams/added",
            format!(r#"{{"source":"{url}"#),
        ),
        ("POST", "/api/v1/streams/added/retry", none()),
        ("DELETE", "/api/v1/streams/added", none()),
        ("POST", "/api/v1/login", format!(r#"{{"token":"{url}"}}"#)),
        (
            "POST",
            "/api/v1/grants",
            format!(r#"{{"streams":["{url}"],"scope":["watch"]}}"#),
        ),
        ("GET", "/openapi.json", none()),
        ("GET", "/metrics", none()),
    ]
}

/// Fails when one of the secrets stands in one of the texts, or in a file of the data folder.
fn search(texts: &[String], folder: &Path, secrets: &[&str]) {
    for (text, secret) in texts
        .iter()
        .flat_map(|text| secrets.iter().map(move |secret| (text, secret)))
    {
        if let Some(at) = text.find(secret) {
            let start = text[..at].rfind('\n').map_or(0, |line| line + 1);
            panic!(
                "{secret} in: {:.600}",
                text[start..].lines().next().unwrap_or_default()
            );
        }
    }
    let files = std::fs::read_dir(folder)
        .expect("readable")
        .map(|entry| entry.expect("an entry").path());
    // The configuration is the password's home.
    for file in files.filter(|file| file.extension().is_none_or(|extension| extension != "yaml")) {
        let bytes = std::fs::read(&file).expect("readable");
        for secret in secrets {
            assert!(
                !bytes
                    .windows(secret.len())
                    .any(|window| window == secret.as_bytes()),
                "{secret} in {}",
                file.display()
            );
        }
    }
}

#[test]
fn the_cameras_password_is_seen_nowhere() {
    let ((basic, heard_basic), (digest, heard_digest)) = (camera(true), camera(false));
    let config = format!(
        "allow_loopback_sources: true
ice_servers: [{{ urls: 'turn:127.0.0.1:3478', username: u, credential: tcred-{CANARY} }}]
streams:
  basic: rtsp://canary:{CANARY}@127.0.0.1:{basic}/a
  digest: {{ source: 'rtsp://canary:{CANARY}@127.0.0.1:{digest}/b?token={CANARY}', viewers: grant }}
  nowhere: rtsp://canary:{CANARY}@camera.invalid/password={CANARY}
  refused: rtsps://canary:{CANARY}@127.0.0.1:1/c
  variable: rtsp://canary:${{CAMERA_PASSWORD}}@127.0.0.1:{basic}/d
"
    );
    let environment = [
        ("RUST_LOG", "trace"),
        ("CAMERA_PASSWORD", CANARY),
        ("RUST_BACKTRACE", "1"),
    ];
    let mut hub = Hub::start_with(Some(&config), &environment);
    let token = hub.claim();
    let bearer = format!("Bearer {token}");
    let mut said = Vec::new();
    let mut ask = |method: &str, path: &str, body: &str| {
        let kind = if path.ends_with("whep") {
            "application/sdp"
        } else {
            "application/json"
        };
        let answer = hub.ask(
            method,
            path,
            &[("authorization", &bearer), ("content-type", kind)],
            body,
        );
        said.push(format!("{method} {path}: {}\n{}", answer.head, answer.body));
        answer
    };

    // Every camera has failed in its way, and has been told the password where it asked for it.
    for name in ["basic", "digest", "nowhere", "refused", "variable"] {
        until(name, || {
            let stream = ask("GET", &format!("/api/v1/streams/{name}"), "").json();
            stream["state"]["problem"]["code"].is_string().then_some(())
        });
    }
    let heard = [heard_basic, heard_digest].map(|heard| heard.load(Ordering::SeqCst) > 0);
    assert_eq!(heard, [true, true], "the password was never needed");
    for (method, path, body) in requests(&format!("rtsp://canary:{CANARY}@127.0.0.1:{basic}/e")) {
        ask(method, path, &body);
    }
    ask("POST", "/basic/whep", "v=0\r\n");

    // A mistake in the file, beside the password.
    let mistaken = config.replace("  basic: rtsp", "  basic: {sorce: rtsp") + "}\n";
    std::fs::write(hub.file(), mistaken).expect("writes");
    until("the complaint", || {
        hub.log()
            .contains("the changed configuration is wrong")
            .then_some(())
    });
    assert!(hub.stop().success());
    said.push(hub.log());
    assert!(
        hub.log().contains("\"level\":\"TRACE\""),
        "the log tells all it can"
    );
    search(&said, &hub.data, &[CANARY, BASIC, &token]);
}
