//! Users and their servers: a part of them at a time, and what is done to those picked.

use std::collections::BTreeSet;

use http::StatusCode;

use super::{
    Context, Error, Reply, Request, check, check_form, form, frame, names, no_user_name, page,
    query, refused, see, signed_in,
};
use crate::{
    domain::{
        access::{
            self, AdminUser, Caller, CreateUsers, DeleteUser, Denied, StartServer, StopServer,
            WholeHub,
        },
        names::{ServerKey, UserName},
        role::AdminRole,
        scope::ScopeName,
    },
    handlers::{
        api::user_model::ShownServers,
        user_list::{self, Active, Window},
    },
    http::forms::Form,
    hub::{
        servers::usage::ServerUsage,
        user_edits::{self, Wish},
        users,
    },
    pages::{
        admin::users::{
            Choice, RemovalView, ServerRow, UserRow, UsersView, removal_page, users_page,
        },
        home::ServerState,
        words::{Text, text},
    },
    store::user_pages::UserDetails,
};

/// How many users a page shows.
const PAGE: u64 = 50;

/// GET `/hub/admin/users`.
pub async fn show_users(ctx: &Context, request: Request) -> Result<Reply, Error> {
    if let Err(login) = signed_in(ctx, &request) {
        return Ok(see(login.as_str()));
    }
    check(ctx)?;
    show(ctx, &query(&request)?, Vec::new()).await
}

/// POST `/hub/admin/users`: does to the users picked what `do` says.
pub async fn change_users(ctx: &Context, request: Request) -> Result<Reply, Error> {
    check_form(ctx, &request)?;
    let form = form(&request)?;
    let mut picked = BTreeSet::new();
    for name in form.get_all("user") {
        picked.insert(UserName::parse(name).map_err(|_| no_user_name(name))?);
    }
    let what = form.get("do").unwrap_or_default();
    let faults = match what {
        "add" => match add(ctx, &form).await {
            Ok(()) => Vec::new(),
            Err(error) => vec![told("", error)?],
        },
        _ if picked.is_empty() => vec![text!("admin-users-tick")],
        "remove" => {
            let view = RemovalView {
                frame: frame(ctx),
                users: picked.into_iter().collect(),
            };
            return Ok(page(StatusCode::OK, removal_page(&view)));
        }
        _ => {
            let mut faults = Vec::new();
            for name in &picked {
                let done = match what {
                    "start" => start(ctx, name).await,
                    "stop" => stop(ctx, name),
                    "make-admin" => set_admin(ctx, name, AdminRole::Held).await,
                    "unmake-admin" => set_admin(ctx, name, AdminRole::NotHeld).await,
                    "remove-now" => remove(ctx, name).await,
                    _ => return Err(Error::bad_request("The form does not say what to do.")),
                };
                if let Err(error) = done {
                    faults.push(told(name.as_str(), error)?);
                }
            }
            faults
        }
    };
    if faults.is_empty() {
        return Ok(see(choice(&form).link(&frame(ctx)).as_str()));
    }
    show(ctx, &form, faults).await
}

/// Returns what did not work in words for the page; what nobody expects stays an error.
fn told(name: &str, error: Error) -> Result<Text, Error> {
    if error.status().is_server_error() {
        return Err(error);
    }
    Ok(match name {
        "" => Text::of(error.public()),
        name => text!("admin-users-fault", user = name, fault = error.public()),
    })
}

async fn start(ctx: &Context, name: &UserName) -> Result<(), Error> {
    let key = ServerKey::default_of(name.clone());
    let permit = access::permit::<StartServer>(ctx.caller.as_ref(), key)?;
    super::super::check_user(ctx, name).await?;
    Ok(ctx.hub().servers.start(&permit, None)?)
}

/// Stops whatever of a user's is not stopped.
fn stop(ctx: &Context, name: &UserName) -> Result<(), Error> {
    let default = ServerKey::default_of(name.clone());
    access::permit::<StopServer>(ctx.caller.as_ref(), default)?;
    for key in Active::of(ctx).servers_of(name) {
        let permit = access::permit::<StopServer>(ctx.caller.as_ref(), key)?;
        ctx.hub().servers.stop(&permit)?;
    }
    Ok(())
}

