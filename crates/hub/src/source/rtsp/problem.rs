//! What people are told when a camera does not play: one sentence that names what the camera said
//! or did, and one that says what to do. And whether it is worth another try at once.

use std::time::Duration;

use lenswire_api::{Code, Problem};
use lenswire_media::facts::Concern;
use lenswire_rtsp::client::Carriage;
use lenswire_rtsp::sdp::{Skipped, Why};
use lenswire_rtsp::{End, Moment, Protocol};

use crate::source::{End as Ending, Then};

/// The end of a session, explained. There is no catch-all arm: a new way to end is a decision here.
pub(super) fn of_end(end: End) -> Ending {
    let then = then(&end);
    let problem = match end {
        End::Dns { .. }
        | End::Denied { .. }
        | End::Refused { .. }
        | End::Unreachable { .. }
        | End::ConnectTimeout { .. }
        | End::TlsFailed { .. }
        | End::NotRtsp(_)
        | End::NoAnswer { .. } => reaching(end),
        End::WrongPassword { .. } | End::PasswordMissing { .. } | End::AuthUnsupported { .. } => {
            login(end)
        }
        End::NotFound { .. }
        | End::Forbidden { .. }
        | End::Busy { .. }
        | End::Status { .. }
        | End::TransportRefused { .. }
        | End::TooManyRedirects { .. }
        | End::BadRedirect
        | End::NothingPlayable { .. } => asking(end),
        End::Silent { .. }
        | End::Stalled { .. }
        | End::Bye { .. }
        | End::Closed { .. }
        | End::Misbehaves { .. } => playing(end),
    };
    Ending { problem, then }
}

fn then(end: &End) -> Then {
    match end {
        End::WrongPassword { .. } | End::PasswordMissing { .. } | End::AuthUnsupported { .. } => {
            Then::Password
        }
        End::NothingPlayable { .. } | End::Misbehaves { .. } | End::Denied { .. } => Then::Park,
        _ => Then::Retry,
    }
}

fn reaching(end: End) -> Problem {
    match end {
        End::Dns { host, why } => Problem::new(
            Code::CameraDnsFailed,
            format!("No address is known for {host} ({why})."),
        ),
        End::Denied { address } => Problem::new(
            Code::SourceDenied,
            format!("The camera leads to {address}, where a source cannot be."),
        ),
        End::Refused { address } => Problem::new(
            Code::CameraRefused,
            format!("Nothing listens at {address}."),
        ),
        End::Unreachable { address, why } => Problem::new(
            Code::CameraUnreachable,
            format!("{address} cannot be reached: {why}."),
        ),
        End::ConnectTimeout { address, after } => Problem::new(
            Code::CameraConnectTimeout,
            format!("{address} did not answer within {}.", seconds(after)),
        ),
        End::TlsFailed { why } => Problem::new(
            Code::CameraTlsFailed,
            format!("No encrypted connection: {why}."),
        ),
        End::NotRtsp(protocol) => {
            let problem = Problem::new(Code::CameraNotRtsp, format!("The port speaks {protocol}."));
            match protocol {
                Protocol::Tls => problem.with_fix("Use rtsps:// instead of rtsp:// for this port."),
                Protocol::Http | Protocol::Ssh | Protocol::Other(_) => problem,
            }
        }
        End::NoAnswer { method, after } => {
            let detail = format!(
                "The camera took the connection and did not answer {method} within {}.",
                seconds(after)
            );
            Problem::new(Code::CameraSilent, detail)
                .with_fix("Restart the camera. Check that this is its RTSP port (usually 554).")
        }
        other => Problem::new(Code::Internal, other.to_string()),
    }
}

fn login(end: End) -> Problem {
    match end {
        End::WrongPassword { user } => Problem::new(
            Code::CameraWrongPassword,
            format!("The camera answered \"401 Unauthorized\" to user {user}."),
        ),
        End::PasswordMissing { realm } if realm.is_empty() => Problem::new(
            Code::CameraPasswordMissing,
            "The camera answered \"401 Unauthorized\", and the address has no user and password.",
        ),
        End::PasswordMissing { realm } => Problem::new(
            Code::CameraPasswordMissing,
            format!(
                "The camera asks for the password of \"{realm}\", and the address has no user and password."
            ),
        ),
        End::AuthUnsupported { offered } if offered.is_empty() => Problem::new(
            Code::CameraAuthUnsupported,
            "The camera answered \"401 Unauthorized\" without saying how to log in.",
        ),
        End::AuthUnsupported { offered } => Problem::new(
            Code::CameraAuthUnsupported,
            format!(
                "The camera asks for {offered}. Lenswire knows Basic, and Digest with MD5 or SHA-256."
            ),
        ),
        other => Problem::new(Code::Internal, other.to_string()),
    }
}

