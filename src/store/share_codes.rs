//! Share codes: whoever has one comes to a share of the server it is for, until it expires.

use rusqlite::{Connection, Row, Transaction, named_params};

use super::{
    Result, Store,
    row::{self, Columns},
    shares::{self, Granted, Listed, Share, SharesOf, Window},
};
use crate::domain::{
    names::{ServerKey, UserName},
    secret::TokenHash,
    share::{Grantee, ShareCodeId, Shared},
    time::Timestamp,
};

/// A code as stored; the code itself is not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShareCode {
    /// Its number.
    pub id: ShareCodeId,
    /// The server.
    pub server: ServerKey,
    /// What its bearers may do.
    pub shared: Shared,
    /// When it was made.
    pub created: Timestamp,
    /// Until when it is good.
    pub expires: Timestamp,
    /// How often it was used.
    pub exchange_count: i64,
    /// When it was last used.
    pub last_exchanged: Option<Timestamp>,
}

/// A code that is made.
#[derive(Debug, Clone)]
pub struct NewShareCode {
    /// Hash of the code's text.
    pub hash: TokenHash,
    /// The server.
    pub server: ServerKey,
    /// What its bearers may do.
    pub shared: Shared,
    /// When it is made.
    pub created: Timestamp,
    /// Until when it is good.
    pub expires: Timestamp,
}

/// Which codes of a server are meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CodeChoice {
    /// The one with this hash.
    Hash(TokenHash),
    /// The one with this number.
    Id(ShareCodeId),
    /// All of them.
    All,
}

/// What became of a code that was presented.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Exchange {
    /// Its bearer has this share now.
    Share(Share),
    /// It is no code, or no more.
    NoCode,
    /// The server is the bearer's own.
    OwnServer,
}

impl Store {
    /// Stores a new code; `None` when there is no such server.
    pub async fn create_share_code(&self, code: NewShareCode) -> Result<Option<ShareCode>> {
        self.write("make a share code", move |tx| create(tx, &code))
            .await
    }

    /// Lists codes that are still good, oldest first; `None` when there is no such server or owner.
    pub async fn list_share_codes(
        &self,
        of: SharesOf,
        now: Timestamp,
        window: Window,
    ) -> Result<Option<Listed<ShareCode>>> {
        const OF_SERVER: [&str; 2] = queries!("server_id = :id AND expires > :now");
        const OF_OWNER: [&str; 2] = queries!("servers.user_id = :id AND expires > :now");
        self.read("list share codes", move |conn| {
            let (id, sql) = match &of {
                SharesOf::Server(key) => (row::find_server_id(conn, key)?, OF_SERVER),
                SharesOf::Owner(user) => (row::find_user_id(conn, user)?, OF_OWNER),
            };
            id.map(|id| list(conn, sql, (id, now), window)).transpose()
        })
        .await
    }

    /// Finds the code with this hash, if it is still good.
    pub async fn find_share_code(
        &self,
        hash: TokenHash,
        now: Timestamp,
    ) -> Result<Option<ShareCode>> {
        self.read("look a share code up", move |conn| find(conn, hash, now))
            .await
    }

    /// Shares with a user what a code gives, and counts its use.
    pub async fn exchange_share_code(
        &self,
        hash: TokenHash,
        user: &UserName,
        now: Timestamp,
    ) -> Result<Exchange> {
        let user = user.clone();
        self.write("exchange a share code", move |tx| {
            exchange(tx, hash, user, now)
        })
        .await
    }

    /// Deletes codes of a server; returns how many. What was shared by them stays (RB-73).
    pub async fn delete_share_codes(&self, key: &ServerKey, choice: CodeChoice) -> Result<usize> {
        const BY_HASH: &str = "DELETE FROM share_codes WHERE server_id = :server AND hash = :hash";
        const BY_ID: &str = "DELETE FROM share_codes WHERE server_id = :server AND id = :id";
        const ALL: &str = "DELETE FROM share_codes WHERE server_id = :server";
        let key = key.clone();
        self.write("delete share codes", move |tx| {
            let server = row::find_server_id(tx, &key)?;
            Ok(match choice {
                CodeChoice::Hash(hash) => tx
                    .prepare_cached(BY_HASH)?
                    .execute(named_params! { ":server": server, ":hash": hash.as_bytes() })?,
                CodeChoice::Id(id) => tx
                    .prepare_cached(BY_ID)?
                    .execute(named_params! { ":server": server, ":id": id.0 })?,
                CodeChoice::All => tx
                    .prepare_cached(ALL)?
                    .execute(named_params! { ":server": server })?,
            })
        })
        .await
    }
}

