//! Users: remembered at their first login, brought up to date at each.

use crate::{
    broker::client,
    domain::{access::Permit, names::UserName, role::AdminRole, secret::Secret, time::Clock},
    hub::servers::Servers,
    store::{
        self, Store,
        users::{Login, LoginOutcome},
    },
};

/// Remembers a login that the broker has accepted, with the ticket that lets servers be started.
///
/// A known name that belongs to another account now (its UID differs) loses what the old one had, and
/// servers that still run under the old UID are stopped: they hold another person's work.
pub async fn log_in(
    store: &Store,
    clock: &Clock,
    servers: &Servers,
    login: &client::Login,
) -> Result<LoginOutcome, store::Error> {
    let name = &login.account.name;
    let outcome = store
        .record_login(Login {
            name: name.clone(),
            uid: login.account.uid,
            admin: AdminRole::of(login.admin),
            ticket: Secret::new(login.ticket.as_text().to_owned()),
            at: clock.now(),
        })
        .await?;
    if outcome == LoginOutcome::Replaced {
        tracing::warn!(
            target: "audit",
            { user.name = %name },
            "{name} is another account than before: sessions and tokens of the old one are revoked"
        );
        stop_all(servers, name);
    }
    Ok(outcome)
}

fn stop_all(servers: &Servers, name: &UserName) {
    for (key, _) in servers
        .list()
        .into_iter()
        .filter(|(key, _)| key.user == *name)
    {
        let permit = Permit::by_hub(key, "the account of its name is another one now");
        if let Err(error) = servers.stop(&permit) {
            // Without its OAuth client nobody can log in to it all the same.
            tracing::error!("a server of the old account {name} is not stopped: {error}");
        }
    }
}
