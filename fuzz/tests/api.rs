//! Targets for `lenswire-api`: names, grants and times as strangers write them.

#![allow(clippy::expect_used, reason = "a test fails by panicking")]

use std::collections::HashMap;
use std::sync::LazyLock;

use bolero::check;
use lenswire_api::{
    Claims, Issuer, LEEWAY, Pattern, Scope, SigningKey, StreamName, UnixTime, Verifier,
};
use lenswire_fuzz::{BRIEF, Bytes};

const NOW: UnixTime = UnixTime(1_800_000_000);

static KEY: LazyLock<SigningKey> = LazyLock::new(|| {
    SigningKey::from_pkcs8(&SigningKey::generate().expect("randomness")).expect("a fresh key")
});

static VERIFIER: LazyLock<Verifier> = LazyLock::new(|| {
    let keys = HashMap::from([(KEY.kid().to_owned(), KEY.public().clone())]);
    Verifier::new(
        "hub:1",
        [Issuer {
            iss: "hub:1".into(),
            keys,
        }],
    )
});

#[test]
fn api_stream_name() {
    check!().with_test_time(BRIEF).for_each(|input: &[u8]| {
        let text = String::from_utf8_lossy(input);
        let Ok(name) = StreamName::parse(&text) else {
            return;
        };
        // What passes is a path that needs no escaping anywhere.
        assert_eq!(name.as_str(), text);
        assert!(
            name.as_str()
                .bytes()
                .all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'/'))
        );
        assert!(!name.as_str().contains("//") && name.as_str().len() <= 4 * 63 + 3);
    });
}

#[test]
fn api_pattern() {
    check!().with_test_time(BRIEF).for_each(|input: &[u8]| {
        let text = String::from_utf8_lossy(input);
        let Ok(pattern) = Pattern::parse(&text) else {
            return;
        };
        assert_eq!(Pattern::parse(&pattern.to_string()), Ok(pattern));
    });
}

#[test]
fn api_token() {
    check!().with_test_time(BRIEF).for_each(|input: &[u8]| {
        let text = String::from_utf8_lossy(input);
        assert!(VERIFIER.verify(&text, NOW).is_err(), "nobody signed this");
    });
}

/// One byte of a good token is another: never accepted, whichever it is.
#[test]
fn api_token_altered() {
    let claims = Claims {
        iss: "hub:1".into(),
        aud: "hub:1".into(),
        sub: "page".into(),
        iat: NOW,
        nbf: None,
        exp: NOW.plus(LEEWAY),
        jti: "1".into(),
        streams: vec![Pattern::All],
        scope: vec![Scope::Watch],
    };
    let good = KEY.sign(&claims).expect("signs");
    assert!(VERIFIER.verify(&good, NOW).is_ok());
    check!().with_test_time(BRIEF).for_each(|input: &[u8]| {
        let mut input = Bytes(input);
        let mut token = good.clone().into_bytes();
        let at = usize::from(input.u8()) << 8 | usize::from(input.u8());
        let at = at % token.len();
        token[at] = input.u8();
        let token = String::from_utf8_lossy(&token).into_owned();
        // The last character of the signature has bits that mean nothing; strict base64 refuses them.
        assert!(
            token == good || VERIFIER.verify(&token, NOW).is_err(),
            "{at}"
        );
    });
}

#[test]
fn api_claims() {
    check!().with_test_time(BRIEF).for_each(|input: &[u8]| {
        let Ok(claims) = serde_json::from_slice::<Claims>(input) else {
            return;
        };
        let token = KEY.sign(&claims).expect("signs");
        if let Ok(grant) = VERIFIER.verify(&token, NOW) {
            assert_eq!(
                (grant.claims().iss.as_str(), grant.claims().aud.as_str()),
                ("hub:1", "hub:1")
            );
            assert!(grant.claims().exp.plus(LEEWAY) > NOW);
        }
    });
}