/// The query of codes with their servers' names, for one condition.
macro_rules! select {
    ($condition:literal $(, $rest:literal)?) => {
        concat!(
            "SELECT share_codes.id AS id, users.name AS owner, servers.name AS server, scopes,
                    share_codes.created AS created, expires, exchange_count, last_exchanged
             FROM share_codes
             JOIN servers ON servers.id = server_id
             JOIN users ON users.id = servers.user_id
             WHERE ",
            $condition
            $(, $rest)?
        )
    };
}
use select;

/// The queries of a window and of the number of all, for one condition.
macro_rules! queries {
    ($condition:literal) => {
        [
            select!(
                $condition,
                " ORDER BY share_codes.id LIMIT :limit OFFSET :offset"
            ),
            concat!(
                "SELECT count(*) FROM share_codes JOIN servers ON servers.id = server_id WHERE ",
                $condition
            ),
        ]
    };
}
use queries;

fn create(tx: &Transaction<'_>, code: &NewShareCode) -> Result<Option<ShareCode>> {
    const SQL: &str = "
        INSERT INTO share_codes (hash, server_id, scopes, created, expires)
        VALUES (:hash, :server_id, :scopes, :created, :expires)";
    let Some(server_id) = row::find_server_id(tx, &code.server)? else {
        return Ok(None);
    };
    tx.prepare_cached(SQL)?.execute(named_params! {
        ":hash": code.hash.as_bytes(),
        ":server_id": server_id,
        ":scopes": shares::shared_text(&code.shared),
        ":created": code.created.as_micros(),
        ":expires": code.expires.as_micros(),
    })?;
    Ok(Some(ShareCode {
        id: ShareCodeId(tx.last_insert_rowid()),
        server: code.server.clone(),
        shared: code.shared.clone(),
        created: code.created,
        expires: code.expires,
        exchange_count: 0,
        last_exchanged: None,
    }))
}

fn list(
    conn: &Connection,
    [items, total]: [&'static str; 2],
    (id, now): (i64, Timestamp),
    window: Window,
) -> Result<Listed<ShareCode>> {
    let now = now.as_micros();
    let total: i64 = conn
        .prepare_cached(total)?
        .query_row(named_params! { ":id": id, ":now": now }, |row| row.get(0))?;
    let mut statement = conn.prepare_cached(items)?;
    let [offset, limit] = window.bounds();
    let parameters = named_params! { ":id": id, ":now": now, ":limit": limit, ":offset": offset };
    let mut rows = statement.query(parameters)?;
    let mut items = Vec::new();
    while let Some(row) = rows.next()? {
        items.push(share_code(row)?);
    }
    Ok(Listed {
        items,
        total: total.unsigned_abs(),
    })
}

fn find(conn: &Connection, hash: TokenHash, now: Timestamp) -> Result<Option<ShareCode>> {
    let mut statement = conn.prepare_cached(select!("hash = :hash AND expires > :now"))?;
    let mut rows = statement.query(named_params! {
        ":hash": hash.as_bytes(),
        ":now": now.as_micros(),
    })?;
    rows.next()?.map(share_code).transpose()
}

fn exchange(
    tx: &Transaction<'_>,
    hash: TokenHash,
    user: UserName,
    now: Timestamp,
) -> Result<Exchange> {
    const COUNT: &str = "
        UPDATE share_codes SET exchange_count = exchange_count + 1, last_exchanged = :now
        WHERE id = :id";
    let Some(code) = find(tx, hash, now)? else {
        return Ok(Exchange::NoCode);
    };
    if code.server.user == user {
        return Ok(Exchange::OwnServer);
    }
    let with = Grantee::User(user);
    let granted = shares::grant_share(tx, &code.server, &with, &code.shared, now)?;
    let Granted::Share(share) = granted else {
        // The bearer is forgotten since they logged in.
        return Ok(Exchange::NoCode);
    };
    tx.prepare_cached(COUNT)?
        .execute(named_params! { ":id": code.id.0, ":now": now.as_micros() })?;
    Ok(Exchange::Share(share))
}

fn share_code(row: &Row<'_>) -> Result<ShareCode> {
    let columns = Columns(row);
    Ok(ShareCode {
        id: ShareCodeId(columns.number("id")?),
        server: columns.server_key("owner", "server")?,
        shared: shares::shared(&columns)?,
        created: columns.time("created")?,
        expires: columns.time("expires")?,
        exchange_count: columns.number("exchange_count")?,
        last_exchanged: columns.time_if_any("last_exchanged")?,
    })
}
