//! Grants: the scopes a caller effectively holds, expanded, and the questions asked of them.

use std::collections::{BTreeMap, BTreeSet};

use crate::domain::{
    names::{GroupName, ServerKey, ServiceName, UserName},
    role::ClientKind,
    scope::{Filter, Membership, Scope, ScopeName},
};

/// What `self` stands for, before it is bounded to its user (RB-20).
const OWN: [ScopeName; 7] = [
    ScopeName::ReadUsers,
    ScopeName::UsersShares,
    ScopeName::ReadShares,
    ScopeName::UsersActivity,
    ScopeName::Servers,
    ScopeName::Tokens,
    ScopeName::AccessServers,
];

/// Whose scopes are expanded: what `self`, `!user`, `!service` and `!server` mean.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Holder {
    /// The user who holds them.
    pub user: Option<UserName>,
    /// The service that holds them or for which they were issued.
    pub service: Option<ServiceName>,
    /// The server for which they were issued.
    pub server: Option<ServerKey>,
}

/// What a question about grants is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// Everything: only an unfiltered scope will do.
    Everything,
    /// One user.
    User(UserName),
    /// One server.
    Server(ServerKey),
    /// One group.
    Group(GroupName),
    /// One service.
    Service(ServiceName),
}

/// A set of scopes, closed under implication, with every filter spelt out.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Grants(BTreeMap<ScopeName, Reach>);

/// To whom or what one scope of a set applies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reach {
    /// To everybody and everything.
    Unfiltered,
    /// To whatever one of these covers.
    Filtered(Bounds),
}

/// The filters of one scope, by kind.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Bounds {
    /// Of `!user=`.
    pub users: BTreeSet<UserName>,
    /// Of `!group=`.
    pub groups: BTreeSet<GroupName>,
    /// Of `!server=`.
    pub servers: BTreeSet<ServerKey>,
    /// Of `!service=`.
    pub services: BTreeSet<ServiceName>,
}

impl Holder {
    /// Returns the holder that a user is.
    pub fn user(name: UserName) -> Self {
        Self {
            user: Some(name),
            ..Self::default()
        }
    }

    /// Returns the holder that a service is.
    pub fn service(name: ServiceName) -> Self {
        Self {
            service: Some(name),
            ..Self::default()
        }
    }

    /// Returns the same owner, who holds the scopes by a token issued to an OAuth client (RB-11).
    #[must_use]
    pub fn through(&self, client: &ClientKind) -> Self {
        match client {
            ClientKind::Server(key) => Self {
                server: Some(key.clone()),
                ..self.clone()
            },
            ClientKind::Service(name) => Self {
                service: Some(name.clone()),
                ..self.clone()
            },
        }
    }
}

