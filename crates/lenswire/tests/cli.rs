//! The command line: what it says, what it ends with, what it leaves behind.

#![allow(
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod hub;

use std::net::TcpStream;
use std::path::Path;
use std::process::{Command, Output};

use hub::{Answer, Hub, binary, until};

fn run(arguments: &[&str], data: &Path) -> Output {
    binary()
        .args(arguments)
        .env("LENSWIRE_DATA", data)
        .output()
        .expect("runs")
}

fn out(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout)
        .trim_end()
        .to_owned()
}

fn err(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr)
        .trim_end()
        .to_owned()
}

// requirement 71: a wrong configuration is told with line and column.
#[test]
fn config_check_points_at_the_mistake() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("lenswire.yaml");
    let check = || run(&["config", "check"], folder.path());
    assert!(out(&check()).ends_with("the demo is served."));
    std::fs::write(
        &file,
        "streams:\n  gate:\n    sorce: rtsp://u:hunter2@h/s\n",
    )
    .expect("writes");
    let wrong = check();
    assert_eq!(wrong.status.code(), Some(2));
    assert_eq!(
        err(&wrong),
        "lenswire: lenswire.yaml:3:5: there is no key `sorce` here
  |
3 |     sorce: rtsp://***@h/s
  |     ^
help: did you mean `source`?"
    );
    let serve = run(&["serve"], folder.path());
    assert_eq!(
        (serve.status.code(), err(&serve)),
        (Some(2), err(&wrong)),
        "it does not start with it either"
    );
    std::fs::write(&file, "streams: {gate: 'rtsp://h/s'}\n").expect("writes");
    assert!(out(&check()).ends_with("lenswire.yaml is right: 1 stream."));
    let named = run(
        &["config", "check", "--config", "/nonexistent.yaml"],
        folder.path(),
    );
    assert_eq!(named.status.code(), Some(2), "a named file has to be there");
}

#[test]
fn what_is_in_the_way_is_said_in_words() {
    let folder = tempfile::tempdir().expect("a folder");
    let hub = Hub::start(None);
    let taken = run(
        &["serve", "--listen", &hub.address.to_string()],
        folder.path(),
    );
    assert_eq!(taken.status.code(), Some(1));
    assert!(
        err(&taken).contains("another program, or another Lenswire, has that port"),
        "{}",
        err(&taken)
    );

    let open = run(&["serve", "--listen", "0.0.0.0:0"], folder.path());
    assert_eq!(open.status.code(), Some(2));
    assert!(
        err(&open).starts_with("lenswire: --listen: plain HTTP on 0.0.0.0"),
        "{}",
        err(&open)
    );

    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(
        folder.path().join("lenswire.db"),
        "this is no database".repeat(100),
    )
    .expect("writes");
    let damaged = run(&["token", "list"], folder.path());
    assert_eq!(damaged.status.code(), Some(1));
    assert!(
        err(&damaged).contains("is damaged, or no Lenswire database"),
        "{}",
        err(&damaged)
    );
    assert_eq!(run(&["sevre"], folder.path()).status.code(), Some(2));
}

// requirement 88: a newcomer's first minute, without a terminal.
#[test]
fn the_claim_link_is_in_a_file_for_its_owner_and_gone_at_the_end() {
    let mut hub = Hub::start(None);
    let file = hub.data.join("claim");
    let secret = hub.secret();
    assert!(!hub.log().contains(&secret), "the log names the file only");
    until("the line that names it", || {
        hub.log()
            .contains("the claim link is in this file")
            .then_some(())
    });
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(
            std::fs::metadata(&file)
                .expect("is there")
                .permissions()
                .mode()
                & 0o777,
            0o600
        );
    }
    assert_eq!(hub.get("/api/v1/me", &[]).json()["claimed"], false);
    hub.claim();
    assert_eq!(hub.get("/api/v1/me", &[]).json()["claimed"], true);
    assert!(hub.stop().success());
    assert!(!file.exists());

    let again = Hub::start_in(&hub.data, &[]);
    assert_eq!(again.get("/api/v1/me", &[]).json()["claimed"], true);
    assert!(!file.exists(), "an owned hub offers no link");
}

