//! Targets for `lenswire-rtsp`: all that a camera, or whoever answers in its place, can send.

#![allow(clippy::panic, reason = "a test fails by panicking")]

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use bolero::check;
use lenswire_fuzz::{BRIEF, Bytes, start};
use lenswire_rtsp::auth::{Authenticator, Proof};
use lenswire_rtsp::client::Port;
use lenswire_rtsp::sdp::Description;
use lenswire_rtsp::transport::{Session, Transport as Header};
use lenswire_rtsp::wire::{Framer, Item, MAX_BODY, MAX_HEAD};
use lenswire_rtsp::{Address, Client, Credentials, Event, Input, Options, Output, Transport, rtp};

/// The largest interleaved frame, header included.
const MAX_FRAME: usize = 4 + 65_535;

/// In no output but what is sent to the camera.
const CANARY: &str = "canary77";

#[test]
fn framer() {
    check!().with_test_time(BRIEF).for_each(|input: &[u8]| {
        let mut input = Bytes(input);
        let mut framer = Framer::new();
        if input.u8() % 2 == 0 {
            framer.push(b"RTSP/1.0 200 OK\r\n\r\n");
        }
        while !input.is_empty() {
            framer.push(input.piece());
            while let Ok(Some(item)) = framer.poll() {
                if let Item::Response(response) = item {
                    assert!(response.body().len() <= MAX_BODY);
                }
            }
            assert!(framer.pending() <= MAX_HEAD + MAX_BODY + MAX_FRAME + 255);
        }
    });
}

#[test]
fn description() {
    check!().with_test_time(BRIEF).for_each(|input: &[u8]| {
        let description = Description::parse(input);
        assert!(description.tracks.len() <= 2);
        assert!(description.skipped.len() <= 16);
    });
}

/// The same, with enough of an SDP around it to get into a media section.
#[test]
fn media_section() {
    check!().with_test_time(BRIEF).for_each(|input: &[u8]| {
        let sdp = [
            b"v=0\nm=video 0 RTP/AVP 96\na=rtpmap:96 H264/90000\na=fmtp:96 ",
            input,
        ]
        .concat();
        let _ = Description::parse(&sdp);
        let _ = Description::parse(&[b"v=0\nm=", input].concat());
    });
}

#[test]
fn rtcp() {
    check!().with_test_time(BRIEF).for_each(|input: &[u8]| {
        let _ = rtp::read(input);
    });
}

#[test]
fn rtp_packet() {
    check!().with_test_time(BRIEF).for_each(|input: &[u8]| {
        if let Some(packet) = rtp::Packet::parse(input.to_vec()) {
            assert!(packet.payload().len() + 12 <= input.len());
        }
    });
}

#[test]
fn challenge() {
    check!().with_test_time(BRIEF).for_each(|input: &[u8]| {
        let text = String::from_utf8_lossy(input);
        let mut auth = Authenticator::new(Some(Credentials::new("user", CANARY)));
        for header in [
            text.to_string(),
            format!("Digest realm=\"x\", nonce=\"1\", {text}"),
        ] {
            let result = auth.refused(Some(&header), Proof::None);
            assert!(!format!("{result:?} {auth:?}").contains(CANARY));
            let answer = auth.authorize("DESCRIBE", "rtsp://10.0.0.9/s");
            assert!(!answer.unwrap_or_default().contains(['\r', '\n']));
        }
    });
}

#[test]
fn headers_and_addresses() {
    check!().with_test_time(BRIEF).for_each(|input: &[u8]| {
        let text = String::from_utf8_lossy(input);
        let _ = (Header::parse(&text), Session::parse(&text));
        if let Ok((address, credentials)) = Address::parse(&format!("rtsp://{text}")) {
            let url = address.url();
            assert!(url.username().is_empty() && url.password().is_none());
            let _ = format!("{address} {address:?} {credentials:?}");
        }
    });
}

/// A whole session. Each step of the input is an answer that fits the last request but for what the
/// input puts into it, raw bytes, a packet, or time passing.
#[test]
fn session() {
    check!().with_test_time(BRIEF).for_each(|input: &[u8]| {
        let mut input = Bytes(input);
        let transport =
            [Transport::Auto, Transport::Tcp, Transport::Udp][usize::from(input.u8() % 3)];
        let (address, _) = Address::parse("rtsp://10.0.0.9/s").expect("an address");
        let options = Options {
            transport,
            user_agent: "fuzz".into(),
            ssrc: 1,
        };
        let client = Client::new(address, Some(Credentials::new("user", CANARY)), options);
        let mut camera = Camera {
            client,
            now: start(),
            request: String::new(),
            over: false,
        };
        camera.drain();
        while !input.is_empty() && !camera.over {
            camera.step(&mut input);
        }
    });
}