impl Grants {
    /// Expands scopes as their holder has them.
    ///
    /// A filter that means nothing for the holder (`!server` where no server is concerned) leaves its
    /// scope out. `inherit` stands for what a token's owner has: nobody holds it as such.
    pub fn expand<'a>(scopes: impl IntoIterator<Item = &'a Scope>, holder: &Holder) -> Self {
        let mut grants = Self::default();
        for scope in scopes {
            if matches!(scope.name, ScopeName::NoScope | ScopeName::Inherit) {
                continue;
            }
            if scope.name == ScopeName::Own {
                for own in holder.user.iter().flat_map(own_scopes) {
                    grants.insert_with_implied(&own);
                }
            } else if let Some(filter) = resolve(&scope.filter, holder) {
                grants.insert_with_implied(&Scope::filtered(scope.name.clone(), filter));
            }
        }
        grants
    }

    /// Returns the most that scopes give, whoever holds them: `self` and `!user` are some user's, so
    /// they count as every user's.
    pub fn of_anybody<'a>(scopes: impl IntoIterator<Item = &'a Scope>) -> Self {
        let mut grants = Self::default();
        for scope in scopes {
            if matches!(scope.name, ScopeName::NoScope | ScopeName::Inherit) {
                continue;
            }
            let own = [Filter::OwnUser, Filter::OwnService, Filter::OwnServer];
            let filter = match own.contains(&scope.filter) {
                true => Filter::Unfiltered,
                false => scope.filter.clone(),
            };
            let names = match scope.name == ScopeName::Own {
                true => OWN.to_vec(),
                false => vec![scope.name.clone()],
            };
            for name in names {
                grants.insert_with_implied(&Scope::filtered(name, filter.clone()));
            }
        }
        grants
    }

    /// Adds everything another set has.
    pub fn extend(&mut self, other: &Self) {
        for (name, reach) in &other.0 {
            self.insert_reach(name, reach.clone());
        }
    }

    /// Returns what both sets have.
    ///
    /// Filters of the same kind meet; a server lies within its user, and a user or server within the
    /// user's groups.
    #[must_use]
    pub fn intersect(&self, other: &Self, members: &Membership) -> Self {
        let mut common = BTreeMap::new();
        for (name, mine) in &self.0 {
            let Some(theirs) = other.0.get(name) else {
                continue;
            };
            let both = match (mine, theirs) {
                (Reach::Unfiltered, reach) | (reach, Reach::Unfiltered) => Some(reach.clone()),
                (Reach::Filtered(a), Reach::Filtered(b)) => {
                    let bounds = a.intersect(b, members);
                    (!bounds.is_empty()).then_some(Reach::Filtered(bounds))
                }
            };
            if let Some(both) = both {
                common.insert(name.clone(), both);
            }
        }
        Self(common)
    }

    /// Tells whether the scope is held for this target.
    pub fn covers(&self, name: &ScopeName, target: &Target, members: &Membership) -> bool {
        let bounds = match self.0.get(name) {
            None => return false,
            Some(Reach::Unfiltered) => return true,
            Some(Reach::Filtered(bounds)) => bounds,
        };
        match target {
            Target::Everything => false,
            Target::User(user) => bounds.has_user(user, members),
            Target::Server(key) => {
                bounds.servers.contains(key) || bounds.has_user(&key.user, members)
            }
            Target::Group(group) => bounds.groups.contains(group),
            Target::Service(service) => bounds.services.contains(service),
        }
    }

    /// Returns to whom or what the scope applies; `None` when it is not held.
    pub fn reach(&self, name: &ScopeName) -> Option<&Reach> {
        self.0.get(name)
    }

    /// Tells whether the scope is held at all, with whatever bound.
    pub fn has(&self, name: &ScopeName) -> bool {
        self.0.contains_key(name)
    }

    /// Returns the groups that filters name: whose members a question about the grants needs.
    pub fn groups_in_filters(&self) -> BTreeSet<GroupName> {
        let reaches = self.0.values().filter_map(|reach| match reach {
            Reach::Unfiltered => None,
            Reach::Filtered(bounds) => Some(&bounds.groups),
        });
        reaches.flatten().cloned().collect()
    }

    /// Tells whether nothing here goes beyond another set.
    pub fn is_within(&self, other: &Self, members: &Membership) -> bool {
        self.beyond(other, members).is_empty()
    }

    /// Returns the scopes here that go beyond another set.
    pub fn beyond(&self, other: &Self, members: &Membership) -> Vec<Scope> {
        let within: BTreeSet<_> = self
            .intersect(other, members)
            .scopes()
            .into_iter()
            .collect();
        let scopes = self.scopes().into_iter();
        scopes.filter(|scope| !within.contains(scope)).collect()
    }

    /// Returns the scopes, reduced: an unfiltered one stands for its filtered forms.
    pub fn scopes(&self) -> Vec<Scope> {
        let mut scopes = Vec::new();
        for (name, reach) in &self.0 {
            match reach {
                Reach::Unfiltered => scopes.push(Scope::unfiltered(name.clone())),
                Reach::Filtered(bounds) => {
                    scopes.extend(bounds.filters().map(|f| Scope::filtered(name.clone(), f)));
                }
            }
        }
        scopes
    }

    /// Returns the texts of the scopes, sorted, as the API shows them.
    pub fn texts(&self) -> Vec<String> {
        super::texts(&self.scopes())
    }

    /// Tells whether there is no scope in the set.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn insert_with_implied(&mut self, scope: &Scope) {
        let within_server = matches!(scope.filter, Filter::Server(_));
        for name in scope.name.with_implied() {
            // Scopes of servers imply some of users, for which a server is no bound.
            if within_server && name.as_str().starts_with("read:user") {
                continue;
            }
            self.insert_reach(&name, Reach::of(&scope.filter));
        }
    }

    fn insert_reach(&mut self, name: &ScopeName, reach: Reach) {
        let held = self
            .0
            .entry(name.clone())
            .or_insert_with(|| Reach::Filtered(Bounds::default()));
        match (held, reach) {
            (Reach::Unfiltered, _) => {}
            (held, Reach::Unfiltered) => *held = Reach::Unfiltered,
            (Reach::Filtered(held), Reach::Filtered(more)) => held.extend(more),
        }
    }
}

