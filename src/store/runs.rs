//! Runs of servers, from the intent to start one until all that belonged to it is undone.
//!
//! Each step is one transaction with the token and OAuth client of the run: a hub that is killed in
//! between finds either all of it or nothing.

use rusqlite::{Transaction, named_params};

use super::{
    Result, Store, oauth,
    oauth::{ClientOf, NewClient},
    row,
    servers::get_server_id,
    tokens::{self, NewToken},
    users,
};
use crate::domain::{names::ServerKey, server::InvocationId, time::Timestamp, token::TokenId};

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

/// A start that is on record.
#[derive(Debug)]
pub struct BegunRun {
    /// The token of the run.
    pub token: TokenId,
    /// The options that apply, a JSON object: the new ones, or else those of the last start.
    pub user_options: Option<String>,
}

impl Store {
    /// Sets out to start a server: its row, its token and its OAuth client, all or nothing.
    ///
    /// What was left of an earlier run is undone in the same step.
    pub async fn begin_run(&self, run: NewRun) -> Result<BegunRun> {
        self.write("set out to start a server", move |tx| begin_run(tx, &run))
            .await
    }

    /// Records which run of the unit systemd began, and under which account: a user who has not
    /// logged in yet has none on record.
    pub async fn record_launched(
        &self,
        key: &ServerKey,
        invocation: &InvocationId,
        uid: u32,
    ) -> Result<()> {
        const SERVER: &str = "UPDATE servers SET invocation = :invocation WHERE id = :id";
        const USER: &str = "UPDATE users SET uid = :uid WHERE name = :user AND uid IS NULL";
        let (key, invocation) = (key.clone(), *invocation);
        self.write("record a launch", move |tx| {
            let id = get_server_id(tx, &key)?;
            tx.prepare_cached(SERVER)?
                .execute(named_params! { ":id": id, ":invocation": invocation.to_string() })?;
            tx.prepare_cached(USER)?
                .execute(named_params! { ":user": key.user.as_str(), ":uid": uid })?;
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
}

fn begin_run(tx: &Transaction<'_>, run: &NewRun) -> Result<BegunRun> {
    const UPSERT: &str = "
        INSERT INTO servers (user_id, name, user_options, created, started, last_activity, state)
        VALUES (:user_id, :name, :user_options, :at, :at, :at, 'starting')
        ON CONFLICT (user_id, name) DO UPDATE SET
            user_options = coalesce(excluded.user_options, user_options),
            started = excluded.started,
            last_activity = max(coalesce(last_activity, 0), excluded.last_activity),
            state = excluded.state,
            invocation = NULL
        RETURNING id, user_options";
    let user_id = row::get_user_id(tx, &run.key.user)?;
    if let Some(id) = row::find_server_id(tx, &run.key)? {
        forget_credentials(tx, id)?;
    }
    let params = named_params! {
        ":user_id": user_id,
        ":name": run.key.server.as_str(),
        ":user_options": run.user_options,
        ":at": run.at.as_micros(),
    };
    let (id, user_options) = tx
        .prepare_cached(UPSERT)?
        .query_row(params, |row| Ok((row.get("id")?, row.get("user_options")?)))?;
    users::touch_user(tx, &run.key.user, run.at)?;
    oauth::put_client(tx, &run.client, ClientOf::Server(id), run.token.hash)?;
    let token = tokens::insert_token(tx, &run.token, Some(id))?;
    Ok(BegunRun {
        token,
        user_options,
    })
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
