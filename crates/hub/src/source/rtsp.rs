//! The driver of cameras that are reached by RTSP.

use lenswire_api::{Code, Problem};
use lenswire_media::Stream;

use super::{End, Report, Then};

/// A camera that speaks RTSP.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RtspSource;

pub(crate) async fn run(_source: &RtspSource, _stream: &Stream, _report: Report<'_>) -> End {
    End { problem: Problem::from(Code::CameraUnreachable), then: Then::Retry }
}