impl Reach {
    /// Filters without a value have been resolved before; should one come here, it reaches nothing.
    fn of(filter: &Filter) -> Self {
        let mut bounds = Bounds::default();
        match filter.clone() {
            Filter::Unfiltered => return Self::Unfiltered,
            Filter::User(user) => drop(bounds.users.insert(user)),
            Filter::Group(group) => drop(bounds.groups.insert(group)),
            Filter::Server(key) => drop(bounds.servers.insert(key)),
            Filter::Service(service) => drop(bounds.services.insert(service)),
            Filter::OwnUser | Filter::OwnService | Filter::OwnServer => {}
        }
        Self::Filtered(bounds)
    }
}

impl Bounds {
    fn is_empty(&self) -> bool {
        self.users.is_empty()
            && self.groups.is_empty()
            && self.servers.is_empty()
            && self.services.is_empty()
    }

    fn extend(&mut self, more: Self) {
        self.users.extend(more.users);
        self.groups.extend(more.groups);
        self.servers.extend(more.servers);
        self.services.extend(more.services);
    }

    fn has_user(&self, user: &UserName, members: &Membership) -> bool {
        self.users.contains(user) || members.is_in_any(user, &self.groups)
    }

    fn intersect(&self, other: &Self, members: &Membership) -> Self {
        let reached_by = |key: &ServerKey, bounds: &Self| {
            bounds.servers.contains(key) || bounds.has_user(&key.user, members)
        };
        let users = self.users.union(&other.users);
        let servers = self.servers.union(&other.servers);
        Self {
            users: users
                .filter(|user| self.has_user(user, members) && other.has_user(user, members))
                .cloned()
                .collect(),
            groups: self.groups.intersection(&other.groups).cloned().collect(),
            servers: servers
                .filter(|key| reached_by(key, self) && reached_by(key, other))
                .cloned()
                .collect(),
            services: self
                .services
                .intersection(&other.services)
                .cloned()
                .collect(),
        }
    }

    fn filters(&self) -> impl Iterator<Item = Filter> {
        let users = self.users.iter().cloned().map(Filter::User);
        let groups = self.groups.iter().cloned().map(Filter::Group);
        let servers = self.servers.iter().cloned().map(Filter::Server);
        let services = self.services.iter().cloned().map(Filter::Service);
        users.chain(groups).chain(servers).chain(services)
    }
}

fn own_scopes(user: &UserName) -> impl Iterator<Item = Scope> {
    OWN.into_iter()
        .map(|name| Scope::filtered(name, Filter::User(user.clone())))
}

/// Spells a filter without a value out; `None` when it means nothing for this holder.
fn resolve(filter: &Filter, holder: &Holder) -> Option<Filter> {
    match filter {
        Filter::OwnUser => holder.user.clone().map(Filter::User),
        Filter::OwnService => holder.service.clone().map(Filter::Service),
        Filter::OwnServer => holder.server.clone().map(Filter::Server),
        Filter::Unfiltered
        | Filter::User(_)
        | Filter::Group(_)
        | Filter::Server(_)
        | Filter::Service(_) => Some(filter.clone()),
    }
}

#[cfg(test)]
#[path = "grants_tests.rs"]
mod tests;