#[test]
fn tokens_are_made_listed_and_revoked_beside_a_running_hub() {
    let hub = Hub::start(Some("streams: {gate: 'rtsp://127.0.0.1:1/'}\n"));
    let command = |arguments: &[&str]| run(arguments, &hub.data);
    let administrator = out(&command(&["token", "new", "ann", "--administrator"]));
    let program = out(&command(&[
        "token", "new", "nvr", "--stream", "gate", "--for", "30d",
    ]));
    let get = |path: &str, token: &str| {
        hub.get(path, &[("authorization", &format!("Bearer {token}"))])
            .status
    };
    assert_eq!(get("/api/v1/sessions", &administrator), 200);
    assert_eq!(
        (
            get("/api/v1/streams/gate", &program),
            get("/api/v1/sessions", &program)
        ),
        (200, 403)
    );

    let list: serde_json::Value =
        serde_json::from_str(&out(&command(&["token", "list", "--json"]))).expect("JSON");
    let id = |name: &str| {
        let found = list
            .as_array()
            .expect("a list")
            .iter()
            .find(|token| token["name"] == name);
        found.expect("is listed")["id"]
            .as_str()
            .expect("text")
            .to_owned()
    };
    assert!(!list.to_string().contains(&administrator) && !list.to_string().contains(&program));
    assert!(out(&command(&["token", "list"])).contains("nvr"));
    for name in ["ann", "nvr"] {
        // A number may begin with a dash.
        assert!(
            command(&["token", "revoke", "--", &id(name)])
                .status
                .success()
        );
    }
    assert_eq!(
        (
            get("/api/v1/sessions", &administrator),
            get("/api/v1/streams/gate", &program)
        ),
        (401, 401)
    );
    assert_eq!(
        command(&["token", "revoke", "nothing"]).status.code(),
        Some(1)
    );

    let link = out(&command(&["token", "claim"]));
    let secret = link.split_once("/claim#").expect("a link").1;
    let claim = || {
        hub.post(
            "/api/v1/claim",
            &[],
            &serde_json::json!({ "secret": secret }).to_string(),
        )
        .status
    };
    assert_eq!((claim(), claim()), (200, 410));
}

// D1: whatever kills us while we edit, the file is the old one or the new one.
#[test]
fn a_kill_in_the_middle_of_edits_leaves_a_file_that_is_right() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("lenswire.yaml");
    std::fs::write(&file, "# kept\nstreams: {}\n").expect("writes");
    let token = out(&run(
        &["token", "new", "test", "--administrator"],
        folder.path(),
    ));
    let mut kept = 0;
    for round in 0..8_u32 {
        let mut hub = Hub::start_in(folder.path(), &[]);
        let (address, bearer) = (hub.address, format!("Bearer {token}"));
        let editor = std::thread::spawn(move || {
            let mut acknowledged = None;
            for n in 0.. {
                let name = format!("r{round}-{n}");
                let body = serde_json::json!({ "name": name, "source": "rtsp://127.0.0.1:1/x", "on_demand": true }).to_string();
                let headers = [
                    ("authorization", bearer.as_str()),
                    ("content-type", "application/json"),
                ];
                let Ok(answer) = std::panic::catch_unwind(|| {
                    hub::ask(address, "POST", "/api/v1/streams", &headers, &body)
                }) else {
                    break;
                };
                match answer.status {
                    201 => acknowledged = Some(name),
                    429 => {}
                    0 => break,
                    status => panic!("{status}: {}", answer.body),
                }
            }
            acknowledged
        });
        let before = std::fs::read(&file).expect("is there").len();
        until("some edits", || {
            (std::fs::read(&file).expect("is there").len() > before + 200 * round as usize % 700)
                .then_some(())
        });
        hub.kill();
        let acknowledged = editor.join().expect("ends");
        let text = std::fs::read_to_string(&file).expect("is there");
        assert!(
            run(&["config", "check"], folder.path()).status.success(),
            "{text}"
        );
        assert!(text.starts_with("# kept\n"));
        if let Some(last) = acknowledged {
            kept += 1;
            assert!(
                text.contains(&format!("{last}:")),
                "{last} was acknowledged and is lost"
            );
        }
    }
    assert!(kept > 0, "no edit was acknowledged in any round");
}

/// The hub on a disk of 1 MiB, in a mount namespace of its own.
#[cfg(target_os = "linux")]
fn on_a_small_disk(data: &Path) -> Hub {
    let root = std::fs::metadata("/proc/self")
        .is_ok_and(|of| std::os::unix::fs::MetadataExt::uid(&of) == 0);
    let flags = if root { "-m" } else { "-rm" };
    let allowed = Command::new("unshare").args([flags, "true"]).status();
    assert!(
        allowed.is_ok_and(|status| status.success()),
        "this machine allows no mount namespace, so the test of a full disk did NOT run"
    );
    let script = "mount -t tmpfs -o size=1m tmpfs \"$0\" && exec \"$@\"";
    let mut command = Command::new("unshare");
    command
        .args([flags, "sh", "-c", script])
        .arg(data)
        .arg(env!("CARGO_BIN_EXE_lenswire"));
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
    command.env("LENSWIRE__MEDIA__PORT", "0");
    Hub::run(command, data.to_owned())
}

