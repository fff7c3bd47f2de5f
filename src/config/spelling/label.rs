//! Names that the hub itself gives meaning to: users, groups, servers and scopes.

use std::fmt;

use crate::{
    config::spelling::Spelling,
    domain::{
        names::{GroupName, ServerName, ServiceName, UserName},
        role::RoleName,
        scope::CustomScope,
    },
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

/// The name of a service (SV-02).
pub(in crate::config) struct ServiceLabel(pub(in crate::config) ServiceName);

impl Spelling for ServiceLabel {
    fn describe(f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the name of a service, which has no slash and no percent sign, no blank at either end, and not only dots")
    }

    fn from_text(text: &str) -> Option<Self> {
        ServiceName::parse(text).ok().map(Self)
    }
}

/// The name of a role.
pub(in crate::config) struct RoleLabel(pub(in crate::config) RoleName);

impl Spelling for RoleLabel {
    fn describe(f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "the name of a role, of 3 to 255 lower-case letters, digits and -._~, which begins \
             with a letter and ends with a letter or digit",
        )
    }

    fn from_text(text: &str) -> Option<Self> {
        RoleName::parse(text).ok().map(Self)
    }
}

/// The name of a scope of the site's own.
pub(in crate::config) struct CustomScopeLabel(pub(in crate::config) CustomScope);

impl Spelling for CustomScopeLabel {
    fn describe(f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "\"custom:\" and at least three lower-case letters, digits and _-*:, such as \
             \"custom:grader:read\"",
        )
    }

    fn from_text(text: &str) -> Option<Self> {
        CustomScope::parse(text).map(Self)
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
