//! Who asks, and the permits a use case demands.
//!
//! A [`Permit`] holds an action's permission and its target in one value. Only the check of a caller's
//! scopes makes one, or [`Permit::by_hub`] with a reason; so a forgotten check does not compile.

use std::{fmt, marker::PhantomData, sync::Arc};

use thiserror::Error;

use crate::domain::{
    names::{ServerKey, ServiceName, UserName},
    scope::{Grants, Membership, ScopeName, Target},
    secret::TokenHash,
    token::TokenId,
};

/// Somebody whose credentials were good, and what they may do.
#[derive(Debug, Clone)]
pub struct Caller {
    owner: Owner,
    via: Via,
    grants: Grants,
    members: Arc<Membership>,
}

/// On whose behalf a caller acts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Owner {
    /// A person.
    User(UserName),
    /// A program beside the hub.
    Service(ServiceName),
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
}

/// Why a caller may not do what they asked for; the texts are JupyterHub's.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Denied {
    /// Nobody is recognised.
    #[error("Missing or invalid credentials.")]
    NoCredentials,
    /// None of the scopes is held at all.
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
}

/// Something a permit can be given for.
pub trait Action {
    /// What it is done to.
    type Target: Object;
    /// The scopes of which any one suffices.
    const ANY_OF: &'static [ScopeName];
}

/// Something a scope can be bounded to.
pub trait Object {
    /// Returns the question that is asked of the caller's grants.
    fn target(&self) -> Target;
}

/// The proof that an action on a target is allowed, with the target it was checked for.
pub struct Permit<A: Action> {
    target: A::Target,
    by: By,
    action: PhantomData<fn() -> A>,
}

/// Who is behind a permit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum By {
    /// A caller with the scope.
    Caller(Owner),
    /// The hub itself, for this reason.
    Hub(&'static str),
}

/// The hub as a whole, where a scope has no narrower target.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WholeHub;

macro_rules! actions {
    ($($(#[$doc:meta])* $action:ident($target:ty) = [$($scope:ident),+];)*) => {
        $(
            $(#[$doc])*
            #[derive(Debug, Clone, Copy)]
            pub enum $action {}

            impl Action for $action {
                type Target = $target;
                const ANY_OF: &'static [ScopeName] = &[$(ScopeName::$scope),+];
            }
        )*
    };
}

actions! {
    /// See what kind of hub this is, in detail.
    ReadHub(WholeHub) = [ReadHub];
    /// See some of a user's model; which keys, the scopes decide.
    ReadUser(UserName) = [
        ReadUsers, ReadUsersName, ReadServers, ReadUsersGroups, ReadUsersActivity, ReadRolesUsers
    ];
    /// Report that a user was active.
    ReportActivity(UserName) = [UsersActivity];
    /// See a server.
    ReadServer(ServerKey) = [ReadServers];
    /// Start or edit a server.
    StartServer(ServerKey) = [StartServers];
    /// Stop or delete a server.
    StopServer(ServerKey) = [DeleteServers];
    /// Start and stop a server by the pages of the hub.
    OperateServer(ServerKey) = [Servers];
    /// Use a server.
    AccessServer(ServerKey) = [AccessServers];
    /// See a user's tokens.
    ReadTokens(UserName) = [ReadTokens];
    /// Make and revoke a user's tokens.
    WriteTokens(UserName) = [Tokens];
    /// Scrape metrics.
    ReadMetrics(WholeHub) = [ReadMetrics];
}

/// Gives a permit when the caller, if there is one, may do `A` to the target.
pub fn permit<A: Action>(caller: Option<&Caller>, target: A::Target) -> Result<Permit<A>, Denied> {
    caller.ok_or(Denied::NoCredentials)?.permit(target)
}

impl Caller {
    /// Puts together a caller whose credential has been checked.
    pub fn new(owner: Owner, via: Via, grants: Grants, members: Arc<Membership>) -> Self {
        Self {
            owner,
            via,
            grants,
            members,
        }
    }

    /// Returns the same caller with other grants.
    #[must_use]
    pub fn with_grants(&self, grants: Grants) -> Self {
        Self {
            grants,
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
            Owner::Service(_) => None,
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

    /// Gives a permit when the caller may do `A` to the target.
    pub fn permit<A: Action>(&self, target: A::Target) -> Result<Permit<A>, Denied> {
        if A::ANY_OF.iter().any(|scope| self.can(scope, &target)) {
            return Ok(Permit {
                target,
                by: By::Caller(self.owner.clone()),
                action: PhantomData,
            });
        }
        // There is no question whether the hub exists: a scope for a part of it is none for all of it.
        let narrowed = target.target() != Target::Everything;
        if narrowed && A::ANY_OF.iter().any(|scope| self.grants.has(scope)) {
            return Err(Denied::NoAccess);
        }
        Err(Denied::NotHeld { any_of: A::ANY_OF })
    }
}

impl<A: Action> Permit<A> {
    /// Gives a permit for something the hub does of its own accord; the reason goes to the journal.
    pub fn by_hub(target: A::Target, reason: &'static str) -> Self {
        Self {
            target,
            by: By::Hub(reason),
            action: PhantomData,
        }
    }

    /// Returns what the permit is for.
    pub fn target(&self) -> &A::Target {
        &self.target
    }

    /// Returns who is behind the permit.
    pub fn by(&self) -> &By {
        &self.by
    }
}

impl<A: Action> fmt::Debug for Permit<A>
where
    A::Target: fmt::Debug,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Permit")
            .field("target", &self.target)
            .field("by", &self.by)
            .finish_non_exhaustive()
    }
}

impl Object for UserName {
    fn target(&self) -> Target {
        Target::User(self.clone())
    }
}

impl Object for ServerKey {
    fn target(&self) -> Target {
        Target::Server(self.clone())
    }
}

impl Object for WholeHub {
    fn target(&self) -> Target {
        Target::Everything
    }
}

impl fmt::Display for Owner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::User(name) => write!(f, "user {name}"),
            Self::Service(name) => write!(f, "service {name}"),
        }
    }
}

