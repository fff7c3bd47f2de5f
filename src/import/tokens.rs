//! API tokens.

use super::{Judge, UNKNOWN_INSTANT};
use crate::{
    domain::foreign_hash::ForeignHash,
    hub::tokens::MAX_NOTE_CHARS,
    store::{
        foreign::Token,
        import::{ImportedToken, Kind},
    },
};

/// The client that stands for people's own scripts; all others are servers and services.
const OWN_CLIENT: &str = "jupyterhub";

/// How the note of a token begins that JupyterHub made for a server (`User.spawn`).
const SERVER_NOTE: &str = "Server at ";

/// What only such a token is made with.
const SERVER_SCOPE: &str = "access:servers!server=";

impl Judge<'_> {
    pub(super) fn tokens(&mut self, tokens: &[Token]) {
        for token in tokens {
            let what = described(token);
            if let Some(why) = self.reason_against(token) {
                self.omit(Kind::Token, what, why);
                continue;
            }
            let owner = token.user.as_ref().and_then(|name| self.users.get(name));
            let Some(owner) = owner.cloned() else {
                self.omit(Kind::Token, what, "its owner is not taken");
                continue;
            };
            let hashed = match ForeignHash::parse(&token.hashed) {
                Ok(hashed) => hashed,
                Err(error) => {
                    self.omit(Kind::Token, what, error);
                    continue;
                }
            };
            let Some(scopes) = self.scopes(Kind::Token, &what, &token.scopes) else {
                continue;
            };
            self.found.import.tokens.push(ImportedToken {
                owner,
                prefix: token.prefix.clone(),
                hashed,
                scopes,
                note: token.note.chars().take(MAX_NOTE_CHARS).collect(),
                created: token.created.unwrap_or(UNKNOWN_INSTANT),
                expires: token.expires,
                last_activity: token.last_activity,
            });
        }
    }

    fn reason_against(&self, token: &Token) -> Option<&'static str> {
        let is_of_client = token.client.as_deref().is_some_and(|id| id != OWN_CLIENT);
        let is_of_server = token.note.starts_with(SERVER_NOTE)
            && token
                .scopes
                .iter()
                .any(|scope| scope.starts_with(SERVER_SCOPE));
        if token.expires.is_some_and(|end| end <= self.here.now) {
            Some("it has ended")
        } else if token.service.is_some() {
            Some("it is a service's, which gets its token from the configuration")
        } else if is_of_client {
            Some(
                "it was issued to a server or service when somebody visited it; the next visit gets another",
            )
        } else if is_of_server {
            Some("it is a server's own; a server that is started here gets another")
        } else {
            None
        }
    }
}

fn described(token: &Token) -> String {
    let owner = match (&token.user, &token.service) {
        (Some(user), _) => format!("user {user}"),
        (None, Some(service)) => format!("service {service}"),
        (None, None) => "nobody".to_owned(),
    };
    format!("token a{} of {owner} ({:?})", token.id, token.note)
}
