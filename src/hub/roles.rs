//! Roles that are made, changed and removed while the hub runs.
//!
//! They are for administrators: whoever writes one must have the whole of users and groups, and each
//! scope that the role could give to anybody. Roles of the configuration and default ones stay as they are.

use thiserror::Error;

use crate::{
    domain::{
        access::{Caller, CreateGroups, CreateUsers, Denied, Permit, WholeHub},
        names::{GroupName, ServiceName, UserName},
        role::{Members, Origin, Role, RoleName},
        scope::{self, Scope},
    },
    hub::Hub,
    store::{
        self,
        roles::{HolderEdit, NamedHolders, RoleChange},
    },
};

/// The proof that somebody may write roles.
pub struct RolePermit {
    users: Permit<CreateUsers>,
    _groups: Permit<CreateGroups>,
}

/// What is wanted of a role; what is `None` stays as it is, and is nothing for a new one.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RoleOrder {
    /// What it is for.
    pub description: Option<String>,
    /// What it allows.
    pub scopes: Option<Vec<Scope>>,
    /// Who has it.
    pub holders: NamedHolders,
}

/// A role with all who have it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeldRole {
    /// The role.
    pub role: Role,
    /// Where it comes from.
    pub origin: Origin,
    /// Who has it, by configuration or since. That everybody has the role `user` is not repeated here.
    pub holders: Members,
}

/// Whether a role was there before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Written {
    /// It is new.
    Created,
    /// It was changed.
    Changed,
}

