//! Shares: what of a server is shared with whom.
//!
//! Scopes are stored without their filter, so that a share follows its server (RB-72); shares go with
//! the server, its owner and whoever they are for.

use rusqlite::{Connection, Row, Transaction, named_params};

use super::{
    Error, Result, Store, groups,
    row::{self, Columns},
};
use crate::domain::{
    names::{GroupName, ServerKey, UserName},
    scope::Scope,
    share::{Grantee, Shared},
    time::Timestamp,
};

/// A share as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Share {
    /// The server.
    pub server: ServerKey,
    /// With whom it is shared.
    pub with: Grantee,
    /// What they may do.
    pub shared: Shared,
    /// When it was first shared with them.
    pub created: Timestamp,
}

/// Which shares, or codes, are asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SharesOf {
    /// Those of one server.
    Server(ServerKey),
    /// Those of all servers of a user.
    Owner(UserName),
}

/// A part of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// How many are left out before it.
    pub offset: u64,
    /// How many it has at most.
    pub limit: u64,
}

/// A part of a list, and how long the whole is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed<T> {
    /// What is in the window.
    pub items: Vec<T>,
    /// How many there are in all.
    pub total: u64,
}

/// What became of the wish to share a server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Granted {
    /// This is what they may do now.
    Share(Share),
    /// There is no such server.
    NoServer,
    /// There is nobody of that name.
    NoGrantee,
}

impl Window {
    /// Returns offset and limit as SQLite counts.
    pub(super) fn bounds(self) -> [i64; 2] {
        [self.offset, self.limit].map(|number| i64::try_from(number).unwrap_or(i64::MAX))
    }
}

impl Store {
    /// Lists shares of servers, oldest first; `None` when there is no such server or owner.
    pub async fn list_shares(&self, of: SharesOf, window: Window) -> Result<Option<Listed<Share>>> {
        const OF_SERVER: [&str; 2] = queries!("shares.server_id = :id");
        const OF_OWNER: [&str; 2] = queries!("servers.user_id = :id");
        self.read("list shares", move |conn| {
            let (id, sql) = match &of {
                SharesOf::Server(key) => (row::find_server_id(conn, key)?, OF_SERVER),
                SharesOf::Owner(user) => (row::find_user_id(conn, user)?, OF_OWNER),
            };
            id.map(|id| list(conn, sql, id, window)).transpose()
        })
        .await
    }

    /// Lists what is shared with somebody, oldest first: with a user also what their groups have;
    /// `None` when there is nobody of that name.
    pub async fn list_shared_with(
        &self,
        with: &Grantee,
        window: Window,
    ) -> Result<Option<Listed<Share>>> {
        const WITH_USER: [&str; 2] = queries!(
            "(shares.user_id = :id
              OR shares.group_id IN (SELECT group_id FROM group_members WHERE user_id = :id))"
        );
        const WITH_GROUP: [&str; 2] = queries!("shares.group_id = :id");
        let with = with.clone();
        self.read("list what is shared", move |conn| {
            let sql = match &with {
                Grantee::User(_) => WITH_USER,
                Grantee::Group(_) => WITH_GROUP,
            };
            let id = find_grantee_id(conn, &with)?;
            id.map(|id| list(conn, sql, id, window)).transpose()
        })
        .await
    }

    /// Finds the share of a server with somebody; a user's groups do not count.
    pub async fn find_share(&self, key: &ServerKey, with: &Grantee) -> Result<Option<Share>> {
        let (key, with) = (key.clone(), with.clone());
        self.read("look a share up", move |conn| find_share(conn, &key, &with))
            .await
    }

    /// Adds to what somebody may do with a server (RB-71).
    pub async fn grant_share(
        &self,
        key: &ServerKey,
        with: &Grantee,
        shared: Shared,
        at: Timestamp,
    ) -> Result<Granted> {
        let (key, with) = (key.clone(), with.clone());
        self.write("share a server", move |tx| {
            grant_share(tx, &key, &with, &shared, at)
        })
        .await
    }

    /// Takes some of what somebody may do with a server back, or all of it, and returns what remains;
    /// the share goes with the last of it (RB-71).
    pub async fn revoke_share(
        &self,
        key: &ServerKey,
        with: &Grantee,
        revoked: Option<Shared>,
    ) -> Result<Option<Share>> {
        let (key, with) = (key.clone(), with.clone());
        self.write("take a share back", move |tx| {
            revoke_share(tx, &key, &with, revoked.as_ref())
        })
        .await
    }

    /// Takes all shares of a server back; returns how many there were.
    pub async fn revoke_all_shares(&self, key: &ServerKey) -> Result<usize> {
        const SQL: &str = "DELETE FROM shares WHERE server_id = :server_id";
        let key = key.clone();
        self.write("take all shares back", move |tx| {
            let server_id = row::find_server_id(tx, &key)?;
            let parameters = named_params! { ":server_id": server_id };
            Ok(tx.prepare_cached(SQL)?.execute(parameters)?)
        })
        .await
    }
}

