//! Good grants, and a corpus of bad ones: requirement 88, E8, SEC-12.

use std::collections::HashMap;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, EncodingKey};
use serde_json::{Value, json};

use super::*;

const NOW: UnixTime = UnixTime(1_800_000_000);

struct World {
    hub: SigningKey,
    partner: SigningKey,
    stranger: SigningKey,
    verifier: Verifier,
}

fn key() -> SigningKey {
    SigningKey::from_pkcs8(&SigningKey::generate().expect("randomness")).expect("a fresh key")
}

fn issuer(iss: &str, key: &SigningKey) -> Issuer {
    Issuer {
        iss: iss.into(),
        keys: HashMap::from([(key.kid().to_owned(), key.public().clone())]),
    }
}

fn world() -> World {
    let (hub, partner, stranger) = (key(), key(), key());
    let verifier = Verifier::new(
        "hub:1",
        [issuer("hub:1", &hub), issuer("https://partner", &partner)],
    );
    World {
        hub,
        partner,
        stranger,
        verifier,
    }
}

fn claims() -> Value {
    json!({
        "iss": "hub:1", "aud": "hub:1", "sub": "page", "iat": NOW.0, "exp": NOW.0 + 60,
        "jti": "1", "streams": ["gate", "phones/*"], "scope": ["watch"],
    })
}

fn with(change: Value) -> Value {
    let mut claims = claims();
    for (key, value) in change.as_object().expect("an object") {
        claims[key] = value.clone();
    }
    claims
}

fn without(key: &str) -> Value {
    let mut claims = claims();
    claims.as_object_mut().expect("an object").remove(key);
    claims
}

fn part(value: &Value) -> String {
    URL_SAFE_NO_PAD.encode(value.to_string())
}

/// A token of exactly these parts, signed as `key` would.
fn raw(header: &Value, claims: &str, key: &SigningKey) -> String {
    let message = format!("{}.{claims}", part(header));
    let signature =
        jsonwebtoken::crypto::sign(message.as_bytes(), &key.private(), Algorithm::EdDSA)
            .expect("signs");
    format!("{message}.{signature}")
}

fn header(key: &SigningKey) -> Value {
    json!({"alg": "EdDSA", "typ": "JWT", "kid": key.kid()})
}

fn signed(key: &SigningKey, claims: &Value) -> String {
    raw(&header(key), &part(claims), key)
}

/// The public key taken for an HMAC secret: the classic confusion.
fn hmac(kid: &str, algorithm: Algorithm, alg: &str, secret: &[u8]) -> String {
    let message = format!(
        "{}.{}",
        part(&json!({"alg": alg, "kid": kid})),
        part(&claims())
    );
    let signature = jsonwebtoken::crypto::sign(
        message.as_bytes(),
        &EncodingKey::from_secret(secret),
        algorithm,
    )
    .expect("signs");
    format!("{message}.{signature}")
}

fn bad_shapes(w: &World) -> Vec<(&'static str, String)> {
    let good = signed(&w.hub, &claims());
    let (message, signature) = good.rsplit_once('.').expect("three parts");
    let other = URL_SAFE_NO_PAD.encode([7_u8; 64]);
    vec![
        ("empty", String::new()),
        ("dots", "..".into()),
        ("two parts", message.into()),
        ("four parts", format!("{good}.x")),
        ("no signature", format!("{message}.")),
        (
            "a zero signature",
            format!("{message}.{}", URL_SAFE_NO_PAD.encode([0_u8; 64])),
        ),
        ("another signature", format!("{message}.{other}")),
        ("a cut signature", format!("{message}.{}", &signature[..40])),
        ("a padded signature", format!("{good}==")),
        ("a space in front", format!(" {good}")),
        (
            "too long",
            signed(&w.hub, &with(json!({"sub": "x".repeat(TOKEN_LIMIT)}))),
        ),
    ]
}

