//! System accounts: what the account database says about a person.

use std::path::PathBuf;

use super::names::UserName;

/// An account as the account database (NSS) spells it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// The name in the database's own spelling, which may differ from what somebody typed.
    pub name: UserName,
    /// The user id.
    pub uid: u32,
    /// The primary group's id.
    pub gid: u32,
    /// The home folder.
    pub home: PathBuf,
    /// The login shell.
    pub shell: PathBuf,
    /// The names of the primary and all supplementary groups.
    pub groups: Vec<String>,
    /// Whether the settings make this account an administrator.
    pub admin: bool,
}

impl Account {
    /// Tells whether the account is in any of `groups`.
    pub fn in_any_group(&self, groups: &[String]) -> bool {
        groups.iter().any(|group| self.groups.contains(group))
    }
}
