//! The rules of the authorization-code flow: who asks, for what, and whether it fits.
//!
//! RFC 6749 section 4.1 with RFC 7636 (PKCE), as JupyterHub speaks them: a redirect URI may be a path on
//! the hub's host, and a client is one user server. Nothing here does I/O.

use std::collections::BTreeSet;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use sha2::{Digest, Sha256};
use thiserror::Error;

use crate::domain::{
    names::{ServerKey, UserName},
    role,
    scope::{
        Grants, Holder, Membership, Scope, ScopeName,
        request::{self, Available},
    },
    secret::same_bytes,
};

/// The longest value of a parameter that is taken, in bytes.
const MAX_PARAMETER_BYTES: usize = 4096;

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

/// A client, as far as the rules need it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientRules {
    /// The server the client is.
    pub server: ServerKey,
    /// Where its users are sent back, exactly.
    pub redirect_uri: String,
    /// What its tokens may do at most, beside identifying their owner and opening the server.
    pub allowed_scopes: BTreeSet<Scope>,
}

/// The parameters of an authorization request, each given at most once.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AuthorizeParameters {
    /// `client_id`.
    pub client_id: Option<String>,
    /// `redirect_uri`.
    pub redirect_uri: Option<String>,
    /// `response_type`.
    pub response_type: Option<String>,
    /// `state`, echoed.
    pub state: Option<String>,
    /// `scope`, separated by spaces.
    pub scope: Option<String>,
    /// `code_challenge`.
    pub code_challenge: Option<String>,
    /// `code_challenge_method`.
    pub code_challenge_method: Option<String>,
}

/// A request that may go on to the user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuthorizeRequest {
    /// Where the answer goes.
    pub redirect_uri: String,
    /// Echoed with the answer.
    pub state: Option<String>,
    /// What the token is to be allowed, within what the client may have.
    pub scopes: BTreeSet<Scope>,
    /// What the client must prove when it exchanges the code.
    pub challenge: Option<Challenge>,
}

/// What a code's bearer must prove (RFC 7636 section 4.2).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Challenge {
    /// How it was made from the verifier.
    pub method: ChallengeMethod,
    /// The challenge.
    pub value: String,
}

/// How a challenge is made from a verifier.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChallengeMethod {
    /// It is the verifier.
    Plain,
    /// It is the verifier's SHA-256 in unpadded base64url.
    S256,
}

/// What is wrong with an authorization request.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum AuthorizeError {
    /// Nobody can be told but the user: the client is unknown or the way back is not its own.
    #[error("{0}")]
    Shown(&'static str),
    /// The client is told by redirect.
    #[error("{}: {}", .0.code, .0.description)]
    Redirected(RedirectedError),
}

/// An error the client is told (RFC 6749 section 4.1.2.1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RedirectedError {
    /// The error code of the protocol.
    pub code: &'static str,
    /// What went wrong, for the client's developer; may be empty.
    pub description: &'static str,
    /// Where to.
    pub redirect_uri: String,
    /// Echoed.
    pub state: Option<String>,
}

impl AuthorizeParameters {
    /// Takes the parameters from a decoded query; what is not of the protocol is ignored.
    pub fn from_pairs<'a>(
        pairs: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> Result<Self, AuthorizeError> {
        let mut found = Self::default();
        for (name, value) in pairs {
            let (field, twice) = match name {
                "client_id" => (&mut found.client_id, "Duplicate client_id parameter."),
                "redirect_uri" => (&mut found.redirect_uri, "Duplicate redirect_uri parameter."),
                "response_type" => (
                    &mut found.response_type,
                    "Duplicate response_type parameter.",
                ),
                "state" => (&mut found.state, "Duplicate state parameter."),
                "scope" => (&mut found.scope, "Duplicate scope parameter."),
                "code_challenge" => (
                    &mut found.code_challenge,
                    "Duplicate code_challenge parameter.",
                ),
                "code_challenge_method" => (
                    &mut found.code_challenge_method,
                    "Duplicate code_challenge_method parameter.",
                ),
                _ => continue,
            };
            if field.is_some() {
                return Err(AuthorizeError::Shown(twice));
            }
            if value.len() > MAX_PARAMETER_BYTES {
                return Err(AuthorizeError::Shown("A parameter is too long."));
            }
            *field = Some(value.to_owned());
        }
        Ok(found.without_empty())
    }

    /// An empty value counts as an absent one (RFC 6749 section 3.1).
    fn without_empty(mut self) -> Self {
        for field in [
            &mut self.client_id,
            &mut self.redirect_uri,
            &mut self.response_type,
            &mut self.state,
            &mut self.scope,
            &mut self.code_challenge,
            &mut self.code_challenge_method,
        ] {
            if field.as_deref() == Some("") {
                *field = None;
            }
        }
        self
    }

    /// Returns the client's id.
    pub fn client_id(&self) -> Result<&str, AuthorizeError> {
        let missing = AuthorizeError::Shown("Missing client_id parameter.");
        self.client_id.as_deref().ok_or(missing)
    }

