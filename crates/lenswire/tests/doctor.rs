//! `lenswire doctor` before things that are right and things that are wrong.

#![allow(
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod hub;

use std::net::{TcpListener, UdpSocket};
use std::path::Path;

use hub::{Hub, binary};
use serde_json::Value;

/// What it says: (verdict, detail, fix) by check, and its exit code.
fn doctor(data: &Path, flags: &[&str], media: u16) -> (Option<i32>, Value) {
    let output = binary()
        .args(["doctor", "--json", "--data"])
        .arg(data)
        .args(flags)
        .env("LENSWIRE__MEDIA__PORT", media.to_string())
        .output()
        .expect("runs");
    let report = serde_json::from_slice(&output.stdout);
    let report = report.unwrap_or_else(|error| panic!("{error}: {output:?}"));
    (output.status.code(), report)
}

fn check<'a>(report: &'a Value, name: &str) -> Vec<&'a Value> {
    let checks = report["checks"].as_array().expect("checks");
    checks.iter().filter(|one| one["check"] == name).collect()
}

fn is(found: &Value, verdict: &str, words: &str) {
    assert_eq!(found["verdict"], verdict, "{found}");
    assert!(
        found["detail"]
            .as_str()
            .is_some_and(|text| text.contains(words)),
        "{words:?} in {found}"
    );
    assert!(verdict == "ok" || found["fix"].is_string(), "{found}");
}

fn config(folder: &Path, text: &str) {
    std::fs::write(folder.join("lenswire.yaml"), text).expect("writes");
}

// requirement 89: what is right is called right, and a running hub is known as such.
#[test]
fn a_healthy_place_is_called_healthy() {
    let hub = Hub::start(None);
    let listen = format!("listen: {}\n", hub.address);
    let folder = tempfile::tempdir().expect("a folder");
    config(folder.path(), &listen);
    // Whatever the umask here.
    let own = std::os::unix::fs::PermissionsExt::from_mode(0o700);
    std::fs::set_permissions(folder.path(), own).expect("is ours");
    let (_, report) = doctor(folder.path(), &[], 0);
    is(check(&report, "configuration")[0], "ok", "is right");
    is(check(&report, "data")[0], "ok", "can be written");
    is(check(&report, "listen")[0], "ok", "Lenswire has");
    is(
        check(&report, "media")[0],
        "warn",
        "each start takes another port",
    );
    assert_eq!(check(&report, "disk").len(), 1, "{report}");
    assert_eq!(check(&report, "clock").len(), 1, "{report}");
    assert_eq!(check(&report, "streams").len(), 0, "not asked for");
}

#[test]
fn what_is_in_the_way_is_a_failure_with_a_fix() {
    let web = TcpListener::bind("127.0.0.1:0").expect("a port");
    let web = web
        .local_addr()
        .map(|address| (web, address))
        .expect("bound");
    let media = UdpSocket::bind("0.0.0.0:0").expect("a port");
    let port = media.local_addr().expect("bound").port();
    let folder = tempfile::tempdir().expect("a folder");
    config(folder.path(), &format!("listen: {}\n", web.1));
    let (status, report) = doctor(folder.path(), &[], port);
    assert_eq!((status, &report["well"]), (Some(1), &Value::Bool(false)));
    is(check(&report, "listen")[0], "fail", "Another program has");
    is(
        check(&report, "media")[0],
        "fail",
        &format!("UDP port {port}"),
    );
    config(folder.path(), "lisen: 1\n");
    let (status, report) = doctor(folder.path(), &[], port);
    assert_eq!(status, Some(1));
    is(
        check(&report, "configuration")[0],
        "fail",
        "there is no key `lisen`",
    );
}

// Only with --streams; and no camera's password is shown.
#[test]
fn cameras_are_looked_at_when_that_is_asked_for() {
    let folder = tempfile::tempdir().expect("a folder");
    config(
        folder.path(),
        "streams: {gate: 'rtsp://admin:Zq7vCanary9xK@127.0.0.1:1/s', show: demo}\n",
    );
    let (status, report) = doctor(folder.path(), &["--streams"], 0);
    assert_eq!(status, Some(1));
    let cameras = check(&report, "streams");
    assert_eq!(cameras.len(), 1, "{report}");
    is(
        cameras[0],
        "fail",
        "gate: The camera refused the connection",
    );
    assert!(!report.to_string().contains("Zq7vCanary9xK"));
}

// STUN and TURN servers that are not there, or no servers at all.
#[test]
fn relays_that_do_not_answer_are_named() {
    let silent = UdpSocket::bind("127.0.0.1:0").expect("a port");
    let port = silent.local_addr().expect("bound").port();
    let folder = tempfile::tempdir().expect("a folder");
    config(
        folder.path(),
        &format!(
            "ice_servers:\n  - urls: stun:127.0.0.1:{port}\n  - urls: turn:127.0.0.1:1?transport=tcp\n    username: viewer\n    credential: Zq7vCanary9xK\n"
        ),
    );
    let (_, report) = doctor(folder.path(), &[], 0);
    let relays = check(&report, "relay");
    is(relays[0], "fail", "does not answer");
    is(relays[1], "fail", "does not answer");
    assert!(!report.to_string().contains("Zq7vCanary9xK"), "E12");
}
