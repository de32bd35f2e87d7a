//! A password that must be seen nowhere: requirement 88, E12, SEC-4. A camera's address carries it,
//! everything that talks about that camera is made to talk, at trace, and all of it is searched.

mod hub;

use std::io::{Read, Write};
use std::net::TcpListener;
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
        let answer = hub.ask(
            method,
            path,
            &[
                ("authorization", &bearer),
                ("content-type", "application/json"),
            ],
            body,
        );
        said.push(format!("{method} {path}: {} {}", answer.head, answer.body));
        answer
    };

    // Every camera has failed in its way, and has been told the password where it asked for it.
    for name in ["basic", "digest", "nowhere", "refused", "variable"] {
        until(name, || {
            let stream = ask("GET", &format!("/api/v1/streams/{name}"), "").json();
            stream["state"]["problem"]["code"].is_string().then_some(())
        });
    }
    assert!(
        heard_basic.load(Ordering::SeqCst) > 0 && heard_digest.load(Ordering::SeqCst) > 0,
        "the password was never needed"
    );

    // Right and wrong edits, with the password in each.
    let url = format!("rtsp://canary:{CANARY}@127.0.0.1:{basic}/e");
    for (method, path, body) in [
        ("GET", "/api/v1/streams", String::new()),
        ("GET", "/api/v1/sessions", String::new()),
        ("GET", "/readyz", String::new()),
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
        ("POST", "/api/v1/streams/added/retry", String::new()),
        ("DELETE", "/api/v1/streams/added", String::new()),
        ("POST", "/api/v1/login", format!(r#"{{"token":"{url}"}}"#)),
        (
            "POST",
            "/api/v1/grants",
            format!(r#"{{"streams":["{url}"],"scope":["watch"]}}"#),
        ),
        ("GET", "/openapi.json", String::new()),
        ("GET", "/metrics", String::new()),
    ] {
        ask(method, path, &body);
    }
    let whep = hub.ask(
        "POST",
        "/basic/whep",
        &[
            ("authorization", &bearer),
            ("content-type", "application/sdp"),
        ],
        "v=0\r\n",
    );
    said.push(format!("{} {}", whep.head, whep.body));

    // A mistake in the file, beside the password.
    std::fs::write(
        hub.file(),
        config.replace("  basic: rtsp", "  basic: {sorce: rtsp") + "}\n",
    )
    .expect("writes");
    until("the complaint", || {
        hub.log()
            .contains("the changed configuration is wrong")
            .then_some(())
    });

    assert!(hub.stop().success());
    said.push(hub.log());
    for text in &said {
        for secret in [CANARY, BASIC, token.as_str()] {
            let at = text.find(secret);
            assert!(
                at.is_none(),
                "{secret} in: {}",
                around(text, at.unwrap_or_default())
            );
        }
    }
    for file in std::fs::read_dir(&hub.data)
        .expect("readable")
        .map(|entry| entry.expect("an entry").path())
    {
        if file
            .extension()
            .is_some_and(|extension| extension == "yaml")
        {
            continue; // its home
        }
        let bytes = std::fs::read(&file).expect("readable");
        for secret in [CANARY, BASIC, token.as_str()] {
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


fn around(text: &str, at: usize) -> String {
    let start = text[..at].rfind('\n').map_or(0, |line| line + 1);
    text[start..]
        .lines()
        .next()
        .unwrap_or_default()
        .chars()
        .take(600)
        .collect()
}
