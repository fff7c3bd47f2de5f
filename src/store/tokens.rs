//! API tokens: those people make, those servers and services have, and those OAuth clients get.

use rusqlite::{Connection, Row, Transaction, named_params};

use super::{
    Result, Store, oauth,
    row::{self, Columns},
    standing, users,
};
use crate::domain::{
    access::Owner, role::ClientKind, role::Standing, scope::Scope, secret::TokenHash,
    time::Timestamp, token::TokenId,
};

/// The most tokens a client has of one user, one for each browser; the oldest give way.
pub const MAX_CLIENT_TOKENS: i64 = 100;

/// A token as stored; the token itself is nowhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    /// Its number.
    pub id: TokenId,
    /// Whose it is.
    pub owner: Owner,
    /// The client it was issued to.
    pub client: Option<TokenClient>,
    /// Whether it is the token a server itself has.
    pub kind: TokenKind,
    /// The browser session in which it was issued.
    pub session_id: Option<String>,
    /// What it may do, as asked for.
    pub scopes: Vec<Scope>,
    /// What it is for.
    pub note: String,
    /// When it was made.
    pub created: Timestamp,
    /// When it ends.
    pub expires: Option<Timestamp>,
    /// When it was last used, roughly.
    pub last_activity: Option<Timestamp>,
}

/// The OAuth client a token was issued to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenClient {
    /// The client's id.
    pub id: String,
    /// What it is, for people.
    pub description: String,
    /// The server or service it is.
    pub kind: ClientKind,
}

/// Who uses a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenKind {
    /// A person's script, or a client.
    Ordinary,
    /// A server, to talk to the hub.
    Server,
}

/// A token that was presented, with what is recorded of its owner.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PresentedToken {
    /// The token.
    pub token: Token,
    /// Its owner.
    pub owner: Standing,
}

/// A token that is made.
#[derive(Debug, Clone)]
pub struct NewToken {
    /// Hash of the token's text.
    pub hash: TokenHash,
    /// Whose it is.
    pub owner: Owner,
    /// Id of the client it is issued to.
    pub client_id: Option<String>,
    /// The browser session in which it is issued.
    pub session_id: Option<String>,
    /// What it may do.
    pub scopes: Vec<Scope>,
    /// What it is for.
    pub note: String,
    /// When it is made.
    pub created: Timestamp,
    /// When it ends.
    pub expires: Option<Timestamp>,
}

impl Store {
    /// Makes a token, such as a client's, before which older ones may have to give way; returns its number.
    pub async fn create_token(&self, token: NewToken) -> Result<TokenId> {
        self.write("make a token", move |tx| insert_token(tx, &token, None))
            .await
    }

