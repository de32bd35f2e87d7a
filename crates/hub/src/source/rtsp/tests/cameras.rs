//! Real servers: GStreamer over TCP, UDP and TLS with Digest; VLC over UDP with Basic; hostile ones.

use lenswire_media::ParameterSets;

use super::parts::Camera;
use super::*;

/// Two groups of pictures, so that what came is more than a beginning.
fn plays(seen: &Seen) -> bool {
    seen.live && seen.keyframes >= 2 && seen.packets.0 > 10
}

// requirements 57, 58, 61, 62, 90
#[tokio::test]
async fn gstreamer_over_tcp_with_sound() {
    let camera = Camera::gst("gate", &["--audio", "pcma"]);
    let seen = watch(&source(&camera.url(""), Transport::Auto), |seen| {
        plays(seen) && seen.packets.1 > 10 && seen.captured
    })
    .await;
    assert_eq!(
        (seen.codecs(), seen.connected, seen.bad),
        (vec!["H264", "PCMA"], 1, 0)
    );
    assert_eq!(seen.epochs, [1], "whichever track begins first");
}

// requirement 58
#[tokio::test]
async fn gstreamer_over_udp() {
    let camera = Camera::gst("gate", &["--audio", "opus"]);
    let seen = watch(&source(&camera.url(""), Transport::Udp), |seen| {
        plays(seen) && seen.packets.1 > 10 && seen.captured
    })
    .await;
    assert_eq!(seen.codecs(), ["H264", "opus"]);
}

// requirement 58: by itself, when the camera answers 461
#[tokio::test]
async fn gstreamer_that_refuses_tcp_is_played_over_udp() {
    let camera = Camera::gst("gate", &["--transport", "udp"]);
    let seen = watch(&source(&camera.url(""), Transport::Auto), plays).await;
    assert_eq!(seen.connected, 1, "on the same connection");
    let refused = watch(&source(&camera.url(""), Transport::Tcp), |_| false).await;
    assert_eq!(refused.code(), "camera_transport_refused");
}

// requirement 59
#[tokio::test]
async fn digest_right_wrong_and_missing() {
    let camera = Camera::gst("gate", &["--user", "admin", "--password", "p@ss:word"]);
    watch(
        &source(&camera.url("admin:p%40ss%3Aword@"), Transport::Auto),
        plays,
    )
    .await;
    for (login, code) in [
        ("admin:wrong@", "camera_wrong_password"),
        ("", "camera_password_missing"),
    ] {
        let seen = watch(&source(&camera.url(login), Transport::Auto), |_| false).await;
        assert_eq!(seen.code(), code);
        assert_eq!(seen.end.unwrap().then, crate::source::Then::Password);
    }
}

// requirement 58
#[tokio::test]
async fn vlc_over_udp_with_basic() {
    let camera = Camera::vlc("admin", "secret");
    let seen = watch(
        &source(&camera.url("admin:secret@"), Transport::Auto),
        plays,
    )
    .await;
    assert_eq!((seen.codecs(), seen.bad), (vec!["H264"], 0));
}

// requirement 63
#[tokio::test]
async fn h265_and_vp9() {
    let h265 = Camera::gst("h265", &["--codec", "h265", "--audio", "pcmu"]);
    let seen = watch(&source(&h265.url(""), Transport::Auto), plays).await;
    assert_eq!(seen.codecs(), ["H265", "PCMU"]);
    let vp9 = Camera::gst("vp9", &["--codec", "vp9"]);
    let seen = watch(&source(&vp9.url(""), Transport::Auto), plays).await;
    assert_eq!(seen.codecs(), ["VP9"]);
}

// requirement 80: AAC and plain samples arrive as Opus, and nobody is told that anything is wrong.
#[tokio::test]
async fn sound_that_no_browser_plays_is_converted() {
    for (sound, rate) in [
        ("aac", 48_000),
        ("aac16", 16_000),
        ("latm", 44_100),
        ("l16", 44_100),
    ] {
        let camera = Camera::gst("vp8", &["--codec", "vp8", "--audio", sound]);
        let seen = watch(&source(&camera.url(""), Transport::Auto), |seen| {
            plays(seen) && seen.packets.1 > 20
        })
        .await;
        assert_eq!(seen.codecs(), ["VP8", "opus"], "{sound}");
        assert_eq!(seen.warnings, [], "{sound}");
        let tracks = seen.tracks.as_deref().expect("tracks");
        match tracks.0[1].parameters {
            ParameterSets::Converted(format) => assert_eq!(format.rate, rate, "{sound}"),
            ref other => panic!("{sound}: {other:?}"),
        }
    }
}

