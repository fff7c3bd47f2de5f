//! API tokens: recognised, made and revoked.

use std::time::Duration;

use thiserror::Error;

use crate::{
    domain::{
        access::{By, Caller, Owner, Permit, ReadTokens, Via, WriteTokens},
        entropy::Entropy,
        foreign_hash,
        names::{ServerKey, UserName},
        paths, role,
        scope::{Scope, ScopeName},
        secret::{Secret, TokenHash},
        time::{Clock, Timestamp},
        token::{TokenId, is_plausible},
    },
    hub::{
        authority::{self, Authority},
        callers::Known,
    },
    store::{
        self, Store,
        tokens::{NewToken, PresentedToken, Token},
    },
    telemetry::causes::Causes,
};

/// How long a token may last at all: what is asked beyond is a mistake.
pub const LONGEST: Duration = Duration::from_secs(100 * 365 * 24 * 3600);

/// The longest note, in characters; longer ones are cut.
pub const MAX_NOTE_CHARS: usize = 1023;

/// The most tokens a user may have made at once.
const MAX_TOKENS: u32 = 1000;

/// What is asked of a new token.
#[derive(Debug, Clone, Default)]
pub struct Order {
    /// What it is for; a default is made up when there is none.
    pub note: Option<String>,
    /// How long it is good; for ever when there is none.
    pub lifetime: Option<Duration>,
    /// What it may do; everything its owner may when there are none.
    pub scopes: Option<Vec<Scope>>,
}

/// Why a token was not made.
#[derive(Debug, Error)]
pub enum CreateError {
    /// There is no such user.
    #[error("User not found or no permissions to generate tokens")]
    NoSuchUser,
    /// The owner does not have these scopes.
    #[error("Not assigning requested scopes {} not held by User {user}", .scopes.join(","))]
    Exceeds {
        /// What is asked beyond what the owner has.
        scopes: Vec<String>,
        /// The owner.
        user: String,
    },
    /// The owner has as many as anybody may have.
    #[error("User {0} already has the maximum of {MAX_TOKENS} tokens. Revoke one first.")]
    TooMany(String),
    /// The database failed.
    #[error("make a token")]
    Store(#[from] store::Error),
}

/// Returns the caller a token stands for, if the token is good.
pub async fn identify(
    store: &Store,
    authority: &Authority,
    clock: &Clock,
    text: &str,
) -> Result<Option<Caller>, store::Error> {
    let now = clock.now();
    let hash = TokenHash::of(text);
    if let Some(visitor) = authority.visits.identify(&hash) {
        return Ok(Some(visitor));
    }
    let basis = authority.basis();
    let known = match authority.callers.find(&hash, &basis, now) {
        Some(known) => known,
        None => {
            let presented = match store.find_token(hash, now).await? {
                Some(presented) => presented,
                None => match adopt(store, text, now).await? {
                    Some(presented) => presented,
                    None => return Ok(None),
                },
            };
            let known = Known {
                expires: presented.token.expires,
                last_use: presented.token.last_activity,
                caller: authority.token_caller(presented, &basis.book).await?,
            };
            let kept = known.clone();
            authority.callers.keep(hash, basis.clone(), kept);
            known
        }
    };
    let resolution = authority.resolution();
    let unrecorded = |last: Timestamp| now.since(last) >= resolution;
    if let Via::Token { id, .. } = known.caller.via()
        && known.last_use.is_none_or(unrecorded)
    {
        match store.touch_token(*id, now).await {
            Ok(()) => {
                let last_use = Some(now);
                let kept = Known {
                    last_use,
                    ..known.clone()
                };
                authority.callers.keep(hash, basis, kept);
            }
            // A full disk must not lock anybody out.
            Err(error) => tracing::warn!(
                "the use of token {id} is not recorded: {causes}",
                causes = Causes(&error)
            ),
        }
    }
    Ok(Some(known.caller))
}

/// A token with what it may do.
#[derive(Debug, Clone)]
pub struct Described {
    /// The token.
    pub token: Token,
    /// Its effective scopes, sorted.
    pub scopes: Vec<String>,
}

/// Lists a user's tokens; `None` when there is no such user.
pub async fn list(
    store: &Store,
    authority: &Authority,
    clock: &Clock,
    permit: &Permit<ReadTokens>,
) -> Result<Option<Vec<Described>>, store::Error> {
    let owner = Owner::User(permit.target().clone());
    let Some((grants, _)) = authority.find_grants(&owner).await? else {
        return Ok(None);
    };
    let tokens = store.list_tokens(&owner, clock.now()).await?;
    let scopes: Vec<_> = tokens
        .iter()
        .flat_map(|t| t.scopes.iter().cloned())
        .collect();
    let members = authority.members(&grants, &scopes).await?;
    let describe = |token: Token| Described {
        scopes: authority.token_grants(&token, &grants, &members).texts(),
        token,
    };
    Ok(Some(tokens.into_iter().map(describe).collect()))
}

/// What making a token takes.
#[derive(Clone, Copy)]
pub struct Maker<'a> {
    /// Where tokens are kept.
    pub store: &'a Store,
    /// What their owners may do.
    pub authority: &'a Authority,
    /// The time.
    pub clock: &'a Clock,
    /// Where their texts come from.
    pub entropy: &'a Entropy,
}

