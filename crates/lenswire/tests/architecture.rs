//! The architecture as a test: who may depend on whom, where a concern may appear, and how large a file may grow.
//!
//! ARCHITECTURE.md explains these rules; this enforces them, from `cargo metadata` and a walk over the sources.
//! A failure names each offence. When a rule itself is wrong, change it here and there in the same change.

#![allow(clippy::expect_used, reason = "a test fails by panicking")]
#![forbid(unsafe_code)]

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

/// Which of our crates each of our crates may use. Absent from a list means: never.
const MAY_USE: &[(&str, &[&str])] = &[
    ("lenswire-media", &[]),
    ("lenswire-api", &[]),
    ("lenswire-codec", &["lenswire-media"]),
    ("lenswire-capture", &["lenswire-media", "lenswire-codec"]),
    ("lenswire-rtsp", &["lenswire-media"]),
    ("lenswire-rtc", &["lenswire-media"]),
    (
        "lenswire-hub",
        &[
            "lenswire-media",
            "lenswire-api",
            "lenswire-rtsp",
            "lenswire-rtc",
            "lenswire-capture",
            "lenswire-codec",
        ],
    ),
    ("lenswire", &["lenswire-hub", "lenswire-api"]),
    (
        "lenswire-bench",
        &[
            "lenswire-media",
            "lenswire-rtc",
            "lenswire-codec",
            "lenswire-capture",
        ],
    ),
    (
        "lenswire-fuzz",
        &[
            "lenswire-media",
            "lenswire-api",
            "lenswire-rtsp",
            "lenswire-rtc",
            "lenswire-hub",
            "lenswire-codec",
        ],
    ),
];

/// What a crate must not pull in, however indirectly.
/// The pure crates know no runtime and no network; what Python and Tauri link knows no server and no database.
const NEVER_LINKS: &[(&str, &[&str])] = &[
    (
        "lenswire-media",
        &["tokio", "axum", "hyper", "mio", "socket2", "str0m"],
    ),
    (
        "lenswire-api",
        &["tokio", "axum", "hyper", "mio", "socket2", "str0m"],
    ),
    (
        "lenswire-rtsp",
        &["tokio", "axum", "hyper", "mio", "socket2", "str0m"],
    ),
    (
        "lenswire-codec",
        &["tokio", "axum", "hyper", "sqlx", "str0m"],
    ),
    ("lenswire-capture", &["axum", "hyper", "sqlx", "str0m"]),
    // str0m is its test's other end, behind a feature that the product doesn't have.
    ("lenswire-rtc", &["axum", "hyper", "sqlx"]),
];

/// A concern, the text that shows it, and the only folders (or files) where it may stand.
const AT_HOME: &[(&str, &str, &[&str])] = &[
    (
        "str0m",
        "str0m::",
        &["crates/rtc/src/peer/client.rs", "bench/src/"],
    ),
    ("ICE", "is::", &["crates/rtc/src/peer/"]),
    ("DTLS", "dimpl::", &["crates/rtc/src/peer/"]),
    ("HTTP types", "axum::", &["crates/hub/src/http/"]),
    ("HTTP types", "hyper::", &["crates/hub/src/http/"]),
    ("HTTP types", "tower_http::", &["crates/hub/src/http/"]),
    ("SQL", "sqlx::", &["crates/hub/src/store/"]),
];

/// Libraries that stand behind one door: only these crates may name them in their manifest.
const ONLY_IN: &[(&str, &[&str])] = &[
    ("str0m", &["lenswire-rtc", "lenswire-bench"]),
    ("is", &["lenswire-rtc"]),
    ("dimpl", &["lenswire-rtc"]),
    ("openh264", &["lenswire-codec"]),
    ("opus", &["lenswire-codec"]),
    ("rubato", &["lenswire-codec"]),
    ("symphonia-codec-aac", &["lenswire-codec"]),
    ("symphonia-core", &["lenswire-codec"]),
    ("axum", &["lenswire-hub"]),
    ("sqlx", &["lenswire-hub"]),
];