fn asking(end: End) -> Problem {
    let said = |status: u16, reason: &str| format!("The camera answered \"{status} {reason}\".");
    match end {
        End::NotFound { reason } => Problem::new(Code::CameraNotFound, said(404, &reason)),
        End::Forbidden { reason } => Problem::new(Code::CameraForbidden, said(403, &reason)),
        End::Busy { status, reason } => Problem::new(Code::CameraBusy, said(status, &reason)),
        End::Status {
            method,
            status,
            reason,
        } => Problem::new(
            Code::CameraError,
            format!("The camera answered \"{status} {reason}\" to {method}."),
        ),
        End::TransportRefused { asked, both: false } => Problem::new(
            Code::CameraTransportRefused,
            format!(
                "The camera answered \"461 Unsupported Transport\" to {}.",
                asked.name()
            ),
        ),
        End::TransportRefused { both: true, .. } => {
            let detail = "The camera answered \"461 Unsupported Transport\" to TCP and to UDP.";
            Problem::new(Code::CameraTransportRefused, detail)
                .with_fix("Switch multicast off for this stream in the camera's settings.")
        }
        End::TooManyRedirects { followed, to } => Problem::new(
            Code::CameraRedirects,
            format!("The camera redirected more than {followed} times, last to {to}."),
        ),
        End::BadRedirect => Problem::new(
            Code::CameraRedirects,
            "The camera redirects to something that is not an RTSP address.",
        ),
        End::NothingPlayable { has, video: true } => Problem::new(
            Code::CameraCodecUnsupported,
            format!(
                "The camera has {}. Lenswire carries H.264, H.265, VP8, VP9 and AV1.",
                has.join(", ")
            ),
        ),
        End::NothingPlayable { has, video: false } if has.is_empty() => Problem::new(
            Code::CameraNoVideo,
            "The camera's description of this stream is empty.",
        ),
        End::NothingPlayable { has, .. } => Problem::new(
            Code::CameraNoVideo,
            format!("The camera has {} and no video.", has.join(", ")),
        ),
        other => Problem::new(Code::Internal, other.to_string()),
    }
}

fn playing(end: End) -> Problem {
    match end {
        End::Silent {
            over: Carriage::Udp,
            after,
            tcp_too: false,
            reports,
        } => {
            let why = if reports {
                "though its reports say that it sends"
            } else {
                "after the camera said that it plays"
            };
            Problem::new(
                Code::UdpSilent,
                format!("No video came by UDP within {}, {why}.", seconds(after)),
            )
        }
        End::Silent {
            over: Carriage::Udp,
            after,
            ..
        } => Problem::new(
            Code::CameraSilent,
            format!(
                "The camera says that it plays, and sends no video: {} by TCP, then {} by UDP.",
                seconds(after),
                seconds(after)
            ),
        )
        .with_fix("Restart the camera, or try its other stream."),
        End::Silent {
            over: Carriage::Tcp,
            after,
            ..
        } => Problem::new(
            Code::CameraSilent,
            format!(
                "The camera says that it plays, and sent no video by TCP within {}.",
                seconds(after)
            ),
        )
        .with_fix("Try transport: udp, and restart the camera when it stays silent."),
        End::Stalled { after, alive: true } => Problem::new(
            Code::CameraStalled,
            format!(
                "No video for {}, while sound goes on: the camera's encoder has stopped.",
                seconds(after)
            ),
        ),
        End::Stalled {
            after,
            alive: false,
        } => Problem::new(
            Code::CameraStalled,
            format!("No video for {}.", seconds(after)),
        ),
        End::Bye { reason } if reason.is_empty() => {
            Problem::new(Code::CameraClosed, "The camera ended the stream.")
        }
        End::Bye { reason } => Problem::new(
            Code::CameraClosed,
            format!("The camera ended the stream: {reason}."),
        ),
        End::Closed { moment, why } => closed(moment, why.as_deref()),
        End::Misbehaves { what } => {
            Problem::new(Code::CameraMisbehaves, format!("The camera sends {what}."))
        }
        other => Problem::new(Code::Internal, other.to_string()),
    }
}

