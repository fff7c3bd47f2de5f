//! Changes of users: their name, whether they are administrators, their groups and roles.
//!
//! Nobody gives what they do not have: a role needs its scopes, a group the scope to change it, a name
//! the scope for whoever has it.

use std::collections::BTreeSet;

use crate::{
    domain::{
        access::{AdminUser, Caller, EditGroup, Owner, Permit},
        names::{GroupName, UserName},
        role::{AdminRole, RoleBook, RoleName, UserStanding},
    },
    hub::{
        Hub,
        users::{self, UserError},
    },
    store::{
        groups::MemberOrigin,
        user_edits::{UserChange, UserEdit},
        user_pages::UserDetails,
    },
};

/// What is wanted of a user; what is `None` stays as it is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Wish {
    /// The name of the account.
    pub name: Option<UserName>,
    /// Whether the user is an administrator.
    pub admin: Option<AdminRole>,
    /// The groups the user is in, beside those that the configuration and the system put them into.
    pub groups: Option<BTreeSet<GroupName>>,
    /// The roles the user has, beside those of everybody and those of the configuration.
    pub roles: Option<BTreeSet<RoleName>>,
}

/// Changes a user, in all or in nothing; returns the name they have then.
pub async fn edit(
    hub: &Hub,
    caller: &Caller,
    permit: &Permit<AdminUser>,
    wish: Wish,
) -> Result<UserName, UserError> {
    let name = permit.target();
    let details = hub.store.find_user_details(name).await?;
    let details = details.ok_or(UserError::NoSuchUser)?;
    let book = hub.authority.book();
    let is_admin = book.is_admin(&standing(&details));
    if is_admin && !users::is_admin(hub, permit.by()).await? {
        return Err(UserError::ModifyingAdmin);
    }
    let admin = wanted_admin(&wish, is_admin)?;
    users::check_granting(hub, permit.by(), admin.unwrap_or(AdminRole::NotHeld)).await?;
    let mut edit = UserEdit {
        name: wish.name.filter(|new| new != name),
        admin,
        ..UserEdit::default()
    };
    if let Some(new) = &edit.name {
        caller.permit::<AdminUser>(new.clone())?;
    }
    if let Some(groups) = wish.groups {
        change_groups(caller, &details, &groups, &mut edit)?;
    }
    if let Some(roles) = wish.roles {
        change_roles(&book, caller, &details, &roles, &mut edit)?;
    }
    apply(hub, permit, edit).await
}

/// Returns whether the user is to be an administrator; that is both a mark and a role.
fn wanted_admin(wish: &Wish, is_admin: bool) -> Result<Option<AdminRole>, UserError> {
    let listed = wish
        .roles
        .as_ref()
        .map(|roles| AdminRole::of(roles.contains(&RoleName::admin())));
    match (wish.admin, listed) {
        (Some(mark), Some(role)) if mark != role => Err(UserError::Contradiction),
        (Some(mark), _) => Ok(Some(mark)),
        (None, Some(role)) if role != AdminRole::of(is_admin) => Ok(Some(role)),
        (None, _) => Ok(None),
    }
}

fn change_groups(
    caller: &Caller,
    details: &UserDetails,
    wanted: &BTreeSet<GroupName>,
    edit: &mut UserEdit,
) -> Result<(), UserError> {
    let is_in = |group: &GroupName| details.groups.iter().any(|(held, _)| held == group);
    edit.join = wanted.iter().filter(|g| !is_in(g)).cloned().collect();
    let leaves = |(group, origin): &&(GroupName, MemberOrigin)| {
        *origin == MemberOrigin::Api && !wanted.contains(group)
    };
    let left = details.groups.iter().filter(leaves);
    edit.leave = left.map(|(group, _)| group.clone()).collect();
    for group in edit.join.iter().chain(&edit.leave) {
        caller.permit::<EditGroup>(group.clone())?;
    }
    Ok(())
}

fn change_roles(
    book: &RoleBook,
    caller: &Caller,
    details: &UserDetails,
    wanted: &BTreeSet<RoleName>,
    edit: &mut UserEdit,
) -> Result<(), UserError> {
    // What everybody or the configuration gives needs no record, and is not taken by removing one.
    let given = UserStanding {
        roles: BTreeSet::new(),
        ..standing(details)
    };
    let given = book.roles_of_user(&given);
    let holder = Owner::User(details.user.name.clone()).holder();
    for name in wanted.difference(&details.roles) {
        if given.contains(name) || *name == RoleName::admin() {
            continue;
        }
        let role = book.find(name);
        let role = role.ok_or_else(|| UserError::NoSuchRole(name.clone()))?;
        let beyond = book
            .expand(&role.scopes, &holder)
            .beyond(caller.grants(), caller.members());
        if !beyond.is_empty() {
            return Err(UserError::NotHeld {
                role: name.clone(),
                scopes: beyond.iter().map(ToString::to_string).collect(),
            });
        }
        edit.give.push(name.clone());
    }
    edit.take = details.roles.difference(wanted).cloned().collect();
    Ok(())
}

async fn apply(
    hub: &Hub,
    permit: &Permit<AdminUser>,
    edit: UserEdit,
) -> Result<UserName, UserError> {
    let name = permit.target();
    let new = edit.name.clone().unwrap_or_else(|| name.clone());
    let changes = in_words(&edit);
    match hub.store.edit_user(name, edit).await? {
        UserChange::Done => {}
        UserChange::NoSuchUser => return Err(UserError::NoSuchUser),
        UserChange::NameTaken => return Err(UserError::NameTaken(new)),
        UserChange::Active => return Err(UserError::Active(name.clone())),
        UserChange::NoSuchGroup(group) => return Err(UserError::NoSuchGroup(group)),
    }
    if !changes.is_empty() {
        tracing::info!(
            target: "audit",
            { user.name = %name },
            "user {name} changed by {}: {}",
            permit.by(),
            changes.join(", ")
        );
    }
    Ok(new)
}

fn in_words(edit: &UserEdit) -> Vec<String> {
    let mut words = Vec::new();
    words.extend(edit.name.iter().map(|new| format!("is now {new}")));
    words.extend(edit.admin.iter().map(|admin| match admin {
        AdminRole::Held => "is administrator".to_owned(),
        AdminRole::NotHeld => "is no administrator".to_owned(),
    }));
    words.extend(edit.join.iter().map(|group| format!("in group {group}")));
    words.extend(
        edit.leave
            .iter()
            .map(|group| format!("not in group {group}")),
    );
    words.extend(edit.give.iter().map(|role| format!("has role {role}")));
    words.extend(edit.take.iter().map(|role| format!("has not role {role}")));
    words
}

/// Returns what the roles of a user follow from.
pub fn standing(details: &UserDetails) -> UserStanding {
    UserStanding {
        roles: details.roles.clone(),
        ..UserStanding::plain(details.user.name.clone(), details.user.admin)
    }
}
