//! Roles that are defined while the hub runs; those of the configuration are not here.

use rusqlite::{Connection, named_params};

use super::{
    Error, Result, Store,
    row::{self, Columns},
};
use crate::domain::{
    role::{Role, RoleName},
    time::Timestamp,
};

impl Store {
    /// Lists the roles that were defined while the hub ran, by name.
    pub async fn list_roles(&self) -> Result<Vec<Role>> {
        self.read("list roles", list_roles).await
    }

    /// Defines a role, or defines it anew.
    pub async fn put_role(&self, role: Role, at: Timestamp) -> Result<()> {
        const SQL: &str = "
            INSERT INTO roles (name, description, scopes, created)
            VALUES (:name, :description, :scopes, :at)
            ON CONFLICT (name) DO UPDATE SET
                description = excluded.description, scopes = excluded.scopes";
        self.write("define a role", move |tx| {
            tx.prepare_cached(SQL)?.execute(named_params! {
                ":name": role.name.as_str(),
                ":description": role.description,
                ":scopes": row::scopes_text(&role.scopes),
                ":at": at.as_micros(),
            })?;
            Ok(())
        })
        .await
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

fn list_roles(conn: &Connection) -> Result<Vec<Role>> {
    const SQL: &str = "SELECT name, description, scopes FROM roles ORDER BY name";
    let corrupt = |_| Error::Corrupt {
        column: "roles.name",
    };
    let mut statement = conn.prepare_cached(SQL)?;
    let mut rows = statement.query([])?;
    let mut roles = Vec::new();
    while let Some(row) = rows.next()? {
        let columns = Columns(row);
        roles.push(Role {
            name: RoleName::parse(&columns.text("name")?).map_err(corrupt)?,
            description: columns.text("description")?,
            scopes: columns.scopes("scopes")?,
        });
    }
    Ok(roles)
}
