//! Where a request comes from: which address, over what, and from whose page. The address is for
//! limits and logs only; it never grants anything (E10, SEC-10).
//!
//! Three rules, from the design's "Origins": WHEP, its sessions and the player's script are open to
//! any page and ignore cookies ([`open`], [`preflight`]); a cookie counts from our own pages alone
//! ([`Client::site`]); everything else that changes something refuses foreign pages
//! ([`Client::check_change`]).

use std::net::{IpAddr, SocketAddr};

use axum::body::Body;
use axum::http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, ACCESS_CONTROL_REQUEST_METHOD, HOST,
    ORIGIN,
};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode};
use axum::response::Response;
use lenswire_api::{Code, Problem};
use url::{Host, Url};

use super::forwarded::{self, Forwarded};
use crate::config::Config;
use crate::config::policy::canonical;

/// The other end of the TCP connection; the server puts it into each request's extensions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Peer {
    /// Its address.
    pub(crate) address: SocketAddr,
    /// Whether it speaks TLS with us.
    pub(crate) tls: bool,
}

/// Who sent the request, as far as the way it came tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Client {
    /// Its address, behind proxies that are trusted.
    pub(crate) address: IpAddr,
    /// Whether it speaks HTTPS, with us or with a trusted proxy.
    pub(crate) https: bool,
    /// From whose page.
    pub(crate) site: Site,
    /// Whether it asks for a name in public DNS, rather than an address or a local name.
    pub(crate) asked_by_public_name: bool,
}

/// Whose page sent a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Site {
    /// Ours, or a person who typed the address.
    Own,
    /// Somebody else's.
    Foreign,
    /// The request doesn't say: a program, or a plain GET of an old browser.
    Unstated,
}

/// Names that no public DNS serves, so that no rebinding can borrow them (RFC 6761, RFC 6762,
/// RFC 8375, and what home routers use).
const LOCAL_NAMES: [&str; 5] = [".localhost", ".local", ".home.arpa", ".internal", ".lan"];

impl Client {
    /// Reads the way a request came.
    pub(crate) fn of(peer: Peer, headers: &HeaderMap, config: &Config) -> Self {
        let trusted = |address: IpAddr| is_proxy(address, config);
        let said = trusted(peer.address.ip()).then(|| Forwarded::of(headers));
        let said = said.as_ref();
        let address = said.and_then(|said| said.client(&trusted));
        let https = peer.tls
            || said
                .and_then(|said| said.proto.as_deref())
                .is_some_and(|proto| proto.eq_ignore_ascii_case("https"));
        Self {
            address: canonical(address.unwrap_or(peer.address.ip())),
            https: https || asked_for_public_https(headers, config),
            site: site(headers, https, said, config),
            asked_by_public_name: host(headers, said).is_some_and(|host| is_public_name(&host)),
        }
    }

    /// Refuses what a foreign page would have done: requests that change something, on everything
    /// but the open routes (SEC-2, E9).
    pub(crate) fn check_change(&self, method: &Method, by_cookie: bool) -> Result<(), Problem> {
        match self.site {
            _ if method.is_safe() => Ok(()),
            Site::Own => Ok(()),
            Site::Unstated if !by_cookie => Ok(()),
            Site::Unstated | Site::Foreign => Err(Code::OriginNotAllowed.into()),
        }
    }
}

/// Refuses names that are not ours: a page whose name an attacker lets point to this machine would
/// be of our origin (DNS rebinding, SEC-9). Addresses and local names cannot be borrowed that way.
pub(crate) fn check_host(peer: Peer, headers: &HeaderMap, config: &Config) -> Result<(), Problem> {
    let stranger = untrusted_proxy(peer, headers, config);
    let said = is_proxy(peer.address.ip(), config).then(|| Forwarded::of(headers));
    let Some(host) = host(headers, said.as_ref()) else {
        return Ok(());
    };
    let refused = || {
        let problem = Problem::new(Code::HostNotAllowed, "The request asks for another name.");
        Err(stranger.map_or(problem, |proxy| {
            let detail = format!("The request asks for another name. A proxy at {proxy} passed it on, which is not in trusted_proxies, so what it says of the request is not believed.");
            Problem::new(Code::HostNotAllowed, detail).with_fix(format!(
                "Set public_url to the address that people use, and add {proxy} to trusted_proxies if that proxy is yours."
            ))
        }))
    };
    let Ok(url) = Url::parse(&format!("http://{host}/")) else {
        return refused();
    };
    let public = config.public_url.as_ref().and_then(Url::host_str);
    match url.host() {
        Some(Host::Ipv4(_) | Host::Ipv6(_)) => Ok(()),
        Some(Host::Domain(name)) if Some(name) == public || is_local(name) => Ok(()),
        Some(Host::Domain(_)) | None => refused(),
    }
}