impl fmt::Display for By {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Caller(owner) => owner.fmt(f),
            Self::Hub(reason) => write!(f, "the hub: {reason}"),
        }
    }
}

fn join(scopes: &[ScopeName]) -> String {
    let names: Vec<_> = scopes.iter().map(ScopeName::as_str).collect();
    names.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{
        role,
        scope::{Holder, Scope},
    };

    fn user(name: &str) -> UserName {
        UserName::parse(name).unwrap()
    }

    fn session() -> Via {
        Via::Session {
            hash: TokenHash::of("cookie"),
            session_id: "abc".into(),
        }
    }

    fn caller(scopes: &[&str]) -> Caller {
        let scopes: Vec<_> = scopes.iter().map(|s| Scope::parse(s).unwrap()).collect();
        let holder = Holder {
            user: Some(user("alice")),
            ..Holder::default()
        };
        Caller::new(
            Owner::User(user("alice")),
            session(),
            Grants::expand(&scopes, &holder),
            Arc::default(),
        )
    }

    #[test]
    fn a_user_may_use_own_servers_and_no_others() {
        let alice = caller(&["self"]);
        let own = alice.permit::<StartServer>(ServerKey::default_of(user("alice")));
        assert_eq!(own.unwrap().target().to_string(), "alice/");
        let other = alice.permit::<StartServer>(ServerKey::default_of(user("bob")));
        assert_eq!(other.unwrap_err(), Denied::NoAccess);
        assert!(alice.permit::<ReadTokens>(user("alice")).is_ok());
        assert_eq!(
            alice.permit::<ReadTokens>(user("bob")).unwrap_err(),
            Denied::NoAccess
        );
    }

    #[test]
    fn what_is_denied_is_said_in_jupyterhubs_words() {
        let table: &[(Option<Caller>, &str)] = &[
            (None, "Missing or invalid credentials."),
            (
                Some(caller(&["servers"])),
                "Action is not authorized with current scopes; requires any of [read:tokens]",
            ),
            (
                Some(caller(&["tokens!user=carol"])),
                "No access to resources or resources not found",
            ),
        ];
        for (caller, expected) in table {
            let denied = permit::<ReadTokens>(caller.as_ref(), user("bob")).unwrap_err();
            assert_eq!(denied.to_string(), *expected);
        }
        let denied = caller(&["self"]).permit::<ReadHub>(WholeHub).unwrap_err();
        assert_eq!(
            denied.to_string(),
            "Action is not authorized with current scopes; requires any of [read:hub]"
        );
    }

    #[test]
    fn a_filtered_scope_is_not_one_for_the_whole_hub() {
        let some = caller(&["read:metrics!user=alice"]);
        let any_of = &[ScopeName::ReadMetrics];
        assert_eq!(
            some.permit::<ReadMetrics>(WholeHub).unwrap_err(),
            Denied::NotHeld { any_of }
        );
        let admin = Caller::new(
            Owner::User(user("root2")),
            session(),
            role::grants_of_user(&user("root2"), role::AdminRole::Held),
            Arc::default(),
        );
        assert!(admin.permit::<ReadMetrics>(WholeHub).is_ok());
        assert!(
            admin
                .permit::<StopServer>(ServerKey::default_of(user("bob")))
                .is_ok()
        );
    }

    #[test]
    fn the_hubs_own_permits_say_why() {
        let key = ServerKey::default_of(user("alice"));
        let permit = Permit::<StopServer>::by_hub(key, "its account is gone");
        assert_eq!(permit.by().to_string(), "the hub: its account is gone");
    }
}
