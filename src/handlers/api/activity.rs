//! Activity reports of servers and scripts (API-29).

use http::StatusCode;
use serde_json::{Map, Value};

use super::{Context, Request, body};
use crate::{
    domain::{
        access::{self, ReportActivity},
        time::Timestamp,
    },
    http::{
        error::Error,
        reply::{self, Reply},
    },
    hub::activity::{self, Report, ReportError},
};

/// The most servers one report may name.
const MAX_SERVERS: usize = 256;

const SERVERS_FORM: &str =
    "servers must be a dict of the form {server_name: {last_activity: timestamp}}";

/// `POST /hub/api/users/NAME/activity`.
pub async fn post_activity(ctx: &Context, request: Request) -> Result<Reply, Error> {
    let permit = access::permit::<ReportActivity>(ctx.caller.as_ref(), ctx.user_param()?)?;
    let Some(Value::Object(object)) = body::json(&request)? else {
        return Err(Error::bad_request("body must be a json dict"));
    };
    let report = parse(&object)?;
    let hub = ctx.hub();
    activity::report(&hub.store, &hub.clock, &permit, report).await?;
    Ok(reply::empty(StatusCode::OK))
}

fn parse(object: &Map<String, Value>) -> Result<Report, Error> {
    body::check_keys(object, &["last_activity", "servers"])?;
    let given = |name: &str| object.get(name).filter(|value| !value.is_null());
    // A report of no servers is none.
    let named = |servers: &&Value| !servers.as_object().is_some_and(Map::is_empty);
    let user_at = given("last_activity");
    let servers = given("servers").filter(named);
    if user_at.is_none() && servers.is_none() {
        return Err(Error::bad_request(
            "body must contain at least one of `last_activity` or `servers`",
        ));
    }
    Ok(Report {
        servers_at: servers.map(parse_servers).transpose()?.unwrap_or_default(),
        user_at: user_at.map(body::timestamp).transpose()?,
    })
}

fn parse_servers(servers: &Value) -> Result<Vec<(String, Timestamp)>, Error> {
    let bad = || Error::bad_request(SERVERS_FORM);
    let servers = servers.as_object().ok_or_else(bad)?;
    if servers.len() > MAX_SERVERS {
        return Err(Error::bad_request("too many servers in one report"));
    }
    servers
        .iter()
        .map(|(name, server)| {
            let server = server.as_object().ok_or_else(bad)?;
            body::check_keys(server, &["last_activity"])?;
            let at = server.get("last_activity").ok_or_else(bad)?;
            Ok((name.clone(), body::timestamp(at)?))
        })
        .collect()
}

impl From<ReportError> for Error {
    fn from(error: ReportError) -> Self {
        match error {
            ReportError::NoSuchUser(_) => Self::not_found(error.to_string()),
            ReportError::NoSuchServer { .. } | ReportError::InFuture(_) => {
                Self::bad_request(error.to_string())
            }
            ReportError::Store(error) => error.into(),
        }
    }
}
