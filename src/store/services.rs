//! Services: programs beside the hub, from the configuration or added by the API.
//!
//! What a configured service is, the configuration says; its row is there for what refers to it.

use rusqlite::{Connection, Row, Transaction, named_params};

use super::{
    Error, Result, Store,
    oauth::{self, ClientOf, NewClient},
    row::Columns,
    standing,
    tokens::{self, NewToken},
};
use crate::domain::{
    access::Owner, names::ServiceName, role::AdminRole, secret::TokenHash, time::Timestamp,
};

/// A service that the API added.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AddedService {
    /// Its name.
    pub name: ServiceName,
    /// What the API was given, a JSON object.
    pub spec: String,
    /// When it was added.
    pub created: Timestamp,
}

/// What belongs to a service.
#[derive(Debug, Clone)]
pub struct ServiceRecords {
    /// Its name.
    pub name: ServiceName,
    /// The token it was given, which is its OAuth client's secret too.
    pub token: ServiceToken,
    /// The OAuth client it is.
    pub client: Option<NewClient>,
}

/// What becomes of the token that a service was given; those that it made for itself stay.
#[derive(Debug, Clone)]
pub enum ServiceToken {
    /// This is it; one that it has already is kept.
    Given(NewToken),
    /// It stays what it is.
    Kept,
    /// It has none any more.
    Withdrawn,
}

/// Returns the note of the token that a service was given, of which it has one.
pub fn token_note(name: &ServiceName) -> String {
    format!("Service {name}")
}

impl Store {
    /// Takes the configured services in, each with whether it is an administrator: makes those that are
    /// new, and forgets those that are gone with their tokens and clients. One the API added gives way to
    /// a configured one of its name.
    pub async fn take_configured_services(
        &self,
        services: Vec<(ServiceName, AdminRole)>,
        at: Timestamp,
    ) -> Result<()> {
        self.write("take the configured services in", move |tx| {
            take_configured(tx, &services, at)
        })
        .await
    }

    /// Adds a service; a conflict when there is one of that name.
    pub async fn add_service(&self, service: AddedService, records: ServiceRecords) -> Result<()> {
        const SQL: &str = "
            INSERT INTO services (name, origin, spec, created) VALUES (:name, 'api', :spec, :at)";
        self.write("add a service", move |tx| {
            tx.prepare_cached(SQL)?.execute(named_params! {
                ":name": service.name.as_str(),
                ":spec": service.spec,
                ":at": service.created.as_micros(),
            })?;
            put_records(tx, &records)
        })
        .await
    }

    /// Lists the services that the API added, by name.
    pub async fn list_added_services(&self) -> Result<Vec<AddedService>> {
        self.read("list services", list_added).await
    }

    /// Forgets a service that the API added, with its tokens and client; tells whether there was one.
    pub async fn delete_added_service(&self, name: &ServiceName) -> Result<bool> {
        const SQL: &str = "DELETE FROM services WHERE name = :name AND origin = 'api'";
        let name = name.clone();
        self.write("delete a service", move |tx| {
            let mut statement = tx.prepare_cached(SQL)?;
            Ok(statement.execute(named_params! { ":name": name.as_str() })? > 0)
        })
        .await
    }

    /// Puts a configured service's token and client in the place of those it had. Its client gets the id
    /// it is to have even if one that the API added is called so.
    pub async fn renew_service(&self, records: ServiceRecords) -> Result<()> {
        const YIELD: &str = "
            DELETE FROM oauth_clients WHERE id = :id AND service_id IN
            (SELECT id FROM services WHERE origin = 'api')";
        self.write("renew a service's token", move |tx| {
            if let Some(client) = &records.client {
                tx.prepare_cached(YIELD)?
                    .execute(named_params! { ":id": client.id })?;
            }
            put_records(tx, &records)
        })
        .await
    }

    /// Returns how a configured service was described when it was last started.
    pub async fn find_service_start(&self, name: &ServiceName) -> Result<Option<String>> {
        const SQL: &str = "
            SELECT json_extract(spec, '$.started') AS started FROM services
            WHERE name = :name AND origin = 'configuration'";
        let name = name.clone();
        self.read("look up how a service was started", move |conn| {
            let mut statement = conn.prepare_cached(SQL)?;
            let mut rows = statement.query(named_params! { ":name": name.as_str() })?;
            match rows.next()? {
                Some(row) => Columns(row).text_if_any("started"),
                None => Ok(None),
            }
        })
        .await
    }

    /// Notes how a configured service is described that starts.
    pub async fn record_service_start(&self, name: &ServiceName, described: String) -> Result<()> {
        const SQL: &str = "
            UPDATE services SET spec = json_set(spec, '$.started', :described)
            WHERE name = :name AND origin = 'configuration'";
        let name = name.clone();
        self.write("note how a service is started", move |tx| {
            tx.prepare_cached(SQL)?.execute(named_params! {
                ":name": name.as_str(),
                ":described": described,
            })?;
            Ok(())
        })
        .await
    }
}

