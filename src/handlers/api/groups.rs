//! Groups of users (API-42…API-49, API-83).

use http::StatusCode;
use serde::Serialize;
use serde_json::{Map, Value};

use super::{Context, Request, body, paging::Part};
use crate::{
    domain::{
        access::{
            self, AdminGroup, CreateGroups, DeleteGroup, EditGroup, ListReach, ReadGroup, WholeHub,
        },
        names::GroupName,
        scope::ScopeName,
    },
    http::{
        error::Error,
        reply::{self, Reply},
    },
    hub::groups::{self, GroupError, MemberChange},
    store::groups::Group,
};

/// A group on the wire; what the caller may not see is absent.
#[derive(Debug, Clone, PartialEq, Serialize)]
struct GroupModel {
    kind: &'static str,
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    users: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    roles: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    properties: Option<Value>,
}

/// `GET /hub/api/groups`: the groups the caller may list, as far as the caller may see them.
pub async fn list_groups(ctx: &Context, request: Request) -> Result<Reply, Error> {
    let only = match access::list_groups(ctx.caller.as_ref())? {
        ListReach::Everything => None,
        ListReach::Only(groups) => Some(groups),
    };
    let part = Part::parse(ctx, &request)?;
    let store = &ctx.hub().store;
    let page = store.page_of_groups(only, part.offset, part.limit).await?;
    let groups = page.groups.iter();
    let models: Vec<_> = groups.filter_map(|group| model(ctx, group)).collect();
    Ok(part.reply(&models, page.total))
}

/// `POST /hub/api/groups`: makes groups, all or none.
pub async fn create_groups(ctx: &Context, request: Request) -> Result<Reply, Error> {
    let permit = access::permit::<CreateGroups>(ctx.caller.as_ref(), WholeHub)?;
    let object = match body::json(&request)? {
        Some(Value::Object(object)) => object,
        _ => Map::new(),
    };
    let listed = body::texts(&object, "group", "groups")?.unwrap_or_default();
    if listed.is_empty() {
        return Err(Error::bad_request(
            "Must specify at least one group to create",
        ));
    }
    body::check_model_keys(&object, &["groups", "users"])?;
    let mut names = Vec::new();
    for text in listed {
        let name = GroupName::parse(text).map_err(|_| invalid_name(text))?;
        if names.contains(&name) {
            return Err(GroupError::Exists(name).into());
        }
        names.push(name);
    }
    let users = body::user_names(&object, "group", "users")?.unwrap_or_default();
    groups::create_all(ctx.hub(), &permit, names.clone(), users).await?;
    let mut models = Vec::new();
    for name in &names {
        models.extend(find_model(ctx, name).await?);
    }
    Ok(reply::json(StatusCode::CREATED, &models))
}

/// `GET /hub/api/groups/GROUP`: a group, as far as the caller may see it.
pub async fn get_group(ctx: &Context, _request: Request) -> Result<Reply, Error> {
    let permit = access::permit::<ReadGroup>(ctx.caller.as_ref(), ctx.group_param()?)?;
    show(ctx, permit.target(), StatusCode::OK).await
}

/// `POST /hub/api/groups/GROUP`: makes a group.
pub async fn create_group(ctx: &Context, request: Request) -> Result<Reply, Error> {
    let permit = access::permit::<AdminGroup>(ctx.caller.as_ref(), ctx.group_param()?)?;
    let users = match body::json(&request)? {
        None => None,
        Some(_) => {
            let object = body::object_of(&request, &["users"])?;
            body::user_names(&object, "group", "users")?
        }
    };
    groups::create(ctx.hub(), &permit, users.unwrap_or_default()).await?;
    show(ctx, permit.target(), StatusCode::CREATED).await
}

/// `DELETE /hub/api/groups/GROUP`: removes a group.
pub async fn delete_group(ctx: &Context, _request: Request) -> Result<Reply, Error> {
    let permit = access::permit::<DeleteGroup>(ctx.caller.as_ref(), ctx.group_param()?)?;
    groups::delete(ctx.hub(), &permit).await?;
    Ok(reply::empty(StatusCode::NO_CONTENT))
}

