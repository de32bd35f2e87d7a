//! What each answer of the camera leads to.

use std::net::SocketAddr;
use std::time::Instant;

use lenswire_media::Kind;
use rtsp_types::headers::{
    ACCEPT, CONTENT_BASE, CONTENT_LOCATION, CSEQ, PUBLIC, RANGE, SESSION, TRANSPORT,
};
use rtsp_types::{HeaderName, Method, Request, Response, StatusCode, Version};

use super::talk::Pending;
use super::{Carriage, Client, Event, Output, Phase, Plan, Port, Warning, urls};
use crate::end::End;
use crate::sdp::Description;
use crate::transport::{Ask, Pair, Session, Transport};

/// Rounds of packets that open the way through a NAT before PLAY: one may get lost.
const PUNCHES: usize = 2;

impl Client {
    pub(super) fn on_response(&mut self, response: &Response<Vec<u8>>, now: Instant) {
        let Some(answered) = self.dialogue.answered(response) else {
            return;
        };
        let status = u16::from(response.status());
        match (status, self.phase) {
            (100..=199, _) => self.dialogue.pending = Some(answered),
            (401, _) => self.on_unauthorized(answered, response, now),
            (_, Phase::Playing) => self.watch.on_keep_alive(&answered.method, status),
            (300..=399, _) => self.on_redirect(&answered, response),
            // A camera that refuses OPTIONS may still describe.
            (_, Phase::Greeting) => self.describe(response, now),
            (200..=299, Phase::Describing) => self.on_description(&answered, response, now),
            (200..=299, Phase::SettingUp(track)) => self.on_set_up(track, response, now),
            (200..=299, Phase::Starting) => self.start_playing(now),
            (_, Phase::SettingUp(track)) => self.on_setup_refused(track, &answered, response, now),
            _ => self.end(self.refusal(&answered, response)),
        }
    }

    fn describe(&mut self, greeting: &Response<Vec<u8>>, now: Instant) {
        self.watch
            .offered(header(greeting, &PUBLIC).unwrap_or_default());
        self.phase = Phase::Describing;
        let accept = vec![(ACCEPT, "application/sdp".to_owned())];
        self.send(Method::Describe, &self.address.url().clone(), accept, now);
    }

    fn on_description(&mut self, asked: &Pending, response: &Response<Vec<u8>>, now: Instant) {
        let description = Description::parse(response.body());
        let base = urls::base(
            &asked.url,
            header(response, &CONTENT_BASE),
            header(response, &CONTENT_LOCATION),
        );
        let pictures = description
            .tracks
            .iter()
            .any(|t| t.track.codec.kind() == Kind::Video);
        // Sound alone is not what a camera is for, and track 0 is the picture from here on.
        if !pictures {
            let sound = description
                .tracks
                .iter()
                .map(|t| format!("audio {}", t.track.codec.name()));
            let has = description
                .skipped
                .iter()
                .map(|s| format!("{} {}", s.media, s.codec))
                .chain(sound)
                .collect();
            return self.end(End::NothingPlayable {
                has,
                video: description.has_video(),
            });
        }
        let aggregate = urls::resolve(&base, description.control.as_deref());
        let tracks = description.tracks.into_iter().map(|announced| {
            let url = urls::resolve(&base, announced.control.as_deref());
            (announced, url)
        });
        self.plan = Some(Plan {
            aggregate,
            tracks: tracks.collect(),
            skipped: description.skipped,
        });
        self.set_up(0, now);
    }

    /// Asks for a track, or for PLAY when all are set up.
    pub(super) fn set_up(&mut self, track: usize, now: Instant) {
        let Some(plan) = &self.plan else { return };
        let Some((announced, url)) = plan.tracks.get(track) else {
            return self.play(now);
        };
        if self.intake.tracks() == track {
            self.intake.add(announced, self.carriage);
        }
        match self.carriage {
            Carriage::Tcp => {
                let first = u8::try_from(2 * track).unwrap_or(u8::MAX - 1);
                let ask = Ask::Interleaved(Pair {
                    rtp: first,
                    rtcp: first + 1,
                });
                let url = url.clone();
                self.phase = Phase::SettingUp(track);
                self.send(Method::Setup, &url, vec![(TRANSPORT, ask.to_string())], now);
            }
            Carriage::Udp => {
                self.phase = Phase::Binding(track);
                self.outputs.push_back(Output::Bind { track });
            }
        }
    }

    /// The driver has bound ports: asks for the track to be sent there.
    pub(super) fn set_up_udp(&mut self, rtp: u16, rtcp: u16, now: Instant) {
        let Phase::Binding(track) = self.phase else {
            return;
        };
        let Some(url) = self
            .plan
            .as_ref()
            .and_then(|plan| plan.tracks.get(track))
            .map(|(_, url)| url.clone())
        else {
            return;
        };
        self.phase = Phase::SettingUp(track);
        let ask = Ask::Udp(Pair { rtp, rtcp });
        self.send(Method::Setup, &url, vec![(TRANSPORT, ask.to_string())], now);
    }

