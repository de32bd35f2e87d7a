//! The server's side of RTSP 1.0 (RFC 2326), as little of it as players use: TCP interleaved only.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::sync::Arc;

use anyhow::{Context, Result};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::Channel;
use super::rtp::PAYLOAD_TYPE;

/// One request, as far as it matters.
#[derive(Debug)]
struct Request {
    method: String,
    url: String,
    cseq: String,
    transport: Option<String>,
}

/// Serves one connection until it ends.
pub(super) fn serve(connection: TcpStream, channels: &[Arc<Channel>]) {
    let mut playing = None;
    // An error is a connection that is gone; the next one is none the worse.
    let _ = talk(&connection, channels, &mut playing);
    if let Some(channel) = playing {
        channel.stop(&connection);
    }
}

fn talk(
    connection: &TcpStream,
    channels: &[Arc<Channel>],
    playing: &mut Option<Arc<Channel>>,
) -> Result<()> {
    connection.set_nodelay(true)?;
    let mut reader = BufReader::new(connection.try_clone()?);
    let mut writer = connection;
    let mut interleaved = 0;
    while let Some(request) = next(&mut reader)? {
        let channel = channels
            .iter()
            .find(|channel| names(&request.url, channel.path));
        let Some(channel) = channel else {
            writer.write_all(answer(&request, "404 Not Found", "", "").as_bytes())?;
            continue;
        };
        if channel.is_down() {
            return Ok(());
        }
        let (status, headers, body) = match (request.method.as_str(), &request.transport) {
            ("DESCRIBE", _) => (
                "200 OK",
                format!(
                    "Content-Type: application/sdp\r\nContent-Base: {}/\r\n",
                    request.url
                ),
                sdp(channel),
            ),
            ("SETUP", Some(transport)) if transport.contains("TCP") => {
                interleaved = first_channel(transport);
                let headers = format!(
                    "Transport: RTP/AVP/TCP;unicast;interleaved={interleaved}-{}\r\nSession: bench\r\n",
                    interleaved + 1
                );
                ("200 OK", headers, String::new())
            }
            ("SETUP", _) => ("461 Unsupported Transport", String::new(), String::new()),
            ("OPTIONS", _) => (
                "200 OK",
                "Public: OPTIONS, DESCRIBE, SETUP, PLAY, GET_PARAMETER, TEARDOWN\r\n".to_owned(),
                String::new(),
            ),
            _ => ("200 OK", "Session: bench\r\n".to_owned(), String::new()),
        };
        let answer = answer(&request, status, &headers, &body);
        channel.exclusively(|| writer.write_all(answer.as_bytes()))?;
        match request.method.as_str() {
            "PLAY" if playing.is_none() => {
                channel.play(connection, interleaved)?;
                *playing = Some(Arc::clone(channel));
            }
            "TEARDOWN" => return Ok(()),
            _ => {}
        }
    }
    Ok(())
}

/// Reads the next request; what a player sends on interleaved channels (its RTCP) is passed over.
fn next(reader: &mut BufReader<TcpStream>) -> Result<Option<Request>> {
    while reader.fill_buf()?.first() == Some(&b'$') {
        let mut head = [0; 4];
        reader.read_exact(&mut head)?;
        let length = u64::from(u16::from_be_bytes([head[2], head[3]]));
        std::io::copy(&mut reader.take(length), &mut std::io::sink())?;
    }
    let mut lines = Vec::new();
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line)? == 0 {
            return Ok(None);
        }
        let line = line.trim_end().to_owned();
        if line.is_empty() {
            break;
        }
        lines.push(line);
    }
    let header = |name: &str| {
        let pairs = lines.iter().skip(1).filter_map(|line| line.split_once(':'));
        pairs
            .filter(|(key, _)| key.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.trim().to_owned())
            .next()
    };
    if let Some(length) = header("Content-Length").and_then(|length| length.parse().ok()) {
        std::io::copy(&mut reader.take(length), &mut std::io::sink())?;
    }
    let mut words = lines.first().context("an empty request")?.split(' ');
    let method = words.next().unwrap_or_default().to_owned();
    let url = words
        .next()
        .unwrap_or_default()
        .trim_end_matches('/')
        .to_owned();
    Ok(Some(Request {
        method,
        url,
        cseq: header("CSeq").unwrap_or_default(),
        transport: header("Transport"),
    }))
}

/// Whether a request's URL is that path, or the one track below it.
fn names(url: &str, path: &str) -> bool {
    let url = url.strip_suffix("/track").unwrap_or(url);
    url.trim_end_matches('/').ends_with(path)
}

fn answer(request: &Request, status: &str, headers: &str, body: &str) -> String {
    let length = if body.is_empty() {
        String::new()
    } else {
        format!("Content-Length: {}\r\n", body.len())
    };
    format!(
        "RTSP/1.0 {status}\r\nCSeq: {}\r\n{headers}{length}\r\n{body}",
        request.cseq
    )
}

fn first_channel(transport: &str) -> u8 {
    let asked = transport
        .split(';')
        .find_map(|part| part.strip_prefix("interleaved="));
    asked
        .and_then(|pair| pair.split('-').next()?.parse().ok())
        .unwrap_or(0)
}

fn sdp(channel: &Channel) -> String {
    let (sps, pps) = (&channel.parameters.sps, &channel.parameters.pps);
    let profile: String = sps
        .iter()
        .skip(1)
        .take(3)
        .map(|byte| format!("{byte:02x}"))
        .collect();
    let sets = format!("{},{}", STANDARD.encode(sps), STANDARD.encode(pps));
    format!(
        "v=0\r\no=- 0 0 IN IP4 0.0.0.0\r\ns=bench\r\nc=IN IP4 0.0.0.0\r\nt=0 0\r\na=control:*\r\n\
         m=video 0 RTP/AVP {PAYLOAD_TYPE}\r\na=rtpmap:{PAYLOAD_TYPE} H264/90000\r\n\
         a=fmtp:{PAYLOAD_TYPE} packetization-mode=1;profile-level-id={profile};sprop-parameter-sets={sets}\r\n\
         a=control:track\r\n"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_found_with_its_track_and_not_by_a_longer_name() {
        assert!(names("rtsp://10.9.0.2:8554/clip1", "/clip1"));
        assert!(names("rtsp://10.9.0.2:8554/clip1/track", "/clip1"));
        assert!(!names("rtsp://10.9.0.2:8554/clip10", "/clip1"));
        assert_eq!(first_channel("RTP/AVP/TCP;unicast;interleaved=4-5"), 4);
    }
}
