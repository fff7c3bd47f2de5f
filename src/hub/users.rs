//! Users: remembered at their first login, brought up to date at each.

use crate::{
    broker::client,
    domain::{scope::role::AdminRole, secret::Secret, time::Clock},
    store::{
        self, Store,
        users::{Login, LoginOutcome},
    },
};

/// Remembers a login that the broker has accepted, with the ticket that lets servers be started.
///
/// A known name that belongs to another account now (its UID differs) loses what the old one had.
pub async fn log_in(
    store: &Store,
    clock: &Clock,
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
    }
    Ok(outcome)
}
