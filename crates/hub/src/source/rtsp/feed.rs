//! From a camera's packets to the stream: one [`Ingest`] per track, one [`Producer`] per epoch, and
//! what viewers should know about the picture.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use lenswire_api::{Code, Problem};
use lenswire_media::{Ingest, Malformed, ParameterSets, Producer, Stream, Track, TrackId, Tracks};
use lenswire_rtsp::Rtp;

use super::problem;
use super::sound::Sound;
use crate::source::{Progress, Report};

/// The client puts the picture first.
const VIDEO: usize = 0;

/// How long video packets may come without a single frame in them. Shorter than the 5 s that a
/// silent camera is given, or it would be chance whether this one is told what it does, and parked,
/// or is taken for silent and dialled again at once, for ever.
const NO_FRAME: Duration = Duration::from_secs(4);

/// How often the picture is looked at for concerns. They change with groups of pictures.
const LOOK: Duration = Duration::from_secs(1);

/// The writing end of one session.
pub(super) struct Feed<'a> {
    stream: &'a Stream,
    producer: Option<Producer>,
    intakes: Vec<Intake>,
    live: bool,
    /// From when to when video packets have come without a frame; `None` right after one.
    frameless: Option<(Instant, Instant)>,
    next_look: Option<Instant>,
    warned: BTreeMap<&'static str, Code>,
}

/// One track.
enum Intake {
    /// Goes on as it comes.
    Forwarded(Box<Ingest>),
    /// Becomes something else.
    Converted(Track, Box<Sound>),
}

impl Intake {
    fn new(track: Track) -> Self {
        match track.parameters {
            ParameterSets::Converted(format) => {
                Self::Converted(track, Box::new(Sound::new(format)))
            }
            _ => Self::Forwarded(Box::new(Ingest::new(track))),
        }
    }

    fn track(&self) -> &Track {
        match self {
            Self::Forwarded(ingest) => ingest.track(),
            Self::Converted(track, _) => track,
        }
    }
}

impl<'a> Feed<'a> {
    pub(super) fn new(stream: &'a Stream) -> Self {
        Self {
            stream,
            producer: None,
            intakes: Vec::new(),
            live: false,
            frameless: None,
            next_look: None,
            warned: BTreeMap::new(),
        }
    }

    /// The camera's tracks are known: a new epoch begins.
    pub(super) fn begin(&mut self, tracks: Vec<Track>) {
        self.intakes = tracks.into_iter().map(Intake::new).collect();
        self.produce();
    }

    fn produce(&mut self) {
        // A camera cannot be asked for a keyframe by RTSP; the wish waits for ONVIF.
        self.producer = Some(self.stream.produce(self.tracks(), Arc::new(|| {})));
    }

    fn tracks(&self) -> Tracks {
        Tracks(
            self.intakes
                .iter()
                .map(|intake| intake.track().clone())
                .collect(),
        )
    }

    /// Takes a packet; says what is wrong with it if it is garbage.
    pub(super) fn on_rtp(&mut self, rtp: &Rtp, report: Report<'_>) -> Option<Malformed> {
        if rtp.fresh && self.live {
            // Another source took over: its numbers and times have nothing to do with the last one's.
            self.begin(self.tracks().0);
        }
        let id = TrackId(u8::try_from(rtp.track).ok()?);
        let intake = self.intakes.get_mut(rtp.track)?;
        if rtp.track == VIDEO {
            let since = self.frameless.map_or(rtp.arrived, |(since, _)| since);
            self.frameless = Some((since, rtp.arrived));
            if !std::mem::replace(&mut self.live, true) {
                report(Progress::Live);
                report(Progress::Resolved(Code::CameraSilent));
            }
        }
        let packet = lenswire_media::Rtp {
            seq: rtp.packet.seq,
            timestamp: rtp.packet.time,
            marker: rtp.packet.marker,
            payload: rtp.packet.payload(),
            arrived: rtp.arrived,
        };
        let ingest = match intake {
            Intake::Forwarded(ingest) => ingest,
            Intake::Converted(_, sound) => {
                let producer = self.producer.as_ref()?;
                sound.push(&packet, id, self.stream, producer);
                return None;
            }
        };
        let pushed = ingest.push(&packet);
        if ingest.changed_track().is_some() {
            let tracks = self.tracks();
            self.producer.as_mut()?.set_tracks(tracks);
        }
        match pushed {
            Ok(packets) => {
                if rtp.track == VIDEO && !packets.is_empty() {
                    self.frameless = None;
                }
                self.producer.as_mut()?.write(id, rtp.arrived, packets);
                None
            }
            Err(malformed) => Some(malformed),
        }
    }

    pub(super) fn on_sender_report(&mut self, track: usize, ntp: u64, time: u32) {
        match self.intakes.get_mut(track) {
            Some(Intake::Forwarded(ingest)) => ingest.on_sender_report(ntp, time),
            Some(Intake::Converted(_, sound)) => sound.on_sender_report(ntp, time),
            None => {}
        }
    }

    /// Whether video packets come and never make a frame (A9: a unit without an end).
    pub(super) fn is_frameless(&self) -> bool {
        self.frameless
            .is_some_and(|(since, last)| last.saturating_duration_since(since) >= NO_FRAME)
    }

    /// Tells what has become wrong with the picture, and what no longer is.
    pub(super) fn look(&mut self, now: Instant, report: Report<'_>) {
        if !self.live || self.next_look.is_some_and(|next| next > now) {
            return;
        }
        self.next_look = Some(now + LOOK);
        let problems = self.intakes.iter().flat_map(|intake| match intake {
            Intake::Forwarded(ingest) => {
                let concerns = ingest.facts(now).concerns.into_iter();
                concerns
                    .map(|concern| problem::of_concern(&concern))
                    .collect()
            }
            Intake::Converted(_, sound) => {
                let hopeless = sound.hopeless().into_iter();
                hopeless.map(problem::of_hopeless).collect::<Vec<_>>()
            }
        });
        let problems: BTreeMap<&'static str, Problem> = problems
            .map(|problem| (problem.code.name(), problem))
            .collect();
        self.warned.retain(|name, code| {
            let holds = problems.contains_key(name);
            if !holds {
                report(Progress::Resolved(*code));
            }
            holds
        });
        for (name, problem) in problems {
            if self.warned.insert(name, problem.code).is_none() {
                report(Progress::Warning(problem));
            }
        }
    }
}
