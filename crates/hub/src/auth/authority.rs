//! What this hub knows about who is who: its store, its key, whose grants it takes.

use std::collections::HashMap;
use std::sync::Mutex;
use std::time::Duration;

use lenswire_api::{Claims, Code, Issuer, Pattern, Problem, Scope, UnixTime, Verifier};

use super::secret::{administrator_token, number};
use super::{Caller, Credential, How};
use crate::store::{self, Identity, NewToken, Store, hash};

/// How long a page's grant holds; not renewing it is the revocation (design: "Who may").
pub const PAGE_GRANT_TIME: Duration = Duration::from_secs(60);

/// How long a browser stays signed in.
pub const LOGIN_TIME: Duration = Duration::from_secs(7 * 86_400);

/// Decides who somebody is. Share it in an `Arc`.
#[derive(Debug)]
pub struct Authority {
    pub(super) store: Store,
    identity: Identity,
    name: String,
    verifier: Verifier,
    /// The hash of the claim secret that this process printed, until it is used.
    pub(super) printed: Mutex<Option<[u8; 32]>>,
}

/// A grant to be made and kept.
#[derive(Clone, Debug)]
pub struct NewGrant {
    /// What its maker calls it.
    pub name: String,
    /// Which streams it is for.
    pub streams: Vec<Pattern>,
    /// What it lets do with them.
    pub scope: Vec<Scope>,
    /// When it ends.
    pub until: UnixTime,
    /// Whether it is for a guest.
    pub guest: bool,
}

/// A store's failure as an answer; the log has the rest.
pub(super) fn failed(error: store::Error) -> Problem {
    tracing::error!(%error, "the store failed");
    error.into()
}

