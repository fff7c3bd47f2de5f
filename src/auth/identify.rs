//! From the credentials of a request to a caller.

use http::{HeaderMap, header};

use super::csrf::Holder;
use crate::{
    domain::{access::Caller, secret::TokenHash, token},
    http::cookies as jar,
    hub::{Hub, sessions, tokens},
    store,
};

/// Who a request says it is from.
pub enum Identity {
    /// It shows no credentials, or none that are good.
    Nobody,
    /// It shows a good token; no form token is needed.
    Token(Caller),
    /// It came over the socket that only root may use; no form token is needed, for no browser does that.
    Root(Caller),
    /// It shows a good login cookie; what changes something must repeat the form token.
    Session {
        /// The person.
        caller: Caller,
        /// The session.
        hash: TokenHash,
        /// The session's public id.
        session_id: String,
    },
}

/// Which credentials count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Accepts {
    /// The login cookie alone.
    Cookie,
    /// A token, or else the login cookie.
    TokenOrCookie,
    /// A token alone.
    Token,
    /// None: whoever can send a request is root of this machine.
    Root,
}

impl Identity {
    /// Returns whose form tokens are good.
    pub fn holder(&self) -> Holder {
        match self {
            Self::Session { hash, .. } => Holder::Session(*hash),
            Self::Nobody | Self::Token(_) | Self::Root(_) => Holder::Anonymous,
        }
    }

    /// Returns the caller.
    pub fn into_caller(self) -> Option<Caller> {
        match self {
            Self::Nobody => None,
            Self::Token(caller) | Self::Root(caller) | Self::Session { caller, .. } => Some(caller),
        }
    }
}

/// Looks the credentials up.
pub async fn identify(
    hub: &Hub,
    headers: &HeaderMap,
    accepts: Accepts,
) -> Result<Identity, store::Error> {
    if accepts == Accepts::Root {
        return Ok(Identity::Root(hub.authority.root_caller()));
    }
    if accepts != Accepts::Cookie
        && let Some(text) = bearer(headers)
    {
        let found = tokens::identify(&hub.store, &hub.authority, &hub.clock, text).await?;
        return Ok(found.map_or(Identity::Nobody, Identity::Token));
    }
    if accepts == Accepts::Token {
        return Ok(Identity::Nobody);
    }
    // Programs of the same origin may have set a cookie of this name below another path.
    let logins = jar::all(headers).filter(|(name, _)| *name == jar::HUB_LOGIN);
    for (_, login) in logins.take(2) {
        let hash = TokenHash::of(login);
        if let Some(found) = sessions::find(&hub.store, &hub.authority, &hub.clock, hash).await? {
            return Ok(Identity::Session {
                caller: found.caller,
                hash,
                session_id: found.session_id,
            });
        }
    }
    Ok(Identity::Nobody)
}

/// Returns the token of the `Authorization` header (API-01).
fn bearer(headers: &HeaderMap) -> Option<&str> {
    let header = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    token::from_authorization(header)
}
