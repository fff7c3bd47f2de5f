//! Roles that are defined while the hub runs; those of the configuration are not here.

use std::collections::BTreeMap;

use rusqlite::{Connection, Transaction, named_params};

use super::{
    Result, Store, groups,
    row::{self, Columns},
    standing,
};
use crate::domain::{
    names::{GroupName, ServiceName, UserName},
    role::{Members, Origin, Role, RoleName},
    time::Timestamp,
};

/// Holders of a role by name; `None` names none of that kind.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NamedHolders {
    /// Users.
    pub users: Option<Vec<UserName>>,
    /// Groups, whose members have it too.
    pub groups: Option<Vec<GroupName>>,
    /// Services.
    pub services: Option<Vec<ServiceName>>,
}

/// What became of a definition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RoleChange {
    /// It is there.
    Done,
    /// Nothing changed: there is no user of this name.
    NoSuchUser(UserName),
    /// Nothing changed: there is no group of this name.
    NoSuchGroup(GroupName),
    /// Nothing changed: there is no service of this name.
    NoSuchService(ServiceName),
    /// Nothing changed: there is no role of this name any more.
    NoSuchRole,
}

/// A change of who has a role, by which all who are not named keep what they have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HolderEdit {
    /// These get it.
    Grant(NamedHolders),
    /// It is taken from these.
    Revoke(NamedHolders),
}

impl HolderEdit {
    /// Returns whom it names.
    pub fn holders(&self) -> &NamedHolders {
        match self {
            Self::Grant(holders) | Self::Revoke(holders) => holders,
        }
    }
}

impl Store {
    /// Lists the roles that were defined while the hub ran, by name.
    pub async fn list_roles(&self) -> Result<Vec<Role>> {
        self.read("list roles", list_roles).await
    }

    /// Defines a role, or defines it anew, and says who has it; in all or in nothing. Who is of a kind that
    /// is named, and is not named, has it no more.
    pub async fn put_role(
        &self,
        role: Role,
        holders: NamedHolders,
        at: Timestamp,
    ) -> Result<RoleChange> {
        self.write("define a role", move |tx| put_role(tx, &role, &holders, at))
            .await
    }

    /// Gives a role to those who are named or takes it from them, in all or in nothing.
    pub async fn change_holders(
        &self,
        role: &RoleName,
        origin: Origin,
        edit: HolderEdit,
    ) -> Result<RoleChange> {
        let role = role.clone();
        self.write("change who has a role", move |tx| {
            // Those that are not of the configuration may have been removed meanwhile.
            if origin == Origin::RunTime && !exists(tx, &role)? {
                return Ok(RoleChange::NoSuchRole);
            }
            let ids = match HolderIds::of(tx, edit.holders())? {
                Ok(ids) => ids,
                Err(unknown) => return Ok(unknown),
            };
            match edit {
                HolderEdit::Grant(_) => ids.grant(tx, &role)?,
                HolderEdit::Revoke(_) => ids.revoke(tx, &role)?,
            }
            Ok(RoleChange::Done)
        })
        .await
    }

    /// Returns who was given roles while the hub ran, and for the role of administrators who is one.
    pub async fn list_role_holders(&self) -> Result<BTreeMap<RoleName, Members>> {
        self.read("list who has which role", list_holders).await
    }

    /// Forgets a role and who has it; tells whether there was one.
    pub async fn delete_role(&self, name: &RoleName) -> Result<bool> {
        const GRANTS: [&str; 3] = [
            "DELETE FROM user_roles WHERE role = :name",
            "DELETE FROM group_roles WHERE role = :name",
            "DELETE FROM service_roles WHERE role = :name",
        ];
        const ROLE: &str = "DELETE FROM roles WHERE name = :name";
        let name = name.clone();
        self.write("delete a role", move |tx| {
            let parameters = named_params! { ":name": name.as_str() };
            for sql in GRANTS {
                tx.prepare_cached(sql)?.execute(parameters)?;
            }
            Ok(tx.prepare_cached(ROLE)?.execute(parameters)? > 0)
        })
        .await
    }
}

fn put_role(
    tx: &Transaction<'_>,
    role: &Role,
    holders: &NamedHolders,
    at: Timestamp,
) -> Result<RoleChange> {
    const ROLE: &str = "
        INSERT INTO roles (name, description, scopes, created)
        VALUES (:name, :description, :scopes, :at)
        ON CONFLICT (name) DO UPDATE SET
            description = excluded.description, scopes = excluded.scopes";
    let ids = match HolderIds::of(tx, holders)? {
        Ok(ids) => ids,
        Err(unknown) => return Ok(unknown),
    };
    tx.prepare_cached(ROLE)?.execute(named_params! {
        ":name": role.name.as_str(),
        ":description": role.description,
        ":scopes": row::scopes_text(&role.scopes),
        ":at": at.as_micros(),
    })?;
    ids.put(tx, &role.name)?;
    Ok(RoleChange::Done)
}

/// The numbers of the rows of those who are to have a role.
struct HolderIds {
    users: Option<Vec<i64>>,
    groups: Option<Vec<i64>>,
    services: Option<Vec<i64>>,
}

