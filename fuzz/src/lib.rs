//! Fuzz targets for every parser of network bytes: one file or folder per crate in `tests/`.
//!
//! # Replay
//! `cargo test -p lenswire-fuzz`, on stable: each target runs the seeds and former crashes in
//! `__fuzz__/<target>/{corpus,crashes}` beside its file and then [`BRIEF`] of random input, so that
//! the whole takes a few seconds. `BOLERO_RANDOM_TEST_TIME_MS=60000` makes it longer,
//! `BOLERO_RANDOM_SEED=<printed seed>` repeats a failure.
//!
//! # Explore
//! With nightly Rust and [cargo-bolero](https://crates.io/crates/cargo-bolero), guided by
//! coverage:
//! ```text
//! cargo install cargo-bolero
//! CARGO_PROFILE_DEV_CODEGEN_UNITS=1 \
//!     cargo bolero test ingest -p lenswire-fuzz --profile dev --toolchain nightly -T 10min
//! ```
//! New inputs go to the target's `corpus`, failures to its `crashes`. A failure is committed with
//! the change that mends it; of a corpus only what `cargo bolero reduce` leaves.
//!
//! # Add
//! A target is a test that calls `bolero::check!().with_test_time(BRIEF).for_each(|bytes| ..)`.
//! Its name is that of its seeds' folder, so targets in `tests/*.rs` need names of their own.
//! All take raw bytes, read with [`Bytes`] where structure is wanted, so that seeds can be made by
//! hand and stay good when a generator changes.
#![forbid(unsafe_code)]

use std::time::{Duration, Instant};

/// How long each target tries random input in an ordinary test run.
pub const BRIEF: Duration = Duration::from_millis(250);

/// The moment at which a target's fake clock begins.
#[must_use]
#[expect(
    clippy::disallowed_methods,
    reason = "an Instant can't be made otherwise; only differences to it matter"
)]
pub fn start() -> Instant {
    Instant::now()
}

/// Reads values off the front of an input; past its end everything is zero or empty.
#[derive(Clone, Copy, Debug)]
pub struct Bytes<'a>(pub &'a [u8]);

impl<'a> Bytes<'a> {
    /// Whether everything has been read.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The next byte.
    pub fn u8(&mut self) -> u8 {
        let Some((first, rest)) = self.0.split_first() else {
            return 0;
        };
        self.0 = rest;
        *first
    }

    /// The next two bytes, big-endian.
    pub fn u16(&mut self) -> u16 {
        u16::from(self.u8()) << 8 | u16::from(self.u8())
    }

    /// The next four bytes, big-endian.
    pub fn u32(&mut self) -> u32 {
        u32::from(self.u16()) << 16 | u32::from(self.u16())
    }

    /// The next `len` bytes, or as many as there are.
    pub fn take(&mut self, len: usize) -> &'a [u8] {
        let (taken, rest) = self.0.split_at(len.min(self.0.len()));
        self.0 = rest;
        taken
    }

    /// Bytes behind their length, which is one byte.
    pub fn piece(&mut self) -> &'a [u8] {
        let len = self.u8();
        self.take(usize::from(len))
    }
}