/// The query of shares with everybody's names, for one condition.
macro_rules! select {
    ($condition:literal $(, $rest:literal)?) => {
        concat!(
            "SELECT owner.name AS owner, servers.name AS server, users.name AS user,
                    groups.name AS group_name, shares.scopes AS scopes, shares.created AS created
             FROM shares
             JOIN servers ON servers.id = shares.server_id
             JOIN users AS owner ON owner.id = servers.user_id
             LEFT JOIN users ON users.id = shares.user_id
             LEFT JOIN groups ON groups.id = shares.group_id
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
                " ORDER BY shares.id LIMIT :limit OFFSET :offset"
            ),
            concat!(
                "SELECT count(*) FROM shares JOIN servers ON servers.id = shares.server_id WHERE ",
                $condition
            ),
        ]
    };
}
use queries;

/// The share of one server with one user or group.
const FIND: &str = select!(
    "shares.server_id = :server_id AND shares.user_id IS :user_id AND shares.group_id IS :group_id"
);

/// The numbers of a server's row and of a user's or group's, which name a share.
struct ShareIds {
    server: i64,
    user: Option<i64>,
    group: Option<i64>,
}

impl ShareIds {
    fn find(conn: &Connection, key: &ServerKey, with: &Grantee) -> Result<Option<Self>> {
        let server = row::find_server_id(conn, key)?;
        let grantee = find_grantee_id(conn, with)?;
        let (Some(server), Some(grantee)) = (server, grantee) else {
            return Ok(None);
        };
        Ok(Some(Self::of(server, with, grantee)))
    }

    fn of(server: i64, with: &Grantee, grantee: i64) -> Self {
        let (user, group) = match with {
            Grantee::User(_) => (Some(grantee), None),
            Grantee::Group(_) => (None, Some(grantee)),
        };
        Self {
            server,
            user,
            group,
        }
    }
}

