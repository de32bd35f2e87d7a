//! From a stream to its viewers on this thread: the stream's queue is read once, and what comes out
//! goes to one viewer after the other, a batch to each as one burst.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use lenswire_media::{Batch, Consumer, Item, Stream, Tracks};

use super::super::handle::Handle;
use super::super::member::Member;
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
    fn new(stream: &Stream, handle: &Arc<Handle>, viewer: SessionId) -> Self {
        let is_ready = Arc::new(AtomicBool::new(false));
        let (handle, flag) = (Arc::clone(handle), Arc::clone(&is_ready));
        let wake = Arc::new(move || {
            flag.store(true, Ordering::Release);
            handle.wake();
        });
        Self {
            consumer: stream.consume(wake),
            is_ready,
            viewers: vec![viewer],
            first: 0,
        }
    }

    fn is_of(&self, stream: &Stream) -> bool {
        self.consumer.stream().is_same(stream)
    }
}

impl MediaThread {
    /// A viewer is connected: from now on it gets its stream.
    pub(super) fn join(&mut self, id: SessionId) {
        // Before the viewer takes what is cached, so that nothing falls between.
        self.subscribe(id);
        let mut still_fits = true;
        self.drive_viewer(id, |viewer, clock, work| {
            still_fits = viewer.begin(clock.now);
            viewer.tick(clock, work);
            true
        });
        if !still_fits {
            self.end(id, Closed::TracksChanged);
        }
    }

    /// Lets a viewer read what it wants to read, and nothing else.
    pub(super) fn subscribe(&mut self, id: SessionId) {
        self.changes += 1;
        let Some(viewer) = self.members.get(&id).and_then(Member::viewer) else {
            return;
        };
        for (layer, stream) in viewer.source.layers.iter().enumerate() {
            let place = self
                .subscriptions
                .iter()
                .position(|subscription| subscription.is_of(stream));
            match (place, viewer.adapting.reads(layer)) {
                (Some(place), reads) => {
                    let viewers = &mut self.subscriptions[place].viewers;
                    match viewers.iter().position(|viewer| *viewer == id) {
                        Some(at) if !reads => drop(viewers.remove(at)),
                        None if reads => viewers.push(id),
                        _ => {}
                    }
                }
                (None, true) => {
                    let subscription = Subscription::new(stream, &self.handle, id);
                    self.subscriptions.push(subscription);
                }
                (None, false) => {}
            }
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
        let stream = subscription.consumer.stream().clone();
        let changes = self.changes;
        self.gathering(|thread| {
            let (before, after) = viewers.split_at(first);
            for id in after.iter().chain(before) {
                thread.on_item_of(*id, &stream, item);
            }
        });
        if self.changes != changes {
            self.put_back(place, &stream, viewers);
        } else if let Some(subscription) = self.subscriptions.get_mut(place) {
            subscription.viewers = viewers;
        }
    }

    fn on_item_of(&mut self, id: SessionId, stream: &Stream, item: &Item) {
        let viewer = self.members.get(&id).and_then(Member::viewer);
        let Some(layer) = viewer.and_then(|viewer| viewer.layer_of(stream)) else {
            return;
        };
        match item {
            Item::Batch(batch) => self.on_batch(id, layer, batch),
            Item::Skipped { .. } => self.on_viewer(id, |viewer| viewer.on_skipped(layer)),
            Item::Ended => self.on_viewer(id, |viewer| viewer.on_ended(layer)),
            Item::Tracks(tracks) if layer == 0 => self.on_tracks(id, tracks),
            Item::Tracks(_) => {}
        }
    }

    /// Those who ended meanwhile are not in the table any more, some read something else by now, and
    /// some began to read this.
    fn put_back(&mut self, place: usize, stream: &Stream, viewers: Vec<SessionId>) {
        let reads = |id: &SessionId| {
            let viewer = self.members.get(id).and_then(Member::viewer);
            viewer.is_some_and(|viewer| {
                let layer = viewer.layer_of(stream);
                layer.is_some_and(|layer| viewer.adapting.reads(layer))
            })
        };
        let left: Vec<SessionId> = viewers.into_iter().filter(reads).collect();
        if let Some(subscription) = self.subscriptions.get_mut(place) {
            let begun = std::mem::replace(&mut subscription.viewers, left);
            subscription.viewers.extend(begun);
        }
    }

    fn on_batch(&mut self, id: SessionId, layer: usize, batch: &Arc<Batch>) {
        let Some(member) = self.members.get(&id) else {
            return;
        };
        let connection = self.net.connection_of(member.core().pair());
        let is_behind = connection.is_some_and(|connection| connection.is_behind(self.clock.now));
        self.drive_viewer(id, |viewer, clock, work| {
            viewer.on_batch(layer, batch, is_behind, clock, work)
        });
    }

    fn on_viewer(&mut self, id: SessionId, act: impl FnOnce(&mut super::Viewer)) {
        self.drive_viewer(id, |viewer, _, _| {
            act(viewer);
            false
        });
    }

    fn on_tracks(&mut self, id: SessionId, tracks: &Tracks) {
        let fits = self
            .members
            .get(&id)
            .and_then(Member::viewer)
            .is_none_or(|viewer| viewer.source.tracks.same_shape(tracks));
        if !fits {
            self.end(id, Closed::TracksChanged);
        }
    }
}
