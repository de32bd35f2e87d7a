//! Challenges as cameras write them. The expected digests are RFC 7616's and RFC 2617's own where
//! they give one; the others are checked by a real server in the hub's camera tests.

use super::*;

fn admin() -> Authenticator {
    Authenticator::new(Some(Credentials::new("admin", "secret")))
}

/// Answers `header` and returns the `Authorization` made.
#[track_caller]
fn answer(header: &str) -> String {
    let mut auth = admin();
    assert_eq!(
        auth.refused(Some(header), Proof::None),
        Ok(Proof::Fresh(1)),
        "{header}"
    );
    auth.authorize("DESCRIBE", "rtsp://cam/s").unwrap()
}

#[test]
fn nothing_is_said_before_it_is_asked_for() {
    assert_eq!(admin().authorize("OPTIONS", "rtsp://cam/"), None);
}

#[test]
fn digest_is_preferred_to_basic_wherever_it_stands() {
    for header in [
        r#"Basic realm="cam", Digest realm="cam", nonce="1""#,
        r#"Digest realm="cam", nonce="1", Basic realm="cam""#,
        // Unquoted and with a space: not a challenge by the grammar (requirement 57: real cameras).
        r#"Basic realm=IP Camera, Digest realm="cam", nonce="1", stale=FALSE"#,
    ] {
        assert!(
            answer(header)
                .starts_with(r#"Digest username="admin", realm="cam", uri="rtsp://cam/s""#)
        );
    }
    assert_eq!(answer("Basic realm=IP Camera"), "Basic YWRtaW46c2VjcmV0");
    assert_eq!(answer("basic"), "Basic YWRtaW46c2VjcmV0");
}

#[test]
fn md5_sha256_and_lower_case_names_are_answered() {
    let sha = answer(r#"Digest realm="cam", nonce="1", qop="auth", algorithm=SHA-256"#);
    assert!(
        sha.contains("algorithm=SHA-256") && sha.contains("nc=00000001"),
        "{sha}"
    );
    let md5 = answer(r#"Digest realm="cam", nonce="1", algorithm="md5""#);
    // RFC 2069 style: H(H(admin:cam:secret):1:H(DESCRIBE:rtsp://cam/s)), computed with md5sum.
    assert!(
        md5.contains(r#"response="4b7f885c1167cd8ec67a5421817c46a0""#),
        "{md5}"
    );
}

#[test]
fn the_first_digest_that_we_know_is_taken() {
    let answered = answer(
        r#"Digest realm="cam", nonce="1", algorithm=SHA-512, Digest realm="cam", nonce="2", algorithm=MD5, qop="auth""#,
    );
    assert!(answered.contains(r#"nonce="2""#), "{answered}");
}

#[test]
fn wrong_none_and_unknown_are_told_apart() {
    let digest = r#"Digest realm="IP Cam", nonce="1""#;
    let mut anonymous = Authenticator::new(None);
    assert_eq!(
        anonymous.refused(Some(digest), Proof::None),
        Err(Refused::NoPassword {
            realm: "IP Cam".into()
        })
    );
    let mut auth = admin();
    assert_eq!(auth.refused(Some(digest), Proof::None), Ok(Proof::Fresh(1)));
    assert_eq!(
        auth.refused(Some(digest), Proof::Fresh(1)),
        Err(Refused::WrongPassword {
            user: "admin".into()
        })
    );
    let unknown = r#"Digest realm="x", nonce="1", algorithm=SHA-512, NTLM"#;
    assert_eq!(
        admin().refused(Some(unknown), Proof::None),
        Err(Refused::Unsupported {
            offered: "Digest SHA-512".into()
        })
    );
    assert_eq!(
        admin().refused(Some("NTLM"), Proof::None),
        Err(Refused::Unsupported {
            offered: "NTLM".into()
        })
    );
    assert_eq!(
        admin().refused(None, Proof::None),
        Err(Refused::Unsupported {
            offered: String::new()
        })
    );
}

#[test]
fn a_new_nonce_is_taken_and_stale_is_believed_three_times() {
    let header = |n: u8, stale: bool| format!(r#"Digest realm="cam", nonce="{n}", stale={stale}"#);
    let mut auth = admin();
    auth.refused(Some(&header(1, false)), Proof::None).unwrap();
    // nonce rotation without a word of it
    assert_eq!(
        auth.refused(Some(&header(2, false)), Proof::Reused),
        Ok(Proof::Fresh(1))
    );
    assert!(
        auth.authorize("PLAY", "u")
            .unwrap()
            .contains(r#"nonce="2""#)
    );
    assert_eq!(
        auth.refused(Some(&header(3, true)), Proof::Fresh(1)),
        Ok(Proof::Fresh(2))
    );
    assert_eq!(
        auth.refused(Some(&header(4, true)), Proof::Fresh(2)),
        Ok(Proof::Fresh(3))
    );
    assert!(matches!(
        auth.refused(Some(&header(5, true)), Proof::Fresh(3)),
        Err(Refused::WrongPassword { .. })
    ));
}

#[test]
fn no_debug_output_holds_the_password() {
    // E12
    let mut auth = admin();
    auth.refused(Some(r#"Digest realm="cam", nonce="1""#), Proof::None)
        .unwrap();
    assert!(!format!("{auth:?}").contains("secret"));
}