/// Lines a source file may have without its inline tests.
const FILE_CAP: usize = 600;

/// Files above the cap, with the reason. Empty is how it should stay.
const TOO_LONG_WITH_REASON: &[(&str, &str)] = &[];

/// Paths of one machine, which have no business in a repository. In two parts, so that this file may hold them.
const MACHINE_PATHS: &[(&str, &str)] = &[
    ("/work", "/"),
    ("/root", "/"),
    ("/tmp", "/w/"),
    ("/ho", "me/"),
];

#[test]
fn crates_use_only_the_crates_below_them() {
    let metadata = Metadata::load();
    let allowed: BTreeMap<&str, &[&str]> = MAY_USE.iter().copied().collect();
    let mut offences = Vec::new();
    for (name, package) in &metadata.ours {
        let Some(may) = allowed.get(name.as_str()) else {
            offences.push(format!("{name} is new: say in MAY_USE what it may use"));
            continue;
        };
        for dependency in dependencies(package) {
            if dependency.starts_with("lenswire") && !may.contains(&dependency) {
                offences.push(format!("{name} uses {dependency}"));
            }
            let door = ONLY_IN.iter().find(|(library, _)| *library == dependency);
            if door.is_some_and(|(_, homes)| !homes.contains(&name.as_str())) {
                offences.push(format!("{name} uses {dependency} past its door"));
            }
        }
    }
    none(&offences, "a crate uses one that it must not");
}

#[test]
fn pure_crates_pull_in_no_runtime_and_no_server() {
    let metadata = Metadata::load();
    let mut offences = Vec::new();
    for (name, never) in NEVER_LINKS {
        let linked = metadata.linked_by(name);
        offences.extend(
            never
                .iter()
                .filter(|one| linked.contains(**one))
                .map(|one| format!("{name} pulls in {one}")),
        );
    }
    none(&offences, "a crate pulls in what it was made to do without");
}

#[test]
fn each_concern_stays_at_home() {
    let mut offences = Vec::new();
    for source in Source::all() {
        for (concern, sign, homes) in AT_HOME {
            let at_home = homes.iter().any(|home| source.path.starts_with(home));
            if !at_home && source.code.lines().any(|line| names(line, sign)) {
                offences.push(format!("{}: {concern} ({sign})", source.path));
            }
        }
    }
    none(&offences, "a concern left its home");
}

#[test]
fn only_doors_read_the_clock_and_say_why() {
    // clippy refuses the call itself (clippy.toml); this sees that each exception is an `expect` with a reason.
    let mut offences = Vec::new();
    for source in Source::all() {
        for (at, _) in source.code.match_indices("disallowed_methods") {
            let attribute = &source.code[source.code[..at].rfind("#[").unwrap_or(at)..];
            let attribute = &attribute[..attribute.find(']').unwrap_or(attribute.len())];
            if attribute.starts_with("#[allow") || !attribute.contains("reason") {
                offences.push(format!("{}: {attribute}", source.path));
            }
        }
        let pure = ["media", "api", "rtsp"]
            .iter()
            .any(|pure| source.path.starts_with(&format!("crates/{pure}/")))
            || source.path.starts_with("crates/rtc/src/peer/");
        let reads = ["Instant::now", "SystemTime::now"]
            .iter()
            .any(|call| source.code.contains(call));
        if pure && reads {
            offences.push(format!("{}: time is an argument here", source.path));
        }
    }
    none(
        &offences,
        "the clock is read where it should not be, or without a reason",
    );
}

