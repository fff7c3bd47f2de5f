//! The request of a client that brings a user, and where its answer goes.

use std::collections::BTreeSet;

use thiserror::Error;

use super::{Challenge, ChallengeMethod, ClientRules, MAX_PARAMETER_BYTES, Pkce, Terms};
use crate::domain::{
    names::UserName,
    scope::{Membership, Scope},
};

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
        terms: Terms<'_>,
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
            .challenge(terms.pkce)
            .map_err(|description| redirected("invalid_request", description))?;
        let scopes = client
            .requested_scopes(self.scope.as_deref(), user, members, terms)
            .ok_or_else(|| redirected("invalid_scope", ""))?;
        Ok(AuthorizeRequest {
            redirect_uri: redirect_uri.to_owned(),
            state: self.state.clone(),
            scopes,
            challenge,
        })
    }

    fn challenge(&self, pkce: Pkce) -> Result<Option<Challenge>, &'static str> {
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
            None if self.code_challenge_method.is_some() || pkce == Pkce::Required => {
                Err("Code challenge required.")
            }
            None => Ok(None),
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
