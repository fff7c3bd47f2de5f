//! The database of a JupyterHub, read and never written: its rows as they are, before anything is judged.
//!
//! The tables are those of `jupyterhub.orm` of the versions in [`REVISIONS`]. Secrets, cookies and what
//! belongs to a hub that runs (servers' addresses, OAuth codes) are not read.

use std::{collections::BTreeMap, path::Path};

use rusqlite::{Connection, OpenFlags, OptionalExtension, Row};
use thiserror::Error as ThisError;

use crate::domain::time::Timestamp;

/// The schemas that are known, with the versions of JupyterHub that write them.
const REVISIONS: [(&str, &str); 2] = [("4621fec11365", "5"), (WITH_DISPLAY_NAMES, "6")];

/// The schema in which servers have names for people.
const WITH_DISPLAY_NAMES: &str = "f460b0348206";

/// Why a database of JupyterHub's was not read.
#[derive(Debug, ThisError)]
pub enum Error {
    /// There is no table that says which schema it is of.
    #[error("it is no database of a JupyterHub")]
    NotJupyterHub,
    /// Another version wrote it.
    #[error(
        "it is of schema {0}, and those of JupyterHub 5.x and 6.x are supported (4621fec11365 and f460b0348206): \
         run `jupyterhub upgrade-db` with one of these versions on a copy, and import the copy"
    )]
    Revision(String),
    /// A row holds what JupyterHub does not write.
    #[error("it holds an impossible value in {0}")]
    Corrupt(&'static str),
    /// The file cannot be read.
    #[error("read it")]
    Sql(#[from] rusqlite::Error),
}

type Result<T> = std::result::Result<T, Error>;

/// What a JupyterHub remembers.
#[derive(Debug, Clone, Default)]
pub struct Records {
    /// The version of JupyterHub that wrote them, such as `6`.
    pub version: &'static str,
    /// Its users.
    pub users: Vec<User>,
    /// Its groups.
    pub groups: Vec<Group>,
    /// Its roles.
    pub roles: Vec<Role>,
    /// Its API tokens.
    pub tokens: Vec<Token>,
    /// Its servers, whether or not they run.
    pub servers: Vec<Server>,
    /// What is shared.
    pub shares: Vec<Share>,
    /// How many codes there are to share with.
    pub share_codes: u64,
}

/// A user.
#[derive(Debug, Clone)]
pub struct User {
    /// Name of the account.
    pub name: String,
    /// Whether the user is an administrator.
    pub admin: bool,
    /// When the user was made.
    pub created: Option<Timestamp>,
    /// When the user last did something.
    pub last_activity: Option<Timestamp>,
}

/// A group.
#[derive(Debug, Clone)]
pub struct Group {
    /// Its name.
    pub name: String,
    /// What scripts keep with it, JSON.
    pub properties: Option<String>,
    /// Names of its users.
    pub users: Vec<String>,
}

/// A role.
#[derive(Debug, Clone)]
pub struct Role {
    /// Its name.
    pub name: String,
    /// What it is for.
    pub description: String,
    /// What it allows.
    pub scopes: Vec<String>,
    /// Names of the users in it.
    pub users: Vec<String>,
    /// Names of the groups in it.
    pub groups: Vec<String>,
    /// Names of the services in it.
    pub services: Vec<String>,
}

/// An API token; of its text only a hash is known.
#[derive(Debug, Clone)]
pub struct Token {
    /// Its number.
    pub id: i64,
    /// Name of the user whose it is, or nobody's for a service's.
    pub user: Option<String>,
    /// Name of the service whose it is.
    pub service: Option<String>,
    /// Its first characters.
    pub prefix: String,
    /// Its hash.
    pub hashed: String,
    /// The OAuth client it was issued to.
    pub client: Option<String>,
    /// What it is for.
    pub note: String,
    /// What it allows.
    pub scopes: Vec<String>,
    /// When it was made.
    pub created: Option<Timestamp>,
    /// When it ends.
    pub expires: Option<Timestamp>,
    /// When it was last used.
    pub last_activity: Option<Timestamp>,
}

/// A server.
#[derive(Debug, Clone)]
pub struct Server {
    /// Name of its owner.
    pub user: String,
    /// Its name, empty for the default one.
    pub name: String,
    /// Its name for people; empty for none.
    pub display_name: String,
    /// Options of its last start, JSON.
    pub user_options: Option<String>,
    /// When it was last used.
    pub last_activity: Option<Timestamp>,
}

/// What somebody may do with somebody's server.
#[derive(Debug, Clone)]
pub struct Share {
    /// Name of the server's owner.
    pub owner: String,
    /// Name of the server.
    pub server: String,
    /// Name of the user it is shared with.
    pub user: Option<String>,
    /// Name of the group it is shared with.
    pub group: Option<String>,
    /// What they may do.
    pub scopes: Vec<String>,
    /// When it was shared.
    pub created: Option<Timestamp>,
    /// When it ends.
    pub expires: Option<Timestamp>,
}

/// Reads the whole of a JupyterHub's database. Blocks: for a command.
pub fn read(path: &Path) -> Result<Records> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let conn = Connection::open_with_flags(path, flags)?;
    conn.pragma_update(None, "trusted_schema", false)?;
    conn.pragma_update(None, "query_only", true)?;
    // One transaction, so that a JupyterHub that runs changes nothing meanwhile.
    let tx = conn.unchecked_transaction()?;
    read_all(&tx)
}

