//! How streams' sources stood, entry by entry.

use lenswire_api::{StreamName, UnixTime};

use super::{Error, Store, seconds};

/// Entries kept of each stream; the oldest go first.
const KEPT: i64 = 500;

/// How a stream's source stood from then on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stood {
    /// Which stream.
    pub stream: StreamName,
    /// From when on.
    pub at: UnixTime,
    /// The state's word.
    pub state: String,
    /// Why, as JSON.
    pub problem: Option<String>,
}

/// An entry in a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    /// Counts up.
    pub id: i64,
    /// From when on.
    pub at: UnixTime,
    /// The state's word.
    pub state: String,
    /// Why, as JSON.
    pub problem: Option<String>,
}

impl Store {
    /// Remembers entries, in one write, and forgets those that are too many.
    ///
    /// # Errors
    /// When the store fails; then none is remembered.
    pub async fn add_history(&self, entries: &[Stood]) -> Result<(), Error> {
        self.wrapped(self.try_add_history(entries).await)
    }

    async fn try_add_history(&self, entries: &[Stood]) -> sqlx::Result<()> {
        let mut change = self.pool.begin_with("BEGIN IMMEDIATE").await?;
        for entry in entries {
            let insert = "INSERT INTO history (stream, at, state, problem) VALUES (?, ?, ?, ?)";
            sqlx::query(insert)
                .bind(entry.stream.as_str())
                .bind(seconds(entry.at))
                .bind(&entry.state)
                .bind(&entry.problem)
                .execute(&mut *change)
                .await?;
            let forget = "DELETE FROM history WHERE stream = ?1 AND id <= (SELECT id FROM history WHERE stream = ?1 ORDER BY id DESC LIMIT 1 OFFSET ?2)";
            sqlx::query(forget)
                .bind(entry.stream.as_str())
                .bind(KEPT)
                .execute(&mut *change)
                .await?;
        }
        change.commit().await
    }

    /// Entries of a stream, the newest first: so many at most, and only those before `before`.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn history(
        &self,
        stream: &StreamName,
        before: Option<i64>,
        limit: usize,
    ) -> Result<Vec<Kept>, Error> {
        let query = sqlx::query_as::<_, (i64, i64, String, Option<String>)>(
            "SELECT id, at, state, problem FROM history WHERE stream = ? AND id < ? ORDER BY id DESC LIMIT ?",
        );
        let rows = query
            .bind(stream.as_str())
            .bind(before.unwrap_or(i64::MAX))
            .bind(i64::try_from(limit).unwrap_or(i64::MAX))
            .fetch_all(&self.pool);
        let kept = |(id, at, state, problem)| Kept {
            id,
            at: UnixTime(u64::try_from(at).unwrap_or(0)),
            state,
            problem,
        };
        Ok(self.wrapped(rows.await)?.into_iter().map(kept).collect())
    }
}
