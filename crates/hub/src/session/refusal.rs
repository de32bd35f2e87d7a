//! What the engine refuses, in words.

use std::time::Duration;

use lenswire_api::{Code, Problem};
use lenswire_rtc::Refusal;

/// What the engine refuses, as a problem: one for each way, so that a new way asks for its words.
pub(crate) fn problem(refusal: &Refusal) -> Problem {
    const SOON: Duration = Duration::from_secs(2);
    match refusal {
        Refusal::BadSdp { why } => {
            Problem::new(Code::SdpInvalid, format!("The offer can't be used: {why}."))
        }
        Refusal::BadFragment { why } => Problem::new(
            Code::SdpInvalid,
            format!("The ICE fragment can't be used: {why}."),
        ),
        Refusal::NoCommonCodec { .. } => {
            Problem::new(Code::CodecNotOffered, format!("Nothing fits: {refusal}."))
        }
        Refusal::NothingSent => Problem::new(
            Code::SdpInvalid,
            "The offer sends neither pictures nor sound.",
        ),
        Refusal::NoTakenCodec { .. } => {
            Problem::new(Code::CodecNotTaken, format!("Nothing fits: {refusal}."))
        }
        Refusal::NoTracks => Problem::new(
            Code::StreamNotLive,
            "The stream has no track that could be sent.",
        )
        .retry_after(SOON),
        Refusal::TooManySessions { limit } => Problem::new(
            Code::Overloaded,
            format!("{limit} sessions are open, and that is the limit."),
        )
        .retry_after(SOON),
        Refusal::TooManyPending { limit } => Problem::new(
            Code::TooManySessions,
            format!("{limit} sessions are still connecting, and that is the limit."),
        )
        .with_fix("Wait until they are connected, or have failed.")
        .retry_after(SOON),
        Refusal::TooManyCandidates => Problem::new(Code::TooManyRequests, format!("{refusal}.")),
        Refusal::Overloaded => {
            Problem::new(Code::Overloaded, "The media threads are busy.").retry_after(SOON)
        }
        Refusal::Ended => Problem::new(Code::SessionNotFound, "The session has ended."),
        Refusal::Internal => Problem::new(Code::Internal, "The session could not be made."),
    }
}