    /// Makes a token that a person asks for, and returns its number; `None` when its user has `most` already, those
    /// of clients not counted.
    ///
    /// Nothing that was read before is wrong afterwards: nobody can have looked the new one up.
    pub async fn create_personal_token(
        &self,
        token: NewToken,
        most: u32,
    ) -> Result<Option<TokenId>> {
        let add = move |tx: &Transaction<'_>| match has_tokens(tx, &token.owner, most)? {
            true => Ok(None),
            false => insert_token(tx, &token, None).map(Some),
        };
        self.change("make a token", add, || ()).await
    }

    /// Finds the token with this hash, if it has not ended.
    pub async fn find_token(
        &self,
        hash: TokenHash,
        now: Timestamp,
    ) -> Result<Option<PresentedToken>> {
        self.read("look a token up", move |conn| find_token(conn, hash, now))
            .await
    }

    /// Lists the tokens of a user or service that have not ended, least recently used first.
    pub async fn list_tokens(&self, owner: &Owner, now: Timestamp) -> Result<Vec<Token>> {
        let owner = owner.clone();
        self.read("list tokens", move |conn| list_tokens(conn, &owner, now))
            .await
    }

    /// Revokes one of an owner's tokens, and with a client's token all that client has of the owner.
    ///
    /// Returns how many went.
    pub async fn delete_token(&self, owner: &Owner, id: TokenId) -> Result<usize> {
        const SQL: &str = "
            WITH owned AS (
                SELECT id, client_id FROM api_tokens
                WHERE user_id = (SELECT id FROM users WHERE name = :user)
                   OR service_id = (SELECT id FROM services WHERE name = :service)
            )
            DELETE FROM api_tokens WHERE id IN (
                SELECT id FROM owned
                WHERE id = :id OR client_id = (SELECT client_id FROM owned WHERE id = :id)
            )";
        let (user, service) = match owner {
            Owner::User(name) => (Some(name.to_string()), None),
            Owner::Service(name) => (None, Some(name.to_string())),
            Owner::Root => return Ok(0),
        };
        self.write("revoke a token", move |tx| {
            let parameters = named_params! { ":user": user, ":service": service, ":id": id.0 };
            Ok(tx.prepare_cached(SQL)?.execute(parameters)?)
        })
        .await
    }

    /// Records that a token was used, and with it its owner unless the user is a server.
    pub async fn touch_token(&self, id: TokenId, at: Timestamp) -> Result<()> {
        const TOKEN: &str = "
            UPDATE api_tokens SET last_activity = :at
            WHERE id = :id AND coalesce(last_activity, :at - 1) < :at";
        const OWNER: &str = "
            UPDATE users SET last_activity = :at
            WHERE id = (SELECT user_id FROM api_tokens WHERE id = :id AND server_id IS NULL)
            AND coalesce(last_activity, :at - 1) < :at";
        self.write_activity("record the use of a token", move |tx| {
            let parameters = named_params! { ":id": id.0, ":at": at.as_micros() };
            tx.prepare_cached(TOKEN)?.execute(parameters)?;
            tx.prepare_cached(OWNER)?.execute(parameters)?;
            Ok(())
        })
        .await
    }
}

/// The query of a token with its owner and client, for one condition.
macro_rules! select {
    ($condition:literal) => {
        concat!(
            "SELECT api_tokens.id AS id, api_tokens.user_id AS user_id, api_tokens.service_id AS service_id,
                    owner.name AS user, owner.admin OR owner.admin_granted AS admin,
                    owning_service.name AS service,
                    client_id, clients.description AS client_description,
                    client_owner.name AS client_user, client_server.name AS client_server,
                    client_service.name AS client_service,
                    api_tokens.server_id AS server_id, session_id, scopes, note,
                    api_tokens.created AS created, expires, api_tokens.last_activity AS last_activity
             FROM api_tokens
             LEFT JOIN users AS owner ON owner.id = api_tokens.user_id
             LEFT JOIN services AS owning_service ON owning_service.id = api_tokens.service_id
             LEFT JOIN oauth_clients AS clients ON clients.id = api_tokens.client_id
             LEFT JOIN servers AS client_server ON client_server.id = clients.server_id
             LEFT JOIN users AS client_owner ON client_owner.id = client_server.user_id
             LEFT JOIN services AS client_service ON client_service.id = clients.service_id
             WHERE ",
            $condition
        )
    };
}

fn find_token(
    conn: &Connection,
    hash: TokenHash,
    now: Timestamp,
) -> Result<Option<PresentedToken>> {
    let sql = select!("api_tokens.hash = :hash AND coalesce(expires > :now, 1)");
    let mut statement = conn.prepare_cached(sql)?;
    let mut rows = statement.query(named_params! {
        ":hash": hash.as_bytes(),
        ":now": now.as_micros(),
    })?;
    let Some(row) = rows.next()? else {
        return Ok(None);
    };
    let token = token(row)?;
    let columns = Columns(row);
    let owner = match &token.owner {
        Owner::User(name) => {
            let admin = users::admin(columns.number("admin")?);
            let id = columns.number("user_id")?;
            Standing::User(standing::of_user(conn, id, name.clone(), admin)?)
        }
        Owner::Service(name) => {
            let id = columns.number("service_id")?;
            Standing::Service(standing::of_service(conn, id, name.clone())?)
        }
        Owner::Root => return Ok(None),
    };
    Ok(Some(PresentedToken { token, owner }))
}

