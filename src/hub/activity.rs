//! Activity: when people and their servers last did something, as servers and scripts report it.

use std::time::Duration;

use thiserror::Error;

use crate::{
    domain::{
        access::{Permit, ReportActivity},
        names::{ServerKey, ServerName},
        time::{Clock, Timestamp},
    },
    store::{self, Store},
};

/// How far ahead of the hub's clock a report may lie; somebody's clock is wrong beyond.
const MAX_AHEAD: Duration = Duration::from_secs(59 * 60);

/// What is reported.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Report {
    /// When the user was active.
    pub user_at: Option<Timestamp>,
    /// When servers were active, by name as reported.
    pub servers_at: Vec<(String, Timestamp)>,
}

/// Why a report was not taken; the texts are JupyterHub's.
#[derive(Debug, Error)]
pub enum ReportError {
    /// There is no such user.
    #[error("No such user: '{0}'")]
    NoSuchUser(String),
    /// The user has no such server.
    #[error("No such server '{server}' for user {user}")]
    NoSuchServer {
        /// The server's name as reported.
        server: String,
        /// The user.
        user: String,
    },
    /// The time lies too far ahead.
    #[error("Rejecting activity from more than an hour in the future: {0}")]
    InFuture(Timestamp),
    /// The database failed.
    #[error("record activity")]
    Store(#[from] store::Error),
}

/// Takes a report, whole or not at all; times before the known ones change nothing.
pub async fn report(
    store: &Store,
    clock: &Clock,
    permit: &Permit<ReportActivity>,
    report: Report,
) -> Result<(), ReportError> {
    let user = permit.target();
    if store.find_user(user).await?.is_none() {
        return Err(ReportError::NoSuchUser(user.to_string()));
    }
    let latest = clock.now().after(MAX_AHEAD);
    let mut servers = Vec::with_capacity(report.servers_at.len());
    if !report.servers_at.is_empty() {
        let known = store.list_servers_of(user).await?;
        for (name, at) in report.servers_at {
            let key = ServerName::parse(&name).ok().map(|server| ServerKey {
                user: user.clone(),
                server,
            });
            let known = key.filter(|key| known.iter().any(|server| server.key == *key));
            let key = known.ok_or_else(|| ReportError::NoSuchServer {
                server: name.chars().take(64).collect(),
                user: user.to_string(),
            })?;
            servers.push((key, not_after(at, latest)?));
        }
    }
    let user_at = report.user_at.map(|at| not_after(at, latest)).transpose()?;
    store.record_activity(user, user_at, servers).await?;
    Ok(())
}

fn not_after(at: Timestamp, latest: Timestamp) -> Result<Timestamp, ReportError> {
    if at > latest {
        return Err(ReportError::InFuture(at));
    }
    Ok(at)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        domain::{names::UserName, role::AdminRole},
        store::users::Login,
    };

    fn alice() -> UserName {
        UserName::parse("alice").unwrap()
    }

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_micros(seconds * 1_000_000)
    }

    async fn world() -> (Store, Clock) {
        let store = Store::in_memory().unwrap();
        let login = Login::for_test("alice", 1001, AdminRole::NotHeld, at(100));
        store.record_login(login).await.unwrap();
        (store, Clock::fixed(at(1000)))
    }

    fn for_servers(servers: &[(&str, i64)]) -> Report {
        Report {
            user_at: None,
            servers_at: servers
                .iter()
                .map(|(name, seconds)| ((*name).to_owned(), at(*seconds)))
                .collect(),
        }
    }

    #[tokio::test]
    async fn activity_never_goes_back() {
        let (store, clock) = world().await;
        let permit = Permit::by_hub(alice(), "a test reports");
        for (reported, expected) in [(500, 500), (400, 500), (900, 900)] {
            let both = Report {
                user_at: Some(at(reported)),
                ..for_servers(&[("", reported)])
            };
            report(&store, &clock, &permit, both).await.unwrap();
            let user = store.find_user(&alice()).await.unwrap().unwrap();
            assert_eq!(user.last_activity, Some(at(expected)));
            let servers = store.list_servers_of(&alice()).await.unwrap();
            assert_eq!(servers[0].last_activity, Some(at(expected)));
        }
    }

    #[tokio::test]
    async fn bad_reports_change_nothing() {
        let (store, clock) = world().await;
        let permit = Permit::by_hub(alice(), "a test reports");
        let table = [
            (
                for_servers(&[("", 500), ("lab", 500)]),
                "No such server 'lab' for user alice",
            ),
            (
                for_servers(&[("../x", 500)]),
                "No such server '../x' for user alice",
            ),
            (
                for_servers(&[("", 1000 + 3600)]),
                "Rejecting activity from more than an hour in the future: 1970-01-01T01:16:40.000000Z",
            ),
            (
                Report {
                    user_at: Some(at(1000 + 3541)),
                    ..Report::default()
                },
                "Rejecting activity from more than an hour in the future: 1970-01-01T01:15:41.000000Z",
            ),
        ];
        for (bad, expected) in table {
            let error = report(&store, &clock, &permit, bad).await.unwrap_err();
            assert_eq!(error.to_string(), expected);
        }
        let servers = store.list_servers_of(&alice()).await.unwrap();
        assert_eq!(servers[0].last_activity, None);
        let nobody = Permit::by_hub(UserName::parse("nobody").unwrap(), "a test reports");
        let error = report(&store, &clock, &nobody, Report::default()).await;
        assert_eq!(error.unwrap_err().to_string(), "No such user: 'nobody'");
    }
}
