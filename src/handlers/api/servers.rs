//! Servers of users: seen, made, started, changed, stopped (API-30…API-34).

use http::{HeaderValue, StatusCode, header};
use serde_json::{Map, Value};

use super::{
    Context, Request, body, get_user,
    model::{ServerModel, log_name, pending},
};
use crate::{
    domain::{
        access::{self, Action, Permit, ReadServer, StartServer, StopServer},
        names::{DisplayName, ServerKey, ServerName},
        server::{Failure, FailureCause, Life},
    },
    handlers::html::failures,
    http::{
        error::Error,
        reply::{self, Reply},
    },
    hub::servers::StartError,
    store::servers::{NewServer, ServerEdit},
};

/// `GET /hub/api/users/NAME/server` and `/servers/SERVER`: a server, whether it runs or not.
pub async fn get_server(ctx: &Context, _request: Request) -> Result<Reply, Error> {
    let permit = permitted::<ReadServer>(ctx)?;
    show(ctx, permit.target(), StatusCode::OK).await
}

/// `POST /hub/api/users/NAME/server` and `/servers/SERVER`: 201 when it is ready, 202 when it takes longer.
pub async fn start_server(ctx: &Context, request: Request) -> Result<Reply, Error> {
    let permit = permitted::<StartServer>(ctx)?;
    let key = permit.target();
    get_user(ctx, &key.user).await?;
    let wishes = Wishes::parse(&request)?;
    ctx.check_named(key)?;
    let display_name = wishes.display_name()?;
    let before = ctx.hub().servers.status(key);
    if pending(&before.life) == Some("spawn") {
        return Ok(accepted(StatusCode::ACCEPTED));
    }
    create_named(ctx, key, display_name).await?;
    let started = ctx.hub().servers.start(&permit, wishes.options());
    started.map_err(|error| start_error(key, error))?;
    match ctx
        .hub()
        .servers
        .settled(key, ctx.settings.hub.slow_spawn_timeout)
        .await
        .life
    {
        Life::Ready { .. } => Ok(accepted(StatusCode::CREATED)),
        Life::Stopped { failure } => Err(failed(ctx, key, failure)),
        Life::Launching { .. }
        | Life::Waiting { .. }
        | Life::Checking { .. }
        | Life::Stopping { .. } => Ok(accepted(StatusCode::ACCEPTED)),
    }
}

/// `PUT /hub/api/users/NAME/servers/SERVER`: makes a named server without starting it.
pub async fn create_server(ctx: &Context, request: Request) -> Result<Reply, Error> {
    let permit = permitted::<StartServer>(ctx)?;
    let key = permit.target();
    get_user(ctx, &key.user).await?;
    let taken = |what: &str| Error::conflict(format!("User {} already has {what}", key.user));
    if key.server.is_default() {
        return Err(taken("a default server"));
    }
    let store = &ctx.hub().store;
    if store.find_server(key).await?.is_some() {
        return Err(taken(&format!("server {}", key.server)));
    }
    let wishes = Wishes::parse(&request)?;
    ctx.check_named(key)?;
    make(ctx, key, wishes.display_name()?, wishes.options()).await?;
    show(ctx, key, StatusCode::CREATED).await
}

/// `PATCH /hub/api/users/NAME/servers/SERVER`: renames a stopped server or changes its options.
pub async fn edit_server(ctx: &Context, request: Request) -> Result<Reply, Error> {
    let permit = permitted::<StartServer>(ctx)?;
    let key = permit.target();
    get_user(ctx, &key.user).await?;
    let object = body::object(&request, "Body must be a JSON object")?;
    let edit = parse_edit(&object)?;
    let renamed = edit.name.clone().map(|server| ServerKey {
        user: key.user.clone(),
        server,
    });
    ctx.check_named(renamed.as_ref().unwrap_or(key))?;
    let store = &ctx.hub().store;
    if store.find_server(key).await?.is_none() {
        let text = format!("User {} has no such server '{}'", key.user, key.server);
        return Err(Error::not_found(text));
    }
    let active = || {
        let text = "is active. Please stop it before modifying it.";
        Error::bad_request(format!("{} {text}", log_name(key)))
    };
    if ctx.hub().servers.status(key).life.is_active() {
        return Err(active());
    }
    if let Some(new) = &renamed
        && store.find_server(new).await?.is_some()
    {
        let text = format!("User {} already has server '{}'", key.user, new.server);
        return Err(Error::conflict(text));
    }
    if !store.edit_server(key, edit, ctx.hub().clock.now()).await? {
        return Err(active());
    }
    show(ctx, renamed.as_ref().unwrap_or(key), StatusCode::OK).await
}

