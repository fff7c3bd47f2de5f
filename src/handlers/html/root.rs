//! Addresses that only lead on, and the error pages by number.

use http::StatusCode;

use super::{Context, Error, Reply, Request, frame, next_target, page, query, see, signed_in};
use crate::{
    auth::csrf,
    domain::{
        names::{ServerKey, ServerName, UserName},
        server::Life,
    },
    http::forms::Form,
    pages::{
        error::{ErrorView, error_page},
        words::text,
    },
};

/// GET `/hub/`: leads to where the visitor belongs (PG-05, PG-20).
pub async fn lead_on(ctx: &Context, request: Request) -> Result<Reply, Error> {
    let query = query(&request)?;
    if let (None, Some(url)) = (next_target(ctx, &query), &ctx.settings.hub.default_url) {
        return Ok(see(url));
    }
    match signed_in(ctx, &request) {
        Ok(person) => Ok(see(&after_login(ctx, person, &query))),
        Err(login) => Ok(see(login.as_str())),
    }
}

/// Returns where a person is led who has just logged in or asked for `/hub/` (PG-20).
pub fn after_login(ctx: &Context, person: &UserName, query: &Form) -> String {
    if let Some(next) = next_target(ctx, query) {
        return next;
    }
    let key = ServerKey::default_of(person.clone());
    let target = if let Some(url) = &ctx.settings.hub.default_url {
        url.clone()
    } else if !ctx.settings.hub.redirect_to_server {
        ctx.links.home().into()
    } else {
        let life = ctx.hub().servers.status(&key).life;
        if matches!(life, Life::Ready { .. }) {
            ctx.links.server(&key).into()
        } else {
            ctx.links.spawn_own().into()
        }
    };
    with_other_parameters(target, query)
}

/// Appends the request's own parameters, so that they survive the way (PG-20, PG-66), but for the hub's own.
pub(super) fn with_other_parameters(target: impl Into<String>, query: &Form) -> String {
    let mut target = target.into();
    let mut out = form_urlencoded::Serializer::new(String::new());
    for (name, value) in query.iter() {
        if !is_the_hubs_own(name) {
            out.append_pair(name, value);
        }
    }
    let query = out.finish();
    if !query.is_empty() {
        target.push(if target.contains('?') { '&' } else { '?' });
        target.push_str(&query);
    }
    target
}

/// Tells whether a parameter is for the hub: where to go, the token of a form, what a new server is called.
pub(super) fn is_the_hubs_own(parameter: &str) -> bool {
    matches!(parameter, "next" | csrf::FIELD | "display_name")
}

/// Leads to a server that runs: where the request says, or else to its beginning.
pub(super) fn lead_to_server(ctx: &Context, key: &ServerKey, query: &Form) -> Reply {
    let server = || with_other_parameters(ctx.links.server(key), query);
    see(&next_target(ctx, query).unwrap_or_else(server))
}

/// GET `/hub/user-redirect/PATH`: leads to PATH on the visitor's own server (PG-15).
pub async fn redirect_to_own_server(ctx: &Context, request: Request) -> Result<Reply, Error> {
    let person = match signed_in(ctx, &request) {
        Ok(person) => person,
        Err(login) => return Ok(see(login.as_str())),
    };
    let hub = &ctx.settings.hub;
    // A name that nobody may give a server leads nowhere (SP-46).
    let server = match hub.named_servers {
        true => hub.default_server_name.clone(),
        false => ServerName::default_server(),
    };
    let key = ServerKey {
        user: person.clone(),
        server,
    };
    let mut next = format!("{}{}", ctx.links.server(&key), ctx.param("rest"));
    if let Some(query) = request.uri().query() {
        next.push('?');
        next.push_str(query);
    }
    Ok(see(ctx.links.spawn(&key, Some(&next)).as_str()))
}

/// GET `/hub/error/NNN`: the page of an error, itself answered with 200 (PG-19).
pub async fn show_error(ctx: &Context, _request: Request) -> Result<Reply, Error> {
    let number = ctx.param("status");
    let status = StatusCode::from_bytes(number.as_bytes())
        .ok()
        .filter(|status| status.is_client_error() || status.is_server_error())
        .ok_or_else(|| Error::not_found("There is no page for this error."))?;
    let message = match (status, status.canonical_reason()) {
        (StatusCode::SERVICE_UNAVAILABLE, _) => text!("error-message-503").plain(),
        (_, Some(reason)) => reason.to_owned(),
        (_, None) => text!("error-message-other").plain(),
    };
    let view = ErrorView {
        frame: frame(ctx),
        status: status.as_u16(),
        message,
        request_id: ctx.request_id.clone(),
    };
    Ok(page(StatusCode::OK, error_page(&view)))
}
