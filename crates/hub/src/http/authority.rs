//! Who sent a request: tokens and cookies out of headers, cookies into them. What they are worth
//! is for [`Authority`] to say.

use axum::body::Body;
use axum::http::header::{AUTHORIZATION, CONTENT_TYPE, COOKIE, SET_COOKIE};
use axum::http::{HeaderMap, HeaderValue};
use axum::response::Response;
use lenswire_api::body::{Me, Role};
use lenswire_api::{Code, Problem, UnixTime};
use percent_encoding::percent_decode_str;

use super::origin::{Client, Site};
use crate::auth::{Authority, Caller, LOGIN_TIME};

/// The cookie's name over HTTPS: a browser takes it from this host alone, for all paths, and only
/// with `Secure` (RFC 6265bis section 4.1.3).
const SECURE_COOKIE: &str = "__Host-lenswire";

/// The cookie's name over plain HTTP, where `__Host-` cannot be had.
const PLAIN_COOKIE: &str = "lenswire";

/// Who sent a request to anything but WHEP: a token in the header, else a cookie if a page of ours
/// (or nobody's) sent it.
pub(crate) async fn caller(
    authority: &Authority,
    client: &Client,
    headers: &HeaderMap,
    now: UnixTime,
) -> Result<Caller, Problem> {
    if let Some(token) = bearer(headers)? {
        return authority.by_token(token, now).await;
    }
    match cookie(headers, client) {
        Some(cookie) => authority.by_cookie(cookie, now).await,
        None => Ok(Caller::Anonymous),
    }
}

/// Who sent a request to WHEP or to a session: a token in the header or in the query, never a
/// cookie, for any page may send it.
pub(crate) async fn visitor(
    authority: &Authority,
    headers: &HeaderMap,
    query: Option<&str>,
    now: UnixTime,
) -> Result<Caller, Problem> {
    if let Some(token) = bearer(headers)? {
        return authority.by_token(token, now).await;
    }
    match query.and_then(query_token) {
        Some(token) => authority.by_token(&token, now).await,
        None => Ok(Caller::Anonymous),
    }
}

/// `GET /api/v1/me`.
pub(crate) async fn me(authority: &Authority, caller: &Caller) -> Result<Response, Problem> {
    let role = match caller {
        Caller::Administrator(_) => Role::Administrator,
        Caller::Anonymous | Caller::Grant(_) => Role::Anonymous,
    };
    let version = env!("CARGO_PKG_VERSION").to_owned();
    Ok(answer(&Me {
        role,
        claimed: authority.is_claimed().await?,
        version,
    }))
}

/// 200 with JSON.
pub(super) fn answer(body: &impl serde::Serialize) -> Response {
    let mut response = Response::new(Body::from(serde_json::to_vec(body).unwrap_or_default()));
    response
        .headers_mut()
        .insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

/// The token of `Authorization: Bearer` (RFC 6750 section 2.1). Another scheme is an error, so that
/// nobody believes to be signed in who is not.
fn bearer(headers: &HeaderMap) -> Result<Option<&str>, Problem> {
    let mut values = headers.get_all(AUTHORIZATION).iter();
    let Some(value) = values.next() else {
        return Ok(None);
    };
    let text = value.to_str().unwrap_or_default();
    match text.split_once(' ') {
        Some((scheme, token))
            if scheme.eq_ignore_ascii_case("bearer")
                && values.next().is_none()
                && !token.trim().is_empty() =>
        {
            Ok(Some(token.trim()))
        }
        _ => Err(Problem::new(
            Code::Unauthorized,
            "Authorization must be one Bearer token.",
        )),
    }
}

fn query_token(query: &str) -> Option<String> {
    let value = query
        .split('&')
        .find_map(|pair| pair.strip_prefix("token="))?;
    percent_decode_str(value)
        .decode_utf8()
        .ok()
        .map(Into::into)
        .filter(|token: &String| !token.is_empty())
}

/// The cookie, unless a foreign page sent the request. Over HTTPS the plain name does not count: a
/// neighbour on the same host could have set it.
pub(super) fn cookie<'a>(headers: &'a HeaderMap, client: &Client) -> Option<&'a str> {
    if client.site == Site::Foreign {
        return None;
    }
    let name = if client.https {
        SECURE_COOKIE
    } else {
        PLAIN_COOKIE
    };
    let texts = headers
        .get_all(COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok());
    let mut pairs = texts
        .flat_map(|text| text.split(';'))
        .filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(key, _)| *key == name).map(|(_, value)| value)
}

