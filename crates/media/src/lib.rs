//! Packets, frames, codecs, clocks, GOP cache: the pure core of Lenswire.
#![forbid(unsafe_code)]

mod packet;
mod track;

pub use packet::{Batch, MAX_PAYLOAD, Packet, WallTime};
pub use track::{Codec, Kind, ParameterSets, Track, TrackId, Tracks};
