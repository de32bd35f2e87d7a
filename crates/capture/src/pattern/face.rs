//! A small typeface of our own: strokes on a grid, rounded at the corners, drawn once per size.
//!
//! A glyph is written as strokes of points, e.g. `"00 0g/0g 8g"` for L: two characters a point
//! (column, row, in base 36), a space between points, a slash between strokes. Capitals and digits
//! are 16 units high (rows `0` to `g`), small letters 10. Corners within a stroke are rounded,
//! where two strokes meet they stay sharp, and a stroke of one point is a dot.

/// Every glyph: character, width in units, strokes. What is missing is drawn as a gap.
const GLYPHS: &[(char, u8, &str)] = &[
    ('0', 10, "50 a0 ag 0g 00 50"),
    ('1', 10, "13 50/50 5g"),
    ('2', 10, "04 00 a0 a8 0g/0g ag"),
    ('3', 10, "03 00 a0 a8 48/48 a8 ag 0g 0d"),
    ('4', 10, "70 0b/0b ab/77 7g"),
    ('5', 10, "90 10/10 17/17 a7 ag 0g 0d"),
    ('6', 10, "a3 a0 00 0g ag a7 07"),
    ('7', 10, "00 a0/a0 3g"),
    ('8', 10, "50 a0 a8 08 00 50/58 a8 ag 0g 08 58"),
    ('9', 10, "0d 0g ag a0 00 09 a9"),
    (':', 2, "16/1d"),
    ('.', 2, "1g"),
    ('-', 6, "08 68"),
    ('C', 10, "a4 a0 00 0g ag ac"),
    ('L', 8, "00 0g/0g 8g"),
    ('T', 10, "00 a0/50 5g"),
    ('U', 10, "00 0g ag a0"),
    ('d', 8, "80 8g/86 06 0g 8g"),
    ('e', 8, "0b 8b/8b 86 06 0g 8g"),
    ('i', 0, "06 0g/02"),
    ('m', 12, "06 0g/0a 06 66 6g/6a 66 c6 cg"),
    ('n', 8, "06 0g/0a 06 86 8g"),
    ('o', 8, "46 86 8g 0g 06 46"),
    ('r', 5, "06 0g/0a 06 56"),
    ('s', 8, "86 06 0b 8b 8g 0g"),
    ('w', 12, "06 3g/3g 67/67 9g/9g c6"),
];

/// Height of capitals in units.
const CAPITAL: usize = 16;

/// Units between two glyphs.
const GAP: usize = 4;

/// Radius of a rounded corner, in units; at most half of the shorter side.
const CORNER: f32 = 4.0;

/// Half the width of a stroke, in units.
const PEN: f32 = 1.0;

/// Straight pieces that a rounded corner is drawn with.
const ARC: usize = 8;

type Point = (f32, f32);

/// How much of each pixel a glyph covers, at full size for luma and at half for colour.
#[derive(Debug)]
pub(crate) struct Mask {
    pub(crate) width: usize,
    pub(crate) height: usize,
    pub(crate) luma: Vec<u8>,
    pub(crate) colour: Vec<u8>,
}

/// The typeface at one size.
#[derive(Debug)]
pub(crate) struct Face {
    unit: usize,
    masks: Vec<(char, Mask)>,
}

impl Face {
    /// Draws every glyph of `text` with that many pixels a unit (even, so that masks fit I420).
    pub(crate) fn new(unit: usize, text: &str) -> Self {
        let used = GLYPHS.iter().filter(|(char, ..)| text.contains(*char));
        let masks = used.map(|(char, width, strokes)| {
            (
                *char,
                rasterise((usize::from(*width), CAPITAL), strokes, unit),
            )
        });
        Self {
            unit,
            masks: masks.collect(),
        }
    }

    /// The mask of a character; none for those that are gaps.
    pub(crate) fn mask(&self, char: char) -> Option<&Mask> {
        self.masks
            .iter()
            .find(|(of, _)| *of == char)
            .map(|(_, mask)| mask)
    }

    /// Pixels from the start of `char` to the start of the next.
    pub(crate) fn advance(&self, char: char) -> usize {
        let width = GLYPHS
            .iter()
            .find(|(of, ..)| *of == char)
            .map_or(GAP, |(_, width, _)| usize::from(*width));
        (width + GAP) * self.unit
    }

    /// Pixels from the first to the last covered one of `text`, about.
    pub(crate) fn width(&self, text: &str) -> usize {
        text.chars()
            .map(|char| self.advance(char))
            .sum::<usize>()
            .saturating_sub(GAP * self.unit)
    }
}

/// A disc, for whatever shines.
pub(crate) fn disc(radius: usize) -> Mask {
    rasterise((0, 0), "00", radius)
}

