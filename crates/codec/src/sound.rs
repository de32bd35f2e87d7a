//! Sound that browsers don't play, to Opus: decoded, brought to 48 kHz, encoded.
//!
//! AAC-LC is decoded by Symphonia, which is Rust and takes no other AAC: what of HE-AAC stands in its
//! bit stream beside AAC-LC is passed over, so that the lower half of the frequencies is heard.

use rubato::audioadapter_buffers::direct::InterleavedSlice;
use rubato::{Async, FixedAsync, Resampler, SincInterpolationParameters, WindowFunction};
use symphonia_codec_aac::AacDecoder;
use symphonia_core::audio::layouts::{CHANNEL_LAYOUT_MONO, CHANNEL_LAYOUT_STEREO};
use symphonia_core::codecs::audio::well_known::CODEC_ID_AAC;
use symphonia_core::codecs::audio::{AudioCodecParameters, AudioDecoder, AudioDecoderOptions};
use symphonia_core::packet::PacketRef;
use symphonia_core::units::{Duration, Timestamp};

use crate::{Error, OPUS_FRAME, OPUS_RATE, OpusEncoder, OpusSettings};

/// Bits a second for each channel: speech and street noise have no need of more.
const BITRATE: u32 = 48_000;

/// Length of the resampling filter. Half of it is heard less crisply; twice it costs twice as much.
const FILTER: usize = 64;

/// Times may differ by so many ticks, 15 ms, from what the samples add up to: cameras round them, some
/// to whole milliseconds. More is a gap or a jump, and what comes begins anew; a lost AAC unit is 21 ms
/// and more.
const TOLERANCE: i64 = 720;

/// How the samples come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SoundCoding {
    /// Access units of AAC-LC.
    Aac,
    /// Samples of 16 bits, the low byte first.
    Samples,
}

/// What comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SoundSettings {
    /// How it is coded.
    pub coding: SoundCoding,
    /// Samples a second of one channel.
    pub rate: u32,
    /// 1 or 2.
    pub channels: u8,
}

/// 20 ms of Opus.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpusPacket {
    /// Of its first sample, in ticks of 48 kHz.
    pub time: i64,
    /// For one RTP packet.
    pub data: Vec<u8>,
}

/// Converts one track.
pub struct SoundConverter {
    decoder: Decoder,
    /// None when the samples come as Opus takes them.
    resampler: Option<Async<f32>>,
    encoder: OpusEncoder,
    rate: u32,
    channels: usize,
    /// Interleaved samples that don't make a packet yet.
    waiting: Vec<f32>,
    /// The time of the next packet; none when the next unit says it.
    next: Option<i64>,
}

enum Decoder {
    Aac(Box<AacDecoder>),
    Samples,
}

impl SoundConverter {
    /// Makes one.
    ///
    /// # Errors
    /// [`Error::Length`] for other than 1 or 2 channels, [`Error::Aac`] and [`Error::Resampling`] for
    /// rates that can't be had.
    pub fn new(settings: SoundSettings) -> Result<Self, Error> {
        let channels = settings.channels;
        let encoder = OpusEncoder::new(OpusSettings {
            channels,
            bitrate: BITRATE * u32::from(channels),
        })?;
        let decoder = match settings.coding {
            SoundCoding::Aac => Decoder::Aac(Box::new(aac(settings)?)),
            SoundCoding::Samples => Decoder::Samples,
        };
        let resampler = (settings.rate != OPUS_RATE)
            .then(|| resampler(settings.rate, usize::from(channels)))
            .transpose()?;
        Ok(Self {
            decoder,
            resampler,
            encoder,
            rate: settings.rate,
            channels: usize::from(channels),
            waiting: Vec::new(),
            next: None,
        })
    }

