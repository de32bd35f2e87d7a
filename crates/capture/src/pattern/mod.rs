//! The demo camera's picture and sound: what a person sees first, and what delay is measured with.
//!
//! 1280x720: the time stamp in the top rows ([`stamp`]), the name, date and a clock to the
//! millisecond, a bar that moves evenly (judder shows), colour bars, and a tick each second.
//! The still part is drawn once; a picture costs only what moved.

mod canvas;
mod clock;
mod face;
pub mod stamp;
#[cfg(test)]
mod tests;
mod tick;

use lenswire_codec::{Error, Picture, Size, Yuv};
use lenswire_media::WallTime;

use crate::{Format, Source};
use canvas::{Area, Ink};
use clock::{Date, Time};
use face::{Face, Mask};

/// Size of the pattern. The places below are laid out for it.
const SIZE: Size = Size {
    width: 1_280,
    height: 720,
};

/// The product's ground, text and accent colours; the page around the picture has the same.
const GROUND: u32 = 0x0e_1113;
const TEXT: u32 = 0xe6_edf2;
const MUTED: u32 = 0x8b_98a3;
const ACCENT: u32 = 0x5c_c8ff;
const TRACK: u32 = 0x1d_2429;

/// Left and right margin.
const MARGIN: usize = 64;

/// Top of the line with name and date.
const HEADING_TOP: usize = 108;

/// Top of the clock. It is as wide as the margins let it: a phone shows the picture at a third.
const CLOCK_TOP: usize = 216;

/// Where the bar runs.
const TRACK_AREA: Area = Area {
    left: MARGIN,
    top: 424,
    width: SIZE.width - 2 * MARGIN,
    height: 16,
};

/// Width of what moves in it.
const BAR_WIDTH: usize = 96;

/// The bar goes once to and fro in this many milliseconds: 18 pixels a picture at 30 a second.
const BAR_PERIOD: u64 = 4_000;

/// How long the dot beside the name shines in each second, in milliseconds: long enough to be seen
/// by a person, short enough to be heard as one with the tick.
const DOT_SHINES: u64 = 150;

/// Colour bars at 75 % (ITU-R BT.471), white to blue.
const BARS: [u32; 7] = [
    0xbf_bfbf, 0xbf_bf00, 0x00_bfbf, 0x00_bf00, 0xbf_00bf, 0xbf_0000, 0x00_00bf,
];

/// Top of the colour bars and, below them, of the greys.
const BARS_TOP: usize = 512;
const GREYS_TOP: usize = 672;

/// Steps from black to white below the colour bars.
const GREYS: usize = 10;

/// Half the dot's height, and where it stands: in the middle of the name's line.
const DOT_RADIUS: usize = 10;
const DOT_TOP: usize = HEADING_TOP + 10;

/// Left end of the name.
const NAME_LEFT: usize = MARGIN + 2 * DOT_RADIUS + 16;

const NAME: &str = "Lenswire demo";
const DIGITS: &str = "0123456789:.-UTC";

/// The test pattern.
#[derive(Debug)]
pub struct TestPattern {
    picture: Picture,
    large: Face,
    small: Face,
    dot: Mask,
    ink: Inks,
    /// What the picture shows now, so that only what differs is drawn.
    date: String,
    time: String,
    bar: usize,
    shines: Option<bool>,
}

#[derive(Debug)]
struct Inks {
    text: Ink,
    muted: Ink,
    accent: Ink,
    /// Of the bar's track, and of the dot when it does not shine.
    dim: Ink,
}

impl TestPattern {
    /// Draws the still part.
    ///
    /// # Errors
    /// Never with the size it has; the codec's picture just can't know.
    pub fn new() -> Result<Self, Error> {
        let ground = Yuv::from_rgb(GROUND);
        let ink = |rgb| Ink {
            colour: Yuv::from_rgb(rgb),
            ground,
        };
        let mut pattern = Self {
            picture: Picture::filled(SIZE, ground)?,
            large: Face::new(8, DIGITS),
            small: Face::new(2, &format!("{NAME}{DIGITS}")),
            dot: face::disc(DOT_RADIUS),
            ink: Inks {
                text: ink(TEXT),
                muted: ink(MUTED),
                accent: ink(ACCENT),
                dim: ink(TRACK),
            },
            date: String::new(),
            time: String::new(),
            bar: 0,
            shines: None,
        };
        pattern.draw_still();
        Ok(pattern)
    }

