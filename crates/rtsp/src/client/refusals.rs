//! Answers that are not 200: told apart, because each has another fix.

use std::time::Instant;

use rtsp_types::headers::LOCATION;
use rtsp_types::{Method, Response};

use super::talk::Pending;
use super::{Carriage, Client, Event, MAX_REDIRECTS, Output, Phase, Transport, Warning};
use crate::auth::{Authenticator, Refused};
use crate::end::End;
use crate::text::quote;

impl Client {
    /// A 401: the request goes out again, or it is over.
    pub(super) fn on_unauthorized(
        &mut self,
        refused: Pending,
        response: &Response<Vec<u8>>,
        now: Instant,
    ) {
        let method = refused.method.clone();
        let why = match self.dialogue.again(refused, response, now) {
            Ok(request) => return self.outputs.push_back(Output::Send(request)),
            // What plays is not ended because a keep-alive is refused.
            Err(_) if self.phase == Phase::Playing => {
                return self.watch.on_keep_alive(&method, 401);
            }
            Err(why) => why,
        };
        self.end(match why {
            Refused::NoPassword { realm } => End::PasswordMissing { realm },
            Refused::WrongPassword { user } => End::WrongPassword { user },
            Refused::Unsupported { offered } => End::AuthUnsupported { offered },
        });
    }

    /// What a refusal other than 401 means.
    pub(super) fn refusal(&self, asked: &Pending, response: &Response<Vec<u8>>) -> End {
        let reason = quote(response.reason_phrase(), self.dialogue.auth.secret());
        match u16::from(response.status()) {
            404 | 410 => End::NotFound { reason },
            403 => End::Forbidden { reason },
            // 453 is "Not Enough Bandwidth" and means "too many viewers" in practice.
            status @ (453 | 503) => End::Busy { status, reason },
            status => End::Status {
                method: method_name(&asked.method),
                status,
                reason,
            },
        }
    }

    /// A refused SETUP: another transport, a track less, or the end.
    pub(super) fn on_setup_refused(
        &mut self,
        track: usize,
        asked: &Pending,
        response: &Response<Vec<u8>>,
        now: Instant,
    ) {
        let status = u16::from(response.status());
        // 461 is the right code; 406 and 415 are seen instead of it.
        let transport = matches!(status, 461 | 406 | 415);
        if transport && self.carriage == Carriage::Tcp && self.may_leave_tcp() {
            return self.leave_tcp(Warning::TcpRefused { status }, now);
        }
        if track > 0 {
            let reason = quote(response.reason_phrase(), self.dialogue.auth.secret());
            return self.leave_out(track, status, reason, now);
        }
        self.end(match transport {
            true => End::TransportRefused {
                asked: self.carriage,
                both: self.gave_up_tcp.is_some(),
            },
            false => self.refusal(asked, response),
        });
    }

    /// Whether UDP may be tried.
    pub(super) fn may_leave_tcp(&self) -> bool {
        self.options.transport == Transport::Auto && !self.address.tls()
    }

    /// Goes over to UDP: on the same connection while there is no session yet, else on a new one.
    pub(super) fn leave_tcp(&mut self, why: Warning, now: Instant) {
        if !self.may_leave_tcp() {
            return self.end(End::TransportRefused {
                asked: Carriage::Tcp,
                both: false,
            });
        }
        self.carriage = Carriage::Udp;
        self.gave_up_tcp = Some(why.clone());
        self.outputs.push_back(Output::Event(Event::Warning(why)));
        if self.dialogue.session.is_none() {
            self.intake.truncate(0);
            return self.set_up(0, now);
        }
        if let Some(request) = self.teardown() {
            self.outputs.push_back(Output::Send(request));
        }
        self.dial();
    }

    /// A 3xx.
    pub(super) fn on_redirect(&mut self, asked: &Pending, response: &Response<Vec<u8>>) {
        match response
            .header(&LOCATION)
            .map(|location| location.as_str().to_owned())
        {
            Some(location) => self.follow(Some(&location)),
            None => self.end(self.refusal(asked, response)),
        }
    }

    /// Goes where a redirect leads, with the credentials only if it is the same host. Whether the
    /// address may be dialled is checked by the driver, once the name is resolved (SEC-25).
    pub(super) fn follow(&mut self, location: Option<&str>) {
        let Some(Ok((target, credentials))) =
            location.map(|location| self.address.redirected(location))
        else {
            return self.end(End::BadRedirect);
        };
        if self.redirects >= MAX_REDIRECTS {
            return self.end(End::TooManyRedirects {
                followed: self.redirects,
                to: target.to_string(),
            });
        }
        self.redirects += 1;
        if credentials.is_some() || !self.address.trusts(&target) {
            self.dialogue.auth = Authenticator::new(credentials);
        }
        self.address = target;
        self.dial();
    }
}

/// A method's name as it is written.
pub(super) fn method_name(method: &Method) -> &'static str {
    match method {
        Method::Options => "OPTIONS",
        Method::Describe => "DESCRIBE",
        Method::Setup => "SETUP",
        Method::Play => "PLAY",
        Method::GetParameter => "GET_PARAMETER",
        Method::SetParameter => "SET_PARAMETER",
        Method::Teardown => "TEARDOWN",
        _ => "a request",
    }
}