#[test]
fn files_are_short_and_begin_by_saying_what_they_own() {
    let mut offences = Vec::new();
    for source in Source::all() {
        let lines = source.code.lines().count();
        let excused = TOO_LONG_WITH_REASON
            .iter()
            .any(|(path, _)| *path == source.path);
        if lines > FILE_CAP && !excused {
            offences.push(format!(
                "{}: {lines} lines without its tests, {FILE_CAP} at most",
                source.path
            ));
        }
        if !source.whole.starts_with("//!") {
            offences.push(format!("{}: no `//!` head", source.path));
        }
    }
    none(&offences, "a file outgrew its shape");
}

#[test]
fn no_crate_has_unsafe_code_of_its_own() {
    let roots = |source: &&Source| {
        source.path.ends_with("src/lib.rs") || source.path.ends_with("src/main.rs")
    };
    let sources = Source::all();
    let offences: Vec<String> = sources
        .iter()
        .filter(roots)
        .filter(|source| !source.code.contains("#![forbid(unsafe_code)]"))
        .map(|source| source.path.clone())
        .collect();
    none(&offences, "a crate root does not forbid unsafe code");
}

#[test]
fn names_say_what_a_thing_is() {
    let mut offences = Vec::new();
    for source in Source::all() {
        let file = source.path.rsplit('/').next().unwrap_or_default();
        if ["utils.rs", "util.rs", "helpers.rs", "common.rs", "misc.rs"].contains(&file) {
            offences.push(source.path.clone());
        }
        for line in source.code.lines() {
            let noun = ["struct ", "enum ", "trait "]
                .iter()
                .find_map(|word| line.trim_start_matches("pub ").strip_prefix(word));
            let name = noun
                .and_then(|rest| rest.split(|c: char| !c.is_alphanumeric()).next())
                .unwrap_or_default();
            if name.ends_with("Manager") || name.ends_with("Helper") || line.contains("fn get_") {
                offences.push(format!("{}: {}", source.path, line.trim()));
            }
        }
    }
    none(&offences, "a name that says nothing");
}

#[test]
fn nothing_names_a_path_of_one_machine() {
    let mut offences = Vec::new();
    let mut files = Vec::new();
    walk(&root(), &mut files);
    for file in files {
        let Ok(text) = std::fs::read_to_string(&file) else {
            continue;
        };
        for (number, line) in text.lines().enumerate() {
            if MACHINE_PATHS
                .iter()
                .any(|(a, b)| names(line, &format!("{a}{b}")))
            {
                offences.push(format!(
                    "{}:{}: {}",
                    relative(&file),
                    number + 1,
                    line.trim()
                ));
            }
        }
    }
    none(&offences, "a path that exists on one machine only");
}

/// One Rust file of ours that is not a test.
struct Source {
    /// From the root of the repository, with forward slashes.
    path: String,
    whole: String,
    /// Without the inline tests at its end.
    code: String,
}

impl Source {
    fn all() -> Vec<Self> {
        let mut files = Vec::new();
        walk(&root(), &mut files);
        let mut sources: Vec<Self> = files
            .into_iter()
            .filter_map(|file| Self::read(&file))
            .collect();
        sources.sort_by(|a, b| a.path.cmp(&b.path));
        assert!(
            sources.len() > 30,
            "the walk found only {} sources: it looks in the wrong place",
            sources.len()
        );
        sources
    }

    fn read(file: &Path) -> Option<Self> {
        let path = relative(file);
        let is_test = path.contains("/tests/")
            || path.contains("/examples/")
            || path.ends_with("tests.rs")
            || path.ends_with("/testing.rs");
        if !path.ends_with(".rs") || !path.contains("/src/") || is_test {
            return None;
        }
        let whole = std::fs::read_to_string(file).expect("a source that can be listed can be read");
        let code = whole
            .split("#[cfg(test)]\nmod tests {")
            .next()
            .unwrap_or(&whole)
            .to_owned();
        Some(Self { path, whole, code })
    }
}

/// What cargo knows of the workspace.
struct Metadata {
    ours: BTreeMap<String, Value>,
    /// Package id -> (its crate's name, the ids it links).
    graph: BTreeMap<String, (String, Vec<String>)>,
}

