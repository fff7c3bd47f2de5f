//! Default roles, and the scopes every user, token and OAuth client has by being what it is.

use crate::domain::{
    names::{ServerKey, UserName},
    scope::{Filter, Grants, Holder, Membership, Scope, ScopeName},
};

/// What `self` stands for, before it is bounded to its user.
const OWN: [ScopeName; 7] = [
    ScopeName::ReadUsers,
    ScopeName::UsersShares,
    ScopeName::ReadShares,
    ScopeName::UsersActivity,
    ScopeName::Servers,
    ScopeName::Tokens,
    ScopeName::AccessServers,
];

const ADMIN: [ScopeName; 16] = [
    ScopeName::AdminUi,
    ScopeName::AdminUsers,
    ScopeName::AdminServers,
    ScopeName::AdminServices,
    ScopeName::Tokens,
    ScopeName::AdminGroups,
    ScopeName::ListServices,
    ScopeName::ReadServices,
    ScopeName::ReadHub,
    ScopeName::Proxy,
    ScopeName::Shutdown,
    ScopeName::AccessServices,
    ScopeName::AccessServers,
    ScopeName::ReadRoles,
    ScopeName::ReadMetrics,
    ScopeName::Shares,
];

/// Returns the scopes of the role `admin`.
pub fn admin() -> Vec<Scope> {
    ADMIN.into_iter().map(Scope::unfiltered).collect()
}

/// Returns the scopes of the role `user`.
pub fn user() -> Vec<Scope> {
    vec![Scope::unfiltered(ScopeName::Own)]
}

/// Returns the scopes of the role `server`, spelt out for one server: what its token may do.
pub fn server(key: &ServerKey) -> Vec<Scope> {
    vec![
        Scope::filtered(ScopeName::UsersActivity, Filter::OwnUser),
        Scope::filtered(ScopeName::AccessServers, Filter::Server(key.clone())),
    ]
}

/// Returns the scopes of the role `token`, which a token gets that asks for none.
pub fn token() -> Vec<Scope> {
    vec![Scope::unfiltered(ScopeName::Inherit)]
}

/// Returns the scopes with which a token can say whose it is.
pub fn identify() -> Vec<Scope> {
    vec![
        Scope::filtered(ScopeName::ReadUsersName, Filter::OwnUser),
        Scope::filtered(ScopeName::ReadUsersGroups, Filter::OwnUser),
    ]
}

/// Returns the scope with which a visitor uses a server.
pub fn access_server(key: &ServerKey) -> Scope {
    Scope::filtered(ScopeName::AccessServers, Filter::Server(key.clone()))
}

/// Returns what `self` stands for.
pub(super) fn own_scopes(user: &UserName) -> impl Iterator<Item = Scope> {
    OWN.into_iter()
        .map(|name| Scope::filtered(name, Filter::User(user.clone())))
}

/// Returns what a user may do: the roles `user` and, for administrators, `admin`.
pub fn grants_of_user(name: &UserName, admin_role: AdminRole) -> Grants {
    let mut scopes = user();
    if admin_role == AdminRole::Held {
        scopes.extend(admin());
    }
    let holder = Holder {
        user: Some(name.clone()),
        ..Holder::default()
    };
    Grants::expand(&scopes, &holder)
}

/// Whether a user is an administrator.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AdminRole {
    /// The user is an administrator.
    Held,
    /// The user is not.
    NotHeld,
}

impl AdminRole {
    /// Takes the answer of whoever knows.
    pub fn of(is_admin: bool) -> Self {
        if is_admin { Self::Held } else { Self::NotHeld }
    }
}

/// Returns what a token may do: its scopes as its owner still has them.
///
/// The holder's server is the one whose OAuth client the token was issued to: its visitor may use that
/// server without the scope being named. The result is computed at each request, so that what the owner
/// loses all tokens lose at once.
pub fn grants_of_token(
    scopes: &[Scope],
    holder: &Holder,
    owner: &Grants,
    members: &Membership,
) -> Grants {
    if scopes.iter().any(|s| s.name == ScopeName::Inherit) {
        return owner.clone();
    }
    let access = holder.server.as_ref().map(access_server);
    let identify = identify();
    let all = scopes.iter().chain(&access).chain(&identify);
    Grants::expand(all, holder).intersect(owner, members)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn alice() -> UserName {
        UserName::parse("alice").unwrap()
    }

    fn lab() -> ServerKey {
        ServerKey::default_of(alice())
    }

    fn holder() -> Holder {
        Holder {
            user: Some(alice()),
            ..Holder::default()
        }
    }

    fn token(scopes: &[&str], holder: &Holder) -> Vec<String> {
        let scopes: Vec<_> = scopes.iter().map(|s| Scope::parse(s).unwrap()).collect();
        let owner = grants_of_user(&alice(), AdminRole::NotHeld);
        grants_of_token(&scopes, holder, &owner, &Membership::default()).texts()
    }

    #[test]
    fn self_is_what_a_user_has_and_no_more() {
        let own = grants_of_user(&alice(), AdminRole::NotHeld);
        assert_eq!(
            own.texts(),
            [
                "access:servers!user=alice",
                "delete:servers!user=alice",
                "read:servers!user=alice",
                "read:shares!user=alice",
                "read:tokens!user=alice",
                "read:users!user=alice",
                "read:users:activity!user=alice",
                "read:users:groups!user=alice",
                "read:users:name!user=alice",
                "read:users:shares!user=alice",
                "servers!user=alice",
                "start:servers!user=alice",
                "tokens!user=alice",
                "users:activity!user=alice",
                "users:shares!user=alice",
            ]
        );
    }

    #[test]
    fn a_servers_token_reports_activity_and_opens_its_server_only() {
        let scopes = crate::domain::scope::texts(&server(&lab()));
        let scopes: Vec<_> = scopes.iter().map(String::as_str).collect();
        assert_eq!(
            token(&scopes, &holder()),
            [
                "access:servers!server=alice/",
                "read:users:activity!user=alice",
                "read:users:groups!user=alice",
                "read:users:name!user=alice",
                "users:activity!user=alice",
            ]
        );
    }

    #[test]
    fn an_oauth_token_opens_the_server_it_was_issued_to() {
        let issued_to = Holder {
            server: Some(lab()),
            ..holder()
        };
        assert_eq!(
            token(&[], &issued_to),
            [
                "access:servers!server=alice/",
                "read:users:groups!user=alice",
                "read:users:name!user=alice",
            ]
        );
    }

    #[test]
    fn a_token_never_has_what_its_owner_lacks() {
        assert_eq!(
            token(
                &["admin:users", "list:users", "read:users!user=bob"],
                &holder()
            ),
            [
                "read:users!user=alice",
                "read:users:activity!user=alice",
                "read:users:groups!user=alice",
                "read:users:name!user=alice",
                "users:activity!user=alice",
            ]
        );
        assert_eq!(
            token(&["servers!user=bob"], &holder()),
            ["read:users:groups!user=alice", "read:users:name!user=alice"]
        );
    }

    #[test]
    fn inherit_is_the_owners_whole_set() {
        let owner = grants_of_user(&alice(), AdminRole::NotHeld);
        assert_eq!(token(&["inherit"], &holder()), owner.texts());
    }
}
