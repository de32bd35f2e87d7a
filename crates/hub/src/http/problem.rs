//! The one place where something that went wrong becomes an HTTP answer. Status, title and usual
//! fix stand in the codes' own table, so that a new code cannot be forgotten here.

use axum::body::Body;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{HeaderValue, StatusCode};
use axum::response::Response;
use lenswire_api::Problem;

/// RFC 9457 section 6.1.
const MEDIA_TYPE: HeaderValue = HeaderValue::from_static("application/problem+json");

/// The answer that tells a problem.
pub(crate) fn response(problem: &Problem) -> Response {
    let body = serde_json::to_vec(problem).unwrap_or_default();
    let mut response = Response::new(Body::from(body));
    *response.status_mut() =
        StatusCode::from_u16(problem.code.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, MEDIA_TYPE);
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if problem.code.status() == StatusCode::UNAUTHORIZED.as_u16() {
        // RFC 9110 section 11.6.1: a 401 says how.
        headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    }
    if let Some(wait) = problem.retry_after {
        // Whole seconds, rounded up: an early retry is one more refusal.
        let seconds = wait
            .as_secs()
            .saturating_add(u64::from(wait.subsec_nanos() > 0))
            .max(1);
        headers.insert(RETRY_AFTER, HeaderValue::from(seconds));
    }
    response
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use lenswire_api::Code;

    use super::*;

    #[test]
    fn every_code_has_an_answer() {
        for code in Code::ALL {
            let response = response(&Problem::from(*code));
            assert_eq!(response.status().as_u16(), code.status());
            assert_eq!(response.headers()[CONTENT_TYPE], MEDIA_TYPE);
            assert_eq!(
                response.headers().contains_key(WWW_AUTHENTICATE),
                code.status() == 401
            );
        }
    }

    #[test]
    fn waiting_is_rounded_up() {
        let after = |wait| {
            response(&Problem::from(Code::TooManyRequests).retry_after(wait)).headers()[RETRY_AFTER]
                .clone()
        };
        assert_eq!(after(Duration::from_millis(1)), "1");
        assert_eq!(after(Duration::from_millis(1_001)), "2");
    }
}