fn closed(moment: Moment, why: Option<&str>) -> Problem {
    let when = match moment {
        Moment::Greeting => "before it said anything",
        Moment::Asking => "while the stream was being set up",
        Moment::Playing => "while it played",
    };
    let why = why.map(|why| format!(" ({why})")).unwrap_or_default();
    Problem::new(
        Code::CameraClosed,
        format!("The camera closed the connection {when}{why}."),
    )
}

fn seconds(time: Duration) -> String {
    match time.as_secs() {
        1 => "1 second".to_owned(),
        n => format!("{n} seconds"),
    }
}

/// What a camera's sound may be.
const SOUNDS: &str =
    "Set the camera's sound to AAC-LC (often just \"AAC\"), G.711 (PCMU or PCMA, 8 kHz) or Opus.";

/// Sound that was announced as what can be converted, and isn't.
pub(super) fn of_hopeless(format: lenswire_media::sound::Format) -> Problem {
    let detail = format!(
        "The camera's {format} sound can't be decoded: it is not what the camera says it is. The picture plays."
    );
    Problem::new(Code::CameraCodecUnsupported, detail).with_fix(SOUNDS)
}

/// One warning for all tracks that are left out for their codec; none for those nobody misses.
pub(super) fn of_skipped(skipped: &[Skipped]) -> Option<Problem> {
    let missed: Vec<_> = skipped
        .iter()
        .filter(|skipped| skipped.why == Why::Codec)
        .collect();
    let first = missed.first()?;
    let list: Vec<String> = missed
        .iter()
        .map(|s| format!("{} ({})", s.codec, s.media))
        .collect();
    let fix = if first.media == "audio" {
        SOUNDS
    } else {
        "Set the camera's video to H.264."
    };
    let detail = format!(
        "The camera also has {}, which Lenswire does not carry yet. The rest plays.",
        list.join(", ")
    );
    Some(Problem::new(Code::CameraCodecUnsupported, detail).with_fix(fix))
}

/// A camera that plays nothing by TCP; whether it does by UDP is not known yet.
pub(super) fn of_silence() -> Problem {
    let detail = "The camera says that it plays, and sends no video by TCP. UDP is being tried.";
    Problem::new(Code::CameraSilent, detail)
        .with_fix("Restart the camera, or try its other stream.")
}

/// A track that the camera did not want to set up.
pub(super) fn of_setup_refused(media: &str, status: u16, reason: &str) -> Problem {
    Problem::new(
        Code::CameraError,
        format!("The camera refused to send its {media}: \"{status} {reason}\". The rest plays."),
    )
}

/// Something about the picture that viewers will notice.
pub(super) fn of_concern(concern: &Concern) -> Problem {
    match concern {
        Concern::BFrames => Problem::new(
            Code::BFrames,
            "Frames arrive in another order than they are shown in.",
        ),
        Concern::NoKeyframe { since } => Problem::new(
            Code::NoKeyframe,
            format!(
                "The camera has sent no keyframe for {}; nobody can join.",
                seconds(*since)
            ),
        ),
        Concern::NoParameterSets => Problem::new(
            Code::CameraParametersMissing,
            "Keyframes come without SPS and PPS, and the camera's description of the stream has none either.",
        ),
        Concern::ClockJumps { times } => Problem::new(
            Code::CameraClock,
            format!("The camera's clock has jumped {times} times. Lenswire smooths it over."),
        ),
        Concern::Profile(profile) => {
            Problem::new(Code::OddProfile, format!("The camera sends {profile}."))
        }
        Concern::Interlaced => Problem::new(
            Code::Interlaced,
            "The camera's parameter sets say that pictures are made of two fields.",
        ),
        Concern::ClockStands => Problem::new(
            Code::CameraClock,
            "The camera's clock stands still. Lenswire uses its own instead.",
        ),
    }
}

#[cfg(test)]
mod tests;
