//! OAuth clients, which are servers that run and services, and the codes issued for them.

use rusqlite::{Connection, Row, Transaction, named_params};

use super::{
    Error, Result, Store,
    row::{self, Columns},
};
use crate::domain::{
    names::{ServiceName, UserName},
    oauth::{Challenge, ChallengeMethod, ClientRules},
    role::ClientKind,
    scope::Scope,
    secret::TokenHash,
    time::Timestamp,
};

/// The most codes of one user for one client; more are a loop, not a person.
pub const MAX_CODES: i64 = 20;

/// A client as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Client {
    /// Its id.
    pub id: String,
    /// Hash of its secret.
    pub secret_hash: TokenHash,
    /// What it is, for people.
    pub description: String,
    /// What it may ask for.
    pub rules: ClientRules,
    /// Whether people are asked before it gets a token.
    pub confirmation: Confirmation,
}

/// Whether people are asked before a client gets a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Confirmation {
    /// They are, the first time.
    Asked,
    /// They are not.
    Skipped,
}

/// A client that is registered.
#[derive(Debug, Clone)]
pub struct NewClient {
    /// Its id.
    pub id: String,
    /// Where its users are sent back.
    pub redirect_uri: String,
    /// What it is, for people.
    pub description: String,
    /// What its tokens may do at most, beyond what every client's may.
    pub allowed_scopes: Vec<Scope>,
    /// Whether people are asked before it gets a token.
    pub confirmation: Confirmation,
}

/// A code, for which a client gets a token once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Code {
    /// The client it was issued for.
    pub client_id: String,
    /// Who agreed.
    pub user: UserName,
    /// The browser session in which they agreed.
    pub session_id: Option<String>,
    /// What the token may do.
    pub scopes: Vec<Scope>,
    /// What the client must prove.
    pub challenge: Option<Challenge>,
    /// When it ends.
    pub expires: Timestamp,
}

impl Store {
    /// Finds a client.
    pub async fn find_client(&self, id: &str) -> Result<Option<Client>> {
        let id = id.to_owned();
        self.read("look an OAuth client up", move |conn| {
            find_client(conn, &id)
        })
        .await
    }

    /// Returns the scopes of all tokens a client has of a user: what the user has agreed to before.
    pub async fn agreed_scopes(
        &self,
        user: &UserName,
        client_id: &str,
        now: Timestamp,
    ) -> Result<Vec<Scope>> {
        const SQL: &str = "
            SELECT scopes FROM api_tokens JOIN users ON users.id = user_id
            WHERE users.name = :user AND client_id = :client_id AND coalesce(expires > :now, 1)";
        let (user, client_id) = (user.clone(), client_id.to_owned());
        self.read("look an agreement up", move |conn| {
            let mut statement = conn.prepare_cached(SQL)?;
            let mut rows = statement.query(named_params! {
                ":user": user.as_str(),
                ":client_id": client_id,
                ":now": now.as_micros(),
            })?;
            let mut scopes = Vec::new();
            while let Some(row) = rows.next()? {
                scopes.extend(Columns(row).scopes("scopes")?);
            }
            Ok(scopes)
        })
        .await
    }

    /// Keeps a code until it is taken or ends; of a user's codes for a client only the latest
    /// [`MAX_CODES`].
    pub async fn create_code(&self, hash: TokenHash, code: Code) -> Result<()> {
        const SQL: &str = "
            INSERT INTO oauth_codes
                (hash, client_id, user_id, session_id, scopes, challenge, challenge_method, expires)
            VALUES
                (:hash, :client_id, :user_id, :session_id, :scopes, :challenge, :method, :expires)";
        const SURPLUS: &str = "
            DELETE FROM oauth_codes WHERE hash IN (
                SELECT hash FROM oauth_codes WHERE user_id = :user_id AND client_id = :client_id
                ORDER BY expires DESC LIMIT -1 OFFSET :max)";
        self.write("keep an OAuth code", move |tx| {
            let user_id = row::get_user_id(tx, &code.user)?;
            tx.prepare_cached(SQL)?.execute(named_params! {
                ":hash": hash.as_bytes(),
                ":client_id": code.client_id,
                ":user_id": user_id,
                ":session_id": code.session_id,
                ":scopes": row::scopes_text(&code.scopes),
                ":challenge": code.challenge.as_ref().map(|c| &c.value),
                ":method": code.challenge.as_ref().map(|c| c.method.as_str()),
                ":expires": code.expires.as_micros(),
            })?;
            tx.prepare_cached(SURPLUS)?.execute(named_params! {
                ":user_id": user_id,
                ":client_id": code.client_id,
                ":max": MAX_CODES,
            })?;
            Ok(())
        })
        .await
    }

    /// Takes a code away from those kept: whoever comes second finds none.
    pub async fn take_code(
        &self,
        hash: TokenHash,
        client_id: &str,
        now: Timestamp,
    ) -> Result<Option<Code>> {
        let client_id = client_id.to_owned();
        self.write("take an OAuth code", move |tx| {
            take_code(tx, hash, &client_id, now)
        })
        .await
    }
}

/// Whose client a row is, by the number of the server's or service's row.
#[derive(Debug, Clone, Copy)]
pub(super) enum ClientOf {
    Server(i64),
    Service(i64),
}

