//! How each kind of record is written.

use rusqlite::{Connection, OptionalExtension, Transaction, named_params};

use super::{
    Import, ImportedGrant, ImportedGroup, ImportedServer, ImportedToken, ImportedUser, Kind,
    Outcome, RoleHolder, Written,
};
use crate::{
    domain::{
        names::UserName,
        role::{AdminRole, Role},
        share::Grantee,
        time::Timestamp,
    },
    store::{
        Result,
        groups::{self, MemberOrigin},
        row, shares, standing, user_edits, users,
    },
};

/// Writes an import down, and counts.
pub(super) fn write(
    tx: &Transaction<'_>,
    import: &Import,
    at: Timestamp,
    outcome: &mut Outcome,
) -> Result<()> {
    for user in &import.users {
        write_user(tx, user, outcome)?;
    }
    for group in &import.groups {
        write_group(tx, group, at, outcome)?;
    }
    for role in &import.roles {
        outcome.count(Kind::Role, write_role(tx, role, at)?);
    }
    for grant in &import.grants {
        write_grant(tx, grant, outcome)?;
    }
    for server in &import.servers {
        outcome.count(Kind::Server, write_server(tx, server, at)?);
    }
    for token in &import.tokens {
        outcome.count(Kind::Token, write_token(tx, token)?);
    }
    for share in &import.shares {
        outcome.count(Kind::Share, write_share(tx, share)?);
    }
    Ok(())
}

fn write_user(tx: &Transaction<'_>, user: &ImportedUser, outcome: &mut Outcome) -> Result<()> {
    let ImportedUser { name, admin, .. } = user;
    let is_new = user_edits::create_user(tx, name, *admin, user.created)?;
    if is_new {
        if let Some(last) = user.last_activity {
            users::touch_user(tx, name, last)?;
        }
    } else if *admin == AdminRole::Held && !is_admin(tx, name)? {
        let why = "the user is here already and no administrator, which stays so";
        outcome.omit(Kind::Grant, format!("role admin of user {name}"), why);
    }
    outcome.count(Kind::User, Written::of(is_new));
    Ok(())
}

fn is_admin(conn: &Connection, name: &UserName) -> Result<bool> {
    const SQL: &str = "SELECT admin OR admin_granted FROM users WHERE name = :name";
    let mut statement = conn.prepare_cached(SQL)?;
    Ok(statement.query_row(named_params! { ":name": name.as_str() }, |row| row.get(0))?)
}

fn write_group(
    tx: &Transaction<'_>,
    group: &ImportedGroup,
    at: Timestamp,
    outcome: &mut Outcome,
) -> Result<()> {
    const PROPERTIES: &str = "UPDATE groups SET properties = :properties WHERE id = :id";
    let known = groups::find_group_id(tx, &group.name)?;
    let id = groups::put_group(tx, &group.name, at)?;
    if known.is_none() {
        let parameters = named_params! { ":id": id, ":properties": group.properties };
        tx.prepare_cached(PROPERTIES)?.execute(parameters)?;
    }
    outcome.count(Kind::Group, Written::of(known.is_none()));
    for user in &group.users {
        let user_id = row::get_user_id(tx, user)?;
        groups::insert_member(tx, id, user_id, MemberOrigin::Api)?;
        outcome.count(Kind::Member, Written::of(tx.changes() > 0));
    }
    Ok(())
}

fn write_role(tx: &Transaction<'_>, role: &Role, at: Timestamp) -> Result<Written> {
    const SQL: &str = "
        INSERT INTO roles (name, description, scopes, created) VALUES (:name, :description, :scopes, :at)
        ON CONFLICT (name) DO NOTHING";
    let written = tx.prepare_cached(SQL)?.execute(named_params! {
        ":name": role.name.as_str(),
        ":description": role.description,
        ":scopes": row::scopes_text(&role.scopes),
        ":at": at.as_micros(),
    })?;
    Ok(Written::of(written > 0))
}

fn write_grant(tx: &Transaction<'_>, grant: &ImportedGrant, outcome: &mut Outcome) -> Result<()> {
    const USER: &str = "
        INSERT INTO user_roles (user_id, role) VALUES (:id, :role) ON CONFLICT DO NOTHING";
    const GROUP: &str = "
        INSERT INTO group_roles (group_id, role) VALUES (:id, :role) ON CONFLICT DO NOTHING";
    const SERVICE: &str = "
        INSERT INTO service_roles (service_id, role) VALUES (:id, :role) ON CONFLICT DO NOTHING";
    let (sql, id) = match &grant.holder {
        RoleHolder::User(name) => (USER, row::find_user_id(tx, name)?),
        RoleHolder::Group(name) => (GROUP, groups::find_group_id(tx, name)?),
        RoleHolder::Service(name) => (SERVICE, standing::find_service_id(tx, name)?),
    };
    let Some(id) = id else {
        let ImportedGrant { role, holder } = grant;
        let why = "it is not here; services come from the configuration when the hub starts";
        outcome.omit(Kind::Grant, format!("role {role} of {holder}"), why);
        return Ok(());
    };
    let parameters = named_params! { ":id": id, ":role": grant.role.as_str() };
    let written = tx.prepare_cached(sql)?.execute(parameters)?;
    outcome.count(Kind::Grant, Written::of(written > 0));
    Ok(())
}

