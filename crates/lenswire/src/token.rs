//! `lenswire token`: works on the store, whether a hub is running on it or not.

use std::time::Duration;

use anyhow::{Context as _, anyhow};
use lenswire_api::{Problem, UnixTime};
use lenswire_hub::auth::Authority;
use lenswire_hub::config::Overrides;
use lenswire_hub::store::{Store, Token as Kept};

use crate::cli::{NewToken, Places, Token, TokenCommand};
use crate::{hello, now, say};

/// How long a program's grant holds when nobody says: a year, so that a forgotten one ends.
const GRANT_TIME: Duration = Duration::from_secs(365 * 86_400);

pub(crate) fn run(options: Token) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("cannot start")?;
    runtime.block_on(act(options))
}

async fn act(Token { places, command }: Token) -> anyhow::Result<()> {
    let store = Store::open(&places.folder()?).await?;
    let authority = Authority::open(store.clone(), now()).await?;
    let done = match command {
        TokenCommand::Claim => claim(&authority, &places).await,
        TokenCommand::New(token) => make(&authority, token).await,
        TokenCommand::List { json } => list(&store, json).await,
        TokenCommand::Revoke { id } => revoke(&store, &id).await,
    };
    store.close().await;
    done
}

async fn claim(authority: &Authority, places: &Places) -> anyhow::Result<()> {
    let config = places.file(Overrides::default())?.load()?;
    let secret = authority.lasting_claim(now()).await.map_err(told)?;
    let address = hello::address(&config, config.listen, &[]);
    say(&hello::claim_link(&address, &secret))
}

async fn make(authority: &Authority, token: NewToken) -> anyhow::Result<()> {
    let NewToken {
        name,
        administrator,
        stream,
        scope,
        lasts,
    } = token;
    let until = |lasts: Duration| now().plus(lasts);
    let made = if administrator {
        authority
            .new_administrator(&name, lasts.map(until), now())
            .await
    } else {
        let scope = scope.into_iter().map(Into::into).collect();
        authority
            .new_grant(
                &name,
                stream,
                scope,
                until(lasts.unwrap_or(GRANT_TIME)),
                now(),
            )
            .await
    };
    say(&made.map_err(told)?)
}

async fn list(store: &Store, json: bool) -> anyhow::Result<()> {
    let tokens = store.tokens().await?;
    if json {
        let items: Vec<_> = tokens.iter().map(as_json).collect();
        return say(&serde_json::to_string_pretty(&items)?);
    }
    if tokens.is_empty() {
        return say("There are no tokens. `lenswire token new NAME --administrator` makes one.");
    }
    say(&format!(
        "{:<18} {:<14} {:<20} {:<12} STREAMS",
        "NUMBER", "KIND", "NAME", "STATE"
    ))?;
    for token in &tokens {
        let Kept {
            id,
            kind,
            name,
            streams,
            ..
        } = token;
        say(&format!(
            "{id:<18} {:<14} {name:<20} {:<12} {streams}",
            kind.name(),
            state(token, now())
        ))?;
    }
    Ok(())
}

fn state(token: &Kept, now: UnixTime) -> String {
    match (token.revoked_at, token.expires_at) {
        (Some(_), _) => "revoked".to_owned(),
        (None, Some(end)) if end <= now => "ended".to_owned(),
        (None, Some(end)) => format!("{} days", end.since(now).as_secs() / 86_400),
        (None, None) => "for ever".to_owned(),
    }
}

fn as_json(token: &Kept) -> serde_json::Value {
    serde_json::json!({
        "id": token.id,
        "kind": token.kind.name(),
        "name": token.name,
        "streams": token.streams.split_whitespace().collect::<Vec<_>>(),
        "scope": token.scope.split_whitespace().collect::<Vec<_>>(),
        "guest": token.guest,
        "created_at": token.created_at,
        "expires_at": token.expires_at,
        "revoked_at": token.revoked_at,
    })
}

async fn revoke(store: &Store, id: &str) -> anyhow::Result<()> {
    if store.revoke_token(id, now()).await? {
        Ok(())
    } else {
        Err(anyhow!("there is no token {id} that holds"))
    }
}

fn told(problem: Problem) -> anyhow::Error {
    anyhow!("{problem}")
}