fn read_all(conn: &Connection) -> Result<Records> {
    let (revision, version) = revision(conn)?;
    Ok(Records {
        version,
        users: users(conn)?,
        groups: groups(conn)?,
        roles: roles(conn)?,
        tokens: tokens(conn)?,
        servers: servers(conn, revision)?,
        shares: shares(conn)?,
        share_codes: share_codes(conn)?,
    })
}

fn revision(conn: &Connection) -> Result<(&'static str, &'static str)> {
    const TABLE: &str =
        "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'alembic_version'";
    const REVISION: &str = "SELECT version_num FROM alembic_version";
    let table = conn.query_row(TABLE, [], |_| Ok(())).optional()?;
    table.ok_or(Error::NotJupyterHub)?;
    let found: Option<String> = conn.query_row(REVISION, [], |row| row.get(0)).optional()?;
    let found = found.ok_or(Error::NotJupyterHub)?;
    let known = REVISIONS
        .into_iter()
        .find(|(revision, _)| *revision == found);
    known.ok_or(Error::Revision(found))
}

fn users(conn: &Connection) -> Result<Vec<User>> {
    const SQL: &str = "SELECT name, admin, created, last_activity FROM users ORDER BY id";
    collect(conn, SQL, |row| {
        Ok(User {
            name: row.get("name")?,
            admin: row.get::<_, Option<bool>>("admin")?.unwrap_or(false),
            created: time(row, "created")?,
            last_activity: time(row, "last_activity")?,
        })
    })
}

fn groups(conn: &Connection) -> Result<Vec<Group>> {
    const SQL: &str = "SELECT name, properties FROM groups ORDER BY id";
    const MEMBERS: &str = "
        SELECT groups.name, users.name FROM user_group_map
        JOIN groups ON groups.id = group_id JOIN users ON users.id = user_id ORDER BY users.id";
    let mut members = pairs(conn, MEMBERS)?;
    collect(conn, SQL, |row| {
        let name: String = row.get("name")?;
        Ok(Group {
            properties: row.get("properties")?,
            users: members.remove(&name).unwrap_or_default(),
            name,
        })
    })
}

fn roles(conn: &Connection) -> Result<Vec<Role>> {
    const SQL: &str = "SELECT name, description, scopes FROM roles ORDER BY id";
    const USERS: &str = "
        SELECT roles.name, users.name FROM user_role_map
        JOIN roles ON roles.id = role_id JOIN users ON users.id = user_id ORDER BY users.id";
    const GROUPS: &str = "
        SELECT roles.name, groups.name FROM group_role_map
        JOIN roles ON roles.id = role_id JOIN groups ON groups.id = group_id ORDER BY groups.id";
    const SERVICES: &str = "
        SELECT roles.name, services.name FROM service_role_map
        JOIN roles ON roles.id = role_id JOIN services ON services.id = service_id ORDER BY services.id";
    let mut users = pairs(conn, USERS)?;
    let mut groups = pairs(conn, GROUPS)?;
    let mut services = pairs(conn, SERVICES)?;
    collect(conn, SQL, |row| {
        let name: String = row.get("name")?;
        Ok(Role {
            description: row.get::<_, Option<_>>("description")?.unwrap_or_default(),
            scopes: scopes(row, "roles.scopes")?,
            users: users.remove(&name).unwrap_or_default(),
            groups: groups.remove(&name).unwrap_or_default(),
            services: services.remove(&name).unwrap_or_default(),
            name,
        })
    })
}

fn tokens(conn: &Connection) -> Result<Vec<Token>> {
    const SQL: &str = "
        SELECT api_tokens.id AS id, users.name AS user, services.name AS service, prefix, hashed, client_id,
               note, scopes, api_tokens.created AS created, expires_at,
               api_tokens.last_activity AS last_activity
        FROM api_tokens
        LEFT JOIN users ON users.id = user_id LEFT JOIN services ON services.id = service_id
        ORDER BY api_tokens.id";
    collect(conn, SQL, |row| {
        Ok(Token {
            id: row.get("id")?,
            user: row.get("user")?,
            service: row.get("service")?,
            prefix: row.get::<_, Option<_>>("prefix")?.unwrap_or_default(),
            hashed: row.get::<_, Option<_>>("hashed")?.unwrap_or_default(),
            client: row.get("client_id")?,
            note: row.get::<_, Option<_>>("note")?.unwrap_or_default(),
            scopes: scopes(row, "api_tokens.scopes")?,
            created: time(row, "created")?,
            expires: time(row, "expires_at")?,
            last_activity: time(row, "last_activity")?,
        })
    })
}

