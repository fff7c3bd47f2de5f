//! Permits: an action's permission and its target in one value.

use std::{fmt, marker::PhantomData};

use super::{Caller, Denied, Owner};
use crate::domain::{
    names::{GroupName, ServerKey, ServiceName, UserName},
    scope::{ScopeName, Target},
};

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

/// Gives a permit when the caller, if there is one, may do `A` to the target.
pub fn permit<A: Action>(caller: Option<&Caller>, target: A::Target) -> Result<Permit<A>, Denied> {
    caller.ok_or(Denied::NoCredentials)?.permit(target)
}

impl Caller {
    /// Gives a permit when the caller may do `A` to the target.
    pub fn permit<A: Action>(&self, target: A::Target) -> Result<Permit<A>, Denied> {
        if A::ANY_OF.iter().any(|scope| self.can(scope, &target)) {
            return Ok(Permit {
                target,
                by: By::Caller(self.owner().clone()),
                action: PhantomData,
            });
        }
        // With a target of its own, an action looks the same whether that exists or not (API-04).
        let narrow = target.target() != Target::Everything;
        if narrow && A::ANY_OF.iter().any(|scope| self.grants().has(scope)) {
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

impl Object for GroupName {
    fn target(&self) -> Target {
        Target::Group(self.clone())
    }
}

impl Object for ServiceName {
    fn target(&self) -> Target {
        Target::Service(self.clone())
    }
}

impl Object for WholeHub {
    fn target(&self) -> Target {
        Target::Everything
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
