//! Named servers by form: added, renamed, deleted; whatever does not work is told on the home page.

use http::StatusCode;

use super::{Context, Error, Reply, Request, form, home, see, server_of, signed_in, spawn};
use crate::{
    domain::{
        access::{self, StartServer, StopServer},
        names::{DisplayName, ServerKey, ServerName},
    },
    handlers::{api::servers::create_named, cut},
    pages::words::{Text, text},
    store::servers::ServerEdit,
};

/// POST `/hub/new-server/USER`: makes a named server and leads to its start, where that begins with a choice, or starts it.
pub async fn add_server(ctx: &Context, request: Request) -> Result<Reply, Error> {
    let Ok(person) = signed_in(ctx, &request) else {
        return Err(Error::forbidden("Log in first"));
    };
    let form = form(&request)?;
    let (user, name) = (
        ctx.user_param()?,
        form.get("server_name").unwrap_or_default().trim(),
    );
    let whole = ServerKey::default_of(user.clone());
    access::permit::<StartServer>(ctx.caller.as_ref(), whole)?;
    super::check_user(ctx, &user).await?;
    let refused = |reason: Text| home::show(ctx, person, Some(reason));
    let server = match ServerName::parse(name) {
        Ok(server) if !server.is_default() => server,
        _ => return refused(text!("home-refused-name", name = cut(name))).await,
    };
    let display_name = match display_name(form.get("display_name")) {
        Ok(display_name) => display_name,
        Err(reason) => return refused(reason).await,
    };
    let key = ServerKey { user, server };
    let permit = access::permit::<StartServer>(ctx.caller.as_ref(), key.clone())?;
    ctx.check_named(&key)?;
    if ctx.hub().store.find_server(&key).await?.is_some() {
        return refused(text!("home-refused-taken", server = key.server)).await;
    }
    match create_named(ctx, &key, display_name).await {
        Err(error) if error.status() == StatusCode::BAD_REQUEST => {
            return refused(Text::of(error.public())).await;
        }
        made => made?,
    }
    if spawn::must_choose(ctx, &key) {
        return Ok(see(ctx.links.spawn(&key, None).as_str()));
    }
    if let Err(error) = ctx.hub().servers.start(&permit, None) {
        let reason = Error::from(error);
        return refused(text!("home-refused-start", reason = reason.public())).await;
    }
    Ok(see(ctx.links.spawn_pending(&key, None).as_str()))
}

/// POST `/hub/rename-server/USER/SERVER`: changes what people call a stopped server.
pub async fn rename_server(ctx: &Context, request: Request) -> Result<Reply, Error> {
    let Ok(person) = signed_in(ctx, &request) else {
        return Err(Error::forbidden("Log in first"));
    };
    let key = server_of(ctx, person)?;
    access::permit::<StartServer>(ctx.caller.as_ref(), key.clone())?;
    ctx.check_named(&key)?;
    let form = form(&request)?;
    let refused = |reason: Text| home::show(ctx, person, Some(reason));
    let display_name = match display_name(form.get("display_name")) {
        Ok(Some(display_name)) => display_name,
        // Without a name it is called by its own again.
        Ok(None) => DisplayName::of_server(&key.server),
        Err(reason) => return refused(reason).await,
    };
    let edit = ServerEdit {
        display_name: Some(display_name),
        ..ServerEdit::default()
    };
    check_there(ctx, &key).await?;
    let hub = ctx.hub();
    let is_active = hub.servers.status(&key).life.is_active();
    if is_active || !hub.store.edit_server(&key, edit, hub.clock.now()).await? {
        return refused(text!("home-refused-rename")).await;
    }
    Ok(see(ctx.links.home().as_str()))
}

/// POST `/hub/delete-server/USER/SERVER`: forgets a stopped named server.
pub async fn delete_server(ctx: &Context, request: Request) -> Result<Reply, Error> {
    let Ok(person) = signed_in(ctx, &request) else {
        return Err(Error::forbidden("Log in first"));
    };
    let key = server_of(ctx, person)?;
    access::permit::<StopServer>(ctx.caller.as_ref(), key.clone())?;
    ctx.check_named(&key)?;
    if key.server.is_default() {
        return Err(Error::bad_request("Cannot delete the default server"));
    }
    check_there(ctx, &key).await?;
    let hub = ctx.hub();
    let is_active = hub.servers.status(&key).life.is_active();
    if is_active || !hub.store.delete_server(&key).await? {
        let reason = text!("home-refused-delete");
        return home::show(ctx, person, Some(reason)).await;
    }
    Ok(see(ctx.links.home().as_str()))
}

async fn check_there(ctx: &Context, key: &ServerKey) -> Result<(), Error> {
    match ctx.hub().store.find_server(key).await? {
        Some(_) => Ok(()),
        None => {
            let text = format!("{} has no server named '{}'", key.user, key.server);
            Err(Error::not_found(text))
        }
    }
}

fn display_name(field: Option<&str>) -> Result<Option<DisplayName>, Text> {
    match field.map(str::trim).filter(|name| !name.is_empty()) {
        None => Ok(None),
        Some(name) => DisplayName::parse(name)
            .map(Some)
            .map_err(|_| text!("home-refused-display-name", name = cut(name))),
    }
}
