//! Servers, and what is shared of them.

use serde_json::{Map, Value};

use super::{Judge, UNKNOWN_INSTANT};
use crate::{
    domain::{
        names::{DisplayName, ServerKey, ServerName},
        profile::ProfileName,
        share::{Grantee, Shared},
    },
    hub::profiles::OPTION,
    store::{
        foreign,
        import::{ImportedServer, Kind},
        shares::Share,
    },
};

impl Judge<'_> {
    pub(super) fn servers(&mut self, servers: &[foreign::Server]) {
        for server in servers {
            let Some(user) = self.users.get(&server.user).cloned() else {
                self.omit(Kind::Server, described(server), "its owner is not taken");
                continue;
            };
            let name = match ServerName::parse(&server.name) {
                Ok(name) => name,
                Err(error) => {
                    self.omit(Kind::Server, described(server), error);
                    continue;
                }
            };
            let display_name = self.display_name(server, &name);
            let user_options = self.user_options(server);
            let key = ServerKey { user, server: name };
            self.servers
                .insert((server.user.clone(), server.name.clone()), key.clone());
            let says_nothing = user_options.is_none() && server.last_activity.is_none();
            if key.server.is_default() && says_nothing {
                // Every user has one.
                continue;
            }
            self.found.import.servers.push(ImportedServer {
                key,
                display_name,
                user_options,
                last_activity: server.last_activity,
            });
        }
    }

    fn display_name(&mut self, server: &foreign::Server, name: &ServerName) -> DisplayName {
        if server.display_name.is_empty() {
            return DisplayName::of_server(name);
        }
        match DisplayName::parse(&server.display_name) {
            Ok(display_name) => display_name,
            Err(error) => {
                let what = format!("name for people of {}", described(server));
                self.omit(Kind::Server, what, error);
                DisplayName::of_server(name)
            }
        }
    }

    /// Options are taken as they are, but for a profile that nobody could start.
    fn user_options(&mut self, server: &foreign::Server) -> Option<String> {
        let options = serde_json::from_str(server.user_options.as_deref()?);
        let mut options: Map<String, Value> = options.ok()?;
        let is_offered = |value: &Value| {
            let text = value.get(0).unwrap_or(value).as_str();
            let name = text.and_then(|text| ProfileName::parse(text).ok());
            name.is_some_and(|name| self.here.profiles.contains(&name))
        };
        if options.get(OPTION).is_some_and(|value| !is_offered(value)) {
            options.remove(OPTION);
            let what = format!("profile of {}", described(server));
            self.omit(
                Kind::Server,
                what,
                "the configuration has no profile of that name",
            );
        }
        (!options.is_empty()).then(|| Value::Object(options).to_string())
    }

    pub(super) fn shares(&mut self, shares: &[foreign::Share]) {
        for share in shares {
            match self.share(share) {
                Ok(share) => self.found.import.shares.push(share),
                Err(why) => {
                    let with = share.user.as_ref().or(share.group.as_ref());
                    let with = with.map_or("nobody", String::as_str);
                    let what = format!("share of {}/{} with {with}", share.owner, share.server);
                    self.omit(Kind::Share, what, why);
                }
            }
        }
    }

    fn share(&self, share: &foreign::Share) -> Result<Share, &'static str> {
        if share.expires.is_some() {
            return Err("it ends by itself, which shares here do not");
        }
        let key = (share.owner.clone(), share.server.clone());
        let server = self.servers.get(&key).ok_or("its server is not taken")?;
        let user = share.user.as_ref().and_then(|name| self.users.get(name));
        let group = share.group.as_ref().and_then(|name| self.groups.get(name));
        let with = match (user, group) {
            (Some(user), _) => Grantee::User(user.clone()),
            (None, Some(group)) => Grantee::Group(group.clone()),
            (None, None) => return Err("whom it is shared with is not taken"),
        };
        // The filter is always the server, and may be that of its owner's former name (RB-70).
        let scopes = share.scopes.iter();
        let shared: Result<Shared, _> = scopes
            .map(|text| self.here.book.parse_scope(text).map(|scope| scope.name))
            .collect();
        let shared = shared.map_err(|_| "it has a scope that does not exist here")?;
        if shared.is_empty() {
            return Err("it allows nothing");
        }
        Ok(Share {
            server: server.clone(),
            with,
            shared,
            created: share.created.unwrap_or(UNKNOWN_INSTANT),
        })
    }
}

fn described(server: &foreign::Server) -> String {
    format!("server {}/{}", server.user, server.name)
}
