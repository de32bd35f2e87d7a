//! The last things that happened, numbered. Pure.

use std::collections::VecDeque;
use std::sync::Arc;

/// Most that is kept: a minute of sixteen live streams. What is older is dropped.
const KEPT: usize = 1_024;

/// Most bytes that are kept.
const BYTES: usize = 4 << 20;

pub(super) struct Ring<T> {
    kept: VecDeque<(Arc<T>, usize)>,
    bytes: usize,
    /// Of the newest; the first is 1.
    newest: u64,
}

impl<T> Default for Ring<T> {
    fn default() -> Self {
        Self {
            kept: VecDeque::new(),
            bytes: 0,
            newest: 0,
        }
    }
}

impl<T> Ring<T> {
    /// Takes one more; gives its number.
    pub(super) fn push(&mut self, item: T, size: usize) -> u64 {
        self.kept.push_back((Arc::new(item), size));
        self.bytes += size;
        self.newest += 1;
        while self.kept.len() > KEPT || (self.bytes > BYTES && self.kept.len() > 1) {
            self.bytes -= self.kept.pop_front().map_or(0, |(_, size)| size);
        }
        self.newest
    }

    /// The one after that number, if it is still kept.
    pub(super) fn after(&self, number: u64) -> Option<Arc<T>> {
        let behind = usize::try_from(self.newest.checked_sub(number)?).ok()?;
        let at = self.kept.len().checked_sub(behind)?;
        self.kept.get(at).map(|(item, _)| Arc::clone(item))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_is_bounded_in_number_and_bytes() {
        let mut ring = Ring::default();
        for n in 1..=2_000 {
            assert_eq!(ring.push(n, 1), n);
        }
        assert_eq!(ring.after(1_999).as_deref(), Some(&2_000));
        assert_eq!(ring.after(2_000 - KEPT as u64).as_deref(), Some(&977));
        assert!(
            ring.after(975).is_none() && ring.after(2_000).is_none() && ring.after(9_999).is_none()
        );
        ring.push(2_001, BYTES);
        assert_eq!((ring.kept.len(), ring.bytes), (1, BYTES));
    }
}
