//! Deadlines: what happens when the camera does not do something in time.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use rtsp_types::Method;

use super::intake::Found;
use super::refusals::method_name;
use super::talk::ANSWER;
use super::{Carriage, Client, Event, Output, Phase, Port, Totals, Warning};
use crate::end::End;

/// How long after PLAY the first picture may take. Cameras with a 10 s GOP send at once
/// (P frames count), so five seconds of nothing is silence.
pub(super) const FIRST_MEDIA: Duration = Duration::from_secs(5);

/// How long pictures may stay away (A2). Only video counts: RTCP and sound go on when an encoder
/// hangs.
pub(super) const STALL: Duration = Duration::from_secs(5);

/// Between receiver reports (RFC 3550 section 6.2: at least five seconds).
const REPORT: Duration = Duration::from_secs(5);

/// The first report comes sooner: over UDP it opens the way for the camera's.
const FIRST_REPORT: Duration = Duration::from_secs(1);

/// This many bad packets within [`MISBEHAVIOUR_WINDOW`] end a session (A7).
const MISBEHAVIOUR: usize = 50;

/// See [`MISBEHAVIOUR`].
const MISBEHAVIOUR_WINDOW: Duration = Duration::from_secs(10);

/// Keep-alives are sent at half the session's timeout, within these bounds.
const KEEP_ALIVE: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(60));

/// Half of the 60 s that a camera waits if it does not say otherwise.
const KEEP_ALIVE_DEFAULT: Duration = Duration::from_secs(30);

/// What is being watched.
#[derive(Debug)]
pub(super) struct Watch {
    playing: Option<Instant>,
    keep_alive: Duration,
    next_keep_alive: Option<Instant>,
    next_report: Option<Instant>,
    /// How to say that we are there: the first is used until it is refused or ignored.
    methods: VecDeque<Method>,
    bad: VecDeque<Instant>,
    bad_total: u64,
    last_bad: String,
}

impl Default for Watch {
    fn default() -> Self {
        Self {
            playing: None,
            keep_alive: KEEP_ALIVE_DEFAULT,
            next_keep_alive: None,
            next_report: None,
            methods: VecDeque::from([Method::Options]),
            bad: VecDeque::new(),
            bad_total: 0,
            last_bad: String::new(),
        }
    }
}

impl Watch {
    /// Takes `Public`. GET_PARAMETER before SET_PARAMETER before OPTIONS, as offered: some
    /// cameras ignore OPTIONS as a sign of life (go2rtc #2409), some servers close the connection
    /// on a method that they do not offer. Where nothing is said, OPTIONS first.
    pub(super) fn offered(&mut self, public: &str) {
        let offers = |method: &Method| {
            public
                .split([',', ' '])
                .any(|word| word.trim().eq_ignore_ascii_case(method_name(method)))
        };
        let all = [Method::GetParameter, Method::SetParameter, Method::Options];
        self.methods = match public.trim() {
            "" => VecDeque::from([Method::Options, Method::GetParameter]),
            _ => all
                .into_iter()
                .filter(|method| *method == Method::Options || offers(method))
                .collect(),
        };
    }

    pub(super) fn keep_alive_every(&mut self, timeout: Duration) {
        self.keep_alive = (timeout / 2).clamp(KEEP_ALIVE.0, KEEP_ALIVE.1);
    }

    pub(super) fn playing(&mut self, now: Instant) {
        self.playing = Some(now);
        self.next_keep_alive = Some(now + self.keep_alive);
        self.next_report = Some(now + FIRST_REPORT);
    }

    /// An answer to a keep-alive: whatever refuses it is not asked again.
    pub(super) fn on_keep_alive(&mut self, method: &Method, status: u16) {
        if status >= 300 && self.methods.front() == Some(method) {
            self.next_method();
        }
    }

    fn next_method(&mut self) {
        if self.methods.len() > 1 {
            self.methods.pop_front();
        }
    }

    /// Counts a packet that was none.
    pub(super) fn bad(&mut self, what: String, now: Instant) {
        while self
            .bad
            .front()
            .is_some_and(|first| now.saturating_duration_since(*first) >= MISBEHAVIOUR_WINDOW)
        {
            self.bad.pop_front();
        }
        self.bad_total += 1;
        self.last_bad = what;
        if self.bad.len() < MISBEHAVIOUR {
            self.bad.push_back(now);
        }
    }

    /// What the camera does, if it is too much.
    fn misbehaves(&self) -> Option<End> {
        let what = || {
            format!(
                "{} ({MISBEHAVIOUR} times within {} s)",
                self.last_bad,
                MISBEHAVIOUR_WINDOW.as_secs()
            )
        };
        (self.bad.len() >= MISBEHAVIOUR).then(|| End::Misbehaves { what: what() })
    }

    pub(super) fn count(&self, totals: Totals) -> Totals {
        Totals {
            bad: self.bad_total,
            ..totals
        }
    }
}

