//! What is gathered when `/metrics` is asked for.

use std::collections::BTreeMap;
use std::time::Instant;

use lenswire_rtc::{Load, SessionStats};

use crate::stream::Entry;

/// What sessions have carried.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Totals {
    pub(super) packets: u64,
    pub(super) bytes: u64,
    pub(super) retransmitted: u64,
    pub(super) refused: u64,
    pub(super) nacks: u64,
    pub(super) keyframe_requests: u64,
    pub(super) dropped_frames: u64,
    pub(super) dropped_packets: u64,
}

impl Totals {
    /// One session's figures to the others'.
    pub(crate) fn add(&mut self, stats: &SessionStats) {
        self.packets += stats.packets;
        self.bytes += stats.bytes;
        self.retransmitted += stats.retransmitted;
        self.refused += stats.retransmits_refused;
        self.nacks += stats.nacks;
        self.keyframe_requests += stats.keyframe_requests;
        self.dropped_frames += stats.dropped_frames;
        self.dropped_packets += stats.dropped_packets;
    }
}

/// Which of a stream's pictures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Picture {
    /// The stream itself, with so many viewers.
    Main { watching: usize },
    /// The smaller one.
    Substream,
}

/// One source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct SourceFigures {
    pub(super) stream: String,
    pub(super) picture: &'static str,
    pub(super) bytes: u64,
    pub(super) packets: u64,
    pub(super) lost: u64,
    pub(super) reconnects: u64,
    pub(super) panics: u64,
}

/// Everything at one moment.
#[derive(Debug, Default)]
pub(crate) struct Figures {
    pub(super) totals: Totals,
    pub(super) load: Vec<Load>,
    /// Asynchronous tasks of the whole process.
    pub(super) tasks: usize,
    /// How many streams are in each state.
    pub(super) states: BTreeMap<&'static str, u64>,
    /// How many watch each stream.
    pub(super) watching: BTreeMap<String, u64>,
    pub(super) sources: Vec<SourceFigures>,
}

impl Figures {
    pub(crate) fn new(totals: Totals, load: Vec<Load>, tasks: usize) -> Self {
        Self {
            totals,
            load,
            tasks,
            ..Self::default()
        }
    }

    /// One stream, or its substream.
    pub(crate) fn add(&mut self, entry: &Entry, picture: Picture, now: Instant) {
        let (standing, stats) = (entry.standing(), entry.stats(now));
        let stream = entry.name().to_string();
        if let Picture::Main { watching } = picture {
            *self.states.entry(standing.word()).or_default() += 1;
            self.watching.insert(stream.clone(), watching as u64);
        }
        self.sources.push(SourceFigures {
            stream,
            picture: match picture {
                Picture::Main { .. } => "main",
                Picture::Substream => "substream",
            },
            bytes: stats.bytes,
            packets: stats.packets,
            lost: stats.lost_packets,
            reconnects: standing.reconnects,
            panics: standing.panics,
        });
    }
}
