//! A publisher's session on a media thread: what it sends becomes a stream.

use std::sync::{Arc, OnceLock, Weak};
use std::time::Instant;

use lenswire_media::{Ingest, Kind, Producer, Rtp, Stream, TrackId, Tracks};

use super::handle::{Command, Handle};
use super::member::{Core, Turn};
use super::router::SessionId;
use super::session::Closed;
use super::thread::Work;
use crate::peer::{Arrived, Clock, Event, Incoming};

/// One publisher.
pub(super) struct Publisher {
    pub(super) core: Core,
    stream: Stream,
    /// While it is connected.
    writing: Option<Writing>,
    wisher: Arc<Wisher>,
}

/// The writing end of its stream.
struct Writing {
    producer: Producer,
    ingests: Vec<Ingest>,
    video: Option<TrackId>,
}

/// How its media thread hears of a viewer's wish for a keyframe.
#[derive(Default)]
struct Wisher(OnceLock<(Weak<Handle>, SessionId)>);

impl Wisher {
    /// A full queue loses the wish: whoever has it wishes again in a second.
    fn wish(&self) {
        if let Some((handle, id)) = self.0.get()
            && let Some(handle) = handle.upgrade()
        {
            let _ = handle.send(Command::KeyframeWished(*id));
        }
    }
}

impl Publisher {
    pub(super) fn new(core: Core, stream: Stream, handle: &Arc<Handle>) -> Self {
        let wisher = Arc::new(Wisher::default());
        // Set once, here.
        let _ = wisher.0.set((Arc::downgrade(handle), core.id));
        Self {
            core,
            stream,
            writing: None,
            wisher,
        }
    }

    /// Media can flow: the stream has a source from here on.
    pub(super) fn begin(&mut self) {
        self.core.connected();
        self.produce(self.core.peer.published());
    }

    fn produce(&mut self, tracks: Tracks) {
        let wisher = Arc::clone(&self.wisher);
        let video = tracks.first(Kind::Video).map(|(id, _)| id);
        let ingests = tracks.0.iter().cloned().map(Ingest::new).collect();
        self.writing = Some(Writing {
            producer: self.stream.produce(tracks, Arc::new(move || wisher.wish())),
            ingests,
            video,
        });
    }

    pub(super) fn tick(&mut self, clock: Clock, work: &mut Work) {
        self.core.peer.advance(clock.now, &mut work.flight);
    }

    /// What came of what was done to the peer, and when to look at it again.
    pub(super) fn settle(&mut self, clock: Clock, work: &mut Work) -> (Turn, Instant) {
        let mut turn = Turn::Goes;
        while let Some(event) = self.core.peer.poll_event() {
            match event {
                Event::Connected => turn = Turn::Connected,
                Event::Goodbye => turn = Turn::Ends(Closed::ByPeer),
                Event::Failed => turn = Turn::Ends(Closed::DtlsFailed),
                Event::KeyframeWanted | Event::LinkMeasured => {}
            }
        }
        while let Some(incoming) = self.core.peer.poll_incoming() {
            match incoming {
                Incoming::Packet(arrived) => self.on_packet(&arrived),
                Incoming::Report { track, ntp, time } => self.on_report(track, ntp, time),
            }
        }
        self.ask_keyframe(clock.now, work);
        (turn, self.core.peer.wake(clock.now))
    }

    fn on_packet(&mut self, arrived: &Arrived) {
        if arrived.is_fresh
            && let Some(writing) = &self.writing
        {
            // Its numbers and times have nothing to do with the last source's.
            let tracks = writing.ingests.iter().map(|ingest| ingest.track().clone());
            self.produce(Tracks(tracks.collect()));
        }
        let Some(Writing {
            producer, ingests, ..
        }) = &mut self.writing
        else {
            return;
        };
        let Some(ingest) = ingests.get_mut(usize::from(arrived.track.0)) else {
            return;
        };
        // What is malformed is counted by the ingest and costs its frame.
        let packets = ingest.push(&Rtp {
            seq: arrived.seq,
            timestamp: arrived.time,
            marker: arrived.marker,
            payload: &arrived.payload,
            arrived: arrived.at,
        });
        if ingest.changed_track().is_some() {
            let tracks = ingests.iter().map(|ingest| ingest.track().clone());
            producer.set_tracks(Tracks(tracks.collect()));
        }
        producer.write(arrived.track, arrived.at, packets.unwrap_or_default());
    }

    fn on_report(&mut self, track: TrackId, ntp: u64, time: u32) {
        let ingests = self.writing.as_mut().map(|writing| &mut writing.ingests);
        if let Some(ingest) = ingests.and_then(|all| all.get_mut(usize::from(track.0))) {
            ingest.on_sender_report(ntp, time);
        }
    }

    /// Passes on what viewers wish for: merged by the stream, and no more than one a second.
    fn ask_keyframe(&mut self, now: Instant, work: &mut Work) {
        if let Some(Writing {
            producer,
            video: Some(video),
            ..
        }) = &mut self.writing
            && producer.keyframe_wanted(now)
        {
            self.core.peer.request_keyframe(*video, &mut work.flight);
        }
    }

    /// Once a second: its figures.
    pub(super) fn report(&mut self, now: Instant) {
        let facts = self.writing.iter().flat_map(|writing| &writing.ingests);
        let concerns = facts
            .flat_map(|ingest| ingest.facts(now).concerns)
            .collect();
        self.core.report(
            now,
            |figures| figures.received_bytes,
            |stats, figures| {
                stats.packets = figures.received;
                stats.bytes = figures.received_bytes;
                stats.nacks = figures.asked;
                stats.lost = figures.lost;
                stats.concerns = concerns;
            },
        );
    }
}