/// Why a role was not found, written or removed.
#[derive(Debug, Error)]
pub enum RoleError {
    /// There is none.
    #[error("No such role: {0}")]
    NoSuchRole(RoleName),
    /// It always exists.
    #[error("Role {0} is a default role: it can only be changed in the configuration")]
    Default(RoleName),
    /// The configuration has it.
    #[error("Role {0} is defined in the configuration: it can only be changed there")]
    Configured(RoleName),
    /// Nobody gives what they do not have.
    #[error("Not giving role {role} scopes that you do not hold: {}", .scopes.join(", "))]
    NotHeld {
        /// The role.
        role: RoleName,
        /// What it would give beyond what its writer has.
        scopes: Vec<String>,
    },
    /// Somebody who is to have it is no user.
    #[error("No such user: {0}")]
    NoSuchUser(UserName),
    /// A group that is to have it is none.
    #[error("No such group: {0}")]
    NoSuchGroup(GroupName),
    /// A service that is to have it is none.
    #[error("No such service: {0}")]
    NoSuchService(ServiceName),
    /// The database failed.
    #[error("change roles")]
    Store(#[from] store::Error),
}

impl RolePermit {
    /// Gives the permit to those who have the whole of users and of groups.
    pub fn of(caller: Option<&Caller>) -> Result<Self, Denied> {
        let caller = caller.ok_or(Denied::NoCredentials)?;
        Ok(Self {
            users: caller.permit(WholeHub)?,
            _groups: caller.permit(WholeHub)?,
        })
    }
}

/// Lists all roles by name.
pub async fn list(hub: &Hub) -> Result<Vec<HeldRole>, store::Error> {
    let given = hub.store.list_role_holders().await?;
    let book = hub.authority.book();
    let roles = book.iter().map(|(role, origin, configured)| {
        let mut holders = configured.clone();
        if let Some(given) = given.get(&role.name) {
            holders.users.extend(given.users.iter().cloned());
            holders.groups.extend(given.groups.iter().cloned());
            holders.services.extend(given.services.iter().cloned());
        }
        HeldRole {
            role: role.clone(),
            origin,
            holders,
        }
    });
    Ok(roles.collect())
}

/// Finds a role.
pub async fn get(hub: &Hub, name: &RoleName) -> Result<HeldRole, RoleError> {
    let all = list(hub).await?;
    let found = all.into_iter().find(|held| held.role.name == *name);
    found.ok_or_else(|| RoleError::NoSuchRole(name.clone()))
}

/// Makes a role or changes it.
pub async fn put(
    hub: &Hub,
    caller: &Caller,
    permit: &RolePermit,
    name: &RoleName,
    order: RoleOrder,
) -> Result<Written, RoleError> {
    let before = writable(hub, name)?;
    let written = match before {
        Some(_) => Written::Changed,
        None => Written::Created,
    };
    let (description, scopes) =
        before.map_or_else(Default::default, |role| (role.description, role.scopes));
    let role = Role {
        name: name.clone(),
        description: order.description.unwrap_or(description),
        scopes: order.scopes.unwrap_or(scopes),
    };
    check_held(hub, caller, &role)?;
    let texts = scope::texts(&role.scopes).join(", ");
    let now = hub.clock.now();
    check_done(name, hub.store.put_role(role, order.holders, now).await?)?;
    hub.authority.rebuild(&hub.settings).await?;
    tracing::info!(
        target: "audit",
        { role.name = %name },
        "role {name} with {texts} written by {}",
        permit.users.by()
    );
    Ok(written)
}

/// Gives a role to those who are named, or takes it from them.
///
/// One of the configuration is given to users only, and who is an administrator is changed at the user.
pub async fn change_holders(
    hub: &Hub,
    caller: &Caller,
    permit: &RolePermit,
    name: &RoleName,
    edit: HolderEdit,
) -> Result<(), RoleError> {
    let book = hub.authority.book();
    let found = book.iter().find(|(role, ..)| role.name == *name);
    let (role, origin, _) = found.ok_or_else(|| RoleError::NoSuchRole(name.clone()))?;
    let holders = edit.holders();
    let names_users_only = holders.groups.is_none() && holders.services.is_none();
    if !names_users_only || *name == RoleName::admin() {
        writable(hub, name)?;
    }
    let told = match &edit {
        HolderEdit::Grant(holders) => {
            check_held(hub, caller, role)?;
            format!("given to {}", in_words(holders))
        }
        HolderEdit::Revoke(holders) => format!("taken from {}", in_words(holders)),
    };
    let changed = hub.store.change_holders(name, origin, edit);
    check_done(name, changed.await?)?;
    tracing::info!(
        target: "audit",
        { role.name = %name },
        "role {name} {told} by {}",
        permit.users.by()
    );
    Ok(())
}

fn in_words(holders: &NamedHolders) -> String {
    let users = holders.users.iter().flatten().map(|user| format!("{user}"));
    let groups = holders.groups.iter().flatten();
    let groups = groups.map(|group| format!("group {group}"));
    let services = holders.services.iter().flatten();
    let services = services.map(|service| format!("service {service}"));
    let all: Vec<_> = users.chain(groups).chain(services).collect();
    all.join(", ")
}

fn check_done(name: &RoleName, change: RoleChange) -> Result<(), RoleError> {
    match change {
        RoleChange::Done => Ok(()),
        RoleChange::NoSuchUser(user) => Err(RoleError::NoSuchUser(user)),
        RoleChange::NoSuchGroup(group) => Err(RoleError::NoSuchGroup(group)),
        RoleChange::NoSuchService(service) => Err(RoleError::NoSuchService(service)),
        RoleChange::NoSuchRole => Err(RoleError::NoSuchRole(name.clone())),
    }
}

/// Removes a role, and with it what everybody had by it.
pub async fn delete(hub: &Hub, permit: &RolePermit, name: &RoleName) -> Result<(), RoleError> {
    let missing = || RoleError::NoSuchRole(name.clone());
    writable(hub, name)?.ok_or_else(missing)?;
    if !hub.store.delete_role(name).await? {
        return Err(missing());
    }
    hub.authority.rebuild(&hub.settings).await?;
    tracing::info!(
        target: "audit",
        { role.name = %name },
        "role {name} removed by {}",
        permit.users.by()
    );
    Ok(())
}

/// Returns the role of this name, if there is one, when it may be changed while the hub runs.
fn writable(hub: &Hub, name: &RoleName) -> Result<Option<Role>, RoleError> {
    let book = hub.authority.book();
    let found = book.iter().find(|(role, ..)| role.name == *name);
    match found {
        None => Ok(None),
        Some((role, Origin::RunTime, _)) => Ok(Some(role.clone())),
        Some((_, Origin::Default, _)) => Err(RoleError::Default(name.clone())),
        Some((_, Origin::Configuration, _)) => Err(RoleError::Configured(name.clone())),
    }
}

fn check_held(hub: &Hub, caller: &Caller, role: &Role) -> Result<(), RoleError> {
    let most = hub.authority.book().most_of(&role.scopes);
    let beyond = most.beyond(caller.grants(), caller.members());
    if beyond.is_empty() {
        return Ok(());
    }
    Err(RoleError::NotHeld {
        role: role.name.clone(),
        scopes: scope::texts(&beyond),
    })
}
