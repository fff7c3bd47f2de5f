//! The hub itself: which version it speaks, and its end (API-20, API-21, API-57).

use http::{HeaderValue, StatusCode, header};
use serde_json::{Value, json};

use super::{Context, Request, body, model::JUPYTERHUB_VERSION};
use crate::{
    domain::access::{self, Permit, ReadHub, ShutDown, StopServer, WholeHub},
    http::{
        error::Error,
        reply::{self, Reply},
    },
};

/// `GET /hub/api`: the version, for anybody and from anywhere.
pub async fn get_version(_ctx: &Context, _request: Request) -> Result<Reply, Error> {
    let mut reply = reply::json(StatusCode::OK, &json!({ "version": JUPYTERHUB_VERSION }));
    reply.headers_mut().insert(
        header::ACCESS_CONTROL_ALLOW_ORIGIN,
        HeaderValue::from_static("*"),
    );
    Ok(reply)
}

/// `GET /hub/api/info`: what this hub is made of.
pub async fn get_info(ctx: &Context, _request: Request) -> Result<Reply, Error> {
    access::permit::<ReadHub>(ctx.caller.as_ref(), WholeHub)?;
    let own = env!("CARGO_PKG_VERSION");
    let info = json!({
        "version": JUPYTERHUB_VERSION,
        "python": "",
        "sys_executable": "",
        "spawner": { "class": "carrel.systemd", "version": own },
        "authenticator": { "class": "carrel.pam", "version": own },
    });
    Ok(reply::json(StatusCode::OK, &info))
}

/// `POST /hub/api/shutdown`: ends the hub, and with `servers` everybody's servers before it.
pub async fn shut_down(ctx: &Context, request: Request) -> Result<Reply, Error> {
    let permit = access::permit::<ShutDown>(ctx.caller.as_ref(), WholeHub)?;
    let object = body::object(&request, "Request body must be a JSON object")?;
    body::check_keys(&object, &["proxy", "servers"])?;
    let flag = |name: &str| match object.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Bool(flag)) => Ok(Some(*flag)),
        Some(other) => {
            let text = format!("{name} must be true or false, got {}", body::shown(other));
            Err(Error::bad_request(text))
        }
    };
    // The hub is its own proxy and ends as one; without a word, people's servers go on.
    flag("proxy")?;
    let servers = flag("servers")?.unwrap_or(false);
    end(ctx, &permit, servers);
    Ok(reply::json(
        StatusCode::ACCEPTED,
        &json!({ "message": "Shutting down Hub" }),
    ))
}

/// Ends the hub, and everybody's servers before it if they are to go too.
pub(in crate::handlers) fn end(ctx: &Context, permit: &Permit<ShutDown>, servers: bool) {
    tracing::warn!(target: "audit", "the hub is shut down by {}, servers with it: {servers}", permit.by());
    if servers {
        stop_all(ctx);
    }
    ctx.parts.end.cancel();
}

fn stop_all(ctx: &Context) {
    for (key, _) in ctx.hub().servers.list() {
        let permit = Permit::<StopServer>::by_hub(key, "the hub is shut down with all servers");
        if let Err(error) = ctx.hub().servers.stop(&permit) {
            tracing::error!("{} is not stopped: {error}", permit.target());
        }
    }
}
