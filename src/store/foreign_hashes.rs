//! Hashes of tokens that were taken over from a JupyterHub and have not been used here yet.

use rusqlite::named_params;

use super::{Error, Result, Store, row::Columns};
use crate::domain::{
    foreign_hash::ForeignHash, secret::TokenHash, time::Timestamp, token::TokenId,
};

impl Store {
    /// Returns the foreign hashes of tokens that begin so and have not ended.
    pub async fn find_foreign_hashes(
        &self,
        prefix: String,
        now: Timestamp,
    ) -> Result<Vec<(TokenId, ForeignHash)>> {
        const SQL: &str = "
            SELECT token_id, hashed FROM foreign_hashes JOIN api_tokens ON api_tokens.id = token_id
            WHERE prefix = :prefix AND coalesce(expires > :now, 1)";
        self.read("look a foreign token up", move |conn| {
            let mut statement = conn.prepare_cached(SQL)?;
            let parameters = named_params! { ":prefix": prefix, ":now": now.as_micros() };
            let mut rows = statement.query(parameters)?;
            let mut found = Vec::new();
            while let Some(row) = rows.next()? {
                let columns = Columns(row);
                let hash = ForeignHash::parse(&columns.text("hashed")?);
                let hash = hash.map_err(|_| Error::Corrupt {
                    column: "foreign_hashes.hashed",
                })?;
                found.push((TokenId(columns.number("token_id")?), hash));
            }
            Ok(found)
        })
        .await
    }

    /// Puts our hash of a token in the place of the foreign one.
    pub async fn adopt_token(&self, id: TokenId, hash: TokenHash) -> Result<()> {
        // A token of the same text can only be one that has ended; it goes.
        const HASH: &str = "
            UPDATE OR REPLACE api_tokens SET hash = :hash
            WHERE id = (SELECT token_id FROM foreign_hashes WHERE token_id = :id)";
        const FOREIGN: &str = "DELETE FROM foreign_hashes WHERE token_id = :id";
        self.write("take a foreign token over", move |tx| {
            tx.prepare_cached(HASH)?
                .execute(named_params! { ":id": id.0, ":hash": hash.as_bytes() })?;
            tx.prepare_cached(FOREIGN)?
                .execute(named_params! { ":id": id.0 })?;
            Ok(())
        })
        .await
    }
}
