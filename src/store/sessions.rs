//! Browser sessions: what a login cookie stands for.

use rusqlite::{Connection, Row, named_params};

use super::{
    Result, Store,
    row::{self, Columns},
    standing, users,
};
use crate::domain::{names::UserName, role::UserStanding, secret::TokenHash, time::Timestamp};

/// The most sessions a user has at once, one for each browser they use.
pub const MAX_SESSIONS: i64 = 100;

/// A session as stored, with what is recorded of its user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// Whose session it is.
    pub user: UserStanding,
    /// The public id, which user servers see too.
    pub session_id: String,
    /// When it began.
    pub created: Timestamp,
    /// When it was last used, roughly.
    pub last_seen: Timestamp,
    /// When it ends.
    pub expires: Timestamp,
}

/// A session that begins.
#[derive(Debug, Clone)]
pub struct NewSession {
    /// Hash of the cookie's value.
    pub hash: TokenHash,
    /// Whose session it is.
    pub user: UserName,
    /// The public id.
    pub session_id: String,
    /// When it begins.
    pub created: Timestamp,
    /// When it ends.
    pub expires: Timestamp,
}

impl Store {
    /// Begins a session; of more than [`MAX_SESSIONS`] of a user the longest unused ones end.
    pub async fn create_session(&self, session: NewSession) -> Result<()> {
        const SQL: &str = "
            INSERT INTO sessions (hash, user_id, session_id, created, last_seen, expires)
            VALUES (:hash, :user_id, :session_id, :created, :created, :expires)";
        const SURPLUS: &str = "
            DELETE FROM sessions WHERE hash IN (
                SELECT hash FROM sessions WHERE user_id = :user_id
                ORDER BY last_seen DESC LIMIT -1 OFFSET :max)";
        self.write("begin a session", move |tx| {
            let user_id = row::get_user_id(tx, &session.user)?;
            tx.prepare_cached(SQL)?.execute(named_params! {
                ":hash": session.hash.as_bytes(),
                ":user_id": user_id,
                ":session_id": session.session_id,
                ":created": session.created.as_micros(),
                ":expires": session.expires.as_micros(),
            })?;
            tx.prepare_cached(SURPLUS)?
                .execute(named_params! { ":user_id": user_id, ":max": MAX_SESSIONS })?;
            Ok(())
        })
        .await
    }

    /// Finds the session of a cookie, if it has not ended.
    pub async fn find_session(&self, hash: TokenHash, now: Timestamp) -> Result<Option<Session>> {
        const SQL: &str = "
            SELECT user_id, users.name AS user, admin OR admin_granted AS admin,
                   session_id, sessions.created AS created, last_seen, expires
            FROM sessions JOIN users ON users.id = sessions.user_id
            WHERE hash = :hash AND expires > :now";
        self.read("look a session up", move |conn| {
            let mut statement = conn.prepare_cached(SQL)?;
            let mut rows = statement.query(named_params! {
                ":hash": hash.as_bytes(),
                ":now": now.as_micros(),
            })?;
            rows.next()?.map(|row| session(conn, row)).transpose()
        })
        .await
    }

    /// Records that a session was used, and that its user was active.
    pub async fn touch_session(&self, hash: TokenHash, at: Timestamp) -> Result<()> {
        const SESSION: &str = "
            UPDATE sessions SET last_seen = :at WHERE hash = :hash AND last_seen < :at";
        const USER: &str = "
            UPDATE users SET last_activity = :at
            WHERE id = (SELECT user_id FROM sessions WHERE hash = :hash)
            AND coalesce(last_activity, :at - 1) < :at";
        self.write_activity("record the use of a session", move |tx| {
            let parameters = named_params! { ":hash": hash.as_bytes(), ":at": at.as_micros() };
            tx.prepare_cached(SESSION)?.execute(parameters)?;
            tx.prepare_cached(USER)?.execute(parameters)?;
            Ok(())
        })
        .await
    }

    /// Ends a session together with the tokens and codes issued to clients within it.
    ///
    /// Returns how many tokens went.
    pub async fn end_session(&self, hash: TokenHash) -> Result<usize> {
        const CODES: &str = "
            DELETE FROM oauth_codes WHERE (user_id, session_id) IN
                (SELECT user_id, session_id FROM sessions WHERE hash = :hash)";
        const TOKENS: &str = "
            DELETE FROM api_tokens WHERE (user_id, session_id) IN
                (SELECT user_id, session_id FROM sessions WHERE hash = :hash)";
        const SESSION: &str = "DELETE FROM sessions WHERE hash = :hash";
        self.write("end a session", move |tx| {
            let parameters = named_params! { ":hash": hash.as_bytes() };
            tx.prepare_cached(CODES)?.execute(parameters)?;
            let tokens = tx.prepare_cached(TOKENS)?.execute(parameters)?;
            tx.prepare_cached(SESSION)?.execute(parameters)?;
            Ok(tokens)
        })
        .await
    }
}

fn session(conn: &Connection, row: &Row<'_>) -> Result<Session> {
    let columns = Columns(row);
    let admin = users::admin(columns.number("admin")?);
    let id = columns.number("user_id")?;
    Ok(Session {
        user: standing::of_user(conn, id, columns.user_name("user")?, admin)?,
        session_id: columns.text("session_id")?,
        created: columns.time("created")?,
        last_seen: columns.time("last_seen")?,
        expires: columns.time("expires")?,
    })
}