fn take_configured(
    tx: &Transaction<'_>,
    services: &[(ServiceName, AdminRole)],
    at: Timestamp,
) -> Result<()> {
    const PUT: &str = "
        INSERT INTO services (name, origin, spec, created)
        VALUES (:name, 'configuration', json_object('admin', :admin), :at)
        ON CONFLICT (name) DO UPDATE SET
            spec = CASE origin
                WHEN 'api' THEN excluded.spec ELSE json_set(spec, '$.admin', :admin) END,
            origin = excluded.origin";
    const FORGET: &str = "
        DELETE FROM services WHERE origin = 'configuration'
        AND name NOT IN (SELECT value FROM json_each(:names))";
    let names: Vec<&str> = services.iter().map(|(name, _)| name.as_str()).collect();
    let names = serde_json::Value::from(names).to_string();
    tx.prepare_cached(FORGET)?
        .execute(named_params! { ":names": names })?;
    for (name, admin) in services {
        tx.prepare_cached(PUT)?.execute(named_params! {
            ":name": name.as_str(),
            ":admin": *admin == AdminRole::Held,
            ":at": at.as_micros(),
        })?;
    }
    Ok(())
}

fn put_records(tx: &Transaction<'_>, records: &ServiceRecords) -> Result<()> {
    const NO_CLIENT: &str = "DELETE FROM oauth_clients WHERE service_id = :id";
    const NO_TOKEN: &str = "
        DELETE FROM api_tokens WHERE service_id = :id AND client_id IS NULL AND note = :note";
    let id = standing::get_service_id(tx, &records.name)?;
    let note = token_note(&records.name);
    let secret = match &records.token {
        ServiceToken::Given(token) => {
            put_token(tx, id, token)?;
            Some(token.hash)
        }
        ServiceToken::Kept => given_token(tx, id, &note)?,
        ServiceToken::Withdrawn => {
            tx.prepare_cached(NO_TOKEN)?
                .execute(named_params! { ":id": id, ":note": note })?;
            None
        }
    };
    match (&records.client, secret) {
        (Some(client), Some(secret)) => {
            oauth::put_client(tx, client, ClientOf::Service(id), secret)
        }
        _ => {
            tx.prepare_cached(NO_CLIENT)?
                .execute(named_params! { ":id": id })?;
            Ok(())
        }
    }
}

fn given_token(tx: &Transaction<'_>, id: i64, note: &str) -> Result<Option<TokenHash>> {
    const SQL: &str = "
        SELECT hash FROM api_tokens
        WHERE service_id = :id AND client_id IS NULL AND note = :note AND hash IS NOT NULL";
    let mut statement = tx.prepare_cached(SQL)?;
    let mut rows = statement.query(named_params! { ":id": id, ":note": note })?;
    let row = rows.next()?;
    row.map(|row| Columns(row).hash("hash")).transpose()
}

/// Keeps one token of each note: a service whose token is another one now loses the one before.
fn put_token(tx: &Transaction<'_>, id: i64, token: &NewToken) -> Result<()> {
    const OTHERS: &str = "
        DELETE FROM api_tokens
        WHERE service_id = :id AND client_id IS NULL AND note = :note AND hash IS NOT :hash";
    tx.prepare_cached(OTHERS)?.execute(named_params! {
        ":id": id,
        ":note": token.note,
        ":hash": token.hash.as_bytes(),
    })?;
    if owner_of(tx, token.hash)? == Some(token.owner.clone()) {
        return Ok(());
    }
    tokens::insert_token(tx, token, None).map(drop)
}

/// Returns whose token has this hash.
fn owner_of(conn: &Connection, hash: TokenHash) -> Result<Option<Owner>> {
    const SQL: &str = "
        SELECT users.name AS user, services.name AS service FROM api_tokens
        LEFT JOIN users ON users.id = user_id LEFT JOIN services ON services.id = service_id
        WHERE hash = :hash";
    let mut statement = conn.prepare_cached(SQL)?;
    let mut rows = statement.query(named_params! { ":hash": hash.as_bytes() })?;
    let row = rows.next()?;
    row.map(|row| standing::owner(&Columns(row))).transpose()
}

fn list_added(conn: &Connection) -> Result<Vec<AddedService>> {
    const SQL: &str = "
        SELECT name, spec, created FROM services WHERE origin = 'api' ORDER BY name";
    let mut statement = conn.prepare_cached(SQL)?;
    let mut rows = statement.query([])?;
    let mut services = Vec::new();
    while let Some(row) = rows.next()? {
        services.push(added(row)?);
    }
    Ok(services)
}

fn added(row: &Row<'_>) -> Result<AddedService> {
    let columns = Columns(row);
    let corrupt = |_| Error::Corrupt {
        column: "services.name",
    };
    Ok(AddedService {
        name: ServiceName::parse(&columns.text("name")?).map_err(corrupt)?,
        spec: columns.text("spec")?,
        created: columns.time("created")?,
    })
}
