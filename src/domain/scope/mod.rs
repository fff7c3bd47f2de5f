//! Scopes: what a caller may do, and to whom or what.
//!
//! A [`Scope`] is a name from the [catalogue] and a [`Filter`]; a [`Grants`] is the set of scopes a
//! caller effectively holds, expanded so that a question about it is one look-up. Rules are those of
//! JupyterHub's documentation, "Technical overview of scopes". Nothing here does I/O.

#[cfg(test)]
pub(crate) mod arbitrary;
pub mod catalogue;
pub mod custom;
pub mod filter;
pub mod grants;
pub mod request;

use std::fmt;

use thiserror::Error;

pub use self::catalogue::ScopeName;
pub use self::custom::{CustomScope, CustomScopes};
pub use self::filter::{Filter, Membership};
pub use self::grants::{Bounds, Grants, Holder, Reach, Target};

/// A permission, and what it is bounded to.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Scope {
    /// What may be done.
    pub name: ScopeName,
    /// To whom or what.
    pub filter: Filter,
}

/// What is wrong with the text of a scope.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ScopeError {
    /// No scope has this name.
    #[error("Scope '{0}' does not exist")]
    UnknownName(String),
    /// The old name of [`ScopeName::Inherit`].
    #[error("Scope 'all' is now called 'inherit'")]
    RenamedAll,
    /// What follows the `!` is none of the filters there are.
    #[error("Scope filter '{filter}' in scope '{scope}' does not exist")]
    UnknownFilter {
        /// The whole text.
        scope: String,
        /// The part after the `!`.
        filter: String,
    },
}

impl Scope {
    /// Returns the scope without a bound.
    pub const fn unfiltered(name: ScopeName) -> Self {
        Self {
            name,
            filter: Filter::Unfiltered,
        }
    }

    /// Returns the scope with a bound.
    pub const fn filtered(name: ScopeName, filter: Filter) -> Self {
        Self { name, filter }
    }

    /// Parses `name`, `name!kind` or `name!kind=value`.
    pub fn parse(text: &str) -> Result<Self, ScopeError> {
        let (name, filter) = match text.split_once('!') {
            Some((name, filter)) => (name, Some(filter)),
            None => (text, None),
        };
        if name == "all" {
            return Err(ScopeError::RenamedAll);
        }
        let name = ScopeName::find(name).ok_or_else(|| ScopeError::UnknownName(shortened(text)))?;
        let unknown_filter = |filter: &str| ScopeError::UnknownFilter {
            scope: shortened(text),
            filter: shortened(filter),
        };
        let filter = match filter {
            None => Filter::Unfiltered,
            Some(filter) if name.is_meta() => return Err(unknown_filter(filter)),
            Some(filter) => Filter::parse(filter).ok_or_else(|| unknown_filter(filter))?,
        };
        Ok(Self { name, filter })
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.name.as_str(), self.filter)
    }
}

/// Returns the texts of scopes, sorted, as they are stored and sent.
pub fn texts<'a>(scopes: impl IntoIterator<Item = &'a Scope>) -> Vec<String> {
    let mut texts: Vec<_> = scopes.into_iter().map(Scope::to_string).collect();
    texts.sort();
    texts.dedup();
    texts
}

/// Cuts what a client sent to a length that can be sent back.
fn shortened(text: &str) -> String {
    const MAX_ECHO_CHARS: usize = 100;
    text.chars().take(MAX_ECHO_CHARS).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scopes_parse_and_print_back() {
        for text in [
            "self",
            "inherit",
            "(no_scope)",
            "read:users",
            "read:users!user",
            "users:activity!user=alice",
            "access:servers!server=alice/",
            "access:servers!server=alice/lab",
            "access:servers!server",
            "read:groups!group=a=b",
            "access:services!service=grader",
            "access:services!service",
            "read:users!user=a!b",
        ] {
            assert_eq!(Scope::parse(text).unwrap().to_string(), text);
        }
    }

    #[test]
    fn what_is_no_scope_is_refused() {
        let unknown = |text: &str| Err(ScopeError::UnknownName(text.to_owned()));
        let bad_filter = |scope: &str, filter: &str| {
            Err(ScopeError::UnknownFilter {
                scope: scope.to_owned(),
                filter: filter.to_owned(),
            })
        };
        let table = [
            ("", unknown("")),
            ("nothing", unknown("nothing")),
            ("read:users ", unknown("read:users ")),
            ("all", Err(ScopeError::RenamedAll)),
            ("read:users!", bad_filter("read:users!", "")),
            ("read:users!user=", bad_filter("read:users!user=", "user=")),
            ("read:users!group", bad_filter("read:users!group", "group")),
            ("servers!share=x", bad_filter("servers!share=x", "share=x")),
            (
                "servers!server=a",
                bad_filter("servers!server=a", "server=a"),
            ),
            (
                "servers!server=a/B!",
                bad_filter("servers!server=a/B!", "server=a/B!"),
            ),
            ("self!user=bob", bad_filter("self!user=bob", "user=bob")),
            ("inherit!user", bad_filter("inherit!user", "user")),
        ];
        for (text, expected) in table {
            assert_eq!(Scope::parse(text), expected, "{text}");
        }
    }
}
