//! Packets, frames, codecs, clocks, GOP cache: the pure core of Lenswire.
#![forbid(unsafe_code)]

mod backoff;
pub mod clock;
mod ingest;
mod packet;
mod reorder;
pub mod stream;
mod track;
pub mod viewer;

pub use backoff::Backoff;
pub use ingest::{Ingest, Malformed, Rtp};
pub use packet::{Batch, MAX_PAYLOAD, Packet, WallTime};
pub use reorder::{REORDER_WINDOW, Reorder, ReorderCounts};
pub use stream::{Consumer, Demand, Item, Join, Producer, Stream, StreamStats, Wake, Watching};
pub use track::{Codec, Kind, ParameterSets, Track, TrackId, Tracks};
pub use viewer::{Dropped, Outgoing, Viewing, Viewstate};
