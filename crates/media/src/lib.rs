//! Packets, frames, codecs, clocks, GOP cache: the pure core of Lenswire.
#![forbid(unsafe_code)]

mod packet;
pub mod stream;
mod track;

pub use packet::{Batch, MAX_PAYLOAD, Packet, WallTime};
pub use stream::{Consumer, Demand, Item, Join, Producer, Stream, StreamStats, Wake, Watching};
pub use track::{Codec, Kind, ParameterSets, Track, TrackId, Tracks};
