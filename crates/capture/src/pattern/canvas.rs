//! Drawing on I420: rectangles and glyphs, nothing else.

use lenswire_codec::{Picture, Yuv};

use super::face::{Face, Mask};

/// A rectangle in pixels. All four numbers are even, so that it has whole colour samples.
#[derive(Clone, Copy, Debug)]
pub(super) struct Area {
    pub(super) left: usize,
    pub(super) top: usize,
    pub(super) width: usize,
    pub(super) height: usize,
}

/// How text looks.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ink {
    pub(super) colour: Yuv,
    /// What it is drawn on; the whole box of a glyph is painted, so old text needs no erasing.
    pub(super) ground: Yuv,
}

/// Fills an area with one colour.
pub(super) fn fill(picture: &mut Picture, area: Area, colour: Yuv) {
    let width = picture.size().width;
    let half = Area {
        left: area.left / 2,
        top: area.top / 2,
        width: area.width / 2,
        height: area.height / 2,
    };
    let [y, u, v] = picture.planes_mut();
    for (plane, stride, area, value) in [
        (y, width, area, colour.y),
        (u, width / 2, half, colour.u),
        (v, width / 2, half, colour.v),
    ] {
        for row in rows(plane, stride, area) {
            row.fill(value);
        }
    }
}

/// Draws one glyph with its box's corner at `left`, `top`.
pub(super) fn glyph(picture: &mut Picture, mask: &Mask, (left, top): (usize, usize), ink: Ink) {
    let width = picture.size().width;
    let area = Area {
        left,
        top,
        width: mask.width,
        height: mask.height,
    };
    let half = Area {
        left: left / 2,
        top: top / 2,
        width: mask.width / 2,
        height: mask.height / 2,
    };
    let [y, u, v] = picture.planes_mut();
    lay(
        rows(y, width, area),
        &mask.luma,
        (ink.colour.y, ink.ground.y),
    );
    lay(
        rows(u, width / 2, half),
        &mask.colour,
        (ink.colour.u, ink.ground.u),
    );
    lay(
        rows(v, width / 2, half),
        &mask.colour,
        (ink.colour.v, ink.ground.v),
    );
}

/// Draws a line of text from `left`, `top` on.
pub(super) fn text(
    picture: &mut Picture,
    face: &Face,
    text: &str,
    (left, top): (usize, usize),
    ink: Ink,
) {
    let mut x = left;
    for char in text.chars() {
        if let Some(mask) = face.mask(char) {
            glyph(picture, mask, (x, top), ink);
        }
        x += face.advance(char);
    }
}

fn rows(plane: &mut [u8], stride: usize, area: Area) -> impl Iterator<Item = &mut [u8]> {
    let rows = plane
        .chunks_exact_mut(stride)
        .skip(area.top)
        .take(area.height);
    rows.map(move |row| &mut row[area.left.min(stride)..(area.left + area.width).min(stride)])
}

fn lay<'a>(rows: impl Iterator<Item = &'a mut [u8]>, coverage: &[u8], (top, below): (u8, u8)) {
    let mut coverage = coverage.iter();
    let (top, below) = (i32::from(top), i32::from(below));
    for row in rows {
        // 257 / 65,536 is 1 / 255 closely enough that 0 and 255 give exactly the ends.
        for (pixel, covered) in row.iter_mut().zip(&mut coverage) {
            *pixel = (below + (((top - below) * i32::from(*covered) * 257 + 32_768) >> 16)) as u8;
        }
    }
}
