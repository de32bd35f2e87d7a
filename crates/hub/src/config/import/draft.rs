//! Our configuration while it is being put together, and the account of it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::net::IpAddr;

use lenswire_api::StreamName;

use super::super::source_url::scrub;
use super::super::{Source, Transport};
use super::{Imported, Note};

/// What was understood so far.
#[derive(Default)]
pub(super) struct Draft {
    pub(super) media_port: Option<u16>,
    pub(super) addresses: BTreeSet<IpAddr>,
    pub(super) ice_servers: Vec<Server>,
    pub(super) trusted_proxies: Vec<String>,
    pub(super) log_level: Option<&'static str>,
    pub(super) tls: Option<(String, String)>,
    streams: BTreeMap<String, Stream>,
    notes: Vec<Note>,
}

/// A STUN or TURN server.
pub(super) struct Server {
    pub(super) urls: Vec<String>,
    pub(super) username: Option<String>,
    pub(super) credential: Option<String>,
}

/// A stream; without a source it is published.
#[derive(Default)]
pub(super) struct Stream {
    pub(super) source: Option<String>,
    pub(super) transport: Transport,
    pub(super) on_demand: bool,
}

impl Draft {
    pub(super) fn taken(&mut self, what: impl Into<String>) {
        self.notes.push(Note::Taken(what.into()));
    }

    pub(super) fn left(&mut self, what: impl Into<String>, why: impl Into<String>) {
        let (what, why) = (what.into(), scrub(&why.into()));
        self.notes.push(Note::Left { what, why });
    }

    pub(super) fn look(&mut self, what: impl Into<String>) {
        self.notes.push(Note::Look(what.into()));
    }

    /// Takes a level that both know, by whichever of the usual names.
    pub(super) fn log_level(&mut self, key: &str, level: &str) {
        let known = match level {
            "trace" => "trace",
            "debug" => "debug",
            "info" => "info",
            "warn" | "warning" => "warn",
            "error" | "fatal" | "panic" => "error",
            "disabled" => "off",
            _ => return self.left(key, format!("there is no level {level}")),
        };
        self.log_level = Some(known);
        self.taken(format!("{key} as log.level"));
    }

    /// Adds a stream under its name, as far as that can be ours.
    pub(super) fn stream(&mut self, place: &str, name: &str, stream: Stream) {
        if let Some(source) = &stream.source
            && let Err(wrong) = Source::parse(&without_variables(source))
        {
            return self.left(place, format!("{}: {wrong}", scrub(source)));
        }
        let Some(own) = self.free_name(name) else {
            return self.left(place, "no stream's name can be made of that");
        };
        let from = stream
            .source
            .as_deref()
            .map_or_else(|| "published".to_owned(), scrub);
        let renamed = if own == name {
            String::new()
        } else {
            format!(", now called {own}")
        };
        self.taken(format!("{place}: {from}{renamed}"));
        self.streams.insert(own, stream);
    }

    fn free_name(&self, name: &str) -> Option<String> {
        let plain = usable(name);
        let numbered = (2..100).map(|number| format!("{plain}-{number}"));
        std::iter::once(plain.clone())
            .chain(numbered)
            .find(|name| StreamName::parse(name).is_ok() && !self.streams.contains_key(name))
    }

    pub(super) fn finish(mut self) -> Imported {
        if self
            .streams
            .values()
            .filter_map(|stream| stream.source.as_deref())
            .any(|source| scrub(source) != source && !source.contains("${"))
        {
            self.look("passwords stand in the result as they stood in the original: keep it to yourself, or write ${NAME} or ${file:PATH} in their place");
        }
        self.look("who may watch: nobody without a grant; `viewers: anyone` opens a stream");
        Imported {
            yaml: self.yaml(),
            notes: self.notes,
        }
    }

