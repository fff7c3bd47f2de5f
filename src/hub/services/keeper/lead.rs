//! Leading people to services: whose socket it is, bridges to ports, routes.

use std::{collections::BTreeSet, path::Path, time::Duration};

use super::{LOOK_EVERY, RETRY, Services};
use crate::{
    broker::client,
    config::settings::{
        Settings,
        services::{ServiceAddress, ServiceSettings},
    },
    domain::{
        names::{ServiceName, UserName},
        paths,
        unit::service_socket,
    },
    hub::{routes::Route, servers::Target},
    telemetry::causes::Causes,
};

/// The account of PID 1, whose the sockets of bridges are.
const ROOT: u32 = 0;

/// Where people are led now.
#[derive(Default)]
pub(super) struct Lead {
    led: Option<Led>,
    complained: bool,
}

struct Led {
    address: ServiceAddress,
    user: Option<UserName>,
    target: Target,
}

/// Why people are not led to a service.
#[derive(Debug, thiserror::Error)]
enum LeadError {
    #[error("there is no account {0}")]
    NoAccount(UserName),
    #[error("whose its socket is was not said")]
    NoUser,
    #[error("its name is none that an address can have")]
    NoPath,
    #[error("ask the broker for the way to it")]
    Broker(#[from] client::Error),
}

impl Lead {
    /// Returns where the service listens, as the proxy connects to it.
    pub(super) fn target(&self) -> Option<&Target> {
        self.led.as_ref().map(|led| &led.target)
    }
}

impl Services {
    /// Leads people to a service if it listens; returns when to look again at the latest.
    pub(super) async fn lead(
        &self,
        settings: &Settings,
        service: &ServiceSettings,
        bridges: &BTreeSet<ServiceName>,
        lead: &mut Lead,
    ) -> Duration {
        let Some(address) = &service.address else {
            lead.led = None;
            return LOOK_EVERY;
        };
        let is_open =
            !matches!(address, ServiceAddress::Tcp { .. }) || bridges.contains(&service.name);
        let is_led = lead
            .led
            .as_ref()
            .is_some_and(|led| led.address == *address && led.user == service.user);
        if is_open && is_led {
            return LOOK_EVERY;
        }
        match self.try_lead(settings, service, address).await {
            Ok(target) => {
                lead.complained = false;
                lead.led = Some(Led {
                    address: address.clone(),
                    user: service.user.clone(),
                    target,
                });
                LOOK_EVERY
            }
            Err(error) => {
                let name = &service.name;
                if !std::mem::replace(&mut lead.complained, true) {
                    tracing::error!(
                        service.name = %name,
                        "nobody can reach service {name}: {causes}",
                        causes = Causes(&error)
                    );
                }
                RETRY
            }
        }
    }

    async fn try_lead(
        &self,
        settings: &Settings,
        service: &ServiceSettings,
        address: &ServiceAddress,
    ) -> Result<Target, LeadError> {
        let (name, runtime_dir) = (&service.name, &settings.hub.runtime_dir);
        let target = match address {
            ServiceAddress::Tcp { .. } => {
                self.parts.broker.open_bridge(name).await?;
                Target::new(bridge_socket(runtime_dir, name), ROOT)
            }
            ServiceAddress::OwnSocket => {
                let socket = service_socket(runtime_dir, name);
                Target::new(socket, self.owner(service).await?)
            }
            ServiceAddress::Unix(path) => Target::new(path.clone(), self.owner(service).await?),
        };
        let prefix = paths::service_prefix(&settings.hub.base_url, name);
        let route = Route::new(
            name.clone(),
            prefix,
            target.socket.clone(),
            target.owner_uid,
        );
        match self.parts.routes.publish(route) {
            true => Ok(target),
            false => Err(LeadError::NoPath),
        }
    }

    async fn owner(&self, service: &ServiceSettings) -> Result<u32, LeadError> {
        let user = service.user.as_ref().ok_or(LeadError::NoUser)?;
        let account = self.parts.broker.account(user).await?;
        let account = account.ok_or_else(|| LeadError::NoAccount(user.clone()))?;
        Ok(account.uid)
    }
}

/// Returns where `carrel-bridge@.socket` listens.
fn bridge_socket(runtime_dir: &Path, name: &ServiceName) -> std::path::PathBuf {
    let file = format!("{}.sock", name.stem());
    runtime_dir.join("bridge").join(file)
}
