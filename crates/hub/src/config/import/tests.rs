//! Real-looking files of other programs. Requirement 71.

use super::*;
use crate::config::file::parse;
use crate::config::{Config, Environment, Overrides, Transport};

const GO2RTC: &str = include_str!("../../../../../testdata/import/go2rtc.yaml");
const MEDIAMTX: &str = include_str!("../../../../../testdata/import/mediamtx.yml");
const TEST_STREAM: &str = include_str!("../../../../../testdata/import/test-stream.yaml");

/// The result as the hub reads it, and the account as text.
fn imported(text: &str) -> (Config, String, String) {
    let done = import(text).expect("is understood");
    let environment = Environment::from_iter([("TURN_PASSWORD", "x")]);
    let config = parse(&done.yaml, &environment, &Overrides::default());
    let config = config.unwrap_or_else(|fault| panic!("{}: {}", fault.message, done.yaml));
    let account: Vec<String> = done.notes.iter().map(|note| format!("{note:?}")).collect();
    (config, done.yaml, account.join("\n"))
}

fn names(config: &Config) -> Vec<String> {
    config.streams.keys().map(ToString::to_string).collect()
}

#[test]
fn go2rtcs_streams_network_and_servers_come_over() {
    let (config, yaml, account) = imported(GO2RTC);
    assert_eq!(
        names(&config),
        [
            "front_door",
            "garage",
            "garden-cam",
            "garden-cam-2",
            "phone"
        ]
    );
    assert!(
        config
            .streams
            .values()
            .filter(|stream| stream.source.is_some())
            .all(|stream| stream.on_demand)
    );
    assert_eq!((config.media.port, config.media.addresses.len()), (8555, 1));
    assert_eq!(config.ice_servers.len(), 2);
    assert!(
        yaml.contains("rtsp://admin:hunter2@192.168.1.20"),
        "it works at once: {yaml}"
    );
    assert!(
        yaml.contains("${GARDEN_PASSWORD:secret}"),
        "variables stay variables: {yaml}"
    );
    for told in [
        "dvrip",
        "exec",
        "onvif",
        "streams.bad",
        "api",
        "homekit",
        "stun:8555",
        "#hardware",
        "now called garden-cam-2",
        "`substream`",
        "backchannel",
    ] {
        assert!(account.contains(told), "{told} is not told of:\n{account}");
    }
    assert!(
        !account.contains("hunter2"),
        "the account goes to terminals and tickets:\n{account}"
    );
}

#[test]
fn mediamtxs_paths_come_over() {
    let (config, yaml, account) = imported(MEDIAMTX);
    assert_eq!(
        names(&config),
        ["line/1", "line/2", "multicast", "robot_arm"]
    );
    let stream = |name: &str| {
        config
            .streams
            .iter()
            .find(|(own, _)| own.as_str() == name)
            .expect("is there")
            .1
    };
    assert_eq!(
        (stream("line/1").transport, stream("line/1").on_demand),
        (Transport::Tcp, true)
    );
    assert_eq!(
        (stream("line/2").transport, stream("line/2").on_demand),
        (Transport::Auto, false)
    );
    assert!(stream("robot_arm").source.is_none());
    assert_eq!((config.media.port, config.media.addresses.len()), (8190, 2));
    assert_eq!(config.trusted_proxies.len(), 2);
    assert!(config.tls.is_some());
    let turn = config
        .ice_servers
        .first()
        .and_then(|server| server.credential.as_ref());
    assert_eq!(turn.map(|secret| secret.expose()), Some("12345"), "{yaml}");
    for told in [
        "paths.relay",
        "rpiCamera",
        "~^dyn",
        "all_others",
        "runOnReady",
        "multicast",
        "cams.example.org",
        "authentication",
        "record",
        "hls*",
    ] {
        assert!(account.contains(told), "{told} is not told of:\n{account}");
    }
    assert!(!account.contains("hunter2"), "{account}");
}

#[test]
fn the_documents_own_file_comes_over() {
    let (config, _, account) = imported(TEST_STREAM);
    assert_eq!(names(&config), ["test-camera-1"]);
    assert!(
        account.contains("\"server\"")
            && account.contains("rtsp.client")
            && account.contains("logging.level")
    );
}

#[test]
fn what_is_not_understood_is_said() {
    for (text, why) in [
        ("", ImportError::Unknown),
        ("- a", ImportError::Unknown),
        ("cameras: []", ImportError::Unknown),
        ("rtsp: {listen: ':8554'}", ImportError::Unknown),
        ("streams: {a: {source: demo}}", ImportError::Ours),
    ] {
        assert_eq!(import(text).err(), Some(why), "{text}");
    }
    assert!(matches!(import("a: [b"), Err(ImportError::Syntax(_))));
    // Odd shapes lose nothing silently and never panic.
    for text in [
        "streams: 1",
        "streams: {a: 1, b: [1, {}]}",
        "paths: {a: 1, b: []}",
        "paths:",
        "streams:\n  ../../x: rtsp://h/s\n  'a: b # c': rtsp://h/s\n  yes: rtsp://h/s\n",
    ] {
        let (config, ..) = imported(text);
        assert!(
            names(&config).iter().all(|name| !name.contains("..")),
            "{text}"
        );
    }
}
