//! From a stream to its viewers on this thread: the stream's queue is read once, and what comes out
//! goes to one viewer after the other, a batch to each as one burst.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use lenswire_media::{Batch, Consumer, Item, Stream, Tracks};

use super::super::router::SessionId;
use super::super::session::Closed;
use super::MediaThread;

/// Items taken from one stream per turn: a second of a camera with audio is 80.
const ITEMS: usize = 64;

/// A stream that this thread reads because it has viewers of it.
pub(super) struct Subscription {
    consumer: Consumer,
    /// The queue has something.
    is_ready: Arc<AtomicBool>,
    pub(super) viewers: Vec<SessionId>,
    /// Who gets the next batch first: nobody is always last.
    first: usize,
}

impl Subscription {
    fn is_of(&self, stream: &Stream) -> bool {
        self.consumer.stream().is_same(stream)
    }
}

impl MediaThread {
    /// A viewer is connected: from now on it gets its stream.
    pub(super) fn join(&mut self, id: SessionId) {
        let Some(viewer) = self.viewers.get(&id) else {
            return;
        };
        let stream = viewer.source.stream.clone();
        // Before the viewer takes what is cached, so that nothing falls between.
        match self
            .subscriptions
            .iter_mut()
            .find(|subscription| subscription.is_of(&stream))
        {
            Some(subscription) => subscription.viewers.push(id),
            None => {
                let is_ready = Arc::new(AtomicBool::new(false));
                let (handle, flag) = (Arc::clone(&self.handle), Arc::clone(&is_ready));
                let wake = Arc::new(move || {
                    flag.store(true, Ordering::Release);
                    handle.wake();
                });
                let consumer = stream.consume(wake);
                self.subscriptions.push(Subscription {
                    consumer,
                    is_ready,
                    viewers: vec![id],
                    first: 0,
                });
            }
        }
        let mut still_fits = true;
        self.drive(id, |viewer, clock, work| {
            still_fits = viewer.begin(clock.now);
            viewer.tick(clock, work);
            true
        });
        if !still_fits {
            self.end(id, Closed::TracksChanged);
        }
    }

    /// Sends what the streams have.
    pub(super) fn fan_out(&mut self) {
        for place in 0..self.subscriptions.len() {
            let Some(subscription) = self.subscriptions.get(place) else {
                break;
            };
            if !subscription.is_ready.swap(false, Ordering::AcqRel) {
                continue;
            }
            let mut taken = 0;
            while let Some(item) = self
                .subscriptions
                .get_mut(place)
                .and_then(|subscription| subscription.consumer.pop())
            {
                self.on_item(place, &item);
                taken += 1;
                if taken == ITEMS {
                    self.leave_rest(place);
                    break;
                }
            }
        }
    }

    /// The rest of a long queue is for the next turn: others wait, too.
    fn leave_rest(&mut self, place: usize) {
        self.has_more = true;
        if let Some(subscription) = self.subscriptions.get(place) {
            subscription.is_ready.store(true, Ordering::Release);
        }
    }

    fn on_item(&mut self, place: usize, item: &Item) {
        let Some(subscription) = self.subscriptions.get_mut(place) else {
            return;
        };
        let viewers = std::mem::take(&mut subscription.viewers);
        let first = subscription.first.checked_rem(viewers.len()).unwrap_or(0);
        subscription.first = first + 1;
        let (before, after) = viewers.split_at(first);
        for id in after.iter().chain(before) {
            match item {
                Item::Batch(batch) => self.on_batch(*id, batch),
                Item::Skipped { .. } => self.on_viewer(*id, super::Viewer::on_skipped),
                Item::Ended => self.on_viewer(*id, super::Viewer::on_ended),
                Item::Tracks(tracks) => self.on_tracks(*id, tracks),
            }
        }
        // Those who ended meanwhile are not in the table any more.
        let left = viewers
            .into_iter()
            .filter(|id| self.viewers.contains_key(id))
            .collect();
        if let Some(subscription) = self.subscriptions.get_mut(place) {
            subscription.viewers = left;
        }
    }

    fn on_batch(&mut self, id: SessionId, batch: &Arc<Batch>) {
        let Some(viewer) = self.viewers.get(&id) else {
            return;
        };
        let connection = self.net.connection_of(viewer.pair());
        let is_behind = connection.is_some_and(|connection| connection.is_behind(self.clock.now));
        self.drive(id, |viewer, clock, work| {
            viewer.on_batch(batch, is_behind, clock, work)
        });
    }

    fn on_viewer(&mut self, id: SessionId, act: impl FnOnce(&mut super::Viewer)) {
        self.drive(id, |viewer, _, _| {
            act(viewer);
            false
        });
    }

    fn on_tracks(&mut self, id: SessionId, tracks: &Tracks) {
        let fits = self
            .viewers
            .get(&id)
            .is_none_or(|viewer| viewer.source.tracks.same_shape(tracks));
        if !fits {
            self.end(id, Closed::TracksChanged);
        }
    }
}
