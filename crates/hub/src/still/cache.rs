//! The last stills that were made, and those in the making.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use tokio::sync::OnceCell;

use super::keyframe::Key;

/// Stills remembered, of all streams: a large wall's. The oldest is forgotten first, and one that is
/// asked for again is made again.
const REMEMBERED: usize = 64;

/// Where a still is, or comes to be. Filled by the first who asks; the others wait for it.
pub(super) type Place = Arc<OnceCell<Bytes>>;

#[derive(Default)]
pub(super) struct Cache(Mutex<VecDeque<Entry>>);

struct Entry {
    key: Key,
    width: Option<usize>,
    place: Place,
}

impl Cache {
    /// The place of that keyframe's still in that width. Stills of the stream's older keyframes are
    /// forgotten.
    pub(super) fn place(&self, key: Key, width: Option<usize>) -> Place {
        let mut entries = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        entries.retain(|entry| entry.key == key || !entry.key.is_of_same_picture(key));
        let known = entries
            .iter()
            .find(|entry| entry.key == key && entry.width == width);
        if let Some(known) = known {
            return Arc::clone(&known.place);
        }
        if entries.len() >= REMEMBERED {
            entries.pop_front();
        }
        let place = Place::default();
        entries.push_back(Entry {
            key,
            width,
            place: Arc::clone(&place),
        });
        place
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).len()
    }
}
