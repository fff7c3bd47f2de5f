//! Users: listed, added, seen, changed, removed (API-23…API-28, API-41).

use std::collections::BTreeSet;

use http::StatusCode;
use serde_json::Value;

use super::{
    Context, Request, body,
    paging::Part,
    user_model::{ShownServers, Sight, UserModel},
};
use crate::{
    domain::{
        access::{
            self, AdminUser, CreateUsers, DeleteUser, Denied, OperateServers, ReadUser, WholeHub,
        },
        names::{GroupName, ServerKey, UserName},
        role::{AdminRole, RoleName},
    },
    handlers::{
        cut,
        user_list::{self, Window},
    },
    http::{
        error::Error,
        forms::Form,
        reply::{self, Reply},
    },
    hub::{
        servers::Status,
        user_edits::{self, Wish},
        users::{self, UserError},
    },
    store::user_pages::{Direction, ServersOf, UserOrder, UserQuery},
};

/// `GET /hub/api/users`: the users the caller may list, as far as the caller may see them.
pub async fn list_users(ctx: &Context, request: Request) -> Result<Reply, Error> {
    let caller = ctx.caller.as_ref().ok_or(Denied::NoCredentials)?;
    let query = Form::parse_query(request.uri().query())?;
    let part = Part::parse(ctx, &request)?;
    let shown = shown_servers(&query);
    let window = Window {
        offset: part.offset,
        limit: part.limit,
    };
    let (page, active) = user_list::find(ctx, &query, "id", window, shown).await?;
    let sight = Sight::of(caller);
    let status = |key: &ServerKey| active.status(key);
    let models = page.users.iter();
    let models: Vec<UserModel> = models
        .filter_map(|details| sight.user(ctx, details, shown, status))
        .collect();
    Ok(part.reply(&models, page.total))
}

/// `POST /hub/api/users`: adds users, those that are not there yet.
pub async fn create_users(ctx: &Context, request: Request) -> Result<Reply, Error> {
    let permit = access::permit::<CreateUsers>(ctx.caller.as_ref(), WholeHub)?;
    let object = match body::json(&request)? {
        Some(Value::Object(object)) => object,
        _ => Default::default(),
    };
    let listed = body::texts(&object, "user", "usernames")?.unwrap_or_default();
    if listed.is_empty() {
        return Err(Error::bad_request(
            "Must specify at least one user to create",
        ));
    }
    body::check_model_keys(&object, &["usernames", "admin"])?;
    let admin = body::boolean(&object, "user", "admin")?.unwrap_or(false);
    let names = parse_names(&listed)?;
    let created = users::create_all(ctx.hub(), &permit, names, AdminRole::of(admin)).await?;
    let models = models_of(ctx, created).await?;
    Ok(reply::json(StatusCode::CREATED, &models))
}

/// `GET /hub/api/users/NAME`: a user, as far as the caller may see them.
pub async fn get_user(ctx: &Context, request: Request) -> Result<Reply, Error> {
    let permit = access::permit::<ReadUser>(ctx.caller.as_ref(), ctx.user_param()?)?;
    let query = Form::parse_query(request.uri().query())?;
    let model = model_of(ctx, permit.target(), shown_servers(&query)).await?;
    Ok(reply::json(StatusCode::OK, &model))
}

/// `POST /hub/api/users/NAME`: adds a user.
pub async fn create_user(ctx: &Context, request: Request) -> Result<Reply, Error> {
    let caller = ctx.caller.as_ref();
    let Ok(name) = UserName::normalised(ctx.param("user")) else {
        access::permit::<CreateUsers>(caller, WholeHub)?;
        return Err(invalid_name(ctx.param("user")));
    };
    let permit = access::permit::<AdminUser>(caller, name)?;
    let admin = match body::json(&request)? {
        None => false,
        Some(_) => {
            let object = body::object_of(&request, &["admin"])?;
            body::boolean(&object, "user", "admin")?.unwrap_or(false)
        }
    };
    users::create(ctx.hub(), &permit, AdminRole::of(admin)).await?;
    let model = model_of(ctx, permit.target(), ShownServers::Active).await?;
    Ok(reply::json(StatusCode::CREATED, &model))
}

/// `PATCH /hub/api/users/NAME`: changes what is named in the body and nothing else.
pub async fn edit_user(ctx: &Context, request: Request) -> Result<Reply, Error> {
    let permit = access::permit::<AdminUser>(ctx.caller.as_ref(), ctx.user_param()?)?;
    let caller = ctx.caller.as_ref().ok_or(Denied::NoCredentials)?;
    super::get_user(ctx, permit.target()).await?;
    let wish = parse_wish(&request, permit.target())?;
    let name = user_edits::edit(ctx.hub(), caller, &permit, wish).await?;
    let model = model_of(ctx, &name, ShownServers::Active).await?;
    Ok(reply::json(
        StatusCode::OK,
        &model.map(UserModel::with_auth_state),
    ))
}

/// `DELETE /hub/api/users/NAME`: stops the user's servers and forgets the user.
pub async fn delete_user(ctx: &Context, _request: Request) -> Result<Reply, Error> {
    let permit = access::permit::<DeleteUser>(ctx.caller.as_ref(), ctx.user_param()?)?;
    users::delete(ctx.hub(), &permit).await?;
    Ok(reply::empty(StatusCode::NO_CONTENT))
}

