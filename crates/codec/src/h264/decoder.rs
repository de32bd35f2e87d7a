//! The decoder: for tests that look at pictures and for snapshots.

use openh264::formats::YUVSource;

use super::encoder::START_CODE;
use crate::{Error, Picture, Size};

/// Decodes one stream, access unit by access unit.
pub struct H264Decoder {
    decoder: openh264::decoder::Decoder,
    annex_b: Vec<u8>,
}

impl H264Decoder {
    /// Makes a decoder.
    ///
    /// # Errors
    /// [`Error::H264`] when OpenH264 can't be set up.
    pub fn new() -> Result<Self, Error> {
        Ok(Self {
            decoder: openh264::decoder::Decoder::new()?,
            annex_b: Vec::new(),
        })
    }

    /// Decodes the NAL units of one picture (without start codes, parameter sets in front of the
    /// first keyframe); none when they make no picture yet.
    ///
    /// # Errors
    /// [`Error::H264`] when the units are broken or nothing they refer to was seen; the decoder can
    /// go on with the next keyframe.
    pub fn decode<'a>(
        &mut self,
        nal_units: impl IntoIterator<Item = &'a [u8]>,
    ) -> Result<Option<Picture>, Error> {
        self.annex_b.clear();
        for unit in nal_units {
            self.annex_b.extend_from_slice(&START_CODE);
            self.annex_b.extend_from_slice(unit);
        }
        let Some(decoded) = self.decoder.decode(&self.annex_b)? else {
            return Ok(None);
        };
        let (width, height) = decoded.dimensions();
        let (y, u, v) = decoded.strides();
        let planes = [(decoded.y(), y), (decoded.u(), u), (decoded.v(), v)];
        Picture::from_planes(Size { width, height }, planes).map(Some)
    }
}

impl std::fmt::Debug for H264Decoder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("H264Decoder").finish_non_exhaustive()
    }
}
