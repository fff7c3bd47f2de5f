//! Standings: what the records say of somebody, from which the book of roles makes what they may do.

use std::collections::BTreeSet;

use rusqlite::{Connection, OptionalExtension, named_params};

use super::{
    Error, Result, Store,
    row::{self, Columns},
    users,
};
use crate::domain::{
    access::Owner,
    names::{GroupName, ServiceName, UserName},
    role::{AdminRole, RoleName, ServiceStanding, Standing, UserStanding},
    scope::{Filter, Membership, Scope},
};

impl Store {
    /// Returns what is recorded of a user or service; `None` when there is none of that name.
    pub async fn find_standing(&self, owner: &Owner) -> Result<Option<Standing>> {
        let owner = owner.clone();
        self.read("look a standing up", move |conn| match &owner {
            Owner::User(name) => Ok(find_user(conn, name)?.map(Standing::User)),
            Owner::Service(name) => Ok(find_service(conn, name)?.map(Standing::Service)),
            Owner::Root => Ok(None),
        })
        .await
    }

    /// Returns who is in these groups.
    pub async fn members_of(&self, groups: BTreeSet<GroupName>) -> Result<Membership> {
        const SQL: &str = "
            SELECT users.name AS user FROM group_members
            JOIN users ON users.id = user_id
            WHERE group_id = (SELECT id FROM groups WHERE name = :group)";
        if groups.is_empty() {
            return Ok(Membership::default());
        }
        self.read("look members up", move |conn| {
            let mut members = Membership::default();
            let mut statement = conn.prepare_cached(SQL)?;
            for group in groups {
                let mut rows = statement.query(named_params! { ":group": group.as_str() })?;
                while let Some(row) = rows.next()? {
                    members.insert(group.clone(), Columns(row).user_name("user")?);
                }
            }
            Ok(members)
        })
        .await
    }
}

fn find_user(conn: &Connection, name: &UserName) -> Result<Option<UserStanding>> {
    const SQL: &str = "SELECT id, admin OR admin_granted FROM users WHERE name = :name";
    let mut statement = conn.prepare_cached(SQL)?;
    let found: Option<(i64, i64)> = statement
        .query_row(named_params! { ":name": name.as_str() }, |row| {
            Ok((row.get(0)?, row.get(1)?))
        })
        .optional()?;
    found
        .map(|(id, admin)| of_user(conn, id, name.clone(), users::admin(admin)))
        .transpose()
}

/// Gathers what is recorded of a user whose row is known.
pub(super) fn of_user(
    conn: &Connection,
    id: i64,
    name: UserName,
    admin: AdminRole,
) -> Result<UserStanding> {
    const GROUPS: &str = "
        SELECT name FROM group_members JOIN groups ON groups.id = group_id WHERE user_id = :id";
    const ROLES: &str = "SELECT role AS name FROM user_roles WHERE user_id = :id";
    const GROUP_ROLES: &str = "
        SELECT DISTINCT role AS name FROM group_members JOIN group_roles USING (group_id)
        WHERE user_id = :id";
    Ok(UserStanding {
        name,
        admin,
        groups: groups(conn, GROUPS, id)?,
        roles: roles(conn, ROLES, id)?,
        group_roles: roles(conn, GROUP_ROLES, id)?,
        shares: shares(conn, id)?,
    })
}

fn find_service(conn: &Connection, name: &ServiceName) -> Result<Option<ServiceStanding>> {
    const SQL: &str = "SELECT id FROM services WHERE name = :name";
    let mut statement = conn.prepare_cached(SQL)?;
    let id: Option<i64> = statement
        .query_row(named_params! { ":name": name.as_str() }, |row| row.get(0))
        .optional()?;
    id.map(|id| of_service(conn, id, name.clone())).transpose()
}