// A6: each named by its own code, from the first group of pictures on.
#[tokio::test]
async fn pictures_that_browsers_do_not_play_are_told() {
    for (clip, code) in [
        ("bframes", "b_frames"),
        ("high422", "odd_profile"),
        ("interlaced", "interlaced"),
    ] {
        let camera = Camera::gst(clip, &[]);
        let told = |seen: &Seen| {
            seen.warnings
                .iter()
                .any(|problem| problem.code.name() == code)
        };
        watch(&source(&camera.url(""), Transport::Auto), |seen| {
            plays(seen) && told(seen)
        })
        .await;
    }
}

// requirements 60, 96: A1
#[tokio::test]
async fn a_killed_camera_is_noticed_at_once() {
    let camera = Mutex::new(Camera::gst("gate", &[]));
    let url = camera.lock().unwrap().url("");
    let seen = watch(&source(&url, Transport::Auto), |seen| {
        if plays(seen) {
            camera.lock().unwrap().kill();
        }
        false
    })
    .await;
    assert_eq!(seen.code(), "camera_closed");
    let seen = watch(&source(&url, Transport::Auto), |_| false).await;
    assert_eq!(seen.code(), "camera_refused", "nobody is there");
}

// A2
#[tokio::test]
async fn a_camera_that_falls_silent_is_stalled() {
    let camera = Mutex::new(Camera::gst("gate", &["--audio", "pcmu"]));
    let url = camera.lock().unwrap().url("");
    let told = std::sync::atomic::AtomicBool::new(false);
    let seen = watch(&source(&url, Transport::Auto), |seen| {
        if plays(seen) && !told.swap(true, std::sync::atomic::Ordering::Relaxed) {
            camera.lock().unwrap().tell("silent");
        }
        false
    })
    .await;
    assert_eq!(seen.code(), "camera_stalled");
}

// requirement 58: rtsps, with a certificate that nobody signed, on a private address
#[tokio::test]
async fn an_encrypted_camera_plays_over_tcp() {
    let key = rcgen::generate_simple_self_signed(vec!["camera".to_owned()]).unwrap();
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(
        file.path(),
        key.cert.pem() + &key.signing_key.serialize_pem(),
    )
    .unwrap();
    let camera = Camera::gst("gate", &["--tls", file.path().to_str().unwrap()]);
    let encrypted = camera.url("").replace("rtsp://", "rtsps://");
    watch(&source(&encrypted, Transport::Auto), plays).await;
    // The wrong scheme on either kind of port is told as such.
    let seen = watch(&source(&camera.url(""), Transport::Auto), |_| false).await;
    assert!(
        matches!(seen.code(), "camera_not_rtsp" | "camera_closed"),
        "{:?}",
        seen.end
    );
    let plain = Camera::gst("gate", &[]);
    let seen = watch(
        &source(
            &plain.url("").replace("rtsp://", "rtsps://"),
            Transport::Auto,
        ),
        |_| false,
    )
    .await;
    assert_eq!(seen.code(), "camera_tls_failed");
}

// A7, A8, A9; peers.md section 4: each told apart
#[tokio::test]
async fn hostile_cameras_are_named_for_what_they_do() {
    let modes = [
        ("garbage", "camera_not_rtsp"),
        ("not-rtsp", "camera_not_rtsp"),
        ("hang", "camera_silent"),
        ("closes", "camera_closed"),
        ("endless-header", "camera_misbehaves"),
        ("huge-length", "camera_misbehaves"),
        ("big-sdp", "camera_misbehaves"),
        ("redirect-loop", "camera_redirects"),
        ("not-found", "camera_not_found"),
        ("forbidden", "camera_forbidden"),
        ("busy", "camera_busy"),
        ("server-error", "camera_error"),
        ("wrong-password", "camera_password_missing"),
        ("no-video", "camera_no_video"),
        ("odd-codec", "camera_codec_unsupported"),
        ("flood", "camera_misbehaves"),
        ("huge-unit", "camera_misbehaves"),
        ("stalls", "camera_stalled"),
    ];
    let tries = modes.map(|(mode, expected)| async move {
        let camera = Camera::hostile(mode);
        let seen = watch(&source(&camera.url(""), Transport::Tcp), |_| false).await;
        (mode, seen.code(), expected, seen.end)
    });
    for (mode, code, expected, end) in futures_util::future::join_all(tries).await {
        assert_eq!(code, expected, "{mode}: {end:?}");
    }
}

// A5, requirement 63: nobody could join, so it is said
#[tokio::test]
async fn a_camera_without_keyframes_is_told() {
    let camera = Camera::hostile("no-keyframe");
    let told = |seen: &Seen| {
        seen.warnings
            .iter()
            .any(|problem| problem.code.name() == "no_keyframe")
    };
    watch(&source(&camera.url(""), Transport::Tcp), told).await;
}
