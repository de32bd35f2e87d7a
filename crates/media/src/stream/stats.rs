//! What a stream measures of its source.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use crate::facts::{self, OrderWatch, VideoFacts};
use crate::{Batch, Kind, TrackId, Tracks};

/// Bitrate and frame rate are means over this.
const WINDOW: Duration = Duration::from_secs(2);
/// A stream younger than this is measured as if it were this old, so that its first frame alone
/// does not look like a flood.
const WINDOW_MIN: Duration = Duration::from_millis(500);
/// The keyframe interval is the median of this many.
const INTERVALS: usize = 5;

/// Measurements of a stream.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct StreamStats {
    /// Payload bits per second of all tracks over the last 2 s.
    pub bitrate: u64,
    /// Video frames per second over the last 2 s.
    pub frames_per_second: f32,
    /// Median of the last five distances between keyframes.
    pub keyframe_interval: Option<Duration>,
    /// Payload bytes of all tracks so far; of all epochs.
    pub bytes: u64,
    /// Packets of all tracks so far; of all epochs.
    pub packets: u64,
    /// Packets that never came, as the gaps in their numbers tell; of all epochs.
    pub lost_packets: u64,
    /// How many frames the sequence parameter set allows to be out of order; above 0 there may be
    /// B-frames. None when the codec or the camera does not say.
    pub reorder_frames: Option<u32>,
    /// Whether frames come in another order than they are shown.
    pub b_frames: bool,
    /// Picture size in pixels, when the codec's parameter sets tell it.
    pub size: Option<(u32, u32)>,
    /// When the last video packet came.
    pub last_video: Option<Instant>,
}

/// Gathers what [`StreamStats`] says.
#[derive(Default)]
pub(super) struct Meter {
    video: Option<TrackId>,
    started: Option<Instant>,
    /// When, bytes, video frames ended.
    window: VecDeque<(Instant, usize, usize)>,
    intervals: VecDeque<Duration>,
    last_keyframe: Option<Instant>,
    order: OrderWatch,
    next_seq: Vec<Option<u64>>,
    lost: u64,
    bytes: u64,
    packets: u64,
    video_facts: Option<VideoFacts>,
    last_video: Option<Instant>,
}

impl Meter {
    pub(super) fn on_epoch(&mut self) {
        self.last_keyframe = None;
        self.order = OrderWatch::default();
        self.next_seq.clear();
    }

    pub(super) fn on_tracks(&mut self, tracks: &Tracks) {
        let video = tracks.first(Kind::Video);
        self.video = video.map(|(id, _)| id);
        self.video_facts = video.and_then(|(_, track)| facts::inspect(&track.parameters));
    }

    pub(super) fn on_batch(&mut self, batch: &Batch) {
        let now = batch.arrived;
        self.started.get_or_insert(now);
        self.count_lost(batch);
        self.bytes += batch.bytes() as u64;
        self.packets += batch.packets.len() as u64;
        let is_video = Some(batch.track) == self.video;
        if is_video {
            self.last_video = Some(now);
            self.follow_frames(batch);
        }
        let frames = if is_video {
            batch.packets.iter().filter(|p| p.frame_end).count()
        } else {
            0
        };
        self.window.push_back((now, batch.bytes(), frames));
        while self
            .window
            .front()
            .is_some_and(|(at, ..)| now.saturating_duration_since(*at) > WINDOW)
        {
            self.window.pop_front();
        }
    }

    fn count_lost(&mut self, batch: &Batch) {
        let track = usize::from(batch.track.0);
        if self.next_seq.len() <= track {
            self.next_seq.resize(track + 1, None);
        }
        for packet in &batch.packets {
            if let Some(expected) = self.next_seq[track] {
                self.lost += packet.seq.saturating_sub(expected);
            }
            self.next_seq[track] = Some(packet.seq + 1);
        }
    }

    fn follow_frames(&mut self, batch: &Batch) {
        for packet in batch.packets.iter().filter(|p| p.frame_start) {
            self.order.on_frame(packet.time);
            if let Some(last) = packet
                .keyframe
                .then(|| self.last_keyframe.replace(batch.arrived))
                .flatten()
            {
                self.intervals
                    .push_back(batch.arrived.saturating_duration_since(last));
                if self.intervals.len() > INTERVALS {
                    self.intervals.pop_front();
                }
            }
        }
    }

    pub(super) fn keyframe_interval(&self) -> Option<Duration> {
        let mut sorted: Vec<Duration> = self.intervals.iter().copied().collect();
        sorted.sort_unstable();
        sorted.get(sorted.len() / 2).copied()
    }

    pub(super) fn size(&self) -> Option<(u32, u32)> {
        self.video_facts.as_ref().map(|facts| facts.size)
    }

    pub(super) fn stats(&self, now: Instant) -> StreamStats {
        let recent = self
            .window
            .iter()
            .filter(|(at, ..)| now.saturating_duration_since(*at) <= WINDOW);
        let (bytes, frames) =
            recent.fold((0, 0), |(b, f), (_, bytes, frames)| (b + bytes, f + frames));
        let age = self
            .started
            .map_or(WINDOW, |at| now.saturating_duration_since(at));
        let seconds = age.clamp(WINDOW_MIN, WINDOW).as_secs_f64();
        StreamStats {
            bitrate: (bytes as f64 * 8.0 / seconds) as u64,
            frames_per_second: (frames as f64 / seconds) as f32,
            keyframe_interval: self.keyframe_interval(),
            bytes: self.bytes,
            packets: self.packets,
            lost_packets: self.lost,
            reorder_frames: self
                .video_facts
                .as_ref()
                .and_then(|facts| facts.reorder_frames),
            b_frames: self.order.is_mixed(),
            size: self.size(),
            last_video: self.last_video,
        }
    }
}
