//! Callers: somebody whose credentials were good, and what they may do.

use std::{fmt, sync::Arc};

use thiserror::Error;

use super::Object;
use crate::domain::{
    names::{ServiceName, UserName},
    role::ClientKind,
    scope::{Grants, Holder, Membership, ScopeName},
    secret::TokenHash,
    token::TokenId,
};

/// Somebody whose credentials were good, and what they may do.
#[derive(Debug, Clone)]
pub struct Caller {
    owner: Owner,
    via: Via,
    grants: Arc<Grants>,
    members: Arc<Membership>,
}

/// On whose behalf a caller acts.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Owner {
    /// A person.
    User(UserName),
    /// A program beside the hub.
    Service(ServiceName),
    /// Root of this machine, of whom nothing is recorded.
    Root,
}

/// By which credential a caller was recognised.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Via {
    /// The login cookie of a browser.
    Session {
        /// The cookie's hash, which names the session in the store.
        hash: TokenHash,
        /// The public id of the browser session.
        session_id: String,
    },
    /// An API token.
    Token {
        /// Number of the token.
        id: TokenId,
        /// The browser session for which it was issued.
        session_id: Option<String>,
    },
    /// The account at the other end of a Unix socket.
    Peer,
}

/// Why a caller may not do what they asked for; the texts are JupyterHub's.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Denied {
    /// Nobody is recognised.
    #[error("Missing or invalid credentials.")]
    NoCredentials,
    /// None of the scopes is held at all, or none without a bound where there can be none.
    #[error(
        "Action is not authorized with current scopes; requires any of [{}]",
        join(.any_of)
    )]
    NotHeld {
        /// The scopes of which one is needed.
        any_of: &'static [ScopeName],
    },
    /// A scope is held, but not for this target; says nothing on whether the target exists.
    #[error("No access to resources or resources not found")]
    NoAccess,
    /// The scope of a list is held, with a filter that cannot bound the list (RB-14).
    #[error(
        "Action is not authorized with current scopes; {} has a filter that does not apply",
        .0.as_str()
    )]
    Unlistable(ScopeName),
}

impl Caller {
    /// Puts together a caller whose credential has been checked.
    pub fn new(owner: Owner, via: Via, grants: Grants, members: Arc<Membership>) -> Self {
        Self {
            owner,
            via,
            grants: Arc::new(grants),
            members,
        }
    }

    /// Returns the same caller with other grants.
    #[must_use]
    pub fn with_grants(&self, grants: Grants) -> Self {
        Self {
            grants: Arc::new(grants),
            ..self.clone()
        }
    }

    /// Returns on whose behalf the caller acts.
    pub fn owner(&self) -> &Owner {
        &self.owner
    }

    /// Returns the user, when a person acts.
    pub fn user(&self) -> Option<&UserName> {
        match &self.owner {
            Owner::User(name) => Some(name),
            Owner::Service(_) | Owner::Root => None,
        }
    }

    /// Returns by which credential the caller was recognised.
    pub fn via(&self) -> &Via {
        &self.via
    }

    /// Returns the id of the browser session in which the credential was issued.
    pub fn session_id(&self) -> Option<&str> {
        match &self.via {
            Via::Session { session_id, .. } => Some(session_id),
            Via::Token { session_id, .. } => session_id.as_deref(),
            Via::Peer => None,
        }
    }

    /// Returns what the caller may do.
    pub fn grants(&self) -> &Grants {
        &self.grants
    }

    /// Returns who is in which group, as far as the grants need it.
    pub fn members(&self) -> &Membership {
        &self.members
    }

    /// Tells whether the caller has a scope for a target.
    pub fn can(&self, scope: &ScopeName, object: &impl Object) -> bool {
        self.grants.covers(scope, &object.target(), &self.members)
    }

    /// Tells whether the caller may use what an OAuth client stands for (OA-06).
    pub fn can_access(&self, client: &ClientKind) -> bool {
        match client {
            ClientKind::Server(key) => self.can(&ScopeName::AccessServers, key),
            ClientKind::Service(name) => self.can(&ScopeName::AccessServices, name),
        }
    }
}

impl Owner {
    /// Returns what filters without a value mean for scopes the owner holds.
    pub fn holder(&self) -> Holder {
        match self {
            Self::User(name) => Holder::user(name.clone()),
            Self::Service(name) => Holder::service(name.clone()),
            Self::Root => Holder::default(),
        }
    }
}

impl fmt::Display for Owner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::User(name) => write!(f, "user {name}"),
            Self::Service(name) => write!(f, "service {name}"),
            Self::Root => f.write_str("root of this machine"),
        }
    }
}

fn join(scopes: &[ScopeName]) -> String {
    let names: Vec<_> = scopes.iter().map(ScopeName::as_str).collect();
    names.join(", ")
}