/// `DELETE /hub/api/users/NAME/server` and `/servers/SERVER`: 204 when it is stopped, 202 when that takes
/// longer; with `{"remove": true}` its record goes too.
pub async fn stop_server(ctx: &Context, request: Request) -> Result<Reply, Error> {
    let permit = permitted::<StopServer>(ctx)?;
    let key = permit.target();
    get_user(ctx, &key.user).await?;
    let object = body::object(&request, "Body must be a JSON object")?;
    body::check_keys(&object, &["remove"])?;
    let remove = match object.get("remove") {
        None | Some(Value::Null) => false,
        Some(Value::Bool(remove)) => *remove,
        Some(_) => return Err(Error::bad_request("remove must be true or false")),
    };
    check_removal(ctx, key, remove).await?;
    let before = ctx.hub().servers.status(key);
    if pending(&before.life) == Some("stop") && !remove {
        return Ok(accepted(StatusCode::ACCEPTED));
    }
    let status = if before.life.is_active() {
        let stopped = ctx.hub().servers.stop(&permit);
        stopped.map_err(|error| start_error(key, error))?;
        let slow_stop = ctx.settings.hub.slow_stop_timeout;
        let patience = match remove {
            // The record can only go once nothing runs any more, however long that takes.
            true => ctx.settings.server.stop_timeout + slow_stop,
            false => slow_stop,
        };
        ctx.hub().servers.settled(key, patience).await
    } else {
        before
    };
    if status.life.is_active() {
        return Ok(accepted(StatusCode::ACCEPTED));
    }
    if remove {
        ctx.hub().store.delete_server(key).await?;
    }
    Ok(reply::empty(StatusCode::NO_CONTENT))
}

async fn show(ctx: &Context, key: &ServerKey, status: StatusCode) -> Result<Reply, Error> {
    let server = ctx.hub().store.find_server(key).await?;
    let server = server.ok_or_else(|| Error::not_found("Not Found"))?;
    let model = ServerModel::of(ctx, &server, &ctx.hub().servers.status(key));
    Ok(reply::json(status, &model))
}

/// What a client wants of a start (API-32).
#[derive(Debug, Default, PartialEq)]
struct Wishes {
    display_name: Option<String>,
    user_options: Option<Map<String, Value>>,
}

impl Wishes {
    /// Without either known key the whole object is the options, as clients before JupyterHub 6 send it.
    fn parse(request: &Request) -> Result<Self, Error> {
        let mut object = body::object(request, "Body must be a JSON object")?;
        let display_name = match object.get("display_name") {
            None => None,
            Some(Value::String(name)) => Some(name.clone()),
            Some(_) => return Err(Error::bad_request("display_name must be a string")),
        };
        let known = object.contains_key("user_options") || display_name.is_some();
        let user_options = if known {
            match object.remove("user_options") {
                None | Some(Value::Null) => None,
                Some(Value::Object(options)) => Some(options),
                Some(_) => {
                    return Err(Error::bad_request("user_options must be an object or null"));
                }
            }
        } else {
            (!object.is_empty()).then_some(object)
        };
        Ok(Self {
            display_name: display_name.filter(|name| !name.is_empty()),
            user_options,
        })
    }

    fn display_name(&self) -> Result<Option<DisplayName>, Error> {
        let name = self.display_name.as_deref();
        name.map(parse_display_name).transpose()
    }

    fn options(&self) -> Option<String> {
        let options = self.user_options.clone()?;
        Some(Value::Object(options).to_string())
    }
}

/// Parses a name for people, or says which is none (SP-42).
pub(in crate::handlers) fn parse_display_name(name: &str) -> Result<DisplayName, Error> {
    DisplayName::parse(name).map_err(|_| {
        let shown = body::shown(&Value::String(name.to_owned()));
        Error::bad_request(format!("Invalid display_name: {shown}"))
    })
}

fn parse_edit(object: &Map<String, Value>) -> Result<ServerEdit, Error> {
    const KEYS: [&str; 3] = ["name", "display_name", "user_options"];
    if object.is_empty() {
        return Err(Error::bad_request(
            "Must specify at least one field to modify.",
        ));
    }
    body::check_keys(object, &KEYS)?;
    let text = |key: &str| match object.get(key) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.clone())),
        Some(_) => Err(Error::bad_request(format!("{key} must be a string"))),
    };
    let name = text("name")?.map(|name| {
        let shown = body::shown(&Value::String(name.clone()));
        let invalid = |_| Error::bad_request(format!("Invalid server_name: {shown}"));
        ServerName::parse(&name).map_err(invalid)
    });
    let display_name = text("display_name")?.filter(|name| !name.is_empty());
    let display_name = display_name.as_deref().map(parse_display_name);
    let user_options = match object.get("user_options") {
        None => None,
        Some(options @ Value::Object(_)) => Some(options.to_string()),
        Some(_) => return Err(Error::bad_request("user_options must be a dict")),
    };
    Ok(ServerEdit {
        name: name.transpose()?,
        display_name: display_name.transpose()?,
        user_options,
    })
}