impl Authority {
    /// Reads who this hub is from its store, or makes it so at the first start.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn open(store: Store, now: UnixTime) -> Result<Self, store::Error> {
        let identity = store.identity(&number(), now).await?;
        store.tidy(now).await?;
        let name = format!("hub:{}", identity.id);
        let keys = HashMap::from([(identity.key.kid().to_owned(), identity.key.public().clone())]);
        let verifier = Verifier::new(
            &*name,
            [Issuer {
                iss: name.clone(),
                keys,
            }],
        );
        Ok(Self {
            store,
            identity,
            name,
            verifier,
            printed: Mutex::default(),
        })
    }

    /// `hub:<id>`: the audience of grants for this hub, and the issuer of its own.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The store behind it.
    #[must_use]
    pub const fn store(&self) -> &Store {
        &self.store
    }

    /// Whether somebody owns this hub.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn is_claimed(&self) -> Result<bool, Problem> {
        self.store.is_claimed().await.map_err(failed)
    }

    /// Who brings this token: an administrator's, or a grant.
    ///
    /// # Errors
    /// 401 when it is neither; the answer does not say why, the log does.
    pub async fn by_token(&self, token: &str, now: UnixTime) -> Result<Caller, Problem> {
        if token.contains('.') {
            return self.by_grant(token, now).await;
        }
        match self
            .store
            .administrator(hash(token), now)
            .await
            .map_err(failed)?
        {
            Some(number) => Ok(Caller::Administrator(How::Token(number))),
            None => Err(refused()),
        }
    }

    async fn by_grant(&self, token: &str, now: UnixTime) -> Result<Caller, Problem> {
        let grant = self.verifier.verify(token, now).map_err(|why| {
            tracing::info!(%why, "refused a grant");
            match why {
                lenswire_api::GrantError::Expired => Problem::from(Code::GrantExpired),
                _ => refused(),
            }
        })?;
        if self
            .store
            .is_revoked(&grant.claims().jti)
            .await
            .map_err(failed)?
        {
            tracing::info!(jti = grant.claims().jti, "refused a revoked grant");
            return Err(refused());
        }
        if grant.is_skewed() {
            tracing::warn!(
                issuer = grant.claims().iss,
                "a grant holds only because clocks may differ: check them"
            );
        }
        Ok(Caller::Grant(grant))
    }

    /// Who brings this cookie; nobody in particular when it has ended.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn by_cookie(&self, cookie: &str, now: UnixTime) -> Result<Caller, Problem> {
        let hash = hash(cookie);
        match self.store.is_signed_in(hash, now).await.map_err(failed)? {
            true => Ok(Caller::Administrator(How::Cookie(hash))),
            false => Ok(Caller::Anonymous),
        }
    }

    /// Whether what somebody showed was taken back since, or an administrator's has ended. (A
    /// grant's end is written in it; its sessions watch that themselves.)
    ///
    /// # Errors
    /// When the store fails.
    pub async fn is_over(&self, shown: &Credential, now: UnixTime) -> Result<bool, Problem> {
        let over = match shown {
            Credential::Administrator(How::Cookie(hash)) => {
                self.store.is_signed_in(*hash, now).await.map(|is| !is)
            }
            Credential::Administrator(How::Token(number)) => {
                self.store.is_administrator(number, now).await.map(|is| !is)
            }
            Credential::Grant(number) => self.store.is_revoked(number).await,
        };
        over.map_err(failed)
    }

    /// Signs a grant for a page, to be renewed before it ends.
    ///
    /// # Errors
    /// When signing fails, which starting has ruled out.
    pub fn page_grant(
        &self,
        streams: Vec<Pattern>,
        scope: Vec<Scope>,
        now: UnixTime,
    ) -> Result<(String, UnixTime), Problem> {
        let until = now.plus(PAGE_GRANT_TIME);
        self.sign("page", number(), streams, scope, until, now)
            .map(|token| (token, until))
    }

    /// Makes an administrator's token. It is given here and never again.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn new_administrator(
        &self,
        name: &str,
        until: Option<UnixTime>,
        now: UnixTime,
    ) -> Result<String, Problem> {
        let (token, entry) = new_administrator(name, until);
        self.store.add_token(&entry, now).await.map_err(failed)?;
        Ok(token)
    }

    /// Makes a grant for a program that cannot renew. It is given here and never again.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn new_grant(
        &self,
        name: &str,
        streams: Vec<Pattern>,
        scope: Vec<Scope>,
        until: UnixTime,
        now: UnixTime,
    ) -> Result<String, Problem> {
        let grant = NewGrant {
            name: name.to_owned(),
            streams,
            scope,
            until,
            guest: false,
        };
        self.give(grant, now).await.map(|(_, token)| token)
    }

    /// Makes a grant that is kept, for a program or a guest: its number, and the token, which is
    /// given here and never again.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn give(&self, grant: NewGrant, now: UnixTime) -> Result<(String, String), Problem> {
        let NewGrant {
            name,
            streams,
            scope,
            until,
            guest,
        } = grant;
        let list: Vec<_> = streams.iter().map(ToString::to_string).collect();
        let scopes: Vec<_> = scope.iter().map(|scope| scope.name()).collect();
        let entry = NewToken {
            id: number(),
            hash: None,
            streams: list.join(" "),
            scope: scopes.join(" "),
            guest,
            expires_at: Some(until),
            name,
        };
        let token = self.sign(&entry.name, entry.id.clone(), streams, scope, until, now)?;
        self.store.add_token(&entry, now).await.map_err(failed)?;
        Ok((entry.id, token))
    }

    /// All tokens that people made, the newest first.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn tokens(&self) -> Result<Vec<store::Token>, Problem> {
        self.store.tokens().await.map_err(failed)
    }

    /// Takes a token back; whether there was one to take.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn revoke(&self, id: &str, now: UnixTime) -> Result<bool, Problem> {
        self.store.revoke_token(id, now).await.map_err(failed)
    }

    fn sign(
        &self,
        sub: &str,
        jti: String,
        streams: Vec<Pattern>,
        scope: Vec<Scope>,
        exp: UnixTime,
        now: UnixTime,
    ) -> Result<String, Problem> {
        let (iss, aud) = (self.name.clone(), self.name.clone());
        let claims = Claims {
            iss,
            aud,
            sub: sub.to_owned(),
            iat: now,
            nbf: None,
            exp,
            jti,
            streams,
            scope,
        };
        self.identity
            .key
            .sign(&claims)
            .map_err(|_| Code::Internal.into())
    }
}

/// An administrator's token, and what is kept of it.
pub(super) fn new_administrator(name: &str, until: Option<UnixTime>) -> (String, NewToken) {
    let token = administrator_token();
    let entry = NewToken {
        id: number(),
        hash: Some(hash(&token)),
        name: name.to_owned(),
        streams: String::new(),
        scope: String::new(),
        guest: false,
        expires_at: until,
    };
    (token, entry)
}

fn refused() -> Problem {
    Problem::new(Code::Unauthorized, "This token is not accepted here.")
}
