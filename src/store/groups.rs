//! Groups of users: their members, where each came from, and what scripts keep with a group.

use std::collections::{BTreeSet, HashMap};

use rusqlite::{Connection, OptionalExtension, Row, ToSql, Transaction, named_params};

use super::{
    Error, Result, Store,
    row::{self, Columns},
    user_pages::number,
};
use crate::domain::{
    names::{GroupName, UserName},
    role::RoleName,
    time::Timestamp,
};

/// A group as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// Its name.
    pub name: GroupName,
    /// What scripts keep with it, a JSON object.
    pub properties: String,
    /// Its members, by name.
    pub users: Vec<UserName>,
    /// The roles it was given while the hub ran.
    pub roles: BTreeSet<RoleName>,
}

/// Who put a user into a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MemberOrigin {
    /// Somebody, while the hub ran.
    Api,
    /// The configuration.
    Configuration,
    /// A login that found the user in the system's group of that name.
    System,
}

/// Part of a list of groups.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GroupPage {
    /// Those of the part, as they were made.
    pub groups: Vec<Group>,
    /// How many the whole list has.
    pub total: u64,
}

/// What became of groups that were to be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum GroupCreation {
    /// They are there.
    Done,
    /// None was made: there is a group of this name.
    Exists(GroupName),
    /// None was made: there is no user of this name.
    NoSuchUser(UserName),
}

/// What became of a change of members.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MembersChange {
    /// It happened.
    Done,
    /// It did not: there is no such group.
    NoSuchGroup,
    /// It did not: there is no user of this name.
    NoSuchUser(UserName),
}

impl Store {
    /// Finds a group.
    pub async fn find_group(&self, name: &GroupName) -> Result<Option<Group>> {
        const SQL: &str = "SELECT id, name, properties FROM groups WHERE name = :name";
        let name = name.clone();
        self.read("look a group up", move |conn| {
            let found = groups(conn, SQL, named_params! { ":name": name.as_str() })?;
            Ok(found.into_iter().next())
        })
        .await
    }

    /// Lists a part of the groups: of all, or of these.
    pub async fn page_of_groups(
        &self,
        only: Option<BTreeSet<GroupName>>,
        offset: u64,
        limit: u64,
    ) -> Result<GroupPage> {
        self.read("list groups", move |conn| {
            page(conn, only.as_ref(), number(offset), number(limit))
        })
        .await
    }

    /// Makes groups with these members, all or none.
    pub async fn create_groups(
        &self,
        names: Vec<GroupName>,
        users: Vec<UserName>,
        at: Timestamp,
    ) -> Result<GroupCreation> {
        self.write("make groups", move |tx| create(tx, &names, &users, at))
            .await
    }

    /// Adds users to a group; who is in it already stays.
    pub async fn add_members(
        &self,
        name: &GroupName,
        users: Vec<UserName>,
    ) -> Result<MembersChange> {
        self.change_members("add members to a group", name, users, |tx, group, user| {
            insert_member(tx, group, user, MemberOrigin::Api)
        })
        .await
    }

    /// Takes users out of a group, whoever put them there.
    pub async fn remove_members(
        &self,
        name: &GroupName,
        users: Vec<UserName>,
    ) -> Result<MembersChange> {
        const SQL: &str = "
            DELETE FROM group_members WHERE group_id = :group_id AND user_id = :user_id";
        let attempt = "take members out of a group";
        self.change_members(attempt, name, users, |tx, group, user| {
            let parameters = named_params! { ":group_id": group, ":user_id": user };
            tx.prepare_cached(SQL)?.execute(parameters)?;
            Ok(())
        })
        .await
    }

