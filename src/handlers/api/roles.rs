//! Roles, with who has them; Carrel's own, for JupyterHub's stand in its configuration only.

use http::StatusCode;
use serde::Serialize;
use serde_json::{Map, Value};

use super::{Context, Request, body};
use crate::{
    domain::{
        access::{self, Denied, ReadRoles, WholeHub},
        names::{GroupName, ServiceName},
        role::{Origin, RoleName},
        scope::{self, Scope},
    },
    handlers::cut,
    http::{
        error::Error,
        reply::{self, Reply},
    },
    hub::roles::{self, HeldRole, RoleError, RoleOrder, RolePermit, Written},
    store::roles::{HolderEdit, NamedHolders},
};

/// What a body names holders by.
const HOLDERS: [&str; 3] = ["users", "groups", "services"];

/// A role on the wire.
#[derive(Debug, Clone, PartialEq, Serialize)]
struct RoleModel {
    name: String,
    description: String,
    scopes: Vec<String>,
    users: Vec<String>,
    groups: Vec<String>,
    services: Vec<String>,
    origin: &'static str,
}

/// `GET /hub/api/roles`: all roles, by name.
pub async fn list_roles(ctx: &Context, _request: Request) -> Result<Reply, Error> {
    access::permit::<ReadRoles>(ctx.caller.as_ref(), WholeHub)?;
    let roles = roles::list(ctx.hub()).await?;
    let models: Vec<_> = roles.iter().map(model).collect();
    Ok(reply::json(StatusCode::OK, &models))
}

/// `GET /hub/api/roles/ROLE`: a role.
pub async fn get_role(ctx: &Context, _request: Request) -> Result<Reply, Error> {
    access::permit::<ReadRoles>(ctx.caller.as_ref(), WholeHub)?;
    show(ctx, &role_param(ctx)?, StatusCode::OK).await
}

/// `PUT /hub/api/roles/ROLE`: makes a role, or changes what is named in the body.
pub async fn put_role(ctx: &Context, request: Request) -> Result<Reply, Error> {
    let permit = RolePermit::of(ctx.caller.as_ref())?;
    let caller = ctx.caller.as_ref().ok_or(Denied::NoCredentials)?;
    let name = RoleName::parse(ctx.param("role")).map_err(|_| {
        let shown = body::shown(&Value::from(ctx.param("role")));
        Error::bad_request(format!("Invalid role name: {shown}"))
    })?;
    let order = parse_order(ctx, &request)?;
    let status = match roles::put(ctx.hub(), caller, &permit, &name, order).await? {
        Written::Created => StatusCode::CREATED,
        Written::Changed => StatusCode::OK,
    };
    show(ctx, &name, status).await
}

/// `POST /hub/api/roles/ROLE/holders`: gives a role to those who are named.
pub async fn give_role(ctx: &Context, request: Request) -> Result<Reply, Error> {
    change_holders(ctx, &request, HolderEdit::Grant).await
}

/// `DELETE /hub/api/roles/ROLE/holders`: takes a role from those who are named.
pub async fn take_role(ctx: &Context, request: Request) -> Result<Reply, Error> {
    change_holders(ctx, &request, HolderEdit::Revoke).await
}

async fn change_holders(
    ctx: &Context,
    request: &Request,
    edit: fn(NamedHolders) -> HolderEdit,
) -> Result<Reply, Error> {
    let permit = RolePermit::of(ctx.caller.as_ref())?;
    let caller = ctx.caller.as_ref().ok_or(Denied::NoCredentials)?;
    let name = role_param(ctx)?;
    let holders = parse_holders(&body::object_of(request, &HOLDERS)?)?;
    roles::change_holders(ctx.hub(), caller, &permit, &name, edit(holders)).await?;
    show(ctx, &name, StatusCode::OK).await
}

/// `DELETE /hub/api/roles/ROLE`: removes a role.
pub async fn delete_role(ctx: &Context, _request: Request) -> Result<Reply, Error> {
    let permit = RolePermit::of(ctx.caller.as_ref())?;
    roles::delete(ctx.hub(), &permit, &role_param(ctx)?).await?;
    Ok(reply::empty(StatusCode::NO_CONTENT))
}

