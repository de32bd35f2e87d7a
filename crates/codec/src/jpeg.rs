//! Still pictures as JPEG, for snapshots.

use fast_image_resize::images::Image;
use fast_image_resize::{FilterType, PixelType, ResizeAlg, ResizeOptions, Resizer};
use jpeg_encoder::{ColorType, Encoder};
use yuv::{YuvPlanarImage, YuvRange, YuvStandardMatrix, yuv420_to_rgb};

use crate::{Error, Picture, Size};

/// Quality, of 100: from here on a camera's own compression is what one sees.
const QUALITY: u8 = 80;

/// The picture as JPEG, `width` pixels wide and as high as its shape asks for; no larger than it is.
///
/// # Errors
/// [`Error::Still`] when it is larger than JPEG can hold.
pub fn jpeg(picture: &Picture, width: Option<usize>) -> Result<Vec<u8>, Error> {
    let full = picture.size();
    let wanted = scaled(full, width);
    let mut pixels = rgb(picture)?;
    if wanted != full {
        pixels = resize(pixels, full, wanted)?;
    }
    let side = |side: usize| u16::try_from(side).map_err(|_| still(format!("{full} is too large")));
    let mut jpeg = Vec::new();
    Encoder::new(&mut jpeg, QUALITY)
        .encode(
            &pixels,
            side(wanted.width)?,
            side(wanted.height)?,
            ColorType::Rgb,
        )
        .map_err(still)?;
    Ok(jpeg)
}

/// That wide, in the same shape; at least one pixel, and never larger than it is.
fn scaled(full: Size, width: Option<usize>) -> Size {
    let width = width.unwrap_or(full.width).clamp(1, full.width);
    let height = (full.height * width + full.width / 2) / full.width;
    Size {
        width,
        height: height.max(1),
    }
}

fn rgb(picture: &Picture) -> Result<Vec<u8>, Error> {
    let Size { width, height } = picture.size();
    let [y_plane, u_plane, v_plane] = picture.planes();
    let image = YuvPlanarImage {
        y_plane,
        y_stride: pixels(width)?,
        u_plane,
        u_stride: pixels(width / 2)?,
        v_plane,
        v_stride: pixels(width / 2)?,
        width: pixels(width)?,
        height: pixels(height)?,
    };
    let mut rgb = vec![0; width * height * 3];
    let (range, matrix) = (YuvRange::Limited, YuvStandardMatrix::Bt709);
    yuv420_to_rgb(&image, &mut rgb, pixels(width * 3)?, range, matrix).map_err(still)?;
    Ok(rgb)
}

fn resize(rgb: Vec<u8>, from: Size, to: Size) -> Result<Vec<u8>, Error> {
    let (width, height) = (pixels(from.width)?, pixels(from.height)?);
    let source = Image::from_vec_u8(width, height, rgb, PixelType::U8x3).map_err(still)?;
    let mut scaled = Image::new(pixels(to.width)?, pixels(to.height)?, PixelType::U8x3);
    let options = ResizeOptions::new().resize_alg(ResizeAlg::Convolution(FilterType::Bilinear));
    Resizer::new()
        .resize(&source, &mut scaled, &options)
        .map_err(still)?;
    Ok(scaled.into_vec())
}

fn pixels(side: usize) -> Result<u32, Error> {
    u32::try_from(side).map_err(still)
}

fn still(why: impl std::fmt::Display) -> Error {
    Error::Still(why.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Yuv;

    const HD: Size = Size {
        width: 1280,
        height: 720,
    };

    /// Width and height as the JPEG's frame header has them (ITU-T T.81, B.2.2: SOF0).
    fn size(jpeg: &[u8]) -> Option<(u16, u16)> {
        let header = jpeg.windows(2).position(|marker| marker == [0xff, 0xc0])?;
        let side = |at: usize| Some(u16::from_be_bytes(*jpeg.get(at..)?.first_chunk()?));
        Some((side(header + 7)?, side(header + 5)?))
    }

    fn of_width(width: Option<usize>) -> Vec<u8> {
        let picture = Picture::filled(HD, Yuv::from_rgb(0x20_8040)).expect("is even");
        jpeg(&picture, width).expect("encodes")
    }

    #[test]
    fn a_still_is_as_wide_as_asked_in_its_own_shape_and_never_larger() {
        for (asked, width, height) in [
            (None, 1280, 720),
            (Some(320), 320, 180),
            (Some(1), 1, 1),
            (Some(333), 333, 187),
            (Some(100_000), 1280, 720),
        ] {
            let jpeg = of_width(asked);
            assert!(jpeg.starts_with(&[0xff, 0xd8]) && jpeg.ends_with(&[0xff, 0xd9]));
            assert_eq!(size(&jpeg), Some((width, height)), "{asked:?}");
        }
    }
}
