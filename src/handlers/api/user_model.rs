//! Users on the wire, with the keys that the caller may see (API-80).

use std::collections::BTreeMap;

use serde::Serialize;

use super::{
    Context,
    model::{ServerModel, is_ready, pending, text},
};
use crate::{
    domain::{
        access::Caller,
        names::{ServerKey, UserName},
        scope::{Reach, ScopeName},
    },
    hub::{servers::Status, user_edits::standing},
    store::{servers::Server, user_pages::UserDetails},
};

/// A user on the wire; what the caller may not see is absent.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct UserModel {
    kind: &'static str,
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    admin: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    roles: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    groups: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    server: Option<Option<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pending: Option<Option<&'static str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    created: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_activity: Option<Option<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    user_info: Option<Nothing>,
    #[serde(skip_serializing_if = "Option::is_none")]
    auth_state: Option<Nothing>,
    #[serde(skip_serializing_if = "Option::is_none")]
    servers: Option<BTreeMap<String, ServerModel>>,
}

/// What accounts of the machine do not have: null.
type Nothing = ();

/// Which servers a user's model has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ShownServers {
    /// Those that run, start or stop.
    Active,
    /// All of them.
    All,
}

/// Which keys of a user's model somebody sees.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Keys {
    any: bool,
    admin: bool,
    roles: bool,
    groups: bool,
    /// `server`, `pending` and `created`.
    state: bool,
    last_activity: bool,
    user_info: bool,
    auth_state: bool,
    servers: bool,
}

/// What a caller sees of users: the keys of everybody's model, and the scopes that open more of some.
pub struct Sight<'a> {
    caller: &'a Caller,
    everywhere: Keys,
    in_part: Vec<ScopeName>,
}

impl<'a> Sight<'a> {
    /// Returns what a caller sees.
    pub fn of(caller: &'a Caller) -> Self {
        const ALL: [ScopeName; 7] = [
            ScopeName::ReadUsers,
            ScopeName::ReadUsersName,
            ScopeName::ReadUsersGroups,
            ScopeName::ReadUsersActivity,
            ScopeName::ReadServers,
            ScopeName::ReadRolesUsers,
            ScopeName::AdminAuthState,
        ];
        let mut everywhere = Keys::default();
        let mut in_part = Vec::new();
        for scope in ALL {
            match caller.grants().reach(&scope) {
                None => {}
                Some(Reach::Unfiltered) => everywhere.open(&scope),
                Some(Reach::Filtered(_)) => in_part.push(scope),
            }
        }
        Self {
            caller,
            everywhere,
            in_part,
        }
    }

    /// Returns a user as the caller sees them; `None` when that is not at all.
    pub fn user(
        &self,
        ctx: &Context,
        details: &UserDetails,
        shown: ShownServers,
        status: impl Fn(&ServerKey) -> Status,
    ) -> Option<UserModel> {
        let keys = self.keys(&details.user.name);
        let servers: Vec<_> = details
            .servers
            .iter()
            .map(|server| (server, status(&server.key)))
            .collect();
        let models = self.servers(ctx, &servers, shown);
        keys.any
            .then(|| model(ctx, keys, details, &servers, models))
    }

    fn keys(&self, user: &UserName) -> Keys {
        let mut keys = self.everywhere;
        for scope in &self.in_part {
            if self.caller.can(scope, user) {
                keys.open(scope);
            }
        }
        keys
    }

    fn servers(
        &self,
        ctx: &Context,
        servers: &[(&Server, Status)],
        shown: ShownServers,
    ) -> BTreeMap<String, ServerModel> {
        let shown = servers.iter().filter(|(server, status)| {
            let wanted = shown == ShownServers::All || status.life.is_active();
            wanted && self.caller.can(&ScopeName::ReadServers, &server.key)
        });
        let models = shown.map(|(server, status)| {
            let model = ServerModel::of(ctx, server, status);
            (server.key.server.to_string(), model)
        });
        models.collect()
    }
}

impl Keys {
    /// Opens what a scope opens.
    fn open(&mut self, scope: &ScopeName) {
        self.any = true;
        let whole = *scope == ScopeName::ReadUsers;
        let named = whole || *scope == ScopeName::ReadUsersName;
        let in_roles = *scope == ScopeName::ReadRolesUsers;
        self.admin |= named || in_roles;
        self.user_info |= named;
        self.roles |= whole || in_roles;
        self.groups |= whole || *scope == ScopeName::ReadUsersGroups;
        self.state |= whole;
        self.last_activity |= whole || *scope == ScopeName::ReadUsersActivity;
        self.servers |= *scope == ScopeName::ReadServers;
        self.auth_state |= *scope == ScopeName::AdminAuthState;
    }
}

fn model(
    ctx: &Context,
    keys: Keys,
    details: &UserDetails,
    servers: &[(&Server, Status)],
    models: BTreeMap<String, ServerModel>,
) -> UserModel {
    let user = &details.user;
    let book = ctx.hub().authority.book();
    let default = servers
        .iter()
        .find(|(server, _)| server.key.server.is_default());
    let url = || {
        let ready = default.filter(|(_, status)| is_ready(&status.life));
        ready.map(|(server, _)| ctx.links.server(&server.key).to_string())
    };
    let last_activity = || {
        let seen = servers.iter().filter_map(|(server, _)| {
            let route = ctx.hub().routes.get(&server.key)?;
            route.last_activity()
        });
        text(user.last_activity.max(seen.max()))
    };
    let roles = || {
        let roles = book.roles_of_user(&standing(details));
        roles.iter().map(ToString::to_string).collect()
    };
    let groups = || details.groups.iter().map(|(name, _)| name.to_string());
    UserModel {
        kind: "user",
        name: user.name.to_string(),
        admin: keys.admin.then(|| book.is_admin(&standing(details))),
        roles: keys.roles.then(roles),
        groups: keys.groups.then(|| groups().collect()),
        server: keys.state.then(url),
        pending: keys
            .state
            .then(|| default.and_then(|(_, status)| pending(&status.life))),
        created: keys.state.then(|| user.created.to_string()),
        last_activity: keys.last_activity.then(last_activity),
        user_info: keys.user_info.then_some(()),
        auth_state: keys.auth_state.then_some(()),
        servers: (keys.servers || !models.is_empty()).then_some(models),
    }
}

impl UserModel {
    /// Returns the same model with what the login left about the user, which is nothing.
    #[must_use]
    pub fn with_auth_state(self) -> Self {
        Self {
            auth_state: Some(()),
            ..self
        }
    }
}
