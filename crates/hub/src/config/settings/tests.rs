//! Settings, shown and changed in real files. Requirements 71 and 73.

use std::path::PathBuf;

use serde_json::json;

use super::*;
use crate::config::{Environment, File, Home, Overrides};

const EXAMPLE: &str = include_str!("../../../../../lenswire.yaml");

struct World {
    file: File,
    path: PathBuf,
    _folder: tempfile::TempDir,
}

fn world_with(text: &str, environment: &[(&str, &str)], overrides: Overrides) -> World {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("lenswire.yaml");
    std::fs::write(&path, text).expect("writes");
    let environment = environment.iter().copied().collect::<Environment>();
    World {
        file: File::new(Home::Named(path.clone()), environment, overrides),
        path,
        _folder: folder,
    }
}

fn world(text: &str) -> World {
    world_with(text, &[], Overrides::default())
}

impl World {
    fn text(&self) -> String {
        std::fs::read_to_string(&self.path).expect("is there")
    }

    fn change(&self, patch: Value) -> Result<Preview, Error> {
        self.file.change(read(patch)?, |_| true, false)
    }

    fn get(&self, key: &str) -> Setting {
        let settings = self.file.settings().expect("is right");
        let found = settings.items.into_iter().find(|item| item.key == key);
        found.expect("is a setting")
    }
}

fn read(patch: Value) -> Result<SettingsPatch, Error> {
    let Value::Object(fields) = patch else {
        panic!("is an object")
    };
    SettingsPatch::read(fields)
}

#[test]
fn each_setting_says_its_value_and_who_set_it() {
    let world = world_with(
        "media: { port: 9000 }\npublic_url:\nice_servers:\n  - {urls: 'turn:t.example', username: u, credential: canary}\n",
        &[("LENSWIRE__LIMITS__STREAMS", "7")],
        Overrides::default().with("--log-level", "log.level", Some("debug")),
    );
    let port = world.get("media.port");
    assert_eq!(
        (port.value, port.default, port.from, port.line),
        (json!(9000), json!(8189), "file", Some(1))
    );
    let streams = world.get("limits.streams");
    assert_eq!(
        (streams.value, streams.from, streams.set_by.as_deref()),
        (json!(7), "environment", Some("LENSWIRE__LIMITS__STREAMS"))
    );
    let level = world.get("log.level");
    assert_eq!(
        (level.value, level.from, level.set_by.as_deref()),
        (json!("debug"), "flag", Some("--log-level"))
    );
    assert_eq!(level.choices.len(), 6);
    let listen = world.get("listen");
    assert_eq!(
        (listen.value, listen.from, listen.restart),
        (json!("127.0.0.1:8080"), "default", true)
    );
    let url = world.get("public_url");
    assert_eq!(
        (url.value, url.from, url.restart),
        (Value::Null, "default", false)
    );
    // E12: passwords are there to be written, never read.
    assert_eq!(
        world.get("ice_servers").value,
        json!([{"urls": "turn:t.example", "username": "u", "has_secret": true}])
    );
    let all = serde_json::to_string(&world.file.settings().expect("is right")).expect("is JSON");
    assert!(!all.contains("canary"));
}

/// A value for each kind that is neither the default nor the example's.
fn other(key: &Key) -> Value {
    match (key.name, key.kind) {
        ("limits.body", _) => json!("3 MiB"),
        ("limits.header", _) => json!("32 KiB"),
        (_, Kind::Socket) => json!("127.0.0.1:8081"),
        (_, Kind::Url) => json!("https://cams.example.org"),
        (_, Kind::Path) => json!("/etc/with space/a.pem"),
        (_, Kind::Flag) => json!(true),
        (_, Kind::Count(..)) => json!(1234),
        (_, Kind::Size) => json!("48 KiB"),
        (_, Kind::Time) => json!("7s"),
        (_, Kind::Choice(words)) => json!(words.last()),
        (_, Kind::Addresses | Kind::Networks) => json!(["192.0.2.1", "2001:db8::1"]),
        (_, Kind::IceServers) => {
            json!([{"urls": ["turn:t.example"], "username": "u", "credential": "pa: ${x} #1"}])
        }
        (_, Kind::Source) => json!("demo"),
    }
}

