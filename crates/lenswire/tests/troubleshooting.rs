//! `docs/troubleshooting.md` is written from the tables of problems, so that it cannot say anything
//! else than the pages, the API and the command line do. `UPDATE=1 cargo test --test troubleshooting`
//! writes it anew.

#![allow(
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use lenswire_api::Code;

const HEAD: &str = "\
# Troubleshooting

<!-- Written by crates/lenswire/tests/troubleshooting.rs; UPDATE=1 cargo test --test troubleshooting -->

Everything that can go wrong has a stable code, here with what it means and what to do. The same code, with a sentence
about your case, stands where the picture would be (\"Copy diagnostics\" has it), in the API (a stream's `state.problem`
and `warnings`, a session's `reason` and `warnings`, the `code` of every refusal) and in the log.

Two commands look for you, and change nothing:
```
lenswire probe rtsp://user:password@192.168.1.20/stream1   # or a stream's name: each step to the picture, and who can play it
lenswire doctor --streams                                  # ports, addresses, permissions, disk, clock, relays, cameras
```
";

/// Where each part of the code table begins, and what it is called.
const PARTS: [(Code, &str); 3] = [
    (Code::CameraDnsFailed, "The camera"),
    (Code::CodecNotOffered, "The way to the viewer"),
    (Code::BadRequest, "Requests, configuration and the store"),
];

/// What only the browser sees; in the order in which it is met.
const LOCAL: [&str; 7] = [
    "hub_unreachable",
    "socket_refused",
    "webrtc_missing",
    "no_picture",
    "codec_not_decodable",
    "autoplay_refused",
    "tab_hidden",
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn entry(page: &mut String, code: &str, what: &str, fix: &str) {
    let what = what.trim_end_matches('.');
    write!(page, "\n### {code}\n{what}.").expect("memory");
    if !fix.is_empty() {
        write!(page, "  \n*{fix}*").expect("memory");
    }
    page.push('\n');
}

/// `key = value` lines of a Fluent file.
fn strings(file: &str) -> BTreeMap<String, String> {
    let text = std::fs::read_to_string(root().join(file)).expect("is there");
    let pairs = text.lines().filter_map(|line| line.split_once(" = "));
    pairs
        .map(|(key, value)| (key.to_owned(), value.to_owned()))
        .collect()
}

fn page() -> String {
    let mut page = HEAD.to_owned();
    for code in Code::ALL {
        if let Some((_, part)) = PARTS.iter().find(|(first, _)| first == code) {
            write!(page, "\n## {part}\n").expect("memory");
        }
        entry(&mut page, code.name(), code.title(), code.fix());
    }
    page.push_str("\n## What only the browser sees\n");
    let player = strings("web/src/strings/player.en.ftl");
    for code in LOCAL {
        let said = |part: &str| {
            let text = player.get(&format!("{code}-{part}"));
            let text = text.unwrap_or_else(|| panic!("player.en.ftl has no {code}-{part}"));
            text.replace("{ $host }", "the hub")
                .replace("{ $codec }", "its codec")
                .replace("{ $known }", "others")
        };
        let what = format!("{}. {}", said("title"), said("detail"));
        entry(&mut page, code, &what, &said("fix"));
    }
    page
}

// requirement 77: what people read when nothing plays is what the program says.
#[test]
fn the_page_says_what_the_program_says() {
    let (file, page) = (root().join("docs/troubleshooting.md"), page());
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(&file, &page).expect("writes");
    }
    let written = std::fs::read_to_string(&file).unwrap_or_default();
    assert!(
        written == page,
        "docs/troubleshooting.md is not what the tables say: UPDATE=1 cargo test --test troubleshooting"
    );
}

#[test]
fn every_code_stands_there_once() {
    let page = page();
    for code in Code::ALL {
        let heading = format!("\n### {}\n", code.name());
        assert_eq!(page.matches(&heading).count(), 1, "{}", code.name());
    }
}