    /// Takes a unit whose first sample is of `time`, in ticks of 48 kHz; gives the packets that are
    /// full with it.
    ///
    /// # Errors
    /// [`Error::Aac`] when it can't be decoded, which costs that unit.
    pub fn push(&mut self, unit: &[u8], time: i64) -> Result<Vec<OpusPacket>, Error> {
        if let Some(next) = self.next
            && (time - next - self.ahead()).abs() > TOLERANCE
        {
            self.restart();
        }
        self.decoder.decode(unit, &mut self.waiting)?;
        let delay = self.resampler.as_ref().map_or(0, |one| one.output_delay()) as i64;
        self.next.get_or_insert(time - delay);
        let mut packets = Vec::new();
        while let Some(samples) = self.frame()? {
            let time = self.next.unwrap_or(time);
            self.next = Some(time + OPUS_FRAME as i64);
            let data = self.encoder.encode_float(&samples)?;
            packets.push(OpusPacket { time, data });
        }
        Ok(packets)
    }

    /// How far the end of what waits is ahead of the next packet's time, in ticks of 48 kHz.
    fn ahead(&self) -> i64 {
        let waiting = (self.waiting.len() / self.channels) as i64;
        let delay = self.resampler.as_ref().map_or(0, |one| one.output_delay()) as i64;
        delay + waiting * i64::from(OPUS_RATE) / i64::from(self.rate)
    }

    /// What comes next has nothing to do with what came last.
    fn restart(&mut self) {
        self.waiting.clear();
        self.next = None;
        if let Some(resampler) = &mut self.resampler {
            resampler.reset();
        }
        if let Decoder::Aac(decoder) = &mut self.decoder {
            decoder.reset();
        }
    }

    /// The samples of one packet, when there are enough.
    fn frame(&mut self) -> Result<Option<Vec<f32>>, Error> {
        let frames = self
            .resampler
            .as_ref()
            .map_or(OPUS_FRAME, |resampler| resampler.input_frames_next());
        let length = frames * self.channels;
        if self.waiting.len() < length {
            return Ok(None);
        }
        let samples: Vec<f32> = self.waiting.drain(..length).collect();
        let Some(resampler) = &mut self.resampler else {
            return Ok(Some(samples));
        };
        let input = InterleavedSlice::new(samples.as_slice(), self.channels, frames);
        let input = input.map_err(|error| Error::Resampling(error.to_string()))?;
        let output = resampler.process(&input, None);
        let output = output.map_err(|error| Error::Resampling(error.to_string()))?;
        Ok(Some(output.take_data()))
    }
}

impl Decoder {
    /// Appends a unit's samples, interleaved.
    fn decode(&mut self, unit: &[u8], samples: &mut Vec<f32>) -> Result<(), Error> {
        match self {
            Self::Aac(decoder) => {
                let packet = PacketRef::new(0, Timestamp::ZERO, Duration::ZERO, unit);
                let decoded = decoder.decode_ref(&packet);
                let decoded = decoded.map_err(|error| Error::Aac(error.to_string()))?;
                let mut unit = Vec::<f32>::new();
                decoded.copy_to_vec_interleaved(&mut unit);
                samples.append(&mut unit);
            }
            Self::Samples => {
                let pairs = unit.chunks_exact(2);
                let sample =
                    |pair: &[u8]| f32::from(i16::from_le_bytes([pair[0], pair[1]])) / 32_768.0;
                samples.extend(pairs.map(sample));
            }
        }
        Ok(())
    }
}

fn aac(settings: SoundSettings) -> Result<AacDecoder, Error> {
    let mut parameters = AudioCodecParameters::new();
    let layout = if settings.channels == 1 {
        CHANNEL_LAYOUT_MONO
    } else {
        CHANNEL_LAYOUT_STEREO
    };
    // Without the camera's own description: what it may say was checked where it was read.
    parameters
        .for_codec(CODEC_ID_AAC)
        .with_sample_rate(settings.rate)
        .with_channels(layout);
    AacDecoder::try_new(&parameters, &AudioDecoderOptions::default())
        .map_err(|error| Error::Aac(error.to_string()))
}

fn resampler(rate: u32, channels: usize) -> Result<Async<f32>, Error> {
    let ratio = f64::from(OPUS_RATE) / f64::from(rate);
    let filter = SincInterpolationParameters::new(FILTER, WindowFunction::BlackmanHarris2);
    Async::new_sinc(
        ratio,
        1.0,
        &filter,
        OPUS_FRAME,
        channels,
        FixedAsync::Output,
    )
    .map_err(|error| Error::Resampling(error.to_string()))
}

