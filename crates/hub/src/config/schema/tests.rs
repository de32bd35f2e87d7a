//! The table against the types, and the schema against the parser. Requirement 71.

use std::collections::BTreeSet;

use super::*;
use crate::config::keys::Applies;
use crate::config::{Config, Environment, Overrides, file::parse};

fn read(text: &str) -> Result<Config, String> {
    let environment = Environment::from_iter([("PASS", "x")]);
    parse(text, &environment, &Overrides::default()).map_err(|fault| fault.message)
}

fn keys_of(text: &str) -> BTreeSet<String> {
    let fault = parse(text, &Environment::default(), &Overrides::default()).expect_err("is wrong");
    let help = fault.help.expect("names the keys");
    let keys = help.strip_prefix("the keys are ").expect("names the keys");
    keys.split(", ").map(str::to_owned).collect()
}

/// Keys below `parent` in a table.
fn below(table: &[Key], parent: &str) -> BTreeSet<String> {
    let rest = |key: &Key| Some(key.name.strip_prefix(parent)?.split('.').next()?.to_owned());
    table.iter().filter_map(rest).collect()
}

// Neither has a key that the other lacks.
#[test]
fn the_table_has_the_types_keys() {
    let mut top = below(SETTINGS, "");
    top.insert("streams".to_owned());
    assert_eq!(top, keys_of("zzzzzzzz: 1"));
    for parent in ["tls", "media", "log", "limits"] {
        let keys = keys_of(&format!("{parent}: {{zzzzzzzz: 1}}"));
        assert_eq!(below(SETTINGS, &format!("{parent}.")), keys, "{parent}");
    }
    assert_eq!(below(STREAM, ""), keys_of("streams: {a: {zzzzzzzz: 1}}"));
}

#[test]
fn the_table_has_the_types_defaults() {
    for key in SETTINGS.iter().filter(|key| !key.default.is_empty()) {
        let value = match key.kind {
            Kind::Addresses | Kind::Networks | Kind::IceServers => key.default.to_owned(),
            _ => format!("'{}'", key.default),
        };
        let nested = key.name.replace('.', ": {");
        let text = format!(
            "{nested}: {value}{}",
            "}".repeat(key.name.matches('.').count())
        );
        assert_eq!(read(&text), Ok(Config::default()), "{text}");
        assert!(
            key.about.ends_with('.') && key.about.len() < 160,
            "{}",
            key.name
        );
    }
}

#[test]
fn what_a_change_of_needs_a_restart_is_what_the_example_says() {
    let example = include_str!("../../../../../lenswire.yaml");
    assert!(
        example.contains(
            "`listen`, `tls`, `media`, `limits` and `log` take effect at the next start."
        )
    );
    for key in SETTINGS {
        let first = key.name.split('.').next().unwrap_or_default();
        let at_start = ["listen", "tls", "media", "limits", "log"].contains(&first);
        assert_eq!(key.applies == Applies::AtStart, at_start, "{}", key.name);
    }
}

fn fits(text: &str) -> bool {
    let json: Value =
        serde_saphyr::from_str(text).unwrap_or_else(|error| panic!("{text}: {error}"));
    let validator = jsonschema::draft202012::new(&schema()).expect("is a schema");
    validator.is_valid(&json)
}

#[test]
fn the_example_and_what_is_right_fit_the_schema() {
    let example = include_str!("../../../../../lenswire.yaml");
    assert!(jsonschema::draft202012::meta::is_valid(&schema()));
    for text in [
        example,
        "{}",
        "streams:",
        "tls: {cert: , key: }",
        "tls: {local: true, http: 0.0.0.0:80}",
        "listen: '[::1]:8080'",
        "public_url: https://cams.example.org/",
        "media: {port: 0, addresses: [192.0.2.1, '2001:db8::1'], ice: lite}",
        "trusted_proxies: [127.0.0.1, 10.0.0.0/8]",
        "ice_servers: [{urls: 'turn:t.example', username: 12, credential: '${PASS}'}, {urls: ['stun:a.example']}]",
        "limits: {body: 1m, idle_time: 1 min, streams: 1000}",
        "streams: {a/b/c/d: demo, e: 'rtsp://u:${PASS}@h/s', f: , g: {source: '${NONE:demo}', delay_limit: 250ms}}",
    ] {
        assert!(read(text).is_ok(), "{text}: {:?}", read(text));
        assert!(fits(text), "{text}");
    }
}

// An editor marks what the hub would refuse.
#[test]
fn what_is_wrong_does_not_fit() {
    for text in [
        "lisen: 127.0.0.1:8080",
        "listen: localhost",
        "listen: [127.0.0.1:1]",
        "public_url: https://x/lenswire",
        "public_url: ftp://x",
        "tls: {certificate: a}",
        "insecure_http: perhaps",
        "trusted_proxies: [nginx]",
        "trusted_proxies: 10.0.0.1",
        "media: {port: 70000}",
        "media: {port: -1}",
        "media: {ice: half}",
        "limits: {body: 64}",
        "limits: {connections: 0}",
        "limits: {idle_time: 1 week}",
        "log: {level: loud}",
        "ice_servers: [{urls: 'http://x'}]",
        "ice_servers: [{username: a}]",
        "streams: [gate]",
        "streams: {Gate: demo}",
        "streams: {a/b/c/d/e: demo}",
        "streams: {'../x': demo}",
        "streams: {a: http://h/s}",
        "streams: {a: {sauce: demo}}",
        "streams: {a: {on_demand: maybe}}",
        "streams: {a: {transport: multicast}}",
        "streams: {a: {viewers: all}}",
        "- a",
        "text",
    ] {
        assert!(read(text).is_err(), "{text} is read");
        assert!(!fits(text), "{text} fits");
    }
}
