//! Packets, frames, codecs, clocks, GOP cache: the pure core of Lenswire.
//!
//! No I/O, no threads of its own, no clock: bytes and times come in as arguments.
//!
//! The way of a picture through this crate:
//! 1. A source's RTP becomes [`Packet`]s in [`Ingest`] (over UDP behind a [`Reorder`] window); an
//!    encoder's frames become the same in [`packetize::Packetizer`]. This is the only place where
//!    payloads are read.
//! 2. A [`Producer`] writes them, a frame at a time, as one [`Batch`] into a [`Stream`], which
//!    keeps the current group of pictures for joiners and gives the batch to every [`Consumer`].
//! 3. Each consumer's thread asks the [`Viewing`] of each of its viewers what to send: from which
//!    keyframe, with which numbers and times, and when.
//! 4. Who wants whole frames again (a decoder, a snapshot) puts an [`assemble::Assembler`] behind
//!    a consumer.
//!
//! Sound that browsers don't play goes another way in: [`sound`] takes it out of its RTP, and what it was
//! converted to is written as any other track.
//!
//! [`Backoff`] says when a source that failed is tried again; [`facts`] what its video will do to
//! viewers.
#![forbid(unsafe_code)]

pub mod assemble;
mod backoff;
pub mod clock;
pub mod facts;
mod ingest;
pub mod nal;
mod packet;
pub mod packetize;
mod reorder;
mod sets;
pub mod sound;
pub mod stream;
#[cfg(test)]
mod testing;
mod track;
pub mod viewer;

pub use assemble::Malformed;
pub use backoff::Backoff;
pub use clock::Unwrap16;
pub use facts::Concern;
pub use ingest::{Facts, Ingest, IngestCounts, Rtp};
pub use packet::{Batch, MAX_PAYLOAD, Packet, WallTime};
pub use packetize::Packetizer;
pub use reorder::{REORDER_WINDOW, Reorder, ReorderCounts};
pub use stream::{
    Consumer, Demand, Item, Join, Producer, Stream, StreamStats, Wake, Watching, Writer,
};
pub use track::{Codec, Kind, ParameterSets, Track, TrackId, Tracks};
pub use viewer::{Dropped, Outgoing, Run, Viewing, Viewstate};
