//! Counts over whole tables, for whoever wants them now and then.

use rusqlite::named_params;

use super::{Result, Store};
use crate::domain::time::Timestamp;

impl Store {
    /// Counts all users.
    pub async fn count_users(&self) -> Result<i64> {
        const SQL: &str = "SELECT count(*) FROM users";
        self.read("count users", |conn| {
            let mut statement = conn.prepare_cached(SQL)?;
            Ok(statement.query_row([], |row| row.get(0))?)
        })
        .await
    }

    /// Counts the users who were active since then.
    pub async fn count_users_active_since(&self, then: Timestamp) -> Result<i64> {
        const SQL: &str = "SELECT count(*) FROM users WHERE last_activity >= :then";
        self.read("count active users", move |conn| {
            let mut statement = conn.prepare_cached(SQL)?;
            let then = named_params! { ":then": then.as_micros() };
            Ok(statement.query_row(then, |row| row.get(0))?)
        })
        .await
    }
}
