//! Servers: what is wanted of each, so that a hub that was killed knows what it was about.
//!
//! What runs is systemd's to say; a row says what the hub last set out to do. How that changes from one
//! step to the next is in [`super::runs`].

use rusqlite::{Connection, Row, Transaction, named_params};

use super::{
    Error, Result, Store,
    row::{self, Columns},
    users,
};
use crate::domain::{
    names::{DisplayName, ServerKey, ServerName, UserName},
    server::InvocationId,
    time::Timestamp,
};

/// A server as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Server {
    /// Which server.
    pub key: ServerKey,
    /// Its name for people.
    pub display_name: String,
    /// Options of its last start, a JSON object.
    pub user_options: Option<String>,
    /// When it was first made.
    pub created: Timestamp,
    /// When it was last used.
    pub last_activity: Option<Timestamp>,
    /// When its present run was asked for.
    pub started: Option<Timestamp>,
    /// What the hub last set out to do.
    pub state: RecordedState,
    /// The run of its unit, once known.
    pub invocation: Option<InvocationId>,
}

/// What the hub last set out to do with a server, or acknowledged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RecordedState {
    /// Nothing is to run, and all that belonged to the last run is undone.
    Stopped,
    /// It is to run; its credentials exist.
    Starting,
    /// It was ready.
    Running,
    /// It is to end; its credentials may still exist.
    Stopping,
}

/// A server to be made.
#[derive(Debug, Clone)]
pub struct NewServer {
    /// Its name for people.
    pub display_name: DisplayName,
    /// What its owner asks of its starts, as JSON.
    pub user_options: Option<String>,
    /// When it is made.
    pub created: Timestamp,
    /// How many named servers its owner may have; 0 is no bound.
    pub limit: usize,
}

/// What is changed of a server; `None` stays as it is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ServerEdit {
    /// Its name.
    pub name: Option<ServerName>,
    /// Its name for people.
    pub display_name: Option<DisplayName>,
    /// Options of its next start, a JSON object.
    pub user_options: Option<String>,
}

impl Store {
    /// Finds a server.
    pub async fn find_server(&self, key: &ServerKey) -> Result<Option<Server>> {
        let key = key.clone();
        self.read("look a server up", move |conn| find_server(conn, &key))
            .await
    }

    /// Lists a user's servers, the default one first.
    pub async fn list_servers_of(&self, user: &UserName) -> Result<Vec<Server>> {
        let user = user.clone();
        self.read("list a user's servers", move |conn| {
            let mut statement =
                conn.prepare_cached(select!("users.name = :user ORDER BY servers.name"))?;
            collect(statement.query(named_params! { ":user": user.as_str() })?)
        })
        .await
    }

    /// Lists every server that is not stopped: what a hub that starts has to look after.
    pub async fn list_unfinished_servers(&self) -> Result<Vec<Server>> {
        self.read("list servers", |conn| {
            let mut statement = conn.prepare_cached(select!(
                "state <> 'stopped' ORDER BY users.name, servers.name"
            ))?;
            collect(statement.query([])?)
        })
        .await
    }

    /// Lists all servers, for an administrator.
    pub async fn list_servers(&self) -> Result<Vec<Server>> {
        self.read("list servers", |conn| {
            let mut statement =
                conn.prepare_cached(select!("1 ORDER BY users.name, servers.name"))?;
            collect(statement.query([])?)
        })
        .await
    }

    /// Makes a named server that does not run; a conflict when there is one of that name.
    ///
    /// Tells whether it was made: not when its owner has as many as allowed.
    pub async fn create_server(&self, key: &ServerKey, server: NewServer) -> Result<bool> {
        const SQL: &str = "
            INSERT INTO servers (user_id, name, display_name, user_options, created)
            SELECT :user_id, :name, :display_name, :user_options, :created
            WHERE :limit = 0 OR :limit >
                (SELECT count(*) FROM servers WHERE user_id = :user_id AND name <> '')";
        let key = key.clone();
        self.write("make a server", move |tx| {
            let user_id = row::get_user_id(tx, &key.user)?;
            let made = tx.prepare_cached(SQL)?.execute(named_params! {
                ":user_id": user_id,
                ":name": key.server.as_str(),
                ":display_name": server.display_name.as_str(),
                ":user_options": server.user_options,
                ":created": server.created.as_micros(),
                ":limit": i64::try_from(server.limit).unwrap_or(i64::MAX),
            })?;
            Ok(made > 0)
        })
        .await
    }

    /// Changes a stopped server; tells whether there was one. A conflict when the new name is taken.
    ///
    /// A default server that gets a name leaves a new default server in its place.
    pub async fn edit_server(
        &self,
        key: &ServerKey,
        edit: ServerEdit,
        at: Timestamp,
    ) -> Result<bool> {
        let key = key.clone();
        self.write("change a server", move |tx| {
            edit_server(tx, &key, &edit, at)
        })
        .await
    }