/// The default server is made with its user, and gets what it does not have yet.
fn write_server(tx: &Transaction<'_>, server: &ImportedServer, at: Timestamp) -> Result<Written> {
    const DEFAULT: &str = "
        UPDATE servers SET user_options = coalesce(user_options, :user_options),
                           last_activity = coalesce(last_activity, :last_activity)
        WHERE user_id = :user_id AND name = :name
        AND ((user_options IS NULL AND :user_options IS NOT NULL)
             OR (last_activity IS NULL AND :last_activity IS NOT NULL))";
    const NAMED: &str = "
        INSERT INTO servers (user_id, name, display_name, user_options, created, last_activity)
        VALUES (:user_id, :name, :display_name, :user_options, :at, :last_activity)
        ON CONFLICT (user_id, name) DO NOTHING";
    let user_id = row::get_user_id(tx, &server.key.user)?;
    let last_activity = server.last_activity.map(Timestamp::as_micros);
    let written = match server.key.server.is_default() {
        true => tx.prepare_cached(DEFAULT)?.execute(named_params! {
            ":user_id": user_id,
            ":name": server.key.server.as_str(),
            ":user_options": server.user_options,
            ":last_activity": last_activity,
        })?,
        false => tx.prepare_cached(NAMED)?.execute(named_params! {
            ":user_id": user_id,
            ":name": server.key.server.as_str(),
            ":display_name": server.display_name.as_str(),
            ":user_options": server.user_options,
            ":at": at.as_micros(),
            ":last_activity": last_activity,
        })?,
    };
    Ok(Written::of(written > 0))
}

/// A token is known again by its owner, note and instant, for its hash is another once it was used.
fn write_token(tx: &Transaction<'_>, token: &ImportedToken) -> Result<Written> {
    const KNOWN: &str = "
        SELECT 1 FROM api_tokens WHERE user_id = :user_id AND created = :created AND note = :note";
    const TOKEN: &str = "
        INSERT INTO api_tokens (user_id, scopes, note, created, expires, last_activity)
        VALUES (:user_id, :scopes, :note, :created, :expires, :last_activity)";
    const HASH: &str = "
        INSERT INTO foreign_hashes (token_id, prefix, hashed) VALUES (:id, :prefix, :hashed)";
    let user_id = row::get_user_id(tx, &token.owner)?;
    let created = token.created.as_micros();
    let parameters =
        named_params! { ":user_id": user_id, ":created": created, ":note": token.note };
    let mut known = tx.prepare_cached(KNOWN)?;
    if known
        .query_row(parameters, |_| Ok(()))
        .optional()?
        .is_some()
    {
        return Ok(Written::Known);
    }
    tx.prepare_cached(TOKEN)?.execute(named_params! {
        ":user_id": user_id,
        ":scopes": row::scopes_text(&token.scopes),
        ":note": token.note,
        ":created": created,
        ":expires": token.expires.map(Timestamp::as_micros),
        ":last_activity": token.last_activity.map(Timestamp::as_micros),
    })?;
    tx.prepare_cached(HASH)?.execute(named_params! {
        ":id": tx.last_insert_rowid(),
        ":prefix": token.prefix,
        ":hashed": token.hashed.to_string(),
    })?;
    Ok(Written::New)
}

fn write_share(tx: &Transaction<'_>, share: &shares::Share) -> Result<Written> {
    const SQL: &str = "
        INSERT INTO shares (server_id, user_id, group_id, scopes, created)
        VALUES (:server_id, :user_id, :group_id, :scopes, :created) ON CONFLICT DO NOTHING";
    let (user_id, group_id) = match &share.with {
        Grantee::User(name) => (row::find_user_id(tx, name)?, None),
        Grantee::Group(name) => (None, groups::find_group_id(tx, name)?),
    };
    let written = tx.prepare_cached(SQL)?.execute(named_params! {
        ":server_id": row::find_server_id(tx, &share.server)?,
        ":user_id": user_id,
        ":group_id": group_id,
        ":scopes": shares::shared_text(&share.shared),
        ":created": share.created.as_micros(),
    })?;
    Ok(Written::of(written > 0))
}
