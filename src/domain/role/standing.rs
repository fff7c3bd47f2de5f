//! What is known of somebody when it is asked what they may do.

use std::collections::BTreeSet;

use crate::domain::{
    names::{GroupName, ServerKey, ServiceName, UserName},
    role::RoleName,
    scope::{Holder, Scope},
};

/// A person or service as the database has it, without what the configuration adds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    /// A person.
    User(UserStanding),
    /// A program beside the hub.
    Service(ServiceStanding),
}

/// A person as the database has them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserStanding {
    /// Who.
    pub name: UserName,
    /// Whether the account is marked as an administrator's.
    pub admin: AdminRole,
    /// The groups they are in.
    pub groups: BTreeSet<GroupName>,
    /// Their own roles given at run time.
    pub roles: BTreeSet<RoleName>,
    /// The roles given at run time to groups they are in.
    pub group_roles: BTreeSet<RoleName>,
    /// The scopes of what is shared with them or with groups they are in, as stored.
    pub shares: Vec<Scope>,
}

/// A service as the database and the configuration have it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServiceStanding {
    /// Which.
    pub name: ServiceName,
    /// Whether it is marked as an administrator.
    pub admin: AdminRole,
    /// Its roles given at run time.
    pub roles: BTreeSet<RoleName>,
}

/// Whether somebody is an administrator.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AdminRole {
    /// They are.
    Held,
    /// They are not.
    NotHeld,
}

/// What an OAuth client is.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ClientKind {
    /// A user's server.
    Server(ServerKey),
    /// A service.
    Service(ServiceName),
}

impl AdminRole {
    /// Takes the answer of whoever knows.
    pub fn of(is_admin: bool) -> Self {
        if is_admin { Self::Held } else { Self::NotHeld }
    }
}

impl UserStanding {
    /// Returns the standing of a person with no role, group or share.
    pub fn plain(name: UserName, admin: AdminRole) -> Self {
        Self {
            name,
            admin,
            groups: BTreeSet::new(),
            roles: BTreeSet::new(),
            group_roles: BTreeSet::new(),
            shares: Vec::new(),
        }
    }
}

impl Standing {
    /// Returns what filters without a value mean for whoever this is.
    pub fn holder(&self) -> Holder {
        match self {
            Self::User(user) => Holder::user(user.name.clone()),
            Self::Service(service) => Holder::service(service.name.clone()),
        }
    }
}