    /// Forgets a stopped server; tells whether there was one.
    pub async fn delete_server(&self, key: &ServerKey) -> Result<bool> {
        const SQL: &str = "DELETE FROM servers WHERE id = :id AND state = 'stopped'";
        let key = key.clone();
        self.write("delete a server", move |tx| {
            let Some(id) = row::find_server_id(tx, &key)? else {
                return Ok(false);
            };
            Ok(tx
                .prepare_cached(SQL)?
                .execute(named_params! { ":id": id })?
                > 0)
        })
        .await
    }

    /// Records activity of a user and their servers; earlier times than the known ones change nothing.
    pub async fn record_activity(
        &self,
        user: &UserName,
        user_at: Option<Timestamp>,
        servers_at: Vec<(ServerKey, Timestamp)>,
    ) -> Result<()> {
        const SQL: &str = "
            UPDATE servers SET last_activity = :at
            WHERE id = :id AND coalesce(last_activity, :at - 1) < :at";
        let user = user.clone();
        self.write_activity("record activity", move |tx| {
            if let Some(at) = user_at {
                users::touch_user(tx, &user, at)?;
            }
            for (key, at) in servers_at {
                let id = get_server_id(tx, &key)?;
                tx.prepare_cached(SQL)?
                    .execute(named_params! { ":id": id, ":at": at.as_micros() })?;
            }
            Ok(())
        })
        .await
    }
}

/// The query of a server with its owner, for one condition.
macro_rules! select {
    ($condition:literal) => {
        concat!(
            "SELECT users.name AS user, servers.name AS server, display_name, user_options,
                    servers.created AS created, servers.last_activity AS last_activity, started,
                    state, invocation
             FROM servers JOIN users ON users.id = servers.user_id
             WHERE ",
            $condition
        )
    };
}
use select;

/// Lists the servers of several users, whose names stand in a JSON array; each one's default server
/// comes before their others.
pub(super) fn list_of_users(conn: &Connection, users: &str) -> Result<Vec<Server>> {
    let mut statement = conn.prepare_cached(select!(
        "users.name IN (SELECT value FROM json_each(:users)) ORDER BY users.id, servers.name"
    ))?;
    collect(statement.query(named_params! { ":users": users })?)
}

fn edit_server(
    tx: &Transaction<'_>,
    key: &ServerKey,
    edit: &ServerEdit,
    at: Timestamp,
) -> Result<bool> {
    const EDIT: &str = "
        UPDATE servers SET name = coalesce(:name, name),
            display_name = coalesce(:display_name, display_name),
            user_options = coalesce(:user_options, user_options)
        WHERE id = :id AND state = 'stopped'";
    const DEFAULT: &str = "
        INSERT INTO servers (user_id, name, created) VALUES (:user_id, '', :at)
        ON CONFLICT (user_id, name) DO NOTHING";
    let Some(id) = row::find_server_id(tx, key)? else {
        return Ok(false);
    };
    let edited = tx.prepare_cached(EDIT)?.execute(named_params! {
        ":id": id,
        ":name": edit.name.as_ref().map(ServerName::as_str),
        ":display_name": edit.display_name.as_ref().map(DisplayName::as_str),
        ":user_options": edit.user_options,
    })?;
    let user_id = row::get_user_id(tx, &key.user)?;
    tx.prepare_cached(DEFAULT)?
        .execute(named_params! { ":user_id": user_id, ":at": at.as_micros() })?;
    Ok(edited > 0)
}

pub(super) fn get_server_id(tx: &Transaction<'_>, key: &ServerKey) -> Result<i64> {
    row::find_server_id(tx, key)?.ok_or_else(|| Error::Conflict(format!("no server {key}")))
}

fn find_server(conn: &Connection, key: &ServerKey) -> Result<Option<Server>> {
    let sql = select!("users.name = :user AND servers.name = :server");
    let mut statement = conn.prepare_cached(sql)?;
    let parameters = named_params! { ":user": key.user.as_str(), ":server": key.server.as_str() };
    Ok(collect(statement.query(parameters)?)?.pop())
}

fn collect(mut rows: rusqlite::Rows<'_>) -> Result<Vec<Server>> {
    let mut servers = Vec::new();
    while let Some(row) = rows.next()? {
        servers.push(server(row)?);
    }
    Ok(servers)
}

fn server(row: &Row<'_>) -> Result<Server> {
    let columns = Columns(row);
    let invocation = match columns.text_if_any("invocation")? {
        None => None,
        Some(text) => Some(InvocationId::parse(&text).ok_or(Error::Corrupt {
            column: "servers.invocation",
        })?),
    };
    Ok(Server {
        key: columns.server_key("user", "server")?,
        display_name: columns.text("display_name")?,
        user_options: columns.text_if_any("user_options")?,
        created: columns.time("created")?,
        last_activity: columns.time_if_any("last_activity")?,
        started: columns.time_if_any("started")?,
        state: state(&columns.text("state")?)?,
        invocation,
    })
}

fn state(text: &str) -> Result<RecordedState> {
    match text {
        "stopped" => Ok(RecordedState::Stopped),
        "starting" => Ok(RecordedState::Starting),
        "running" => Ok(RecordedState::Running),
        "stopping" => Ok(RecordedState::Stopping),
        _ => Err(Error::Corrupt {
            column: "servers.state",
        }),
    }
}
