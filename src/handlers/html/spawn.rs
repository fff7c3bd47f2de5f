//! Starting and stopping servers by visit or by form (PG-60…PG-66).

use std::{collections::BTreeMap, time::Duration};

use http::StatusCode;

use super::{
    Context, Error, Reply, Request, form, next_target, page, query, root, see, server_of,
    signed_in,
    spawn_form::{self, StartForm},
};
use crate::{
    auth::csrf,
    domain::{
        access::{self, Permit, StartServer, StopServer},
        names::ServerKey,
        server::Life,
    },
    handlers::api::servers::{create_named, parse_display_name},
    http::forms::Form,
    hub::{
        profiles::{self, Chosen},
        servers::StartError,
    },
};

/// How long a start is watched before the browser is sent to the page that follows it (PG-66), which
/// leads on at once to a server that got ready in that time.
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
    let options = options_in_query(&query)?;
    // A link may propose what to run, even through the login, after which the hub itself leads here; the person decides.
    let is_proposed = !csrf::is_from_nowhere(request.headers());
    let permit = access::permit::<StartServer>(ctx.caller.as_ref(), key.clone())?;
    if (options.is_empty() || is_proposed) && must_choose(ctx, &key) {
        check_startable(ctx, &key).await?;
        let chosen = match serialized(&options) {
            Some(proposed) => Some(proposed),
            None => {
                let server = ctx.hub().store.find_server(&key).await?;
                server.and_then(|server| server.user_options)
            }
        };
        let chosen = Chosen::read(&ctx.settings, chosen.as_deref());
        let groups = groups_of_owner(ctx, &key).await?;
        let form = StartForm::new(key, &query, chosen.fitting(&ctx.settings, &groups));
        return Ok(page(StatusCode::OK, form.page(ctx, &groups, None)));
    }
    start(ctx, &permit, &query, display_name(&query), options).await
}

/// Tells whether a start of this server begins with the choice of what it runs.
pub(super) fn must_choose(ctx: &Context, key: &ServerKey) -> bool {
    let is_at_rest = matches!(ctx.hub().servers.status(key).life, Life::Stopped { .. });
    is_at_rest && ctx.settings.asks_at_starts()
}

/// Returns what a new named server is to be called (PG-61).
pub(super) fn display_name(fields: &Form) -> Option<&str> {
    fields.get("display_name").filter(|name| !name.is_empty())
}

/// POST `/hub/spawn[/USER[/SERVER]]`: the same from a form.
pub async fn spawn_by_form(ctx: &Context, request: Request) -> Result<Reply, Error> {
    let Ok(person) = signed_in(ctx, &request) else {
        return Err(Error::forbidden("Log in first"));
    };
    let key = server_of(ctx, person)?;
    let query = query(&request)?;
    let fields = form(&request)?;
    let options = spawn_form::of_chosen_profile(options_of(fields.iter()));
    let permit = access::permit::<StartServer>(ctx.caller.as_ref(), key.clone())?;
    // The button of the home page says nothing of what is to run.
    if options.is_empty() && must_choose(ctx, &key) {
        let next = next_target(ctx, &query);
        return Ok(see(ctx.links.spawn(&key, next.as_deref()).as_str()));
    }
    if ctx.settings.asks_at_starts() {
        let chosen = Chosen::read(&ctx.settings, serialized(&options).as_deref());
        let groups = groups_of_owner(ctx, &key).await?;
        if let Err(fault) = chosen.check(&ctx.settings, &groups) {
            let form = StartForm::new(key, &query, chosen);
            let shown = form.page(ctx, &groups, Some(fault.to_string()));
            return Ok(page(StatusCode::BAD_REQUEST, shown));
        }
    }
    let display_name = display_name(&query).or_else(|| display_name(&fields));
    start(ctx, &permit, &query, display_name, options).await
}

/// Refuses a server of nobody, or one that may not be there.
async fn check_startable(ctx: &Context, key: &ServerKey) -> Result<(), Error> {
    super::check_user(ctx, &key.user).await?;
    ctx.check_named(key)
}

async fn groups_of_owner(ctx: &Context, key: &ServerKey) -> Result<Vec<String>, Error> {
    let groups = profiles::groups_of_owner(ctx.hub(), &ctx.settings, key).await;
    groups.map_err(|error| {
        let text = "Your groups could not be looked up. Try again in a moment.";
        Error::unavailable(text).because(error)
    })
}

async fn start(
    ctx: &Context,
    permit: &Permit<StartServer>,
    query: &Form,
    display_name: Option<&str>,
    options: Options,
) -> Result<Reply, Error> {
    let key = permit.target();
    check_startable(ctx, key).await?;
    let display_name = display_name.map(parse_display_name).transpose()?;
    create_named(ctx, key, display_name).await?;
    let servers = &ctx.hub().servers;
    let next = next_target(ctx, query);
    match servers.start(permit, serialized(&options)) {
        Ok(()) => {}
        Err(StartError::AlreadyRunning(_)) => {
            return Ok(root::lead_to_server(ctx, key, query));
        }
        // Whatever is pending has a page of its own.
        Err(StartError::PendingStop(_) | StartError::PendingCheck(_)) => {}
        Err(error) => return Err(error.into()),
    }
    servers.settled(key, FIRST_LOOK).await;
    let pending = ctx.links.spawn_pending(key, next.as_deref());
    Ok(see(&root::with_other_parameters(pending, query)))
}

/// User options as pages send them: every field has a list of texts (PG-63, PG-65).
pub(super) type Options = BTreeMap<String, Vec<String>>;

/// Returns the options in an address: those with `opt-` before their name or, when none has it, all fields.
fn options_in_query(query: &Form) -> Result<Options, Error> {
    let prefixed: Vec<_> = query
        .iter()
        .filter_map(|(name, value)| Some((name.strip_prefix("opt-")?, value)))
        .collect();
    if prefixed.iter().any(|(name, _)| name.is_empty()) {
        let text = "An option has no name: opt- must be followed by one.";
        return Err(Error::new(StatusCode::UNPROCESSABLE_ENTITY, text));
    }
    Ok(match prefixed.is_empty() {
        true => options_of(query.iter()),
        false => options_of(prefixed.into_iter()),
    })
}

fn options_of<'a>(fields: impl Iterator<Item = (&'a str, &'a str)>) -> Options {
    let mut options = Options::new();
    for (name, value) in fields {
        if !root::is_the_hubs_own(name) {
            let values = options.entry(name.to_owned()).or_default();
            values.push(value.to_owned());
        }
    }
    options
}

/// Without any, those of the last start are used again.
fn serialized(options: &Options) -> Option<String> {
    (!options.is_empty()).then(|| serde_json::json!(options).to_string())
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_stand_in_the_address() {
        let table = [
            ("next=%2Fx&display_name=X", None),
            ("size=big&next=%2Fx", Some(r#"{"size":["big"]}"#)),
            ("opt-n=1&opt-n=2&other=x", Some(r#"{"n":["1","2"]}"#)),
            ("_xsrf=abc", None),
        ];
        for (query, expected) in table {
            let query = Form::parse_query(Some(query)).unwrap();
            let options = options_in_query(&query).unwrap();
            assert_eq!(serialized(&options).as_deref(), expected);
        }
        let nameless = Form::parse_query(Some("opt-=x")).unwrap();
        let error = options_in_query(&nameless).unwrap_err();
        assert_eq!(error.status(), StatusCode::UNPROCESSABLE_ENTITY);
    }
}
