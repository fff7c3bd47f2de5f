//! Authority: what somebody may do, from what is recorded of them and the book of roles.
//!
//! Computed at each request, or when anything changed since it was for that token, so that what somebody
//! loses, all their sessions and tokens lose at once.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use arc_swap::ArcSwap;

use crate::{
    config::settings::Settings,
    domain::{
        access::{Caller, Owner, Via},
        names::ServerKey,
        role::{self, ClientKind, RoleBook, RoleName, Standing},
        scope::{
            self, Filter, Grants, Holder, Membership, Scope, ScopeName,
            request::{self, Available},
        },
    },
    hub::{
        callers::{Basis, Callers},
        visits::Visits,
    },
    store::{
        self, Store,
        tokens::{PresentedToken, Token},
    },
};

/// The steps in which uses are recorded, until the configuration says otherwise.
const RESOLUTION: Duration = Duration::from_secs(30);

/// The book of roles, and where standings come from.
pub struct Authority {
    store: Store,
    book: ArcSwap<RoleBook>,
    /// The steps in which the use of tokens and sessions is recorded.
    resolution: ArcSwap<Duration>,
    /// Callers who were recognised before.
    pub callers: Callers,
    /// Visits of the hub itself.
    pub visits: Visits,
}

impl Authority {
    /// Makes an authority that knows the default roles only, until [`Authority::rebuild`].
    pub fn new(store: Store) -> Self {
        Self {
            store,
            book: ArcSwap::from_pointee(RoleBook::default()),
            resolution: ArcSwap::from_pointee(RESOLUTION),
            callers: Callers::default(),
            visits: Visits::default(),
        }
    }

    /// Returns the roles as they are now.
    pub fn book(&self) -> Arc<RoleBook> {
        self.book.load_full()
    }

    /// Returns what the rights of a caller are put together from, before anything of it is read.
    pub fn basis(&self) -> Basis {
        Basis {
            version: self.store.rights_version(),
            book: self.book(),
        }
    }

    /// Returns the steps in which the use of tokens and sessions is recorded.
    pub fn resolution(&self) -> Duration {
        **self.resolution.load()
    }

    /// Takes a configuration in that was just read, and tells what in it is hardly meant.
    pub async fn take_configuration(
        &self,
        settings: &ArcSwap<Settings>,
    ) -> Result<(), store::Error> {
        let resolution = settings.load().hub.activity_resolution;
        self.resolution.store(Arc::new(resolution));
        for remark in settings.load().roles.remarks() {
            tracing::warn!("the configuration's roles: {remark}");
        }
        self.rebuild(settings).await
    }

    /// Puts the book together from the configuration and what was defined while the hub ran.
    ///
    /// Of several at once, the one that ends last has read the last change.
    pub async fn rebuild(&self, settings: &ArcSwap<Settings>) -> Result<(), store::Error> {
        loop {
            let current = settings.load_full();
            let defined = self.store.list_roles().await?;
            let book = current.roles.with_run_time(defined.iter().cloned());
            self.book.store(Arc::new(book));
            let is_last = Arc::ptr_eq(&current, &settings.load_full());
            if is_last && self.store.list_roles().await? == defined {
                return Ok(());
            }
        }
    }

    /// Returns what a user or service may do, and who is in the groups it is about; `None` when there
    /// is none of that name.
    pub async fn find_grants(
        &self,
        owner: &Owner,
    ) -> Result<Option<(Grants, Membership)>, store::Error> {
        let Some(standing) = self.store.find_standing(owner).await? else {
            return Ok(None);
        };
        let grants = self.book.load().grants_of(&standing);
        let members = self.members(&grants, &[]).await?;
        Ok(Some((grants, members)))
    }

    /// Tells whether a user or service is an administrator, whatever their credential may do.
    pub async fn is_admin(&self, owner: &Owner) -> Result<bool, store::Error> {
        if *owner == Owner::Root {
            return Ok(true);
        }
        let standing = self.store.find_standing(owner).await?;
        let book = self.book.load();
        Ok(standing.is_some_and(|standing| match standing {
            Standing::User(user) => book.is_admin(&user),
            Standing::Service(service) => {
                book.roles_of_service(&service).contains(&RoleName::admin())
            }
        }))
    }

