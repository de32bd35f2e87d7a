//! Opus by libopus, 20 ms at a time at 48 kHz, as RFC 7587 sends it.

use opus::{Application, Bitrate, Channels, Decoder, Encoder};

use crate::Error;
use crate::picture::expect_length;

/// Samples a second and channel. RFC 7587, 4.1: the RTP clock is always this, whatever is coded.
pub const OPUS_RATE: u32 = 48_000;

/// Samples of one channel in a packet: 20 ms. Half of it would double the packets for 10 ms.
pub const OPUS_FRAME: usize = 960;

/// Largest packet that libopus makes (RFC 6716, 3.2.1: 1,275 bytes of one frame, and the TOC).
const LARGEST: usize = 1_276;

/// How sound is coded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OpusSettings {
    /// 1 or 2.
    pub channels: u8,
    /// Bits a second on average.
    pub bitrate: u32,
}

fn channels(number: u8) -> Result<Channels, Error> {
    match number {
        1 => Ok(Channels::Mono),
        2 => Ok(Channels::Stereo),
        other => Err(Error::Length {
            expected: 2,
            got: usize::from(other),
        }),
    }
}

/// Encodes one sound track.
#[derive(Debug)]
pub struct OpusEncoder {
    encoder: Encoder,
    channels: u8,
}

impl OpusEncoder {
    /// Makes an encoder.
    ///
    /// # Errors
    /// [`Error::Length`] for other than 1 or 2 channels, [`Error::Opus`] for a bitrate that libopus
    /// does not take.
    pub fn new(settings: OpusSettings) -> Result<Self, Error> {
        let mut encoder =
            Encoder::new(OPUS_RATE, channels(settings.channels)?, Application::Audio)?;
        let bitrate = i32::try_from(settings.bitrate).unwrap_or(i32::MAX);
        encoder.set_bitrate(Bitrate::Bits(bitrate))?;
        Ok(Self {
            encoder,
            channels: settings.channels,
        })
    }

    /// Encodes [`OPUS_FRAME`] samples a channel, interleaved, to one packet.
    ///
    /// # Errors
    /// [`Error::Length`] for another number of samples, [`Error::Opus`] when libopus fails.
    pub fn encode(&mut self, samples: &[i16]) -> Result<Vec<u8>, Error> {
        expect_length(OPUS_FRAME * usize::from(self.channels), samples.len())?;
        Ok(self.encoder.encode_vec(samples, LARGEST)?)
    }

    /// The same with samples from -1 to 1.
    ///
    /// # Errors
    /// As [`Self::encode`].
    pub fn encode_float(&mut self, samples: &[f32]) -> Result<Vec<u8>, Error> {
        expect_length(OPUS_FRAME * usize::from(self.channels), samples.len())?;
        Ok(self.encoder.encode_vec_float(samples, LARGEST)?)
    }
}

/// Decodes one sound track.
#[derive(Debug)]
pub struct OpusDecoder {
    decoder: Decoder,
    channels: u8,
}

impl OpusDecoder {
    /// Makes a decoder.
    ///
    /// # Errors
    /// [`Error::Length`] for other than 1 or 2 channels.
    pub fn new(number: u8) -> Result<Self, Error> {
        Ok(Self {
            decoder: Decoder::new(OPUS_RATE, channels(number)?)?,
            channels: number,
        })
    }

    /// Decodes a packet of at most 120 ms to interleaved samples.
    ///
    /// # Errors
    /// [`Error::Opus`] when it is no Opus packet.
    pub fn decode(&mut self, packet: &[u8]) -> Result<Vec<i16>, Error> {
        let channels = usize::from(self.channels);
        let mut samples = vec![0; 6 * OPUS_FRAME * channels];
        let length = self.decoder.decode(packet, &mut samples, false)?;
        samples.truncate(length * channels);
        Ok(samples)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 20 ms of a tone, the same on both sides.
    fn tone(packet: usize, level: f32) -> Vec<i16> {
        let sample = |n: usize| {
            let turns = (packet * OPUS_FRAME + n) as f32 * 1_000.0 / OPUS_RATE as f32;
            ((turns * std::f32::consts::TAU).sin() * level) as i16
        };
        (0..OPUS_FRAME).flat_map(|n| [sample(n); 2]).collect()
    }

    fn energy(samples: &[i16]) -> f64 {
        samples.iter().map(|s| f64::from(*s).powi(2)).sum::<f64>() / samples.len() as f64
    }

    #[test]
    fn a_tone_can_be_heard_after_encoding_and_decoding() {
        let mut encoder = OpusEncoder::new(OpusSettings {
            channels: 2,
            bitrate: 64_000,
        })
        .unwrap();
        let mut decoder = OpusDecoder::new(2).unwrap();
        let mut heard = Vec::new();
        for packet in 0..10 {
            let coded = encoder.encode(&tone(packet, 8_000.0)).unwrap();
            heard = decoder.decode(&coded).unwrap();
            assert_eq!(heard.len(), 2 * OPUS_FRAME);
        }
        let ratio = energy(&heard) / energy(&tone(9, 8_000.0));
        assert!((0.8..1.2).contains(&ratio), "energy changed by {ratio}");
    }

    #[test]
    fn silence_costs_next_to_nothing() {
        let mut encoder = OpusEncoder::new(OpusSettings {
            channels: 2,
            bitrate: 64_000,
        })
        .unwrap();
        let packets: Vec<usize> = (0..10)
            .map(|_| encoder.encode(&[0; 2 * OPUS_FRAME]).unwrap().len())
            .collect();
        assert!(packets[9] < 20, "{packets:?}");
    }

    #[test]
    fn wrong_lengths_and_channels_are_refused() {
        assert!(matches!(
            OpusEncoder::new(OpusSettings {
                channels: 3,
                bitrate: 64_000
            }),
            Err(Error::Length { .. })
        ));
        let mut encoder = OpusEncoder::new(OpusSettings {
            channels: 1,
            bitrate: 64_000,
        })
        .unwrap();
        assert!(matches!(
            encoder.encode(&[0; 959]),
            Err(Error::Length {
                expected: 960,
                got: 959
            })
        ));
    }
}
