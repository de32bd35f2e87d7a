//! `POST /api/v1/claim`: somebody becomes this hub's owner.

use axum::response::Response;
use lenswire_api::body::{ClaimRequest, Role, SignedIn};
use lenswire_api::{Problem, UnixTime};

use super::authority::{answer, set_cookie};
use super::limits::{Rates, json};
use super::origin::Client;
use crate::auth::Authority;
use crate::config::Limits;

/// Answers a claim link's secret with a cookie, and with an administrator's token when asked.
pub(crate) async fn claim(
    authority: &Authority,
    rates: &Rates,
    limits: &Limits,
    client: &Client,
    body: &[u8],
    now: UnixTime,
) -> Result<Response, Problem> {
    rates.login(client.address, "claim")?;
    let ClaimRequest { secret, show_token } = json(body, limits)?;
    let signed_in = authority.claim(&secret, show_token, now).await?;
    let mut response = answer(&SignedIn {
        role: Role::Administrator,
        administrator_token: signed_in.administrator_token,
    });
    set_cookie(&mut response, client, &signed_in.cookie);
    Ok(response)
}