/// `POST /hub/api/users/NAME/admin-access`: a way of JupyterHub's past into other people's servers.
pub async fn refuse_admin_access(ctx: &Context, _request: Request) -> Result<Reply, Error> {
    access::permit::<OperateServers>(ctx.caller.as_ref(), ctx.user_param()?)?;
    Err(Error::forbidden("admin access to user servers disabled"))
}

fn shown_servers(query: &Form) -> ShownServers {
    match query.get("include_stopped_servers") {
        None | Some("0") => ShownServers::Active,
        Some(text) if text.eq_ignore_ascii_case("false") => ShownServers::Active,
        Some(_) => ShownServers::All,
    }
}

/// Parses names of users, all or none.
pub(in crate::handlers) fn parse_names(listed: &[&str]) -> Result<Vec<UserName>, Error> {
    let (mut names, mut invalid) = (Vec::new(), Vec::new());
    for text in listed {
        match UserName::normalised(text) {
            Ok(name) => names.push(name),
            Err(_) => invalid.push(text.chars().take(64).collect::<String>()),
        }
    }
    match invalid.as_slice() {
        [] => Ok(names),
        [one] => Err(Error::bad_request(format!("Invalid username: {one}"))),
        several => {
            let text = format!("Invalid usernames: {}", several.join(", "));
            Err(Error::bad_request(
                text.chars().take(1000).collect::<String>(),
            ))
        }
    }
}

fn invalid_name(text: &str) -> Error {
    let shown = body::shown(&Value::from(text));
    Error::bad_request(format!("Invalid username: {shown}"))
}

fn parse_wish(request: &Request, user: &UserName) -> Result<Wish, Error> {
    let object = body::object_of(request, &["name", "admin", "auth_state", "groups", "roles"])?;
    if let Some(other) = object.get("auth_state").filter(|value| !value.is_object()) {
        // Accounts of the machine have none; what is sent is taken and not kept.
        return Err(body::wrong_class("user", "auth_state", "dict", other));
    }
    let name = match body::text(&object, "user", "name")? {
        // The present name is good, however it is written.
        Some(text) if text != user.as_str() => {
            Some(UserName::normalised(text).map_err(|_| invalid_name(text))?)
        }
        _ => None,
    };
    let groups = body::texts(&object, "user", "groups")?;
    let groups = groups.map(|texts| {
        let parse = |text: &&str| {
            let unknown = || Error::bad_request(format!("No such group: {}", cut(text)));
            GroupName::parse(text).map_err(|_| unknown())
        };
        texts.iter().map(parse).collect::<Result<BTreeSet<_>, _>>()
    });
    let roles = body::texts(&object, "user", "roles")?;
    let roles = roles.map(|texts| {
        let parse = |text: &&str| {
            let unknown = || Error::bad_request(format!("No such role: {}", cut(text)));
            RoleName::parse(text).map_err(|_| unknown())
        };
        texts.iter().map(parse).collect::<Result<BTreeSet<_>, _>>()
    });
    Ok(Wish {
        name,
        admin: body::boolean(&object, "user", "admin")?.map(AdminRole::of),
        groups: groups.transpose()?,
        roles: roles.transpose()?,
    })
}

/// Returns a user as the caller sees them; `None` when that is not at all, though they are there.
async fn model_of(
    ctx: &Context,
    name: &UserName,
    shown: ShownServers,
) -> Result<Option<UserModel>, Error> {
    let caller = ctx.caller.as_ref().ok_or(Denied::NoCredentials)?;
    let details = ctx.hub().store.find_user_details(name).await?;
    let details = details.ok_or_else(|| Error::not_found("Not Found"))?;
    let status = |key: &ServerKey| ctx.hub().servers.status(key);
    Ok(Sight::of(caller).user(ctx, &details, shown, status))
}

/// Returns users who were just added as the caller sees them.
async fn models_of(ctx: &Context, names: Vec<UserName>) -> Result<Vec<UserModel>, Error> {
    let caller = ctx.caller.as_ref().ok_or(Denied::NoCredentials)?;
    let limit = u64::try_from(names.len()).unwrap_or(u64::MAX);
    let query = UserQuery {
        only: Some(names.into_iter().collect()),
        except: BTreeSet::new(),
        part_of_name: String::new(),
        order: UserOrder::Added(Direction::Ascending),
        offset: 0,
        limit,
        servers_of: ServersOf::Only(BTreeSet::new()),
    };
    let page = ctx.hub().store.page_of_users(query).await?;
    let sight = Sight::of(caller);
    let status = |_: &ServerKey| Status::at_rest();
    let models = page.users.iter();
    Ok(models
        .filter_map(|details| sight.user(ctx, details, ShownServers::Active, status))
        .collect())
}

impl From<UserError> for Error {
    fn from(error: UserError) -> Self {
        let text = error.to_string();
        match error {
            UserError::GrantingAdmin | UserError::ModifyingAdmin | UserError::NotHeld { .. } => {
                Self::forbidden(text)
            }
            UserError::AllExist(_) | UserError::Exists(_) => Self::conflict(text),
            UserError::NoSuchUser => Self::not_found(text),
            UserError::NameTaken(_)
            | UserError::NoSuchGroup(_)
            | UserError::NoSuchRole(_)
            | UserError::Contradiction
            | UserError::Active(_)
            | UserError::Yourself
            | UserError::Stopping(_) => Self::bad_request(text),
            UserError::Denied(denied) => denied.into(),
            UserError::Store(error) => error.into(),
        }
    }
}