fn bad_algorithms(w: &World) -> Vec<(&'static str, String)> {
    let good = signed(&w.hub, &claims());
    let (_, signature) = good.rsplit_once('.').expect("three parts");
    let unsigned = |alg: &str| {
        format!(
            "{}.{}.",
            part(&json!({"alg": alg, "kid": w.hub.kid()})),
            part(&claims())
        )
    };
    vec![
        ("alg none", unsigned("none")),
        ("alg None", unsigned("None")),
        (
            "alg NONE with a signature",
            format!("{}{signature}", unsigned("NONE")),
        ),
        (
            "no alg",
            raw(&json!({"kid": w.hub.kid()}), &part(&claims()), &w.hub),
        ),
        (
            "no kid",
            raw(&json!({"alg": "EdDSA"}), &part(&claims()), &w.hub),
        ),
        (
            "alg HS256, secret = public key",
            hmac(
                w.hub.kid(),
                Algorithm::HS256,
                "HS256",
                w.hub.public().as_bytes(),
            ),
        ),
        (
            "alg HS512, secret = public key",
            hmac(
                w.hub.kid(),
                Algorithm::HS512,
                "HS512",
                w.hub.public().as_bytes(),
            ),
        ),
        (
            "HMAC called EdDSA",
            hmac(
                w.hub.kid(),
                Algorithm::HS256,
                "EdDSA",
                w.hub.public().as_bytes(),
            ),
        ),
        (
            "alg RS256",
            raw(
                &json!({"alg": "RS256", "kid": w.hub.kid()}),
                &part(&claims()),
                &w.hub,
            ),
        ),
        (
            "alg ES256",
            raw(
                &json!({"alg": "ES256", "kid": w.hub.kid()}),
                &part(&claims()),
                &w.hub,
            ),
        ),
        (
            "a critical extension",
            raw(
                &json!({"alg": "EdDSA", "kid": w.hub.kid(), "crit": ["b64"], "b64": false}),
                &part(&claims()),
                &w.hub,
            ),
        ),
    ]
}

fn bad_keys(w: &World) -> Vec<(&'static str, String)> {
    let jwk = json!({"kty": "OKP", "crv": "Ed25519", "x": URL_SAFE_NO_PAD.encode(w.stranger.public().as_bytes())});
    vec![
        ("an unknown kid", signed(&w.stranger, &claims())),
        (
            "a stranger under our kid",
            raw(&header(&w.hub), &part(&claims()), &w.stranger),
        ),
        (
            "a kid that is a path",
            raw(
                &json!({"alg": "EdDSA", "kid": "../../dev/null"}),
                &part(&claims()),
                &w.stranger,
            ),
        ),
        (
            "a key in the header",
            raw(
                &json!({"alg": "EdDSA", "kid": w.hub.kid(), "jwk": jwk}),
                &part(&claims()),
                &w.stranger,
            ),
        ),
        ("a partner in our name", signed(&w.partner, &claims())),
        (
            "ours in a partner's name",
            signed(&w.hub, &with(json!({"iss": "https://partner"}))),
        ),
    ]
}

fn bad_claims(w: &World) -> Vec<(&'static str, String)> {
    let sign = |claims: Value| signed(&w.hub, &claims);
    let doubled = r#"{"exp":1,"#.to_owned() + claims().to_string().trim_start_matches('{');
    vec![
        ("no iss", sign(without("iss"))),
        ("no aud", sign(without("aud"))),
        ("no sub", sign(without("sub"))),
        ("no iat", sign(without("iat"))),
        ("no exp", sign(without("exp"))),
        ("no jti", sign(without("jti"))),
        ("no streams", sign(without("streams"))),
        ("no scope", sign(without("scope"))),
        ("null exp", sign(with(json!({"exp": null})))),
        ("a string exp", sign(with(json!({"exp": "1800000060"})))), // CVE-2026-25537
        (
            "a fraction exp",
            sign(with(json!({"exp": 1_800_000_060.5}))),
        ),
        ("a negative exp", sign(with(json!({"exp": -1})))),
        ("a string nbf", sign(with(json!({"nbf": "soon"})))),
        ("an array aud", sign(with(json!({"aud": ["hub:1"]})))),
        ("another's aud", sign(with(json!({"aud": "hub:2"})))),
        ("a robot's aud", sign(with(json!({"aud": "robot:1"})))),
        ("a longer aud", sign(with(json!({"aud": "hub:11"})))),
        (
            "expired",
            sign(with(json!({"iat": NOW.0 - 200, "exp": NOW.0 - 60}))),
        ),
        (
            "from the future",
            sign(with(json!({"iat": NOW.0 + 61, "exp": NOW.0 + 200}))),
        ),
        (
            "nbf in the future",
            sign(with(json!({"nbf": NOW.0 + 61, "exp": NOW.0 + 200}))),
        ),
        (
            "ends before it begins",
            sign(with(json!({"nbf": NOW.0 + 30, "exp": NOW.0 + 20}))),
        ),
        (
            "an unknown scope",
            sign(with(json!({"scope": ["watch", "admin"]}))),
        ),
        (
            "streams as a string",
            sign(with(json!({"streams": "gate"}))),
        ),
        (
            "a stream that is a path",
            sign(with(json!({"streams": ["../gate"]}))),
        ),
        (
            "claims twice",
            raw(&header(&w.hub), &URL_SAFE_NO_PAD.encode(doubled), &w.hub),
        ),
        ("claims that are no object", sign(json!([1]))),
        (
            "claims that are no JSON",
            raw(&header(&w.hub), &URL_SAFE_NO_PAD.encode("{"), &w.hub),
        ),
    ]
}

