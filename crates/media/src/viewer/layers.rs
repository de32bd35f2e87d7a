//! Which of a stream's pictures (the camera's main profile, its second one) a viewer gets: the best
//! that its link and its tile bear. Pure; nothing is transcoded, the choice is all there is.
//!
//! Down at once when the link is full, up only after the link has shown for a while that it bears
//! more, so that a viewer at the edge does not see the picture change back and forth.

use std::time::{Duration, Instant};

/// A better picture needs this much more than its bitrate before it is chosen.
const ROOM_UP: f64 = 1.3;

/// The present picture stays while the link bears this much of it.
const ROOM_STAY: f64 = 1.0;

/// The link must have borne more for so long.
const PATIENCE_UP: Duration = Duration::from_secs(2);

/// A tile that was made smaller must have stayed so for so long: people drag windows.
const PATIENCE_TILE: Duration = Duration::from_secs(1);

/// Between two probes of a link on which more would be wanted.
const PROBE_SPACING: Duration = Duration::from_secs(2);

/// A queue this long on a link that is too small for the picture: it can't wait for a keyframe.
const URGENT_QUEUE: Duration = Duration::from_millis(300);

/// A picture covers a tile when it has this part of its pixels, each way.
const COVERS: f64 = 0.8;

/// One of the pictures, the best first.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Layer {
    /// Its source is there and its codec the viewer's.
    pub is_live: bool,
    /// In bit/s, as measured; 0 = not known.
    pub bitrate: u64,
    /// Width and height.
    pub size: Option<(u32, u32)>,
}

/// What is known of the viewer.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Conditions {
    /// What its link bears, in bit/s, if that is known.
    pub link: Option<u64>,
    /// How long packets wait in it.
    pub queue: Duration,
    /// Pixels that the picture takes on its screen; (0, 0) = nobody sees it.
    pub tile: Option<(u32, u32)>,
}

/// What to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Choice {
    /// Nothing: what is shown, or already on its way, is right.
    Stay,
    /// Not to go where it was about to go: that is not right any more.
    Cancel,
    /// To that layer, at its next keyframe.
    AtKeyframe(usize),
    /// To that layer, at once.
    Now(usize),
    /// The link must be measured before it can be told whether it bears more.
    Probe,
}

/// One viewer's choice over time.
#[derive(Debug, Default)]
pub struct Layers {
    /// Since when another layer than the present one is the best, and which.
    wish: Option<(usize, Instant)>,
    probed: Option<Instant>,
}

impl Layers {
    /// What a viewer begins with: the smallest picture that covers its tile.
    #[must_use]
    pub fn first(layers: &[Layer], tile: Option<(u32, u32)>) -> Option<usize> {
        by_tile(layers, tile)
    }

    /// The choice at `now` while `shown` is shown and, perhaps, the next keyframe of `target` is
    /// waited for.
    pub fn choose(
        &mut self,
        layers: &[Layer],
        (shown, target): (usize, Option<usize>),
        conditions: &Conditions,
        now: Instant,
    ) -> Choice {
        let Some(present) = layers.get(shown) else {
            return Choice::Stay;
        };
        let by_tile = by_tile(layers, conditions.tile);
        let by_link = by_link(layers, shown, conditions.link);
        let (Some(by_tile), Some(by_link)) = (by_tile, by_link) else {
            return Choice::Stay;
        };
        let best = by_tile.max(by_link);
        if !present.is_live && best != shown {
            // Another picture of the same scene is better than none.
            self.wish = None;
            return Choice::Now(best);
        }
        let is_full = conditions
            .link
            .is_some_and(|link| (link as f64) < present.bitrate as f64 * ROOM_STAY);
        if by_link > shown && is_full {
            self.wish = None;
            return if conditions.queue > URGENT_QUEUE {
                Choice::Now(by_link)
            } else {
                Choice::AtKeyframe(by_link)
            };
        }
        if target == Some(best) {
            return Choice::Stay;
        }
        if best == shown {
            self.wish = None;
            if target.is_some() {
                return Choice::Cancel;
            }
            return self.probe(by_tile < shown, now);
        }
        self.wait_for(best, shown, now)
    }

    /// A wish must last before it is followed.
    fn wait_for(&mut self, best: usize, shown: usize, now: Instant) -> Choice {
        let patience = if best < shown {
            PATIENCE_UP
        } else {
            PATIENCE_TILE
        };
        match self.wish {
            Some((wished, since)) if wished == best => {
                if now.saturating_duration_since(since) >= patience {
                    self.wish = None;
                    Choice::AtKeyframe(best)
                } else {
                    self.probe(best < shown, now)
                }
            }
            _ => {
                self.wish = Some((best, now));
                self.probe(best < shown, now)
            }
        }
    }

    fn probe(&mut self, wants_more: bool, now: Instant) -> Choice {
        let is_soon = |at: Instant| now.saturating_duration_since(at) < PROBE_SPACING;
        if !wants_more || self.probed.is_some_and(is_soon) {
            return Choice::Stay;
        }
        self.probed = Some(now);
        Choice::Probe
    }
}

/// The smallest picture that covers the tile; the best where that isn't known.
fn by_tile(layers: &[Layer], tile: Option<(u32, u32)>) -> Option<usize> {
    let best = layers.iter().position(|layer| layer.is_live)?;
    let Some((width, height)) = tile else {
        return Some(best);
    };
    let covers = |layer: &Layer| {
        layer.size.is_some_and(|size| {
            f64::from(size.0) >= f64::from(width) * COVERS
                || f64::from(size.1) >= f64::from(height) * COVERS
        })
    };
    let smallest = layers
        .iter()
        .rposition(|layer| layer.is_live && covers(layer));
    Some(smallest.unwrap_or(best))
}

/// The best picture that the link bears, else the smallest.
fn by_link(layers: &[Layer], shown: usize, link: Option<u64>) -> Option<usize> {
    let live = || layers.iter().enumerate().filter(|(_, layer)| layer.is_live);
    let Some(link) = link else {
        // Nothing measured: what is shown may stay, more must be measured first.
        return live()
            .map(|(at, _)| at)
            .find(|at| *at >= shown)
            .or_else(|| live().map(|(at, _)| at).next_back());
    };
    let bears = |(at, layer): &(usize, &Layer)| {
        let room = if *at >= shown { ROOM_STAY } else { ROOM_UP };
        layer.bitrate > 0 && link as f64 >= layer.bitrate as f64 * room
    };
    live()
        .find(bears)
        .or_else(|| live().next_back())
        .map(|(at, _)| at)
}

#[cfg(test)]
#[path = "tests/layers.rs"]
mod tests;
