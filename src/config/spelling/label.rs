//! Names that the hub itself gives meaning to: users, groups, servers and scopes.

use std::fmt;

use crate::{
    config::spelling::Spelling,
    domain::names::{GroupName, ServerName, UserName},
};

/// The name of a person.
pub(in crate::config) struct UserLabel(pub(in crate::config) UserName);

impl Spelling for UserLabel {
    fn describe(f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the name of a user")
    }

    fn from_text(text: &str) -> Option<Self> {
        UserName::parse(text).ok().map(Self)
    }
}

/// The name of one of the hub's groups.
pub(in crate::config) struct GroupLabel(pub(in crate::config) GroupName);

impl Spelling for GroupLabel {
    fn describe(f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the name of a group")
    }

    fn from_text(text: &str) -> Option<Self> {
        GroupName::parse(text).ok().map(Self)
    }
}

/// The name of one of somebody's servers; empty for the default one.
pub(in crate::config) struct ServerLabel(pub(in crate::config) ServerName);

impl Spelling for ServerLabel {
    fn describe(f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "the name of a server, of at most 30 lower-case letters, digits and single hyphens, \
             or empty",
        )
    }

    fn from_text(text: &str) -> Option<Self> {
        ServerName::parse(text).ok().map(Self)
    }
}

/// A scope as it is written; whether there is such a scope is a rule between keys.
pub(in crate::config) struct ScopeText(pub(in crate::config) String);

impl Spelling for ScopeText {
    fn describe(f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a scope, such as \"read:users!group=physics\"")
    }

    fn from_text(text: &str) -> Option<Self> {
        let plain = !text.is_empty() && !text.contains(char::is_control);
        plain.then(|| Self(text.to_owned()))
    }
}