/// Tells whether an owner has so many tokens, without those of clients. One that has ended counts until it is
/// removed: else who makes many that end at once could make this slow.
fn has_tokens(conn: &Connection, owner: &Owner, count: u32) -> Result<bool> {
    const SQL: &str = "
        SELECT count(*) FROM (
            SELECT 1 FROM api_tokens
            WHERE user_id IS :user_id AND service_id IS :service_id AND client_id IS NULL LIMIT :count)";
    let (user_id, service_id) = standing::owner_ids(conn, owner)?;
    let parameters =
        named_params! { ":user_id": user_id, ":service_id": service_id, ":count": count };
    let mut statement = conn.prepare_cached(SQL)?;
    let found: u32 = statement.query_row(parameters, |row| row.get(0))?;
    Ok(found >= count)
}

pub(super) fn insert_token(
    tx: &Transaction<'_>,
    token: &NewToken,
    server_id: Option<i64>,
) -> Result<TokenId> {
    const SQL: &str = "
        INSERT INTO api_tokens (hash, user_id, service_id, client_id, server_id, session_id, scopes,
                                note, created, expires)
        VALUES (:hash, :user_id, :service_id, :client_id, :server_id, :session_id, :scopes,
                :note, :created, :expires)";
    const SURPLUS: &str = "
        DELETE FROM api_tokens WHERE id IN (
            SELECT id FROM api_tokens WHERE user_id = :user_id AND client_id = :client_id
            ORDER BY id DESC LIMIT -1 OFFSET :max)";
    let (user_id, service_id) = standing::owner_ids(tx, &token.owner)?;
    tx.prepare_cached(SQL)?.execute(named_params! {
        ":hash": token.hash.as_bytes(),
        ":user_id": user_id,
        ":service_id": service_id,
        ":client_id": token.client_id,
        ":server_id": server_id,
        ":session_id": token.session_id,
        ":scopes": row::scopes_text(&token.scopes),
        ":note": token.note,
        ":created": token.created.as_micros(),
        ":expires": token.expires.map(Timestamp::as_micros),
    })?;
    let id = TokenId(tx.last_insert_rowid());
    if token.client_id.is_some() {
        tx.prepare_cached(SURPLUS)?.execute(named_params! {
            ":user_id": user_id,
            ":client_id": token.client_id,
            ":max": MAX_CLIENT_TOKENS,
        })?;
    }
    Ok(id)
}

fn list_tokens(conn: &Connection, owner: &Owner, now: Timestamp) -> Result<Vec<Token>> {
    const OF_USER: &str = select!(
        "owner.name = :owner AND coalesce(expires > :now, 1)
         ORDER BY coalesce(api_tokens.last_activity, api_tokens.created), api_tokens.id"
    );
    const OF_SERVICE: &str = select!(
        "owning_service.name = :owner AND coalesce(expires > :now, 1)
         ORDER BY coalesce(api_tokens.last_activity, api_tokens.created), api_tokens.id"
    );
    let (sql, name) = match owner {
        Owner::User(name) => (OF_USER, name.as_str()),
        Owner::Service(name) => (OF_SERVICE, name.as_str()),
        Owner::Root => return Ok(Vec::new()),
    };
    let mut statement = conn.prepare_cached(sql)?;
    let mut rows = statement.query(named_params! {
        ":owner": name,
        ":now": now.as_micros(),
    })?;
    let mut tokens = Vec::new();
    while let Some(row) = rows.next()? {
        tokens.push(token(row)?);
    }
    Ok(tokens)
}

fn token(row: &Row<'_>) -> Result<Token> {
    let columns = Columns(row);
    let server_id: Option<i64> = row.get("server_id")?;
    let client = match columns.text_if_any("client_id")? {
        None => None,
        Some(id) => Some(TokenClient {
            id,
            description: columns.text("client_description")?,
            kind: oauth::client_kind(&columns)?,
        }),
    };
    Ok(Token {
        id: TokenId(columns.number("id")?),
        owner: standing::owner(&columns)?,
        client,
        kind: match server_id {
            Some(_) => TokenKind::Server,
            None => TokenKind::Ordinary,
        },
        session_id: columns.text_if_any("session_id")?,
        scopes: columns.scopes("scopes")?,
        note: columns.text("note")?,
        created: columns.time("created")?,
        expires: columns.time_if_any("expires")?,
        last_activity: columns.time_if_any("last_activity")?,
    })
}
