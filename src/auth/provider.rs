//! Logins by an OpenID Connect provider: to there and back, with the same bounds as passwords.
//!
//! Nobody can be guessed here, so failures count for the address alone, and a refusal comes at once. Each
//! departure has the provider asked, so they are bounded in their rate.

use std::{net::IpAddr, time::Duration};

use tokio::time::Instant;

use super::login::{Logins, measure_login, throttled};
use crate::{
    broker::{
        client::{Login, ProviderError},
        message::provider::{Arrival, Departure, FaultKind},
    },
    telemetry::{causes::Causes, metrics::labels as metrics},
};

/// Why somebody cannot sign in at the provider, or is not let in then.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trouble {
    /// The provider gave no answer, or one that does not count.
    Provider(FaultKind),
    /// The account that the provider names is not let in; why is in the journal.
    Refused,
    /// Too many failures; try again after this.
    Throttled(Duration),
    /// The broker did not answer.
    Unavailable,
}

impl Logins {
    /// Finds out where to send a browser at `remote`; `id` is nobody else's.
    pub async fn depart(&self, remote: IpAddr, id: &str) -> Result<Departure, Trouble> {
        let _attempt = self
            .throttle
            .attempt(id, remote, self.clock.now())
            .map_err(held_up)?;
        self.throttle.depart(remote).map_err(held_up)?;
        self.broker
            .depart()
            .await
            .map_err(|error| told(&error, remote))
    }

    /// Logs in whoever the provider says brought `arrival` back; `id` is nobody else's.
    pub async fn arrive(
        &self,
        arrival: Arrival,
        remote: IpAddr,
        id: &str,
    ) -> Result<Login, Trouble> {
        let begun = Instant::now();
        let attempt = self
            .throttle
            .attempt(id, remote, self.clock.now())
            .map_err(held_up)?;
        match self.broker.arrive(arrival, remote).await {
            Ok(login) => {
                measure_login(metrics::Outcome::Success, begun);
                Ok(login)
            }
            Err(error) => {
                measure_login(metrics::Outcome::Failure, begun);
                let trouble = told(&error, remote);
                if is_visitors_fault(trouble) {
                    attempt.failed(self.clock.now());
                }
                Err(trouble)
            }
        }
    }
}

fn held_up(wait: Duration) -> Trouble {
    throttled();
    Trouble::Throttled(wait)
}

/// Tells whether the same visitor would fail again, whatever the provider does.
fn is_visitors_fault(trouble: Trouble) -> bool {
    let kinds = [FaultKind::Code, FaultKind::Identity];
    trouble == Trouble::Refused || kinds.map(Trouble::Provider).contains(&trouble)
}

/// The journal is told what the person is not.
fn told(error: &ProviderError, remote: IpAddr) -> Trouble {
    let shown = Causes(error);
    match error {
        ProviderError::Refused(_) => {
            tracing::warn!(target: "audit", { %remote }, "refused a sign-in from {remote}: {shown}");
            Trouble::Refused
        }
        ProviderError::Fault(fault) => {
            let trouble = Trouble::Provider(fault.kind);
            if is_visitors_fault(trouble) {
                tracing::warn!(target: "audit", { %remote }, "refused a sign-in from {remote}: {shown}");
            } else {
                tracing::error!("{shown}");
            }
            trouble
        }
        ProviderError::Unavailable(_) => {
            tracing::error!("sign a person in: {shown}");
            Trouble::Unavailable
        }
    }
}
