//! The hub itself: which version it speaks (API-20, API-21).

use http::{HeaderValue, StatusCode, header};
use serde_json::json;

use super::{Context, Request, model::JUPYTERHUB_VERSION};
use crate::{
    domain::access::{self, ReadHub, WholeHub},
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