/// Makes a token for a user.
pub async fn create(
    maker: Maker<'_>,
    permit: &Permit<WriteTokens>,
    order: Order,
) -> Result<(Secret<String>, TokenId), CreateError> {
    let Maker { store, clock, .. } = maker;
    let user = permit.target();
    let owner = Owner::User(user.clone());
    let scopes = order.scopes.unwrap_or_else(role::token);
    check_scopes(maker.authority, &scopes, user).await?;
    let created = clock.now();
    let text = new_secret(maker.entropy);
    let note = order.note.filter(|note| !note.is_empty());
    let note = note.unwrap_or_else(|| default_note(permit));
    let token = NewToken {
        hash: TokenHash::of(text.expose()),
        owner,
        client_id: None,
        session_id: None,
        scopes,
        note: note.chars().take(MAX_NOTE_CHARS).collect(),
        created,
        expires: order.lifetime.map(|lifetime| created.after(lifetime)),
    };
    let added = store.create_personal_token(token, MAX_TOKENS).await?;
    let id = added.ok_or_else(|| CreateError::TooMany(user.to_string()))?;
    tracing::info!(
        target: "audit",
        { user.name = %user, token.id = %id },
        "token {id} of {user} made by {}",
        permit.by()
    );
    Ok((text, id))
}

/// Revokes one of a user's tokens, and with a client's token all that client has of the user.
///
/// Tells whether there was one.
pub async fn revoke(
    store: &Store,
    permit: &Permit<WriteTokens>,
    id: TokenId,
) -> Result<bool, store::Error> {
    let user = permit.target();
    let count = store.delete_token(&Owner::User(user.clone()), id).await?;
    if count > 0 {
        tracing::info!(
            target: "audit",
            { user.name = %user, token.id = %id },
            "token {id} of {user} revoked by {}, {count} in all",
            permit.by()
        );
    }
    Ok(count > 0)
}

/// Makes the text of a token: 32 hexadecimal digits, as JupyterHub's.
pub fn new_secret(entropy: &Entropy) -> Secret<String> {
    entropy.hex_text()
}

/// Returns the record of the token a server talks to the hub with.
pub fn server_token(
    base_url: &str,
    key: &ServerKey,
    text: &Secret<String>,
    scopes: Vec<Scope>,
    created: Timestamp,
) -> NewToken {
    NewToken {
        hash: TokenHash::of(text.expose()),
        owner: Owner::User(key.user.clone()),
        client_id: None,
        session_id: None,
        scopes,
        note: format!("Server at {}", paths::server_prefix(base_url, key)),
        created,
        expires: None,
    }
}

/// Finds a token that was taken over from a JupyterHub by the hash it had there, and puts ours in its place.
///
/// A hash is made for each such token that begins as this one does, one in tens of thousands, and for
/// none once all have been used.
async fn adopt(
    store: &Store,
    text: &str,
    now: Timestamp,
) -> Result<Option<PresentedToken>, store::Error> {
    if !is_plausible(text) {
        return Ok(None);
    }
    let prefix = foreign_hash::prefix(text);
    let candidates = store.find_foreign_hashes(prefix, now).await?;
    let Some((id, _)) = candidates.iter().find(|(_, hash)| hash.matches(text)) else {
        return Ok(None);
    };
    let hash = TokenHash::of(text);
    store.adopt_token(*id, hash).await?;
    store.find_token(hash, now).await
}

/// A token may ask for `inherit` whoever owns it: it then has what the owner has, at each use.
async fn check_scopes(
    authority: &Authority,
    scopes: &[Scope],
    user: &UserName,
) -> Result<(), CreateError> {
    let owner = Owner::User(user.clone());
    let found = authority.find_grants(&owner).await?;
    let (held, _) = found.ok_or(CreateError::NoSuchUser)?;
    let members = authority.members(&held, scopes).await?;
    let book = authority.book();
    let holder = authority::holder(&owner, None);
    let inherit = Scope::unfiltered(ScopeName::Inherit);
    let exceeding = scopes.iter().filter(|scope| {
        **scope != inherit && !book.expand([*scope], &holder).is_within(&held, &members)
    });
    let exceeding: Vec<_> = exceeding.map(Scope::to_string).collect();
    if exceeding.is_empty() {
        return Ok(());
    }
    Err(CreateError::Exceeds {
        scopes: exceeding,
        user: user.to_string(),
    })
}

fn default_note(permit: &Permit<WriteTokens>) -> String {
    const OWN: &str = "Requested via api";
    match permit.by() {
        By::Caller(Owner::User(name)) if name == permit.target() => OWN.to_owned(),
        by @ By::Caller(_) => format!("{OWN} by {by}"),
        // Nobody's credentials: it is the owner's own doing all the same.
        By::Hub(_) => OWN.to_owned(),
    }
}

#[cfg(test)]
#[path = "tokens_tests.rs"]
mod tests;