fn list(
    conn: &Connection,
    [items, total]: [&'static str; 2],
    id: i64,
    window: Window,
) -> Result<Listed<Share>> {
    let total: i64 = conn
        .prepare_cached(total)?
        .query_row(named_params! { ":id": id }, |row| row.get(0))?;
    let [offset, limit] = window.bounds();
    let mut statement = conn.prepare_cached(items)?;
    let parameters = named_params! { ":id": id, ":limit": limit, ":offset": offset };
    let mut rows = statement.query(parameters)?;
    let mut items = Vec::new();
    while let Some(row) = rows.next()? {
        items.push(share(row)?);
    }
    Ok(Listed {
        items,
        total: total.unsigned_abs(),
    })
}

fn find_share(conn: &Connection, key: &ServerKey, with: &Grantee) -> Result<Option<Share>> {
    let ids = ShareIds::find(conn, key, with)?;
    match ids {
        Some(ids) => find_by_ids(conn, &ids),
        None => Ok(None),
    }
}

fn find_by_ids(conn: &Connection, ids: &ShareIds) -> Result<Option<Share>> {
    let mut statement = conn.prepare_cached(FIND)?;
    let mut rows = statement.query(named_params! {
        ":server_id": ids.server,
        ":user_id": ids.user,
        ":group_id": ids.group,
    })?;
    rows.next()?.map(share).transpose()
}

pub(super) fn grant_share(
    tx: &Transaction<'_>,
    key: &ServerKey,
    with: &Grantee,
    shared: &Shared,
    at: Timestamp,
) -> Result<Granted> {
    let Some(server) = row::find_server_id(tx, key)? else {
        return Ok(Granted::NoServer);
    };
    let Some(grantee) = find_grantee_id(tx, with)? else {
        return Ok(Granted::NoGrantee);
    };
    let ids = ShareIds::of(server, with, grantee);
    let before = find_by_ids(tx, &ids)?;
    let created = before.as_ref().map_or(at, |share| share.created);
    let mut all = before.map(|share| share.shared).unwrap_or_default();
    all.extend(shared.iter().cloned());
    let share = Share {
        server: key.clone(),
        with: with.clone(),
        shared: all,
        created,
    };
    put(tx, &ids, &share)?;
    Ok(Granted::Share(share))
}

fn revoke_share(
    tx: &Transaction<'_>,
    key: &ServerKey,
    with: &Grantee,
    revoked: Option<&Shared>,
) -> Result<Option<Share>> {
    let Some(ids) = ShareIds::find(tx, key, with)? else {
        return Ok(None);
    };
    let Some(mut share) = find_by_ids(tx, &ids)? else {
        return Ok(None);
    };
    share
        .shared
        .retain(|name| revoked.is_some_and(|revoked| !revoked.contains(name)));
    put(tx, &ids, &share)?;
    Ok((!share.shared.is_empty()).then_some(share))
}

/// Writes a share down in place of what it was; one that allows nothing goes.
fn put(tx: &Transaction<'_>, ids: &ShareIds, share: &Share) -> Result<()> {
    const DELETE: &str = "
        DELETE FROM shares
        WHERE server_id = :server_id AND user_id IS :user_id AND group_id IS :group_id";
    const PUT: &str = "
        INSERT INTO shares (server_id, user_id, group_id, scopes, created)
        VALUES (:server_id, :user_id, :group_id, :scopes, :created)
        ON CONFLICT (server_id, user_id) DO UPDATE SET scopes = excluded.scopes
        ON CONFLICT (server_id, group_id) DO UPDATE SET scopes = excluded.scopes";
    if share.shared.is_empty() {
        tx.prepare_cached(DELETE)?.execute(named_params! {
            ":server_id": ids.server,
            ":user_id": ids.user,
            ":group_id": ids.group,
        })?;
        return Ok(());
    }
    tx.prepare_cached(PUT)?.execute(named_params! {
        ":server_id": ids.server,
        ":user_id": ids.user,
        ":group_id": ids.group,
        ":scopes": shared_text(&share.shared),
        ":created": share.created.as_micros(),
    })?;
    Ok(())
}

fn share(row: &Row<'_>) -> Result<Share> {
    let columns = Columns(row);
    let corrupt = |_| Error::Corrupt {
        column: "groups.name",
    };
    let with = match columns.text_if_any("group_name")? {
        Some(name) => Grantee::Group(GroupName::parse(&name).map_err(corrupt)?),
        None => Grantee::User(columns.user_name("user")?),
    };
    Ok(Share {
        server: columns.server_key("owner", "server")?,
        with,
        shared: shared(&columns)?,
        created: columns.time("created")?,
    })
}

/// Reads what is shared from the column `scopes`.
pub(super) fn shared(columns: &Columns<'_, '_>) -> Result<Shared> {
    let scopes = columns.scopes("scopes")?;
    Ok(scopes.into_iter().map(|scope| scope.name).collect())
}

/// Returns the stored form of what is shared.
pub(super) fn shared_text(shared: &Shared) -> String {
    let scopes: Vec<_> = shared.iter().cloned().map(Scope::unfiltered).collect();
    row::scopes_text(&scopes)
}

fn find_grantee_id(conn: &Connection, with: &Grantee) -> Result<Option<i64>> {
    match with {
        Grantee::User(name) => row::find_user_id(conn, name),
        Grantee::Group(name) => groups::find_group_id(conn, name),
    }
}

#[cfg(test)]
#[path = "shares_tests.rs"]
mod tests;
