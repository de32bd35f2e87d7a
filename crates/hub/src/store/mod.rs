//! What must survive a restart and is not configuration: keys, tokens, claims, log-ins, history.
//!
//! SQLite in WAL mode at `DATA/lenswire.db`, readable by its owner alone. Of tokens and cookies it
//! knows only hashes (SHA-256: the secrets are 256 random bits, so there is nothing to guess), the
//! signing key it has to know. All SQL of the hub is in this folder.

mod error;
mod history;
mod place;
mod schema;
mod tokens;

use std::path::{Path, PathBuf};
use std::time::Duration;

use lenswire_api::{SigningKey, UnixTime};
use sha2::{Digest, Sha256};
use sqlx::Connection as _;
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous,
};

pub use error::Error;
pub use history::{Kept, Stood};
pub use tokens::{Login, NewToken, Token, TokenKind};

/// The database's name in the data folder.
const FILE: &str = "lenswire.db";

/// How long a statement waits for another process's write. Longer than any of ours takes; more
/// would only hide a lock that never ends.
const BUSY: Duration = Duration::from_secs(5);

/// Connections: SQLite writes one at a time, readers are short.
const CONNECTIONS: u32 = 4;

/// The store; clones share its connections.
#[derive(Clone, Debug)]
pub struct Store {
    pool: SqlitePool,
    folder: PathBuf,
}

/// Who this hub is: made at its first start.
#[derive(Clone, Debug)]
pub struct Identity {
    /// Its number; `hub:<id>` is the audience and the issuer of its grants.
    pub id: String,
    /// What it signs with.
    pub key: SigningKey,
}

/// A claim that is being used.
#[derive(Clone, Debug)]
pub struct Claim {
    /// Of its secret.
    pub hash: [u8; 32],
    /// Whether this process printed it, and has checked it itself.
    pub printed: bool,
    /// The browser that uses it.
    pub login: Login,
    /// An administrator's token to make with it.
    pub token: Option<NewToken>,
}

/// The hash of a secret, which is all that is stored of it.
#[must_use]
pub fn hash(secret: &str) -> [u8; 32] {
    Sha256::digest(secret).into()
}

impl Store {
    /// Opens or makes the store in `folder`, and brings its tables up to date.
    ///
    /// # Errors
    /// What is in the way, in words that say what to do.
    pub async fn open(folder: &Path) -> Result<Self, Error> {
        let path = place::prepare(folder, FILE)?;
        let options = SqliteConnectOptions::new()
            .filename(&path)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            .busy_timeout(BUSY)
            // Overwritten secrets are zeros in the file; the log is cut back to 64 MiB.
            .pragma("secure_delete", "on")
            .pragma("journal_size_limit", "67108864");
        let pool = SqlitePoolOptions::new()
            .max_connections(CONNECTIONS)
            .acquire_timeout(BUSY)
            // When the disk is full SQLite rolls back by itself; sqlx's own rollback then fails and
            // the connection counts as inside a transaction for ever (sqlx 0.9). Let it go.
            .after_release(|connection, _| {
                Box::pin(async move {
                    connection.ping().await?;
                    Ok(!connection.is_in_transaction())
                })
            })
            .connect_with(options)
            .await
            .map_err(|error| Error::new(error, &path))?;
        let store = Self {
            pool,
            folder: folder.to_owned(),
        };
        store.wrapped(schema::migrate(&store.pool).await)?;
        Ok(store)
    }

