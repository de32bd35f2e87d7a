//! Headers that every answer carries, so that a page of ours runs no script but its own and is in
//! nobody's frame unless it is meant for that (SEC-1, SEC-8).

use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, REFERRER_POLICY, STRICT_TRANSPORT_SECURITY,
    X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use axum::http::{HeaderMap, HeaderName, HeaderValue};

/// What an answer is, as far as its headers care.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    /// A page of ours.
    Page,
    /// `/{stream}?embed`: a page for other people's frames.
    Embed,
    /// A file whose name changes with its content.
    Asset,
    /// Anything else.
    Data,
}

/// Scripts, styles and connections from here alone; `blob:` is how MSE and workers come. Trusted
/// Types make a stray `innerHTML` throw instead of running what a camera is called.
macro_rules! page_policy {
    ($ancestors:literal) => {
        HeaderValue::from_static(concat!(
            "default-src 'self'; img-src 'self' data: blob:; media-src 'self' blob:; worker-src 'self' blob:; ",
            "object-src 'none'; base-uri 'none'; form-action 'self'; require-trusted-types-for 'script'; ",
            "frame-ancestors ",
            $ancestors
        ))
    };
}

const PERMISSIONS_POLICY: HeaderName = HeaderName::from_static("permissions-policy");
const RESOURCE_POLICY: HeaderName = HeaderName::from_static("cross-origin-resource-policy");

/// Adds what is missing. `hsts` says whether the browser may remember that this name is HTTPS: it is,
/// and the name is in public DNS. A local name may be another machine's tomorrow, or ours without a
/// certificate.
pub(crate) fn secure(headers: &mut HeaderMap, answer: Answer, hsts: bool) {
    let policy = match answer {
        Answer::Page => page_policy!("'none'"),
        Answer::Embed => page_policy!("*"),
        Answer::Asset | Answer::Data => {
            HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'")
        }
    };
    let mut put = |name: HeaderName, value: HeaderValue| {
        headers.entry(name).or_insert(value);
    };
    put(CONTENT_SECURITY_POLICY, policy);
    put(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    put(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    if answer != Answer::Embed {
        put(X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
    }
    if matches!(answer, Answer::Page | Answer::Embed) {
        put(
            PERMISSIONS_POLICY,
            HeaderValue::from_static("camera=(self), microphone=(self), geolocation=()"),
        );
    }
    // Pages elsewhere may load the player and its parts; no one may load data as an image.
    let readers = if answer == Answer::Asset {
        "cross-origin"
    } else {
        "same-origin"
    };
    if !headers.contains_key(axum::http::header::ACCESS_CONTROL_ALLOW_ORIGIN) {
        headers
            .entry(RESOURCE_POLICY)
            .or_insert(HeaderValue::from_static(readers));
    }
    let caching = if answer == Answer::Asset {
        "public, max-age=31536000, immutable"
    } else {
        "no-store"
    };
    headers
        .entry(CACHE_CONTROL)
        .or_insert(HeaderValue::from_static(caching));
    if hsts {
        headers
            .entry(STRICT_TRANSPORT_SECURITY)
            .or_insert(HeaderValue::from_static("max-age=31536000"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn policy(answer: Answer) -> String {
        let mut headers = HeaderMap::new();
        secure(&mut headers, answer, false);
        assert!(!headers.contains_key(STRICT_TRANSPORT_SECURITY));
        headers[CONTENT_SECURITY_POLICY]
            .to_str()
            .expect("text")
            .to_owned()
    }

    // SEC-1: no inline script, no frame but the embed's.
    #[test]
    fn only_the_embed_is_framed_and_nothing_runs_inline() {
        assert!(policy(Answer::Page).ends_with("frame-ancestors 'none'"));
        assert!(policy(Answer::Embed).ends_with("frame-ancestors *"));
        assert!(policy(Answer::Data).starts_with("default-src 'none'"));
        for answer in [Answer::Page, Answer::Embed, Answer::Asset, Answer::Data] {
            assert!(!policy(answer).contains("unsafe"), "{answer:?}");
        }
    }

    #[test]
    fn what_a_handler_set_stays() {
        let mut headers = HeaderMap::new();
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("max-age=60"));
        secure(&mut headers, Answer::Data, true);
        assert_eq!(headers[CACHE_CONTROL], "max-age=60");
        assert!(headers.contains_key(STRICT_TRANSPORT_SECURITY));
    }
}