/// Puts the cookie into an answer.
pub(super) fn set_cookie(response: &mut Response, client: &Client, value: &str) {
    put_cookie(response, client, value, LOGIN_TIME.as_secs());
}

/// Takes the cookie away.
pub(super) fn clear_cookie(response: &mut Response, client: &Client) {
    put_cookie(response, client, "", 0);
}

fn put_cookie(response: &mut Response, client: &Client, value: &str, seconds: u64) {
    let (name, secure) = if client.https {
        (SECURE_COOKIE, "; Secure")
    } else {
        (PLAIN_COOKIE, "")
    };
    let text = format!("{name}={value}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Lax{secure}");
    if let Ok(mut header) = HeaderValue::from_str(&text) {
        header.set_sensitive(true);
        response.headers_mut().append(SET_COOKIE, header);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client(https: bool, site: Site) -> Client {
        Client {
            address: [127, 0, 0, 1].into(),
            https,
            site,
            asked_by_public_name: false,
        }
    }

    fn headers(name: axum::http::HeaderName, values: &[&'static str]) -> HeaderMap {
        values
            .iter()
            .map(|value| (name.clone(), HeaderValue::from_static(value)))
            .collect()
    }

    #[test]
    fn cookies_are_for_our_own_pages() {
        let sent = headers(
            COOKIE,
            &[
                "a=1; lenswire=plain; __Host-lenswire=secure",
                "lenswire=other",
            ],
        );
        assert_eq!(cookie(&sent, &client(false, Site::Own)), Some("plain"));
        assert_eq!(cookie(&sent, &client(true, Site::Unstated)), Some("secure"));
        assert_eq!(cookie(&sent, &client(true, Site::Foreign)), None);
        assert_eq!(
            cookie(
                &headers(COOKIE, &["xlenswire=1", "lenswire"]),
                &client(false, Site::Own)
            ),
            None
        );
    }

    #[test]
    fn cookies_are_marked_for_where_they_go() {
        let mut response = Response::new(Body::empty());
        set_cookie(&mut response, &client(true, Site::Own), "v");
        set_cookie(&mut response, &client(false, Site::Own), "v");
        let set: Vec<_> = response
            .headers()
            .get_all(SET_COOKIE)
            .iter()
            .map(|v| v.to_str().expect("text"))
            .collect();
        assert_eq!(
            set[0],
            "__Host-lenswire=v; Path=/; Max-Age=604800; HttpOnly; SameSite=Lax; Secure"
        );
        assert_eq!(
            set[1],
            "lenswire=v; Path=/; Max-Age=604800; HttpOnly; SameSite=Lax"
        );
    }

    #[test]
    fn tokens_are_bearers() {
        let token = |values: &[&'static str]| {
            bearer(&headers(AUTHORIZATION, values)).map(|t| t.map(str::to_owned))
        };
        assert_eq!(token(&[]), Ok(None));
        assert_eq!(token(&["Bearer abc"]), Ok(Some("abc".into())));
        assert_eq!(token(&["bearer  abc "]), Ok(Some("abc".into())));
        for wrong in [
            vec!["Basic abc"],
            vec!["Bearer"],
            vec!["Bearer "],
            vec!["abc"],
            vec!["Bearer a", "Bearer b"],
        ] {
            assert!(token(&wrong).is_err(), "{wrong:?}");
        }
        assert_eq!(query_token("x=1&token=a%2Eb"), Some("a.b".into()));
        assert!(query_token("xtoken=1").is_none() && query_token("token=").is_none());
    }
}