struct Camera {
    client: Client,
    now: std::time::Instant,
    /// The last request.
    request: String,
    over: bool,
}

const PEER: IpAddr = IpAddr::V4(Ipv4Addr::new(10, 0, 0, 9));

impl Camera {
    fn step(&mut self, input: &mut Bytes<'_>) {
        match input.u8() % 8 {
            0 => self.handle(Input::Bytes(input.piece())),
            1 | 2 => {
                let reply = self.reply(input);
                self.handle(Input::Bytes(&reply));
            }
            3 => {
                let (channel, payload) = (input.u8() % 6, input.piece());
                let length = u8::try_from(payload.len()).unwrap_or(0);
                let frame = [&[b'$', channel, 0, length], payload].concat();
                self.handle(Input::Bytes(&frame));
            }
            4 => {
                let packet = rtp(input);
                let channel = input.u8() % 4;
                let length = u8::try_from(packet.len()).unwrap_or(0);
                self.handle(Input::Bytes(
                    &[&[b'$', channel, 0, length], packet.as_slice()].concat(),
                ));
            }
            5 => {
                let from = SocketAddr::new(PEER, 6000 + u16::from(input.u8() % 4));
                let (track, port) = (
                    usize::from(input.u8() % 3),
                    [Port::Rtp, Port::Rtcp][usize::from(input.u8() % 2)],
                );
                let packet = if input.u8().is_multiple_of(2) {
                    rtp(input)
                } else {
                    input.piece().to_vec()
                };
                self.handle(Input::Datagram {
                    track,
                    port,
                    from,
                    bytes: &packet,
                });
            }
            6 => {
                self.now += Duration::from_millis(u64::from(input.u16()));
                self.handle(Input::Tick);
            }
            _ => self.handle(Input::Bound {
                rtp: 5000,
                rtcp: 5001,
            }),
        }
    }

    /// An answer of 200, or of a status of the input's, with the headers that a session needs.
    fn reply(&self, input: &mut Bytes<'_>) -> Vec<u8> {
        const SDP: &str =
            "v=0\r\nm=video 0 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\nm=audio 0 RTP/AVP 8\r\n";
        let cseq = self
            .request
            .lines()
            .find_map(|line| line.strip_prefix("CSeq: "))
            .unwrap_or("1");
        let status = if input.u8().is_multiple_of(4) {
            200 + u16::from(input.u8()) * 2
        } else {
            200
        };
        let body = if self.request.starts_with("DESCRIBE") {
            SDP
        } else {
            ""
        };
        let transport = if self.request.contains("client_port") {
            "RTP/AVP;server_port=6000-6001"
        } else {
            "RTP/AVP/TCP;interleaved=0-1"
        };
        let extra = String::from_utf8_lossy(input.piece()).replace('\n', " ");
        format!(
            "RTSP/1.0 {status} OK\r\nCSeq: {cseq}\r\nSession: 1;timeout=4\r\nTransport: {transport}\r\n{extra}\r\n\
             Content-Length: {}\r\n\r\n{body}",
            body.len()
        )
        .into_bytes()
    }

    fn handle(&mut self, input: Input<'_>) {
        self.client.handle(input, self.now);
        self.drain();
    }

    /// Does what the client wants, and checks that it wants it in bounds.
    fn drain(&mut self) {
        // One input is at most a few hundred bytes, so a few dozen things follow from it.
        for _ in 0..1_000 {
            match self.client.poll() {
                Output::Wake(at) => return assert!(at.is_none() || !self.over),
                Output::Connect(_) => self
                    .client
                    .handle(Input::Connected { peer: PEER }, self.now),
                Output::Send(bytes) => self.request = String::from_utf8_lossy(&bytes).into_owned(),
                Output::Event(event) => {
                    assert!(!self.over, "{event:?} after the end");
                    assert!(!format!("{event:?}").contains(CANARY));
                    self.over = matches!(event, Event::Ended(_));
                }
                Output::Bind { .. } | Output::SendTo { .. } => {}
            }
        }
        panic!("the client wants more and more");
    }
}

/// A packet that is one but for what the input puts into it.
fn rtp(input: &mut Bytes<'_>) -> Vec<u8> {
    let types = [96, 8, 50, 200];
    let mut packet = vec![0x80, types[usize::from(input.u8() % 4)]];
    packet.extend(u16::from(input.u8()).to_be_bytes());
    packet.extend(input.u16().to_be_bytes());
    packet.extend([0, 0, 0, 0, 0, input.u8() % 3]);
    let payload = input.piece();
    packet.extend(&payload[..payload.len().min(200)]);
    packet
}