fn parse_order(ctx: &Context, request: &Request) -> Result<RoleOrder, Error> {
    const KEYS: [&str; 5] = ["description", "scopes", "users", "groups", "services"];
    let object = body::object_of(request, &KEYS)?;
    let description = body::text(&object, "role", "description")?;
    let scopes = body::texts(&object, "role", "scopes")?;
    let scopes = scopes.map(|texts| parse_scopes(ctx, &texts));
    Ok(RoleOrder {
        description: description.map(str::to_owned),
        scopes: scopes.transpose()?,
        holders: parse_holders(&object)?,
    })
}

fn parse_holders(object: &Map<String, Value>) -> Result<NamedHolders, Error> {
    let group = |text: &str| GroupName::parse(text).ok();
    let service = |text: &str| ServiceName::parse(text).ok();
    Ok(NamedHolders {
        users: body::user_names(object, "role", "users")?,
        groups: names(object, "groups", "group", group)?,
        services: names(object, "services", "service", service)?,
    })
}

fn parse_scopes(ctx: &Context, texts: &[&str]) -> Result<Vec<Scope>, Error> {
    let book = ctx.hub().authority.book();
    let parsed = texts.iter().map(|text| book.parse_scope(text));
    let mut scopes: Vec<Scope> = parsed
        .collect::<Result<_, _>>()
        .map_err(|error| Error::bad_request(error.to_string()))?;
    scopes.sort();
    scopes.dedup();
    Ok(scopes)
}

/// Reads names of one kind; a name that nothing can have is as unknown as any other.
fn names<T>(
    object: &Map<String, Value>,
    key: &str,
    kind: &str,
    parse: impl Fn(&str) -> Option<T>,
) -> Result<Option<Vec<T>>, Error> {
    let Some(texts) = body::texts(object, "role", key)? else {
        return Ok(None);
    };
    let parsed = texts.into_iter().map(|text| {
        let unknown = || Error::bad_request(format!("No such {kind}: {}", cut(text)));
        parse(text).ok_or_else(unknown)
    });
    parsed.collect::<Result<Vec<_>, _>>().map(Some)
}

/// Returns the role named by the path; a name no role can have is none's.
fn role_param(ctx: &Context) -> Result<RoleName, Error> {
    let text = ctx.param("role");
    let missing = || Error::not_found(format!("No such role: {}", cut(text)));
    RoleName::parse(text).map_err(|_| missing())
}

async fn show(ctx: &Context, name: &RoleName, status: StatusCode) -> Result<Reply, Error> {
    let role = roles::get(ctx.hub(), name).await?;
    Ok(reply::json(status, &model(&role)))
}

fn model(held: &HeldRole) -> RoleModel {
    fn texts<'a, T: ToString + 'a>(names: impl IntoIterator<Item = &'a T>) -> Vec<String> {
        names.into_iter().map(ToString::to_string).collect()
    }
    RoleModel {
        name: held.role.name.to_string(),
        description: held.role.description.clone(),
        scopes: scope::texts(&held.role.scopes),
        users: texts(&held.holders.users),
        groups: texts(&held.holders.groups),
        services: texts(&held.holders.services),
        origin: match held.origin {
            Origin::Default => "default",
            Origin::Configuration => "configuration",
            Origin::RunTime => "run-time",
        },
    }
}

impl From<RoleError> for Error {
    fn from(error: RoleError) -> Self {
        let text = error.to_string();
        match error {
            RoleError::NoSuchRole(_) => Self::not_found(text),
            RoleError::Default(_) | RoleError::Configured(_) => Self::conflict(text),
            RoleError::NotHeld { .. } => Self::forbidden(text),
            RoleError::NoSuchUser(_) | RoleError::NoSuchGroup(_) | RoleError::NoSuchService(_) => {
                Self::bad_request(text)
            }
            RoleError::Store(error) => error.into(),
        }
    }
}