/// Registers a server or service as a client.
///
/// A service that is known by the same id stays known, with the tokens issued for it; a server's run
/// begins without any.
pub(super) fn put_client(
    tx: &Transaction<'_>,
    client: &NewClient,
    of: ClientOf,
    secret_hash: TokenHash,
) -> Result<()> {
    const INSERT: &str = "
        INSERT INTO oauth_clients
            (id, server_id, service_id, secret_hash, redirect_uri, description, allowed_scopes, confirm)
        VALUES
            (:id, :server_id, :service_id, :secret_hash, :redirect_uri, :description, :allowed_scopes, :confirm)
        ON CONFLICT (id) DO UPDATE SET
            secret_hash = excluded.secret_hash,
            redirect_uri = excluded.redirect_uri,
            description = excluded.description,
            allowed_scopes = excluded.allowed_scopes,
            confirm = excluded.confirm
        WHERE service_id = excluded.service_id";
    const OTHERS: &str = "DELETE FROM oauth_clients WHERE service_id = :service_id AND id <> :id";
    let (server_id, service_id) = match of {
        ClientOf::Server(id) => (Some(id), None),
        ClientOf::Service(id) => (None, Some(id)),
    };
    if let Some(id) = server_id {
        delete_client(tx, id)?;
    }
    tx.prepare_cached(OTHERS)?
        .execute(named_params! { ":service_id": service_id, ":id": client.id })?;
    let rows = tx.prepare_cached(INSERT)?.execute(named_params! {
        ":id": client.id,
        ":server_id": server_id,
        ":service_id": service_id,
        ":secret_hash": secret_hash.as_bytes(),
        ":redirect_uri": client.redirect_uri,
        ":description": client.description,
        ":allowed_scopes": row::scopes_text(&client.allowed_scopes),
        ":confirm": client.confirmation == Confirmation::Asked,
    })?;
    if rows == 0 {
        return Err(Error::Conflict(format!(
            "another OAuth client is called {}",
            client.id
        )));
    }
    Ok(())
}

/// Forgets the client a server is, with every token and code issued for it.
pub(super) fn delete_client(tx: &Transaction<'_>, server_id: i64) -> Result<()> {
    const SQL: &str = "DELETE FROM oauth_clients WHERE server_id = :server_id";
    tx.prepare_cached(SQL)?
        .execute(named_params! { ":server_id": server_id })?;
    Ok(())
}

fn find_client(conn: &Connection, id: &str) -> Result<Option<Client>> {
    const SQL: &str = "
        SELECT clients.id AS id, secret_hash, redirect_uri, description, allowed_scopes, confirm,
               users.name AS client_user, servers.name AS client_server, services.name AS client_service
        FROM oauth_clients AS clients
        LEFT JOIN servers ON servers.id = server_id
        LEFT JOIN users ON users.id = servers.user_id
        LEFT JOIN services ON services.id = service_id
        WHERE clients.id = :id";
    let mut statement = conn.prepare_cached(SQL)?;
    let mut rows = statement.query(named_params! { ":id": id })?;
    rows.next()?.map(client).transpose()
}

fn client(row: &Row<'_>) -> Result<Client> {
    let columns = Columns(row);
    Ok(Client {
        id: columns.text("id")?,
        secret_hash: columns.hash("secret_hash")?,
        description: columns.text("description")?,
        rules: ClientRules {
            kind: client_kind(&columns)?,
            redirect_uri: columns.text("redirect_uri")?,
            allowed_scopes: columns.scopes("allowed_scopes")?.into_iter().collect(),
        },
        confirmation: match columns.number("confirm")? {
            0 => Confirmation::Skipped,
            _ => Confirmation::Asked,
        },
    })
}

/// Reads what a client is from the columns `client_user`, `client_server` and `client_service`.
pub(super) fn client_kind(columns: &Columns<'_, '_>) -> Result<ClientKind> {
    let corrupt = Error::Corrupt {
        column: "client_service",
    };
    if let Some(server) = columns.server_key_if_any("client_user", "client_server")? {
        return Ok(ClientKind::Server(server));
    }
    match columns.text_if_any("client_service")? {
        Some(name) => match ServiceName::parse(&name) {
            Ok(name) => Ok(ClientKind::Service(name)),
            Err(_) => Err(corrupt),
        },
        None => Err(corrupt),
    }
}

fn take_code(
    tx: &Transaction<'_>,
    hash: TokenHash,
    client_id: &str,
    now: Timestamp,
) -> Result<Option<Code>> {
    const SQL: &str = "
        DELETE FROM oauth_codes WHERE hash = :hash AND client_id = :client_id
        RETURNING client_id, (SELECT name FROM users WHERE id = user_id) AS user, session_id, scopes,
                  challenge, challenge_method, expires";
    let mut statement = tx.prepare_cached(SQL)?;
    let mut rows = statement.query(named_params! {
        ":hash": hash.as_bytes(),
        ":client_id": client_id,
    })?;
    let code = rows.next()?.map(code).transpose()?;
    Ok(code.filter(|code| code.expires > now))
}

fn code(row: &Row<'_>) -> Result<Code> {
    let columns = Columns(row);
    let method = match columns.text_if_any("challenge_method")?.as_deref() {
        None => None,
        Some("plain") => Some(ChallengeMethod::Plain),
        Some("S256") => Some(ChallengeMethod::S256),
        Some(_) => {
            return Err(Error::Corrupt {
                column: "challenge_method",
            });
        }
    };
    let challenge = columns.text_if_any("challenge")?;
    Ok(Code {
        client_id: columns.text("client_id")?,
        user: columns.user_name("user")?,
        session_id: columns.text_if_any("session_id")?,
        scopes: columns.scopes("scopes")?,
        challenge: challenge
            .zip(method)
            .map(|(value, method)| Challenge { method, value }),
        expires: columns.time("expires")?,
    })
}
