//! Logins by an OpenID Connect provider, as the hub has the broker do them.

use std::{net::IpAddr, time::Duration};

use super::{Broker, Error, GRACE, Login, take_place, unexpected};
use crate::broker::message::{
    Refusal, Reply, Request,
    provider::{Arrival, Departure, ProviderFault},
};

/// Questions to the provider under way at once; systemd starts a process for each, and takes 64.
pub(super) const PROVIDER_PLACES: usize = 48;
/// How long the broker waits for the provider.
const PROVIDER_TIMEOUT: Duration = Duration::from_secs(40);

/// Why a sign-in at the provider cannot begin or go on.
#[derive(Debug, thiserror::Error)]
pub enum ProviderError {
    /// The broker or `carrel oidc` gave no answer.
    #[error(transparent)]
    Unavailable(#[from] Error),
    /// The provider gave none, or one that does not count.
    #[error("sign in at the provider: {}", .0.reason)]
    Fault(ProviderFault),
    /// The provider says who it is, and they are not let in.
    #[error("let in whom the provider names: {0:?}")]
    Refused(Refusal),
}

impl Broker {
    /// Finds out where to send a browser that wants to sign in.
    pub async fn depart(&self) -> Result<Departure, ProviderError> {
        let what = "find the way to the provider";
        let reply = self.ask_provider(&Request::Depart, what).await?;
        let Reply::Departure(departure) = reply else {
            return Err(unexpected(reply).into());
        };
        Ok(departure)
    }

    /// Logs in whoever the provider says brought `arrival` back.
    pub async fn arrive(&self, arrival: Arrival, remote: IpAddr) -> Result<Login, ProviderError> {
        let request = Request::Arrive { arrival, remote };
        let what = "log in whom the provider names";
        let reply = self.ask_provider(&request, what).await?;
        if let Reply::Refused(refusal) = reply {
            return Err(ProviderError::Refused(refusal));
        }
        let Reply::Accepted { account, ticket } = reply else {
            return Err(unexpected(reply).into());
        };
        Ok(Login::read(account, ticket)?)
    }

    async fn ask_provider(
        &self,
        request: &Request,
        what: &'static str,
    ) -> Result<Reply, ProviderError> {
        let _place = take_place(&self.provider_places, "have a place for a sign-in").await?;
        let patience = PROVIDER_TIMEOUT.saturating_add(self.pam_timeout);
        let patience = patience.saturating_add(GRACE);
        let reply = self.ask(request, patience, what).await?;
        if let Reply::ProviderFault(fault) = reply {
            return Err(ProviderError::Fault(fault));
        }
        Ok(reply)
    }
}
