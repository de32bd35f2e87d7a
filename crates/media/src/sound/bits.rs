//! Bits of a description, the highest first.

/// Reads from the front; past the end there is nothing.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bits<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Bits<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    /// The next so many bits, at most 32; none when there are fewer.
    pub(super) fn take(&mut self, count: u8) -> Option<u32> {
        let mut value = 0;
        for at in self.at..self.at + usize::from(count) {
            let bit = self.bytes.get(at / 8)? >> (7 - at % 8) & 1;
            value = value << 1 | u32::from(bit);
        }
        self.at += usize::from(count);
        Some(value)
    }

    pub(super) fn skip(&mut self, count: u8) -> Option<()> {
        self.take(count).map(drop)
    }
}
