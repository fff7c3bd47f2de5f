//! Roles and who has them.

use super::Judge;
use crate::{
    domain::{
        names::ServiceName,
        role::{Origin, Role, RoleName},
    },
    store::{
        foreign,
        import::{ImportedGrant, Kind, RoleHolder},
    },
};

impl Judge<'_> {
    pub(super) fn roles(&mut self, roles: &[foreign::Role]) {
        for role in roles {
            let what = format!("role {}", role.name);
            let Ok(name) = RoleName::parse(&role.name) else {
                self.omit(
                    Kind::Role,
                    format!("role {:?}", role.name),
                    "no role is called that",
                );
                continue;
            };
            if self.role(&what, &name, role) {
                self.grants(&name, role);
            }
        }
    }

    /// Takes the definition of a role; tells whether there is such a role here then.
    fn role(&mut self, what: &str, name: &RoleName, role: &foreign::Role) -> bool {
        let origin = self.origin(name);
        match origin {
            Some(Origin::Default) => {
                if self.was_changed(name, role) {
                    let why = "a default role is changed in the configuration, which does not change this one";
                    self.omit(Kind::Role, what, why);
                }
                true
            }
            Some(Origin::Configuration | Origin::RunTime) => {
                self.omit(Kind::Role, what, "the configuration says what it is");
                true
            }
            None => {
                let Some(scopes) = self.scopes(Kind::Role, what, &role.scopes) else {
                    return false;
                };
                self.found.import.roles.push(Role {
                    name: name.clone(),
                    description: role.description.clone(),
                    scopes,
                });
                true
            }
        }
    }

    fn origin(&self, name: &RoleName) -> Option<Origin> {
        let mut entries = self.here.book.iter();
        entries
            .find(|(role, _, _)| role.name == *name)
            .map(|(_, origin, _)| origin)
    }

    /// Administrators may do everything in every version, whatever their scopes are called.
    fn was_changed(&self, name: &RoleName, role: &foreign::Role) -> bool {
        let sorted = |mut texts: Vec<String>| {
            texts.sort();
            texts
        };
        let ours = self.here.book.scopes_of(name).unwrap_or_default();
        let ours = sorted(ours.iter().map(ToString::to_string).collect());
        *name != RoleName::admin() && sorted(role.scopes.clone()) != ours
    }

    fn grants(&mut self, name: &RoleName, role: &foreign::Role) {
        // Everybody is a user, and who is an administrator says so of themselves.
        let is_implied = [RoleName::user(), RoleName::admin()].contains(name);
        for user in role.users.iter().filter(|_| !is_implied) {
            match self.users.get(user) {
                Some(user) => self.grant(name, RoleHolder::User(user.clone())),
                None => self.no_grant(name, "user", user),
            }
        }
        for group in &role.groups {
            match self.groups.get(group) {
                Some(group) => self.grant(name, RoleHolder::Group(group.clone())),
                None => self.no_grant(name, "group", group),
            }
        }
        for service in &role.services {
            match ServiceName::parse(service) {
                Ok(service) => self.grant(name, RoleHolder::Service(service)),
                Err(_) => self.no_grant(name, "service", service),
            }
        }
    }

    fn grant(&mut self, name: &RoleName, holder: RoleHolder) {
        let role = name.clone();
        self.found
            .import
            .grants
            .push(ImportedGrant { role, holder });
    }

    fn no_grant(&mut self, name: &RoleName, kind: &str, holder: &str) {
        let what = format!("role {name} of {kind} {holder:?}");
        self.omit(Kind::Grant, what, format!("the {kind} is not taken"));
    }
}
