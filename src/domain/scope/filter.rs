//! Filters: the bound on what a scope applies to.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use crate::domain::names::{GroupName, ServerKey, ServerName, ServiceName, UserName};

/// To whom or what a scope applies.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Filter {
    /// Everybody and everything.
    Unfiltered,
    /// `!user`: the user who holds it.
    OwnUser,
    /// `!service`: the service that holds it, or for which it was issued.
    OwnService,
    /// `!server`: the server for which it was issued.
    OwnServer,
    /// `!user=NAME`.
    User(UserName),
    /// `!group=NAME`: the group and its members.
    Group(GroupName),
    /// `!server=USER/SERVER`.
    Server(ServerKey),
    /// `!service=NAME`.
    Service(ServiceName),
}

impl Filter {
    /// Parses what follows the `!`; `None` when it is no filter.
    pub fn parse(text: &str) -> Option<Self> {
        let Some((kind, value)) = text.split_once('=') else {
            return match text {
                "user" => Some(Self::OwnUser),
                "service" => Some(Self::OwnService),
                "server" => Some(Self::OwnServer),
                _ => None,
            };
        };
        match kind {
            "user" => UserName::parse(value).ok().map(Self::User),
            "group" => GroupName::parse(value).ok().map(Self::Group),
            "service" => ServiceName::parse(value).ok().map(Self::Service),
            "server" => {
                let (user, server) = value.split_once('/')?;
                Some(Self::Server(ServerKey {
                    user: UserName::parse(user).ok()?,
                    server: ServerName::parse(server).ok()?,
                }))
            }
            _ => None,
        }
    }
}

/// Writes the filter with its `!`; nothing when there is no bound.
impl fmt::Display for Filter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unfiltered => Ok(()),
            Self::OwnUser => f.write_str("!user"),
            Self::OwnService => f.write_str("!service"),
            Self::OwnServer => f.write_str("!server"),
            Self::User(name) => write!(f, "!user={name}"),
            Self::Group(name) => write!(f, "!group={name}"),
            Self::Server(key) => write!(f, "!server={key}"),
            Self::Service(name) => write!(f, "!service={name}"),
        }
    }
}

/// Who is in which group, as far as a question needs it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Membership(BTreeMap<GroupName, BTreeSet<UserName>>);

impl Membership {
    /// Adds a user to a group.
    pub fn insert(&mut self, group: GroupName, user: UserName) {
        self.0.entry(group).or_default().insert(user);
    }

    /// Returns the members of a group, as far as they were asked for.
    pub fn of(&self, group: &GroupName) -> impl Iterator<Item = &UserName> {
        self.0.get(group).into_iter().flatten()
    }

    /// Tells whether the user is in one of the groups.
    pub fn is_in_any(&self, user: &UserName, groups: &BTreeSet<GroupName>) -> bool {
        groups
            .iter()
            .filter_map(|group| self.0.get(group))
            .any(|members| members.contains(user))
    }
}
