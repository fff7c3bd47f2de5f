//! Which of the scopes somebody asks for they get, kept in the short form they were asked in.

use std::collections::BTreeSet;

use crate::domain::{
    role::RoleBook,
    scope::{Grants, Holder, Membership, Scope},
};

/// What became of a request for scopes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Resolved {
    /// What is granted, as asked where a scope is granted whole.
    pub allowed: BTreeSet<Scope>,
    /// What is not granted, or only in part.
    pub disallowed: BTreeSet<Scope>,
}

/// What there is to grant.
#[derive(Debug, Clone, Copy)]
pub struct Available<'a> {
    /// Scopes that may be granted as they are written, such as `inherit`.
    pub scopes: &'a BTreeSet<Scope>,
    /// What may be granted beside them.
    pub grants: &'a Grants,
    /// What custom scopes stand for.
    pub book: &'a RoleBook,
}

/// Cuts `requested` to what is available.
///
/// A scope that is granted whole stays as it was written (`self`, `read:users!user`), so that it keeps
/// its meaning for whoever holds the token later.
pub fn resolve(
    requested: &BTreeSet<Scope>,
    available: Available<'_>,
    holder: &Holder,
    members: &Membership,
) -> Resolved {
    let mut resolved = Resolved::default();
    for scope in requested {
        if available.scopes.contains(scope) {
            resolved.allowed.insert(scope.clone());
            continue;
        }
        let wanted = available.book.expand([scope], holder);
        if !wanted.is_empty() && wanted.is_within(available.grants, members) {
            resolved.allowed.insert(scope.clone());
        } else {
            let granted = wanted.intersect(available.grants, members);
            resolved.allowed.extend(granted.scopes());
            resolved.disallowed.insert(scope.clone());
        }
    }
    resolved
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{names::UserName, scope::texts};

    fn set(texts: &[&str]) -> BTreeSet<Scope> {
        texts.iter().map(|t| Scope::parse(t).unwrap()).collect()
    }

    #[test]
    fn what_is_not_available_is_cut() {
        let holder = Holder {
            user: Some(UserName::parse("alice").unwrap()),
            ..Holder::default()
        };
        type Texts = &'static [&'static str];
        let table: &[(Texts, Texts, Texts, Texts)] = &[
            (&["self"], &["self"], &["self"], &[]),
            (&["read:users!user"], &["self"], &["read:users!user"], &[]),
            (
                &["admin:users!user=bob"],
                &["self"],
                &[],
                &["admin:users!user=bob"],
            ),
            (
                &["read:users"],
                &["self"],
                &[
                    "read:users!user=alice",
                    "read:users:activity!user=alice",
                    "read:users:groups!user=alice",
                    "read:users:name!user=alice",
                ],
                &["read:users"],
            ),
            (&["inherit"], &["self"], &[], &["inherit"]),
            (&["inherit"], &["inherit", "self"], &["inherit"], &[]),
            (
                &["access:servers!server"],
                &["self"],
                &[],
                &["access:servers!server"],
            ),
        ];
        for (requested, available, allowed, disallowed) in table {
            let scopes = set(available);
            let available = Available {
                scopes: &scopes,
                grants: &Grants::expand(&scopes, &holder),
                book: &RoleBook::default(),
            };
            let members = Membership::default();
            let resolved = resolve(&set(requested), available, &holder, &members);
            assert_eq!(texts(&resolved.allowed), *allowed, "{requested:?}");
            assert_eq!(texts(&resolved.disallowed), *disallowed, "{requested:?}");
        }
    }
}
