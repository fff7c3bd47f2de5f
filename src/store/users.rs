//! Users: one row for each account that has logged in or was added.

use std::collections::BTreeSet;

use rusqlite::{Connection, OptionalExtension, Row, Transaction, named_params};

use super::{
    Error, Result, Store,
    groups::{self, MemberOrigin},
    row::{self, Columns},
};
use crate::domain::{
    names::{GroupName, UserName},
    role::AdminRole,
    secret::Secret,
    time::Timestamp,
};

/// A user as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    /// Name of the account.
    pub name: UserName,
    /// UID of the account at the last login; unknown before the first.
    pub uid: Option<u32>,
    /// Whether the last login found the account among the administrators, or the hub was told to make
    /// it one. The configuration may say so besides.
    pub admin: AdminRole,
    /// When the user was added or first logged in.
    pub created: Timestamp,
    /// When the user last did something.
    pub last_activity: Option<Timestamp>,
}

/// A login that the broker has accepted.
pub struct Login {
    /// Name of the account.
    pub name: UserName,
    /// UID of the account.
    pub uid: u32,
    /// Whether the account is among the administrators.
    pub admin: AdminRole,
    /// The groups of the system that the hub's groups of the same names mirror, as far as the account
    /// is in them.
    pub system_groups: BTreeSet<GroupName>,
    /// What the broker wants to see when it launches the account's servers.
    pub ticket: Secret<String>,
    /// When.
    pub at: Timestamp,
}

#[cfg(test)]
impl Login {
    /// A login of an account that is in no group of the system that is mirrored.
    pub(crate) fn for_test(name: &str, uid: u32, admin: AdminRole, at: Timestamp) -> Self {
        Self {
            name: UserName::parse(name).unwrap(),
            uid,
            admin,
            system_groups: BTreeSet::new(),
            ticket: Secret::new("ticket".into()),
            at,
        }
    }
}

/// What a login changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LoginOutcome {
    /// The account was never seen before.
    Created,
    /// The account is known.
    Known,
    /// The name belongs to another account than before: sessions, tokens and OAuth clients of the old
    /// one are gone.
    Replaced,
}

impl Store {
    /// Records a login, making the user and their default server if need be.
    pub async fn record_login(&self, login: Login) -> Result<LoginOutcome> {
        self.write("record a login", move |tx| record_login(tx, &login))
            .await
    }

    /// Finds a user.
    pub async fn find_user(&self, name: &UserName) -> Result<Option<User>> {
        let name = name.clone();
        self.read("look a user up", move |conn| find_user(conn, &name))
            .await
    }

    /// Lists all users by name.
    pub async fn list_users(&self) -> Result<Vec<User>> {
        self.read("list users", list_users).await
    }

    /// Returns the ticket of the user's last login.
    pub async fn find_ticket(&self, name: &UserName) -> Result<Option<Secret<String>>> {
        const SQL: &str = "SELECT ticket FROM users WHERE name = :name";
        let name = name.clone();
        self.read("look a ticket up", move |conn| {
            let mut statement = conn.prepare_cached(SQL)?;
            let ticket: Option<Option<String>> = statement
                .query_row(named_params! { ":name": name.as_str() }, |row| row.get(0))
                .optional()?;
            Ok(ticket.flatten().map(Secret::new))
        })
        .await
    }
}

/// Records that a user was active; an earlier time than the known one changes nothing.
pub(super) fn touch_user(tx: &Transaction<'_>, name: &UserName, at: Timestamp) -> Result<()> {
    const SQL: &str = "
        UPDATE users SET last_activity = :at
        WHERE name = :name AND coalesce(last_activity, :at - 1) < :at";
    tx.prepare_cached(SQL)?.execute(named_params! {
        ":name": name.as_str(),
        ":at": at.as_micros(),
    })?;
    Ok(())
}

fn record_login(tx: &Transaction<'_>, login: &Login) -> Result<LoginOutcome> {
    const INSERT: &str = "
        INSERT INTO users (name, uid, admin, created, last_activity, ticket)
        VALUES (:name, :uid, :admin, :at, :at, :ticket)
        ON CONFLICT (name) DO UPDATE SET
            uid = excluded.uid,
            admin = excluded.admin,
            last_activity = max(coalesce(last_activity, 0), excluded.last_activity),
            ticket = excluded.ticket";
    const INSERT_SERVER: &str = "
        INSERT INTO servers (user_id, name, created)
        SELECT id, '', :at FROM users WHERE name = :name
        ON CONFLICT (user_id, name) DO NOTHING";
    let before = find_user(tx, &login.name)?;
    let outcome = match before.map(|user| user.uid) {
        None => LoginOutcome::Created,
        Some(Some(uid)) if uid != login.uid => {
            forget_credentials(tx, &login.name)?;
            LoginOutcome::Replaced
        }
        Some(_) => LoginOutcome::Known,
    };
    tx.prepare_cached(INSERT)?.execute(named_params! {
        ":name": login.name.as_str(),
        ":uid": login.uid,
        ":admin": login.admin == AdminRole::Held,
        ":at": login.at.as_micros(),
        ":ticket": login.ticket.expose(),
    })?;
    tx.prepare_cached(INSERT_SERVER)?.execute(named_params! {
        ":name": login.name.as_str(),
        ":at": login.at.as_micros(),
    })?;
    mirror_groups(tx, login)?;
    Ok(outcome)
}

