//! What devices are given. Requirement 88.

use std::time::SystemTime;

use super::*;
use crate::https::Names;

fn files() -> (Files, LocalCa) {
    let folder = tempfile::tempdir().expect("a folder");
    let names = Names::of_this_machine(None);
    #[expect(clippy::disallowed_methods, reason = "a test is where time comes from")]
    let ca = LocalCa::open(folder.path(), &names, SystemTime::now()).expect("makes");
    (Files::new(&ca), ca)
}

async fn body(answer: Response) -> String {
    let bytes = axum::body::to_bytes(answer.into_body(), 100_000).await;
    String::from_utf8(bytes.expect("reads").into()).expect("is text")
}

fn speaking(language: &'static str) -> HeaderMap {
    HeaderMap::from_iter([(ACCEPT_LANGUAGE, HeaderValue::from_static(language))])
}

#[tokio::test]
async fn the_page_speaks_the_readers_language_and_names_the_fingerprint() {
    let (files, ca) = files();
    for (asked, title) in [
        ("ko-KR,ko;q=0.9,en;q=0.8", "이 허브를 신뢰하기"),
        ("fr-CA", "Faire confiance"),
        ("de,fr;q=0.5", "Faire confiance"),
        ("en-GB", "Trust this hub"),
        ("de", "Trust this hub"),
        ("", "Trust this hub"),
    ] {
        let answer = files.answer("install", &speaking(asked));
        let policy = answer.headers()[CONTENT_SECURITY_POLICY].clone();
        assert!(
            policy
                .to_str()
                .is_ok_and(|policy| policy.contains("'sha256-") && !policy.contains("unsafe"))
        );
        let page = body(answer).await;
        assert!(page.contains(title), "{asked}: {page}");
        assert!(page.contains(&ca.fingerprint()) && page.contains(&ca.name()));
        for link in [
            "\"/install/lenswire.crt\"",
            "\"/install/lenswire.mobileconfig\"",
            "\"/\"",
        ] {
            assert!(page.contains(link), "{asked}: {link}");
        }
        for left in ["{name}", "{style}", "{fingerprint}", "{language}"] {
            assert!(!page.contains(left), "{asked}: {left}");
        }
    }
}

#[tokio::test]
async fn the_files_hold_the_public_certificate_alone() {
    let (files, ca) = files();
    let crt = files.answer("install/lenswire.crt", &HeaderMap::new());
    assert_eq!(crt.headers()[CONTENT_TYPE], "application/x-x509-ca-cert");
    let crt = body(crt).await;
    assert!(crt.starts_with("-----BEGIN CERTIFICATE-----") && !crt.contains("PRIVATE"));
    let profile = files.answer("install/lenswire.mobileconfig", &HeaderMap::new());
    assert_eq!(
        profile.headers()[CONTENT_TYPE],
        "application/x-apple-aspen-config"
    );
    let profile = body(profile).await;
    assert!(profile.contains(&STANDARD.encode(ca.certificate())));
    assert!(profile.contains("com.apple.security.root") && !profile.contains("PRIVATE"));
}
