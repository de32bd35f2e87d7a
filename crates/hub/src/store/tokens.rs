//! Tokens and log-ins.

use lenswire_api::UnixTime;
use sqlx::sqlite::SqliteConnection;

use super::{Error, Store, seconds};

/// What a token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenKind {
    /// May do everything; opaque.
    Administrator,
    /// A signed grant for a program that cannot renew.
    Grant,
}

impl TokenKind {
    /// Its name in the table and in lists.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Administrator => "administrator",
            Self::Grant => "grant",
        }
    }
}

/// A token to be remembered.
#[derive(Clone, Debug)]
pub struct NewToken {
    /// Its number; a grant's `jti`.
    pub id: String,
    /// Administrator's, by this hash, or a grant, which needs none.
    pub hash: Option<[u8; 32]>,
    /// What its maker calls it.
    pub name: String,
    /// A grant's streams, for lists.
    pub streams: String,
    /// What a grant lets do with them, for lists.
    pub scope: String,
    /// Whether it was made for a guest.
    pub guest: bool,
    /// When it ends, if it does.
    pub expires_at: Option<UnixTime>,
}

/// A token in a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    /// Its number.
    pub id: String,
    /// What it is.
    pub kind: TokenKind,
    /// What its maker called it.
    pub name: String,
    /// A grant's streams.
    pub streams: String,
    /// What a grant lets do with them.
    pub scope: String,
    /// Whether it was made for a guest.
    pub guest: bool,
    /// When it was made.
    pub created_at: UnixTime,
    /// When it ends, if it does.
    pub expires_at: Option<UnixTime>,
    /// When it was revoked, if it was.
    pub revoked_at: Option<UnixTime>,
}

/// A browser to be remembered.
#[derive(Clone, Debug)]
pub struct Login {
    /// Of the cookie.
    pub hash: [u8; 32],
    /// The token that let it in; nothing when a claim did.
    pub token: Option<String>,
    /// When the cookie ends.
    pub expires_at: UnixTime,
}

/// A row of [`Store::tokens`].
type Row = (
    String,
    String,
    String,
    String,
    String,
    bool,
    i64,
    Option<i64>,
    Option<i64>,
);

