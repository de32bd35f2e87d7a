//! From a source's pictures and sound to packets: what is due when, and in which format. Pure: the
//! time is an argument, so its tests run on a clock of their own.

use std::time::{Duration, Instant};

use lenswire_codec::{
    Error, H264Encoder, H264Settings, OPUS_FRAME, OPUS_RATE, OpusEncoder, OpusSettings,
};
use lenswire_media::{Codec, Packet, Packetizer, ParameterSets, Track, TrackId, Tracks, WallTime};

use crate::cadence::Cadence;
use crate::{Format, Source};

#[cfg(test)]
mod tests;

/// Bits a second of 720p30 video. Half shows blocks in the moving digits, double nobody sees.
const VIDEO_BITRATE: u32 = 2_000_000;

/// Longest time between keyframes: what a lost viewer waits at most without asking.
const KEYFRAME_INTERVAL: Duration = Duration::from_secs(1);

/// Bits a second of sound: transparent for speech, good for music.
const AUDIO_BITRATE: u32 = 64_000;

/// Opus packets a second: 20 ms each.
const SOUNDS: u32 = OPUS_RATE / OPUS_FRAME as u32;

/// So many packets of sound (200 ms) are made up for after a delay; a longer gap is left a gap.
const SOUND_BACKLOG: u64 = 10;

/// The wall clock may drift that far against the steady one before sound follows it. Smaller steps
/// would be heard, larger ones make the tick miss the second.
const DRIFT: Duration = Duration::from_millis(5);

const VIDEO: TrackId = TrackId(0);
const AUDIO: TrackId = TrackId(1);

/// One reading of both clocks.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Moment {
    /// The steady clock, which paces.
    pub(crate) steady: Instant,
    /// The wall clock, which is shown and sent along.
    pub(crate) wall: WallTime,
}

/// Packets of one picture or of 20 ms of sound.
#[derive(Debug)]
pub(crate) struct Made {
    pub(crate) track: TrackId,
    pub(crate) packets: Vec<Packet>,
}

/// Records one source.
pub(crate) struct Recorder<S> {
    source: S,
    format: Format,
    start: Instant,
    /// The wall clock at `start`, as sound counts it.
    sound_start: WallTime,
    pictures: Cadence,
    sounds: Cadence,
    video: H264Encoder,
    video_packets: Packetizer,
    audio: OpusEncoder,
    audio_packets: Packetizer,
    wish: Wish,
}

/// Whether the next picture must be a keyframe.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wish {
    None,
    Keyframe,
}

impl<S: Source> Recorder<S> {
    /// The first picture and sound are due at once.
    pub(crate) fn new(source: S, now: Moment) -> Result<Self, Error> {
        let format = source.format();
        let (rate, second) = (format.rate, Duration::from_secs(1));
        let settings = H264Settings {
            size: format.size,
            rate,
            bitrate: VIDEO_BITRATE,
            keyframe_interval: KEYFRAME_INTERVAL,
        };
        Ok(Self {
            source,
            format,
            start: now.steady,
            sound_start: now.wall,
            // A picture that is late shows the time it is drawn at; making up for it shows nothing.
            pictures: Cadence::new(now.steady, rate, second, 0),
            sounds: Cadence::new(now.steady, SOUNDS, second, SOUND_BACKLOG),
            video: H264Encoder::new(settings)?,
            video_packets: Packetizer::new(Codec::H264),
            audio: OpusEncoder::new(OpusSettings {
                channels: format.channels,
                bitrate: AUDIO_BITRATE,
            })?,
            audio_packets: Packetizer::new(Codec::Opus),
            wish: Wish::None,
        })
    }

    /// What it makes; with parameter sets once the first picture is made.
    pub(crate) fn tracks(&self) -> Tracks {
        let video = Track {
            codec: Codec::H264,
            channels: 0,
            parameters: self.video_packets.parameters(),
        };
        let audio = Track {
            codec: Codec::Opus,
            channels: self.format.channels,
            parameters: ParameterSets::None,
        };
        Tracks(vec![video, audio])
    }

    /// Makes the next picture a keyframe.
    pub(crate) fn wish_keyframe(&mut self) {
        self.wish = Wish::Keyframe;
    }

    /// When something is due.
    pub(crate) fn due(&self) -> Instant {
        self.pictures.due().min(self.sounds.due())
    }

    /// Makes one thing that is due; none when nothing is. The very first is a picture.
    pub(crate) fn step(&mut self, now: Moment) -> Result<Option<Made>, Error> {
        if let Some(n) = self.pictures.take(now.steady) {
            return self.picture(n, now);
        }
        match self.sounds.take(now.steady) {
            Some(n) => self.sound(n, now).map(Some),
            None => Ok(None),
        }
    }

    fn picture(&mut self, n: u64, now: Moment) -> Result<Option<Made>, Error> {
        let picture = self.source.picture(now.wall);
        let force = self.wish == Wish::Keyframe;
        let encoded = self.video.encode(picture, self.pictures.offset(n), force)?;
        if encoded.keyframe {
            self.wish = Wish::None;
        }
        if encoded.is_empty() {
            return Ok(None);
        }
        let clock = u64::from(Codec::H264.clock_rate());
        let time = (n * clock / u64::from(self.format.rate)) as i64;
        let packets = self
            .video_packets
            .frame(encoded.annex_b(), time, Some(now.wall));
        Ok(Some(Made {
            track: VIDEO,
            packets,
        }))
    }

    fn sound(&mut self, n: u64, now: Moment) -> Result<Made, Error> {
        let start = self.wall_of(self.sounds.offset(n), now);
        let mut samples = vec![0; OPUS_FRAME * usize::from(self.format.channels)];
        self.source.sound(start, &mut samples);
        let (packet, time) = (self.audio.encode(&samples)?, (n * OPUS_FRAME as u64) as i64);
        Ok(Made {
            track: AUDIO,
            packets: self.audio_packets.frame(&packet, time, Some(start)),
        })
    }

    /// The wall clock that long after the start, by a scale that samples can be counted on: it
    /// follows the wall clock only when that was set.
    fn wall_of(&mut self, offset: Duration, now: Moment) -> WallTime {
        let elapsed = now.steady.saturating_duration_since(self.start);
        let measured = now.wall.0.saturating_sub(micros(elapsed));
        if measured.abs_diff(self.sound_start.0) > micros(DRIFT) {
            self.sound_start = WallTime(measured);
        }
        WallTime(self.sound_start.0 + micros(offset))
    }
}

fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}
