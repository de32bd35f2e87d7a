//! Each way to end has words of its own.

use std::collections::HashSet;

use super::*;

#[expect(clippy::too_many_lines, reason = "a list of all there are")]
fn everything() -> Vec<End> {
    let address = "192.168.1.20:554".parse().unwrap();
    let after = Duration::from_secs(5);
    let text = || "x".to_owned();
    vec![
        End::Dns {
            host: "cam".into(),
            why: text(),
        },
        End::Denied { address },
        End::Refused { address },
        End::Unreachable {
            address,
            why: text(),
        },
        End::ConnectTimeout { address, after },
        End::TlsFailed { why: text() },
        End::NotRtsp(Protocol::Http),
        End::NotRtsp(Protocol::Tls),
        End::NoAnswer {
            method: "DESCRIBE",
            after,
        },
        End::WrongPassword {
            user: "admin".into(),
        },
        End::PasswordMissing {
            realm: String::new(),
        },
        End::AuthUnsupported {
            offered: "Digest SHA-512".into(),
        },
        End::NotFound { reason: text() },
        End::Forbidden { reason: text() },
        End::Busy {
            status: 453,
            reason: text(),
        },
        End::Status {
            method: "PLAY",
            status: 500,
            reason: text(),
        },
        End::TransportRefused {
            asked: Carriage::Tcp,
            both: false,
        },
        End::TransportRefused {
            asked: Carriage::Udp,
            both: true,
        },
        End::TooManyRedirects {
            followed: 3,
            to: text(),
        },
        End::BadRedirect,
        End::NothingPlayable {
            has: vec!["video MJPEG".into()],
            video: true,
        },
        End::NothingPlayable {
            has: vec!["audio AAC".into()],
            video: false,
        },
        End::NothingPlayable {
            has: vec![],
            video: false,
        },
        End::Silent {
            over: Carriage::Tcp,
            after,
            tcp_too: false,
            reports: false,
        },
        End::Silent {
            over: Carriage::Udp,
            after,
            tcp_too: false,
            reports: false,
        },
        End::Silent {
            over: Carriage::Udp,
            after,
            tcp_too: false,
            reports: true,
        },
        End::Silent {
            over: Carriage::Udp,
            after,
            tcp_too: true,
            reports: false,
        },
        End::Stalled { after, alive: true },
        End::Stalled {
            after,
            alive: false,
        },
        End::Bye { reason: text() },
        End::Closed {
            moment: Moment::Greeting,
            why: None,
        },
        End::Closed {
            moment: Moment::Playing,
            why: None,
        },
        End::Misbehaves { what: text() },
    ]
}

#[test]
fn every_end_has_a_sentence_of_its_own_and_a_fix() {
    let mut sentences = HashSet::new();
    for end in everything() {
        let Ending { problem, .. } = of_end(end.clone());
        assert_ne!(problem.code, Code::Internal, "{end:?}");
        assert!(
            problem.detail.ends_with('.') && !problem.fix().is_empty(),
            "{problem:?}"
        );
        assert!(
            sentences.insert(problem.detail.clone()),
            "twice: {}",
            problem.detail
        );
    }
}

#[test]
fn only_passwords_and_hopeless_cases_are_not_simply_tried_again() {
    // faults.md, "Parked"
    let of = |wanted: Then| {
        everything()
            .into_iter()
            .filter(move |end| of_end(end.clone()).then == wanted)
            .count()
    };
    assert_eq!((of(Then::Password), of(Then::Park)), (3, 5));
}

#[test]
fn wrong_none_and_unknown_log_ins_are_three_problems() {
    // peers.md section 4: the others call all three a wrong password
    let code = |end| of_end(end).problem.code.name();
    assert_eq!(
        code(End::WrongPassword { user: "a".into() }),
        "camera_wrong_password"
    );
    assert_eq!(
        code(End::PasswordMissing { realm: "x".into() }),
        "camera_password_missing"
    );
    assert_eq!(
        code(End::AuthUnsupported {
            offered: "x".into()
        }),
        "camera_auth_unsupported"
    );
}

#[test]
fn what_is_left_out_for_its_codec_is_named_once() {
    let skip = |media: &str, codec: &str, why| Skipped {
        media: media.into(),
        codec: codec.into(),
        why,
    };
    let problem = of_skipped(&[
        skip("application", "vnd.onvif.metadata", Why::NotMedia),
        skip("audio", "AAC", Why::Codec),
        skip("video", "MJPEG", Why::Codec),
    ]);
    assert!(
        problem
            .unwrap()
            .detail
            .contains("AAC (audio), MJPEG (video)")
    );
    assert_eq!(of_skipped(&[skip("audio", "PCMU", Why::BackChannel)]), None);
}
