//! Changes of users that are not theirs to make: added, renamed, promoted, put into groups, removed.

use rusqlite::{Connection, Transaction, named_params};

use super::{
    Result, Store,
    groups::{self, MemberOrigin},
    row,
};
use crate::domain::{
    names::{GroupName, UserName},
    role::{AdminRole, RoleName},
    time::Timestamp,
};

/// What is changed of a user; what is `None` or empty stays as it is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct UserEdit {
    /// The name of the account.
    pub name: Option<UserName>,
    /// Whether the user is an administrator.
    pub admin: Option<AdminRole>,
    /// Groups to put the user into.
    pub join: Vec<GroupName>,
    /// Groups to take the user out of, where nobody but the API put them there.
    pub leave: Vec<GroupName>,
    /// Roles to give the user.
    pub give: Vec<RoleName>,
    /// Roles to take from the user.
    pub take: Vec<RoleName>,
}

/// What became of a change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum UserChange {
    /// It happened.
    Done,
    /// It did not: there is no such user.
    NoSuchUser,
    /// It did not: there is a user of the new name.
    NameTaken,
    /// It did not: one of the user's servers is not stopped.
    Active,
    /// It did not: there is no group of this name.
    NoSuchGroup(GroupName),
}

/// What became of a user who was to be removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UserRemoval {
    /// They are forgotten.
    Done,
    /// There is no such user.
    NoSuchUser,
    /// They are not: one of their servers is not stopped.
    Active,
}

impl Store {
    /// Adds users who have not logged in yet, each with a default server; returns those who are new.
    pub async fn create_users(
        &self,
        names: Vec<UserName>,
        admin: AdminRole,
        at: Timestamp,
    ) -> Result<Vec<UserName>> {
        self.write("add users", move |tx| {
            let mut created = Vec::new();
            for name in names {
                if create_user(tx, &name, admin, at)? {
                    created.push(name);
                }
            }
            Ok(created)
        })
        .await
    }

    /// Changes a user, in all or in nothing.
    ///
    /// One who is renamed is another account from then on: sessions, tokens and the ticket were given to
    /// the old one and go.
    pub async fn edit_user(&self, name: &UserName, edit: UserEdit) -> Result<UserChange> {
        let name = name.clone();
        self.write("change a user", move |tx| edit_user(tx, &name, &edit))
            .await
    }

    /// Forgets a user of whom nothing runs, with all that belongs to them.
    pub async fn delete_user(&self, name: &UserName) -> Result<UserRemoval> {
        const SQL: &str = "DELETE FROM users WHERE id = :id";
        let name = name.clone();
        self.write("delete a user", move |tx| {
            let Some(id) = row::find_user_id(tx, &name)? else {
                return Ok(UserRemoval::NoSuchUser);
            };
            if is_active(tx, id)? {
                return Ok(UserRemoval::Active);
            }
            tx.prepare_cached(SQL)?
                .execute(named_params! { ":id": id })?;
            Ok(UserRemoval::Done)
        })
        .await
    }
}

/// Makes a user who has not logged in; tells whether there was none of that name.
pub(super) fn create_user(
    tx: &Transaction<'_>,
    name: &UserName,
    admin: AdminRole,
    at: Timestamp,
) -> Result<bool> {
    const USER: &str = "
        INSERT INTO users (name, admin_granted, created) VALUES (:name, :admin, :at)
        ON CONFLICT (name) DO NOTHING";
    const SERVER: &str = "
        INSERT INTO servers (user_id, name, created) VALUES (:user_id, '', :at)";
    let made = tx.prepare_cached(USER)?.execute(named_params! {
        ":name": name.as_str(),
        ":admin": admin == AdminRole::Held,
        ":at": at.as_micros(),
    })?;
    if made == 0 {
        return Ok(false);
    }
    let user_id = tx.last_insert_rowid();
    tx.prepare_cached(SERVER)?
        .execute(named_params! { ":user_id": user_id, ":at": at.as_micros() })?;
    Ok(true)
}

