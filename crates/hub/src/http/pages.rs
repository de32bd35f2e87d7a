//! The pages, as they were built into the binary from `web/dist`, and the player for other people's
//! pages. All of it is the same for everybody: what a page shows, it asks the API for.

use std::borrow::Cow;

use axum::body::Body;
use axum::http::header::{
    ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, ETAG, HeaderName,
    IF_NONE_MATCH, VARY,
};
use axum::http::{HeaderValue, StatusCode};
use axum::response::Response;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use lenswire_api::{Code, Problem};
use rust_embed::{EmbeddedFile, RustEmbed};

use super::asked::{Answer, Asked};

/// `make fix` in `web/` writes it; it is committed, so that a build needs no Node.
#[derive(RustEmbed)]
#[folder = "../../web/dist"]
#[allow_missing = true]
struct Dist;

/// The one page that all addresses of pages get; its script looks at the address.
const SHELL: &str = "index.html";

/// What stands in for it in a build without `web/dist`.
const NO_SHELL: &str = "<!doctype html><meta charset=utf-8><title>Lenswire</title>\
    <p>Lenswire runs, but this build has no pages in it. Build <code>web/</code> first.";

/// A name without a hash in it: kept by browsers, but asked about each time.
const ASK: HeaderValue = HeaderValue::from_static("no-cache");

/// The player's name has no hash either, and other people's pages load it at each visit.
const ASK_LATER: HeaderValue = HeaderValue::from_static("public, max-age=300");

/// `GET /`, `/claim`, `/login`, `/{stream}`.
pub(crate) async fn shell(asked: Asked) -> Answer {
    Ok(match Dist::get(SHELL) {
        Some(file) => send(&asked, SHELL, file, Some(ASK)),
        None => page(NO_SHELL),
    })
}

/// `GET /assets/{file}`, `/favicon.svg`: a hashed name's content never changes.
pub(crate) async fn asset(asked: Asked) -> Answer {
    let name = asked.place.id.clone().unwrap_or_default();
    let file =
        Dist::get(&name).ok_or_else(|| Problem::new(Code::NotFound, "There is no such file."))?;
    // Hashed names get `immutable` from the gate.
    let caching = (!name.starts_with("assets/")).then_some(ASK);
    Ok(send(&asked, &name, file, caching))
}

/// `GET /lenswire.js`.
pub(crate) async fn player(asked: Asked) -> Answer {
    const NAME: &str = "lenswire.js";
    let file = Dist::get(NAME)
        .ok_or_else(|| Problem::new(Code::NotFound, "This build has no player in it."))?;
    let mut answer = send(&asked, NAME, file, Some(ASK_LATER));
    // Pages elsewhere load it as a module; a page that isolates itself needs to be told that it may.
    let policy = HeaderName::from_static("cross-origin-resource-policy");
    answer
        .headers_mut()
        .insert(policy, HeaderValue::from_static("cross-origin"));
    Ok(answer)
}

/// A file, or 304 when the browser has it. Where the build left a compressed twin beside it, that
/// one goes to whoever takes it.
fn send(asked: &Asked, name: &str, file: EmbeddedFile, caching: Option<HeaderValue>) -> Response {
    let tag = format!(
        "\"{}\"",
        URL_SAFE_NO_PAD.encode(file.metadata.sha256_hash())
    );
    let known = asked
        .header(IF_NONE_MATCH)
        .is_some_and(|tags| tags.split(',').any(|known| weak(known) == tag));
    let twin = (!known).then(|| compressed(asked, name)).flatten();
    let (status, body) = match (known, &twin) {
        (true, _) => (StatusCode::NOT_MODIFIED, Body::empty()),
        (false, Some((_, twin))) => (StatusCode::OK, bytes(twin.data.clone())),
        (false, None) => (StatusCode::OK, bytes(file.data)),
    };
    let mut answer = Response::new(body);
    *answer.status_mut() = status;
    let headers = answer.headers_mut();
    headers.insert(CONTENT_TYPE, media_type(name));
    headers.insert(VARY, HeaderValue::from_static("Accept-Encoding"));
    headers.extend(HeaderValue::from_str(&tag).ok().map(|tag| (ETAG, tag)));
    headers.extend(caching.map(|caching| (CACHE_CONTROL, caching)));
    headers
        .extend(twin.map(|(encoding, _)| (CONTENT_ENCODING, HeaderValue::from_static(encoding))));
    answer
}

/// `If-None-Match` compares weakly (RFC 9110 section 13.1.2).
fn weak(tag: &str) -> &str {
    let tag = tag.trim();
    tag.strip_prefix("W/").unwrap_or(tag)
}

fn compressed(asked: &Asked, name: &str) -> Option<(&'static str, EmbeddedFile)> {
    let accepted = asked.header(ACCEPT_ENCODING)?;
    let takes = |encoding: &str| {
        accepted.split(',').any(|one| {
            one.split(';')
                .next()
                .is_some_and(|one| one.trim() == encoding)
        })
    };
    let twin = |encoding: &'static str, suffix: &str| {
        takes(encoding)
            .then(|| Dist::get(&format!("{name}.{suffix}")))
            .flatten()
            .map(|file| (encoding, file))
    };
    twin("br", "br").or_else(|| twin("gzip", "gz"))
}

fn bytes(data: Cow<'static, [u8]>) -> Body {
    match data {
        Cow::Borrowed(data) => Body::from(data),
        Cow::Owned(data) => Body::from(data),
    }
}

fn page(html: &'static str) -> Response {
    let mut answer = Response::new(Body::from(html));
    answer.headers_mut().insert(CONTENT_TYPE, media_type(SHELL));
    answer.headers_mut().insert(CACHE_CONTROL, ASK);
    answer
}

/// The few types that a web build has; anything else is not shown but saved.
fn media_type(name: &str) -> HeaderValue {
    HeaderValue::from_static(match name.rsplit('.').next().unwrap_or_default() {
        "html" => "text/html; charset=utf-8",
        "js" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "svg" => "image/svg+xml",
        "json" | "map" => "application/json",
        "png" => "image/png",
        "webp" => "image/webp",
        "ico" => "image/x-icon",
        "woff2" => "font/woff2",
        "txt" => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    })
}
