//! What a viewer is shown of a stream that comes in several sizes, and how fast it catches up: by what
//! its link bears and its player says.

use std::time::{Duration, Instant};

use lenswire_media::viewer::Viewstate;
use lenswire_media::viewer::layers::{Choice, Conditions, Layer, Layers};
use lenswire_media::{Batch, Codec, Kind, Stream, TrackId};

use super::super::session::{Report, SessionEvent};
use super::super::thread::Work;
use super::Viewer;
use crate::peer::Clock;

/// A viewer of a stream of one size is measured for so long after it joined: until it is at the live
/// edge in any case. Afterwards nothing depends on the link any more.
const JOINING: Duration = Duration::from_secs(4);

/// A link is reported on ten times a second and more; a look at the layers takes locks that their
/// sources share, so it is taken this often at most.
const LOOK_SPACING: Duration = Duration::from_millis(200);

/// What a batch is to a viewer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::engine) enum Wanted {
    /// None of its business.
    Nothing,
    /// Shown or heard.
    Shown,
    /// The picture goes over to it with this keyframe.
    Switch,
}

/// Which of the layers is shown, and which will be.
pub(in crate::engine) struct Adapting {
    /// 0 = the stream itself.
    pub(in crate::engine) shown: usize,
    target: Option<usize>,
    layers: Layers,
    /// Each layer's picture; `None` while it has none that this viewer can be shown.
    videos: Vec<Option<TrackId>>,
    has_sound: bool,
    report: Report,
    /// When the layers were last looked at.
    looked: Option<Instant>,
    changed: bool,
}

impl Adapting {
    pub(super) fn new(count: usize) -> Self {
        Self {
            shown: 0,
            target: None,
            layers: Layers::default(),
            videos: vec![None; count],
            has_sound: false,
            report: Report::default(),
            looked: None,
            changed: false,
        }
    }

    fn has_choice(&self) -> bool {
        self.videos.len() > 1
    }

    /// Whether a layer is read: the one that is shown, the one that will be, and the stream itself
    /// for its sound.
    pub(in crate::engine) fn reads(&self, layer: usize) -> bool {
        layer == self.shown || self.target == Some(layer) || (layer == 0 && self.has_sound)
    }

    /// What a batch of a layer is.
    pub(super) fn wants(&self, layer: usize, batch: &Batch) -> Wanted {
        if !self.has_choice() {
            return Wanted::Shown;
        }
        let is_video = self.videos.get(layer).copied().flatten() == Some(batch.track);
        if !is_video {
            // The stream's own sound, or its picture before that is known.
            let is_shown = layer == 0 && (self.shown == 0 || self.is_sound(batch));
            return if is_shown {
                Wanted::Shown
            } else {
                Wanted::Nothing
            };
        }
        if layer == self.shown {
            return Wanted::Shown;
        }
        let begins = |batch: &Batch| {
            let mut packets = batch.packets.iter();
            packets.any(|packet| packet.keyframe && packet.frame_start)
        };
        if self.target == Some(layer) && begins(batch) {
            Wanted::Switch
        } else {
            Wanted::Nothing
        }
    }

    fn is_sound(&self, batch: &Batch) -> bool {
        self.has_sound && self.videos.first().copied().flatten() != Some(batch.track)
    }

    fn aim(&mut self, target: Option<usize>) {
        self.changed |= self.target != target;
        self.target = target;
    }

    /// Whether other streams are read than at the last call.
    pub(super) fn take_change(&mut self) -> bool {
        std::mem::take(&mut self.changed)
    }
}

impl Viewer {
    /// Which of its layers a stream is.
    pub(in crate::engine) fn layer_of(&self, stream: &Stream) -> Option<usize> {
        let layers = &self.source.layers;
        layers.iter().position(|layer| layer.is_same(stream))
    }

    /// Begins at the layer that its tile asks for, and to measure its link.
    pub(super) fn begin_adapting(&mut self, now: Instant) {
        let codecs = self.core.peer.codecs();
        self.adapting.has_sound = codecs.iter().any(|codec| codec.kind() == Kind::Audio);
        if self.adapting.has_choice() {
            let layers = self.look_at_layers(now);
            if let Some(smaller) = Layers::first(&layers, self.adapting.report.tile)
                && smaller != 0
            {
                self.switch_now(smaller, now);
            }
        } else {
            // The thread reads the stream now, that is demand enough.
            self.source.demands.clear();
        }
        self.core.peer.set_estimating(true, now);
        if self.core.peer.is_estimating()
            && let Some(view) = &mut self.view
        {
            view.await_link(now);
        }
    }

