//! `POST /api/v1/login` and `POST /api/v1/logout`.

use axum::body::Body;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use lenswire_api::body::{LoginRequest, Role, SignedIn};
use lenswire_api::{Problem, UnixTime};

use super::authority::{answer, clear_cookie, cookie, set_cookie};
use super::limits::{Rates, json};
use super::origin::Client;
use crate::auth::Authority;
use crate::config::Limits;

/// Answers an administrator's token with a cookie.
pub(crate) async fn login(
    authority: &Authority,
    rates: &Rates,
    limits: &Limits,
    client: &Client,
    body: &[u8],
    now: UnixTime,
) -> Result<Response, Problem> {
    rates.login(client.address, "administrator")?;
    let LoginRequest { token } = json(body, limits)?;
    let signed_in = authority.login(token.trim(), now).await?;
    let mut response = answer(&SignedIn {
        role: Role::Administrator,
        administrator_token: None,
    });
    set_cookie(&mut response, client, &signed_in.cookie);
    Ok(response)
}

/// Forgets the cookie, here and in the browser.
pub(crate) async fn logout(
    authority: &Authority,
    client: &Client,
    headers: &HeaderMap,
) -> Result<Response, Problem> {
    if let Some(cookie) = cookie(headers, client) {
        authority.logout(cookie).await?;
    }
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::NO_CONTENT;
    clear_cookie(&mut response, client);
    Ok(response)
}