    fn yaml(&self) -> String {
        let mut out = String::from(
            "# Made by `lenswire config import`. The annotated lenswire.yaml explains every key.\n",
        );
        if let Some((cert, key)) = &self.tls {
            line(
                &mut out,
                format_args!("tls: {{ cert: {}, key: {} }}", spelled(cert), spelled(key)),
            );
        }
        if !self.trusted_proxies.is_empty() {
            let list: Vec<String> = self
                .trusted_proxies
                .iter()
                .map(|one| spelled(one))
                .collect();
            line(
                &mut out,
                format_args!("trusted_proxies: [{}]", list.join(", ")),
            );
        }
        self.media(&mut out);
        if let Some(level) = self.log_level {
            line(&mut out, format_args!("log: {{ level: {level} }}"));
        }
        self.servers(&mut out);
        self.cameras(&mut out);
        out
    }

    fn media(&self, out: &mut String) {
        if self.media_port.is_none() && self.addresses.is_empty() {
            return;
        }
        line(out, format_args!("media:"));
        if let Some(port) = self.media_port {
            line(out, format_args!("  port: {port}"));
        }
        if !self.addresses.is_empty() {
            let list: Vec<String> = self
                .addresses
                .iter()
                .map(|one| spelled(&one.to_string()))
                .collect();
            line(out, format_args!("  addresses: [{}]", list.join(", ")));
        }
    }

    fn servers(&self, out: &mut String) {
        if !self.ice_servers.is_empty() {
            line(out, format_args!("ice_servers:"));
        }
        for server in &self.ice_servers {
            let urls: Vec<String> = server.urls.iter().map(|url| spelled(url)).collect();
            line(out, format_args!("  - urls: [{}]", urls.join(", ")));
            for (key, value) in [
                ("username", &server.username),
                ("credential", &server.credential),
            ] {
                if let Some(value) = value {
                    line(out, format_args!("    {key}: {}", spelled(value)));
                }
            }
        }
    }

    fn cameras(&self, out: &mut String) {
        line(
            out,
            format_args!(
                "{}",
                if self.streams.is_empty() {
                    "streams: {}"
                } else {
                    "streams:"
                }
            ),
        );
        for (name, stream) in &self.streams {
            line(out, format_args!("  {}:", spelled(name)));
            match &stream.source {
                Some(source) => line(out, format_args!("    source: {}", spelled(source))),
                None => line(out, format_args!("    publish: grant")),
            }
            match stream.transport {
                Transport::Auto => {}
                Transport::Tcp => line(out, format_args!("    transport: tcp")),
                Transport::Udp => line(out, format_args!("    transport: udp")),
            }
            if stream.on_demand {
                line(out, format_args!("    on_demand: true"));
            }
        }
    }
}

fn line(out: &mut String, text: std::fmt::Arguments<'_>) {
    // Writing to a string cannot fail.
    let _written = writeln!(out, "{text}");
}

/// A name of ours that is as near as can be.
fn usable(name: &str) -> String {
    let parts = name.to_lowercase();
    let parts = parts.split('/').map(|part| {
        let part: String = part
            .chars()
            .map(|c| {
                if c.is_ascii_alphanumeric() || c == '_' {
                    c
                } else {
                    '-'
                }
            })
            .collect();
        part.trim_matches(['-', '_'])
            .chars()
            .take(63)
            .collect::<String>()
    });
    parts
        .filter(|part| !part.is_empty())
        .collect::<Vec<_>>()
        .join("/")
}

/// As it might look when its variables are there.
fn without_variables(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("${") {
        out.push_str(before);
        out.push('x');
        rest = after.split_once('}').map_or("", |(_, rest)| rest);
    }
    out + rest
}

/// A text as YAML takes it: bare where nothing in it means anything else, else quoted as in JSON.
fn spelled(text: &str) -> String {
    let harmless = |c: char| c.is_ascii_alphanumeric() || "_./@%=+~-$".contains(c);
    let begins = text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '/');
    let word = matches!(
        text,
        "true" | "false" | "null" | "yes" | "no" | "on" | "off" | "y" | "n"
    );
    if begins && !word && text.chars().all(harmless) {
        text.to_owned()
    } else {
        serde_json::Value::from(text).to_string()
    }
}