impl std::fmt::Debug for SoundConverter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SoundConverter")
            .field("rate", &self.rate)
            .field("channels", &self.channels)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::OpusDecoder;

    const TONE: f32 = 1_000.0;

    /// A tone in units of 1,024 samples, as a camera sends them, each with its time.
    fn tone(rate: u32, channels: usize, units: usize) -> Vec<(i64, Vec<u8>)> {
        let unit = |n: usize| {
            let samples = (n * 1_024..(n + 1) * 1_024).flat_map(|at| {
                let turns = at as f32 * TONE / rate as f32;
                let sample = ((turns * std::f32::consts::TAU).sin() * 12_000.0) as i16;
                vec![sample; channels]
            });
            let time = (n * 1_024) as i64 * i64::from(OPUS_RATE) / i64::from(rate);
            (time, samples.flat_map(i16::to_le_bytes).collect())
        };
        (0..units).map(unit).collect()
    }

    fn converter(rate: u32, channels: u8) -> SoundConverter {
        SoundConverter::new(SoundSettings {
            coding: SoundCoding::Samples,
            rate,
            channels,
        })
        .unwrap()
    }

    /// How often a second the wave crosses zero upwards.
    fn frequency(samples: &[i16], channels: usize) -> f32 {
        let mono: Vec<i16> = samples.iter().step_by(channels).copied().collect();
        let crossings = mono.windows(2).filter(|w| w[0] < 0 && w[1] >= 0).count();
        crossings as f32 * OPUS_RATE as f32 / mono.len() as f32
    }

    // Requirement 80: a tone keeps its pitch whatever the rate that it comes in.
    #[test]
    fn a_tone_keeps_its_pitch_and_its_time() {
        for (rate, channels) in [(8_000, 1), (16_000, 1), (44_100, 2), (48_000, 2)] {
            let mut converter = converter(rate, channels);
            let mut decoder = OpusDecoder::new(channels).unwrap();
            let packets: Vec<OpusPacket> = tone(rate, usize::from(channels), 60)
                .iter()
                .flat_map(|(time, unit)| converter.push(unit, *time).unwrap())
                .collect();
            let steps = packets.windows(2).map(|pair| pair[1].time - pair[0].time);
            assert!(steps.into_iter().all(|step| step == 960), "{rate}");
            assert!(
                (-200..=0).contains(&packets[0].time),
                "{rate}: {}",
                packets[0].time
            );
            let heard: Vec<i16> = packets
                .iter()
                .skip(10)
                .flat_map(|packet| decoder.decode(&packet.data).unwrap())
                .collect();
            let heard = frequency(&heard, usize::from(channels));
            assert!((heard - TONE).abs() < 5.0, "{rate} Hz: {heard}");
        }
    }

    #[test]
    fn after_a_gap_time_goes_on_with_the_source() {
        let mut converter = converter(48_000, 1);
        let units = tone(48_000, 1, 20);
        let mut times = Vec::new();
        for (n, (time, unit)) in units.iter().enumerate() {
            // A second is missing in the middle; then a rounded time, which is none.
            let time = time + if n < 10 { 0 } else { 48_000 } + if n == 15 { 300 } else { 0 };
            let packets = converter.push(unit, time).unwrap();
            times.extend(packets.into_iter().map(|packet| packet.time));
        }
        let breaks: Vec<(i64, i64)> = times
            .windows(2)
            .map(|pair| (pair[0], pair[1]))
            .filter(|(a, b)| b - a != 960)
            .collect();
        assert_eq!(breaks, [(9 * 960, 10 * 1_024 + 48_000)]);
    }

    // A9
    #[test]
    fn nonsense_costs_itself_only() {
        let mut converter = SoundConverter::new(SoundSettings {
            coding: SoundCoding::Aac,
            rate: 44_100,
            channels: 2,
        })
        .unwrap();
        // A coupling channel element, which AAC-LC has none of.
        assert!(matches!(converter.push(&[0x40; 30], 0), Err(Error::Aac(_))));
        assert!(converter.push(&[], 0).is_ok());
        let none = SoundConverter::new(SoundSettings {
            coding: SoundCoding::Samples,
            rate: 44_100,
            channels: 6,
        });
        assert!(matches!(none, Err(Error::Length { .. })));
    }
}
