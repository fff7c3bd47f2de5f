//! Removing what has ended of its own accord.

use rusqlite::named_params;

use super::{Result, Store};
use crate::domain::time::Timestamp;

/// How many rows of each kind had ended.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Purged {
    /// Sessions.
    pub sessions: usize,
    /// API tokens.
    pub tokens: usize,
    /// OAuth codes.
    pub codes: usize,
    /// Codes for shared servers.
    pub share_codes: usize,
}

impl Store {
    /// Removes sessions, tokens and codes that have ended.
    pub async fn purge_expired(&self, now: Timestamp) -> Result<Purged> {
        const SESSIONS: &str = "DELETE FROM sessions WHERE expires <= :now";
        const TOKENS: &str = "DELETE FROM api_tokens WHERE expires <= :now";
        const CODES: &str = "DELETE FROM oauth_codes WHERE expires <= :now";
        const SHARE_CODES: &str = "DELETE FROM share_codes WHERE expires <= :now";
        self.write("remove what has ended", move |tx| {
            let parameters = named_params! { ":now": now.as_micros() };
            Ok(Purged {
                sessions: tx.prepare_cached(SESSIONS)?.execute(parameters)?,
                tokens: tx.prepare_cached(TOKENS)?.execute(parameters)?,
                codes: tx.prepare_cached(CODES)?.execute(parameters)?,
                share_codes: tx.prepare_cached(SHARE_CODES)?.execute(parameters)?,
            })
        })
        .await
    }
}
