//! The roles there are without any being defined, and the scopes every token has by being one.

use crate::domain::{
    names::ServerKey,
    role::{ClientKind, Role, RoleName},
    scope::{Filter, Holder, Scope, ScopeName},
};

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

/// Returns the default roles (RB-40); their descriptions are JupyterHub's.
pub(super) fn roles() -> [Role; 4] {
    let role = |name: RoleName, description: &str, scopes: Vec<Scope>| Role {
        name,
        description: description.to_owned(),
        scopes,
    };
    let server = vec![
        Scope::filtered(ScopeName::UsersActivity, Filter::OwnUser),
        Scope::filtered(ScopeName::AccessServers, Filter::OwnServer),
    ];
    [
        role(RoleName::user(), "Standard user privileges", user()),
        role(
            RoleName::admin(),
            "Elevated privileges (can do anything)",
            admin(),
        ),
        role(RoleName::server(), "Post activity only", server),
        role(
            RoleName::token(),
            "Token with same permissions as its owner",
            token(),
        ),
    ]
}

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
        access_server(key),
    ]
}

/// Returns the scopes of the role `token`, which a token gets that asks for none.
pub fn token() -> Vec<Scope> {
    vec![Scope::unfiltered(ScopeName::Inherit)]
}

/// Returns the scopes with which the token of a user can say whose it is (RB-34).
pub fn identify_user() -> Vec<Scope> {
    vec![
        Scope::filtered(ScopeName::ReadUsersName, Filter::OwnUser),
        Scope::filtered(ScopeName::ReadUsersGroups, Filter::OwnUser),
    ]
}

/// Returns the scopes with which a token can say whose it is, a user's or a service's.
pub fn identify(owner: &Holder) -> Vec<Scope> {
    match (&owner.user, &owner.service) {
        (None, Some(name)) => vec![Scope::filtered(
            ScopeName::ReadServicesName,
            Filter::Service(name.clone()),
        )],
        _ => identify_user(),
    }
}

/// Returns the scope with which a visitor uses a server.
pub fn access_server(key: &ServerKey) -> Scope {
    Scope::filtered(ScopeName::AccessServers, Filter::Server(key.clone()))
}

/// Returns the scope with which a visitor uses what an OAuth client stands for (RB-35).
pub fn access_client(client: &ClientKind) -> Scope {
    match client {
        ClientKind::Server(key) => access_server(key),
        ClientKind::Service(name) => {
            Scope::filtered(ScopeName::AccessServices, Filter::Service(name.clone()))
        }
    }
}
