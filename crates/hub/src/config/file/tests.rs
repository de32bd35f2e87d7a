//! The file under edits, by us and by others: requirements 71, 73, 81; D1, D4.

use std::sync::Arc;
use std::sync::mpsc::channel;
use std::time::Duration;

use lenswire_api::StreamName;

use super::*;
use crate::config::{Source, StreamPatch, Viewers, Watch};

const TEXT: &str = "\
# My cameras.
listen: 127.0.0.1:8080   # this machine only

streams:
  # By the hedge.
  gate:
    source: rtsp://u:${GATE:p}@192.168.1.20/1   # main
    viewers: anyone

  yard: rtsp://192.168.1.21/1  # no password

  # The end.
";

struct World {
    folder: tempfile::TempDir,
    file: File,
}

fn world(text: Option<&str>) -> World {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("lenswire.yaml");
    if let Some(text) = text {
        std::fs::write(&path, text).expect("writes");
    }
    let file = File::new(
        Home::Usual(path),
        Environment::default(),
        Overrides::default(),
    );
    file.load().expect("is right");
    World { folder, file }
}

impl World {
    fn text(&self) -> String {
        std::fs::read_to_string(self.file.path()).expect("is there")
    }
}

fn name(text: &str) -> StreamName {
    StreamName::parse(text).expect("a name")
}

fn patch(json: &str) -> StreamPatch {
    serde_json::from_str(json).expect("a patch")
}

#[test]
fn without_a_file_the_demo_is_served_and_the_first_edit_makes_one() {
    let world = world(None);
    assert_eq!(world.file.load().expect("is right"), Config::demo());
    let edit = StreamEdit::Add(name("gate"), patch(r#"{"source":"rtsp://192.168.1.20/1"}"#));
    let config = world.file.edit(&edit).expect("is made");
    assert_eq!(config.streams.len(), 2, "the demo stays");
    assert_eq!(world.file.load().expect("is right"), config);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = std::fs::metadata(world.file.path())
            .expect("is there")
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o600, "it will hold passwords");
    }
}

#[test]
fn a_named_file_has_to_be_there() {
    let file = File::new(
        Home::Named("/nonexistent/lenswire.yaml".into()),
        Environment::default(),
        Overrides::default(),
    );
    assert!(matches!(file.load(), Err(Error::Read { .. })));
}

