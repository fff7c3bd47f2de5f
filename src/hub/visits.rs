//! Visits of the hub itself to a person's server: a token that is good while the visit lasts, for that
//! server alone, and stored nowhere.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use crate::domain::{
    access::{Caller, Owner, Via},
    entropy::Entropy,
    names::ServerKey,
    role,
    scope::{Grants, Holder},
    secret::{Secret, TokenHash},
    token::TokenId,
};

/// The visits under way.
#[derive(Default, Clone)]
pub struct Visits(Arc<Mutex<HashMap<TokenHash, ServerKey>>>);

/// One visit; its token is worth nothing once this is dropped.
pub struct Visit {
    token: Secret<String>,
    visits: Visits,
}

impl Visits {
    /// Begins a visit to a server.
    pub fn begin(&self, key: &ServerKey, entropy: &Entropy) -> Visit {
        let token = entropy.hex_text();
        let hash = TokenHash::of(token.expose());
        self.table().insert(hash, key.clone());
        Visit {
            token,
            visits: self.clone(),
        }
    }

    /// Returns the caller that a visit's token stands for, if it is one: the server's owner, who may
    /// enter this server and say who they are.
    pub fn identify(&self, hash: &TokenHash) -> Option<Caller> {
        let key = self.table().get(hash).cloned()?;
        let holder = Holder::user(key.user.clone());
        let mut scopes = role::identify(&holder);
        scopes.push(role::access_server(&key));
        let grants = Grants::expand(&scopes, &holder);
        let via = Via::Token {
            // No stored token has this number.
            id: TokenId(0),
            session_id: None,
        };
        Some(Caller::new(
            Owner::User(key.user),
            via,
            grants,
            Arc::default(),
        ))
    }

    fn table(&self) -> MutexGuard<'_, HashMap<TokenHash, ServerKey>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Visit {
    /// Returns the token to show.
    pub fn token(&self) -> &Secret<String> {
        &self.token
    }
}

impl Drop for Visit {
    fn drop(&mut self) {
        let hash = TokenHash::of(self.token.expose());
        self.visits.table().remove(&hash);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::names::{ServerName, UserName};

    #[test]
    fn a_visits_token_opens_one_server_while_the_visit_lasts() {
        let visits = Visits::default();
        let key = ServerKey {
            user: UserName::parse("alice").unwrap(),
            server: ServerName::parse("lab").unwrap(),
        };
        let visit = visits.begin(&key, &Entropy::counted());
        let hash = TokenHash::of(visit.token().expose());
        let caller = visits.identify(&hash).unwrap();
        assert_eq!(
            caller.grants().texts(),
            [
                "access:servers!server=alice/lab",
                "read:users:groups!user=alice",
                "read:users:name!user=alice",
            ]
        );
        drop(visit);
        assert!(visits.identify(&hash).is_none());
    }
}
