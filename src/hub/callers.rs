//! Callers who were recognised before: what their tokens stand for, kept for as long as nothing changes
//! that anybody's rights depend on.
//!
//! An entry counts only while the store is at the version that was asked for before the entry was read, and
//! the book of roles is the one it was made with. So a right that is taken away is gone for all tokens with
//! the reply that says so. Of tokens that are not good nothing is kept.

use std::sync::Arc;

use crate::{
    domain::{access::Caller, role::RoleBook, secret::TokenHash, time::Timestamp},
    store::{Memo, Version},
};

/// How many are kept at most.
const MAX_CALLERS: usize = 4096;

/// What a token was found to stand for.
#[derive(Debug, Clone)]
pub struct Known {
    /// The caller.
    pub caller: Caller,
    /// When the token ends.
    pub expires: Option<Timestamp>,
    /// When the last recorded use of the token was.
    pub last_use: Option<Timestamp>,
}

/// What was true when a caller's rights were put together.
#[derive(Debug, Clone)]
pub struct Basis {
    /// The state of the records, asked for before they were read.
    pub version: Version,
    /// The book of roles.
    pub book: Arc<RoleBook>,
}

/// The callers of tokens that were shown.
#[derive(Debug)]
pub struct Callers(Memo<TokenHash, (Arc<RoleBook>, Known)>);

impl Default for Callers {
    fn default() -> Self {
        Self(Memo::new(MAX_CALLERS))
    }
}

impl Callers {
    /// Returns what a token stands for, if that is known on this basis and the token has not ended.
    pub fn find(&self, hash: &TokenHash, basis: &Basis, now: Timestamp) -> Option<Known> {
        let (book, known) = self.0.find(hash, basis.version)?;
        let is_good = Arc::ptr_eq(&book, &basis.book) && known.expires.is_none_or(|at| at > now);
        is_good.then_some(known)
    }

    /// Remembers what a token stands for.
    pub fn keep(&self, hash: TokenHash, basis: Basis, known: Known) {
        self.0.keep(hash, basis.version, (basis.book, known));
    }
}

#[cfg(test)]
#[path = "callers_tests.rs"]
mod tests;
