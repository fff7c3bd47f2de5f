//! Starting and stopping servers by visit or by form (PG-60…PG-66).

use std::time::Duration;

use http::StatusCode;

use super::{Context, Error, Reply, Request, form, next_target, query, see, server_of, signed_in};
use crate::{
    domain::{
        access::{self, StartServer, StopServer},
        names::ServerKey,
        server::Life,
    },
    http::forms::Form,
    hub::servers::StartError,
};

/// How long a start is watched before the browser is sent to the page that follows it (PG-66).
const FIRST_LOOK: Duration = Duration::from_secs(1);
/// How long a stop by form is waited for; Jupyter needs about one second.
const STOP_LOOK: Duration = Duration::from_secs(10);

/// GET `/hub/spawn[/USER[/SERVER]]`: starts the server, unless it runs already.
pub async fn spawn_by_visit(ctx: &Context, request: Request) -> Result<Reply, Error> {
    let person = match signed_in(ctx, &request) {
        Ok(person) => person,
        Err(login) => return Ok(see(login.as_str())),
    };
    let key = server_of(ctx, person)?;
    let query = query(&request)?;
    start(ctx, key, &query).await
}

/// POST `/hub/spawn[/USER[/SERVER]]`: the same from a form.
pub async fn spawn_by_form(ctx: &Context, request: Request) -> Result<Reply, Error> {
    let Ok(person) = signed_in(ctx, &request) else {
        return Err(Error::forbidden("Log in first"));
    };
    let key = server_of(ctx, person)?;
    let query = query(&request)?;
    form(&request)?;
    start(ctx, key, &query).await
}

async fn start(ctx: &Context, key: ServerKey, query: &Form) -> Result<Reply, Error> {
    let permit = access::permit::<StartServer>(ctx.caller.as_ref(), key.clone())?;
    ctx.check_named(&key)?;
    let servers = &ctx.hub().servers;
    let next = next_target(ctx, query);
    let onward = || match &next {
        Some(next) => see(next),
        None => see(ctx.links.server(&key).as_str()),
    };
    match servers.start(&permit, None) {
        Ok(()) => {}
        Err(StartError::AlreadyRunning(_)) => return Ok(onward()),
        // Whatever is pending has a page of its own.
        Err(StartError::PendingStop(_) | StartError::PendingCheck(_)) => {}
        Err(error) => return Err(error.into()),
    }
    let life = servers.settled(&key, FIRST_LOOK).await.life;
    if matches!(life, Life::Ready { .. }) {
        return Ok(onward());
    }
    Ok(see(ctx.links.spawn_pending(&key, next.as_deref()).as_str()))
}

/// POST `/hub/stop/USER[/SERVER]`: stops a server or cancels its start, then shows the home page.
pub async fn stop_by_form(ctx: &Context, request: Request) -> Result<Reply, Error> {
    let Ok(person) = signed_in(ctx, &request) else {
        return Err(Error::forbidden("Log in first"));
    };
    let key = server_of(ctx, person)?;
    let permit = access::permit::<StopServer>(ctx.caller.as_ref(), key.clone())?;
    ctx.hub().servers.stop(&permit)?;
    ctx.hub().servers.settled(&key, STOP_LOOK).await;
    Ok(see(ctx.links.home().as_str()))
}

impl From<StartError> for Error {
    fn from(error: StartError) -> Self {
        match error {
            StartError::AlreadyRunning(_)
            | StartError::PendingStop(_)
            | StartError::PendingCheck(_) => Self::bad_request(error.to_string()),
            StartError::TooManyStarting => Self::too_many(
                "Too many users trying to log in right now. Try again in 30 seconds.",
                30,
            ),
            StartError::TooManyRunning => Self::new(
                StatusCode::TOO_MANY_REQUESTS,
                "Active user limit exceeded. Try again in a few minutes.",
            ),
            StartError::Busy => Self::unavailable(
                "The server is busy with earlier requests. Try again in a moment.",
            ),
        }
    }
}
