//! Configurations as people write them, right and wrong: requirements 71, 88; SEC-4.

use std::time::Duration;

use lenswire_api::StreamName;

use super::error::Report;
use super::file::parse;
use super::*;

fn read(text: &str, environment: &[(&str, &str)], overrides: &Overrides) -> Result<Config, Report> {
    let environment = environment.iter().copied().collect();
    parse(text, &environment, overrides).map_err(|fault| fault.report("lenswire.yaml", text))
}

fn ok(text: &str) -> Config {
    read(text, &[], &Overrides::default()).expect("is right")
}

fn wrong(text: &str) -> String {
    read(text, &[], &Overrides::default())
        .expect_err("is wrong")
        .long()
}

fn stream<'a>(config: &'a Config, name: &str) -> &'a StreamConfig {
    &config.streams[&StreamName::parse(name).expect("a name")]
}

/// The annotated example is the manual, so it has to be right, complete, and tell the defaults.
#[test]
fn the_annotated_example_is_right_and_tells_the_defaults() {
    let text = include_str!("../../../../lenswire.yaml");
    let config = ok(text);
    assert_eq!(
        Config {
            streams: Config::default().streams,
            ..config.clone()
        },
        Config::default()
    );
    assert_eq!(stream(&config, "demo"), stream(&Config::demo(), "demo"));
    let gate = stream(&config, "gate");
    assert_eq!(gate.delay_limit, Some(Duration::from_secs(1)));
    assert_eq!(
        gate.source.as_ref().map(ToString::to_string).as_deref(),
        Some("rtsp://***@192.168.1.20/stream1")
    );
    let Some(Source::Rtsp(yard)) = &stream(&config, "yard").source else {
        panic!("is a camera")
    };
    assert!(yard.is_tls() && stream(&config, "phones/stage").source.is_none());
    // Every key that there is stands in it: what the parser names as missing would not.
    for key in all_keys() {
        assert!(
            text.lines()
                .any(|line| line.trim_start().starts_with(&format!("{key}:"))),
            "{key} is not explained"
        );
    }
}

/// The keys, from the parser's own complaint about an unknown one.
fn all_keys() -> Vec<String> {
    [
        "zzzzzzzz: 1",
        "tls: {zzzzzzzz: 1}",
        "media: {zzzzzzzz: 1}",
        "log: {zzzzzzzz: 1}",
        "limits: {zzzzzzzz: 1}",
        "streams: {a: {zzzzzzzz: 1}}",
    ]
    .into_iter()
    .flat_map(|text| {
        let report = read(text, &[], &Overrides::default()).expect_err("is wrong");
        let help = report.fault.help.expect("names the keys");
        let keys = help
            .strip_prefix("the keys are ")
            .expect("names the keys")
            .to_owned();
        keys.split(", ").map(str::to_owned).collect::<Vec<_>>()
    })
    .collect()
}

