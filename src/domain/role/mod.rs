//! Roles: named sets of scopes, and who is in which.
//!
//! A [`RoleBook`] is a snapshot of all roles there are; from it and somebody's [`Standing`] follows what
//! they may do. Rules are those of JupyterHub's documentation, "Roles". Nothing here does I/O.

mod book;
mod defaults;
mod name;
mod rights;
mod standing;

pub use self::book::{
    Configured, ConfiguredRole, Members, Origin, Remark, RoleBook, RoleError, UserList,
};
pub use self::defaults::{
    access_client, access_server, admin, identify, identify_user, server, token, user,
};
pub use self::name::RoleName;
pub use self::standing::{AdminRole, ClientKind, ServiceStanding, Standing, UserStanding};

use crate::domain::{
    names::UserName,
    scope::{Grants, Holder, Membership, Scope},
};

/// A named set of scopes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Role {
    /// What it is called.
    pub name: RoleName,
    /// What it is for; may be empty.
    pub description: String,
    /// What it allows, as written.
    pub scopes: Vec<Scope>,
}

/// Returns what a user may do where no role but the default ones is defined.
pub fn grants_of_user(name: &UserName, admin: AdminRole) -> Grants {
    let standing = UserStanding::plain(name.clone(), admin);
    RoleBook::default().grants_of(&Standing::User(standing))
}

/// Returns what a token may do where no role or scope but the default ones is defined.
pub fn grants_of_token(
    scopes: &[Scope],
    holder: &Holder,
    owner: &Grants,
    members: &Membership,
) -> Grants {
    let client = holder.server.clone().map(ClientKind::Server);
    RoleBook::default().grants_of_token(scopes, holder, owner, members, client.as_ref())
}

#[cfg(test)]
mod properties;
#[cfg(test)]
mod tests;
