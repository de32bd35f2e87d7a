//! `/api/v1/tokens`: what opens something without an administrator: programs' tokens and guests'
//! links. Made and shown once, listed without what opens anything, taken back at once.

use std::time::Duration;

use axum::Json;
use axum::http::StatusCode;
use axum::http::header::LOCATION;
use axum::response::IntoResponse as _;
use lenswire_api::body::{TokenKind, TokenMade, TokenRequest, TokenView};
use lenswire_api::{Code, Pattern, Problem, Scope, UnixTime};

use super::asked::{Answer, Asked};
use super::page::Part;
use super::{query, revocation};
use crate::auth::NewGrant;
use crate::config::Config;
use crate::store::{self, Token};

const DAY: u64 = 86_400;

/// How long a guest's link holds when nobody says.
const GUEST: Duration = Duration::from_secs(7 * DAY);

/// How long a program's token holds when nobody says, so that a forgotten one ends.
const PROGRAM: Duration = Duration::from_secs(365 * DAY);

/// How long any may hold.
const LONGEST: Duration = Duration::from_secs(10 * 365 * DAY);

/// Longest name, in bytes.
const NAME: usize = 100;

/// Most streams of one token.
const STREAMS: usize = 64;

/// `GET /api/v1/tokens`: the newest first.
pub(crate) async fn list(asked: Asked) -> Answer {
    let part: Part = query::read(&asked.parts)?;
    let tokens = asked.app.authority.tokens().await?;
    // As the store orders them.
    let key = |token: &Token| format!("{:020}.{}", u64::MAX - token.created_at.0, token.id);
    Ok(Json(part.cut(tokens, key).map(view)).into_response())
}

/// `POST /api/v1/tokens`.
pub(crate) async fn create(mut asked: Asked) -> Answer {
    let request: TokenRequest = asked.json().await?;
    let (now, guest) = (asked.unix(), request.guest);
    let grant = grant(request, now)?;
    let link = link(&grant, &asked.config);
    let view = TokenView {
        id: String::new(),
        kind: TokenKind::Grant,
        name: grant.name.clone(),
        streams: grant.streams.iter().map(ToString::to_string).collect(),
        scope: grant
            .scope
            .iter()
            .map(|scope| scope.name().to_owned())
            .collect(),
        guest,
        created_at: now,
        expires_at: Some(grant.until),
        revoked_at: None,
    };
    let (id, token) = asked.app.authority.give(grant, now).await?;
    let location = format!("/api/v1/tokens/{id}");
    let made = TokenMade {
        view: TokenView { id, ..view },
        url: link.map(|link| format!("{link}#token={token}")),
        token,
    };
    Ok((StatusCode::CREATED, [(LOCATION, location)], Json(made)).into_response())
}

/// `DELETE /api/v1/tokens/{id}`: what it opened ends with it (SEC-13).
pub(crate) async fn revoke(asked: Asked) -> Answer {
    let id = asked.place.id.as_deref().unwrap_or_default();
    if !asked.app.authority.revoke(id, asked.unix()).await? {
        return Err(Code::TokenNotFound.into());
    }
    revocation::sweep(&asked.app, asked.unix()).await;
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// What a request asks for, if it makes sense.
fn grant(request: TokenRequest, now: UnixTime) -> Result<NewGrant, Problem> {
    let TokenRequest {
        name,
        streams,
        scope,
        expires_at,
        guest,
    } = request;
    let usual = if guest { GUEST } else { PROGRAM };
    let until = expires_at.unwrap_or_else(|| now.plus(usual));
    let name = name.trim().to_owned();
    let wrong = if name.is_empty() || name.len() > NAME || name.chars().any(char::is_control) {
        Some("`name` takes 1 to 100 bytes, without control characters.")
    } else if streams.is_empty() || streams.len() > STREAMS {
        Some("`streams` takes 1 to 64 streams.")
    } else if scope.is_empty() || scope.len() > 3 {
        Some("`scope` takes watch, publish and control, at least one.")
    } else if until <= now || until > now.plus(LONGEST) {
        Some("`expires_at` takes a time in the next ten years.")
    } else if guest && scope != [Scope::Watch] {
        Some("A guest may watch and nothing else.")
    } else if guest && !matches!(streams[..], [Pattern::One(_)]) {
        Some("A guest's link opens one stream: name that one.")
    } else {
        None
    };
    match wrong {
        Some(wrong) => Err(Problem::new(Code::BadRequest, wrong)),
        None => Ok(NewGrant {
            name,
            streams,
            scope,
            until,
            guest,
        }),
    }
}

/// The page that a guest opens.
fn link(grant: &NewGrant, config: &Config) -> Option<String> {
    let stream = grant.streams.first().filter(|_| grant.guest)?;
    let base = config.public_url.as_ref().map_or("", |url| url.as_str());
    Some(format!("{}/{stream}", base.trim_end_matches('/')))
}

fn view(token: Token) -> TokenView {
    let words = |text: &str| text.split_whitespace().map(str::to_owned).collect();
    TokenView {
        kind: match token.kind {
            store::TokenKind::Administrator => TokenKind::Administrator,
            store::TokenKind::Grant => TokenKind::Grant,
        },
        streams: words(&token.streams),
        scope: words(&token.scope),
        id: token.id,
        name: token.name,
        guest: token.guest,
        created_at: token.created_at,
        expires_at: token.expires_at,
        revoked_at: token.revoked_at,
    }
}