impl Client {
    /// Passes on what came of packets.
    pub(super) fn after_media(&mut self, now: Instant) {
        while let Some(found) = self.intake.found.pop_front() {
            match found {
                Found::Event(event) => self.outputs.push_back(Output::Event(event)),
                Found::Bad(what) => self.watch.bad(what.to_owned(), now),
                Found::Bye { track: 0, reason } => self.end(End::Bye { reason }),
                Found::Bye { .. } => {}
            }
        }
        if let Some(end) = self.watch.misbehaves() {
            self.end(end);
        }
    }

    /// When [`super::Input::Tick`] is wanted.
    pub(super) fn deadline(&self) -> Option<Instant> {
        let answer = self
            .dialogue
            .pending
            .as_ref()
            .filter(|_| self.waits_for_answer())
            .map(|pending| pending.due());
        let media = self.watch.playing.map(|playing| self.media_due(playing));
        let watch = [self.watch.next_keep_alive, self.watch.next_report, media];
        let live = watch
            .into_iter()
            .filter(|_| self.phase == Phase::Playing)
            .flatten();
        let waiting = self.intake.wake_at();
        live.chain(answer)
            .chain(waiting)
            .min()
            .filter(|_| self.phase != Phase::Ended)
    }

    fn waits_for_answer(&self) -> bool {
        !matches!(self.phase, Phase::Playing | Phase::Dialling | Phase::Ended)
    }

    fn media_due(&self, playing: Instant) -> Instant {
        self.intake
            .last(0)
            .map_or(playing + FIRST_MEDIA, |last| last + STALL)
    }

    pub(super) fn tick(&mut self, now: Instant) {
        self.intake.tick(now);
        self.after_media(now);
        let overdue = self
            .dialogue
            .pending
            .as_ref()
            .filter(|pending| pending.due() <= now && self.waits_for_answer());
        match (overdue, self.phase) {
            (None, _) => {}
            // Cameras that play and forget to answer PLAY.
            (Some(_), Phase::Starting) if self.intake.last(0).is_some() => {
                self.dialogue.pending = None;
                self.start_playing(now);
            }
            (Some(pending), _) => {
                let method = method_name(&pending.method);
                return self.end(End::NoAnswer {
                    method,
                    after: ANSWER,
                });
            }
        }
        if self.phase == Phase::Playing {
            self.watch_media(now);
        }
        if self.phase == Phase::Playing {
            self.keep_alive(now);
            self.report(now);
        }
    }

    fn watch_media(&mut self, now: Instant) {
        let Some(playing) = self.watch.playing else {
            return;
        };
        if self.media_due(playing) > now {
            return;
        }
        if self.intake.last(0).is_some() {
            let alive = self
                .intake
                .last(1)
                .is_some_and(|last| now.saturating_duration_since(last) < STALL);
            return self.end(End::Stalled {
                after: STALL,
                alive,
            });
        }
        if self.carriage == Carriage::Tcp && self.may_leave_tcp() {
            return self.leave_tcp(Warning::TcpSilent, now);
        }
        self.end(End::Silent {
            over: self.carriage,
            after: FIRST_MEDIA,
            tcp_too: self.gave_up_tcp == Some(Warning::TcpSilent),
            reports: self.intake.reported(0),
        });
    }

    fn keep_alive(&mut self, now: Instant) {
        if self.watch.next_keep_alive.is_none_or(|next| next > now) {
            return;
        }
        self.watch.next_keep_alive = Some(now + self.watch.keep_alive);
        if self.dialogue.pending.take().is_some() {
            // The last one was ignored. While media flows that is no reason to end.
            self.watch.next_method();
        }
        let method = self
            .watch
            .methods
            .front()
            .cloned()
            .unwrap_or(Method::Options);
        if let Some(url) = self.plan.as_ref().map(|plan| plan.aggregate.clone()) {
            self.send(method, &url, Vec::new(), now);
        }
    }

    fn report(&mut self, now: Instant) {
        if self.watch.next_report.is_none_or(|next| next > now) {
            return;
        }
        self.watch.next_report = Some(now + REPORT);
        for (track, to, bytes) in self.intake.reports(now) {
            self.outputs.push_back(match to {
                Ok(to) => Output::SendTo {
                    track,
                    port: Port::Rtcp,
                    to,
                    bytes,
                },
                Err(channel) => Output::Send(interleaved(channel, &bytes)),
            });
        }
    }

    pub(super) fn start_playing(&mut self, now: Instant) {
        self.phase = Phase::Playing;
        self.watch.playing(now);
        self.outputs
            .push_back(Output::Event(Event::Playing(self.carriage)));
    }
}

/// A frame on the control connection (RFC 2326 section 10.12).
fn interleaved(channel: u8, payload: &[u8]) -> Vec<u8> {
    let length = u16::try_from(payload.len()).unwrap_or(0);
    let mut frame = vec![b'$', channel];
    frame.extend(length.to_be_bytes());
    frame.extend(payload.get(..usize::from(length)).unwrap_or_default());
    frame
}
