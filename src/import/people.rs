//! Users and groups.

use serde_json::Value;

use super::{Judge, UNKNOWN_INSTANT};
use crate::{
    domain::{
        names::{GroupName, UserName},
        role::AdminRole,
    },
    store::{
        foreign::{Group, User},
        import::{ImportedGroup, ImportedUser, Kind},
    },
};

impl Judge<'_> {
    pub(super) fn users(&mut self, users: &[User]) {
        for user in users {
            let name = match UserName::parse(&user.name) {
                Ok(name) => name,
                Err(error) => {
                    self.omit(Kind::User, format!("user {:?}", user.name), error);
                    continue;
                }
            };
            self.users.insert(user.name.clone(), name.clone());
            self.found.import.users.push(ImportedUser {
                name,
                admin: AdminRole::of(user.admin),
                created: user.created.unwrap_or(UNKNOWN_INSTANT),
                last_activity: user.last_activity,
            });
        }
    }

    pub(super) fn groups(&mut self, groups: &[Group]) {
        for group in groups {
            let name = match GroupName::parse(&group.name) {
                Ok(name) => name,
                Err(error) => {
                    self.omit(Kind::Group, format!("group {:?}", group.name), error);
                    continue;
                }
            };
            self.groups.insert(group.name.clone(), name.clone());
            let properties = self.properties(group);
            let mut users = Vec::new();
            for user in &group.users {
                match self.users.get(user) {
                    Some(user) => users.push(user.clone()),
                    None => {
                        let what = format!("user {user:?} in group {name}");
                        self.omit(Kind::Member, what, "the user is not taken");
                    }
                }
            }
            self.found.import.groups.push(ImportedGroup {
                name,
                properties,
                users,
            });
        }
    }

    fn properties(&mut self, group: &Group) -> String {
        let text = group.properties.as_deref().unwrap_or("{}");
        match serde_json::from_str(text) {
            Ok(Value::Null) => "{}".to_owned(),
            Ok(object @ Value::Object(_)) => object.to_string(),
            _ => {
                let what = format!("properties of group {:?}", group.name);
                self.omit(Kind::Group, what, "they are no JSON object");
                "{}".to_owned()
            }
        }
    }
}