// D4: a full disk stops writing and nothing else, and heals.
#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_answered_507_and_heals() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().join("data");
    std::fs::create_dir(&data).expect("a folder");
    let hub = on_a_small_disk(&data);
    // Into its namespace by way of its root.
    let below = data.strip_prefix("/").expect("absolute");
    let inside = Path::new("/proc")
        .join(hub.id().to_string())
        .join("root")
        .join(below);
    let read = || {
        std::fs::read_to_string(inside.join("claim"))
            .ok()
            .filter(|text| text.ends_with('\n'))
    };
    let link = until("the claim file", read);
    let secret = link.trim().split_once('#').expect("a link").1;
    let fill = || drop(std::fs::write(inside.join("ballast"), vec![0; 2 << 20]));
    let free = || std::fs::remove_file(inside.join("ballast")).expect("is there");
    let full = |answer: &Answer| {
        assert_eq!(
            (answer.status, answer.code().as_str()),
            (507, "storage_full"),
            "{}",
            answer.body
        );
    };

    let body = serde_json::json!({ "secret": secret, "show_token": true }).to_string();
    fill();
    full(&hub.post("/api/v1/claim", &[], &body));
    assert_eq!(hub.get("/healthz", &[]).status, 200, "the rest goes on");
    free();
    let healed = hub.post("/api/v1/claim", &[], &body);
    assert_eq!(healed.status, 200, "the same link works: {}", healed.body);

    let bearer = format!(
        "Bearer {}",
        healed.json()["administrator_token"]
            .as_str()
            .expect("a token")
    );
    let stream = r#"{"name":"gate","source":"demo","on_demand":true}"#;
    let add = || hub.post("/api/v1/streams", &[("authorization", &bearer)], stream);
    fill();
    full(&add());
    free();
    assert_eq!(add().status, 201);
}

// D6: without file handles new connections are turned away, and it heals.
#[cfg(unix)]
#[test]
fn without_file_handles_it_sheds_and_heals() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut command = Command::new("sh");
    command.args([
        "-c",
        "ulimit -n 100 && exec \"$@\"",
        "sh",
        env!("CARGO_BIN_EXE_lenswire"),
    ]);
    command
        .args([
            "serve",
            "--listen",
            "127.0.0.1:0",
            "--log-format",
            "json",
            "--data",
        ])
        .arg(folder.path());
    command.env("LENSWIRE__MEDIA__PORT", "0");
    let hub = Hub::run(command, folder.path().to_owned());
    let held: Vec<_> = (0..150)
        .map(|_| TcpStream::connect(hub.address).expect("is queued at least"))
        .collect();
    let shed = until("somebody is turned away", || {
        let answer =
            hub.raw(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
        answer.starts_with("HTTP/1.1 503").then_some(answer)
    });
    assert!(shed.contains("Retry-After"));
    drop(held);
    until("it heals", || {
        (hub.get("/healthz", &[]).status == 200).then_some(())
    });
    assert!(hub.log().contains("no file handles are left"));
}

// requirement 71: what editors and newcomers from other programs use.
#[test]
fn the_schema_is_printed_and_other_programs_files_are_imported() {
    let folder = tempfile::tempdir().expect("a folder");
    let schema = run(&["config", "schema"], folder.path());
    let schema: serde_json::Value = serde_json::from_str(&out(&schema)).expect("is JSON");
    assert!(schema["properties"]["streams"].is_object());

    for (name, stream) in [
        ("go2rtc.yaml", "front_door:"),
        ("mediamtx.yml", "line/1:"),
        ("test-stream.yaml", "test-camera-1:"),
    ] {
        let file = format!(
            "{}/../../testdata/import/{name}",
            env!("CARGO_MANIFEST_DIR")
        );
        let imported = run(&["config", "import", &file], folder.path());
        assert_eq!(imported.status.code(), Some(0), "{}", err(&imported));
        assert!(out(&imported).contains(stream), "{}", out(&imported));
        assert!(err(&imported).contains("taken over "), "{}", err(&imported));
        assert!(
            err(&imported).contains("not taken over "),
            "{}",
            err(&imported)
        );
        assert!(!err(&imported).contains("hunter2"), "{}", err(&imported));
    }
    let ours = concat!(env!("CARGO_MANIFEST_DIR"), "/../../lenswire.yaml");
    let refused = run(&["config", "import", ours], folder.path());
    assert_eq!(
        (refused.status.code(), out(&refused).as_str()),
        (Some(1), "")
    );
    assert!(err(&refused).contains("Lenswire's own configuration already"));
    let none = run(&["config", "import", "none.yaml"], folder.path());
    assert!(
        err(&none).contains("cannot read none.yaml"),
        "{}",
        err(&none)
    );
}

// requirement 89: a health check without curl.
#[test]
fn health_is_the_running_hubs() {
    let hub = Hub::start(None);
    let listen = hub.address.to_string();
    let well = run(&["health", "--listen", &listen], &hub.data);
    assert_eq!((well.status.code(), out(&well).trim()), (Some(0), "ok"));
    let silent = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = silent.local_addr().expect("bound").to_string();
    let unwell = run(&["health", "--listen", &address], &hub.data);
    assert_eq!(unwell.status.code(), Some(1));
    assert!(
        err(&unwell).contains("it does not answer"),
        "{}",
        err(&unwell)
    );
}
