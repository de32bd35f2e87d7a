//! A raw picture in I420, BT.709 limited range: what cameras give and encoders take.

use std::fmt;

use crate::Error;

/// Width and height in pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size {
    /// Columns.
    pub width: usize,
    /// Rows.
    pub height: usize,
}

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}x{}", self.width, self.height)
    }
}

/// A colour as the planes hold it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Yuv {
    /// Luma, 16 (black) to 235 (white).
    pub y: u8,
    /// Blue difference, 128 is none.
    pub u: u8,
    /// Red difference, 128 is none.
    pub v: u8,
}

impl Yuv {
    /// The colour written as `0xRRGGBB`, by BT.709 with limited range (ITU-R BT.709-6, 3.2 to 3.5).
    #[must_use]
    pub fn from_rgb(rgb: u32) -> Self {
        let [_, r, g, b] = rgb.to_be_bytes().map(|byte| f32::from(byte) / 255.0);
        let luma = 0.2126 * r + 0.7152 * g + 0.0722 * b;
        // `as` saturates, which is what the edge of the range asks for.
        Self {
            y: (16.0 + 219.0 * luma).round() as u8,
            u: (128.0 + 224.0 * (b - luma) / 1.8556).round() as u8,
            v: (128.0 + 224.0 * (r - luma) / 1.5748).round() as u8,
        }
    }

    /// `self` laid over `ground` with that much of 255 showing.
    #[must_use]
    pub fn over(self, ground: Self, amount: u8) -> Self {
        let mix = |top: u8, below: u8| {
            let (top, below, amount) = (u32::from(top), u32::from(below), u32::from(amount));
            ((top * amount + below * (255 - amount) + 127) / 255) as u8
        };
        Self {
            y: mix(self.y, ground.y),
            u: mix(self.u, ground.u),
            v: mix(self.v, ground.v),
        }
    }
}

/// Three planes without padding: full-size luma, and both colour differences at half the width
/// and height.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Picture {
    size: Size,
    y: Vec<u8>,
    u: Vec<u8>,
    v: Vec<u8>,
}

impl Picture {
    /// A picture of one colour.
    ///
    /// # Errors
    /// [`Error::Size`] when a side is odd or zero.
    pub fn filled(size: Size, colour: Yuv) -> Result<Self, Error> {
        let Size { width, height } = size;
        if width == 0 || height == 0 || width % 2 != 0 || height % 2 != 0 {
            return Err(Error::Size(size));
        }
        let (luma, colours) = (width * height, width * height / 4);
        Ok(Self {
            size,
            y: vec![colour.y; luma],
            u: vec![colour.u; colours],
            v: vec![colour.v; colours],
        })
    }

    /// Takes planes whose rows may be padded, as decoders give them.
    pub(crate) fn from_planes(size: Size, planes: [(&[u8], usize); 3]) -> Result<Self, Error> {
        let mut picture = Self::filled(
            size,
            Yuv {
                y: 16,
                u: 128,
                v: 128,
            },
        )?;
        let Size { width, height } = size;
        let [y, u, v] = planes;
        copy_rows(y, &mut picture.y, width, height)?;
        copy_rows(u, &mut picture.u, width / 2, height / 2)?;
        copy_rows(v, &mut picture.v, width / 2, height / 2)?;
        Ok(picture)
    }

    /// Its size.
    #[must_use]
    pub fn size(&self) -> Size {
        self.size
    }

    /// The luma plane, one byte a pixel, rows of [`Size::width`].
    #[must_use]
    pub fn luma(&self) -> &[u8] {
        &self.y
    }

    /// The planes: luma, blue difference, red difference. Rows of the last two are half as wide.
    #[must_use]
    pub fn planes(&self) -> [&[u8]; 3] {
        [&self.y, &self.u, &self.v]
    }

    /// The planes for drawing; as [`Self::planes`].
    pub fn planes_mut(&mut self) -> [&mut [u8]; 3] {
        [&mut self.y, &mut self.u, &mut self.v]
    }
}

impl openh264::formats::YUVSource for Picture {
    fn dimensions(&self) -> (usize, usize) {
        (self.size.width, self.size.height)
    }

    fn strides(&self) -> (usize, usize, usize) {
        (self.size.width, self.size.width / 2, self.size.width / 2)
    }

    fn y(&self) -> &[u8] {
        &self.y
    }

    fn u(&self) -> &[u8] {
        &self.u
    }

    fn v(&self) -> &[u8] {
        &self.v
    }
}

pub(crate) fn expect_length(expected: usize, got: usize) -> Result<(), Error> {
    if expected == got {
        Ok(())
    } else {
        Err(Error::Length { expected, got })
    }
}

fn copy_rows(
    (plane, stride): (&[u8], usize),
    to: &mut [u8],
    width: usize,
    height: usize,
) -> Result<(), Error> {
    if stride < width || plane.len() < stride * (height - 1) + width {
        return Err(Error::Length {
            expected: stride.max(width) * height,
            got: plane.len(),
        });
    }
    for (row, to) in plane.chunks(stride).zip(to.chunks_exact_mut(width)) {
        to.copy_from_slice(&row[..width]);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIZE: Size = Size {
        width: 8,
        height: 4,
    };

    // ITU-R BT.709-6, table of 100 % colour bars.
    #[test]
    fn colours_are_those_of_bt_709() {
        let expected = [
            (0xff_ffff, [235, 128, 128]),
            (0x00_0000, [16, 128, 128]),
            (0xff_ff00, [219, 16, 138]),
            (0x00_ffff, [188, 154, 16]),
            (0x00_ff00, [173, 42, 26]),
            (0xff_0000, [63, 102, 240]),
            (0x00_00ff, [32, 240, 118]),
        ];
        for (rgb, [y, u, v]) in expected {
            assert_eq!(Yuv::from_rgb(rgb), Yuv { y, u, v }, "{rgb:06x}");
        }
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        assert!(matches!(
            Picture::filled(
                Size {
                    width: 3,
                    height: 2
                },
                Yuv::from_rgb(0)
            ),
            Err(Error::Size(_))
        ));
        let short = [0; 31];
        assert!(matches!(
            Picture::from_planes(SIZE, [(&short, 8); 3]),
            Err(Error::Length { .. })
        ));
    }

    #[test]
    fn laying_over_goes_from_ground_to_top() {
        let (top, ground) = (Yuv::from_rgb(0xff_ffff), Yuv::from_rgb(0));
        assert_eq!(top.over(ground, 0), ground);
        assert_eq!(top.over(ground, 255), top);
    }
}