async fn set_admin(ctx: &Context, name: &UserName, admin: AdminRole) -> Result<(), Error> {
    let caller = ctx.caller.as_ref().ok_or(Denied::NoCredentials)?;
    let permit = access::permit::<AdminUser>(Some(caller), name.clone())?;
    let wish = Wish {
        admin: Some(admin),
        ..Wish::default()
    };
    user_edits::edit(ctx.hub(), caller, &permit, wish).await?;
    Ok(())
}

async fn remove(ctx: &Context, name: &UserName) -> Result<(), Error> {
    let permit = access::permit::<DeleteUser>(ctx.caller.as_ref(), name.clone())?;
    users::delete(ctx.hub(), &permit).await?;
    Ok(())
}

async fn add(ctx: &Context, form: &Form) -> Result<(), Error> {
    let permit = access::permit::<CreateUsers>(ctx.caller.as_ref(), WholeHub)?;
    let names = names(form.get("names").unwrap_or_default())?;
    if names.is_empty() {
        return Err(refused(&text!("admin-users-add-nobody")));
    }
    let admin = AdminRole::of(form.get("admin").is_some());
    users::create_all(ctx.hub(), &permit, names, admin).await?;
    Ok(())
}

/// Shows the users whom a query, or a form that repeats it, picks.
async fn show(ctx: &Context, query: &Form, faults: Vec<Text>) -> Result<Reply, Error> {
    let caller = ctx.caller.as_ref().ok_or(Denied::NoCredentials)?;
    let choice = choice(query);
    let window = Window {
        offset: choice.offset,
        limit: PAGE,
    };
    let usual = Choice::BY_NAME;
    let (found, active) = user_list::find(ctx, query, usual, window, ShownServers::All).await?;
    let shown: BTreeSet<&UserName> = found.users.iter().map(|found| &found.user.name).collect();
    let used = ctx
        .hub()
        .servers
        .usage(|key| shown.contains(&key.user))
        .await;
    let rows = found.users.iter();
    let status = match faults.is_empty() {
        true => StatusCode::OK,
        false => StatusCode::BAD_REQUEST,
    };
    let view = UsersView {
        frame: frame(ctx),
        now: ctx.hub().clock.now(),
        faults,
        choice,
        users: rows
            .map(|row| user_row(caller, row, &active, &used))
            .collect(),
        total: found.total,
        size: PAGE,
        may_add: access::permit::<CreateUsers>(Some(caller), WholeHub).is_ok(),
    };
    Ok(page(status, users_page(&view)))
}

fn choice(query: &Form) -> Choice {
    let text = |name: &str| query.get(name).unwrap_or_default().to_owned();
    Choice {
        name_filter: text("name_filter"),
        state: text("state"),
        sort: query.get("sort").unwrap_or(Choice::BY_NAME).to_owned(),
        // What is no number leads to the beginning.
        offset: text("offset").parse().unwrap_or(0),
    }
}

/// Returns a user as far as the caller may see them.
fn user_row(
    caller: &Caller,
    details: &UserDetails,
    active: &Active,
    used: &[ServerUsage],
) -> UserRow {
    let name = &details.user.name;
    let can = |scope: ScopeName| caller.can(&scope, name);
    let servers = details.servers.iter().map(|server| &server.key);
    let servers = servers.filter(|key| caller.can(&ScopeName::ReadServers, *key));
    UserRow {
        admin: can(ScopeName::ReadUsers) && details.user.admin == AdminRole::Held,
        groups: match can(ScopeName::ReadUsersGroups) {
            true => details
                .groups
                .iter()
                .map(|(group, _)| group.clone())
                .collect(),
            false => Vec::new(),
        },
        last_activity: details
            .user
            .last_activity
            .filter(|_| can(ScopeName::ReadUsersActivity)),
        servers: servers
            .map(|key| ServerRow {
                state: ServerState::of(&active.status(key).life),
                memory_bytes: used
                    .iter()
                    .find(|used| used.key == *key)
                    .and_then(|used| used.usage.memory_bytes),
                may_open: caller.can(&ScopeName::AccessServers, key),
                key: key.clone(),
            })
            .collect(),
        name: name.clone(),
    }
}
