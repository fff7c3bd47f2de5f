//! The book of roles: all there are, and who is in them by configuration.

use std::collections::{BTreeMap, BTreeSet};

use thiserror::Error;

use crate::domain::{
    names::{GroupName, ServiceName, UserName},
    role::{Role, RoleName, defaults},
    scope::{CustomScopes, Scope, ScopeError},
};

/// An immutable snapshot of all roles and custom scopes.
///
/// Whatever a standing or a token names that is not in the book has no effect: who removes a role, or
/// the definition of a scope, takes it from everybody at once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoleBook {
    pub(super) roles: BTreeMap<RoleName, Entry>,
    pub(super) custom: CustomScopes,
    remarks: Vec<Remark>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Entry {
    role: Role,
    origin: Origin,
    pub(super) members: Members,
    pub(super) user_list: UserList,
}

/// Where a role comes from, and so who may change it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// It always exists.
    Default,
    /// The configuration defines it, or changes a default one.
    Configuration,
    /// Somebody defined it while the hub ran.
    RunTime,
}

/// Whether a configuration says which users are in a role.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UserList {
    /// It does: the role `user` is then theirs only.
    Given,
    /// It does not: everybody is in the role `user`.
    Absent,
}

/// Who is in a role, by configuration or since.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Members {
    /// Users.
    pub users: BTreeSet<UserName>,
    /// Groups, whose members have the role too.
    pub groups: BTreeSet<GroupName>,
    /// Services.
    pub services: BTreeSet<ServiceName>,
}

/// A role as the configuration has it; what is left out of a default role stays as it is (RB-43).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfiguredRole {
    /// What it is called.
    pub name: RoleName,
    /// What it is for.
    pub description: Option<String>,
    /// What it allows.
    pub scopes: Option<Vec<Scope>>,
    /// Who is in it.
    pub members: Members,
    /// Whether it is said which users are.
    pub user_list: UserList,
}

/// What the configuration says about roles and scopes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Configured {
    /// The roles.
    pub roles: Vec<ConfiguredRole>,
    /// What the default role `user` has beside its own scopes (RB-47).
    pub extra_user_scopes: Vec<Scope>,
    /// The custom scopes.
    pub custom: CustomScopes,
}

/// What is wrong with the roles of a configuration.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum RoleError {
    /// Two roles have one name.
    #[error("role '{0}' is defined twice")]
    Duplicate(RoleName),
    /// The role `admin` stays what it is.
    #[error("role 'admin' cannot be given another description or other scopes")]
    AdminChanged,
    /// A custom scope has no definition.
    #[error("scope '{scope}' of role '{role}' does not exist")]
    UndefinedScope {
        /// The role that names it.
        role: RoleName,
        /// The scope.
        scope: String,
    },
}

/// Something in a configuration that works and is hardly meant.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Remark {
    /// A role allows nothing.
    #[error("role '{0}' has no scopes")]
    NoScopes(RoleName),
    /// The extra scopes of users are not looked at.
    #[error("the extra scopes of users have no effect, for role 'user' is given its scopes")]
    ExtraUserScopes,
}

/// The default roles and nothing else.
impl Default for RoleBook {
    fn default() -> Self {
        let entry = |role: Role| Entry {
            role,
            origin: Origin::Default,
            members: Members::default(),
            user_list: UserList::Absent,
        };
        let roles = defaults::roles().map(|role| (role.name.clone(), entry(role)));
        Self {
            roles: BTreeMap::from(roles),
            custom: CustomScopes::default(),
            remarks: Vec::new(),
        }
    }
}

impl RoleBook {
    /// Makes the book of a configuration, over the default roles.
    pub fn configured(configured: Configured) -> Result<Self, RoleError> {
        let mut book = Self {
            custom: configured.custom,
            ..Self::default()
        };
        let gives_user_scopes =
            |role: &ConfiguredRole| role.name == RoleName::user() && role.scopes.is_some();
        if !configured.extra_user_scopes.is_empty() {
            if configured.roles.iter().any(gives_user_scopes) {
                book.remarks.push(Remark::ExtraUserScopes);
            } else if let Some(user) = book.roles.get_mut(&RoleName::user()) {
                user.role.scopes.extend(configured.extra_user_scopes);
            }
        }
        for role in configured.roles {
            book.configure(role)?;
        }
        for Entry { role, .. } in book.roles.values() {
            let undefined = |scope: &&Scope| !book.custom.is_defined(&scope.name);
            if let Some(scope) = role.scopes.iter().find(undefined) {
                return Err(RoleError::UndefinedScope {
                    role: role.name.clone(),
                    scope: scope.to_string(),
                });
            }
        }
        Ok(book)
    }

    fn configure(&mut self, configured: ConfiguredRole) -> Result<(), RoleError> {
        let ConfiguredRole {
            name,
            description,
            scopes,
            members,
            user_list,
        } = configured;
        let entry = self.roles.entry(name.clone()).or_insert_with(|| Entry {
            role: Role {
                name: name.clone(),
                description: String::new(),
                scopes: Vec::new(),
            },
            origin: Origin::Default,
            members: Members::default(),
            user_list,
        });
        if entry.origin == Origin::Configuration {
            return Err(RoleError::Duplicate(name));
        }
        let before = entry.role.clone();
        entry.origin = Origin::Configuration;
        entry.members = members;
        entry.user_list = user_list;
        entry.role.description = description.unwrap_or(entry.role.description.clone());
        entry.role.scopes = scopes.unwrap_or(entry.role.scopes.clone());
        if name == RoleName::admin() && entry.role != before {
            return Err(RoleError::AdminChanged);
        }
        if entry.role.scopes.is_empty() {
            self.remarks.push(Remark::NoScopes(name));
        }
        Ok(())
    }

    /// Returns the book with these roles of run time and no others.
    ///
    /// A role of the configuration, or a default one, comes before one of run time with its name.
    #[must_use]
    pub fn with_run_time(&self, roles: impl IntoIterator<Item = Role>) -> Self {
        let mut book = self.clone();
        book.roles
            .retain(|_, entry| entry.origin != Origin::RunTime);
        for role in roles {
            book.roles.entry(role.name.clone()).or_insert(Entry {
                role,
                origin: Origin::RunTime,
                members: Members::default(),
                user_list: UserList::Absent,
            });
        }
        book
    }

    /// Returns what in the configuration is hardly meant.
    pub fn remarks(&self) -> &[Remark] {
        &self.remarks
    }

    /// Returns the custom scopes.
    pub fn custom(&self) -> &CustomScopes {
        &self.custom
    }

    /// Parses a scope that somebody asks for; it must exist.
    pub fn parse_scope(&self, text: &str) -> Result<Scope, ScopeError> {
        self.custom.parse(text)
    }

    /// Finds a role.
    pub fn find(&self, name: &RoleName) -> Option<&Role> {
        self.roles.get(name).map(|entry| &entry.role)
    }

    /// Returns the scopes of a role, as written.
    pub fn scopes_of(&self, name: &RoleName) -> Option<Vec<Scope>> {
        self.find(name).map(|role| role.scopes.clone())
    }

    /// Returns all roles with where they come from and who is in them by configuration, by name.
    pub fn iter(&self) -> impl Iterator<Item = (&Role, Origin, &Members)> {
        let entries = self.roles.values();
        entries.map(|entry| (&entry.role, entry.origin, &entry.members))
    }
}
