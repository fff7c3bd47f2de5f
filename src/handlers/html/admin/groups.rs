//! Groups: who is in them, made, filled, emptied, removed.

use http::StatusCode;

use super::{
    Context, Error, Reply, Request, check, check_form, form, frame, names, no_group_name, page,
    query, see, signed_in,
};
use crate::{
    domain::{
        access::{
            self, AdminGroup, Caller, CreateGroups, DeleteGroup, Denied, EditGroup, ListReach,
            WholeHub,
        },
        names::GroupName,
        scope::ScopeName,
    },
    http::forms::Form,
    hub::groups::{self, MemberChange},
    pages::admin::groups::{GroupRow, GroupsView, groups_page},
    store::groups::Group,
};

/// How many groups a page shows.
const PAGE: u64 = 20;
/// How many members of a group are shown.
const MEMBERS: usize = 40;

/// GET `/hub/admin/groups`.
pub async fn show_groups(ctx: &Context, request: Request) -> Result<Reply, Error> {
    if let Err(login) = signed_in(ctx, &request) {
        return Ok(see(login.as_str()));
    }
    check(ctx)?;
    show(ctx, &query(&request)?, None).await
}

/// POST `/hub/admin/groups`: does to a group what `do` says.
pub async fn change_groups(ctx: &Context, request: Request) -> Result<Reply, Error> {
    check_form(ctx, &request)?;
    let form = form(&request)?;
    match change(ctx, &form).await {
        Ok(()) => Ok(see(ctx.links.admin("groups", &[]).as_str())),
        Err(error) if error.status().is_server_error() => Err(error),
        Err(error) => show(ctx, &Form::default(), Some(error)).await,
    }
}

async fn change(ctx: &Context, form: &Form) -> Result<(), Error> {
    let (hub, caller) = (ctx.hub(), ctx.caller.as_ref());
    let name = form.get("group").unwrap_or_default().trim();
    let name = GroupName::parse(name).map_err(|_| no_group_name(name))?;
    let members = names(form.get("names").unwrap_or_default())?;
    match form.get("do").unwrap_or_default() {
        "create" => {
            let permit = access::permit::<AdminGroup>(caller, name)?;
            groups::create(hub, &permit, members).await?;
        }
        "remove" => {
            let permit = access::permit::<DeleteGroup>(caller, name)?;
            groups::delete(hub, &permit).await?;
        }
        "add" => {
            let permit = access::permit::<EditGroup>(caller, name)?;
            groups::change_members(hub, &permit, MemberChange::Add, members).await?;
        }
        "take-out" => {
            let permit = access::permit::<EditGroup>(caller, name)?;
            groups::change_members(hub, &permit, MemberChange::Remove, members).await?;
        }
        _ => return Err(Error::bad_request("The form does not say what to do.")),
    }
    Ok(())
}

async fn show(ctx: &Context, query: &Form, fault: Option<Error>) -> Result<Reply, Error> {
    let caller = ctx.caller.as_ref().ok_or(Denied::NoCredentials)?;
    let only = match access::list_groups(Some(caller))? {
        ListReach::Everything => None,
        ListReach::Only(groups) => Some(groups),
    };
    // What is no number leads to the beginning.
    let offset = query.get("offset").and_then(|text| text.parse().ok());
    let offset = offset.unwrap_or(0);
    let found = ctx.hub().store.page_of_groups(only, offset, PAGE).await?;
    let status = fault.as_ref().map_or(StatusCode::OK, Error::status);
    let view = GroupsView {
        frame: frame(ctx),
        fault: fault.map(|fault| fault.public().to_owned()),
        groups: found
            .groups
            .iter()
            .map(|group| row(caller, group))
            .collect(),
        offset,
        total: found.total,
        may_create: access::permit::<CreateGroups>(Some(caller), WholeHub).is_ok(),
    };
    Ok(page(status, groups_page(&view)))
}

/// Returns a group as far as the caller may see it.
fn row(caller: &Caller, group: &Group) -> GroupRow {
    let can = |scope: ScopeName| caller.can(&scope, &group.name);
    let members: &[_] = match can(ScopeName::ReadGroups) {
        true => &group.users,
        false => &[],
    };
    GroupRow {
        members: members.iter().take(MEMBERS).cloned().collect(),
        count: members.len(),
        may_edit: can(ScopeName::Groups),
        may_delete: can(ScopeName::DeleteGroups),
        name: group.name.clone(),
    }
}
