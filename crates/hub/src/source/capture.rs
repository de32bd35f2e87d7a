//! The driver of pictures made on this machine: the demo camera.

use lenswire_api::{Code, Problem};
use lenswire_media::Stream;

use super::{End, Report, Then};

pub(crate) async fn run(_stream: &Stream, _report: Report<'_>) -> End {
    End { problem: Problem::from(Code::CameraSilent), then: Then::Retry }
}
