//! Servers: what is wanted of each, so that a hub that was killed knows what it was about.
//!
//! What runs is systemd's to say; a row says what the hub last set out to do and by which credentials.
//! Each step is one transaction with the token and OAuth client that belong to it.

use rusqlite::{Connection, Row, Transaction, named_params};

use super::{
    Error, Result, Store, oauth,
    oauth::NewClient,
    row::{self, Columns},
    tokens::{self, NewToken},
    users,
};
use crate::domain::{
    names::{ServerKey, ServerName, UserName},
    server::InvocationId,
    time::Timestamp,
    token::TokenId,
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

/// A start that is set out to.
#[derive(Debug)]
pub struct NewRun {
    /// Which server.
    pub key: ServerKey,
    /// New options, a JSON object; without, those of the last start stay.
    pub user_options: Option<String>,
    /// The token of the run; its hash is the client's secret too.
    pub token: NewToken,
    /// The OAuth client the server is.
    pub client: NewClient,
    /// When it was asked for.
    pub at: Timestamp,
}

/// What is changed of a server; `None` stays as it is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ServerEdit {
    /// Its name.
    pub name: Option<ServerName>,
    /// Its name for people.
    pub display_name: Option<String>,
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

    /// Tells whether a server is not stopped, as far as is recorded.
    pub async fn has_run(&self, key: &ServerKey) -> Result<bool> {
        let found = self.find_server(key).await?;
        Ok(found.is_some_and(|server| server.state != RecordedState::Stopped))
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

    /// Makes a server that does not run; a conflict when there is one of that name.
    pub async fn create_server(
        &self,
        key: &ServerKey,
        display_name: &str,
        user_options: Option<String>,
        at: Timestamp,
    ) -> Result<()> {
        const SQL: &str = "
            INSERT INTO servers (user_id, name, display_name, user_options, created)
            VALUES (:user_id, :name, :display_name, :user_options, :at)";
        let (key, display_name) = (key.clone(), display_name.to_owned());
        self.write("make a server", move |tx| {
            let user_id = row::get_user_id(tx, &key.user)?;
            tx.prepare_cached(SQL)?.execute(named_params! {
                ":user_id": user_id,
                ":name": key.server.as_str(),
                ":display_name": display_name,
                ":user_options": user_options,
                ":at": at.as_micros(),
            })?;
            Ok(())
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

    /// Sets out to start a server: its row, its token and its OAuth client, all or nothing.
    ///
    /// What was left of an earlier run is undone in the same step.
    pub async fn begin_run(&self, run: NewRun) -> Result<TokenId> {
        self.write("set out to start a server", move |tx| begin_run(tx, &run))
            .await
    }

    /// Records which run of the unit systemd began.
    pub async fn record_launched(&self, key: &ServerKey, invocation: &InvocationId) -> Result<()> {
        const SQL: &str = "UPDATE servers SET invocation = :invocation WHERE id = :id";
        let (key, invocation) = (key.clone(), *invocation);
        self.write("record a launch", move |tx| {
            let id = get_server_id(tx, &key)?;
            tx.prepare_cached(SQL)?
                .execute(named_params! { ":id": id, ":invocation": invocation.to_string() })?;
            Ok(())
        })
        .await
    }

    /// Records that a server that was to start is ready.
    pub async fn record_ready(&self, key: &ServerKey, at: Timestamp) -> Result<()> {
        const SQL: &str = "
            UPDATE servers SET state = 'running',
                last_activity = max(coalesce(last_activity, 0), :at)
            WHERE id = :id AND state IN ('starting', 'running')";
        let key = key.clone();
        self.write("record a server as ready", move |tx| {
            let id = get_server_id(tx, &key)?;
            tx.prepare_cached(SQL)?
                .execute(named_params! { ":id": id, ":at": at.as_micros() })?;
            Ok(())
        })
        .await
    }

    /// Sets out to stop a server.
    pub async fn begin_stop(&self, key: &ServerKey) -> Result<()> {
        const SQL: &str = "
            UPDATE servers SET state = 'stopping' WHERE id = :id AND state <> 'stopped'";
        let key = key.clone();
        self.write("set out to stop a server", move |tx| {
            let id = get_server_id(tx, &key)?;
            tx.prepare_cached(SQL)?
                .execute(named_params! { ":id": id })?;
            Ok(())
        })
        .await
    }

    /// Records that nothing runs any more: token and OAuth client go, with all issued for it.
    pub async fn finish_run(&self, key: &ServerKey, at: Timestamp) -> Result<()> {
        let key = key.clone();
        self.write("record a server as stopped", move |tx| {
            let id = get_server_id(tx, &key)?;
            finish_run(tx, id, at)
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
        self.write("record activity", move |tx| {
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
        ":display_name": edit.display_name,
        ":user_options": edit.user_options,
    })?;
    let user_id = row::get_user_id(tx, &key.user)?;
    tx.prepare_cached(DEFAULT)?
        .execute(named_params! { ":user_id": user_id, ":at": at.as_micros() })?;
    Ok(edited > 0)
}

fn begin_run(tx: &Transaction<'_>, run: &NewRun) -> Result<TokenId> {
    const UPSERT: &str = "
        INSERT INTO servers (user_id, name, user_options, created, started, last_activity, state)
        VALUES (:user_id, :name, :user_options, :at, :at, :at, 'starting')
        ON CONFLICT (user_id, name) DO UPDATE SET
            user_options = coalesce(excluded.user_options, user_options),
            started = excluded.started,
            last_activity = max(coalesce(last_activity, 0), excluded.last_activity),
            state = excluded.state,
            invocation = NULL";
    let user_id = row::get_user_id(tx, &run.key.user)?;
    if let Some(id) = row::find_server_id(tx, &run.key)? {
        forget_credentials(tx, id)?;
    }
    tx.prepare_cached(UPSERT)?.execute(named_params! {
        ":user_id": user_id,
        ":name": run.key.server.as_str(),
        ":user_options": run.user_options,
        ":at": run.at.as_micros(),
    })?;
    users::touch_user(tx, &run.key.user, run.at)?;
    let id = get_server_id(tx, &run.key)?;
    oauth::replace_client(tx, &run.client, id, run.token.hash)?;
    tokens::insert_token(tx, &run.token, Some(id))
}

fn finish_run(tx: &Transaction<'_>, id: i64, at: Timestamp) -> Result<()> {
    const SQL: &str = "
        UPDATE servers SET state = 'stopped', started = NULL, invocation = NULL,
            last_activity = CASE WHEN state = 'stopped' THEN last_activity
                                 ELSE max(coalesce(last_activity, 0), :at) END
        WHERE id = :id";
    forget_credentials(tx, id)?;
    tx.prepare_cached(SQL)?
        .execute(named_params! { ":id": id, ":at": at.as_micros() })?;
    Ok(())
}

fn forget_credentials(tx: &Transaction<'_>, server_id: i64) -> Result<()> {
    const TOKEN: &str = "DELETE FROM api_tokens WHERE server_id = :server_id";
    tx.prepare_cached(TOKEN)?
        .execute(named_params! { ":server_id": server_id })?;
    oauth::delete_client(tx, server_id)
}

fn get_server_id(tx: &Transaction<'_>, key: &ServerKey) -> Result<i64> {
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
