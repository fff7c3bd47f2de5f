//! Running a service: started, looked after, and started again with growing pauses when it fails.

use std::time::Duration;

use tokio::time::Instant;

use super::{Condition, LOOK_EVERY, RETRY, Services, State, lead::Lead};
use crate::{
    broker::client::LaunchError,
    config::settings::{
        Settings,
        services::{ServiceAddress, ServiceProgram, ServiceSettings},
    },
    domain::{names::ServiceName, paths, server::InvocationId},
    hub::{
        servers::ProbeError,
        services::{configured, token},
    },
    store::{
        self,
        services::{ServiceRecords, ServiceToken},
    },
    systemd::{ActiveState, UnitStatus, journal},
    telemetry::causes::Causes,
};

/// When a service that has not opened its socket is looked at again.
const SOON: Duration = Duration::from_millis(500);
/// How long a service that failed rests; twice as long each time, up to the second.
const REST: [Duration; 2] = [Duration::from_secs(5), Duration::from_secs(300)];
/// A service that ran for so long has not failed in a row.
const STEADY: Duration = Duration::from_secs(120);
/// How much of what a service that failed wrote last is told.
const LINES_TOLD: usize = 5;

/// What is known of a run.
#[derive(Default)]
pub(super) struct Run {
    pub(super) condition: Option<Condition>,
    /// Since when it is up, as far as this hub saw it.
    up: Option<Instant>,
    /// Its main process since when, and whether it has opened its socket.
    process: Option<Process>,
    failures: u32,
    rests_until: Option<Instant>,
}

struct Process {
    pid: u32,
    since: Instant,
    answers: bool,
    complained: bool,
}

