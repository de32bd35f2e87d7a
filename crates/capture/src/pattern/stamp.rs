//! The time stamp that a picture carries in its top rows, readable by a program at the far end.
//!
//! It is how true glass-to-glass delay is measured: whoever shows the picture reads it and
//! compares with the same clock. It survives scaling, coding and screenshots.
//!
//! - The top 64 of 720 rows (`height * 64 / 720`) hold 48 cells side by side. Cell `i`, counted from
//!   the left, spans `x = i * width / 48` to `(i + 1) * width / 48`.
//! - White is 1, black is 0; read the middle of a cell, `x = (i + 0.5) * width / 48` and
//!   `y = height * 32 / 720`, with half the range as the threshold.
//! - Cells 0 to 43: milliseconds since 1970-01-01 UTC, most significant bit first.
//! - Cells 44 to 47: a checksum, most significant bit first: the exclusive or of the eleven groups
//!   of four bits of the time and of `0b1010`. One wrong cell is always noticed, and neither an all
//!   black nor an all white strip is valid.

use lenswire_codec::{Picture, Size};
use lenswire_media::WallTime;

/// Cells in the strip.
pub const CELLS: usize = 48;

/// Bits of milliseconds: enough until the year 2527.
const TIME_BITS: u32 = 44;

/// Bits of the checksum.
const CHECK_BITS: u32 = 4;

/// So that an empty strip is not a valid time.
const CHECK_SEED: u64 = 0b1010;

/// Luma of a cell that is set, and of one that is not: the ends of the limited range.
const WHITE: u8 = 235;
const BLACK: u8 = 16;

/// Luma from which a cell counts as set.
const THRESHOLD: u8 = 126;

/// The cells that say `time`, left to right.
#[must_use]
pub fn cells(time: WallTime) -> [bool; CELLS] {
    let millis = (time.0 / 1_000) & ((1 << TIME_BITS) - 1);
    let word = millis << CHECK_BITS | checksum(millis);
    std::array::from_fn(|cell| word >> (CELLS - 1 - cell) & 1 == 1)
}

/// The time in milliseconds that the cells say; none when the checksum says that they lie.
#[must_use]
pub fn time(cells: &[bool; CELLS]) -> Option<u64> {
    let word = cells
        .iter()
        .fold(0_u64, |word, set| word << 1 | u64::from(*set));
    let millis = word >> CHECK_BITS;
    (checksum(millis) == word & ((1 << CHECK_BITS) - 1)).then_some(millis)
}

/// Rows of the strip in a picture of that size.
#[must_use]
pub fn height(size: Size) -> usize {
    size.height * 64 / 720
}

/// Draws the stamp over the top rows. The colour planes there must hold no colour already.
pub fn draw(picture: &mut Picture, time: WallTime) {
    let size = picture.size();
    let [luma, ..] = picture.planes_mut();
    let Some((first, rest)) = luma[..height(size) * size.width].split_at_mut_checked(size.width)
    else {
        return;
    };
    for (cell, set) in cells(time).into_iter().enumerate() {
        let columns = cell * size.width / CELLS..(cell + 1) * size.width / CELLS;
        first[columns].fill(if set { WHITE } else { BLACK });
    }
    for row in rest.chunks_exact_mut(size.width) {
        row.copy_from_slice(first);
    }
}

/// Reads the stamp of a picture, in milliseconds since 1970-01-01 UTC; none if there is no valid one.
#[must_use]
pub fn read(picture: &Picture) -> Option<u64> {
    let Size { width, height } = picture.size();
    let row = height * 32 / 720;
    let cells = std::array::from_fn(|cell| {
        let column = (2 * cell + 1) * width / (2 * CELLS);
        picture.luma()[row * width + column] >= THRESHOLD
    });
    time(&cells)
}

fn checksum(millis: u64) -> u64 {
    (0..TIME_BITS / 4).fold(CHECK_SEED, |sum, group| sum ^ (millis >> (4 * group) & 0xf))
}

#[cfg(test)]
mod tests {
    use lenswire_codec::Yuv;

    use super::*;

    const NOON: WallTime = WallTime(1_795_262_400_000_000);

    // The page and the benchmarks read the same vector.
    #[test]
    fn the_layout_is_the_documented_one() {
        let bits: String = cells(NOON)
            .iter()
            .map(|set| if *set { '1' } else { '0' })
            .collect();
        assert_eq!(bits, "000110100001111111011111101001000110000000000101");
        assert_eq!(time(&cells(NOON)), Some(1_795_262_400_000));
    }

    #[test]
    fn one_wrong_cell_and_empty_strips_are_noticed() {
        for wrong in 0..CELLS {
            let mut lying = cells(NOON);
            lying[wrong] = !lying[wrong];
            assert_eq!(time(&lying), None, "cell {wrong}");
        }
        assert_eq!(time(&[false; CELLS]), None);
        assert_eq!(time(&[true; CELLS]), None);
    }

    #[test]
    fn a_drawn_stamp_is_read_at_any_size() {
        for (width, height) in [(1280, 720), (640, 360), (854, 480), (1920, 1080)] {
            let mut picture = Picture::filled(Size { width, height }, Yuv::from_rgb(0)).unwrap();
            assert_eq!(read(&picture), None);
            draw(&mut picture, NOON);
            assert_eq!(read(&picture), Some(NOON.0 / 1_000), "{width}x{height}");
        }
    }
}
