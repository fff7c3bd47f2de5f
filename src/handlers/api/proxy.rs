//! The routing table, as JupyterHub shows its proxy's (API-54…API-56). The hub is its own proxy, so there
//! is nothing to bring in line and no other to turn to.

use http::StatusCode;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Map, Value, json};

use super::{Context, Request, body, paging::Part};
use crate::{
    domain::{
        access::{self, ManageProxy, WholeHub},
        names::Backend,
    },
    http::{
        error::Error,
        reply::{self, Reply},
    },
    hub::routes::Route,
};

/// `GET /hub/api/proxy`: where paths lead, by path.
pub async fn list_routes(ctx: &Context, request: Request) -> Result<Reply, Error> {
    access::permit::<ManageProxy>(ctx.caller.as_ref(), WholeHub)?;
    let part = Part::parse(ctx, &request)?;
    let hub = ctx.hub();
    let mut routes: Vec<_> = hub.routes.all().iter().map(|route| model(route)).collect();
    let base_url = &ctx.settings.hub.base_url;
    routes.push((
        base_url.clone(),
        json!({
            "routespec": base_url,
            "target": format!("http://{}", ctx.settings.hub.listen_api),
            "data": { "hub": true },
        }),
    ));
    routes.sort_by(|(a, _), (b, _)| a.cmp(b));
    let total = routes.len();
    let offset = usize::try_from(part.offset).unwrap_or(usize::MAX);
    let limit = usize::try_from(part.limit).unwrap_or(usize::MAX);
    let items: Map<String, Value> = routes.into_iter().skip(offset).take(limit).collect();
    Ok(part.reply(&items, u64::try_from(total).unwrap_or(u64::MAX)))
}

/// `POST /hub/api/proxy`: has records, units and routes compared.
pub async fn check_routes(ctx: &Context, _request: Request) -> Result<Reply, Error> {
    access::permit::<ManageProxy>(ctx.caller.as_ref(), WholeHub)?;
    ctx.hub().services.look_again();
    let compared = ctx.hub().servers.reconcile().await;
    compared.map_err(|cause| {
        let text = "The hub cannot ask systemd what runs. Its journal says more.";
        Error::new(StatusCode::SERVICE_UNAVAILABLE, text).because(cause)
    })?;
    Ok(reply::empty(StatusCode::OK))
}

/// `PATCH /hub/api/proxy`: checked as JupyterHub checks it; there is no other proxy.
pub async fn replace_proxy(ctx: &Context, request: Request) -> Result<Reply, Error> {
    access::permit::<ManageProxy>(ctx.caller.as_ref(), WholeHub)?;
    let object = match body::json(&request)? {
        None => return Err(Error::bad_request("need JSON body")),
        Some(Value::Object(object)) => object,
        Some(_) => return Err(Error::bad_request("Request body must be JSON dict")),
    };
    body::check_keys(&object, &["api_url", "auth_token"])?;
    match object.iter().find(|(_, value)| !value.is_string()) {
        None => Ok(reply::empty(StatusCode::OK)),
        Some((key, _)) => Err(Error::bad_request(format!("{key} must be a string"))),
    }
}

fn model(route: &Route) -> (String, Value) {
    let socket = route.socket.to_string_lossy();
    let target = utf8_percent_encode(&socket, NON_ALPHANUMERIC);
    let last_activity = route.last_activity().map(|at| at.to_string());
    let data = match &route.backend {
        Backend::Server(key) => json!({
            "user": key.user.as_str(),
            "server_name": key.server.as_str(),
            "last_activity": last_activity,
        }),
        Backend::Service(name) => json!({
            "service": name.as_str(),
            "last_activity": last_activity,
        }),
    };
    let value = json!({
        "routespec": route.prefix,
        "target": format!("http+unix://{target}"),
        "data": data,
    });
    (route.prefix.clone(), value)
}
