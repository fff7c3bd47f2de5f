//! Records of another hub, written in one transaction; what is here already stays as it is.
//!
//! Nothing of the other hub's form is known here: what may be taken has been judged before.

mod write;

use std::{collections::BTreeMap, fmt};

use super::{Result, Store, shares};
use crate::domain::{
    foreign_hash::ForeignHash,
    names::{DisplayName, GroupName, ServerKey, ServiceName, UserName},
    role::{AdminRole, Role, RoleName},
    scope::Scope,
    time::Timestamp,
};

/// What is to be written.
#[derive(Debug, Clone, Default)]
pub struct Import {
    /// Users.
    pub users: Vec<ImportedUser>,
    /// Groups.
    pub groups: Vec<ImportedGroup>,
    /// Roles that the configuration does not define.
    pub roles: Vec<Role>,
    /// Who has which role.
    pub grants: Vec<ImportedGrant>,
    /// Servers.
    pub servers: Vec<ImportedServer>,
    /// Tokens.
    pub tokens: Vec<ImportedToken>,
    /// Shares.
    pub shares: Vec<shares::Share>,
}

/// A user who has not logged in here yet.
#[derive(Debug, Clone)]
pub struct ImportedUser {
    /// Name of the account.
    pub name: UserName,
    /// Whether the other hub had the user for an administrator.
    pub admin: AdminRole,
    /// When the user was made.
    pub created: Timestamp,
    /// When the user last did something.
    pub last_activity: Option<Timestamp>,
}

/// A group.
#[derive(Debug, Clone)]
pub struct ImportedGroup {
    /// Its name.
    pub name: GroupName,
    /// What scripts keep with it, a JSON object.
    pub properties: String,
    /// Its members, each a user who is here or imported.
    pub users: Vec<UserName>,
}

/// A role that somebody has.
#[derive(Debug, Clone)]
pub struct ImportedGrant {
    /// The role.
    pub role: RoleName,
    /// Who has it.
    pub holder: RoleHolder,
}

/// Who has a role.
#[derive(Debug, Clone)]
pub enum RoleHolder {
    /// A user.
    User(UserName),
    /// Everybody in a group.
    Group(GroupName),
    /// A service.
    Service(ServiceName),
}

/// Names the holder for people, as `user alice`.
impl fmt::Display for RoleHolder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::User(name) => write!(f, "user {name}"),
            Self::Group(name) => write!(f, "group {name}"),
            Self::Service(name) => write!(f, "service {name}"),
        }
    }
}

/// A server that does not run.
#[derive(Debug, Clone)]
pub struct ImportedServer {
    /// Which server.
    pub key: ServerKey,
    /// Its name for people.
    pub display_name: DisplayName,
    /// Options of its last start, a JSON object.
    pub user_options: Option<String>,
    /// When it was last used.
    pub last_activity: Option<Timestamp>,
}

/// A token of a user.
#[derive(Debug, Clone)]
pub struct ImportedToken {
    /// Whose it is.
    pub owner: UserName,
    /// Its first characters.
    pub prefix: String,
    /// Its hash at the other hub.
    pub hashed: ForeignHash,
    /// What it may do.
    pub scopes: Vec<Scope>,
    /// What it is for.
    pub note: String,
    /// When it was made.
    pub created: Timestamp,
    /// When it ends.
    pub expires: Option<Timestamp>,
    /// When it was last used.
    pub last_activity: Option<Timestamp>,
}

/// Kinds of records, in the order in which they are told of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// Users.
    User,
    /// Groups.
    Group,
    /// Users in groups.
    Member,
    /// Roles.
    Role,
    /// Users, groups and services in roles.
    Grant,
    /// Servers.
    Server,
    /// API tokens.
    Token,
    /// Shares.
    Share,
    /// Codes to share with.
    ShareCode,
}

/// How many records of a kind were written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    /// Those that are new.
    pub taken: usize,
    /// Those that were here already.
    pub known: usize,
}

/// What was not taken, or not wholly.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Omission {
    /// Of which kind it is.
    pub kind: Kind,
    /// Which record, for people.
    pub what: String,
    /// Why.
    pub why: String,
}

/// What became of an import.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Outcome {
    /// How many records were written.
    pub tallies: BTreeMap<Kind, Tally>,
    /// What was left out because of what is here.
    pub omissions: Vec<Omission>,
}

impl Store {
    /// Writes an import down, in all or in nothing.
    ///
    /// A second time changes nothing, but for what was deleted here meanwhile, which comes back.
    pub async fn import(&self, import: Import, at: Timestamp) -> Result<Outcome> {
        self.write("import the records", move |tx| {
            let mut outcome = Outcome::default();
            write::write(tx, &import, at, &mut outcome)?;
            Ok(outcome)
        })
        .await
    }
}

impl Outcome {
    /// Returns how many records of a kind were written.
    pub fn tally(&self, kind: Kind) -> Tally {
        self.tallies.get(&kind).copied().unwrap_or_default()
    }

    fn count(&mut self, kind: Kind, written: Written) {
        let tally = self.tallies.entry(kind).or_default();
        match written {
            Written::New => tally.taken += 1,
            Written::Known => tally.known += 1,
        }
    }

    fn omit(&mut self, kind: Kind, what: String, why: &str) {
        let why = why.to_owned();
        self.omissions.push(Omission { kind, what, why });
    }
}

enum Written {
    New,
    Known,
}

impl Written {
    fn of(is_new: bool) -> Self {
        match is_new {
            true => Self::New,
            false => Self::Known,
        }
    }
}