fn edit_user(tx: &Transaction<'_>, name: &UserName, edit: &UserEdit) -> Result<UserChange> {
    let Some(id) = row::find_user_id(tx, name)? else {
        return Ok(UserChange::NoSuchUser);
    };
    let mut joined = Vec::new();
    for group in &edit.join {
        match groups::find_group_id(tx, group)? {
            Some(group_id) => joined.push(group_id),
            None => return Ok(UserChange::NoSuchGroup(group.clone())),
        }
    }
    if let Some(new) = &edit.name {
        if row::find_user_id(tx, new)?.is_some() {
            return Ok(UserChange::NameTaken);
        }
        if is_active(tx, id)? {
            return Ok(UserChange::Active);
        }
        rename(tx, id, new)?;
    }
    if let Some(admin) = edit.admin {
        set_admin(tx, id, admin)?;
    }
    for group_id in joined {
        groups::insert_member(tx, group_id, id, MemberOrigin::Api)?;
    }
    change_memberships(tx, id, edit)?;
    Ok(UserChange::Done)
}

fn is_active(conn: &Connection, user_id: i64) -> Result<bool> {
    const SQL: &str = "
        SELECT EXISTS (SELECT 1 FROM servers WHERE user_id = :id AND state <> 'stopped')";
    let mut statement = conn.prepare_cached(SQL)?;
    Ok(statement.query_row(named_params! { ":id": user_id }, |row| row.get(0))?)
}

fn rename(tx: &Transaction<'_>, id: i64, new: &UserName) -> Result<()> {
    const NAME: &str = "UPDATE users SET name = :name, ticket = NULL WHERE id = :id";
    const CREDENTIALS: [&str; 3] = [
        "DELETE FROM sessions WHERE user_id = :id",
        "DELETE FROM api_tokens WHERE user_id = :id",
        "DELETE FROM oauth_codes WHERE user_id = :id",
    ];
    tx.prepare_cached(NAME)?
        .execute(named_params! { ":id": id, ":name": new.as_str() })?;
    for sql in CREDENTIALS {
        tx.prepare_cached(sql)?
            .execute(named_params! { ":id": id })?;
    }
    Ok(())
}

/// A user who is made no administrator is none whatever the last login found; the next one may find it
/// again.
fn set_admin(tx: &Transaction<'_>, id: i64, admin: AdminRole) -> Result<()> {
    const GRANT: &str = "UPDATE users SET admin_granted = 1 WHERE id = :id";
    const REVOKE: &str = "UPDATE users SET admin = 0, admin_granted = 0 WHERE id = :id";
    let sql = match admin {
        AdminRole::Held => GRANT,
        AdminRole::NotHeld => REVOKE,
    };
    tx.prepare_cached(sql)?
        .execute(named_params! { ":id": id })?;
    Ok(())
}

fn change_memberships(tx: &Transaction<'_>, id: i64, edit: &UserEdit) -> Result<()> {
    const LEAVE: &str = "
        DELETE FROM group_members WHERE user_id = :id AND origin = 'api'
        AND group_id = (SELECT id FROM groups WHERE name = :group)";
    const GIVE: &str = "
        INSERT INTO user_roles (user_id, role) VALUES (:id, :role)
        ON CONFLICT (user_id, role) DO NOTHING";
    const TAKE: &str = "DELETE FROM user_roles WHERE user_id = :id AND role = :role";
    for group in &edit.leave {
        tx.prepare_cached(LEAVE)?
            .execute(named_params! { ":id": id, ":group": group.as_str() })?;
    }
    for role in &edit.give {
        tx.prepare_cached(GIVE)?
            .execute(named_params! { ":id": id, ":role": role.as_str() })?;
    }
    for role in &edit.take {
        tx.prepare_cached(TAKE)?
            .execute(named_params! { ":id": id, ":role": role.as_str() })?;
    }
    Ok(())
}
