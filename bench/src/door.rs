//! How a viewer gets into a server: by WHEP, or by Janus's own API, which turns the roles around.

use std::net::SocketAddr;

use anyhow::{Context, Result, bail, ensure};
use lenswire_media::Kind;
use lenswire_rtc::peer::Protocol;
use lenswire_rtc::peer::client::Client;
use serde_json::{Value, json};

use crate::clock;
use crate::http::{self, Url};

/// Where viewers are let in.
#[derive(Clone, Debug)]
pub(crate) enum Door {
    /// A WHEP endpoint.
    Whep(Url),
    /// The API of a Janus whose streaming plugin has mountpoint 1.
    Janus(Url),
}

/// How a viewer says goodbye.
#[derive(Debug)]
pub(crate) struct Exit {
    method: &'static str,
    url: Url,
    body: Option<String>,
}

impl Door {
    pub(crate) fn url(&self) -> &Url {
        match self {
            Self::Whep(url) | Self::Janus(url) => url,
        }
    }

    /// Negotiates to receive video at `local`.
    pub(crate) fn enter(&self, local: SocketAddr) -> Result<(Client, Option<Exit>)> {
        match self {
            Self::Whep(url) => whep(url, local),
            Self::Janus(url) => janus(url, local),
        }
    }
}

impl Exit {
    /// A server that is gone needs no goodbye, so nothing can fail.
    pub(crate) fn take(&self) {
        let body = self.body.as_deref().map(|body| ("application/json", body));
        let _ = http::request(self.method, &self.url, body);
    }
}

fn whep(url: &Url, local: SocketAddr) -> Result<(Client, Option<Exit>)> {
    let mut client = Client::offer(&[Kind::Video], &[(Protocol::Udp, local)], clock::now())?;
    let answer = http::request("POST", url, Some(("application/sdp", client.sdp())))?;
    ensure!(
        answer.status == 201,
        "the server answered {}: {}",
        answer.status,
        answer.body
    );
    client.accept(&answer.body)?;
    let session = answer
        .location
        .and_then(|location| url.join(&location).ok());
    Ok((
        client,
        session.map(|url| Exit {
            method: "DELETE",
            url,
            body: None,
        }),
    ))
}

/// Janus makes the offer: a session, a handle on the plugin, "watch", its offer as an event, and
/// "start" with our answer.
fn janus(url: &Url, local: SocketAddr) -> Result<(Client, Option<Exit>)> {
    let session = created(&tell(url, &json!({ "janus": "create" }))?)?;
    let session = url.below(&session);
    let handle = created(&tell(
        &session,
        &json!({ "janus": "attach", "plugin": "janus.plugin.streaming" }),
    )?)?;
    let handle = session.below(&handle);
    tell(
        &handle,
        &json!({ "janus": "message", "body": { "request": "watch", "id": 1 } }),
    )?;
    let offer = event(&session)?;
    let (client, answer) = Client::answer(&offer, &[(Protocol::Udp, local)], clock::now())?;
    let jsep = json!({ "type": "answer", "sdp": answer });
    tell(
        &handle,
        &json!({ "janus": "message", "body": { "request": "start" }, "jsep": jsep }),
    )?;
    let destroy = with_transaction(&json!({ "janus": "destroy" })).to_string();
    Ok((
        client,
        Some(Exit {
            method: "POST",
            url: session,
            body: Some(destroy),
        }),
    ))
}

fn tell(url: &Url, message: &Value) -> Result<Value> {
    let message = with_transaction(message).to_string();
    let answer = http::request("POST", url, Some(("application/json", &message)))?;
    let answer: Value = serde_json::from_str(&answer.body)?;
    ensure!(answer["janus"] != "error", "Janus answered {answer}");
    Ok(answer)
}

fn with_transaction(message: &Value) -> Value {
    let mut message = message.clone();
    message["transaction"] = json!("bench");
    message
}

fn created(answer: &Value) -> Result<String> {
    Ok(answer["data"]["id"]
        .as_u64()
        .context("Janus gave no id")?
        .to_string())
}

/// Asks for events until the one with the offer comes.
fn event(session: &Url) -> Result<String> {
    for _ in 0..5 {
        let event: Value = serde_json::from_str(&http::request("GET", session, None)?.body)?;
        if let Some(offer) = event["jsep"]["sdp"].as_str() {
            return Ok(offer.to_owned());
        }
        if let Some(error) = event["plugindata"]["data"]["error"].as_str() {
            bail!("Janus says: {error}");
        }
    }
    bail!("Janus made no offer")
}