/// Makes what the system says of the account's groups true of the hub's; whoever else put the user into
/// a group is not contradicted.
fn mirror_groups(tx: &Transaction<'_>, login: &Login) -> Result<()> {
    const OTHERS: &str = "
        DELETE FROM group_members WHERE user_id = :user_id AND origin = 'system'
        AND group_id NOT IN (
            SELECT id FROM groups WHERE name IN (SELECT value FROM json_each(:groups)))";
    let user_id = row::get_user_id(tx, &login.name)?;
    let names: Vec<&str> = login.system_groups.iter().map(GroupName::as_str).collect();
    tx.prepare_cached(OTHERS)?.execute(named_params! {
        ":user_id": user_id,
        ":groups": serde_json::Value::from(names).to_string(),
    })?;
    for group in &login.system_groups {
        let group_id = groups::put_group(tx, group, login.at)?;
        groups::insert_member(tx, group_id, user_id, MemberOrigin::System)?;
    }
    Ok(())
}

fn forget_credentials(tx: &Transaction<'_>, name: &UserName) -> Result<()> {
    const ALL: [&str; 9] = [
        "UPDATE users SET admin_granted = 0 WHERE name = :name",
        "DELETE FROM group_members WHERE origin <> 'configuration' AND user_id = (
            SELECT id FROM users WHERE name = :name)",
        "DELETE FROM user_roles WHERE user_id = (SELECT id FROM users WHERE name = :name)",
        "DELETE FROM shares WHERE user_id = (SELECT id FROM users WHERE name = :name) OR server_id IN (
            SELECT servers.id FROM servers JOIN users ON users.id = servers.user_id WHERE users.name = :name)",
        "DELETE FROM share_codes WHERE server_id IN (
            SELECT servers.id FROM servers JOIN users ON users.id = user_id WHERE users.name = :name)",
        "DELETE FROM sessions WHERE user_id = (SELECT id FROM users WHERE name = :name)",
        "DELETE FROM api_tokens WHERE user_id = (SELECT id FROM users WHERE name = :name)",
        "DELETE FROM oauth_codes WHERE user_id = (SELECT id FROM users WHERE name = :name)",
        "DELETE FROM oauth_clients WHERE server_id IN (
            SELECT servers.id FROM servers JOIN users ON users.id = user_id WHERE users.name = :name)",
    ];
    for sql in ALL {
        tx.prepare_cached(sql)?
            .execute(named_params! { ":name": name.as_str() })?;
    }
    Ok(())
}

fn find_user(conn: &Connection, name: &UserName) -> Result<Option<User>> {
    const SQL: &str = "
        SELECT name, uid, admin OR admin_granted AS admin, created, last_activity FROM users WHERE name = :name";
    let mut statement = conn.prepare_cached(SQL)?;
    let mut rows = statement.query(named_params! { ":name": name.as_str() })?;
    rows.next()?.map(user).transpose()
}

fn list_users(conn: &Connection) -> Result<Vec<User>> {
    const SQL: &str = "
        SELECT name, uid, admin OR admin_granted AS admin, created, last_activity FROM users ORDER BY name";
    let mut statement = conn.prepare_cached(SQL)?;
    let mut rows = statement.query([])?;
    let mut users = Vec::new();
    while let Some(row) = rows.next()? {
        users.push(user(row)?);
    }
    Ok(users)
}

/// Reads a row with the columns of a user.
pub(super) fn user(row: &Row<'_>) -> Result<User> {
    let columns = Columns(row);
    let corrupt = |_| Error::Corrupt {
        column: "users.uid",
    };
    let uid: Option<i64> = row.get("uid")?;
    Ok(User {
        name: columns.user_name("name")?,
        uid: uid.map(u32::try_from).transpose().map_err(corrupt)?,
        admin: admin(columns.number("admin")?),
        created: columns.time("created")?,
        last_activity: columns.time_if_any("last_activity")?,
    })
}

/// Reads the column `admin`, which holds 0 or 1.
pub(super) fn admin(flag: i64) -> AdminRole {
    AdminRole::of(flag != 0)
}