fn servers(conn: &Connection, revision: &str) -> Result<Vec<Server>> {
    const NAMED: &str = "
        SELECT users.name AS user, spawners.name AS name, coalesce(display_name, '') AS display_name,
               user_options, spawners.last_activity AS last_activity
        FROM spawners JOIN users ON users.id = user_id ORDER BY spawners.id";
    const UNNAMED: &str = "
        SELECT users.name AS user, spawners.name AS name, '' AS display_name,
               user_options, spawners.last_activity AS last_activity
        FROM spawners JOIN users ON users.id = user_id ORDER BY spawners.id";
    let sql = match revision {
        WITH_DISPLAY_NAMES => NAMED,
        _ => UNNAMED,
    };
    collect(conn, sql, |row| {
        Ok(Server {
            user: row.get("user")?,
            name: row.get::<_, Option<_>>("name")?.unwrap_or_default(),
            display_name: row.get("display_name")?,
            user_options: row.get("user_options")?,
            last_activity: time(row, "last_activity")?,
        })
    })
}

fn shares(conn: &Connection) -> Result<Vec<Share>> {
    const SQL: &str = "
        SELECT owner.name AS owner, spawners.name AS server, users.name AS user, groups.name AS group_name,
               shares.scopes AS scopes, created_at, expires_at
        FROM shares
        JOIN spawners ON spawners.id = spawner_id JOIN users AS owner ON owner.id = spawners.user_id
        LEFT JOIN users ON users.id = shares.user_id LEFT JOIN groups ON groups.id = group_id
        ORDER BY shares.id";
    collect(conn, SQL, |row| {
        Ok(Share {
            owner: row.get("owner")?,
            server: row.get::<_, Option<_>>("server")?.unwrap_or_default(),
            user: row.get("user")?,
            group: row.get("group_name")?,
            scopes: scopes(row, "shares.scopes")?,
            created: time(row, "created_at")?,
            expires: time(row, "expires_at")?,
        })
    })
}

fn share_codes(conn: &Connection) -> Result<u64> {
    const SQL: &str = "SELECT count(*) FROM share_codes";
    let count: i64 = conn.query_row(SQL, [], |row| row.get(0))?;
    Ok(count.unsigned_abs())
}

fn collect<T>(
    conn: &Connection,
    sql: &'static str,
    mut read: impl FnMut(&Row<'_>) -> Result<T>,
) -> Result<Vec<T>> {
    let mut statement = conn.prepare(sql)?;
    let mut rows = statement.query([])?;
    let mut all = Vec::new();
    while let Some(row) = rows.next()? {
        all.push(read(row)?);
    }
    Ok(all)
}

/// Gathers the second column by the first.
fn pairs(conn: &Connection, sql: &'static str) -> Result<BTreeMap<String, Vec<String>>> {
    let mut by_first: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (first, second) in collect(conn, sql, |row| Ok((row.get(0)?, row.get(1)?)))? {
        by_first.entry(first).or_default().push(second);
    }
    Ok(by_first)
}

/// Reads what SQLAlchemy writes for an instant: UTC without saying so (`2026-01-02 03:04:05.123456`).
fn time(row: &Row<'_>, column: &'static str) -> Result<Option<Timestamp>> {
    let text: Option<String> = row.get(column)?;
    let parse = |text: String| {
        let instant = format!("{}Z", text.replacen(' ', "T", 1));
        Timestamp::parse(&instant).ok_or(Error::Corrupt(column))
    };
    text.map(parse).transpose()
}

/// Reads a list of scopes from the column of that name.
fn scopes(row: &Row<'_>, column: &'static str) -> Result<Vec<String>> {
    let text: Option<String> = row.get("scopes")?;
    match text {
        None => Ok(Vec::new()),
        Some(text) => serde_json::from_str(&text).map_err(|_| Error::Corrupt(column)),
    }
}

/// Makes a database of the text of a dump.
#[cfg(test)]
pub(crate) fn write_for_test(path: &Path, script: &str) {
    let conn = Connection::open(path).unwrap();
    conn.pragma_update(None, "foreign_keys", false).unwrap();
    conn.execute_batch(script).unwrap();
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error_of(script: &str) -> String {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("jupyterhub.sqlite");
        write_for_test(&path, script);
        read(&path).unwrap_err().to_string()
    }

    #[test]
    fn what_is_not_of_a_known_version_is_refused_in_words() {
        let table = "CREATE TABLE alembic_version (version_num TEXT);";
        assert!(error_of("CREATE TABLE users (id);").contains("no database of a JupyterHub"));
        assert!(error_of(table).contains("no database of a JupyterHub"));
        let error = error_of(&format!(
            "{table} INSERT INTO alembic_version VALUES ('833da8570507');"
        ));
        assert!(error.contains("833da8570507"), "{error}");
        assert!(error.contains("JupyterHub 5.x and 6.x"), "{error}");
    }

    #[test]
    fn a_file_that_is_absent_or_something_else_is_an_error_and_not_made() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("jupyterhub.sqlite");
        assert!(read(&path).is_err());
        assert!(!path.exists());
        std::fs::write(&path, "a long letter. ".repeat(100)).unwrap();
        assert!(read(&path).is_err());
    }
}
