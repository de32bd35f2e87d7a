//! What no real server does on demand: redirects to where one may not go, and what is said last.

use tokio::net::{TcpListener, TcpStream};

use super::*;

const SDP: &str = "v=0\r\nm=video 0 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\n";

/// Serves one connection; `answer` makes the rest of a reply from a request's first word.
async fn serve(
    mut stream: TcpStream,
    answer: impl Fn(&str) -> String,
    log: tokio::sync::mpsc::UnboundedSender<String>,
) {
    let mut pending = String::new();
    let mut buffer = [0; 4096];
    while let Ok(length @ 1..) = stream.read(&mut buffer).await {
        pending += &String::from_utf8_lossy(&buffer[..length]);
        while let Some((request, rest)) = pending.split_once("\r\n\r\n") {
            let method = request.split(' ').next().unwrap_or_default().to_owned();
            let cseq = request
                .lines()
                .find_map(|line| line.strip_prefix("CSeq: "))
                .unwrap_or("0")
                .to_owned();
            pending = rest.to_owned();
            let reply = format!(
                "RTSP/1.0 {}",
                answer(&method).replacen("\r\n", &format!("\r\nCSeq: {cseq}\r\n"), 1)
            );
            let _ = log.send(method);
            let _ = stream.write_all(reply.as_bytes()).await;
        }
    }
}

fn plain_answer(method: &str) -> String {
    match method {
        "DESCRIBE" => format!("200 OK\r\nContent-Length: {}\r\n\r\n{SDP}", SDP.len()),
        "SETUP" => {
            "200 OK\r\nSession: 7\r\nTransport: RTP/AVP/TCP;interleaved=0-1\r\n\r\n".to_owned()
        }
        _ => "200 OK\r\n\r\n".to_owned(),
    }
}

// requirement 60: dropping the future says TEARDOWN
#[tokio::test]
async fn a_dropped_session_is_torn_down_at_the_camera() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let (log, mut said) = tokio::sync::mpsc::unbounded_channel();
    tokio::spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        serve(stream, plain_answer, log).await;
    });
    let source = source(&format!("rtsp://127.0.0.1:{port}/s"), Transport::Tcp);
    watch(&source, |seen| seen.tracks.is_some()).await;
    let mut methods = Vec::new();
    while let Ok(Some(method)) = timeout(PATIENCE, said.recv()).await {
        methods.push(method);
        if methods.last().is_some_and(|method| method == "TEARDOWN") {
            return;
        }
    }
    panic!("no TEARDOWN: {methods:?}");
}

// SEC-25, E11: the target is checked once its name is resolved
#[tokio::test]
async fn a_redirect_may_not_lead_into_this_machine_or_to_metadata() {
    for target in [
        "rtsp://127.0.0.2:1/x",
        "rtsp://169.254.169.254/x",
        "rtsp://[::ffff:169.254.169.254]/x",
        "rtsp://localhost:1/x",
    ] {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let (log, _said) = tokio::sync::mpsc::unbounded_channel();
        tokio::spawn(async move {
            let (stream, _) = listener.accept().await.unwrap();
            serve(
                stream,
                move |_| format!("302 Found\r\nLocation: {target}\r\n\r\n"),
                log,
            )
            .await;
        });
        let source = source(&format!("rtsp://127.0.0.1:{port}/s"), Transport::Tcp);
        let seen = watch(&source, |_| false).await;
        // `localhost` is where the camera itself is: its own host is no redirect.
        let expected = if target.contains("localhost") {
            "camera_refused"
        } else {
            "source_denied"
        };
        assert_eq!(seen.code(), expected, "{target}: {:?}", seen.end);
    }
}

#[tokio::test]
async fn a_name_that_has_no_address_is_told() {
    let seen = watch(
        &source("rtsp://no-such-camera.invalid/s", Transport::Auto),
        |_| false,
    )
    .await;
    assert_eq!(seen.code(), "camera_dns_failed");
}

// E12: whatever goes wrong, the password is in none of the words
#[tokio::test]
async fn no_words_hold_the_password() {
    for answer in [
        "401 canary77\r\nWWW-Authenticate: Basic realm=\"canary77\"\r\n\r\n",
        "500 it is canary77\r\n\r\n",
        "302 x\r\nLocation: http://canary77/\r\n\r\n",
    ] {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let (log, _said) = tokio::sync::mpsc::unbounded_channel();
        tokio::spawn(async move {
            let (stream, _) = listener.accept().await.unwrap();
            serve(stream, move |_| answer.to_owned(), log).await;
        });
        let source = source(
            &format!("rtsp://admin:canary77@127.0.0.1:{port}/s?token=canary77"),
            Transport::Tcp,
        );
        let seen = watch(&source, |_| false).await;
        let shown = format!("{source:?} {seen:?} {}", seen.end.as_ref().unwrap().problem);
        assert!(!shown.contains("canary77"), "{shown}");
    }
}