/// Gathers what is recorded of a service whose row is known.
pub(super) fn of_service(conn: &Connection, id: i64, name: ServiceName) -> Result<ServiceStanding> {
    const ROLES: &str = "SELECT role AS name FROM service_roles WHERE service_id = :id";
    const ADMIN: &str =
        "SELECT coalesce(json_extract(spec, '$.admin'), 0) FROM services WHERE id = :id";
    let admin: i64 = conn
        .prepare_cached(ADMIN)?
        .query_row(named_params! { ":id": id }, |row| row.get(0))?;
    Ok(ServiceStanding {
        name,
        admin: users::admin(admin),
        roles: roles(conn, ROLES, id)?,
    })
}

fn groups(conn: &Connection, sql: &'static str, id: i64) -> Result<BTreeSet<GroupName>> {
    let mut statement = conn.prepare_cached(sql)?;
    let mut rows = statement.query(named_params! { ":id": id })?;
    let mut found = BTreeSet::new();
    while let Some(row) = rows.next()? {
        found.insert(Columns(row).group_name("name")?);
    }
    Ok(found)
}

fn roles(conn: &Connection, sql: &'static str, id: i64) -> Result<BTreeSet<RoleName>> {
    let mut statement = conn.prepare_cached(sql)?;
    let mut rows = statement.query(named_params! { ":id": id })?;
    let mut found = BTreeSet::new();
    while let Some(row) = rows.next()? {
        found.insert(Columns(row).role_name("name")?);
    }
    Ok(found)
}

/// Returns what others share with a user, by name or with one of their groups, each bound to its server.
fn shares(conn: &Connection, user_id: i64) -> Result<Vec<Scope>> {
    const SQL: &str = "
        SELECT owner.name AS user, servers.name AS server, scopes
        FROM shares
        JOIN servers ON servers.id = server_id
        JOIN users AS owner ON owner.id = servers.user_id
        WHERE shares.user_id = :id
           OR shares.group_id IN (SELECT group_id FROM group_members WHERE user_id = :id)";
    let mut statement = conn.prepare_cached(SQL)?;
    let mut rows = statement.query(named_params! { ":id": user_id })?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        let columns = Columns(row);
        let key = columns.server_key("user", "server")?;
        let bound = |scope: Scope| Scope::filtered(scope.name, Filter::Server(key.clone()));
        found.extend(columns.scopes("scopes")?.into_iter().map(bound));
    }
    Ok(found)
}

/// Returns the owner in a row that has the columns `user` and `service`, of which one is set.
pub(super) fn owner(columns: &Columns<'_, '_>) -> Result<Owner> {
    let service = columns.text_if_any("service")?;
    let corrupt = |_| Error::Corrupt { column: "service" };
    match service {
        Some(name) => Ok(Owner::Service(ServiceName::parse(&name).map_err(corrupt)?)),
        None => Ok(Owner::User(columns.user_name("user")?)),
    }
}

/// Returns the number of a service's row, or the words for its absence.
pub(super) fn get_service_id(conn: &Connection, name: &ServiceName) -> Result<i64> {
    find_service_id(conn, name)?.ok_or_else(|| Error::Conflict(format!("no service {name}")))
}

/// Returns the number of a service's row.
pub(super) fn find_service_id(conn: &Connection, name: &ServiceName) -> Result<Option<i64>> {
    const SQL: &str = "SELECT id FROM services WHERE name = :name";
    let mut statement = conn.prepare_cached(SQL)?;
    let id = statement
        .query_row(named_params! { ":name": name.as_str() }, |row| row.get(0))
        .optional()?;
    Ok(id)
}

/// Returns the numbers of an owner's row: a user's, or a service's.
pub(super) fn owner_ids(conn: &Connection, owner: &Owner) -> Result<(Option<i64>, Option<i64>)> {
    Ok(match owner {
        Owner::User(name) => (Some(row::get_user_id(conn, name)?), None),
        Owner::Service(name) => (None, Some(get_service_id(conn, name)?)),
        Owner::Root => return Err(Error::Conflict("root has no tokens".to_owned())),
    })
}