/// Gives the permit for the server a path names. A name no server can have is refused in words, but only
/// to those who may do this to the user's servers at all.
pub(super) fn permitted<A>(ctx: &Context) -> Result<Permit<A>, Error>
where
    A: Action<Target = ServerKey>,
{
    let caller = ctx.caller.as_ref();
    let user = ctx.user_param()?;
    match ServerName::parse(ctx.param("server")) {
        Ok(server) => Ok(access::permit::<A>(caller, ServerKey { user, server })?),
        Err(_) => {
            access::permit::<A>(caller, ServerKey::default_of(user))?;
            let name = body::shown(&Value::String(ctx.param("server").to_owned()));
            Err(Error::bad_request(format!("Invalid server_name: {name}")))
        }
    }
}

/// Makes the record of a named server that is new, with its name for people.
pub(in crate::handlers) async fn create_named(
    ctx: &Context,
    key: &ServerKey,
    display_name: Option<DisplayName>,
) -> Result<(), Error> {
    if key.server.is_default() || ctx.hub().store.find_server(key).await?.is_some() {
        return Ok(());
    }
    match make(ctx, key, display_name, None).await {
        // Somebody else made it in between.
        Err(error) if error.status() == StatusCode::CONFLICT => Ok(()),
        made => made,
    }
}

/// Makes the record of a named server, unless its owner has as many as allowed (SP-32).
async fn make(
    ctx: &Context,
    key: &ServerKey,
    display_name: Option<DisplayName>,
    user_options: Option<String>,
) -> Result<(), Error> {
    let limit = ctx.settings.hub.named_server_limit_per_user;
    let server = NewServer {
        display_name: display_name.unwrap_or_else(|| DisplayName::of_server(&key.server)),
        user_options,
        created: ctx.hub().clock.now(),
        limit,
    };
    if ctx.hub().store.create_server(key, server).await? {
        return Ok(());
    }
    Err(Error::bad_request(format!(
        "User {} already has the maximum of {limit} named servers.  One must be deleted before a new server can be created",
        key.user
    )))
}

async fn check_removal(ctx: &Context, key: &ServerKey, remove: bool) -> Result<(), Error> {
    if key.server.is_default() {
        if remove {
            return Err(Error::bad_request("Cannot delete the default server"));
        }
        return Ok(());
    }
    ctx.check_named(key)?;
    if ctx.hub().store.find_server(key).await?.is_none() {
        let text = format!("{} has no server named '{}'", key.user, key.server);
        return Err(Error::not_found(text));
    }
    Ok(())
}

/// Returns why a start failed, in words; who may start a server may know.
///
/// What an account or a policy stands against is no failure of the hub's (SP-65).
fn failed(ctx: &Context, key: &ServerKey, failure: Option<Failure>) -> Error {
    let Some(failure) = failure else {
        return Error::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "The start was cancelled.",
        );
    };
    let refused = matches!(
        failure.cause,
        FailureCause::Refused(_) | FailureCause::LoginNeeded
    );
    let status = match refused {
        true => StatusCode::BAD_REQUEST,
        false if failure.cause == FailureCause::DiskFull => StatusCode::INSUFFICIENT_STORAGE,
        false => StatusCode::INTERNAL_SERVER_ERROR,
    };
    let words = failures::view(key, &failure, &ctx.settings).sentence();
    Error::new(status, words.plain())
}

/// Returns why a command was not taken, with the name that JupyterHub's clients expect.
fn start_error(key: &ServerKey, error: StartError) -> Error {
    let name = log_name(key);
    match error {
        StartError::AlreadyRunning(_) => Error::bad_request(format!("{name} is already running")),
        StartError::PendingStop(_) => Error::bad_request(format!("{name} is pending stop")),
        StartError::PendingCheck(_) => Error::bad_request(format!("{name} is pending check")),
        StartError::TooManyStarting | StartError::TooManyRunning | StartError::Busy => error.into(),
    }
}

/// Returns a reply whose status says all; JupyterHub sends it as empty text.
fn accepted(status: StatusCode) -> Reply {
    let mut reply = reply::empty(status);
    let text = HeaderValue::from_static("text/plain");
    reply.headers_mut().insert(header::CONTENT_TYPE, text);
    reply
}
