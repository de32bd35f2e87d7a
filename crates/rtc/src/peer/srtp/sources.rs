//! Whose packets have come: which extended numbers each source has used (RFC 3711 section 3.3).

/// Sources of one session. A browser uses two a track; one that makes up new ones for each packet
/// gets no memory for them.
const MOST_SOURCES: usize = 64;

/// Packets of a source that may come late; repeats of older ones can't be told apart and are refused.
const WORDS: usize = 16;

/// The sources of a session.
#[derive(Default)]
pub(super) struct Sources(Vec<(u32, Window<WORDS>)>);

impl Sources {
    /// The extended number that a packet must have (RFC 3711 appendix A), from what came of its source.
    /// `None` when it is below zero or of one source too many.
    pub(super) fn index(&self, ssrc: u32, seq: u16) -> Option<u64> {
        let Some((_, window)) = self.0.iter().find(|(known, _)| *known == ssrc) else {
            return (self.0.len() < MOST_SOURCES).then_some(u64::from(seq));
        };
        let newest = window.newest.unwrap_or(u64::from(seq));
        let ahead = seq.wrapping_sub(newest as u16) as i16;
        newest.checked_add_signed(i64::from(ahead))
    }

    /// Notes an index whose packet was genuine; false when it came before.
    pub(super) fn take(&mut self, ssrc: u32, index: u64) -> bool {
        let known = self.0.iter_mut().find(|(known, _)| *known == ssrc);
        if let Some((_, window)) = known {
            return window.take(index);
        }
        let mut window = Window::default();
        let is_new = window.take(index);
        self.0.push((ssrc, window));
        is_new
    }
}

/// Which of the newest 64 times `WORDS` indices came already (RFC 3711 section 3.3.2).
pub(super) struct Window<const WORDS: usize> {
    newest: Option<u64>,
    /// Bit `index` modulo the window's length.
    bits: [u64; WORDS],
}

impl<const WORDS: usize> Default for Window<WORDS> {
    fn default() -> Self {
        Self {
            newest: None,
            bits: [0; WORDS],
        }
    }
}

impl<const WORDS: usize> Window<WORDS> {
    const LENGTH: u64 = 64 * WORDS as u64;

    pub(super) fn take(&mut self, index: u64) -> bool {
        let newest = *self.newest.get_or_insert(index);
        if index > newest {
            // What lies between has not come; the window goes around at most once.
            for skipped in (newest + 1..=index).take(usize::try_from(Self::LENGTH).unwrap_or(0)) {
                self.mark(skipped, false);
            }
            if index - newest > Self::LENGTH {
                self.bits = [0; WORDS];
            }
            self.newest = Some(index);
        } else if newest - index >= Self::LENGTH {
            return false;
        }
        !self.mark(index, true)
    }

    /// Sets or clears a bit; gives what it was.
    fn mark(&mut self, index: u64, came: bool) -> bool {
        let place = index % Self::LENGTH;
        let Some(word) = self.bits.get_mut((place / 64) as usize) else {
            return false;
        };
        let bit = 1 << (place % 64);
        let was = *word & bit != 0;
        *word = if came { *word | bit } else { *word & !bit };
        was
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_index_is_taken_once_and_old_ones_not_at_all() {
        let mut window = Window::<1>::default();
        for index in [5, 3, 4, 70, 8, 69] {
            assert!(window.take(index), "{index}");
            assert!(!window.take(index), "{index} again");
        }
        assert!(!window.take(6), "64 behind the newest");
        assert!(window.take(7), "63 behind it");
        assert!(window.take(1 << 40));
        assert!(window.take((1 << 40) - 63) && !window.take(70));
    }

    #[test]
    fn numbers_go_on_over_their_wrap_in_both_directions() {
        let mut sources = Sources::default();
        assert_eq!(sources.index(1, 65_535), Some(65_535));
        assert!(sources.take(1, 65_535));
        assert_eq!(sources.index(1, 2), Some(65_538));
        assert!(sources.take(1, 65_538));
        assert_eq!(sources.index(1, 65_534), Some(65_534));
        assert!(sources.take(2, 0));
        assert_eq!(sources.index(2, 65_535), None, "before the first");
    }

    #[test]
    fn there_is_an_end_to_sources() {
        let mut sources = Sources::default();
        for ssrc in 0..MOST_SOURCES as u32 {
            assert!(sources.take(ssrc, 1));
        }
        assert_eq!(sources.index(99, 1), None);
        assert_eq!(sources.index(3, 2), Some(2));
    }
}