/// The grid has one unit of margin around it: half a stroke, so that nothing is cut off.
fn rasterise((width, height): (usize, usize), strokes: &str, unit: usize) -> Mask {
    let segments: Vec<(Point, Point)> = strokes.split('/').flat_map(segments).collect();
    let (columns, rows) = ((width + 2) * unit, (height + 2) * unit);
    let coverage = |column: usize, row: usize| {
        let at = (
            (column as f32 + 0.5) / unit as f32 - 1.0,
            (row as f32 + 0.5) / unit as f32 - 1.0,
        );
        let nearest = segments
            .iter()
            .map(|s| distance(at, *s))
            .fold(f32::MAX, f32::min)
            .sqrt();
        // Half a pixel on either side of the edge is its smooth part.
        (((PEN - nearest) * unit as f32 + 0.5).clamp(0.0, 1.0) * 255.0) as u8
    };
    let luma: Vec<u8> = (0..rows * columns)
        .map(|n| coverage(n % columns, n / columns))
        .collect();
    let colour = halved(&luma, columns);
    Mask {
        width: columns,
        height: rows,
        luma,
        colour,
    }
}

fn halved(luma: &[u8], columns: usize) -> Vec<u8> {
    let pairs = luma.chunks_exact(2 * columns).flat_map(|rows| {
        let (upper, lower) = rows.split_at(columns);
        upper.chunks_exact(2).zip(lower.chunks_exact(2))
    });
    pairs
        .map(|(a, b)| (a.iter().chain(b).map(|c| u16::from(*c)).sum::<u16>() / 4) as u8)
        .collect()
}

/// The straight pieces of one stroke, corners rounded.
fn segments(stroke: &str) -> Vec<(Point, Point)> {
    let points: Vec<Point> = stroke.split(' ').filter_map(point).collect();
    let mut path: Vec<Point> = points.first().copied().into_iter().collect();
    for corner in points.windows(3) {
        let [before, at, after] = *corner else {
            continue;
        };
        let radius = CORNER
            .min(length(before, at) / 2.0)
            .min(length(at, after) / 2.0);
        let (from, to) = (toward(at, before, radius), toward(at, after, radius));
        path.extend((0..=ARC).map(|n| bend(from, at, to, n as f32 / ARC as f32)));
    }
    path.extend(points.last());
    path.windows(2).map(|pair| (pair[0], pair[1])).collect()
}

fn point(text: &str) -> Option<Point> {
    let mut digits = text.chars().map(|c| c.to_digit(36));
    Some((digits.next()?? as f32, digits.next()?? as f32))
}

fn length(a: Point, b: Point) -> f32 {
    (a.0 - b.0).hypot(a.1 - b.1)
}

fn between(a: Point, b: Point, part: f32) -> Point {
    (a.0 + (b.0 - a.0) * part, a.1 + (b.1 - a.1) * part)
}

fn toward(from: Point, to: Point, by: f32) -> Point {
    between(from, to, by / length(from, to).max(f32::EPSILON))
}

/// A point of the quadratic curve from `a` to `c` that leans on `b`.
fn bend(a: Point, b: Point, c: Point, part: f32) -> Point {
    between(between(a, b, part), between(b, c, part), part)
}

/// The square of the distance between a point and a straight piece.
fn distance(at: Point, (a, b): (Point, Point)) -> f32 {
    let (dx, dy) = (b.0 - a.0, b.1 - a.1);
    let square = dx * dx + dy * dy;
    let along = if square > 0.0 {
        ((at.0 - a.0) * dx + (at.1 - a.1) * dy) / square
    } else {
        0.0
    };
    let nearest = between(a, b, along.clamp(0.0, 1.0));
    (at.0 - nearest.0).powi(2) + (at.1 - nearest.1).powi(2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_glyph_is_well_formed_and_fits_its_box() {
        for (char, width, strokes) in GLYPHS {
            let mask = rasterise((usize::from(*width), CAPITAL), strokes, 4);
            assert_eq!(mask.luma.len(), mask.width * mask.height, "{char}");
            assert_eq!(mask.colour.len(), mask.luma.len() / 4, "{char}");
            assert!(mask.luma.contains(&255), "{char} is empty");
            // The margin is as wide as the pen: what stays on the grid is not cut off.
            let points = strokes.split(['/', ' ']).map(|p| point(p).unwrap());
            for (column, row) in points {
                assert!(
                    column <= f32::from(*width) && row <= CAPITAL as f32,
                    "{char}"
                );
            }
        }
    }

    #[test]
    fn no_two_glyphs_look_alike() {
        let masks: Vec<_> = GLYPHS
            .iter()
            .map(|(c, w, s)| (c, rasterise((usize::from(*w), CAPITAL), s, 2).luma))
            .collect();
        for (n, (one, mask)) in masks.iter().enumerate() {
            for (other, its) in &masks[n + 1..] {
                assert_ne!(mask, its, "{one} and {other}");
            }
        }
    }

    #[test]
    fn a_line_is_as_wide_as_its_glyphs_and_gaps() {
        let face = Face::new(2, "L1");
        assert_eq!(face.width("L1"), 2 * (8 + 4 + 10));
        assert_eq!(face.advance(' '), 2 * (4 + 4));
        assert!(face.mask(' ').is_none());
    }
}