impl Metadata {
    fn load() -> Self {
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let output = Command::new(cargo)
            .args(["metadata", "--format-version", "1", "--locked", "--offline"])
            .current_dir(root())
            .output()
            .expect("cargo runs");
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
        let all: Value = serde_json::from_slice(&output.stdout).expect("cargo metadata is JSON");
        let packages = |key: &str| all["packages"].as_array().expect(key).iter();
        let names: BTreeMap<&str, &str> = packages("packages")
            .map(|package| (text(&package["id"]), text(&package["name"])))
            .collect();
        let graph = all["resolve"]["nodes"]
            .as_array()
            .expect("resolved")
            .iter()
            .map(|node| {
                let linked = node["deps"]
                    .as_array()
                    .expect("deps")
                    .iter()
                    .filter(|dep| is_linked(dep));
                let ids = linked.map(|dep| text(&dep["pkg"]).to_owned()).collect();
                let id = text(&node["id"]);
                (id.to_owned(), (names[id].to_owned(), ids))
            });
        Self {
            ours: packages("packages")
                .filter(|package| package["source"].is_null())
                .map(|package| (text(&package["name"]).to_owned(), package.clone()))
                .collect(),
            graph: graph.collect(),
        }
    }

    /// The names of everything that `name` links, at any depth.
    fn linked_by(&self, name: &str) -> BTreeSet<String> {
        let mut seen = BTreeSet::new();
        let mut next = vec![text(&self.ours[name]["id"]).to_owned()];
        while let Some(id) = next.pop() {
            for below in &self.graph[&id].1 {
                if seen.insert(self.graph[below].0.clone()) {
                    next.push(below.clone());
                }
            }
        }
        seen
    }
}

/// Whether a resolved dependency ends up in the program (not a build or a development one).
fn is_linked(dependency: &Value) -> bool {
    dependency["dep_kinds"]
        .as_array()
        .is_some_and(|kinds| kinds.iter().any(|kind| kind["kind"].is_null()))
}

/// The names of a package's ordinary dependencies.
fn dependencies(package: &Value) -> Vec<&str> {
    let all = package["dependencies"]
        .as_array()
        .map(Vec::as_slice)
        .unwrap_or_default();
    all.iter()
        .filter(|one| one["kind"].is_null())
        .map(|one| text(&one["name"]))
        .collect()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// Whether a line of code uses `sign` as a path of its own (`lenswire_opus::` is not `opus::`); comments don't count.
fn names(line: &str, sign: &str) -> bool {
    let code = line.split("//").next().unwrap_or_default();
    let code = if sign.starts_with('/') { line } else { code };
    code.match_indices(sign).any(|(at, _)| {
        let before = code[..at].chars().next_back();
        !before.is_some_and(|c| c.is_alphanumeric() || c == '_' || c == '.' || c == '*')
    })
}

fn none(offences: &[String], rule: &str) {
    assert!(offences.is_empty(), "{rule}:\n  {}", offences.join("\n  "));
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../..")
        .canonicalize()
        .expect("the workspace is above this crate")
}

fn relative(file: &Path) -> String {
    file.strip_prefix(root())
        .unwrap_or(file)
        .to_string_lossy()
        .replace('\\', "/")
}

/// All files of the repository that people write: no build output, no packages of others.
fn walk(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder)
        .expect("a folder that can be listed")
        .flatten()
    {
        let (path, name) = (entry.path(), entry.file_name());
        let name = name.to_string_lossy();
        let skipped = ["target", "node_modules", "dist", "data"].contains(&&*name)
            || (name.starts_with('.') && !name.starts_with(".ci"));
        if path.is_dir() && !skipped {
            walk(&path, files);
        } else if path.is_file() && name != ".git" {
            // In a worktree .git is a file, and says where on this machine the repository is.
            files.push(path);
        }
    }
}
