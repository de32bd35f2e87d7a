//! `/install`: how a device comes to trust the hub's own certificate authority. The one page that
//! is also served over plain HTTP, because a device that has to ask for it trusts nothing yet; its
//! certificate is public, and its fingerprint is printed where the hub was started, to compare.

use std::sync::LazyLock;

use axum::body::Body;
use axum::http::header::{
    ACCEPT_LANGUAGE, CONTENT_DISPOSITION, CONTENT_SECURITY_POLICY, CONTENT_TYPE, VARY,
};
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use axum::response::Response;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use lenswire_api::{Code, Problem};
use sha2::{Digest as _, Sha256};

use super::asked::{Answer, Asked};
use crate::https::LocalCa;

const STYLE: &str = include_str!("install/style.css");

/// The style stands in the page, which so is one request; the policy allows this one alone.
static POLICY: LazyLock<String> = LazyLock::new(|| {
    let hash = STANDARD.encode(Sha256::digest(STYLE));
    format!(
        "default-src 'none'; style-src 'sha256-{hash}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
});

/// The page in each language, the first for everybody else.
const PAGES: [(&str, &str); 3] = [
    ("en", include_str!("install/en.html")),
    ("fr", include_str!("install/fr.html")),
    ("ko", include_str!("install/ko.html")),
];

/// What a device takes.
pub(crate) struct Files {
    name: String,
    fingerprint: String,
    certificate: String,
    profile: String,
}

impl Files {
    pub(crate) fn new(ca: &LocalCa) -> Self {
        Self {
            name: ca.name(),
            fingerprint: ca.fingerprint(),
            certificate: ca.pem().to_owned(),
            profile: profile(&ca.name(), ca.certificate()),
        }
    }

    /// What stands at `install`, `install/lenswire.crt` and `install/lenswire.mobileconfig`.
    pub(crate) fn answer(&self, file: &str, headers: &HeaderMap) -> Response {
        match file.rsplit('/').next() {
            Some("lenswire.crt") => {
                let attached = HeaderValue::from_static("attachment; filename=\"lenswire.crt\"");
                let mut answer = typed("application/x-x509-ca-cert", self.certificate.clone());
                answer.headers_mut().insert(CONTENT_DISPOSITION, attached);
                answer
            }
            Some("lenswire.mobileconfig") => {
                typed("application/x-apple-aspen-config", self.profile.clone())
            }
            _ => self.page(headers),
        }
    }

    fn page(&self, headers: &HeaderMap) -> Response {
        let (language, page) = preferred(headers);
        let page = page
            .replace("{language}", language)
            .replace("{style}", STYLE)
            .replace("{name}", &self.name)
            .replace("{fingerprint}", &self.fingerprint);
        let mut answer = typed("text/html; charset=utf-8", page);
        let mut put = |name: HeaderName, value: &str| {
            if let Ok(value) = HeaderValue::from_str(value) {
                answer.headers_mut().insert(name, value);
            }
        };
        put(CONTENT_SECURITY_POLICY, &POLICY);
        put(VARY, "Accept-Language");
        answer
    }
}

/// `GET /install` over HTTPS.
pub(crate) async fn read(asked: Asked) -> Answer {
    let none = || {
        Problem::new(
            Code::NotFound,
            "This hub's certificate is not one of its own: there is nothing to install.",
        )
    };
    let files = asked.app.install.as_ref().ok_or_else(none)?;
    let file = asked.place.id.as_deref().unwrap_or_default();
    Ok(files.answer(file, &asked.parts.headers))
}

fn typed(kind: &'static str, body: String) -> Response {
    let mut answer = Response::new(Body::from(body));
    let kind = HeaderValue::from_static(kind);
    answer.headers_mut().insert(CONTENT_TYPE, kind);
    answer
}

/// The first language asked for that there is; browsers send the dearest first.
fn preferred(headers: &HeaderMap) -> (&'static str, &'static str) {
    let asked = headers
        .get(ACCEPT_LANGUAGE)
        .and_then(|value| value.to_str().ok());
    let tags = asked.unwrap_or_default().split(',');
    let known = |tag: &str| {
        let language = tag.trim().split(['-', ';']).next()?.to_ascii_lowercase();
        PAGES.into_iter().find(|(name, _)| *name == language)
    };
    let [first, ..] = PAGES;
    tags.filter_map(known).next().unwrap_or(first)
}

/// Apple's configuration profile with one root certificate (Apple's "Configuration Profile
/// Reference", `com.apple.security.root`). `name` is our own host's and has no markup in it.
fn profile(name: &str, certificate: &[u8]) -> String {
    let content = STANDARD.encode(certificate);
    let (outer, inner) = (id(certificate, "profile"), id(certificate, "certificate"));
    format!(
        include_str!("install/profile.xml"),
        name = name,
        content = content,
        outer = outer,
        inner = inner
    )
}

/// The same certificate is the same profile, so that installing it again replaces it.
fn id(certificate: &[u8], part: &str) -> String {
    let hash = Sha256::new()
        .chain_update(certificate)
        .chain_update(part)
        .finalize();
    let hex: String = hash
        .iter()
        .take(16)
        .map(|byte| format!("{byte:02X}"))
        .collect();
    let (a, rest) = hex.split_at(8);
    let (b, rest) = rest.split_at(4);
    let (c, rest) = rest.split_at(4);
    let (d, e) = rest.split_at(4);
    format!("{a}-{b}-{c}-{d}-{e}")
}

#[cfg(test)]
mod tests;
