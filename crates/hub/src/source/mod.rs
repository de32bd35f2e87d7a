//! Where streams come from.

mod capture;
mod rtsp;