    /// Returns the caller with a session.
    pub async fn session_caller(
        &self,
        standing: &Standing,
        via: Via,
    ) -> Result<Caller, store::Error> {
        let grants = self.book.load().grants_of(standing);
        let members = self.members(&grants, &[]).await?;
        Ok(Caller::new(
            owner_of(standing),
            via,
            grants,
            Arc::new(members),
        ))
    }

    /// Returns root of this machine, who may do what administrators may.
    pub fn root_caller(&self) -> Caller {
        let grants = self.book.load().expand(&role::admin(), &Holder::default());
        Caller::new(Owner::Root, Via::Peer, grants, Arc::default())
    }

    /// Returns the caller with a token, by this book of roles.
    pub async fn token_caller(
        &self,
        presented: PresentedToken,
        book: &RoleBook,
    ) -> Result<Caller, store::Error> {
        let PresentedToken { token, owner } = presented;
        let owner = book.grants_of(&owner);
        let members = self.members(&owner, &token.scopes).await?;
        let grants = token_grants(book, &token, &owner, &members);
        let via = Via::Token {
            id: token.id,
            session_id: token.session_id,
        };
        Ok(Caller::new(token.owner, via, grants, Arc::new(members)))
    }

    /// Returns what a token may do whose owner may do this.
    pub fn token_grants(&self, token: &Token, owner: &Grants, members: &Membership) -> Grants {
        token_grants(&self.book.load(), token, owner, members)
    }

    /// Returns the scopes for the token of a server that starts: those chosen for it, as far as its owner
    /// has them (RB-60).
    pub async fn server_token_scopes(
        &self,
        chosen: Option<&[Scope]>,
        key: &ServerKey,
    ) -> Result<Vec<Scope>, store::Error> {
        let owner = Owner::User(key.user.clone());
        let Some(standing) = self.store.find_standing(&owner).await? else {
            return Ok(Vec::new());
        };
        let book = self.book();
        let (held, wanted) = (
            book.grants_of(&standing),
            book.server_token_scopes(chosen, key),
        );
        let members = self.members(&held, &wanted).await?;
        let available = Available {
            scopes: &BTreeSet::from([Scope::unfiltered(ScopeName::Inherit)]),
            grants: &held,
            book: &book,
        };
        let resolved = request::resolve(&wanted, available, &holder(&owner, None), &members);
        if !resolved.disallowed.is_empty() {
            let lacking = scope::texts(&resolved.disallowed).join(", ");
            tracing::debug!(server.name = %key, "{key} does not get {lacking}, which {owner} lacks");
        }
        Ok(resolved.allowed.into_iter().collect())
    }

    /// Returns who is in the groups that a question about these grants or scopes can turn on.
    pub async fn members(
        &self,
        grants: &Grants,
        scopes: impl IntoIterator<Item = &Scope>,
    ) -> Result<Membership, store::Error> {
        let mut groups: BTreeSet<_> = grants.groups_in_filters();
        groups.extend(scopes.into_iter().filter_map(|scope| match &scope.filter {
            Filter::Group(group) => Some(group.clone()),
            Filter::Unfiltered
            | Filter::OwnUser
            | Filter::OwnService
            | Filter::OwnServer
            | Filter::User(_)
            | Filter::Server(_)
            | Filter::Service(_) => None,
        }));
        self.store.members_of(groups).await
    }
}

fn token_grants(book: &RoleBook, token: &Token, owner: &Grants, members: &Membership) -> Grants {
    let client = token.client.as_ref().map(|client| &client.kind);
    let holder = holder(&token.owner, client);
    book.grants_of_token(&token.scopes, &holder, owner, members, client)
}

/// Returns whose scopes a token of this owner is expanded for.
pub fn holder(owner: &Owner, client: Option<&ClientKind>) -> Holder {
    let holder = owner.holder();
    match client {
        Some(client) => holder.through(client),
        None => holder,
    }
}

fn owner_of(standing: &Standing) -> Owner {
    match standing {
        Standing::User(user) => Owner::User(user.name.clone()),
        Standing::Service(service) => Owner::Service(service.name.clone()),
    }
}
