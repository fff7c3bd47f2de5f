//! Visits to servers that are not routed: `/hub/user/NAME/…` (PG-80…PG-88).
//!
//! No visit starts anything. Visitors without access get the same page whether or not the user
//! exists or the server runs.

use http::{HeaderMap, StatusCode, header};
use serde::Serialize;

use super::{Context, Error, Reply, Request, frame, page, see, signed_in};
use crate::{
    domain::{
        access::{self, AccessServer, StartServer},
        names::{ServerKey, ServerName, UserName},
        server::Life,
    },
    http::{reply, request::wants_json},
    pages::not_running::{NotRunningView, not_running_page},
};

/// What an application connected to a stopped server is told (PG-64).
#[derive(Serialize)]
struct Stopped {
    message: String,
}

/// GET `/hub/user/NAME[/…]`: where the server is, or how to start it.
pub async fn show_stopped_server(ctx: &Context, request: Request) -> Result<Reply, Error> {
    let is_api = is_api_like(ctx, request.headers());
    if ctx.caller.is_none() {
        return match signed_in(ctx, &request) {
            Err(login) if !is_api => Ok(see(login.as_str())),
            _ => Err(access::Denied::NoCredentials.into()),
        };
    }
    let key = visited(ctx).await?;
    if access::permit::<AccessServer>(ctx.caller.as_ref(), key.clone()).is_err() {
        return Err(no_access());
    }
    let path = request.uri().path_and_query().map_or("", |p| p.as_str());
    let status = ctx.hub().servers.status(&key);
    match status.life {
        Life::Ready { .. } => {
            // The route was made a moment ago; the visitor came just before.
            let rest = below_server(ctx, &key);
            let query = request.uri().query();
            let query = query.map(|query| format!("?{query}")).unwrap_or_default();
            Ok(see(&format!("{}{rest}{query}", ctx.links.server(&key))))
        }
        Life::Stopped { .. }
        | Life::Stopping { .. }
        | Life::Launching { .. }
        | Life::Waiting { .. }
        | Life::Checking { .. }
            if is_api =>
        {
            Ok(stopped_reply(ctx, &key))
        }
        Life::Stopped { failure: None } | Life::Stopping { failure: None, .. } => {
            super::check_user(ctx, &key.user).await?;
            Ok(not_running(ctx, key, path))
        }
        Life::Stopped { .. }
        | Life::Stopping { .. }
        | Life::Launching { .. }
        | Life::Waiting { .. }
        | Life::Checking { .. } => Ok(reply::redirect(
            StatusCode::SEE_OTHER,
            ctx.links.spawn_pending(&key, Some(path)).as_str(),
        )),
    }
}

/// Any other method on `/hub/user/NAME[/…]`: what applications of a stopped server are told (PG-14).
pub async fn refuse_request(ctx: &Context, _request: Request) -> Result<Reply, Error> {
    let key = visited(ctx).await?;
    Ok(stopped_reply(ctx, &key))
}

/// Refuses a visit, in the same words whether or not the server exists or runs.
pub fn no_access() -> Error {
    Error::forbidden("You do not have access to this server, or it does not exist.")
}

/// Returns the visited server: a named one when the second part names one of the user's (PG-82).
async fn visited(ctx: &Context) -> Result<ServerKey, Error> {
    let user = UserName::parse(ctx.param("user")).map_err(|_| no_access())?;
    let second = ctx.param("rest").split('/').next().unwrap_or_default();
    match ServerName::parse(second) {
        Ok(server) if !server.is_default() && ctx.settings.hub.named_servers => {
            let named = ServerKey { user, server };
            if ctx.hub().store.find_server(&named).await?.is_some() {
                return Ok(named);
            }
            Ok(ServerKey::default_of(named.user))
        }
        _ => Ok(ServerKey::default_of(user)),
    }
}

fn below_server<'a>(ctx: &'a Context, key: &ServerKey) -> &'a str {
    let rest = ctx.param("rest");
    if key.server.is_default() {
        rest
    } else {
        rest.split_once('/').map_or("", |(_, below)| below)
    }
}

/// Tells whether an application asks, not a person: by what it accepts, or by an `api` in the path.
pub fn is_api_like(ctx: &Context, headers: &HeaderMap) -> bool {
    wants_json(headers) || ctx.param("rest").split('/').any(|part| part == "api")
}

fn stopped_status(ctx: &Context) -> StatusCode {
    StatusCode::from_u16(ctx.settings.hub.stopped_server_status)
        .unwrap_or(StatusCode::SERVICE_UNAVAILABLE)
}

fn stopped_reply(ctx: &Context, key: &ServerKey) -> Reply {
    let message = format!(
        "JupyterHub server no longer running at {}{}. Restart the server at {}://{}{}",
        ctx.links.server(key),
        below_server(ctx, key),
        ctx.own.scheme,
        ctx.own.host,
        ctx.links.spawn(key, None),
    );
    reply::json(stopped_status(ctx), &Stopped { message })
}

fn not_running(ctx: &Context, key: ServerKey, path: &str) -> Reply {
    let can_start = access::permit::<StartServer>(ctx.caller.as_ref(), key.clone()).is_ok();
    let view = NotRunningView {
        frame: frame(ctx),
        key,
        next: Some(path.to_owned()),
        can_start,
    };
    let mut reply = page(stopped_status(ctx), not_running_page(&view));
    let no_store = http::HeaderValue::from_static("no-store");
    reply.headers_mut().insert(header::CACHE_CONTROL, no_store);
    reply
}
