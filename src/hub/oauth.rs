//! The authorization-code flow: from a visit to a server to the token that lets it know its visitor.
//!
//! A client is a user server that runs, or a service; its secret is its API token. A code is stored hashed, lives for
//! [`CODE_LIFETIME`] and is taken once. Which requests fit is decided in `domain::oauth`.

use std::{collections::BTreeSet, time::Duration};

use thiserror::Error;

use crate::{
    domain::{
        access::{Caller, Denied, Owner, Via},
        entropy::Entropy,
        names::{ServerKey, UserName},
        oauth::{
            self, AuthorizeError, AuthorizeParameters, AuthorizeRequest, RedirectedError, Terms,
        },
        paths,
        role::ClientKind,
        scope::{
            Scope, ScopeName,
            request::{self, Available},
        },
        secret::{Secret, TokenHash, same_bytes},
        time::Clock,
    },
    store::{
        self, Store,
        oauth::{Client, Code, Confirmation, NewClient},
        tokens::NewToken,
    },
};

/// How long a code can be exchanged for a token.
pub const CODE_LIFETIME: Duration = Duration::from_secs(300);

/// A request that the user may grant, or has granted.
#[derive(Debug, Clone)]
pub struct Authorization {
    /// Who asks.
    pub client: Client,
    /// What is asked, cut to what the user has.
    pub request: AuthorizeRequest,
    /// Whether the user must be asked first.
    pub consent: Consent,
    user: UserName,
    session_id: Option<String>,
}

/// Whether a user must be asked before a client gets a token (OA-08).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Consent {
    /// It is the user's own server, one that need not ask, or they have agreed to as much before.
    Given,
    /// They must agree.
    Needed,
}