    /// Checks the request of a user against the client's rules; `None` is an unknown client.
    pub fn check(
        &self,
        client: Option<&ClientRules>,
        user: &UserName,
        members: &Membership,
    ) -> Result<AuthorizeRequest, AuthorizeError> {
        let shown = AuthorizeError::Shown;
        let client = client.ok_or(shown("Invalid client_id parameter value."))?;
        let redirect_uri = match self.redirect_uri.as_deref() {
            Some(uri) if uri == client.redirect_uri => uri,
            Some(_) => return Err(shown("Mismatching redirect URI.")),
            None => &client.redirect_uri,
        };
        let redirected = |code, description| {
            AuthorizeError::Redirected(RedirectedError {
                code,
                description,
                redirect_uri: redirect_uri.to_owned(),
                state: self.state.clone(),
            })
        };
        match self.response_type.as_deref() {
            Some("code") => {}
            Some(_) => return Err(redirected("unsupported_response_type", "")),
            None => {
                return Err(redirected(
                    "invalid_request",
                    "Missing response_type parameter.",
                ));
            }
        }
        let challenge = self
            .challenge()
            .map_err(|description| redirected("invalid_request", description))?;
        let scopes = client
            .requested_scopes(self.scope.as_deref(), user, members)
            .ok_or_else(|| redirected("invalid_scope", ""))?;
        Ok(AuthorizeRequest {
            redirect_uri: redirect_uri.to_owned(),
            state: self.state.clone(),
            scopes,
            challenge,
        })
    }

    fn challenge(&self) -> Result<Option<Challenge>, &'static str> {
        let method = match self.code_challenge_method.as_deref() {
            None | Some("plain") => ChallengeMethod::Plain,
            Some("S256") => ChallengeMethod::S256,
            Some(_) => return Err("Transform algorithm not supported."),
        };
        match &self.code_challenge {
            Some(value) => Ok(Some(Challenge {
                method,
                value: value.clone(),
            })),
            // A method without a challenge is a mistake that would go without protection.
            None if self.code_challenge_method.is_some() => Err("Code challenge required."),
            None => Ok(None),
        }
    }
}

impl ClientRules {
    /// Returns the scopes every token of the client has: who its owner is, and the server's door.
    pub fn required_scopes(&self) -> BTreeSet<Scope> {
        let mut scopes = BTreeSet::from_iter(role::identify_user());
        scopes.insert(role::access_server(&self.server));
        scopes
    }

    /// Returns whose scopes a token of the client for this user expands.
    pub fn holder(&self, user: &UserName) -> Holder {
        Holder {
            user: Some(user.clone()),
            service: None,
            server: Some(self.server.clone()),
        }
    }

    /// Returns the scopes asked for, or by default all the client may have; `None` when it may not.
    fn requested_scopes(
        &self,
        scope: Option<&str>,
        user: &UserName,
        members: &Membership,
    ) -> Option<BTreeSet<Scope>> {
        let Some(scope) = scope else {
            let mut scopes = self.allowed_scopes.clone();
            if !scopes.contains(&Scope::unfiltered(ScopeName::Inherit)) {
                scopes.extend(self.required_scopes());
            }
            return Some(scopes);
        };
        let names: Vec<_> = scope.split_whitespace().collect();
        self.check_scopes(&names, user, members)
    }

    /// Adds the required scopes to the named ones; `None` when one of them is not the client's to ask.
    ///
    /// The names of default roles stand for their scopes, and `identify` for none: older clients send them.
    pub fn check_scopes(
        &self,
        names: &[&str],
        user: &UserName,
        members: &Membership,
    ) -> Option<BTreeSet<Scope>> {
        let mut requested = self.required_scopes();
        for name in names.iter().filter(|name| **name != "identify") {
            match *name {
                "user" => requested.extend(role::user()),
                "admin" => requested.extend(role::admin()),
                "token" => requested.extend(role::token()),
                "server" => requested.extend(role::server(&self.server)),
                name => drop(requested.insert(Scope::parse(name).ok()?)),
            }
        }
        let mut allowed = self.allowed_scopes.clone();
        allowed.extend(self.required_scopes());
        let holder = self.holder(user);
        let available = Available {
            scopes: &allowed,
            grants: &Grants::expand(&allowed, &holder),
        };
        let resolved = request::resolve(&requested, available, &holder, members);
        resolved.disallowed.is_empty().then_some(requested)
    }
}

impl Challenge {
    /// Tells whether the verifier is the one the challenge was made from.
    pub fn is_met_by(&self, verifier: &str) -> bool {
        match self.method {
            ChallengeMethod::Plain => same_bytes(verifier.as_bytes(), self.value.as_bytes()),
            ChallengeMethod::S256 => {
                let digest = URL_SAFE_NO_PAD.encode(Sha256::digest(verifier.as_bytes()));
                same_bytes(digest.as_bytes(), self.value.as_bytes())
            }
        }
    }
}

impl ChallengeMethod {
    /// Returns the name of the method in the protocol.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Plain => "plain",
            Self::S256 => "S256",
        }
    }
}

impl RedirectedError {
    /// Returns where the browser goes.
    pub fn location(&self) -> String {
        let mut pairs = vec![("error", self.code)];
        if !self.description.is_empty() {
            pairs.push(("error_description", self.description));
        }
        pairs.extend(self.state.as_deref().map(|state| ("state", state)));
        with_query(&self.redirect_uri, &pairs)
    }
}

impl AuthorizeRequest {
    /// Returns where the browser takes the code.
    pub fn location(&self, code: &str) -> String {
        let mut pairs = vec![("code", code)];
        pairs.extend(self.state.as_deref().map(|state| ("state", state)));
        with_query(&self.redirect_uri, &pairs)
    }
}

fn with_query(uri: &str, pairs: &[(&str, &str)]) -> String {
    let query = form_urlencoded::Serializer::new(String::new())
        .extend_pairs(pairs)
        .finish();
    let separator = if uri.contains('?') { '&' } else { '?' };
    format!("{uri}{separator}{query}")
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

#[cfg(test)]
#[path = "oauth_tests.rs"]
mod tests;
