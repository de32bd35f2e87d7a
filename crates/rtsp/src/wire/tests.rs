//! What real and hostile peers send, cut at every byte.

use super::*;

/// Everything the framer makes of `bytes` when they come `step` at a time, in words.
fn cut(bytes: &[u8], step: usize) -> Vec<String> {
    let mut framer = Framer::new();
    let mut out = Vec::new();
    for chunk in bytes.chunks(step) {
        framer.push(chunk);
        loop {
            match framer.poll() {
                Ok(Some(item)) => out.push(describe(&item)),
                Ok(None) => break,
                Err(error) => {
                    out.push(error.to_string());
                    return out;
                }
            }
        }
    }
    out
}

fn describe(item: &Item) -> String {
    match item {
        Item::Response(r) => format!(
            "{} {} [{}]",
            u16::from(r.status()),
            r.reason_phrase(),
            r.body().len()
        ),
        Item::Request(r) => format!("{:?} [{}]", r.method(), r.body().len()),
        Item::Data { channel, payload } => format!("${channel} {}", payload.len()),
        Item::Garbage(bytes) => format!("garbage {bytes}"),
    }
}

/// Asserts the same items whole and byte by byte.
#[track_caller]
fn assert_cut(bytes: &[u8], expected: &[&str]) {
    assert_eq!(cut(bytes, bytes.len().max(1)), expected, "whole");
    assert_eq!(cut(bytes, 1), expected, "byte by byte");
}

#[test]
fn messages_and_frames_alternate() {
    let mut bytes = b"RTSP/1.0 200 OK\r\nCSeq: 1\r\nContent-Length: 3\r\n\r\nabc".to_vec();
    bytes.extend(b"$\x00\x00\x02hi\r\n");
    bytes.extend(b"OPTIONS rtsp://c/ RTSP/1.0\r\nCSeq: 7\r\n\r\n");
    assert_cut(&bytes, &["200 OK [3]", "$0 2", "Options [0]"]);
}

#[test]
fn line_feeds_alone_no_reason_and_odd_case_are_read() {
    assert_cut(b"rtsp/1.0  404\ncseq: 1\n\n", &["404  [0]"]);
}

#[test]
fn a_frame_inside_head_or_body_is_taken_out() {
    let head = b"RTSP/1.0 200 OK\r\nCSeq: 1\r\n$\x00\x00\x03\n\n\nContent-Length: 8\r\n\r\n";
    let mut bytes = head.to_vec();
    bytes.extend(b"$\x01\x00\x01xv=0\n$\x00\x00\x02yys=-\n");
    assert_cut(&bytes, &["$0 3", "$1 1", "$0 2", "200 OK [8]"]);
}

#[test]
fn bytes_too_many_after_a_body_are_skipped_once() {
    let mut bytes =
        b"RTSP/1.0 200 OK\r\nContent-Length: 3\r\n\r\nabc\0\0a=appversion:1.0\r\n".to_vec();
    bytes.extend(b"$\x00\x00\x02\x80xRTSP/1.0 200 OK\r\n\r\n");
    assert_eq!(
        cut(&bytes, bytes.len()),
        ["200 OK [3]", "garbage 18", "$0 2", "200 OK [0]"]
    );
}

#[test]
fn the_first_bytes_tell_another_protocol() {
    for (bytes, expected) in [
        (
            &b"HTTP/1.1 400 Bad Request\r\n\r\n"[..],
            "not RTSP but HTTP (a web server)",
        ),
        (b"<!DOCTYPE html>", "not RTSP but HTTP (a web server)"),
        (
            b"\x15\x03\x01\x00\x02\x02\x46",
            "not RTSP but TLS (an encrypted port)",
        ),
        (
            b"SSH-2.0-OpenSSH_9.2\r\n",
            "not RTSP but SSH (a secure shell)",
        ),
        (
            b"220 ftp\r\n",
            "not RTSP but something that says \"220 ftp\"",
        ),
        (b"\0\0\0", "not RTSP but something else"),
    ] {
        assert_eq!(cut(bytes, bytes.len()), [expected]);
    }
}

#[test]
fn limits_hold() {
    // A8: endless header, 4 GB Content-Length, 10 MB SDP
    let endless = [b"RTSP/1.0 200 OK\r\n".to_vec(), b"X: y\r\n".repeat(4000)].concat();
    assert_eq!(cut(&endless, 1000), ["a header longer than 16384 bytes"]);
    let line = [b"RTSP/1.0 200 OK\r\nX: ".to_vec(), vec![b'y'; 20_000]].concat();
    assert_eq!(cut(&line, 1000), ["a header longer than 16384 bytes"]);
    for said in ["4294967296", "10000000"] {
        let bytes = format!("RTSP/1.0 200 OK\r\nContent-Length: {said}\r\n\r\n");
        assert_eq!(
            cut(bytes.as_bytes(), 7),
            [format!("a body of {said} bytes, where 65536 are the most")]
        );
    }
}

#[test]
fn the_first_of_two_sessions_counts_and_bad_header_lines_are_dropped() {
    let head = Head::parse(b"RTSP/1.0 200 OK\r\nSession: a\r\nsession: b\r\nno colon\r\nb ad: x\r\nX: 1\r\n  2\r\n\r\n");
    let Some(Item::Response(response)) = head.and_then(|h| h.message(b"")) else {
        panic!("no response")
    };
    assert_eq!(
        response
            .header(&rtsp_types::headers::SESSION)
            .unwrap()
            .as_str(),
        "a"
    );
    let folded = rtsp_types::HeaderName::from_static_str("x").unwrap();
    assert_eq!(response.header(&folded).unwrap().as_str(), "1 2");
    assert_eq!(response.headers().count(), 3);
}

#[test]
fn memory_stays_bounded_under_garbage() {
    // A7
    let mut framer = Framer::new();
    framer.push(b"RTSP/1.0 200 OK\r\n\r\n");
    let mut state = 1_u32;
    for _ in 0..2000 {
        let noise: Vec<u8> = (0..997)
            .map(|_| {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                (state >> 24) as u8
            })
            .collect();
        framer.push(&noise);
        while let Ok(Some(_)) = framer.poll() {}
        assert!(
            framer.pending() <= MAX_HEAD + MAX_BODY + 4 + 1000,
            "{}",
            framer.pending()
        );
    }
}

use super::head::Head;
