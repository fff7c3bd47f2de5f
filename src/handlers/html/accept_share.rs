//! The invitation to a shared server, and its acceptance (PG-95, PG-96).

use http::StatusCode;

use super::{
    Context, Error, Reply, Request, form, frame, next_target, page, query, see, signed_in,
};
use crate::{
    domain::{names::ServerKey, server::Life, share},
    handlers::cut,
    http::forms::Form,
    hub::shares,
    pages::accept_share::{AcceptShareView, accept_share_page},
    store::share_codes::Exchange,
};

const OWN_SERVER: &str = "You can't share with yourself!";

/// GET `/hub/accept-share?code=…[&next=…]`: what the visitor is invited to; after the login, if need be.
pub async fn show_invitation(ctx: &Context, request: Request) -> Result<Reply, Error> {
    let person = match signed_in(ctx, &request) {
        Ok(person) => person,
        Err(login) => return Ok(see(login.as_str())),
    };
    let query = query(&request)?;
    let text = code([&query])?;
    let hub = ctx.hub();
    let code = shares::find_code(&hub.store, &hub.clock, text).await?;
    let code = code.ok_or_else(|| Error::not_found("Share not found or expired"))?;
    let key = code.server;
    if key.user == *person {
        return Err(Error::forbidden(OWN_SERVER));
    }
    let view = AcceptShareView {
        frame: frame(ctx),
        is_running: matches!(hub.servers.status(&key).life, Life::Ready { .. }),
        scopes: crate::domain::scope::texts(&share::bounded(&code.shared, &key)),
        code: text.to_owned(),
        next: onward(ctx, [&query], &key),
        key,
    };
    Ok(page(StatusCode::OK, accept_share_page(&view)))
}

/// POST `/hub/accept-share`: the visitor accepts, and is led to the server.
pub async fn accept_invitation(ctx: &Context, request: Request) -> Result<Reply, Error> {
    let Ok(person) = signed_in(ctx, &request) else {
        return Err(Error::forbidden("Log in first"));
    };
    let (form, query) = (form(&request)?, query(&request)?);
    let text = code([&form, &query])?;
    let hub = ctx.hub();
    match shares::exchange(&hub.store, &hub.clock, text, person).await? {
        Exchange::Share(share) => Ok(see(&onward(ctx, [&form, &query], &share.server))),
        Exchange::OwnServer => Err(Error::bad_request(OWN_SERVER)),
        Exchange::NoCode => {
            let refused = format!("Invalid share code: {}", cut(text));
            Err(Error::bad_request(refused))
        }
    }
}

/// Returns the code that stands in the first of these forms that has one.
fn code<'a>(forms: impl IntoIterator<Item = &'a Form>) -> Result<&'a str, Error> {
    let found = forms.into_iter().find_map(|form| form.get("code"));
    found.ok_or_else(|| Error::bad_request("Missing argument code"))
}

/// Returns where the visitor is led afterwards: where the link says, if that is local, or to the server.
fn onward<'a>(ctx: &Context, forms: impl IntoIterator<Item = &'a Form>, key: &ServerKey) -> String {
    let wish = forms.into_iter().find_map(|form| next_target(ctx, form));
    wish.unwrap_or_else(|| ctx.links.server(key).into())
}
