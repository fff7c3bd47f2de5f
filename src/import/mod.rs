//! What of another JupyterHub's records is taken, and why the rest is not.
//!
//! Rules alone: records come in as plain data, and what goes out is an [`Import`] and the omissions. Nothing
//! here does I/O, and nothing is invented: what is not as Carrel would keep it is left out and told.
#![forbid(unsafe_code)]

mod people;
mod roles;
mod servers;
mod tokens;

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Display,
};

use crate::{
    domain::{
        names::{GroupName, ServerKey, UserName},
        profile::ProfileName,
        role::RoleBook,
        scope::Scope,
        time::Timestamp,
    },
    store::{
        foreign::Records,
        import::{Import, Kind, Omission},
    },
};

/// When something was made that JupyterHub has no instant for; always the same, so that it is known again.
const UNKNOWN_INSTANT: Timestamp = Timestamp::from_micros(0);

/// What there is here that others' records refer to.
pub struct Here<'a> {
    /// The roles of the configuration, with the custom scopes.
    pub book: &'a RoleBook,
    /// The profiles of the configuration.
    pub profiles: BTreeSet<ProfileName>,
    /// The time.
    pub now: Timestamp,
}

/// What is taken of a JupyterHub's records.
#[derive(Debug, Clone, Default)]
pub struct Judgement {
    /// What is taken.
    pub import: Import,
    /// What is not.
    pub omissions: Vec<Omission>,
}

/// Judges a JupyterHub's records.
pub fn judge(records: &Records, here: &Here<'_>) -> Judgement {
    let mut judge = Judge {
        here,
        users: BTreeMap::new(),
        groups: BTreeMap::new(),
        servers: BTreeMap::new(),
        found: Judgement::default(),
    };
    // In this order, for each refers to those before it.
    judge.users(&records.users);
    judge.groups(&records.groups);
    judge.roles(&records.roles);
    judge.servers(&records.servers);
    judge.tokens(&records.tokens);
    judge.shares(&records.shares);
    if records.share_codes > 0 {
        let what = format!("share codes: {}", records.share_codes);
        let why = "their links name the other hub; shares that were accepted are taken";
        judge.omit(Kind::ShareCode, what, why);
    }
    judge.found
}

/// A judgement in the making, with the names of what was taken so far by what the other hub called it.
struct Judge<'a> {
    here: &'a Here<'a>,
    users: BTreeMap<String, UserName>,
    groups: BTreeMap<String, GroupName>,
    servers: BTreeMap<(String, String), ServerKey>,
    found: Judgement,
}

impl Judge<'_> {
    fn omit(&mut self, kind: Kind, what: impl Into<String>, why: impl Display) {
        self.found.omissions.push(Omission {
            kind,
            what: what.into(),
            why: why.to_string(),
        });
    }

    /// Returns those scopes that exist here and tells of the others; `None` when there were some and none
    /// exists.
    fn scopes(&mut self, kind: Kind, what: &str, texts: &[String]) -> Option<Vec<Scope>> {
        let mut known = Vec::new();
        let mut unknown = Vec::new();
        for text in texts {
            match self.here.book.parse_scope(text) {
                Ok(scope) => known.push(scope),
                Err(_) => unknown.push(text.as_str()),
            }
        }
        let list = unknown.join(", ");
        if known.is_empty() && !unknown.is_empty() {
            self.omit(
                kind,
                what,
                format!("none of its scopes exists here: {list}"),
            );
            return None;
        }
        if !unknown.is_empty() {
            let why = format!("taken without scopes that do not exist here: {list}");
            self.omit(kind, what, why);
        }
        Some(known)
    }
}

#[cfg(test)]
mod tests;
