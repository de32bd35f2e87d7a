//! The tables, as a list of steps: a store remembers in `user_version` how many it has taken, and
//! takes the rest in one transaction at start. A step that was released never changes.

use sqlx::sqlite::SqlitePool;

const STEPS: [&str; 2] = [
    include_str!("schema/1_authority.sql"),
    include_str!("schema/2_history.sql"),
];

/// Takes the steps that are missing.
pub(super) async fn migrate(pool: &SqlitePool) -> sqlx::Result<()> {
    let mut change = pool.begin_with("BEGIN IMMEDIATE").await?;
    let taken: i64 = sqlx::query_scalar("PRAGMA user_version")
        .fetch_one(&mut *change)
        .await?;
    let taken = usize::try_from(taken).unwrap_or(usize::MAX);
    if taken > STEPS.len() {
        return Err(sqlx::Error::Configuration(
            "the store was made by a newer Lenswire".into(),
        ));
    }
    for step in STEPS.iter().skip(taken) {
        sqlx::raw_sql(*step).execute(&mut *change).await?;
    }
    change.commit().await
}
