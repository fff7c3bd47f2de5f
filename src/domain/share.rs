//! Shares: what of a server its owner lets others do, and by which code they come to it.
//!
//! A share holds names of scopes. Their filter is always the server, whatever it is called now, so no
//! share reaches beyond it (RB-70, RB-72). Nothing here does I/O.

use std::{collections::BTreeSet, fmt, time::Duration};

use thiserror::Error;

use crate::domain::{
    names::{GroupName, ServerKey, UserName},
    scope::{Filter, Scope, ScopeName},
};

/// How long a code is good when nobody says (RB-73).
pub const CODE_LIFETIME: Duration = Duration::from_secs(24 * 60 * 60);
/// The shortest life of a code.
pub const MIN_CODE_LIFETIME: Duration = Duration::from_secs(60);
/// The longest life of a code.
pub const MAX_CODE_LIFETIME: Duration = Duration::from_secs(365 * 24 * 60 * 60);

/// With whom a server is shared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Grantee {
    /// One user.
    User(UserName),
    /// Everybody who is in a group.
    Group(GroupName),
}

/// What is shared of a server.
pub type Shared = BTreeSet<ScopeName>;

/// The number of a share code as the API writes it, `sc_12`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ShareCodeId(pub i64);

/// A scope was bounded to something else than the server that is shared.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{filter} not allowed on sharing {scope}, only !server={key}", filter = .scope.filter)]
pub struct ForeignFilter {
    scope: Scope,
    key: ServerKey,
}

/// Returns what these scopes share of a server; without any, its use.
///
/// A filter may be left out; one that is given must be the server.
pub fn of_server(scopes: &[Scope], key: &ServerKey) -> Result<Shared, ForeignFilter> {
    if scopes.is_empty() {
        return Ok(Shared::from([ScopeName::AccessServers]));
    }
    let this = Filter::Server(key.clone());
    let foreign = |scope: &&Scope| scope.filter != Filter::Unfiltered && scope.filter != this;
    if let Some(scope) = scopes.iter().find(foreign) {
        return Err(ForeignFilter {
            scope: scope.clone(),
            key: key.clone(),
        });
    }
    Ok(scopes.iter().map(|scope| scope.name.clone()).collect())
}

/// Returns what is shared as scopes, each bounded to the server.
pub fn bounded<'a>(shared: impl IntoIterator<Item = &'a ScopeName>, key: &ServerKey) -> Vec<Scope> {
    let bound = |name: &ScopeName| Scope::filtered(name.clone(), Filter::Server(key.clone()));
    shared.into_iter().map(bound).collect()
}

impl ShareCodeId {
    /// Parses `sc_` and a decimal number.
    pub fn parse(text: &str) -> Option<Self> {
        let digits = text.strip_prefix("sc_")?;
        let plain = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
        plain.then(|| digits.parse().ok().map(Self)).flatten()
    }
}

impl fmt::Display for ShareCodeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "sc_{}", self.0)
    }
}

impl Grantee {
    /// Returns the name of the user or group.
    pub fn name(&self) -> &str {
        match self {
            Self::User(name) => name.as_str(),
            Self::Group(name) => name.as_str(),
        }
    }
}

impl fmt::Display for Grantee {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::User(name) => write!(f, "user {name}"),
            Self::Group(name) => write!(f, "group {name}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{names::ServerName, scope};

    fn key(user: &str, server: &str) -> ServerKey {
        ServerKey {
            user: UserName::parse(user).unwrap(),
            server: ServerName::parse(server).unwrap(),
        }
    }

    #[test]
    fn a_share_is_of_one_server_and_follows_it() {
        let scopes = |texts: &[&str]| -> Vec<Scope> {
            texts.iter().map(|s| Scope::parse(s).unwrap()).collect()
        };
        let lab = key("alice", "lab");
        let table: &[(&[&str], &[&str])] = &[
            (&[], &["access:servers!server=alice/gpu"]),
            (&["shares"], &["shares!server=alice/gpu"]),
            (
                &["servers!server=alice/lab", "servers", "read:shares"],
                &["read:shares!server=alice/gpu", "servers!server=alice/gpu"],
            ),
        ];
        for (given, expected) in table {
            let shared = of_server(&scopes(given), &lab).unwrap();
            // The server has another name by now.
            let read = scope::texts(&bounded(&shared, &key("alice", "gpu")));
            assert_eq!(read, *expected);
        }
    }

    #[test]
    fn no_other_filter_can_be_shared() {
        let lab = key("alice", "lab");
        for (scope, filter) in [
            ("servers!server=alice/", "!server=alice/"),
            ("servers!server=bob/lab", "!server=bob/lab"),
            ("servers!server", "!server"),
            ("servers!user=alice", "!user=alice"),
            ("servers!user", "!user"),
            ("servers!group=class", "!group=class"),
        ] {
            let error = of_server(&[Scope::parse(scope).unwrap()], &lab).unwrap_err();
            assert_eq!(
                error.to_string(),
                format!("{filter} not allowed on sharing {scope}, only !server=alice/lab")
            );
        }
    }

    #[test]
    fn ids_parse_and_print_back() {
        assert_eq!(ShareCodeId::parse("sc_12"), Some(ShareCodeId(12)));
        assert_eq!(ShareCodeId(12).to_string(), "sc_12");
        for text in [
            "",
            "sc_",
            "12",
            "sc_-1",
            "sc_1x",
            "sc_ 1",
            "sc_99999999999999999999",
        ] {
            assert_eq!(ShareCodeId::parse(text), None, "{text}");
        }
    }
}