// The golden edits: what was asked, and not one comment less.
#[test]
fn edits_keep_everything_else() {
    let cases = [
        (
            StreamEdit::Change(
                name("gate"),
                patch(r#"{"viewers":"grant","on_demand":true}"#),
            ),
            TEXT.replace("viewers: anyone", "viewers: grant\n    on_demand: true"),
        ),
        (
            StreamEdit::Change(
                name("gate"),
                patch(r#"{"source":"rtsp://u:new@192.168.1.99/2"}"#),
            ),
            TEXT.replace(
                "rtsp://u:${GATE:p}@192.168.1.20/1",
                "rtsp://u:new@192.168.1.99/2",
            ),
        ),
        (
            StreamEdit::Change(name("gate"), patch(r#"{"viewers":null}"#)),
            TEXT.replace("    viewers: anyone\n", ""),
        ),
    ];
    for (edit, expected) in cases {
        let world = world(Some(TEXT));
        world.file.edit(&edit).expect("is made");
        assert_eq!(world.text(), expected, "{edit:?}");
    }
}

#[test]
fn streams_are_added_and_removed_in_place() {
    let world = world(Some(TEXT));
    let added =
        patch(r#"{"source":"rtsp://a:b@192.168.1.30/x","delay_limit":"500ms","transport":"tcp"}"#);
    let config = world
        .file
        .edit(&StreamEdit::Add(name("phones/3"), added))
        .expect("is made");
    let stream = &config.streams[&name("phones/3")];
    assert_eq!(stream.delay_limit, Some(Duration::from_millis(500)));
    for comment in [
        "# My cameras.",
        "# this machine only",
        "# By the hedge.",
        "# main",
        "# no password",
        "# The end.",
    ] {
        assert!(
            world.text().contains(comment),
            "{comment} is gone:\n{}",
            world.text()
        );
    }
    let config = world
        .file
        .edit(&StreamEdit::Remove(name("phones/3")))
        .expect("is made");
    assert_eq!(config.streams.len(), 2);
    for comment in [
        "# My cameras.",
        "# this machine only",
        "# By the hedge.",
        "# main",
        "# no password",
    ] {
        assert!(
            world.text().contains(comment),
            "{comment} is gone:\n{}",
            world.text()
        );
    }
    world
        .file
        .edit(&StreamEdit::Remove(name("gate")))
        .expect("is made");
    world
        .file
        .edit(&StreamEdit::Remove(name("yard")))
        .expect("is made");
    assert!(world.file.load().expect("is right").streams.is_empty());
    world
        .file
        .edit(&StreamEdit::Add(
            name("gate"),
            patch(r#"{"source":"demo"}"#),
        ))
        .expect("is made");
    assert_eq!(
        world.file.load().expect("is right").streams[&name("gate")].source,
        Some(Source::Demo)
    );
}

#[test]
fn a_bare_source_grows_keys() {
    let world = world(Some(TEXT));
    let config = world
        .file
        .edit(&StreamEdit::Change(
            name("yard"),
            patch(r#"{"viewers":"anyone"}"#),
        ))
        .expect("is made");
    let yard = &config.streams[&name("yard")];
    assert_eq!(
        (yard.viewers, yard.source.is_some()),
        (Viewers::Anyone, true)
    );
    assert!(
        world.text().contains("rtsp://192.168.1.21/1") && world.text().contains("# By the hedge.")
    );
}

#[test]
fn files_in_other_styles_are_edited_too() {
    for text in [
        "streams: {gate: {source: rtsp://h/a, viewers: anyone}}\n",
        "streams: {}\n",
        "streams:\n",
        "listen: 127.0.0.1:8081",
        "# nothing yet\n",
        "",
        "streams:\r\n  a:\r\n    source: demo # x\r\n",
        "streams:\n    gate:\n        source: \"rtsp://h/a\"\n",
        "streams:\n  gate: &one\n    source: rtsp://h/a\n  yard: *one\n",
    ] {
        let world = world(Some(text));
        let before = world.file.load().expect("is right").streams.len();
        let added = StreamEdit::Add(
            name("new"),
            patch(r#"{"source":"rtsp://u:p@h/b?c=1&d=2","viewers":"anyone"}"#),
        );
        let config = world
            .file
            .edit(&added)
            .unwrap_or_else(|error| panic!("{text:?}: {error}"));
        assert_eq!(config.streams.len(), before + 1, "{text:?}");
        let config = world
            .file
            .edit(&StreamEdit::Remove(name("new")))
            .unwrap_or_else(|error| panic!("{text:?}: {error}"));
        assert_eq!(config.streams.len(), before, "{text:?}");
    }
}

// Issue 4: a substream is a source like any other, in the file and through the API.
#[test]
fn a_substream_comes_changes_and_goes_and_comments_stay() {
    let world = world(Some(TEXT));
    let edit = |json: &str| {
        let edit = StreamEdit::Change(name("gate"), patch(json));
        let config = world.file.edit(&edit).expect("edits");
        config.streams[&name("gate")].substream.clone()
    };
    let small = edit(r#"{"substream":"rtsp://u:canary@192.168.1.20/2"}"#).expect("is there");
    assert_eq!(small.to_string(), "rtsp://***@192.168.1.20/2");
    assert!(!format!("{small:?}").contains("canary"));
    assert!(
        world
            .text()
            .contains("substream: rtsp://u:canary@192.168.1.20/2")
    );
    assert_eq!(edit(r#"{"substream":"demo"}"#), Some(Source::Demo));
    assert_eq!(edit(r#"{"substream":null}"#), None);
    assert_eq!(world.text(), TEXT);
    assert!(serde_json::from_str::<StreamPatch>(r#"{"substream":"rtsp://***@h/2"}"#).is_err());
}

// A source from the API is text: it must not read the environment, nor break out of its value.
#[test]
fn what_the_api_writes_is_only_text() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("lenswire.yaml");
    std::fs::write(&path, TEXT).expect("writes");
    let file = File::new(
        Home::Named(path.clone()),
        [("SECRET", "hunter2")].into_iter().collect(),
        Overrides::default(),
    );
    for source in [
        "rtsp://${SECRET}@evil/",
        "rtsp://$${SECRET}@evil/",
        "rtsp://h/a%23b",
        "rtsp://h/'\"x",
        "rtsp://h/{a}[b],c:&d*e!f|g>h%40",
        "rtsp://u:p:@h/x:",
    ] {
        let json = serde_json::json!({ "source": source }).to_string();
        file.edit(&StreamEdit::Change(name("gate"), patch(&json)))
            .unwrap_or_else(|error| panic!("{source}: {error}"));
        let config = file.load().expect("is right");
        let Some(Source::Rtsp(url)) = &config.streams[&name("gate")].source else {
            panic!("is a camera")
        };
        assert_eq!(url.expose(), source);
        assert!(
            !std::fs::read_to_string(&path)
                .expect("is there")
                .contains("hunter2")
        );
    }
    assert!(
        serde_json::from_str::<StreamPatch>(r#"{"source":"rtsp://***@h/a"}"#).is_err(),
        "the masked address"
    );
    assert!(serde_json::from_str::<StreamPatch>(r#"{"sauce":"demo"}"#).is_err());
    assert!(serde_json::from_str::<StreamPatch>(r#"{"delay_limit":1}"#).is_err());
}

#[test]
fn impossible_edits_change_nothing() {
    let world = world(Some(TEXT));
    let fails = |edit: StreamEdit| world.file.edit(&edit).expect_err("is impossible");
    assert!(matches!(
        fails(StreamEdit::Add(name("gate"), patch("{}"))),
        Error::NameTaken(_)
    ));
    assert!(matches!(
        fails(StreamEdit::Remove(name("none"))),
        Error::NoStream(_)
    ));
    assert!(matches!(
        fails(StreamEdit::Change(name("none"), patch("{}"))),
        Error::NoStream(_)
    ));
    assert!(matches!(
        fails(StreamEdit::Change(
            name("gate"),
            patch(r#"{"source":null,"substream":"demo"}"#)
        )),
        Error::Invalid(_)
    ));
    assert!(matches!(
        fails(StreamEdit::Add(name("new"), patch(r#"{"on_demand":true}"#))),
        Error::Invalid(_)
    ));
    assert_eq!(world.text(), TEXT);
}

// 409 when it changed underneath.
#[test]
fn an_edit_of_a_file_that_somebody_changed_is_refused() {
    let world = world(Some(TEXT));
    let theirs = TEXT.replace("By the hedge", "By the gate");
    std::fs::write(world.file.path(), &theirs).expect("writes");
    let edit = StreamEdit::Remove(name("gate"));
    assert!(matches!(world.file.edit(&edit), Err(Error::Changed { .. })));
    assert_eq!(world.text(), theirs);
    assert!(world.file.reload().expect("is right").is_some());
    world.file.edit(&edit).expect("is made, once loaded");
    assert_eq!(
        world.file.reload().expect("is right"),
        None,
        "our own edit is no news"
    );
}

#[test]
fn edits_at_once_are_all_made() {
    let world = Arc::new(world(Some(TEXT)));
    let threads: Vec<_> = (0..8)
        .map(|n| {
            let world = Arc::clone(&world);
            std::thread::spawn(move || {
                world
                    .file
                    .edit(&StreamEdit::Add(
                        name(&format!("c{n}")),
                        patch(r#"{"source":"demo"}"#),
                    ))
                    .map(drop)
            })
        })
        .collect();
    for thread in threads {
        thread.join().expect("runs").expect("is made");
    }
    assert_eq!(world.file.load().expect("is right").streams.len(), 10);
    let left = std::fs::read_dir(world.folder.path())
        .expect("readable")
        .count();
    assert_eq!(left, 1, "no half-written file stays");
}

#[cfg(unix)]
#[test]
fn a_file_that_cannot_be_written_says_so_and_links_stay_links() {
    use std::os::unix::fs::PermissionsExt;
    let world = world(Some(TEXT));
    std::fs::set_permissions(world.file.path(), std::fs::Permissions::from_mode(0o444))
        .expect("works");
    assert!(matches!(
        world.file.edit(&StreamEdit::Remove(name("gate"))),
        Err(Error::ReadOnly { .. })
    ));
    std::fs::set_permissions(world.file.path(), std::fs::Permissions::from_mode(0o640))
        .expect("works");

    let link = world.folder.path().join("link.yaml");
    std::os::unix::fs::symlink(world.file.path(), &link).expect("links");
    let linked = File::new(
        Home::Named(link.clone()),
        Environment::default(),
        Overrides::default(),
    );
    linked
        .edit(&StreamEdit::Remove(name("gate")))
        .expect("is made");
    assert!(
        std::fs::symlink_metadata(&link)
            .expect("is there")
            .is_symlink()
    );
    assert!(!world.text().contains("gate:"));
    assert_eq!(
        std::fs::metadata(world.file.path())
            .expect("is there")
            .permissions()
            .mode()
            & 0o777,
        0o640
    );
}

// requirement 71, a changed file is applied: what is wrong is told once and kept out.
#[test]
fn a_file_written_by_somebody_else_is_noticed() {
    let World { folder, file } = world(Some(TEXT));
    let path = file.path().to_owned();
    let file = Arc::new(file);
    let (tell, hear) = channel();
    let watch = Watch::start(Arc::clone(&file), move |result| {
        drop(tell.send(result.map_err(|error| error.to_string())));
    })
    .expect("watches");
    let told = || {
        hear.recv_timeout(Duration::from_secs(20))
            .expect("is noticed")
    };

    file.edit(&StreamEdit::Remove(name("yard")))
        .expect("is made");
    std::fs::write(&path, TEXT.replace("viewers: anyone", "viewrs: anyone")).expect("writes");
    assert!(
        told()
            .expect_err("is wrong")
            .contains("lenswire.yaml:8:5: there is no key `viewrs` here")
    );

    // As editors write: a new file in the old one's place.
    let beside = folder.path().join("new");
    std::fs::write(&beside, TEXT.replace("viewers: anyone", "viewers: grant")).expect("writes");
    std::fs::rename(&beside, &path).expect("moves");
    let config = told().expect("is right");
    assert_eq!(config.streams[&name("gate")].viewers, Viewers::Grant);
    drop(watch);
    assert!(
        hear.recv_timeout(Duration::from_secs(20)).is_err(),
        "nobody watches any more"
    );
}
