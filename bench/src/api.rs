//! Lenswire's own API, by which it says what it measures.

use anyhow::{Result, ensure};
use serde_json::Value;

use crate::http::{Url, request_as};

/// An administrator's.
#[derive(Clone, Debug)]
pub(crate) struct Api {
    root: Url,
    token: String,
}

impl Api {
    pub(crate) fn new(root: Url, token: String) -> Self {
        Self { root, token }
    }

    /// What is at `path`.
    pub(crate) fn get(&self, path: &str) -> Result<Value> {
        Ok(serde_json::from_str(&self.call("GET", path, None)?)?)
    }

    /// Changes a stream.
    pub(crate) fn change(&self, stream: &str, change: &Value) -> Result<()> {
        let change = change.to_string();
        self.call("PATCH", &format!("/api/v1/streams/{stream}"), Some(&change))
            .map(drop)
    }

    /// The value of one of `/metrics`' lines.
    pub(crate) fn metric(&self, name: &str) -> Result<Option<f64>> {
        let text = self.call("GET", "/metrics", None)?;
        let line = text.lines().find_map(|line| line.strip_prefix(name));
        Ok(line.and_then(|value| value.trim().parse().ok()))
    }

    /// How a request is answered, if it is.
    pub(crate) fn status(&self, method: &str, path: &str, offer: Option<&str>) -> Option<u16> {
        let url = self.url(path);
        let body = offer.map(|offer| ("application/sdp", offer));
        let answer = request_as(Some(&self.token), method, &url, body);
        Some(answer.ok()?.status)
    }

    fn url(&self, path: &str) -> Url {
        Url {
            path: path.to_owned(),
            ..self.root.clone()
        }
    }

    fn call(&self, method: &str, path: &str, body: Option<&str>) -> Result<String> {
        let body = body.map(|body| ("application/json", body));
        let answer = request_as(Some(&self.token), method, &self.url(path), body)?;
        ensure!(
            answer.status < 300,
            "{method} {path}: {} {}",
            answer.status,
            answer.body
        );
        Ok(answer.body)
    }
}
