//! Targets for `lenswire-hub`: what anybody may put into a URL, a header or a socket.

use bolero::check;
use lenswire_fuzz::{BRIEF, Bytes};
use lenswire_hub::http::hostile;

/// Names of ours that random bytes would take long to find.
const WORDS: [&str; 8] = [
    "/",
    "/whep",
    "/whep/",
    "/api/v1/streams/",
    "/retry",
    "%2F",
    "gate",
    "/assets/",
];

// SEC-19: a path names a stream and an id, or nothing; never a way out of where it is looked up.
#[test]
fn path() {
    check!().with_test_time(BRIEF).for_each(|input: &[u8]| {
        let mut input = Bytes(input);
        let mut path = String::from("/");
        while !input.is_empty() && path.len() < 2_000 {
            match WORDS.get(usize::from(input.u8())) {
                Some(word) => path.push_str(word),
                None => path.push_str(&String::from_utf8_lossy(input.piece())),
            }
        }
        if let Some((_, Some(id))) = hostile::path(&path) {
            assert!(
                !id.contains("..") || id.starts_with("assets/"),
                "{path}: {id}"
            );
            assert!(
                !id.contains("/.") && !id.contains('\\') && !id.contains('\0'),
                "{path}: {id}"
            );
            assert!(id.matches('/').count() <= 1, "{path}: {id}");
        }
    });
}

// E1: a message is read, or there are words for why not, which do not repeat the whole of it.
#[test]
fn message() {
    const HEADS: [&str; 8] = [
        "",
        r#"{"type":"watch","id":""#,
        r#"{"type":"candidate","id":"a","candidate":"#,
        r#"{"type":"hello","version":"#,
        r#"{"type":"report","id":"a","delay_ms":"#,
        r#"{"type":"grant","token":"#,
        r#"{"id":"a","type":"#,
        "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[",
    ];
    check!().with_test_time(BRIEF).for_each(|input: &[u8]| {
        let mut input = Bytes(input);
        let head = HEADS[usize::from(input.u8()) % HEADS.len()];
        let text = format!("{head}{}", String::from_utf8_lossy(input.0));
        if let Err(why) = hostile::message(&text) {
            assert!(!why.is_empty() && why.len() < 1_000 + text.len());
        }
    });
}

#[test]
fn if_match() {
    check!().with_test_time(BRIEF).for_each(|input: &[u8]| {
        let header = String::from_utf8_lossy(input);
        if hostile::if_match(&header, "tag") {
            assert!(
                header.contains("\"tag\"") || header.contains('*'),
                "{header:?}"
            );
        }
    });
}
