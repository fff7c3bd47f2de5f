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

    /// Returns how many users there are, without counting them.
    pub async fn number_of_users(&self) -> Result<u64> {
        const SQL: &str = "SELECT number FROM totals WHERE counted = 'users'";
        self.read("look up how many users there are", |conn| {
            let count: i64 = conn.prepare_cached(SQL)?.query_row([], |row| row.get(0))?;
            Ok(count.unsigned_abs())
        })
        .await
    }

    /// Returns how large the database is, in bytes.
    pub async fn size_in_bytes(&self) -> Result<u64> {
        const SQL: &str = "
            SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()";
        self.read("look up how large the database is", |conn| {
            let bytes: i64 = conn.prepare_cached(SQL)?.query_row([], |row| row.get(0))?;
            Ok(bytes.unsigned_abs())
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
