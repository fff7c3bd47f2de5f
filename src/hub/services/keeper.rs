//! Keeps services as the configuration wants them.
//!
//! Those that Carrel runs are started, adopted after a restart of the hub, started again when they fail,
//! and stopped when they are not configured any more; those that listen somewhere are led to. It looks at everything whenever there is news, and now and then, and does what is missing. Nothing that
//! goes wrong with one service concerns another or the hub.

mod lead;
mod run;

use std::{
    collections::{BTreeSet, HashMap},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use arc_swap::ArcSwap;
use tokio::{sync::Notify, time::sleep};
use tokio_util::sync::CancellationToken;

use self::{lead::Lead, run::Run};
use crate::{
    broker::client::Broker,
    config::settings::{
        Settings,
        services::{ServiceAddress, ServiceSettings},
    },
    domain::{
        entropy::Entropy,
        names::{Backend, ServiceName},
        time::Clock,
    },
    hub::{routes::Routes, servers::Probe},
    store::Store,
    systemd::{Systemd, UnitStatus},
    telemetry::causes::Causes,
};

/// How often everything is looked at although there is no news.
const LOOK_EVERY: Duration = Duration::from_secs(60);
/// When something is tried again that could not be done.
const RETRY: Duration = Duration::from_secs(5);

/// What keeping services takes.
pub struct Parts {
    /// What is remembered.
    pub store: Store,
    /// The root side.
    pub broker: Broker,
    /// What runs.
    pub systemd: Arc<Systemd>,
    /// The present configuration.
    pub settings: Arc<ArcSwap<Settings>>,
    /// What the proxy reads.
    pub routes: Arc<Routes>,
    /// The time.
    pub clock: Clock,
    /// Randomness.
    pub entropy: Entropy,
    /// How to ask a program whether it is up.
    pub probe: Probe,
    /// Says that the unit of a service has changed.
    pub news: Arc<Notify>,
}

/// How a service is that Carrel runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// It has not opened its socket yet, or systemd is about to start it again.
    Starting,
    /// It runs.
    Running,
    /// It did not start, or ended too often; it is tried again later.
    Failed,
}

/// What is known of a service that Carrel runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Condition {
    /// How it is.
    pub state: State,
    /// Its main process; 0 when there is none.
    pub pid: u32,
}

/// The services of the configuration.
pub struct Services {
    parts: Parts,
    conditions: Mutex<HashMap<ServiceName, Condition>>,
}

/// What the keeper remembers of a service between two looks.
#[derive(Default)]
struct Memory {
    lead: Lead,
    run: Run,
}

impl Services {
    /// Makes the keeper, which keeps nothing yet.
    pub fn new(parts: Parts) -> Self {
        Self {
            parts,
            conditions: Mutex::default(),
        }
    }

    /// Returns how a service is; `None` when Carrel does not run it.
    pub fn condition(&self, name: &ServiceName) -> Option<Condition> {
        self.conditions().get(name).copied()
    }

    /// Has everything looked at again: the configuration or a unit has changed.
    pub fn look_again(&self) {
        self.parts.news.notify_one();
    }

    /// Keeps services until `stop`. They go on without the hub, as people's servers do.
    pub async fn keep(&self, stop: CancellationToken) {
        let mut memories = HashMap::new();
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                () = self.look_and_wait(&mut memories) => {}
            }
        }
    }

    async fn look_and_wait(&self, memories: &mut HashMap<ServiceName, Memory>) {
        let pause = match self.look(memories).await {
            Ok(pause) => pause,
            Err(error) => {
                tracing::warn!("look at services: {causes}", causes = Causes(&error));
                RETRY
            }
        };
        tokio::select! {
            () = self.parts.news.notified() => {}
            () = sleep(pause) => {}
        }
    }

    /// Does what is missing; returns when to look again at the latest.
    async fn look(
        &self,
        memories: &mut HashMap<ServiceName, Memory>,
    ) -> Result<Duration, crate::systemd::Error> {
        let settings = self.parts.settings.load_full();
        let bridges = self.parts.systemd.list_bridges().await?;
        let units = self.parts.systemd.list_services().await?;
        let mut units: HashMap<ServiceName, UnitStatus> = units.into_iter().collect();
        let mut pause = LOOK_EVERY;
        memories.retain(|name, _| find(&settings, name).is_some());
        for service in &settings.services {
            let memory = memories.entry(service.name.clone()).or_default();
            let led = self.lead(&settings, service, &bridges, &mut memory.lead);
            pause = pause.min(led.await);
            if service.program.is_some() {
                let unit = units.remove(&service.name);
                pause = pause.min(self.run(&settings, service, unit, memory).await);
            }
        }
        // A unit that is not configured is none that was kept above.
        for name in units.keys() {
            self.stop(name).await;
        }
        self.forget(&settings, &bridges).await;
        self.publish(memories);
        Ok(pause)
    }

    /// Takes back what services had that are not configured any more, or not so.
    async fn forget(&self, settings: &Settings, bridges: &BTreeSet<ServiceName>) {
        for name in bridges {
            let address = find(settings, name).and_then(|service| service.address.as_ref());
            let runs = find(settings, name).is_some_and(|service| service.program.is_some());
            // One that runs and moved from a port to a socket has been started anew, without its bridge.
            if !matches!(address, Some(ServiceAddress::Tcp { .. })) && !runs {
                self.stop(name).await;
            }
        }
        for route in self.parts.routes.all() {
            let Backend::Service(name) = &route.backend else {
                continue;
            };
            if find(settings, name).is_none_or(|service| service.address.is_none()) {
                self.parts.routes.withdraw(&route.backend);
            }
        }
    }

    fn publish(&self, memories: &HashMap<ServiceName, Memory>) {
        let known = memories.iter();
        let known = known.filter_map(|(name, memory)| Some((name.clone(), memory.run.condition?)));
        *self.conditions() = known.collect();
    }

    /// Stops a service and closes its bridge; tells whether that worked.
    async fn stop(&self, name: &ServiceName) -> bool {
        match self.parts.broker.stop_service(name).await {
            Ok(()) => {
                tracing::info!(service.name = %name, "service {name} is stopped");
                true
            }
            Err(error) => {
                tracing::warn!(service.name = %name, "stop service {name}: {causes}", causes = Causes(&error));
                false
            }
        }
    }

    fn conditions(&self) -> MutexGuard<'_, HashMap<ServiceName, Condition>> {
        self.conditions
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

fn find<'a>(settings: &'a Settings, name: &ServiceName) -> Option<&'a ServiceSettings> {
    settings.services.iter().find(|it| it.name == *name)
}