// Every key, in files of every style; comments and all the rest stay.
#[test]
fn every_setting_can_be_changed_and_taken_back() {
    for text in [
        EXAMPLE,
        "",
        "# a comment\n",
        "streams:\n  a: demo   # kept\n",
    ] {
        for key in SETTINGS {
            let world = world(text);
            let mut patch = json!({ key.name: other(key) });
            if key.name.starts_with("tls.") {
                patch = json!({ "tls.cert": "/a.pem", "tls.key": "/b.pem", key.name: other(key) });
            }
            let changed = world.change(patch);
            let changed =
                changed.unwrap_or_else(|error| panic!("{} in {text:?}: {error}", key.name));
            let expected = if key.kind == Kind::IceServers {
                json!([{"urls": ["turn:t.example"], "username": "u", "has_secret": true}])
            } else {
                other(key)
            };
            assert_eq!(
                world.get(key.name).value,
                expected,
                "{} in {}",
                key.name,
                world.text()
            );
            assert_eq!(world.file.load().expect("is right"), changed.config);
            for comment in text.lines().filter_map(|line| line.split_once('#')) {
                // One behind the changed value itself may go with it.
                let kept = world.text().contains(comment.1.trim());
                assert!(
                    kept || comment
                        .0
                        .contains(key.name.rsplit('.').next().unwrap_or_default()),
                    "{comment:?} is gone from {}",
                    world.text()
                );
            }
            let back = world.change(
                json!({ key.name: null, "tls.cert": null, "tls.key": null, "tls.http": null }),
            );
            assert!(
                back.is_ok(),
                "{} out of {}: {back:?}",
                key.name,
                world.text()
            );
            assert_eq!(world.get(key.name).from, "default");
        }
    }
}

#[test]
fn a_preview_shows_the_change_and_makes_none() {
    let text = "# Mine.\nmedia: { port: 8189 }\nice_servers:\n  - urls: turn:t.example\n    username: u\n    credential: canary\n";
    let world = world(text);
    let patch = read(json!({"media.port": 9000, "public_url": "https://cams.example.org"}))
        .expect("are settings");
    let preview = world.file.change(patch, |_| true, true).expect("is right");
    assert_eq!(world.text(), text);
    assert_eq!(preview.restarts, ["media.port"]);
    assert!(
        preview.diff.contains("-media: { port: 8189 }")
            && preview.diff.contains("+media: { port: 9000 }"),
        "{}",
        preview.diff
    );
    assert!(
        preview
            .diff
            .contains("+public_url: https://cams.example.org"),
        "{}",
        preview.diff
    );
    assert!(!preview.diff.contains("canary"), "{}", preview.diff);
}

#[test]
fn a_server_keeps_the_password_that_was_not_shown() {
    let text = "ice_servers:\n  - {urls: 'turn:a.example', username: u, credential: '${PASS}'}\n  - urls: turn:b.example\n    username: w\n    credential: two\n";
    let world = world_with(text, &[("PASS", "one")], Overrides::default());
    let mut servers = world.get("ice_servers").value;
    let Value::Array(list) = &mut servers else {
        panic!("is a list")
    };
    list.push(json!({"urls": "stun:c.example"}));
    let changed = world
        .change(json!({"ice_servers": servers}))
        .expect("is right");
    let secrets: Vec<_> = changed
        .config
        .ice_servers
        .iter()
        .map(|server| {
            server
                .credential
                .as_ref()
                .map(|secret| secret.expose().to_owned())
        })
        .collect();
    assert_eq!(
        secrets,
        [Some("one".to_owned()), Some("two".to_owned()), None]
    );
    assert!(
        world.text().contains("${PASS}"),
        "a variable stays one: {}",
        world.text()
    );
    // Somebody else's address does not get the password.
    let stolen = world.change(json!({"ice_servers": [{"urls": "turn:evil.example", "username": "u", "has_secret": true}]}));
    assert!(stolen.is_err_and(|error| error.to_string().contains("credential")));
}

#[test]
fn what_cannot_be_is_refused_and_changes_nothing() {
    let text = "listen: 127.0.0.1:8080\n";
    let world = world_with(
        text,
        &[("LENSWIRE__MEDIA__PORT", "9000")],
        Overrides::default().with("--listen", "listen", Some("127.0.0.1:1")),
    );
    for (patch, complaint) in [
        (json!({"lisen": "x"}), "there is no setting lisen"),
        (
            json!({"streams.gate": "demo"}),
            "there is no setting streams.gate",
        ),
        (
            json!({"listen": "127.0.0.1:2"}),
            "listen is set by --listen, which is stronger than the file",
        ),
        (
            json!({"media.port": 1}),
            "media.port is set by LENSWIRE__MEDIA__PORT",
        ),
        (json!({"log.level": "loud"}), "expected off or error"),
        (json!({"log.level": ["a"]}), "found a list"),
        (json!({"limits.body": {"a": 1}}), "found keys"),
        (json!({"limits.streams": 0}), "0 would let nobody in"),
        (json!({"limits.streams": 1.5}), "expected a whole number"),
        (json!({"tls.cert": "/a.pem"}), "`key` is missing"),
        (
            json!({"public_url": "https://x/\nlisten: 0.0.0.0:1"}),
            "public_url has no path",
        ),
        (
            json!({"trusted_proxies": ["${PATH}"]}),
            "expected an address",
        ),
        (json!({"trusted_proxies": "10.0.0.1"}), "found a value"),
    ] {
        let error = world.change(patch.clone()).expect_err("is refused");
        assert!(error.to_string().contains(complaint), "{patch}: {error}");
    }
    assert_eq!(world.text(), text);
    let patch = read(json!({"log.level": "warn"})).expect("is a setting");
    assert!(matches!(
        world.file.change(patch, |_| false, false),
        Err(Error::Changed { .. })
    ));
    assert_eq!(world.text(), text);
}
