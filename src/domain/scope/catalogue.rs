//! The names of all scopes, what each implies, and what each means in a sentence.
//!
//! The names and implications are JupyterHub's ("Scopes in JupyterHub", available scopes): clients send
//! and compare them, so none may be renamed. Names that begin with `custom:` are a site's own.

use super::custom::CustomScope;

macro_rules! catalogue {
    ($($(#[$doc:meta])* $variant:ident = $name:literal => [$($implied:ident),*], $meaning:literal;)*) => {
        /// One of the permissions there are, without any bound on what it applies to.
        #[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum ScopeName {
            $($(#[$doc])* #[doc = $meaning] $variant,)*
            /// A scope of the site's own, with whatever meaning its services give it.
            Custom(CustomScope),
        }

        impl ScopeName {
            /// Every scope but custom ones, in the order of the catalogue.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// Returns the name as it is written on the wire.
            pub fn as_str(&self) -> &str {
                match self {
                    $(Self::$variant => $name,)*
                    Self::Custom(name) => name.as_str(),
                }
            }

            /// Returns what the scope allows, as a sentence; that of a custom one is in its definition.
            pub fn meaning(&self) -> Option<&'static str> {
                match self {
                    $(Self::$variant => Some($meaning),)*
                    Self::Custom(_) => None,
                }
            }

            /// Returns the scopes this one implies directly; implication is transitive.
            fn implied(&self) -> &'static [Self] {
                match self {
                    Self::Custom(_) => &[],
                    $(Self::$variant => &[$(Self::$implied,)*],)*
                }
            }

            /// Finds the scope with this name; a custom one needs only be well formed.
            pub fn find(name: &str) -> Option<Self> {
                match name {
                    $($name => Some(Self::$variant),)*
                    _ => CustomScope::parse(name).map(Self::Custom),
                }
            }
        }
    };
}

catalogue! {
    NoScope = "(no_scope)" => [], "Identify the owner of the requesting entity.";
    Own = "self" => [], "Your own resources.";
    Inherit = "inherit" => [], "Anything you have access to.";
    AdminUi = "admin-ui" => [], "Open the admin page.";
    AdminUsers = "admin:users" => [AdminAuthState, Users, ReadRolesUsers, DeleteUsers],
        "Read, write, create and delete users and their authentication state, not including their servers or tokens.";
    AdminAuthState = "admin:auth_state" => [], "Read a user's authentication state.";
    Users = "users" => [ReadUsers, ListUsers, UsersActivity],
        "Read and write user models, excluding servers, tokens and authentication state.";
    DeleteUsers = "delete:users" => [], "Delete users.";
    ListUsers = "list:users" => [ReadUsersName], "List users, including at least their names.";
    ReadUsers = "read:users" => [ReadUsersName, ReadUsersGroups, ReadUsersActivity],
        "Read user models, including the URL of the default server if it is running.";
    ReadUsersName = "read:users:name" => [], "Read names of users.";
    ReadUsersGroups = "read:users:groups" => [], "Read users' group membership.";
    ReadUsersActivity = "read:users:activity" => [], "Read time of last user activity.";
    ReadRoles = "read:roles" => [ReadRolesUsers, ReadRolesServices, ReadRolesGroups], "Read role assignments.";
    ReadRolesUsers = "read:roles:users" => [], "Read user role assignments.";
    ReadRolesServices = "read:roles:services" => [], "Read service role assignments.";
    ReadRolesGroups = "read:roles:groups" => [], "Read group role assignments.";
    UsersActivity = "users:activity" => [ReadUsersActivity], "Update time of last user activity.";
    AdminServers = "admin:servers" => [AdminServerState, Servers],
        "Read, start, stop, create and delete user servers and their state.";
    AdminServerState = "admin:server_state" => [], "Read and write users' server state.";
    Servers = "servers" => [ReadServers, StartServers, DeleteServers], "Start and stop user servers.";
    ReadServers = "read:servers" => [ReadUsersName], "Read users' names and their server models.";
    StartServers = "start:servers" => [], "Start and edit user servers.";
    DeleteServers = "delete:servers" => [], "Stop and delete users' servers.";
    Tokens = "tokens" => [ReadTokens], "Read, write, create and delete user tokens.";
    ReadTokens = "read:tokens" => [], "Read user tokens.";
    AdminGroups = "admin:groups" => [Groups, ReadRolesGroups, DeleteGroups],
        "Read and write group information, create and delete groups.";
    Groups = "groups" => [ReadGroups, ListGroups],
        "Read and write group information, including adding and removing users.";
    ListGroups = "list:groups" => [ReadGroupsName], "List groups, including at least their names.";
    ReadGroups = "read:groups" => [ReadGroupsName], "Read group models.";
    ReadGroupsName = "read:groups:name" => [], "Read group names.";
    DeleteGroups = "delete:groups" => [], "Delete groups.";
    AdminServices = "admin:services" => [ListServices, ReadServices, ReadRolesServices],
        "Create, read and delete services added at run time.";
    ListServices = "list:services" => [ReadServicesName], "List services, including at least their names.";
    ReadServices = "read:services" => [ReadServicesName], "Read service models.";
    ReadServicesName = "read:services:name" => [], "Read service names.";
    ReadHub = "read:hub" => [], "Read detailed information about the hub.";
    AccessServers = "access:servers" => [], "Access user servers through the browser or its API.";
    AccessServices = "access:services" => [], "Access services through the browser or their API.";
    Shares = "shares" => [AccessServers, ReadShares, UsersShares, GroupsShares], "Manage access to shared servers.";
    ReadShares = "read:shares" => [], "Read information about shared access to servers.";
    UsersShares = "users:shares" => [ReadUsersShares], "Read and leave servers shared with a user.";
    GroupsShares = "groups:shares" => [ReadGroupsShares], "Read and leave servers shared with a group.";
    ReadUsersShares = "read:users:shares" => [], "Read servers shared with a user.";
    ReadGroupsShares = "read:groups:shares" => [], "Read servers shared with a group.";
    Proxy = "proxy" => [], "Read the routing table and have it rebuilt.";
    Shutdown = "shutdown" => [], "Shut down the hub.";
    ReadMetrics = "read:metrics" => [], "Read metrics.";
}

impl ScopeName {
    /// Returns the scope itself and everything it implies.
    pub fn with_implied(&self) -> Vec<Self> {
        let mut found = vec![self.clone()];
        let mut next = 0;
        while let Some(name) = found.get(next) {
            for implied in name.implied() {
                if !found.contains(implied) {
                    found.push(implied.clone());
                }
            }
            next += 1;
        }
        found
    }

    /// Returns the name of a custom scope, if it is one.
    pub fn custom(&self) -> Option<&CustomScope> {
        if let Self::Custom(name) = self {
            Some(name)
        } else {
            None
        }
    }

    /// Tells whether the scope stands for others that depend on who holds it.
    pub fn is_meta(&self) -> bool {
        matches!(self, Self::NoScope | Self::Own | Self::Inherit)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_are_48_names_and_each_is_found_by_its_text() {
        assert_eq!(ScopeName::ALL.len(), 48);
        for name in ScopeName::ALL {
            assert_eq!(ScopeName::find(name.as_str()), Some(name.clone()));
            assert!(name.meaning().is_some_and(|meaning| !meaning.is_empty()));
        }
        assert_eq!(ScopeName::find("all"), None);
        assert_eq!(ScopeName::find("Users"), None);
    }

    #[test]
    fn implication_is_transitive() {
        let table: &[(&str, &[&str])] = &[
            ("self", &["self"]),
            ("start:servers", &["start:servers"]),
            (
                "servers",
                &[
                    "servers",
                    "read:servers",
                    "start:servers",
                    "delete:servers",
                    "read:users:name",
                ],
            ),
            (
                "shares",
                &[
                    "shares",
                    "access:servers",
                    "read:shares",
                    "users:shares",
                    "groups:shares",
                    "read:users:shares",
                    "read:groups:shares",
                ],
            ),
        ];
        for (name, expected) in table {
            let found = ScopeName::find(name).unwrap().with_implied();
            let found: Vec<_> = found.iter().map(ScopeName::as_str).collect();
            assert_eq!(found, *expected);
        }
    }
}