    /// Applies `change`, which gets the numbers of the group and of a user, to each of `users`; to none when the
    /// group or one of them is unknown.
    async fn change_members(
        &self,
        attempt: &'static str,
        name: &GroupName,
        users: Vec<UserName>,
        change: fn(&Transaction<'_>, i64, i64) -> Result<()>,
    ) -> Result<MembersChange> {
        let name = name.clone();
        self.write(attempt, move |tx| {
            let Some(group_id) = find_group_id(tx, &name)? else {
                return Ok(MembersChange::NoSuchGroup);
            };
            let ids = match user_ids(tx, &users)? {
                Ok(ids) => ids,
                Err(unknown) => return Ok(MembersChange::NoSuchUser(unknown)),
            };
            for user_id in ids {
                change(tx, group_id, user_id)?;
            }
            Ok(MembersChange::Done)
        })
        .await
    }

    /// Replaces what scripts keep with a group, a JSON object; tells whether there is one.
    pub async fn set_group_properties(&self, name: &GroupName, properties: String) -> Result<bool> {
        const SQL: &str = "UPDATE groups SET properties = :properties WHERE name = :name";
        let name = name.clone();
        self.write("set a group's properties", move |tx| {
            let parameters = named_params! { ":name": name.as_str(), ":properties": properties };
            Ok(tx.prepare_cached(SQL)?.execute(parameters)? > 0)
        })
        .await
    }

    /// Forgets a group with its roles and what is shared with it; tells whether there was one.
    pub async fn delete_group(&self, name: &GroupName) -> Result<bool> {
        const SQL: &str = "DELETE FROM groups WHERE name = :name";
        let name = name.clone();
        self.write("delete a group", move |tx| {
            let mut statement = tx.prepare_cached(SQL)?;
            Ok(statement.execute(named_params! { ":name": name.as_str() })? > 0)
        })
        .await
    }
}

/// The query of groups, for one source and condition.
fn page(
    conn: &Connection,
    only: Option<&BTreeSet<GroupName>>,
    offset: i64,
    limit: i64,
) -> Result<GroupPage> {
    const ALL: &str = "
        SELECT id, name, properties FROM groups ORDER BY id LIMIT :limit OFFSET :offset";
    const ONLY: &str = "
        SELECT id, name, properties FROM groups WHERE name IN (SELECT value FROM json_each(:only))
        ORDER BY id LIMIT :limit OFFSET :offset";
    const COUNT_ALL: &str = "SELECT count(*) FROM groups";
    const COUNT_ONLY: &str = "
        SELECT count(*) FROM groups WHERE name IN (SELECT value FROM json_each(:only))";
    let (groups, total): (_, i64) = match only {
        None => {
            let parameters = named_params! { ":limit": limit, ":offset": offset };
            let mut count = conn.prepare_cached(COUNT_ALL)?;
            (
                groups(conn, ALL, parameters)?,
                count.query_row([], |row| row.get(0))?,
            )
        }
        Some(only) => {
            let names: Vec<&str> = only.iter().map(GroupName::as_str).collect();
            let names = serde_json::Value::from(names).to_string();
            let parameters = named_params! { ":limit": limit, ":offset": offset, ":only": names };
            let mut count = conn.prepare_cached(COUNT_ONLY)?;
            (
                groups(conn, ONLY, parameters)?,
                count.query_row(named_params! { ":only": names }, |row| row.get(0))?,
            )
        }
    };
    Ok(GroupPage {
        groups,
        total: total.unsigned_abs(),
    })
}

/// Runs a query of groups and adds members and roles to each.
fn groups(
    conn: &Connection,
    sql: &'static str,
    parameters: &[(&str, &dyn ToSql)],
) -> Result<Vec<Group>> {
    const MEMBERS: &str = "
        SELECT group_id, users.name AS name FROM group_members JOIN users ON users.id = user_id
        WHERE group_id IN (SELECT value FROM json_each(:ids)) ORDER BY group_id, users.name";
    const ROLES: &str = "
        SELECT group_id, role FROM group_roles
        WHERE group_id IN (SELECT value FROM json_each(:ids))";
    let mut found = Vec::new();
    let mut places: HashMap<i64, usize> = HashMap::new();
    let mut statement = conn.prepare_cached(sql)?;
    let mut rows = statement.query(parameters)?;
    while let Some(row) = rows.next()? {
        places.insert(Columns(row).number("id")?, found.len());
        found.push(group(row)?);
    }
    let ids: Vec<i64> = places.keys().copied().collect();
    let ids = serde_json::Value::from(ids).to_string();
    let mut members = conn.prepare_cached(MEMBERS)?;
    let mut rows = members.query(named_params! { ":ids": ids })?;
    while let Some(row) = rows.next()? {
        let columns = Columns(row);
        let place = places.get(&columns.number("group_id")?);
        if let Some(group) = place.and_then(|place| found.get_mut(*place)) {
            group.users.push(columns.user_name("name")?);
        }
    }
    let mut roles = conn.prepare_cached(ROLES)?;
    let mut rows = roles.query(named_params! { ":ids": ids })?;
    while let Some(row) = rows.next()? {
        let columns = Columns(row);
        let place = places.get(&columns.number("group_id")?);
        if let Some(group) = place.and_then(|place| found.get_mut(*place)) {
            group.roles.insert(columns.role_name("role")?);
        }
    }
    Ok(found)
}

fn group(row: &Row<'_>) -> Result<Group> {
    let columns = Columns(row);
    Ok(Group {
        name: columns.group_name("name")?,
        properties: columns.text("properties")?,
        users: Vec::new(),
        roles: BTreeSet::new(),
    })
}

fn create(
    tx: &Transaction<'_>,
    names: &[GroupName],
    users: &[UserName],
    at: Timestamp,
) -> Result<GroupCreation> {
    for name in names {
        if find_group_id(tx, name)?.is_some() {
            return Ok(GroupCreation::Exists(name.clone()));
        }
    }
    let ids = match user_ids(tx, users)? {
        Ok(ids) => ids,
        Err(unknown) => return Ok(GroupCreation::NoSuchUser(unknown)),
    };
    for name in names {
        let group_id = put_group(tx, name, at)?;
        for user_id in &ids {
            insert_member(tx, group_id, *user_id, MemberOrigin::Api)?;
        }
    }
    Ok(GroupCreation::Done)
}

/// Returns the numbers of users' rows, or the first name that is nobody's.
fn user_ids(
    conn: &Connection,
    users: &[UserName],
) -> Result<std::result::Result<Vec<i64>, UserName>> {
    let mut ids = Vec::new();
    for user in users {
        match row::find_user_id(conn, user)? {
            Some(id) => ids.push(id),
            None => return Ok(Err(user.clone())),
        }
    }
    Ok(Ok(ids))
}

/// Returns the number of a group's row.
pub(super) fn find_group_id(conn: &Connection, name: &GroupName) -> Result<Option<i64>> {
    const SQL: &str = "SELECT id FROM groups WHERE name = :name";
    let mut statement = conn.prepare_cached(SQL)?;
    let id = statement
        .query_row(named_params! { ":name": name.as_str() }, |row| row.get(0))
        .optional()?;
    Ok(id)
}

/// Returns the number of a group's row, which is made if need be.
pub(super) fn put_group(tx: &Transaction<'_>, name: &GroupName, at: Timestamp) -> Result<i64> {
    const SQL: &str = "
        INSERT INTO groups (name, created) VALUES (:name, :at) ON CONFLICT (name) DO NOTHING";
    tx.prepare_cached(SQL)?
        .execute(named_params! { ":name": name.as_str(), ":at": at.as_micros() })?;
    find_group_id(tx, name)?.ok_or_else(|| Error::Conflict(format!("no group {name}")))
}

/// Puts a user into a group; one who is in it already stays with the origin they have.
pub(super) fn insert_member(
    tx: &Transaction<'_>,
    group_id: i64,
    user_id: i64,
    origin: MemberOrigin,
) -> Result<()> {
    const SQL: &str = "
        INSERT INTO group_members (group_id, user_id, origin) VALUES (:group_id, :user_id, :origin)
        ON CONFLICT (group_id, user_id) DO NOTHING";
    tx.prepare_cached(SQL)?.execute(named_params! {
        ":group_id": group_id,
        ":user_id": user_id,
        ":origin": origin.as_str(),
    })?;
    Ok(())
}

impl MemberOrigin {
    fn as_str(self) -> &'static str {
        match self {
            Self::Api => "api",
            Self::Configuration => "configuration",
            Self::System => "system",
        }
    }

    pub(super) fn find(text: &str) -> Option<Self> {
        let all = [Self::Api, Self::Configuration, Self::System];
        all.into_iter().find(|origin| origin.as_str() == text)
    }
}