impl Store {
    /// Remembers a token.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn add_token(&self, token: &NewToken, now: UnixTime) -> Result<(), Error> {
        let insert = async { insert_token(&mut *self.pool.acquire().await?, token, now).await };
        self.wrapped(insert.await)
    }

    /// All tokens, the newest first.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn tokens(&self) -> Result<Vec<Token>, Error> {
        let query = sqlx::query_as::<_, Row>(
            "SELECT id, kind, name, streams, scope, guest, created_at, expires_at, revoked_at FROM tokens ORDER BY created_at DESC, id",
        );
        let rows = self.wrapped(query.fetch_all(&self.pool).await)?;
        Ok(rows.into_iter().map(Token::from).collect())
    }

    /// Ends a token and all browsers that it let in; whether there was one to end.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn revoke_token(&self, id: &str, now: UnixTime) -> Result<bool, Error> {
        let revoke = async {
            let mut change = self.pool.begin_with("BEGIN IMMEDIATE").await?;
            let query =
                sqlx::query("UPDATE tokens SET revoked_at = ? WHERE id = ? AND revoked_at IS NULL");
            let found = query
                .bind(seconds(now))
                .bind(id)
                .execute(&mut *change)
                .await?
                .rows_affected()
                > 0;
            sqlx::query("DELETE FROM logins WHERE token = ?")
                .bind(id)
                .execute(&mut *change)
                .await?;
            change.commit().await?;
            Ok(found)
        };
        self.wrapped(revoke.await)
    }

    /// The number of the administrator's token with that hash, if it holds.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn administrator(
        &self,
        hash: [u8; 32],
        now: UnixTime,
    ) -> Result<Option<String>, Error> {
        let query = sqlx::query_scalar(
            "SELECT id FROM tokens WHERE hash = ? AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > ?)",
        );
        self.wrapped(
            query
                .bind(hash.to_vec())
                .bind(seconds(now))
                .fetch_optional(&self.pool)
                .await,
        )
    }

    /// Whether the administrator's token with that number holds.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn is_administrator(&self, id: &str, now: UnixTime) -> Result<bool, Error> {
        let query = sqlx::query_scalar(
            "SELECT EXISTS (SELECT 1 FROM tokens WHERE id = ? AND kind = 'administrator' AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > ?))",
        );
        self.wrapped(
            query
                .bind(id)
                .bind(seconds(now))
                .fetch_one(&self.pool)
                .await,
        )
    }

    /// Whether the grant with that number was revoked.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn is_revoked(&self, jti: &str) -> Result<bool, Error> {
        let query = sqlx::query_scalar(
            "SELECT EXISTS (SELECT 1 FROM tokens WHERE id = ? AND revoked_at IS NOT NULL)",
        );
        self.wrapped(query.bind(jti).fetch_one(&self.pool).await)
    }

    /// Remembers a browser that signed in.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn add_login(&self, login: &Login) -> Result<(), Error> {
        let insert = async { insert_login(&mut *self.pool.acquire().await?, login).await };
        self.wrapped(insert.await)
    }

    /// Whether a browser with that cookie is signed in.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn is_signed_in(&self, hash: [u8; 32], now: UnixTime) -> Result<bool, Error> {
        let query = sqlx::query_scalar(
            "SELECT EXISTS (SELECT 1 FROM logins WHERE hash = ? AND expires_at > ?)",
        );
        self.wrapped(
            query
                .bind(hash.to_vec())
                .bind(seconds(now))
                .fetch_one(&self.pool)
                .await,
        )
    }

    /// Forgets a browser.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn remove_login(&self, hash: [u8; 32]) -> Result<(), Error> {
        let query = sqlx::query("DELETE FROM logins WHERE hash = ?");
        self.wrapped(query.bind(hash.to_vec()).execute(&self.pool).await)
            .map(drop)
    }
}

pub(super) async fn insert_token(
    connection: &mut SqliteConnection,
    token: &NewToken,
    now: UnixTime,
) -> sqlx::Result<()> {
    let kind = if token.hash.is_some() {
        TokenKind::Administrator
    } else {
        TokenKind::Grant
    };
    let insert = "INSERT INTO tokens (id, kind, name, hash, streams, scope, guest, created_at, expires_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)";
    sqlx::query(insert)
        .bind(&token.id)
        .bind(kind.name())
        .bind(&token.name)
        .bind(token.hash.map(|hash| hash.to_vec()))
        .bind(&token.streams)
        .bind(&token.scope)
        .bind(token.guest)
        .bind(seconds(now))
        .bind(token.expires_at.map(seconds))
        .execute(connection)
        .await
        .map(drop)
}

pub(super) async fn insert_login(
    connection: &mut SqliteConnection,
    login: &Login,
) -> sqlx::Result<()> {
    sqlx::query("INSERT INTO logins (hash, token, expires_at) VALUES (?, ?, ?)")
        .bind(login.hash.to_vec())
        .bind(&login.token)
        .bind(seconds(login.expires_at))
        .execute(connection)
        .await
        .map(drop)
}

impl From<Row> for Token {
    fn from(
        (id, kind, name, streams, scope, guest, created_at, expires_at, revoked_at): Row,
    ) -> Self {
        let time = |seconds: i64| UnixTime(u64::try_from(seconds).unwrap_or(0));
        let kind = if kind == TokenKind::Administrator.name() {
            TokenKind::Administrator
        } else {
            TokenKind::Grant
        };
        Self {
            id,
            kind,
            name,
            streams,
            scope,
            guest,
            created_at: time(created_at),
            expires_at: expires_at.map(time),
            revoked_at: revoked_at.map(time),
        }
    }
}
