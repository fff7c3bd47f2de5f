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
use crate::domain::{access::Owner, names::ServiceName, secret::TokenHash, time::Timestamp};

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
    /// The token it has, which is its OAuth client's secret too; one that it has already is kept.
    pub token: Option<NewToken>,
    /// The OAuth client it is.
    pub client: Option<NewClient>,
}

impl Store {
    /// Takes the configured services in: makes those that are new, and forgets those that are gone with
    /// their tokens and clients. One the API added gives way to a configured one of its name.
    pub async fn take_configured_services(
        &self,
        services: Vec<ServiceRecords>,
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

    /// Gives a service a token and client in place of those it had: for one that starts.
    pub async fn renew_service(&self, records: ServiceRecords) -> Result<()> {
        self.write("renew a service's token", move |tx| {
            put_records(tx, &records)
        })
        .await
    }
}

fn take_configured(tx: &Transaction<'_>, services: &[ServiceRecords], at: Timestamp) -> Result<()> {
    const PUT: &str = "
        INSERT INTO services (name, origin, created) VALUES (:name, 'configuration', :at)
        ON CONFLICT (name) DO UPDATE SET origin = excluded.origin, spec = '{}'";
    const FORGET: &str = "
        DELETE FROM services WHERE origin = 'configuration'
        AND name NOT IN (SELECT value FROM json_each(:names))";
    let names: Vec<&str> = services.iter().map(|s| s.name.as_str()).collect();
    let names = serde_json::Value::from(names).to_string();
    tx.prepare_cached(FORGET)?
        .execute(named_params! { ":names": names })?;
    for service in services {
        tx.prepare_cached(PUT)?.execute(named_params! {
            ":name": service.name.as_str(),
            ":at": at.as_micros(),
        })?;
        put_records(tx, service)?;
    }
    Ok(())
}

fn put_records(tx: &Transaction<'_>, records: &ServiceRecords) -> Result<()> {
    const NO_CLIENT: &str = "DELETE FROM oauth_clients WHERE service_id = :id";
    let id = standing::get_service_id(tx, &records.name)?;
    if let Some(token) = &records.token {
        put_token(tx, id, token)?;
    }
    let secret = records.token.as_ref().map(|token| token.hash);
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
