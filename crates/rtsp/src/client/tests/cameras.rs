//! One test per transcript.

use super::*;

macro_rules! cameras {
    ($($(#[$doc:meta])* $name:ident;)*) => { $(
        $(#[$doc])*
        #[test]
        fn $name() {
            Stage::play(include_str!(concat!("../../../../../testdata/cameras/", stringify!($name), ".txt")));
        }
    )*
        const ALL: &[&str] = &[$(stringify!($name)),*];
    };
}

cameras! {
    answers_udp;
    asks_us;
    busy;
    closes_at_once;
    dahua;
    early_media;
    encrypted;
    forbidden;
    four_gigabytes;
    geovision;
    h264dvr;
    hangs;
    hikvision;
    keep_alive;
    late_answer;
    lf_only;
    live555_stale;
    no_transport;
    nonce_rotation;
    not_found;
    nothing_playable;
    other_status;
    password_missing;
    play_unanswered;
    redirect_elsewhere;
    redirect_loop;
    redirected;
    says_bye;
    silent;
    sound_only;
    sound_refused;
    stalls;
    two_sessions;
    unavailable;
    unknown_digest;
    vlc;
    web_server;
    wrong_channels;
    wrong_password;
}

#[test]
fn every_transcript_is_replayed() {
    let here = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testdata/cameras");
    let files = std::fs::read_dir(here).unwrap().filter(|entry| {
        entry
            .as_ref()
            .unwrap()
            .path()
            .extension()
            .is_some_and(|extension| extension == "txt")
    });
    assert_eq!(files.count(), ALL.len());
}
