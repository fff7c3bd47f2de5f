//! The book of roles: all there are, who is in them by configuration, and what follows from it.

use std::collections::{BTreeMap, BTreeSet};

use thiserror::Error;

use crate::domain::{
    names::{GroupName, ServerKey, ServiceName, UserName},
    role::{
        AdminRole, ClientKind, Role, RoleName, ServiceStanding, Standing, UserStanding, defaults,
    },
    scope::{CustomScopes, Filter, Grants, Holder, Membership, Scope, ScopeError, ScopeName},
};

/// An immutable snapshot of all roles and custom scopes.
///
/// Whatever a standing or a token names that is not in the book has no effect: who removes a role, or
/// the definition of a scope, takes it from everybody at once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoleBook {
    roles: BTreeMap<RoleName, Entry>,
    custom: CustomScopes,
    remarks: Vec<Remark>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Entry {
    role: Role,
    origin: Origin,
    members: Members,
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

/// Who is in a role by configuration.
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
        } = configured;
        let entry = self.roles.entry(name.clone()).or_insert_with(|| Entry {
            role: Role {
                name: name.clone(),
                description: String::new(),
                scopes: Vec::new(),
            },
            origin: Origin::Default,
            members: Members::default(),
        });
        if entry.origin == Origin::Configuration {
            return Err(RoleError::Duplicate(name));
        }
        let before = entry.role.clone();
        entry.origin = Origin::Configuration;
        entry.members = members;
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

    /// Returns the roles of a user; those of the user's groups are not among them.
    pub fn roles_of_user(&self, user: &UserStanding) -> BTreeSet<RoleName> {
        let mut roles = self.known(&user.roles);
        roles.extend(self.given(|members| members.users.contains(&user.name)));
        roles.insert(RoleName::user());
        if user.admin == AdminRole::Held {
            roles.insert(RoleName::admin());
        }
        roles
    }

    /// Returns the roles of a group; `run_time` are those given while the hub ran.
    pub fn roles_of_group(
        &self,
        group: &GroupName,
        run_time: &BTreeSet<RoleName>,
    ) -> BTreeSet<RoleName> {
        let mut roles = self.known(run_time);
        roles.extend(self.given(|members| members.groups.contains(group)));
        roles
    }

    /// Returns the roles of a service.
    pub fn roles_of_service(&self, service: &ServiceStanding) -> BTreeSet<RoleName> {
        let mut roles = self.known(&service.roles);
        roles.extend(self.given(|members| members.services.contains(&service.name)));
        if service.admin == AdminRole::Held {
            roles.insert(RoleName::admin());
        }
        roles
    }

    /// Tells whether a user is an administrator: marked as one, or in the role themselves (RB-46).
    pub fn is_admin(&self, user: &UserStanding) -> bool {
        self.roles_of_user(user).contains(&RoleName::admin())
    }

    /// Returns what somebody may do who shows their own credentials (RB-30, RB-31).
    pub fn grants_of(&self, standing: &Standing) -> Grants {
        let (roles, shares) = match standing {
            Standing::User(user) => {
                let mut roles = self.roles_of_user(user);
                roles.extend(self.known(&user.group_roles));
                roles.extend(self.given(|members| !members.groups.is_disjoint(&user.groups)));
                (roles, user.shares.as_slice())
            }
            Standing::Service(service) => (self.roles_of_service(service), [].as_slice()),
        };
        let roles = roles.iter().filter_map(|name| self.find(name));
        let scopes = roles.flat_map(|role| &role.scopes).chain(shares);
        self.expand(scopes, &standing.holder())
    }

    /// Returns what a token may do: its scopes, as far as its owner still has them (RB-32).
    ///
    /// The holder is the token's owner. A token issued to a client opens what the client stands for
    /// without that being named, and every token may say whose it is. The result is computed at each
    /// request, so that what the owner loses all tokens lose at once.
    pub fn grants_of_token(
        &self,
        scopes: &[Scope],
        holder: &Holder,
        owner: &Grants,
        members: &Membership,
        client: Option<&ClientKind>,
    ) -> Grants {
        if scopes.iter().any(|s| s.name == ScopeName::Inherit) {
            return owner.clone();
        }
        let access = client.map(defaults::access_client);
        let identify = defaults::identify(holder);
        let all = scopes.iter().chain(&access).chain(&identify);
        let holder = match client {
            Some(client) => &holder.through(client),
            None => holder,
        };
        self.expand(all, holder).intersect(owner, members)
    }

    /// Returns what scopes stand for, as their holder has them.
    pub fn expand<'a>(
        &self,
        scopes: impl IntoIterator<Item = &'a Scope>,
        holder: &Holder,
    ) -> Grants {
        Grants::expand(&self.custom.expand(scopes), holder)
    }

    /// Returns the most that somebody can have by these scopes.
    pub fn most_of<'a>(&self, scopes: impl IntoIterator<Item = &'a Scope>) -> Grants {
        Grants::of_anybody(&self.custom.expand(scopes))
    }

    /// Returns the scopes of a server's own token, spelt out for it (RB-60).
    ///
    /// By default they are those of the role `server`. Whatever they are, a server may report that its
    /// user is active: to do so for the server alone is not enough.
    pub fn server_token_scopes(
        &self,
        chosen: Option<&[Scope]>,
        key: &ServerKey,
    ) -> BTreeSet<Scope> {
        let server = self.find(&RoleName::server());
        let scopes = chosen.or(server.map(|role| role.scopes.as_slice()));
        let spell_out = |scope: &Scope| {
            if scope.filter == Filter::OwnServer {
                Scope::filtered(scope.name.clone(), Filter::Server(key.clone()))
            } else {
                scope.clone()
            }
        };
        let mut scopes: BTreeSet<_> = scopes.unwrap_or_default().iter().map(spell_out).collect();
        let report = Scope::filtered(ScopeName::UsersActivity, Filter::OwnUser);
        let enough = [ScopeName::UsersActivity, ScopeName::Inherit].map(Scope::unfiltered);
        if !enough.iter().any(|scope| scopes.contains(scope)) {
            scopes.insert(report);
        }
        scopes
    }

    fn known(&self, names: &BTreeSet<RoleName>) -> BTreeSet<RoleName> {
        let known = |name: &&RoleName| self.roles.contains_key(*name);
        names.iter().filter(known).cloned().collect()
    }

    fn given(&self, to: impl Fn(&Members) -> bool) -> impl Iterator<Item = RoleName> {
        let entries = self.roles.iter();
        let given = entries.filter(move |(_, entry)| to(&entry.members));
        given.map(|(name, _)| name.clone())
    }
}

#[cfg(test)]
#[path = "book_tests.rs"]
mod tests;