/// `POST /hub/api/groups/GROUP/users`: adds members.
pub async fn add_members(ctx: &Context, request: Request) -> Result<Reply, Error> {
    change_members(ctx, &request, MemberChange::Add).await
}

/// `DELETE /hub/api/groups/GROUP/users`: takes members out; their names stand in the body.
pub async fn remove_members(ctx: &Context, request: Request) -> Result<Reply, Error> {
    change_members(ctx, &request, MemberChange::Remove).await
}

/// `PUT /hub/api/groups/GROUP/properties`: replaces what scripts keep with a group.
pub async fn replace_properties(ctx: &Context, request: Request) -> Result<Reply, Error> {
    let permit = access::permit::<EditGroup>(ctx.caller.as_ref(), ctx.group_param()?)?;
    let Some(Value::Object(properties)) = body::json(&request)? else {
        return Err(Error::bad_request("Must specify properties"));
    };
    let properties = Value::Object(properties).to_string();
    groups::set_properties(ctx.hub(), &permit, properties).await?;
    show(ctx, permit.target(), StatusCode::OK).await
}

async fn change_members(
    ctx: &Context,
    request: &Request,
    change: MemberChange,
) -> Result<Reply, Error> {
    let permit = access::permit::<EditGroup>(ctx.caller.as_ref(), ctx.group_param()?)?;
    let object = body::object_of(request, &["users"])?;
    let users = body::user_names(&object, "group", "users")?.ok_or_else(|| {
        Error::bad_request(match change {
            MemberChange::Add => "Must specify users to add",
            MemberChange::Remove => "Must specify users to delete",
        })
    })?;
    groups::change_members(ctx.hub(), &permit, change, users).await?;
    show(ctx, permit.target(), StatusCode::OK).await
}

async fn show(ctx: &Context, name: &GroupName, status: StatusCode) -> Result<Reply, Error> {
    let model = find_model(ctx, name).await?;
    Ok(reply::json(status, &model))
}

/// Returns a group as the caller sees it; `None` when that is not at all, though it is there.
async fn find_model(ctx: &Context, name: &GroupName) -> Result<Option<GroupModel>, Error> {
    let group = ctx.hub().store.find_group(name).await?;
    let group = group.ok_or_else(|| GroupError::NoSuchGroup(name.clone()))?;
    Ok(model(ctx, &group))
}

fn model(ctx: &Context, group: &Group) -> Option<GroupModel> {
    let caller = ctx.caller.as_ref()?;
    let can = |scope: &ScopeName| caller.can(scope, &group.name);
    let whole = can(&ScopeName::ReadGroups);
    let in_roles = can(&ScopeName::ReadRolesGroups);
    if !whole && !in_roles && !can(&ScopeName::ReadGroupsName) {
        return None;
    }
    let roles = || {
        let book = ctx.hub().authority.book();
        let roles = book.roles_of_group(&group.name, &group.roles);
        roles.iter().map(ToString::to_string).collect()
    };
    let users = || group.users.iter().map(ToString::to_string).collect();
    // What is stored was written as an object; anything else would be a fault to show as none.
    let properties = || serde_json::from_str(&group.properties).unwrap_or_default();
    Some(GroupModel {
        kind: "group",
        name: group.name.to_string(),
        users: whole.then(users),
        roles: in_roles.then(roles),
        properties: whole.then(properties),
    })
}

fn invalid_name(text: &str) -> Error {
    let shown = body::shown(&Value::from(text));
    Error::bad_request(format!("Invalid group name: {shown}"))
}

impl From<GroupError> for Error {
    fn from(error: GroupError) -> Self {
        let text = error.to_string();
        match error {
            GroupError::NoSuchGroup(_) => Self::not_found(text),
            GroupError::Exists(_) => Self::conflict(text),
            GroupError::NoSuchUser(_) => Self::bad_request(text),
            GroupError::Store(error) => error.into(),
        }
    }
}