    fn draw_still(&mut self) {
        let strip = Area {
            left: 0,
            top: 0,
            width: SIZE.width,
            height: stamp::height(SIZE),
        };
        canvas::fill(&mut self.picture, strip, Yuv::from_rgb(0));
        canvas::text(
            &mut self.picture,
            &self.small,
            NAME,
            (NAME_LEFT, HEADING_TOP),
            self.ink.text,
        );
        canvas::fill(&mut self.picture, TRACK_AREA, self.ink.dim.colour);
        for (n, colour) in BARS.into_iter().enumerate() {
            let area = column(n, BARS.len(), BARS_TOP, GREYS_TOP);
            canvas::fill(&mut self.picture, area, Yuv::from_rgb(colour));
        }
        for n in 0..GREYS {
            let y = 16 + (219 * n / (GREYS - 1)) as u8;
            canvas::fill(
                &mut self.picture,
                column(n, GREYS, GREYS_TOP, SIZE.height),
                Yuv { y, u: 128, v: 128 },
            );
        }
    }

    fn draw_date(&mut self, now: WallTime) {
        let date = format!("{} UTC", Date(now));
        if date != self.date {
            let left = even(SIZE.width - MARGIN - self.small.width(&date));
            canvas::text(
                &mut self.picture,
                &self.small,
                &date,
                (left, HEADING_TOP),
                self.ink.muted,
            );
            self.date = date;
        }
    }

    fn draw_time(&mut self, now: WallTime) {
        let time = Time(now).to_string();
        let mut left = even((SIZE.width - self.large.width(&time)) / 2);
        for (at, char) in time.char_indices() {
            if !self.time.get(at..).is_some_and(|old| old.starts_with(char))
                && let Some(mask) = self.large.mask(char)
            {
                // The millisecond is what the eye should catch.
                let ink = if at > 8 {
                    self.ink.accent
                } else {
                    self.ink.text
                };
                canvas::glyph(&mut self.picture, mask, (left, CLOCK_TOP), ink);
            }
            left += self.large.advance(char);
        }
        self.time = time;
    }

    fn draw_bar(&mut self, now: WallTime) {
        let phase = (now.0 / 1_000 % BAR_PERIOD) as usize;
        let half = BAR_PERIOD as usize / 2;
        let way = if phase < half {
            phase
        } else {
            2 * half - phase
        };
        let left = TRACK_AREA.left + even((TRACK_AREA.width - BAR_WIDTH) * way / half);
        if self.bar != 0 {
            canvas::fill(
                &mut self.picture,
                Area {
                    left: self.bar,
                    width: BAR_WIDTH,
                    ..TRACK_AREA
                },
                self.ink.dim.colour,
            );
        }
        canvas::fill(
            &mut self.picture,
            Area {
                left,
                width: BAR_WIDTH,
                ..TRACK_AREA
            },
            self.ink.accent.colour,
        );
        self.bar = left;
    }

    fn draw_dot(&mut self, now: WallTime) {
        let shines = now.0 / 1_000 % 1_000 < DOT_SHINES;
        if self.shines.replace(shines) != Some(shines) {
            let ink = if shines {
                self.ink.accent
            } else {
                self.ink.dim
            };
            canvas::glyph(&mut self.picture, &self.dot, (MARGIN, DOT_TOP), ink);
        }
    }
}

impl Source for TestPattern {
    fn format(&self) -> Format {
        Format {
            size: SIZE,
            rate: 30,
            channels: 2,
        }
    }

    fn picture(&mut self, now: WallTime) -> &Picture {
        self.draw_date(now);
        self.draw_time(now);
        self.draw_bar(now);
        self.draw_dot(now);
        stamp::draw(&mut self.picture, now);
        &self.picture
    }

    fn sound(&mut self, start: WallTime, samples: &mut [i16]) {
        tick::fill(start, samples);
    }
}

/// The `n`th of `count` columns over the whole width.
fn column(n: usize, count: usize, top: usize, bottom: usize) -> Area {
    let edge = |n: usize| even(n * SIZE.width / count);
    Area {
        left: edge(n),
        top,
        width: edge(n + 1) - edge(n),
        height: bottom - top,
    }
}

fn even(n: usize) -> usize {
    n & !1
}
