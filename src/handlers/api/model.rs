//! Wire types: what servers and tokens look like in JSON (API-81, API-82).
//!
//! Names and shapes are JupyterHub's; nothing inside Carrel is named after them.

use serde::Serialize;
use serde_json::{Value, json};

use super::Context;
use crate::{
    domain::{
        access::{Caller, Owner},
        names::{ServerKey, UserName},
        scope::ScopeName,
        server::Life,
        time::Timestamp,
    },
    hub::{servers::Status, tokens::Described},
    store::{servers::Server, tokens::Token},
};

/// The version of JupyterHub whose API this is; single-user servers parse it as PEP 440 and compare it
/// with their own (SU-20).
pub const JUPYTERHUB_VERSION: &str = "6.1.1";

/// A server on the wire.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ServerModel {
    name: String,
    display_name: String,
    full_name: String,
    last_activity: Option<String>,
    started: Option<String>,
    pending: Option<&'static str>,
    ready: bool,
    stopped: bool,
    url: String,
    user_options: Value,
    progress_url: String,
    full_url: Option<String>,
    full_progress_url: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    state: Option<Value>,
}

/// A token on the wire; `token` itself only in the reply that made it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TokenModel {
    #[serde(skip_serializing_if = "Option::is_none")]
    user: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    service: Option<String>,
    id: String,
    kind: &'static str,
    roles: [&'static str; 0],
    scopes: Vec<String>,
    created: String,
    last_activity: Option<String>,
    expires_at: Option<String>,
    note: String,
    session_id: Option<String>,
    oauth_client: String,
}

impl ServerModel {
    /// Returns a server as the caller may see it.
    pub fn of(ctx: &Context, server: &Server, status: &Status) -> Self {
        let key = &server.key;
        let url = ctx.links.server(key).to_string();
        let progress_url = ctx.links.progress(key).to_string();
        let public = ctx.settings.hub.public_url.as_deref();
        let public = public.map(|origin| origin.trim_end_matches('/'));
        let seen = ctx.hub().routes.get(key);
        let seen = seen.and_then(|route| route.last_activity());
        let sees_state = |caller: &Caller| caller.can(&ScopeName::AdminServerState, key);
        Self {
            name: key.server.to_string(),
            display_name: server.display_name.clone(),
            full_name: key.to_string(),
            last_activity: text(server.last_activity.max(seen)),
            started: text(server.started),
            pending: pending(&status.life),
            ready: is_ready(&status.life),
            stopped: !status.life.is_active(),
            user_options: user_options(server),
            full_url: public.map(|origin| format!("{origin}{url}")),
            full_progress_url: public.map(|origin| format!("{origin}{progress_url}")),
            url,
            progress_url,
            state: ctx
                .caller
                .as_ref()
                .is_some_and(sees_state)
                .then(|| state(server)),
        }
    }
}

impl TokenModel {
    /// Returns a token with what it may do.
    pub fn of(described: Described) -> Self {
        let Described { token, scopes } = described;
        Self {
            user: match &token.owner {
                Owner::User(name) => Some(name.to_string()),
                Owner::Service(_) | Owner::Root => None,
            },
            service: match &token.owner {
                Owner::User(_) | Owner::Root => None,
                Owner::Service(name) => Some(name.to_string()),
            },
            id: token.id.to_string(),
            kind: "api_token",
            roles: [],
            scopes,
            created: token.created.to_string(),
            last_activity: text(token.last_activity),
            expires_at: text(token.expires),
            oauth_client: client(&token),
            note: token.note,
            session_id: token.session_id,
        }
    }
}

/// Returns a server's name in messages: the user's for the default server, else `user:server`.
pub fn log_name(key: &ServerKey) -> String {
    if key.server.is_default() {
        return key.user.to_string();
    }
    format!("{}:{}", key.user, key.server)
}

/// Returns what is under way with a server, in JupyterHub's words.
pub fn pending(life: &Life) -> Option<&'static str> {
    match life {
        Life::Launching {
            cancelled: true, ..
        }
        | Life::Stopping { .. } => Some("stop"),
        Life::Launching { .. } | Life::Waiting { .. } => Some("spawn"),
        Life::Checking { .. } => Some("check"),
        Life::Ready { .. } | Life::Stopped { .. } => None,
    }
}

/// Tells whether people can use a server.
pub fn is_ready(life: &Life) -> bool {
    matches!(life, Life::Ready { .. })
}

fn user_options(server: &Server) -> Value {
    let options = server.user_options.as_deref();
    // Only objects are ever stored; anything else shows as none.
    let parsed = options.and_then(|text| serde_json::from_str(text).ok());
    parsed.unwrap_or_else(|| json!({}))
}

fn state(server: &Server) -> Value {
    let run = server.invocation.as_ref();
    let unit = crate::domain::names::UnitName::for_server(&server.key);
    json!({
        // A name too long for a unit has none.
        "unit_name": unit.ok().map(|unit| unit.to_string()),
        "invocation": run.map(ToString::to_string),
    })
}

fn client(token: &Token) -> String {
    match &token.client {
        Some(client) => client.description.clone(),
        None => "JupyterHub".to_owned(),
    }
}

/// Returns a time as JSON has it.
pub fn text(at: Option<Timestamp>) -> Option<String> {
    at.map(|at| at.to_string())
}

/// Returns the words for a user who is not there.
pub fn no_such_user(name: &UserName) -> String {
    format!("No such user: {name}")
}