#[test]
fn no_hostile_token_is_accepted() {
    let w = world();
    assert!(
        w.verifier.verify(&signed(&w.hub, &claims()), NOW).is_ok(),
        "the control token"
    );
    let corpus = [
        bad_shapes(&w),
        bad_algorithms(&w),
        bad_keys(&w),
        bad_claims(&w),
    ]
    .concat();
    assert!(corpus.len() >= 40);
    for (what, token) in corpus {
        assert!(
            w.verifier.verify(&token, NOW).is_err(),
            "{what} was accepted"
        );
    }
}

#[test]
fn refusals_name_their_reason() {
    let w = world();
    let reason = |token: &str| w.verifier.verify(token, NOW).err();
    assert_eq!(
        reason(&signed(&w.stranger, &claims())),
        Some(GrantError::UnknownKey)
    );
    assert_eq!(
        reason(&raw(&header(&w.hub), &part(&claims()), &w.stranger)),
        Some(GrantError::Signature)
    );
    assert_eq!(
        reason(&signed(&w.partner, &claims())),
        Some(GrantError::Issuer)
    );
    assert_eq!(
        reason(&signed(&w.hub, &with(json!({"aud": "hub:2"})))),
        Some(GrantError::Audience)
    );
    assert_eq!(
        reason(&signed(&w.hub, &without("exp"))),
        Some(GrantError::Claims)
    );
    assert_eq!(
        reason(&signed(&w.hub, &with(json!({"iat": 1, "exp": 2})))),
        Some(GrantError::Expired)
    );
}

#[test]
fn a_grant_holds_for_its_streams_and_scopes_only() {
    let w = world();
    let name = |text: &str| StreamName::parse(text).expect("a name");
    let token = signed(
        &w.partner,
        &with(json!({"iss": "https://partner", "extra": {"kept": "ignored"}})),
    );
    let grant = w.verifier.verify(&token, NOW).expect("verifies");
    assert!(
        grant.allows(Scope::Watch, &name("gate")) && grant.allows(Scope::Watch, &name("phones/3"))
    );
    assert!(
        !grant.allows(Scope::Watch, &name("yard")) && !grant.allows(Scope::Watch, &name("gate/1"))
    );
    assert!(
        !grant.allows(Scope::Publish, &name("gate"))
            && !grant.allows(Scope::Control, &name("gate"))
    );
}

// D7: clocks differ.
#[test]
fn a_minute_of_skew_is_forgiven_and_told() {
    let w = world();
    let at = |now: u64| w.verifier.verify(&signed(&w.hub, &claims()), UnixTime(now));
    let exp = NOW.0 + 60;
    assert_eq!(at(NOW.0).map(|g| g.is_skewed()), Ok(false));
    assert_eq!(
        at(exp + 59).map(|g| (g.is_skewed(), g.remaining(UnixTime(exp + 59)))),
        Ok((true, Duration::from_secs(1)))
    );
    assert_eq!(at(exp + 60), Err(GrantError::Expired));
    assert_eq!(at(NOW.0 - 60).map(|g| g.is_skewed()), Ok(true));
    assert_eq!(at(NOW.0 - 61), Err(GrantError::Early));
    assert_eq!(
        at(NOW.0 + 10).map(|g| g.remaining(UnixTime(NOW.0 + 10))),
        Ok(Duration::from_secs(50))
    );
}

#[test]
fn a_signed_grant_comes_back_whole() {
    let w = world();
    let claims: Claims = serde_json::from_value(claims()).expect("parses");
    let token = w.hub.sign(&claims).expect("signs");
    assert_eq!(
        w.verifier.verify(&token, NOW).map(|g| g.claims().clone()),
        Ok(claims)
    );
    assert!(!format!("{:?}", w.hub).contains("private"));
}

#[test]
fn what_is_no_key_is_refused() {
    assert!(SigningKey::from_pkcs8(b"").is_err());
    assert!(SigningKey::from_pkcs8(&[0; 48]).is_err());
    assert!(PublicKey::from_bytes(&[1; 31]).is_err());
}