#[test]
fn types_are_decided_by_the_key() {
    let config = ok("
listen: 0.0.0.0:8443
tls: {cert: /etc/a.pem, key: /etc/a.key}
ice_servers:
  - urls: [stun:a.example:3478, stun:b.example]
  - {urls: turn:c.example, username: 12, credential: 0123}
streams:
  '1': \"demo:\"
  yes: rtsp://h/1_000
  later:
");
    assert_eq!(config.listen.port(), 8443);
    let files = Certificate::Files {
        cert: "/etc/a.pem".into(),
        key: "/etc/a.key".into(),
    };
    assert_eq!(config.tls.map(|tls| tls.certificate), Some(files));
    assert_eq!(config.ice_servers[0].urls.len(), 2);
    assert_eq!(config.ice_servers[1].username.as_deref(), Some("12"));
    assert_eq!(
        config.ice_servers[1]
            .credential
            .as_ref()
            .map(Secret::expose),
        Some("0123"),
        "a password of digits"
    );
    assert_eq!(
        stream(&ok("streams: {'1': 'demo:'}"), "1").source,
        Some(Source::Demo)
    );
    assert_eq!(config.streams.len(), 3);
}

#[test]
fn nothing_is_the_default() {
    for text in ["", "# only a comment\n", "streams:\n", "{}\n"] {
        assert_eq!(ok(text), Config::default(), "{text:?}");
    }
}

// The design's order: flags, environment, file, default.
#[test]
fn flags_win_over_environment_over_file() {
    let text =
        "listen: 127.0.0.1:1\nlog: {level: warn, format: json}\nstreams: {gate: rtsp://h/a}\n";
    let environment = [
        ("LENSWIRE__LISTEN", "127.0.0.1:2"),
        ("LENSWIRE__LOG__LEVEL", "debug"),
        ("LENSWIRE__MEDIA__ADDRESSES", "[192.0.2.1, '2001:db8::1']"),
        ("LENSWIRE__STREAMS__GATE__VIEWERS", "anyone"),
        ("LENSWIRE__STREAMS__YARD", "rtsp://u:p#1@h/b"),
        ("LENSWIRE_DATA", "/ignored"),
    ];
    // A plain # in a password is a fragment to every URL parser.
    let report = read(text, &environment, &Overrides::default()).expect_err("has a # in it");
    assert_eq!(
        report.to_string(),
        "environment variable LENSWIRE__STREAMS__YARD: the port is not a number from 1 to 65535; in a password, write : / ? # and @ as %3A %2F %3F %23 and %40"
    );

    let environment = &environment[..4];
    let overrides = Overrides::default()
        .with("--listen", "listen", Some("127.0.0.1:3"))
        .with("--log-level", "log.level", None::<String>);
    let config = read(text, environment, &overrides).expect("is right");
    assert_eq!(config.listen.port(), 3);
    assert_eq!(
        (config.log.level, config.log.format),
        (LogLevel::Debug, LogFormat::Json)
    );
    assert_eq!(config.media.addresses.len(), 2);
    assert_eq!(stream(&config, "gate").viewers, Viewers::Anyone);
    assert!(
        matches!(stream(&config, "gate").source, Some(Source::Rtsp(_))),
        "a bare source keeps its value"
    );

    let overrides = Overrides::default().with("--listen", "listen", Some("nowhere"));
    let report = read(text, &[], &overrides).expect_err("is wrong");
    assert_eq!(
        report.to_string(),
        "--listen: expected an address and a port, such as 127.0.0.1:8080 or 0.0.0.0:8443"
    );
}

#[test]
fn a_variable_that_is_missing_is_named_with_its_place() {
    let text = "streams:\n  gate:\n    source: rtsp://u:${GATE}@h/s\n";
    assert_eq!(
        wrong(text),
        "lenswire.yaml:3:13: the environment variable GATE is not set
  |
3 |     source: rtsp://***@h/s
  |             ^
help: set GATE, or write ${GATE:default}"
    );
    let config = read(text, &[("GATE", "p%40ss")], &Overrides::default()).expect("is right");
    let Some(Source::Rtsp(url)) = &stream(&config, "gate").source else {
        panic!("is a camera")
    };
    assert_eq!(url.expose_password(), Some("p@ss"));
}

/// The line and the help that follow the first line of a complaint.
#[test]
fn complaints_point_at_the_place() {
    let cases = [
        (
            "lisen: 1\n",
            "lenswire.yaml:1:1: there is no key `lisen` here\n  |\n1 | lisen: 1\n  | ^\nhelp: did you mean `listen`?",
        ),
        (
            "media:\n  prot: 1\n",
            "lenswire.yaml:2:3: there is no key `prot` here\n  |\n2 |   prot: 1\n  |   ^\nhelp: did you mean `port`?",
        ),
        (
            "media: {port: 80000}\n",
            "lenswire.yaml:1:15: expected a number from 0 to 65535\n  |\n1 | media: {port: 80000}\n  |               ^",
        ),
        (
            "media:\n  ice: both\n",
            "lenswire.yaml:2:8: expected full or lite\n  |\n2 |   ice: both\n  |        ^",
        ),
        (
            "limits:\n  body_time: 10\n",
            "lenswire.yaml:2:14: expected a duration such as 250ms, 10s, 5m or 7d\n  |\n2 |   body_time: 10\n  |              ^",
        ),
        (
            "limits: [1]\n",
            "lenswire.yaml:1:9: expected keys, found a list\n  |\n1 | limits: [1]\n  |         ^",
        ),
        (
            "streams:\n  Gate: demo\n",
            "lenswire.yaml:2:3: 'G' is not allowed there: use a to z, 0 to 9, and after the first character also - and _\n  |\n2 |   Gate: demo\n  |   ^",
        ),
        (
            "streams:\n  api: demo\n",
            "lenswire.yaml:2:3: \"api\" is taken by Lenswire itself in that place\n  |\n2 |   api: demo\n  |   ^",
        ),
        (
            "streams:\n  a: demo\n  a: demo\n",
            "lenswire.yaml:3:3: duplicate mapping key: a\n  |\n3 |   a: demo\n  |   ^",
        ),
        (
            "streams:\n  a:\n    source: demo:\n",
            "lenswire.yaml:3:17: mapping values are not allowed in this context\n  |\n3 |     source: demo:\n  |                 ^\nhelp: write `source: demo`",
        ),
        (
            "streams:\n\ta: demo\n",
            "lenswire.yaml:2:2: tabs disallowed within this context (block indentation)\n  |\n2 | \ta: demo\n  |  ^\nhelp: indent with spaces",
        ),
        (
            "streams: demo\n",
            "lenswire.yaml:1:10: expected keys, found a value\n  |\n1 | streams: demo\n  |          ^",
        ),
        (
            "- a\n",
            "lenswire.yaml:1:1: expected keys such as `listen:` and `streams:`\n  |\n1 | - a\n  | ^",
        ),
        (
            "tls: {cert: a.pem}\n",
            "lenswire.yaml:1:6: `key` is missing: HTTPS needs a certificate and its key\n  |\n1 | tls: {cert: a.pem}\n  |      ^",
        ),
        (
            "streams: {a: {source: 'exec:rm'}}\n",
            "lenswire.yaml:1:23: a source starts with rtsp:// or rtsps://, or is the word demo\n  |\n1 | streams: {a: {source: 'exec:rm'}}\n  |                       ^",
        ),
        (
            "streams: {a: {on_demand: maybe, source: demo}}\n",
            "lenswire.yaml:1:26: expected true or false\n  |\n1 | streams: {a: {on_demand: maybe, source: demo}}\n  |                          ^",
        ),
    ];
    for (text, complaint) in cases {
        assert_eq!(wrong(text), complaint);
    }
}

#[test]
fn contradictions_are_told() {
    let cases = [
        (
            "media: {port: 8080}\n",
            "1:15: the media port is the same as the port of listen",
        ),
        (
            "public_url: ftp://x\n",
            "1:13: expected an address such as https://cameras.example.org",
        ),
        (
            "public_url: https://x/lenswire\n",
            "1:13: public_url has no path: Lenswire needs a host name of its own",
        ),
        (
            "streams:\n  a:\n    substream: demo\n",
            "3:5: a substream needs a source",
        ),
        (
            "streams:\n  a: {on_demand: true}\n",
            "2:7: on_demand needs a source: a publisher comes by itself",
        ),
        (
            "streams:\n  a: {source: demo, publish: anyone}\n",
            "2:21: a stream with a source cannot be published",
        ),
        (
            "streams:\n  a: {source: rtsps://h/, transport: udp}\n",
            "2:27: rtsps:// carries media inside its TLS connection: use transport: auto or tcp",
        ),
        (
            "tls: {http: '0.0.0.0:80'}\n",
            "1:6: `http` leads to HTTPS, which needs `cert` and `key`, or `local: true`",
        ),
        (
            "listen: 0.0.0.0:443\ntls: {local: true, http: '0.0.0.0:443'}\n",
            "2:26: plain HTTP and HTTPS cannot share a port",
        ),
        ("limits: {connections: 0}\n", "1:23: 0 would let nobody in"),
        (
            "limits: {sdp: 1 MiB}\n",
            "1:15: an SDP is a body: limits.body must be at least as large",
        ),
        (
            "ice_servers: [{urls: 'turn:x'}]\n",
            "1:14: a TURN server needs `username` and `credential`",
        ),
    ];
    for (text, complaint) in cases {
        let first = wrong(text);
        assert_eq!(
            first.lines().next(),
            Some(format!("lenswire.yaml:{complaint}").as_str()),
            "{text}"
        );
    }
}

// requirement 88: plain HTTP for others is a decision.
#[test]
fn plain_http_for_others_has_to_be_wanted() {
    assert!(
        wrong("listen: 0.0.0.0:8080\n")
            .starts_with("lenswire.yaml:1:9: plain HTTP on 0.0.0.0 would send tokens in the clear")
    );
    assert!(wrong("listen: '[::]:8080'\n").starts_with("lenswire.yaml:1:9: plain HTTP"));
    for enough in [
        "insecure_http: true",
        "trusted_proxies: [10.0.0.1]",
        "tls: {cert: a, key: b}",
        "tls: {local: true}",
    ] {
        let config = ok(&format!("listen: 0.0.0.0:8080\n{enough}\n"));
        assert!(!config.loopback_sources(), "not loopback any more");
    }
    assert!(ok("listen: '[::1]:8080'\n").loopback_sources());
    assert!(!ok("allow_loopback_sources: false\n").loopback_sources());
}

// E12: complaints quote lines, and lines hold passwords.
#[test]
fn complaints_keep_passwords_to_themselves() {
    let texts = [
        "streams:\n  a:\n    sorce: rtsp://u:hunter2@h/s\n",
        "streams:\n  a: rtsp://u:hunter2@h:99999/s\n",
        "streams:\n  a: http://u:hunter2@h/s\n",
        "streams:\n  a: rtsp://u:hun/ter2:hunter2@h/s\n",
        "streams:\n  a: {on_demand: rtsp://u:hunter2@h/s}\n",
        "streams:\n  a: {transport: rtsp://u:hunter2@h/s}\n",
        "listen: rtsp://u:hunter2@h/s\n",
        "limits: rtsp://h/s?password=hunter2\n",
        "streams:\n  a: [rtsp://u:hunter2@h/s]\n",
        "streams:\n  rtsp://u:hunter2@h/s: a\n",
        "a: b: rtsp://u:hunter2@h/s\n",
    ];
    for text in texts {
        let report = read(text, &[], &Overrides::default()).expect_err(text);
        let all = format!("{} {} {report:?}", report, report.long());
        assert!(!all.contains("hunter2"), "{all}");
    }
    let config = ok(
        "streams: {a: 'rtsp://u:hunter2@h/s'}\nice_servers: [{urls: 'turn:x', username: u, credential: hunter2}]\n",
    );
    assert!(!format!("{config:?} {config:#?}").contains("hunter2"));
    let file = File::new(
        Home::Usual("x".into()),
        [("A", "hunter2")].into_iter().collect(),
        Overrides::default(),
    );
    assert!(!format!("{file:?}").contains("hunter2"));
}

#[test]
fn bombs_are_refused() {
    let aliases = "a: &a [x,x,x,x,x,x,x,x,x]\n".to_owned()
        + &(0..8)
            .map(|n| {
                format!(
                    "a{n}: &b{n} [{}]\n",
                    vec![
                        if n == 0 {
                            "*a".to_owned()
                        } else {
                            format!("*b{}", n - 1)
                        };
                        9
                    ]
                    .join(",")
                )
            })
            .collect::<String>();
    let deep = "[".repeat(100_000);
    for text in [aliases.as_str(), deep.as_str()] {
        assert!(read(text, &[], &Overrides::default()).is_err());
    }
}
