//! `/api/v1/{me,claim,login,logout,grants}`: from requests to what [`auth`](crate::auth) does.

use super::asked::{Answer, Asked};
use super::{authority, claim, grants, login};

/// `GET /api/v1/me`.
pub(crate) async fn me(asked: Asked) -> Answer {
    authority::me(&asked.app.authority, &asked.caller).await
}

/// `POST /api/v1/claim`.
pub(crate) async fn claim(mut asked: Asked) -> Answer {
    asked.must_be(&["application/json"])?;
    let body = asked.bytes().await?;
    let Asked {
        app,
        config,
        client,
        ..
    } = &asked;
    claim::claim(
        &app.authority,
        &app.rates,
        &config.limits,
        client,
        &body,
        asked.unix(),
    )
    .await
}

/// `POST /api/v1/login`.
pub(crate) async fn login(mut asked: Asked) -> Answer {
    asked.must_be(&["application/json"])?;
    let body = asked.bytes().await?;
    let Asked {
        app,
        config,
        client,
        ..
    } = &asked;
    login::login(
        &app.authority,
        &app.rates,
        &config.limits,
        client,
        &body,
        asked.unix(),
    )
    .await
}

/// `POST /api/v1/logout`.
pub(crate) async fn logout(asked: Asked) -> Answer {
    login::logout(&asked.app.authority, &asked.client, &asked.parts.headers).await
}

/// `POST /api/v1/grants`.
pub(crate) async fn grant(mut asked: Asked) -> Answer {
    asked.must_be(&["application/json"])?;
    let body = asked.bytes().await?;
    grants::grant(
        &asked.app.authority,
        &asked.caller,
        &asked.config,
        &body,
        asked.unix(),
    )
}
