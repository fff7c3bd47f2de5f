//! People's servers: one supervisor task for each that is not at rest, and the way to talk to it.
//!
//! A server that is stopped and did not fail has no task, no memory and no timer: cost follows what
//! is active. The supervisor alone changes a server's state; everybody else sends it commands and
//! reads the state it publishes. Routes, tokens and units follow from the state machine in
//! `domain::server`.

mod measure;
mod probe;
mod recover;
mod start;
mod stop;
mod supervisor;
mod target;
pub mod usage;

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use arc_swap::ArcSwap;
use thiserror::Error;
use tokio::{
    sync::{Notify, mpsc, oneshot, watch},
    time::timeout,
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

pub use self::probe::{Probe, ProbeError, ProbeResult, Target};
use crate::{
    broker::client::{self, Broker},
    config::settings::Settings,
    domain::{
        access::{Permit, StartServer, StopServer},
        account::Account,
        entropy::Entropy,
        names::ServerKey,
        server::{Event, Life},
        time::Clock,
    },
    hub::{authority::Authority, routes::Routes},
    store::Store,
    systemd::Systemd,
    telemetry::causes::Causes,
};

/// Commands that may wait for one supervisor; more than that means it is stuck, and is told so.
const INBOX: usize = 64;

/// The state a supervisor publishes.
#[derive(Debug, Clone)]
pub struct Status {
    /// Where the server is in its life.
    pub life: Life,
    /// The latest lines the program wrote while it starts, oldest first.
    pub said: Vec<String>,
    /// The unit's control group, known since the program answered.
    pub control_group: Option<String>,
}

/// Why a server was not asked to start.
#[derive(Debug, Error)]
pub enum StartError {
    /// It runs already.
    #[error("{0} is already running")]
    AlreadyRunning(ServerKey),
    /// It is being stopped.
    #[error("{0} is pending stop")]
    PendingStop(ServerKey),
    /// It is being looked at after a restart of the hub.
    #[error("{0} is pending check")]
    PendingCheck(ServerKey),
    /// Too many servers are starting.
    #[error("too many servers are starting")]
    TooManyStarting,
    /// Too many servers run.
    #[error("too many servers are running")]
    TooManyRunning,
    /// The supervisor does not take commands.
    #[error("the server's supervisor is busy")]
    Busy,
}

/// What everything about servers needs of the rest of the hub.
pub struct Parts {
    /// What is remembered.
    pub store: Store,
    /// What servers' owners may do, and so their tokens.
    pub authority: Arc<Authority>,
    /// The root side.
    pub broker: Broker,
    /// What the proxy reads.
    pub routes: Arc<Routes>,
    /// The present configuration.
    pub settings: Arc<ArcSwap<Settings>>,
    /// The time.
    pub clock: Clock,
    /// Randomness.
    pub entropy: Entropy,
    /// What runs.
    pub systemd: Arc<Systemd>,
    /// Told when the unit of a service changes: one watch follows all units.
    pub service_news: Arc<Notify>,
    /// How to ask a program whether it is up.
    pub probe: Probe,
    /// Where tasks are counted.
    pub tracker: TaskTracker,
    /// Ends every supervisor; what it left half done, the next hub finds.
    pub stop: CancellationToken,
}

/// All servers that are not at rest.
#[derive(Clone)]
pub struct Servers {
    shared: Arc<Shared>,
}

struct Shared {
    parts: Parts,
    table: Mutex<HashMap<ServerKey, Handle>>,
}

struct Handle {
    inbox: mpsc::Sender<Command>,
    status: watch::Receiver<Status>,
}

/// What a supervisor is told.
enum Command {
    /// Something happened or is wished.
    Event(Event),
    /// Start with these options (JSON), or with the last ones.
    Start { options: Option<String> },
    /// The unit is not loaded any more: find out how it ended.
    Inspect,
    /// Tell the sender that everything sent before has been taken up.
    Answer(oneshot::Sender<()>),
}

impl Servers {
    /// Makes the table, with nothing in it.
    pub fn new(parts: Parts) -> Self {
        let shared = Shared {
            parts,
            table: Mutex::default(),
        };
        Self {
            shared: Arc::new(shared),
        }
    }

    /// Returns the state of a server; one that was never heard of is stopped.
    pub fn status(&self, key: &ServerKey) -> Status {
        match self.shared.table().get(key) {
            Some(handle) => handle.status.borrow().clone(),
            None => Status::at_rest(),
        }
    }

    /// Returns the state of every server that is not at rest.
    pub fn list(&self) -> Vec<(ServerKey, Status)> {
        let table = self.shared.table();
        let pairs = table.iter();
        pairs
            .map(|(key, handle)| (key.clone(), handle.status.borrow().clone()))
            .collect()
    }

    /// Follows a server's state; `None` when it is at rest.
    pub fn follow(&self, key: &ServerKey) -> Option<watch::Receiver<Status>> {
        self.shared.table().get(key).map(|h| h.status.clone())
    }

    /// Asks a server to start, with `options` (JSON) or those of the last start; one that is
    /// starting already is left to it.
    pub fn start(
        &self,
        permit: &Permit<StartServer>,
        options: Option<String>,
    ) -> Result<(), StartError> {
        let started = self.try_start(permit, options);
        started.inspect_err(measure::refused)
    }

    fn try_start(
        &self,
        permit: &Permit<StartServer>,
        options: Option<String>,
    ) -> Result<(), StartError> {
        let key = permit.target();
        let mut table = self.shared.table();
        let life = table.get(key).map(|h| h.status.borrow().life.clone());
        match life {
            Some(Life::Ready { .. }) => return Err(StartError::AlreadyRunning(key.clone())),
            Some(Life::Stopping { .. }) => return Err(StartError::PendingStop(key.clone())),
            Some(Life::Checking { .. }) => return Err(StartError::PendingCheck(key.clone())),
            Some(Life::Launching {
                cancelled: true, ..
            }) => {
                return Err(StartError::PendingStop(key.clone()));
            }
            Some(Life::Launching { .. } | Life::Waiting { .. }) => return Ok(()),
            Some(Life::Stopped { .. }) | None => {}
        }
        self.shared.check_limits(&table)?;
        self.shared
            .send(&mut table, key, Command::Start { options })
    }

    /// Asks a server to stop; one at rest is left so.
    pub fn stop(&self, permit: &Permit<StopServer>) -> Result<(), StartError> {
        let mut table = self.shared.table();
        if !table.contains_key(permit.target()) {
            return Ok(());
        }
        let command = Command::Event(Event::StopRequested);
        self.shared.send(&mut table, permit.target(), command)
    }

    /// Waits until a server neither starts nor stops, or `patience` is over; returns its state then.
    ///
    /// What was asked before is taken up first, so a start that was just asked for counts.
    pub async fn settled(&self, key: &ServerKey, patience: Duration) -> Status {
        let (answer, taken_up) = oneshot::channel();
        let mut status = match self.shared.table().get(key) {
            Some(handle) => {
                // A full inbox drops the question; the state is then looked at as it is.
                drop(handle.inbox.try_send(Command::Answer(answer)));
                handle.status.clone()
            }
            None => return Status::at_rest(),
        };
        let settled = async {
            // No answer means that the supervisor has ended, or was too busy to be asked.
            drop(taken_up.await);
            status.wait_for(Status::is_settled).await.map(|s| s.clone())
        };
        match timeout(patience, settled).await {
            // A supervisor that has ended left a server at rest.
            Ok(Err(_)) => Status::at_rest(),
            Ok(Ok(status)) => status,
            Err(_) => self.status(key),
        }
    }

    /// Returns the account behind a server, as the system has it now.
    pub async fn account_of(&self, key: &ServerKey) -> Result<Option<Account>, client::Error> {
        self.shared.parts.broker.account(&key.user).await
    }

    /// Tells that the proxy could not connect to a server that should be ready.
    pub fn unreachable(&self, key: &ServerKey) {
        self.tell(key, Event::Unreachable);
    }

    fn tell(&self, key: &ServerKey, event: Event) {
        self.shared.tell(key, event);
    }
}

impl Shared {
    fn table(&self) -> MutexGuard<'_, HashMap<ServerKey, Handle>> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sends a command to a server's supervisor, which is made if there is none.
    fn send(
        self: &Arc<Self>,
        table: &mut HashMap<ServerKey, Handle>,
        key: &ServerKey,
        command: Command,
    ) -> Result<(), StartError> {
        let handle = table
            .entry(key.clone())
            .or_insert_with(|| supervisor::spawn(self, key.clone()));
        // A full inbox is an error to the sender and never makes it wait under the lock.
        handle.inbox.try_send(command).map_err(|_| StartError::Busy)
    }

    fn tell(self: &Arc<Self>, key: &ServerKey, event: Event) {
        self.send_or_log(&mut self.table(), key, Command::Event(event));
    }

    fn send_or_log(
        self: &Arc<Self>,
        table: &mut HashMap<ServerKey, Handle>,
        key: &ServerKey,
        command: Command,
    ) {
        if let Err(error) = self.send(table, key, command) {
            tracing::error!(server.name = %key, "server {key} was not told of an event: {causes}", causes = Causes(&error));
        }
    }

    fn check_limits(&self, table: &HashMap<ServerKey, Handle>) -> Result<(), StartError> {
        let settings = self.parts.settings.load();
        let (mut active, mut starting) = (0, 0);
        for handle in table.values() {
            let status = handle.status.borrow();
            active += usize::from(status.life.is_active());
            starting += usize::from(match status.life {
                Life::Launching { .. } | Life::Waiting { .. } => true,
                // Its start was asked for a moment ago.
                Life::Stopped { .. } => handle.inbox.capacity() < INBOX,
                Life::Checking { .. } | Life::Ready { .. } | Life::Stopping { .. } => false,
            });
        }
        let full = |limit: usize, count: usize| limit != 0 && count >= limit;
        if full(settings.hub.concurrent_spawn_limit, starting) {
            return Err(StartError::TooManyStarting);
        }
        if full(settings.hub.active_server_limit, active) {
            return Err(StartError::TooManyRunning);
        }
        Ok(())
    }
}

impl Status {
    /// Returns the state of a server of which nothing is under way.
    pub fn at_rest() -> Self {
        Self {
            life: Life::NEW,
            said: Vec::new(),
            control_group: None,
        }
    }

    /// Returns how far a start is, in per cent and in words (SP-51).
    pub fn progress(&self) -> (u8, &str) {
        let said = self.said.last().map(String::as_str);
        match &self.life {
            Life::Stopped { .. } => (0, "Not running"),
            Life::Launching { .. } => (10, "Asking systemd to start the server"),
            Life::Waiting { .. } => (50, said.unwrap_or("Started; waiting for it to answer")),
            Life::Checking { .. } => (70, "Looking whether the server still answers"),
            Life::Ready { .. } => (100, "Server ready"),
            Life::Stopping { failure, .. } if failure.is_some() => {
                (90, "The start failed; clearing up")
            }
            Life::Stopping { .. } => (90, "Stopping the server"),
        }
    }

    /// Tells whether nothing is under way.
    pub fn is_settled(&self) -> bool {
        matches!(self.life, Life::Ready { .. } | Life::Stopped { .. })
    }
}
