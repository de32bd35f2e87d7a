//! Stills: a stream's cached keyframe as JPEG, for whoever asks for a snapshot.
//!
//! Nothing is decoded that nobody asks for, and a keyframe at most once in each width: those who ask
//! for the same at the same time wait for one decoder. Decoders are few, on threads of their own, and
//! so are those who may wait for one: a wall of tiles costs no viewer a packet.

mod cache;
mod keyframe;
#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::thread::available_parallelism;
use std::time::Duration;

use bytes::Bytes;
use lenswire_api::{Code, Problem};
use lenswire_codec::{H264Decoder, jpeg};
use tokio::sync::Semaphore;

use cache::Cache;
pub(crate) use keyframe::Keyframe;

/// How many may wait for a decoder. Each holds a keyframe; who comes later is told to come again.
const WAITING: usize = 64;

/// When one who is turned away may come again.
const LATER: Duration = Duration::from_secs(2);

/// Makes stills, and remembers the last ones.
pub(crate) struct Stills {
    cache: Cache,
    waiting: Semaphore,
    decoders: Arc<Semaphore>,
}

impl Default for Stills {
    /// Half of the cores decode at most: the others forward.
    fn default() -> Self {
        let decoders = available_parallelism().map_or(1, |cores| cores.get().div_ceil(2));
        Self {
            cache: Cache::default(),
            waiting: Semaphore::new(WAITING),
            decoders: Arc::new(Semaphore::new(decoders)),
        }
    }
}

impl Stills {
    /// The keyframe as JPEG, that wide or as wide as it is.
    ///
    /// # Errors
    /// When too many wait already, or the keyframe is broken.
    pub(crate) async fn jpeg(
        &self,
        keyframe: Keyframe,
        width: Option<usize>,
    ) -> Result<Bytes, Problem> {
        let place = self.cache.place(keyframe.key(), width);
        let made = place.get_or_try_init(|| self.make(keyframe, width)).await?;
        Ok(made.clone())
    }

    async fn make(&self, keyframe: Keyframe, width: Option<usize>) -> Result<Bytes, Problem> {
        let waiting = self.waiting.try_acquire();
        let _place = waiting.map_err(|_| {
            Problem::new(Code::Overloaded, "Too many snapshots are being made.").retry_after(LATER)
        })?;
        let decoder = Arc::clone(&self.decoders).acquire_owned().await;
        let made = tokio::task::spawn_blocking(move || {
            let _held_until_done = decoder;
            still(&keyframe, width)
        });
        made.await.unwrap_or_else(|_| Err(Code::Internal.into()))
    }
}

fn still(keyframe: &Keyframe, width: Option<usize>) -> Result<Bytes, Problem> {
    let decoded = H264Decoder::new()
        .and_then(|mut decoder| decoder.decode_annex_b(&keyframe.annex_b()))
        .and_then(|picture| picture.map(|picture| jpeg(&picture, width)).transpose());
    match decoded {
        Ok(Some(jpeg)) => Ok(jpeg.into()),
        Ok(None) => Err(broken("it is incomplete")),
        Err(why) => Err(broken(why)),
    }
}

fn broken(why: impl std::fmt::Display) -> Problem {
    let detail = format!("The last keyframe cannot be decoded: {why}.");
    Problem::new(Code::SnapshotMissing, detail).retry_after(LATER)
}
