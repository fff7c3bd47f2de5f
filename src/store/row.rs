//! From columns to values and back; a value that cannot be is [`Error::Corrupt`].

use rusqlite::{Connection, OptionalExtension, Row, named_params};

use super::{Error, Result, groups::MemberOrigin};
use crate::domain::{
    names::{GroupName, ServerKey, ServerName, ServiceName, UserName},
    role::RoleName,
    scope::{self, Scope},
    secret::TokenHash,
    time::Timestamp,
};

/// Names the columns of a row, with the words for one that is wrong.
pub(super) struct Columns<'a, 'stmt>(pub(super) &'a Row<'stmt>);

impl Columns<'_, '_> {
    pub(super) fn text(&self, name: &'static str) -> Result<String> {
        Ok(self.0.get(name)?)
    }

    pub(super) fn text_if_any(&self, name: &'static str) -> Result<Option<String>> {
        Ok(self.0.get(name)?)
    }

    pub(super) fn number(&self, name: &'static str) -> Result<i64> {
        Ok(self.0.get(name)?)
    }

    pub(super) fn time(&self, name: &'static str) -> Result<Timestamp> {
        Ok(Timestamp::from_micros(self.0.get(name)?))
    }

    pub(super) fn time_if_any(&self, name: &'static str) -> Result<Option<Timestamp>> {
        let micros: Option<i64> = self.0.get(name)?;
        Ok(micros.map(Timestamp::from_micros))
    }

    pub(super) fn user_name(&self, name: &'static str) -> Result<UserName> {
        UserName::parse(&self.text(name)?).map_err(|_| Error::Corrupt { column: name })
    }

    pub(super) fn group_name(&self, name: &'static str) -> Result<GroupName> {
        GroupName::parse(&self.text(name)?).map_err(|_| Error::Corrupt { column: name })
    }

    pub(super) fn service_name(&self, name: &'static str) -> Result<ServiceName> {
        ServiceName::parse(&self.text(name)?).map_err(|_| Error::Corrupt { column: name })
    }

    pub(super) fn role_name(&self, name: &'static str) -> Result<RoleName> {
        RoleName::parse(&self.text(name)?).map_err(|_| Error::Corrupt { column: name })
    }

    pub(super) fn member_origin(&self, name: &'static str) -> Result<MemberOrigin> {
        MemberOrigin::find(&self.text(name)?).ok_or(Error::Corrupt { column: name })
    }

    pub(super) fn server_key(&self, user: &'static str, server: &'static str) -> Result<ServerKey> {
        Ok(ServerKey {
            user: self.user_name(user)?,
            server: ServerName::parse(&self.text(server)?)
                .map_err(|_| Error::Corrupt { column: server })?,
        })
    }

    pub(super) fn server_key_if_any(
        &self,
        user: &'static str,
        server: &'static str,
    ) -> Result<Option<ServerKey>> {
        match self.text_if_any(user)? {
            Some(_) => self.server_key(user, server).map(Some),
            None => Ok(None),
        }
    }

    pub(super) fn scopes(&self, name: &'static str) -> Result<Vec<Scope>> {
        let corrupt = || Error::Corrupt { column: name };
        let texts: Vec<String> = serde_json::from_str(&self.text(name)?).map_err(|_| corrupt())?;
        texts
            .iter()
            .map(|text| Scope::parse(text).map_err(|_| corrupt()))
            .collect()
    }

    pub(super) fn hash(&self, name: &'static str) -> Result<TokenHash> {
        Ok(TokenHash::from_bytes(self.0.get(name)?))
    }
}

/// Returns the stored form of scopes.
pub(super) fn scopes_text<'a>(scopes: impl IntoIterator<Item = &'a Scope>) -> String {
    serde_json::Value::from(scope::texts(scopes)).to_string()
}

/// Returns the number of a user's row.
pub(super) fn find_user_id(conn: &Connection, user: &UserName) -> Result<Option<i64>> {
    const SQL: &str = "SELECT id FROM users WHERE name = :name";
    let mut statement = conn.prepare_cached(SQL)?;
    let id = statement
        .query_row(named_params! { ":name": user.as_str() }, |row| row.get(0))
        .optional()?;
    Ok(id)
}

/// Returns the number of a user's row, or the words for its absence.
pub(super) fn get_user_id(conn: &Connection, user: &UserName) -> Result<i64> {
    find_user_id(conn, user)?.ok_or_else(|| Error::Conflict(format!("no user {user}")))
}

/// Returns the number of a server's row.
pub(super) fn find_server_id(conn: &Connection, key: &ServerKey) -> Result<Option<i64>> {
    const SQL: &str = "
        SELECT servers.id FROM servers JOIN users ON users.id = servers.user_id
        WHERE users.name = :user AND servers.name = :server";
    let mut statement = conn.prepare_cached(SQL)?;
    let parameters = named_params! { ":user": key.user.as_str(), ":server": key.server.as_str() };
    Ok(statement
        .query_row(parameters, |row| row.get(0))
        .optional()?)
}
