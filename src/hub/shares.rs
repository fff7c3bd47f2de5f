//! Sharing servers: who may let whom do what with a server, and the codes that do it by link.
//!
//! Nobody shares what they do not have themselves. What a share allows is part of its holder's standing
//! and looked up at each request, so what is taken back is gone from all their sessions and tokens.

use std::time::Duration;

use thiserror::Error;

use crate::{
    domain::{
        access::{
            By, Caller, LeaveGroupShares, LeaveUserShares, Permit, ShareWithGroup, ShareWithUser,
            WriteShares,
        },
        entropy::Entropy,
        names::{ServerKey, UserName},
        scope::{Scope, texts},
        secret::{Secret, TokenHash},
        share::{self, ForeignFilter, Grantee, Shared},
        time::Clock,
    },
    store::{
        self, Store,
        share_codes::{CodeChoice, Exchange, NewShareCode, ShareCode},
        shares::{Granted, Share},
    },
};

/// What somebody offers to share.
#[derive(Debug, Clone, Copy)]
pub struct Offer<'a> {
    /// Who offers it.
    pub caller: &'a Caller,
    /// That they may share the server at all.
    pub permit: &'a Permit<WriteShares>,
    /// What of the server; without any, its use.
    pub scopes: &'a [Scope],
}

/// Why a server is not shared, or no longer; the texts are JupyterHub's.
#[derive(Debug, Error)]
pub enum ShareError {
    /// A scope is about something else.
    #[error(transparent)]
    ForeignFilter(#[from] ForeignFilter),
    /// There is no such server.
    #[error("No such server: {0}")]
    NoServer(ServerKey),
    /// Whoever shares does not have it themselves.
    #[error("Do not have permission to grant share with scope {0}")]
    NotHeld(Scope),
    /// Whoever shares may not know that there is somebody of this name.
    #[error("Need scope 'read:{kind}s:name' to share with {kind}s by name", kind = kind(.0))]
    NotNamed(Grantee),
    /// There is nobody of this name.
    #[error("No such {}: {}", kind(.0), .0.name())]
    NoGrantee(Grantee),
    /// The database failed.
    #[error("share a server")]
    Store(#[from] store::Error),
}

/// Shares a server with a user or group, beside what is shared with them already.
pub async fn grant(
    store: &Store,
    clock: &Clock,
    offer: Offer<'_>,
    with: &Grantee,
) -> Result<Share, ShareError> {
    let key = offer.permit.target();
    let shared = share::of_server(offer.scopes, key)?;
    check_server(store, key).await?;
    offer.check_held(&shared)?;
    let denied = match with {
        Grantee::User(name) => offer.caller.permit::<ShareWithUser>(name.clone()).err(),
        Grantee::Group(name) => offer.caller.permit::<ShareWithGroup>(name.clone()).err(),
    };
    if denied.is_some() {
        return Err(ShareError::NotNamed(with.clone()));
    }
    let added = texts(&share::bounded(&shared, key)).join(", ");
    match store.grant_share(key, with, shared, clock.now()).await? {
        Granted::Share(share) => {
            audit(
                key,
                format_args!("{added} shared with {with} by {}", offer.permit.by()),
            );
            Ok(share)
        }
        Granted::NoServer => Err(ShareError::NoServer(key.clone())),
        Granted::NoGrantee => Err(ShareError::NoGrantee(with.clone())),
    }
}

/// Takes scopes of a server back from a user or group, all without any; returns what they still have.
pub async fn revoke(
    store: &Store,
    permit: &Permit<WriteShares>,
    with: &Grantee,
    scopes: &[Scope],
) -> Result<Option<Share>, ShareError> {
    let key = permit.target();
    let revoked = match scopes {
        [] => None,
        some => Some(share::of_server(some, key)?),
    };
    check_server(store, key).await?;
    let left = store.revoke_share(key, with, revoked).await?;
    let rest = left.as_ref().map_or_else(
        || "nothing".to_owned(),
        |share| texts(&share::bounded(&share.shared, key)).join(", "),
    );
    audit(
        key,
        format_args!("{rest} left to {with} by {}", permit.by()),
    );
    Ok(left)
}

/// Takes all shares of a server back.
pub async fn revoke_all(store: &Store, permit: &Permit<WriteShares>) -> Result<(), ShareError> {
    let key = permit.target();
    check_server(store, key).await?;
    let count = store.revoke_all_shares(key).await?;
    audit(
        key,
        format_args!("all {count} shares ended by {}", permit.by()),
    );
    Ok(())
}

/// Gives up what is shared with a user; tells whether anything was.
pub async fn leave_as_user(
    store: &Store,
    permit: &Permit<LeaveUserShares>,
    key: &ServerKey,
) -> Result<bool, store::Error> {
    let with = Grantee::User(permit.target().clone());
    leave(store, permit.by(), key, &with).await
}

/// Gives up what is shared with a group; tells whether anything was.
pub async fn leave_as_group(
    store: &Store,
    permit: &Permit<LeaveGroupShares>,
    key: &ServerKey,
) -> Result<bool, store::Error> {
    let with = Grantee::Group(permit.target().clone());
    leave(store, permit.by(), key, &with).await
}

async fn leave(
    store: &Store,
    by: &By,
    key: &ServerKey,
    with: &Grantee,
) -> Result<bool, store::Error> {
    if store.find_share(key, with).await?.is_none() {
        return Ok(false);
    }
    store.revoke_share(key, with, None).await?;
    audit(key, format_args!("share of {with} given up by {by}"));
    Ok(true)
}

/// Makes a code by which whoever has it comes to a share.
pub async fn create_code(
    store: &Store,
    clock: &Clock,
    entropy: &Entropy,
    offer: Offer<'_>,
    lifetime: Duration,
) -> Result<(Secret<String>, ShareCode), ShareError> {
    let key = offer.permit.target();
    let shared = share::of_server(offer.scopes, key)?;
    offer.check_held(&shared)?;
    let text = entropy.base64_text();
    let created = clock.now();
    let code = NewShareCode {
        hash: TokenHash::of(text.expose()),
        server: key.clone(),
        shared,
        created,
        expires: created.after(lifetime),
    };
    let code = store.create_share_code(code).await?;
    let code = code.ok_or_else(|| ShareError::NoServer(key.clone()))?;
    audit(
        key,
        format_args!("share code {} made by {}", code.id, offer.permit.by()),
    );
    Ok((text, code))
}

/// Deletes codes of a server and returns how many; what was shared by them stays.
pub async fn delete_codes(
    store: &Store,
    permit: &Permit<WriteShares>,
    choice: CodeChoice,
) -> Result<usize, ShareError> {
    let key = permit.target();
    check_server(store, key).await?;
    let count = store.delete_share_codes(key, choice).await?;
    audit(
        key,
        format_args!("{count} share codes deleted by {}", permit.by()),
    );
    Ok(count)
}

/// Finds the code with this text, if it is still good.
pub async fn find_code(
    store: &Store,
    clock: &Clock,
    text: &str,
) -> Result<Option<ShareCode>, store::Error> {
    store
        .find_share_code(TokenHash::of(text), clock.now())
        .await
}

/// Shares with a user what the code with this text gives.
pub async fn exchange(
    store: &Store,
    clock: &Clock,
    text: &str,
    user: &UserName,
) -> Result<Exchange, store::Error> {
    let hash = TokenHash::of(text);
    let exchange = store.exchange_share_code(hash, user, clock.now()).await?;
    if let Exchange::Share(share) = &exchange {
        audit(
            &share.server,
            format_args!("shared by code with user {user}"),
        );
    }
    Ok(exchange)
}

impl Offer<'_> {
    fn check_held(&self, shared: &Shared) -> Result<(), ShareError> {
        let key = self.permit.target();
        let mut scopes = share::bounded(shared, key).into_iter();
        match scopes.find(|scope| !self.caller.can(&scope.name, key)) {
            Some(scope) => Err(ShareError::NotHeld(scope)),
            None => Ok(()),
        }
    }
}

async fn check_server(store: &Store, key: &ServerKey) -> Result<(), ShareError> {
    match store.find_server(key).await? {
        Some(_) => Ok(()),
        None => Err(ShareError::NoServer(key.clone())),
    }
}

fn kind(with: &Grantee) -> &'static str {
    match with {
        Grantee::User(_) => "user",
        Grantee::Group(_) => "group",
    }
}

fn audit(key: &ServerKey, what: std::fmt::Arguments<'_>) {
    tracing::info!(
        target: "audit",
        { user.name = %key.user, server.name = %key },
        "server {key}: {what}"
    );
}