    /// The data folder.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Who this hub is. `fresh_id` is taken at the first start only.
    ///
    /// # Errors
    /// When the store fails or its key is damaged.
    pub async fn identity(&self, fresh_id: &str, now: UnixTime) -> Result<Identity, Error> {
        let fresh = SigningKey::generate().map_err(|_| Error::Key)?;
        let insert = "INSERT INTO hub (one, id, pkcs8, created_at) VALUES (1, ?, ?, ?) ON CONFLICT DO NOTHING";
        self.wrapped(
            sqlx::query(insert)
                .bind(fresh_id)
                .bind(fresh)
                .bind(seconds(now))
                .execute(&self.pool)
                .await,
        )?;
        let row: (String, Vec<u8>) = self.wrapped(
            sqlx::query_as("SELECT id, pkcs8 FROM hub")
                .fetch_one(&self.pool)
                .await,
        )?;
        Ok(Identity {
            id: row.0,
            key: SigningKey::from_pkcs8(&row.1).map_err(|_| Error::Key)?,
        })
    }

    /// Whether somebody owns this hub.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn is_claimed(&self) -> Result<bool, Error> {
        let query =
            sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM hub WHERE claimed_at IS NOT NULL)");
        self.wrapped(query.fetch_one(&self.pool).await)
    }

    /// Remembers a claim made by `lenswire token claim`.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn add_claim(&self, hash: [u8; 32], until: UnixTime) -> Result<(), Error> {
        let query = sqlx::query("INSERT INTO claims (hash, expires_at) VALUES (?, ?)");
        self.wrapped(
            query
                .bind(hash.to_vec())
                .bind(seconds(until))
                .execute(&self.pool)
                .await,
        )
        .map(drop)
    }

    /// Uses a claim up: the hub is owned, the browser signed in and the token kept; or, when no such
    /// claim is left, nothing happened and the answer is false.
    ///
    /// # Errors
    /// When the store fails; then nothing happened either.
    pub async fn claim(&self, claim: &Claim, now: UnixTime) -> Result<bool, Error> {
        self.wrapped(self.try_claim(claim, now).await)
    }

    async fn try_claim(&self, claim: &Claim, now: UnixTime) -> sqlx::Result<bool> {
        let Claim {
            hash,
            printed,
            login,
            token,
        } = claim;
        let mut change = self.pool.begin_with("BEGIN IMMEDIATE").await?;
        if !printed {
            let query = sqlx::query("DELETE FROM claims WHERE hash = ? AND expires_at > ?");
            let query = query.bind(hash.to_vec()).bind(seconds(now));
            if query.execute(&mut *change).await?.rows_affected() == 0 {
                return Ok(false);
            }
        }
        sqlx::query("UPDATE hub SET claimed_at = coalesce(claimed_at, ?)")
            .bind(seconds(now))
            .execute(&mut *change)
            .await?;
        if let Some(token) = token {
            tokens::insert_token(&mut change, token, now).await?;
        }
        tokens::insert_login(&mut change, login).await?;
        change.commit().await?;
        Ok(true)
    }

    /// Forgets what has ended: log-ins, claims, and tokens a month after their end; and a month-old
    /// history.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn tidy(&self, now: UnixTime) -> Result<(), Error> {
        const MONTH: u64 = 30 * 86_400;
        let now = seconds(now);
        let ended = now.saturating_sub(i64::try_from(MONTH).unwrap_or(0));
        for (query, before) in [
            ("DELETE FROM logins WHERE expires_at <= ?", now),
            ("DELETE FROM claims WHERE expires_at <= ?", now),
            (
                "DELETE FROM tokens WHERE coalesce(expires_at, revoked_at) <= ?",
                ended,
            ),
            ("DELETE FROM history WHERE at <= ?", ended),
        ] {
            self.wrapped(sqlx::query(query).bind(before).execute(&self.pool).await)?;
        }
        Ok(())
    }

    /// Writes everything to disk and closes all connections.
    pub async fn close(&self) {
        self.pool.close().await;
    }

    fn wrapped<T>(&self, result: sqlx::Result<T>) -> Result<T, Error> {
        result.map_err(|error| Error::new(error, &self.folder.join(FILE)))
    }
}

/// SQLite's integers are signed.
fn seconds(time: UnixTime) -> i64 {
    i64::try_from(time.0).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests;