    fn on_set_up(&mut self, track: usize, response: &Response<Vec<u8>>, now: Instant) {
        // The first identifier counts: H264DVR answers each SETUP with another one and takes the
        // first in PLAY.
        if let (None, Some(session)) = (
            &self.dialogue.session,
            header(response, &SESSION).and_then(Session::parse),
        ) {
            self.watch.keep_alive_every(session.timeout);
            self.dialogue.session = Some(session);
        }
        let transport = Transport::parse(header(response, &TRANSPORT).unwrap_or_default());
        if self.carriage == Carriage::Tcp
            && transport.channels.is_none()
            && transport.server_ports.is_some()
        {
            // Asked for TCP, answered with UDP ports: it cannot do TCP and does not say so.
            return self.leave_tcp(
                Warning::TcpRefused {
                    status: u16::from(response.status()),
                },
                now,
            );
        }
        let remote = transport.server_ports.zip(self.peer);
        let remote = remote.map(|(ports, ip)| Pair {
            rtp: SocketAddr::new(ip, ports.rtp),
            rtcp: SocketAddr::new(ip, ports.rtcp),
        });
        self.intake.set_up(track, &transport, remote, self.peer);
        self.set_up(track + 1, now);
    }

    /// A track but the first that is refused is left out.
    pub(super) fn leave_out(&mut self, track: usize, status: u16, reason: String, now: Instant) {
        if let Some(plan) = &mut self.plan {
            plan.tracks.truncate(track);
        }
        self.intake.truncate(track);
        self.outputs
            .push_back(Output::Event(Event::Warning(Warning::SetupRefused {
                media: "audio",
                status,
                reason,
            })));
        self.set_up(track, now);
    }

    fn play(&mut self, now: Instant) {
        let Some(plan) = &self.plan else { return };
        let url = plan.aggregate.clone();
        let tracks = plan
            .tracks
            .iter()
            .map(|(announced, _)| announced.track.clone())
            .collect();
        let skipped: Vec<_> = plan.skipped.iter().cloned().map(Warning::Skipped).collect();
        self.outputs.push_back(Output::Event(Event::Tracks(tracks)));
        self.outputs.extend(
            skipped
                .into_iter()
                .map(|warning| Output::Event(Event::Warning(warning))),
        );
        self.phase = Phase::Starting;
        for _ in 0..PUNCHES {
            self.punch();
        }
        self.send(
            Method::Play,
            &url,
            vec![(RANGE, "npt=0.000-".to_owned())],
            now,
        );
    }

    /// Sends a small packet from each of our ports to where the camera's will come from.
    fn punch(&mut self) {
        for (track, to) in self.intake.remotes() {
            // An RTP packet of no payload, type 0; then an empty report.
            let mut rtp = vec![0x80, 0, 0, 0, 0, 0, 0, 0];
            rtp.extend(self.options.ssrc.to_be_bytes());
            let report = crate::rtp::receiver_report(self.options.ssrc, None);
            self.outputs.push_back(Output::SendTo {
                track,
                port: Port::Rtp,
                to: to.rtp,
                bytes: rtp,
            });
            self.outputs.push_back(Output::SendTo {
                track,
                port: Port::Rtcp,
                to: to.rtcp,
                bytes: report,
            });
        }
    }

    /// A request of the camera's: answered, and acted upon where it ends the session.
    pub(super) fn on_request(&mut self, request: &Request<Vec<u8>>) {
        let known = matches!(
            request.method(),
            Method::Options
                | Method::GetParameter
                | Method::SetParameter
                | Method::Announce
                | Method::Teardown
                | Method::Redirect
        );
        let status = if known {
            StatusCode::Ok
        } else {
            StatusCode::NotImplemented
        };
        let mut answer = Response::builder(Version::V1_0, status);
        for name in [CSEQ, SESSION] {
            if let Some(value) = request.header(&name) {
                answer = answer.header(name, value.as_str());
            }
        }
        if *request.method() == Method::Options {
            answer = answer.header(
                PUBLIC,
                "OPTIONS, GET_PARAMETER, SET_PARAMETER, ANNOUNCE, TEARDOWN, REDIRECT",
            );
        }
        let mut bytes = Vec::new();
        let _ = answer.empty().write(&mut bytes);
        self.outputs.push_back(Output::Send(bytes));
        match request.method() {
            Method::Teardown => self.end(End::Bye {
                reason: "TEARDOWN".to_owned(),
            }),
            Method::Redirect => self.follow(
                request
                    .header(&rtsp_types::headers::LOCATION)
                    .map(|l| l.as_str().to_owned())
                    .as_deref(),
            ),
            _ => {}
        }
    }
}

fn header<'a>(response: &'a Response<Vec<u8>>, name: &HeaderName) -> Option<&'a str> {
    response.header(name).map(|value| value.as_str())
}
