//! Clients: their ids, their way back, and what their tokens may do.

use std::collections::BTreeSet;

use super::{MAX_PARAMETER_BYTES, Terms};
use crate::domain::{
    names::{ServerKey, ServiceName, UserName},
    role::{self, ClientKind, RoleName},
    scope::{
        Holder, Membership, Scope, ScopeName,
        request::{self, Available},
    },
};

/// What the ids of all services' clients begin with, those chosen by their administrators too.
const SERVICE_PREFIX: &str = "service-";

/// A client, as far as the rules need it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientRules {
    /// What the client is.
    pub kind: ClientKind,
    /// Where its users are sent back, exactly.
    pub redirect_uri: String,
    /// What its tokens may do at most, beside identifying their owner and opening what the client is.
    pub allowed_scopes: BTreeSet<Scope>,
}

/// Returns the id of the OAuth client that a server is: `jupyterhub-user-<user>[-<server>]`.
///
/// The names are percent-encoded as Python's `urllib.parse.quote` does, for the id is a cookie's name too.
pub fn server_client_id(key: &ServerKey) -> String {
    let mut id = String::from("jupyterhub-user-");
    quote_into(&mut id, key.user.as_str());
    if !key.server.is_default() {
        id.push('-');
        quote_into(&mut id, key.server.as_str());
    }
    id
}

/// Returns the id that the OAuth client of a service has unless another is chosen.
pub fn service_client_id(name: &ServiceName) -> String {
    format!("{SERVICE_PREFIX}{name}")
}

/// Tells whether a service's client may have this id: no server's begins so (OA-02).
///
/// It is a cookie's name too, so it is bounded and has no character that would end one.
pub fn is_service_client_id(id: &str) -> bool {
    const MAX_BYTES: usize = 255;
    let in_cookie = |b: u8| b.is_ascii_graphic() && !br#"()<>@,;:\"/[]?={}"#.contains(&b);
    let own = id.strip_prefix(SERVICE_PREFIX);
    own.is_some_and(|own| !own.is_empty() && own.bytes().all(in_cookie)) && id.len() <= MAX_BYTES
}

/// Tells whether users can be sent back there: a path on the hub's host, or another host's address.
///
/// A fragment would take the code with it (RFC 6749 section 3.1.2).
pub fn is_redirect_uri(uri: &str) -> bool {
    let host = |rest: &str| !rest.is_empty() && !rest.starts_with(['/', '?', '@', ':']);
    let path = uri.starts_with('/') && !uri.starts_with("//");
    let mut schemes = ["https://", "http://"].into_iter();
    let absolute = schemes.any(|scheme| uri.strip_prefix(scheme).is_some_and(host));
    let plain = uri
        .bytes()
        .all(|b| b.is_ascii_graphic() && !matches!(b, b'#' | b'\\'));
    (path || absolute) && plain && uri.len() <= MAX_PARAMETER_BYTES
}

impl ClientRules {
    /// Returns the scopes every token of the client has: who its owner is, and the client's door.
    pub fn required_scopes(&self) -> BTreeSet<Scope> {
        let mut scopes = BTreeSet::from_iter(role::identify_user());
        scopes.insert(role::access_client(&self.kind));
        scopes
    }

    /// Returns whose scopes a token of the client for this user expands.
    fn holder(&self, user: &UserName) -> Holder {
        Holder::user(user.clone()).through(&self.kind)
    }

    /// Returns the scopes asked for, or by default all the client may have; `None` when it may not.
    pub(super) fn requested_scopes(
        &self,
        scope: Option<&str>,
        user: &UserName,
        members: &Membership,
        terms: Terms<'_>,
    ) -> Option<BTreeSet<Scope>> {
        let Some(scope) = scope else {
            let mut scopes = self.allowed_scopes.clone();
            if !scopes.contains(&Scope::unfiltered(ScopeName::Inherit)) {
                scopes.extend(self.required_scopes());
            }
            return Some(scopes);
        };
        let names: Vec<_> = scope.split_whitespace().collect();
        self.check_scopes(&names, user, members, terms)
    }

    /// Adds the required scopes to the named ones; `None` when one of them is not the client's to ask.
    ///
    /// The name of a role stands for its scopes, and `identify` for none: older clients send them (OA-07).
    pub fn check_scopes(
        &self,
        names: &[&str],
        user: &UserName,
        members: &Membership,
        terms: Terms<'_>,
    ) -> Option<BTreeSet<Scope>> {
        let mut requested = self.required_scopes();
        for name in names.iter().filter(|name| **name != "identify") {
            match terms.book.parse_scope(name) {
                Ok(scope) => drop(requested.insert(scope)),
                Err(_) => {
                    let role = RoleName::parse(name).ok()?;
                    requested.extend(terms.book.scopes_of(&role)?);
                }
            }
        }
        let mut allowed = self.allowed_scopes.clone();
        allowed.extend(self.required_scopes());
        let holder = self.holder(user);
        let available = Available {
            scopes: &allowed,
            grants: &terms.book.expand(&allowed, &holder),
            book: terms.book,
        };
        let resolved = request::resolve(&requested, available, &holder, members);
        resolved.disallowed.is_empty().then_some(requested)
    }
}

fn quote_into(out: &mut String, text: &str) {
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-' | b'~' | b'/') {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
}
