//! What follows from the book of roles: who is in which role, and what they and their tokens may do.

use std::collections::BTreeSet;

use crate::domain::{
    names::{GroupName, ServerKey},
    role::{
        AdminRole, ClientKind, Members, RoleBook, RoleName, ServiceStanding, Standing, UserList,
        UserStanding, defaults,
    },
    scope::{Filter, Grants, Holder, Membership, Scope, ScopeName},
};

impl RoleBook {
    /// Returns the roles of a user; those of the user's groups are not among them.
    ///
    /// Everybody is in the role `user`, unless the configuration lists who is (RB-44).
    pub fn roles_of_user(&self, user: &UserStanding) -> BTreeSet<RoleName> {
        let mut roles = self.known(&user.roles);
        roles.extend(self.given(|members| members.users.contains(&user.name)));
        let entry = self.roles.get(&RoleName::user());
        if entry.is_some_and(|entry| entry.user_list == UserList::Absent) {
            roles.insert(RoleName::user());
        }
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
    /// without that being named, and every token may say whose it is. The result holds until anything
    /// changes, so that what the owner loses all tokens lose at once.
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

    /// Returns what of a token's scopes its owner does not have, expanded (RB-36).
    ///
    /// `inherit` goes beyond nobody.
    pub fn exceeding(
        &self,
        scopes: &[Scope],
        holder: &Holder,
        owner: &Grants,
        members: &Membership,
    ) -> Vec<Scope> {
        self.expand(scopes, holder).beyond(owner, members)
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