    /// Something new is known of the link.
    pub(super) fn on_link(&mut self, clock: Clock, work: &mut Work) {
        if let Some(view) = &mut self.view
            && let Some(link) = self.core.peer.link(clock.now)
        {
            view.set_link(link.bits_per_second);
        }
        let is_soon = |at: Instant| clock.now.saturating_duration_since(at) < LOOK_SPACING;
        if !self.adapting.looked.is_some_and(is_soon) {
            self.adapt(clock, work);
        }
    }

    /// Takes what the player says of itself.
    pub(in crate::engine) fn on_report(&mut self, report: Report, clock: Clock, work: &mut Work) {
        if let (Some(view), Some(received), Some(decoded)) = (
            &mut self.view,
            report.frames_received,
            report.frames_decoded,
        ) {
            view.set_decoded(received, decoded);
        }
        self.adapting.report = self.adapting.report.updated(report);
        self.adapt(clock, work);
    }

    /// Chooses what to show. Called with each measurement and report, and once a second.
    pub(in crate::engine) fn adapt(&mut self, clock: Clock, work: &mut Work) {
        let now = clock.now;
        if self.view.is_none() {
            return;
        }
        if !self.adapting.has_choice() {
            self.end_measuring(now);
            return;
        }
        let layers = self.look_at_layers(now);
        let link = self.core.peer.link(now);
        let conditions = Conditions {
            link: link.map(|link| link.bits_per_second),
            queue: link.map_or(Duration::ZERO, |link| link.queue),
            tile: self.adapting.report.tile,
        };
        let place = (self.adapting.shown, self.adapting.target);
        let choice = self
            .adapting
            .layers
            .choose(&layers, place, &conditions, now);
        match choice {
            Choice::Stay => {}
            Choice::Cancel => self.adapting.aim(None),
            Choice::Probe => self.core.peer.probe(now, &mut work.flight),
            Choice::AtKeyframe(layer) => {
                self.adapting.aim(Some(layer));
                if let Some(stream) = self.source.layers.get(layer) {
                    stream.request_keyframe(now);
                }
            }
            Choice::Now(layer) => self.switch_now(layer, now),
        }
    }

    /// A viewer that has joined a stream of one size need not be measured any more.
    fn end_measuring(&mut self, now: Instant) {
        let is_live = self
            .view
            .as_ref()
            .is_some_and(|view| view.state() == Viewstate::Live);
        if is_live && now.saturating_duration_since(self.core.born) > JOINING {
            self.core.peer.set_estimating(false, now);
        }
    }

    fn switch_now(&mut self, layer: usize, now: Instant) {
        let Some(stream) = self.source.layers.get(layer) else {
            return;
        };
        let join = stream.join();
        if let Some(view) = &mut self.view {
            view.switch_to(join, now);
            // What is known of the link holds for what is caught up over it.
            if let Some(link) = self.core.peer.link(now) {
                view.set_link(link.bits_per_second);
            }
            self.view_due = Some(now);
        }
        self.now_shows(layer);
    }

    /// A switch has happened.
    pub(super) fn now_shows(&mut self, layer: usize) {
        self.adapting.shown = layer;
        self.adapting.target = None;
        self.adapting.changed = true;
        self.core.shared.change(|stats| stats.layer = layer);
        (self.core.tell)(SessionEvent::Layer(layer));
    }

    /// The layers as they are now.
    fn look_at_layers(&mut self, now: Instant) -> Vec<Layer> {
        self.adapting.looked = Some(now);
        let codec: Option<Codec> = self
            .source
            .tracks
            .first(Kind::Video)
            .map(|(_, track)| track.codec);
        let mut layers = Vec::with_capacity(self.source.layers.len());
        for (stream, video) in self.source.layers.iter().zip(&mut self.adapting.videos) {
            let tracks = stream.tracks();
            *video = tracks
                .as_deref()
                .and_then(|tracks| tracks.first(Kind::Video))
                .filter(|(_, track)| Some(track.codec) == codec)
                .map(|(id, _)| id);
            let stats = stream.stats(now);
            layers.push(Layer {
                is_live: video.is_some() && stream.is_live(),
                bitrate: stats.bitrate,
                size: stats.size,
            });
        }
        layers
    }
}