/// Why a service was not started.
#[derive(Debug, thiserror::Error)]
enum StartError {
    #[error("note its token")]
    Store(#[from] store::Error),
    #[error(transparent)]
    Launch(#[from] LaunchError),
}

impl StartError {
    /// Returns the run that failed, if it came to one.
    fn failed_run(&self) -> Option<InvocationId> {
        match self {
            Self::Launch(LaunchError::Failed { invocation, .. }) => *invocation,
            Self::Launch(_) | Self::Store(_) => None,
        }
    }
}

impl Services {
    /// Sees to a service that Carrel runs, of whose unit this is known; returns when to look again at the
    /// latest.
    pub(super) async fn run(
        &self,
        settings: &Settings,
        service: &ServiceSettings,
        unit: Option<UnitStatus>,
        memory: &mut super::Memory,
    ) -> Duration {
        let (name, run) = (&service.name, &mut memory.run);
        let described = describe(settings, service);
        if let Some(unit) = unit.as_ref().filter(|unit| unit.active.is_up()) {
            if self.was_started_as(name, &described).await {
                return self.look_after(settings, service, unit, memory).await;
            }
            tracing::info!(service.name = %name, "service {name} is started anew: what is configured is not what runs");
            if !self.stop(name).await {
                return RETRY;
            }
            *run = Run::default();
            // Its bridge was closed with it.
            memory.lead = Lead::default();
        } else if let Some(up) = run.up.take() {
            run.fail(up.elapsed() > STEADY);
            tell_end(name, unit.as_ref(), run.rest()).await;
        }
        if let Some(rest) = run.rest() {
            return rest;
        }
        match self.start(settings, service, described).await {
            Ok(()) => {
                tracing::info!(service.name = %name, "service {name} is started");
                run.up = Some(Instant::now());
                run.process = None;
                run.condition = Some(Condition {
                    state: State::Starting,
                    pid: 0,
                });
                SOON
            }
            Err(error) => {
                run.fail(false);
                let rest = run.rest().unwrap_or_default();
                let said = last_words(error.failed_run()).await;
                tracing::error!(
                    service.name = %name,
                    "service {name} did not start, trying again in {} s: {causes}{said}",
                    seconds(rest),
                    causes = Causes(&error)
                );
                rest
            }
        }
    }

    async fn was_started_as(&self, name: &ServiceName, described: &str) -> bool {
        match self.parts.store.find_service_start(name).await {
            Ok(found) => found.as_deref() == Some(described),
            Err(error) => {
                tracing::error!("look up service {name}: {causes}", causes = Causes(&error));
                // Nothing is stopped for want of an answer.
                true
            }
        }
    }

    /// Gives the service a new token and starts its unit.
    ///
    /// The records come first: a hub that is killed in between leaves a service without a unit, which the
    /// next one starts.
    async fn start(
        &self,
        settings: &Settings,
        service: &ServiceSettings,
        described: String,
    ) -> Result<(), StartError> {
        let (name, store) = (&service.name, &self.parts.store);
        let text = self.parts.entropy.hex_text();
        let records = ServiceRecords {
            name: name.clone(),
            token: ServiceToken::Given(token(name, &text, self.parts.clock.now())),
            client: configured::client(&settings.hub.base_url, service),
        };
        store.renew_service(records).await?;
        store.record_service_start(name, described).await?;
        let launched = self.parts.broker.launch_service(name, &text).await;
        if let Err(LaunchError::AlreadyRunning { .. }) = &launched {
            // It has another token, so it is started anew at the next look.
            store.record_service_start(name, String::new()).await?;
        }
        launched?;
        Ok(())
    }

    /// Looks whether a service that is up has opened its socket, and tells when systemd started it again.
    async fn look_after(
        &self,
        settings: &Settings,
        service: &ServiceSettings,
        unit: &UnitStatus,
        memory: &mut super::Memory,
    ) -> Duration {
        let (name, run) = (&service.name, &mut memory.run);
        if run.up.is_none() {
            tracing::info!(service.name = %name, unit = %unit.unit, "found {}", unit.unit);
            run.up = Some(Instant::now());
        }
        let pid = match unit.active {
            ActiveState::Active | ActiveState::Reloading => unit.main_pid,
            ActiveState::Activating
            | ActiveState::Deactivating
            | ActiveState::Inactive
            | ActiveState::Failed
            | ActiveState::Other => 0,
        };
        if run.process.as_ref().map(|process| process.pid) != Some(pid) {
            if run.process.is_some() && pid != 0 {
                tracing::warn!(service.name = %name, "service {name} ended and was started again");
            }
            run.process = Some(Process {
                pid,
                since: Instant::now(),
                answers: service.address.is_none(),
                complained: false,
            });
        }
        let mut pause = LOOK_EVERY;
        let (Some(process), Some(program)) = (&mut run.process, &service.program) else {
            return pause;
        };
        if pid != 0 && !process.answers {
            let path = paths::service_prefix(&settings.hub.base_url, name);
            process.answers = match memory.lead.target() {
                Some(target) => {
                    let asked = (self.parts.probe)(target.clone(), path).await;
                    answers(service.address.as_ref(), &asked)
                }
                None => false,
            };
            pause = process.tell(name, program);
        }
        let state = match pid != 0 && process.answers {
            true => State::Running,
            false => State::Starting,
        };
        run.condition = Some(Condition { state, pid });
        pause
    }
}

/// Tells whether a service listens. A bridge takes every connection, whoever is behind it.
fn answers(address: Option<&ServiceAddress>, asked: &Result<(), ProbeError>) -> bool {
    let is_port = matches!(address, Some(ServiceAddress::Tcp { .. }));
    match asked {
        Ok(()) => true,
        Err(ProbeError::NoAnswer) => !is_port,
        Err(ProbeError::NoSocket | ProbeError::WrongOwner) => false,
    }
}

impl Process {
    /// Tells how long the service takes, once; returns when to look again.
    fn tell(&mut self, name: &ServiceName, program: &ServiceProgram) -> Duration {
        if self.answers {
            tracing::info!(service.name = %name, "service {name} answers");
            return LOOK_EVERY;
        }
        if self.since.elapsed() < program.start_timeout {
            return SOON;
        }
        if !std::mem::replace(&mut self.complained, true) {
            tracing::warn!(
                service.name = %name,
                "service {name} runs and does not listen after {} s",
                program.start_timeout.as_secs()
            );
        }
        RETRY
    }
}

impl Run {
    /// Notes a failure, the first in a row if the service had run for long.
    fn fail(&mut self, was_steady: bool) {
        if was_steady {
            self.failures = 0;
        }
        let [first, last] = REST;
        let rest = first.saturating_mul(2_u32.saturating_pow(self.failures));
        self.failures = self.failures.saturating_add(1);
        self.rests_until = Some(Instant::now() + rest.min(last));
        self.up = None;
        self.condition = Some(Condition {
            state: State::Failed,
            pid: 0,
        });
    }

    /// Returns how long the service is still to rest.
    fn rest(&self) -> Option<Duration> {
        let left = self.rests_until?.checked_duration_since(Instant::now())?;
        (!left.is_zero()).then_some(left)
    }
}

/// Tells how a service ended that ran, with what it wrote last.
async fn tell_end(name: &ServiceName, unit: Option<&UnitStatus>, rest: Option<Duration>) {
    let words = unit.map_or_else(|| "was stopped".to_owned(), UnitStatus::in_words);
    let said = last_words(unit.and_then(|unit| unit.invocation)).await;
    let seconds = seconds(rest.unwrap_or_default());
    tracing::error!(
        service.name = %name,
        "service {name} {words}; it is started again in {seconds} s{said}"
    );
}

/// Returns what a run wrote last, to stand at the end of a sentence; nothing if that cannot be had, for it
/// is in the journal in any case.
async fn last_words(run: Option<InvocationId>) -> String {
    let Some(run) = run else {
        return String::new();
    };
    match journal::last_lines(&run, LINES_TOLD).await {
        Ok(lines) if !lines.is_empty() => format!(". It wrote last: {}", lines.join("\n")),
        _ => String::new(),
    }
}

/// Returns a pause as it is told.
fn seconds(rest: Duration) -> u128 {
    rest.as_millis().div_ceil(1000)
}

/// Writes down what a service is started as, to be compared with what is configured later.
fn describe(settings: &Settings, service: &ServiceSettings) -> String {
    let hub = (&settings.hub.base_url, &settings.hub.public_url);
    let place = (&service.address, &service.user, &service.client);
    let search_path = &settings.server.search_path;
    format!("{hub:?} {place:?} {search_path:?} {:?}", service.program)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_service_that_fails_rests_longer_each_time() {
        let mut run = Run::default();
        assert_eq!(run.rest(), None);
        let rests: Vec<_> = (0..8)
            .map(|_| {
                run.fail(false);
                run.rest().unwrap().as_secs()
            })
            .collect();
        assert_eq!(rests, [5, 10, 20, 40, 80, 160, 300, 300]);
        run.fail(true);
        assert_eq!(run.rest(), Some(Duration::from_secs(5)));
        tokio::time::advance(Duration::from_secs(5)).await;
        assert_eq!(run.rest(), None);
        assert_eq!(run.condition.unwrap().state, State::Failed);
    }

    #[test]
    fn a_bridge_that_takes_a_connection_says_nothing_of_the_service() {
        let port = ServiceAddress::Tcp {
            host: "127.0.0.1".into(),
            port: 9001,
        };
        let own = ServiceAddress::OwnSocket;
        let table = [
            (&port, Ok(()), true),
            (&port, Err(ProbeError::NoAnswer), false),
            (&own, Err(ProbeError::NoAnswer), true),
            (&own, Err(ProbeError::NoSocket), false),
            (&own, Err(ProbeError::WrongOwner), false),
        ];
        for (address, asked, expected) in table {
            assert_eq!(
                answers(Some(address), &asked),
                expected,
                "{address} {asked:?}"
            );
        }
    }
}
