//! Lists: a scope with a filter shows the part of the list that its filter covers (RB-14).

use std::collections::BTreeSet;

use super::{Caller, Denied};
use crate::domain::{
    names::{GroupName, ServerKey, ServiceName, UserName},
    scope::{Bounds, Reach, ScopeName},
};

const USERS: &[ScopeName] = &[ScopeName::ListUsers];
const GROUPS: &[ScopeName] = &[ScopeName::ListGroups];
const SERVERS: &[ScopeName] = &[ScopeName::ReadServers];
const SERVICES: &[ScopeName] = &[ScopeName::ListServices];

/// Which part of a list somebody may see.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ListReach<T> {
    /// All of it.
    Everything,
    /// These, as far as they exist.
    Only(T),
}

/// Users by name or by group.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct UserBounds {
    /// These users.
    pub users: BTreeSet<UserName>,
    /// The members of these groups.
    pub groups: BTreeSet<GroupName>,
}

/// Returns which users the caller may list; filters by user and group apply.
pub fn list_users(caller: Option<&Caller>) -> Result<ListReach<UserBounds>, Denied> {
    Ok(match reach(caller, USERS)? {
        Reach::Unfiltered => ListReach::Everything,
        Reach::Filtered(bounds) if bounds.servers.is_empty() && bounds.services.is_empty() => {
            ListReach::Only(UserBounds {
                users: bounds.users.clone(),
                groups: bounds.groups.clone(),
            })
        }
        Reach::Filtered(_) => return Err(Denied::Unlistable(ScopeName::ListUsers)),
    })
}

/// Returns which groups the caller may list; filters by group apply.
pub fn list_groups(caller: Option<&Caller>) -> Result<ListReach<BTreeSet<GroupName>>, Denied> {
    let only_groups = |bounds: &Bounds| {
        bounds.users.is_empty() && bounds.servers.is_empty() && bounds.services.is_empty()
    };
    Ok(match reach(caller, GROUPS)? {
        Reach::Unfiltered => ListReach::Everything,
        Reach::Filtered(bounds) if only_groups(bounds) => ListReach::Only(bounds.groups.clone()),
        Reach::Filtered(_) => return Err(Denied::Unlistable(ScopeName::ListGroups)),
    })
}

/// Returns which services the caller may list; filters by service apply, others show nothing.
pub fn list_services(caller: Option<&Caller>) -> Result<ListReach<BTreeSet<ServiceName>>, Denied> {
    Ok(match reach(caller, SERVICES)? {
        Reach::Unfiltered => ListReach::Everything,
        Reach::Filtered(bounds) => ListReach::Only(bounds.services.clone()),
    })
}

/// Returns a rule that tells which servers the caller may see; all filters apply.
pub fn list_servers(caller: Option<&Caller>) -> Result<impl Fn(&ServerKey) -> bool, Denied> {
    let caller = caller.ok_or(Denied::NoCredentials)?;
    reach(Some(caller), SERVERS)?;
    Ok(|key: &ServerKey| caller.can(&ScopeName::ReadServers, key))
}

fn reach<'a>(
    caller: Option<&'a Caller>,
    any_of: &'static [ScopeName],
) -> Result<&'a Reach, Denied> {
    let grants = caller.ok_or(Denied::NoCredentials)?.grants();
    let mut reaches = any_of.iter().filter_map(|scope| grants.reach(scope));
    reaches.next().ok_or(Denied::NotHeld { any_of })
}