/// Why a request does not go on.
#[derive(Debug, Error)]
pub enum AuthorizeFailure {
    /// Nobody is logged in.
    #[error(transparent)]
    Denied(Denied),
    /// The request is wrong; the user is told.
    #[error("{0}")]
    Shown(&'static str),
    /// The user may not use what the client is.
    #[error("You do not have permission to access {0}")]
    NoAccess(String),
    /// The request is wrong; the client is told.
    #[error("the client's request is wrong: {}", .0.code)]
    Redirected(RedirectedError),
    /// The database failed.
    #[error("authorize a client")]
    Store(#[from] store::Error),
}

/// What a client sends to get a token (RFC 6749 section 4.1.3).
#[derive(Debug, Default)]
pub struct ExchangeParameters {
    client_id: Option<String>,
    client_secret: Option<Secret<String>>,
    grant_type: Option<String>,
    code: Option<Secret<String>>,
    redirect_uri: Option<String>,
    code_verifier: Option<Secret<String>>,
}

/// A token that was issued.
#[derive(Debug)]
pub struct Issued {
    /// The token.
    pub access_token: Secret<String>,
    /// How long it is good.
    pub lifetime: Duration,
    /// What it was granted, as stored.
    pub scopes: Vec<String>,
}

/// Why no token was issued (RFC 6749 section 5.2).
#[derive(Debug, Error)]
pub enum ExchangeError {
    /// Only codes are exchanged.
    #[error("unsupported_grant_type")]
    UnsupportedGrantType,
    /// The client is unknown or its secret wrong.
    #[error("invalid_client")]
    InvalidClient,
    /// The client may not do this.
    #[error("unauthorized_client")]
    UnauthorizedClient,
    /// The code or its verifier is wrong, used or too old.
    #[error("invalid_grant")]
    InvalidGrant,
    /// The request itself is wrong.
    #[error("invalid_request: {0}")]
    InvalidRequest(&'static str),
    /// The database failed.
    #[error("exchange a code")]
    Store(#[from] store::Error),
}

/// Returns the record of the OAuth client a server is (OA-02, OA-04).
///
/// What its visitors' tokens may do beside opening it (RB-61) is cut to what each visitor may.
pub fn server_client(base_url: &str, key: &ServerKey, allowed_scopes: Vec<Scope>) -> NewClient {
    let path = paths::server_prefix(base_url, key);
    NewClient {
        id: oauth::server_client_id(key),
        redirect_uri: format!("{path}oauth_callback"),
        description: format!("Server at {path}"),
        allowed_scopes,
        confirmation: Confirmation::Asked,
    }
}

/// A user's visit with the request of a client.
#[derive(Debug, Clone, Copy)]
pub struct Visit<'a> {
    /// Who comes.
    pub caller: Option<&'a Caller>,
    /// What the client asks.
    pub parameters: &'a AuthorizeParameters,
    /// The scopes the user has agreed to on the confirmation page, if that was shown; none of them is
    /// taken beyond what could have been asked for.
    pub agreed: Option<&'a [&'a str]>,
}

/// Checks a request as a whole: the client, its way back, the user's access, and the scopes.
pub async fn authorize(
    store: &Store,
    clock: &Clock,
    terms: Terms<'_>,
    visit: Visit<'_>,
) -> Result<Authorization, AuthorizeFailure> {
    let Visit {
        caller,
        parameters,
        agreed,
    } = visit;
    let denied = AuthorizeFailure::Denied(Denied::NoCredentials);
    // People agree in their browser. A token, of whatever scopes, agrees to nothing in their name.
    let in_person = caller.filter(|caller| matches!(caller.via(), Via::Session { .. }));
    let Some((caller, user)) = in_person.and_then(|c| c.user().map(|user| (c, user))) else {
        return Err(denied);
    };
    let client_id = parameters.client_id()?;
    let client = store.find_client(client_id).await?;
    let rules = client.as_ref().map(|client| &client.rules);
    let mut request = parameters.check(rules, user, caller.members(), terms)?;
    let client = client.ok_or(AuthorizeFailure::Shown(
        "Invalid client_id parameter value.",
    ))?;
    let rules = &client.rules;
    if !caller.can_access(&rules.kind) {
        return Err(AuthorizeFailure::NoAccess(client.description));
    }
    if let Some(names) = agreed {
        let scopes = rules.check_scopes(names, user, caller.members(), terms);
        request.scopes = scopes.ok_or_else(|| AuthorizeFailure::invalid_scope(&request))?;
    }
    request.scopes = cut(&request.scopes, &client, caller, terms);
    let own = matches!(&rules.kind, ClientKind::Server(key) if key.user == *user);
    let consent = if own || agreed.is_some() || client.confirmation == Confirmation::Skipped {
        Consent::Given
    } else {
        let before = store.agreed_scopes(user, client_id, clock.now()).await?;
        let covered = !before.is_empty() && request.scopes.iter().all(|s| before.contains(s));
        if covered {
            Consent::Given
        } else {
            Consent::Needed
        }
    };
    Ok(Authorization {
        user: user.clone(),
        session_id: caller.session_id().map(str::to_owned),
        client,
        request,
        consent,
    })
}

/// Issues a code and returns where the browser takes it.
pub async fn issue_code(
    store: &Store,
    clock: &Clock,
    entropy: &Entropy,
    authorization: &Authorization,
) -> Result<String, store::Error> {
    let text = entropy.alphanumeric_text();
    let request = &authorization.request;
    let code = Code {
        client_id: authorization.client.id.clone(),
        user: authorization.user.clone(),
        session_id: authorization.session_id.clone(),
        scopes: request.scopes.iter().cloned().collect(),
        challenge: request.challenge.clone(),
        expires: clock.now().after(CODE_LIFETIME),
    };
    store
        .create_code(TokenHash::of(text.expose()), code)
        .await?;
    Ok(request.location(text.expose()))
}

/// Exchanges a code for a token.
///
/// The right client uses the code up even when the rest of its request is wrong: whoever guesses at a
/// verifier has one guess.
pub async fn exchange(
    store: &Store,
    clock: &Clock,
    entropy: &Entropy,
    lifetime: Duration,
    parameters: &ExchangeParameters,
) -> Result<Issued, ExchangeError> {
    let invalid = ExchangeError::InvalidRequest;
    match parameters.grant_type.as_deref() {
        Some("authorization_code" | "refresh_token") => {}
        _ => return Err(ExchangeError::UnsupportedGrantType),
    }
    let refresh = parameters.grant_type.as_deref() == Some("refresh_token");
    if parameters.code.is_none() && !refresh {
        return Err(invalid("Missing code parameter."));
    }
    let client = authenticate(store, parameters).await?;
    let text = match &parameters.code {
        Some(text) if !refresh => text,
        // There are no refresh tokens, so no client may use one.
        _ => return Err(ExchangeError::UnauthorizedClient),
    };
    let hash = TokenHash::of(text.expose());
    let code = store.take_code(hash, &client.id, clock.now()).await?;
    let code = code.ok_or(ExchangeError::InvalidGrant)?;
    match (&code.challenge, &parameters.code_verifier) {
        (Some(_), None) => return Err(invalid("Code verifier required.")),
        (Some(challenge), Some(verifier)) if !challenge.is_met_by(verifier.expose()) => {
            return Err(ExchangeError::InvalidGrant);
        }
        _ => {}
    }
    let redirect_uri = parameters.redirect_uri.as_deref();
    if redirect_uri.is_some_and(|uri| uri != client.rules.redirect_uri) {
        return Err(invalid("Mismatching redirect URI."));
    }
    issue_token(store, clock, entropy, lifetime, client, code).await
}

async fn issue_token(
    store: &Store,
    clock: &Clock,
    entropy: &Entropy,
    lifetime: Duration,
    client: Client,
    code: Code,
) -> Result<Issued, ExchangeError> {
    let access_token = entropy.alphanumeric_text();
    let scopes = crate::domain::scope::texts(&code.scopes);
    let created = clock.now();
    let token = NewToken {
        hash: TokenHash::of(access_token.expose()),
        owner: Owner::User(code.user),
        client_id: Some(client.id),
        session_id: code.session_id,
        scopes: code.scopes,
        note: client.description,
        created,
        expires: Some(created.after(lifetime)),
    };
    match store.create_token(token).await {
        Ok(_) => Ok(Issued {
            access_token,
            lifetime,
            scopes,
        }),
        // The server stopped, or the user went, between the look-up and here.
        Err(error) if error.is_conflict() => Err(ExchangeError::InvalidGrant),
        Err(error) => Err(error.into()),
    }
}

async fn authenticate(
    store: &Store,
    parameters: &ExchangeParameters,
) -> Result<Client, ExchangeError> {
    let (Some(id), Some(secret)) = (&parameters.client_id, &parameters.client_secret) else {
        return Err(ExchangeError::InvalidClient);
    };
    let client = store.find_client(id).await?;
    let presented = TokenHash::of(secret.expose());
    client
        .filter(|client| same_bytes(client.secret_hash.as_bytes(), presented.as_bytes()))
        .ok_or(ExchangeError::InvalidClient)
}

/// Cuts scopes to what the user has; `inherit` and the client's own door are always theirs.
fn cut(
    scopes: &BTreeSet<Scope>,
    client: &Client,
    caller: &Caller,
    terms: Terms<'_>,
) -> BTreeSet<Scope> {
    let inherit = Scope::unfiltered(ScopeName::Inherit);
    if scopes.contains(&inherit) {
        return BTreeSet::from([inherit]);
    }
    let available = Available {
        scopes: &client.rules.required_scopes(),
        grants: caller.grants(),
        book: terms.book,
    };
    let holder = caller.owner().holder().through(&client.rules.kind);
    request::resolve(scopes, available, &holder, caller.members()).allowed
}

impl Authorization {
    /// Returns the scopes the user is asked about: those beyond who they are and the client's door.
    pub fn scopes_to_confirm(&self) -> Vec<String> {
        let required = self.client.rules.required_scopes();
        let scopes = self.request.scopes.difference(&required);
        scopes.map(Scope::to_string).collect()
    }
}

impl ExchangeParameters {
    /// Takes the parameters from a decoded form, each at most once; others are ignored.
    pub fn from_pairs<'a>(
        pairs: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> Result<Self, ExchangeError> {
        let mut found = Self::default();
        for (name, value) in pairs.into_iter().filter(|(_, value)| !value.is_empty()) {
            let plain = || value.to_owned();
            let secret = || Secret::new(value.to_owned());
            let twice = match name {
                "client_id" => found.client_id.replace(plain()).is_some(),
                "client_secret" => found.client_secret.replace(secret()).is_some(),
                "grant_type" => found.grant_type.replace(plain()).is_some(),
                "code" => found.code.replace(secret()).is_some(),
                "redirect_uri" => found.redirect_uri.replace(plain()).is_some(),
                "code_verifier" => found.code_verifier.replace(secret()).is_some(),
                _ => false,
            };
            if twice {
                return Err(ExchangeError::InvalidRequest("Duplicate parameter."));
            }
        }
        Ok(found)
    }
}

impl AuthorizeFailure {
    fn invalid_scope(request: &AuthorizeRequest) -> Self {
        Self::Redirected(RedirectedError {
            code: "invalid_scope",
            description: "",
            redirect_uri: request.redirect_uri.clone(),
            state: request.state.clone(),
        })
    }
}

impl From<AuthorizeError> for AuthorizeFailure {
    fn from(error: AuthorizeError) -> Self {
        match error {
            AuthorizeError::Shown(text) => Self::Shown(text),
            AuthorizeError::Redirected(error) => Self::Redirected(error),
        }
    }
}

#[cfg(test)]
#[path = "oauth_tests.rs"]
mod tests;
