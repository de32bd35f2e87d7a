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
        let annex_b = std::mem::take(&mut self.annex_b);
        let picture = self.decode_annex_b(&annex_b);
        self.annex_b = annex_b;
        picture
    }

    /// The same for units that have their start codes.
    ///
    /// # Errors
    /// As [`Self::decode`].
    pub fn decode_annex_b(&mut self, access_unit: &[u8]) -> Result<Option<Picture>, Error> {
        let Some(decoded) = self.decoder.decode(access_unit)? else {
            return Ok(None);
        };
        let (width, height) = decoded.dimensions();
        // What is cropped to an odd side loses its last row or column.
        let (width, height) = (width & !1, height & !1);
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