fn is_proxy(address: IpAddr, config: &Config) -> bool {
    let trusted = &config.trusted_proxies;
    trusted.iter().any(|proxy| proxy.contains(address))
}

/// Who passes requests on without being trusted to.
pub(crate) fn untrusted_proxy(peer: Peer, headers: &HeaderMap, config: &Config) -> Option<IpAddr> {
    let address = canonical(peer.address.ip());
    (forwarded::is_said(headers) && !is_proxy(address, config)).then_some(address)
}

fn is_public_name(host: &str) -> bool {
    let url = Url::parse(&format!("http://{host}/")).ok();
    matches!(url.as_ref().and_then(Url::host), Some(Host::Domain(name)) if !is_local(name))
}

fn is_local(name: &str) -> bool {
    let name = name.trim_end_matches('.');
    !name.contains('.') || LOCAL_NAMES.iter().any(|suffix| name.ends_with(suffix))
}

/// The name that was asked for, of a proxy where there is one.
fn host(headers: &HeaderMap, said: Option<&Forwarded>) -> Option<String> {
    let forwarded = said.and_then(|said| said.host.clone());
    forwarded.or_else(|| headers.get(HOST)?.to_str().ok().map(str::to_owned))
}

/// A tunnel ends HTTPS without being a trusted proxy: when the request asks for the public name and
/// that one is HTTPS, the browser's side is. This says how a cookie is marked and nothing else.
fn asked_for_public_https(headers: &HeaderMap, config: &Config) -> bool {
    let Some(public) = config
        .public_url
        .as_ref()
        .filter(|url| url.scheme() == "https")
    else {
        return false;
    };
    let asked = headers
        .get(HOST)
        .and_then(|host| Url::parse(&format!("https://{}/", host.to_str().ok()?)).ok());
    asked.is_some_and(|asked| asked.host() == public.host() && asked.port() == public.port())
}

/// `Sec-Fetch-Site` is the browser's own word and cannot be set by a page; where it is missing,
/// `Origin` has to be ours.
fn site(headers: &HeaderMap, https: bool, said: Option<&Forwarded>, config: &Config) -> Site {
    match headers.get("sec-fetch-site").map(HeaderValue::as_bytes) {
        Some(b"same-origin" | b"none") => return Site::Own,
        Some(_) => return Site::Foreign,
        None => {}
    }
    let Some(origin) = headers.get(ORIGIN) else {
        return Site::Unstated;
    };
    let Some(origin) = origin
        .to_str()
        .ok()
        .and_then(|origin| Url::parse(origin).ok())
    else {
        return Site::Foreign;
    };
    let scheme = if https { "https" } else { "http" };
    let asked =
        host(headers, said).and_then(|host| Url::parse(&format!("{scheme}://{host}/")).ok());
    let own = [asked.as_ref(), config.public_url.as_ref()];
    let same = |url: &Url| url.origin() == origin.origin() && origin.origin().is_tuple();
    if own.into_iter().flatten().any(same) {
        Site::Own
    } else {
        Site::Foreign
    }
}

/// Lets any page read the answer, without credentials: for WHEP, its sessions and the player.
pub(crate) fn open(headers: &mut HeaderMap) {
    headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    headers.insert(
        ACCESS_CONTROL_EXPOSE_HEADERS,
        HeaderValue::from_static(
            "Location, Link, ETag, Accept-Patch, Accept-Post, Retry-After, WWW-Authenticate",
        ),
    );
}

/// The answer to a preflight on an open route, if the request is one. It carries no ICE servers:
/// their credentials are for who may watch.
pub(crate) fn preflight(method: &Method, headers: &HeaderMap) -> Option<Response> {
    if method != Method::OPTIONS
        || !headers.contains_key(ORIGIN)
        || !headers.contains_key(ACCESS_CONTROL_REQUEST_METHOD)
    {
        return None;
    }
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::NO_CONTENT;
    let answer = response.headers_mut();
    open(answer);
    answer.insert(
        ACCESS_CONTROL_ALLOW_METHODS,
        HeaderValue::from_static("GET, HEAD, POST, PATCH, DELETE, OPTIONS"),
    );
    answer.insert(
        ACCESS_CONTROL_ALLOW_HEADERS,
        HeaderValue::from_static("Authorization, Content-Type, If-Match"),
    );
    // Two hours is the most that Chromium keeps.
    answer.insert(ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("7200"));
    Some(response)
}

#[cfg(test)]
mod tests;
