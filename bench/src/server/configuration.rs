//! The files that tell a server what to serve: the camera's streams by RTSP over TCP; Janus, which has
//! no RTSP in this form, takes the first as RTP.

use std::net::{IpAddr, SocketAddr};

use super::{JANUS_RTP_PORT, Kind, Setting, Stream};
use crate::camera::PAYLOAD_TYPE;

/// Name and content of each.
pub(super) fn files(kind: Kind, setting: &Setting<'_>) -> Vec<(&'static str, String)> {
    let camera = setting.camera.address();
    let streams: String = setting
        .streams
        .iter()
        .map(|stream| line(kind, camera, stream))
        .collect();
    match kind {
        Kind::Lenswire => vec![("server.yaml", lenswire(setting.address, &streams))],
        Kind::MediaMtx => vec![("server.yaml", mediamtx(&streams))],
        Kind::Go2rtc => vec![("server.yaml", go2rtc(setting.address, &streams))],
        Kind::Janus => janus(),
    }
}

/// One stream in a server's own words. go2rtc connects on demand, whatever one wants.
fn line(kind: Kind, camera: SocketAddr, stream: &Stream) -> String {
    let Stream {
        name,
        path,
        on_demand,
        ..
    } = stream;
    let source = format!("rtsp://{camera}/{path}");
    match kind {
        Kind::Lenswire => {
            let substream = stream
                .substream
                .map(|path| format!("substream: \"rtsp://{camera}/{path}\", "));
            format!(
                "  {name}: {{ source: \"{source}\", {}transport: tcp, on_demand: {on_demand}, viewers: anyone }}\n",
                substream.unwrap_or_default()
            )
        }
        Kind::MediaMtx => {
            let on_demand = if *on_demand { "yes" } else { "no" };
            format!(
                "  {name}: {{ source: \"{source}\", rtspTransport: tcp, sourceOnDemand: {on_demand} }}\n"
            )
        }
        Kind::Go2rtc => format!("  {name}: \"{source}\"\n"),
        Kind::Janus => String::new(),
    }
}

/// One address stands for thousands of viewers here, so what is bounded per address is not.
fn lenswire(address: IpAddr, streams: &str) -> String {
    format!(
        "listen: {address}:8080\ninsecure_http: true\n\
         media: {{ port: 8189, addresses: [\"{address}\"] }}\n\
         limits: {{ whep_per_ip: 100000, whep_burst: 100000, pending_per_ip: 1024, connections_per_ip: 8192 }}\n\
         streams:\n{streams}"
    )
}

fn mediamtx(streams: &str) -> String {
    format!(
        "logLevel: warn\nrtsp: false\nrtmp: false\nhls: false\nsrt: false\nmoq: false\npaths:\n{streams}"
    )
}

fn go2rtc(address: IpAddr, streams: &str) -> String {
    format!(
        "log: {{ level: warn }}\napi: {{ listen: \":1984\", origin: \"*\" }}\n\
         rtsp: {{ listen: \"\" }}\nsrtp: {{ listen: \"\" }}\n\
         webrtc: {{ listen: \":8555/udp\", candidates: [\"{address}:8555\"], ice_servers: [] }}\n\
         streams:\n{streams}"
    )
}

/// Janus with its streaming plugin and HTTP API alone, and mountpoint 1.
fn janus() -> Vec<(&'static str, String)> {
    let general = "general: { debug_level = 3 session_timeout = 0 }\n\
                   plugins: { disable = \"libjanus_audiobridge.so,libjanus_duktape.so,libjanus_echotest.so,libjanus_lua.so,\
                   libjanus_nosip.so,libjanus_recordplay.so,libjanus_sip.so,libjanus_textroom.so,libjanus_videocall.so,\
                   libjanus_videoroom.so,libjanus_voicemail.so\" }\n\
                   transports: { disable = \"libjanus_mqtt.so,libjanus_nanomsg.so,libjanus_pfunix.so,\
                   libjanus_rabbitmq.so,libjanus_websockets.so\" }\n";
    let http = "general: { base_path = \"/janus\" http = true port = 8088 https = false }\n";
    let streaming = format!(
        "camera: {{ type = \"rtp\" id = 1 media = ( {{ type = \"video\" mid = \"v\" label = \"v\" port = {JANUS_RTP_PORT} \
         pt = {PAYLOAD_TYPE} codec = \"h264\" fmtp = \"profile-level-id=42c01f;packetization-mode=1\" }} ) }}\n"
    );
    vec![
        ("janus.jcfg", general.to_owned()),
        ("janus.transport.http.jcfg", http.to_owned()),
        ("janus.plugin.streaming.jcfg", streaming),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_server_that_speaks_rtsp_is_pointed_at_the_camera() {
        let camera = ([10, 9, 0, 2], 8_554).into();
        let stream = Stream {
            substream: Some("sub"),
            ..Stream::of("clip1")
        };
        for kind in [Kind::Lenswire, Kind::MediaMtx, Kind::Go2rtc] {
            let line = line(kind, camera, &stream);
            assert!(line.contains("rtsp://10.9.0.2:8554/clip1"), "{line}");
            assert_eq!(line.contains("8554/sub"), kind == Kind::Lenswire, "{line}");
        }
    }
}