impl HolderIds {
    /// Looks all of them up, or returns the first name that is nobody's.
    fn of(
        conn: &Connection,
        holders: &NamedHolders,
    ) -> Result<std::result::Result<Self, RoleChange>> {
        let mut ids = Self {
            users: holders.users.as_ref().map(|_| Vec::new()),
            groups: holders.groups.as_ref().map(|_| Vec::new()),
            services: holders.services.as_ref().map(|_| Vec::new()),
        };
        for user in holders.users.iter().flatten() {
            match row::find_user_id(conn, user)? {
                Some(id) => ids.users.get_or_insert_default().push(id),
                None => return Ok(Err(RoleChange::NoSuchUser(user.clone()))),
            }
        }
        for group in holders.groups.iter().flatten() {
            match groups::find_group_id(conn, group)? {
                Some(id) => ids.groups.get_or_insert_default().push(id),
                None => return Ok(Err(RoleChange::NoSuchGroup(group.clone()))),
            }
        }
        for service in holders.services.iter().flatten() {
            match standing::find_service_id(conn, service)? {
                Some(id) => ids.services.get_or_insert_default().push(id),
                None => return Ok(Err(RoleChange::NoSuchService(service.clone()))),
            }
        }
        Ok(Ok(ids))
    }

    /// Gives the role to them, and takes it from others of a kind that is named.
    fn put(&self, tx: &Transaction<'_>, role: &RoleName) -> Result<()> {
        const CLEAR: [&str; 3] = [
            "DELETE FROM user_roles WHERE role = :role",
            "DELETE FROM group_roles WHERE role = :role",
            "DELETE FROM service_roles WHERE role = :role",
        ];
        for (sql, ids) in CLEAR.into_iter().zip(self.kinds()) {
            if ids.is_some() {
                tx.prepare_cached(sql)?
                    .execute(named_params! { ":role": role.as_str() })?;
            }
        }
        self.grant(tx, role)
    }

    fn grant(&self, tx: &Transaction<'_>, role: &RoleName) -> Result<()> {
        const SQL: [&str; 3] = [
            "INSERT INTO user_roles (user_id, role) VALUES (:id, :role) ON CONFLICT DO NOTHING",
            "INSERT INTO group_roles (group_id, role) VALUES (:id, :role) ON CONFLICT DO NOTHING",
            "INSERT INTO service_roles (service_id, role) VALUES (:id, :role) ON CONFLICT DO NOTHING",
        ];
        self.run(tx, SQL, role)
    }

    fn revoke(&self, tx: &Transaction<'_>, role: &RoleName) -> Result<()> {
        const SQL: [&str; 3] = [
            "DELETE FROM user_roles WHERE user_id = :id AND role = :role",
            "DELETE FROM group_roles WHERE group_id = :id AND role = :role",
            "DELETE FROM service_roles WHERE service_id = :id AND role = :role",
        ];
        self.run(tx, SQL, role)
    }

    /// Runs the statement of each kind once for each holder of that kind.
    fn run(&self, tx: &Transaction<'_>, statements: [&str; 3], role: &RoleName) -> Result<()> {
        for (sql, ids) in statements.into_iter().zip(self.kinds()) {
            for id in ids.iter().flatten() {
                tx.prepare_cached(sql)?
                    .execute(named_params! { ":id": id, ":role": role.as_str() })?;
            }
        }
        Ok(())
    }

    fn kinds(&self) -> [&Option<Vec<i64>>; 3] {
        [&self.users, &self.groups, &self.services]
    }
}

fn exists(conn: &Connection, role: &RoleName) -> Result<bool> {
    const SQL: &str = "SELECT EXISTS (SELECT 1 FROM roles WHERE name = :role)";
    let mut statement = conn.prepare_cached(SQL)?;
    Ok(statement.query_row(named_params! { ":role": role.as_str() }, |row| row.get(0))?)
}

fn list_holders(conn: &Connection) -> Result<BTreeMap<RoleName, Members>> {
    const USERS: &str = "
        SELECT role, name FROM user_roles JOIN users ON users.id = user_id
        UNION SELECT 'admin', name FROM users WHERE admin OR admin_granted";
    const GROUPS: &str = "
        SELECT role, name FROM group_roles JOIN groups ON groups.id = group_id";
    const SERVICES: &str = "
        SELECT role, name FROM service_roles JOIN services ON services.id = service_id";
    let mut holders: BTreeMap<RoleName, Members> = BTreeMap::new();
    let mut statement = conn.prepare_cached(USERS)?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let columns = Columns(row);
        let members = holders.entry(columns.role_name("role")?).or_default();
        members.users.insert(columns.user_name("name")?);
    }
    let mut statement = conn.prepare_cached(GROUPS)?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let columns = Columns(row);
        let members = holders.entry(columns.role_name("role")?).or_default();
        members.groups.insert(columns.group_name("name")?);
    }
    let mut statement = conn.prepare_cached(SERVICES)?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let columns = Columns(row);
        let members = holders.entry(columns.role_name("role")?).or_default();
        members.services.insert(columns.service_name("name")?);
    }
    Ok(holders)
}

fn list_roles(conn: &Connection) -> Result<Vec<Role>> {
    const SQL: &str = "SELECT name, description, scopes FROM roles ORDER BY name";
    let mut statement = conn.prepare_cached(SQL)?;
    let mut rows = statement.query([])?;
    let mut roles = Vec::new();
    while let Some(row) = rows.next()? {
        let columns = Columns(row);
        roles.push(Role {
            name: columns.role_name("name")?,
            description: columns.text("description")?,
            scopes: columns.scopes("scopes")?,
        });
    }
    Ok(roles)
}
