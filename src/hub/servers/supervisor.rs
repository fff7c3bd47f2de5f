//! The task that owns one server: feeds events to the state machine and carries out its effects.

use std::{pin::Pin, sync::Arc};

use tokio::sync::{mpsc, watch};

use super::{Command, Handle, INBOX, Shared, Status, Target, measure::Measure, start, stop};
use crate::{
    domain::{
        names::ServerKey,
        server::{Effect, Event, Life},
    },
    systemd::UnitStatus,
};

/// Something that takes long and ends in an event. One at a time: the state machine never asks for
/// a second before the first has ended, but for waits, which may be dropped at any point.
type Work = Pin<Box<dyn Future<Output = Done> + Send>>;

/// How something ended, and what it found out about where the server listens and how its unit is.
pub(super) struct Done {
    pub(super) event: Event,
    pub(super) target: Option<Target>,
    pub(super) unit: Option<Box<UnitStatus>>,
}

impl From<Event> for Done {
    fn from(event: Event) -> Self {
        Self {
            event,
            target: None,
            unit: None,
        }
    }
}

/// Makes the supervisor of a server at rest.
pub(super) fn spawn(shared: &Arc<Shared>, key: ServerKey) -> Handle {
    let (inbox, commands) = mpsc::channel(INBOX);
    let (publish, status) = watch::channel(Status::at_rest());
    let supervisor = Supervisor {
        shared: Arc::clone(shared),
        key,
        life: Life::NEW,
        options: None,
        work: None,
        target: None,
        control_group: None,
        measure: Measure::begin(),
        publish,
    };
    shared.parts.tracker.spawn(supervisor.run(commands));
    Handle { inbox, status }
}

struct Supervisor {
    shared: Arc<Shared>,
    key: ServerKey,
    life: Life,
    options: Option<String>,
    work: Option<Work>,
    target: Option<Target>,
    control_group: Option<String>,
    measure: Measure,
    publish: watch::Sender<Status>,
}

impl Supervisor {
    async fn run(mut self, mut commands: mpsc::Receiver<Command>) {
        loop {
            let event = tokio::select! {
                () = self.shared.parts.stop.cancelled() => return,
                command = commands.recv() => match command {
                    Some(command) => self.event_of(command),
                    None => return,
                },
                done = next(&mut self.work) => {
                    self.work = None;
                    self.target = done.target.or(self.target.take());
                    if let Some(unit) = done.unit {
                        self.measure.unit(&self.life, &unit);
                        self.control_group = Some(unit.control_group);
                    }
                    Some(done.event)
                }
            };
            if let Some(event) = event {
                self.take(event);
            }
            let at_rest = self.life == Life::NEW && self.work.is_none();
            if at_rest && self.retire(&commands) {
                return;
            }
        }
    }

    fn event_of(&mut self, command: Command) -> Option<Event> {
        match command {
            Command::Event(event) => Some(event),
            Command::Start { options } => {
                self.options = options;
                Some(Event::StartRequested)
            }
            Command::Inspect => {
                self.inspect();
                None
            }
            Command::Answer(answer) => {
                // Whoever asked may have lost patience.
                answer.send(()).unwrap_or_default();
                None
            }
        }
    }

    fn take(&mut self, event: Event) {
        let before = std::mem::replace(&mut self.life, Life::NEW);
        let was = before.name();
        let now = self.shared.parts.clock.now();
        let from = before.clone();
        let (life, effects) = before.on(event, now);
        self.life = life;
        self.measure.change(&from, &self.life);
        if was != self.life.name() {
            tracing::info!(
                user.name = %self.key.user,
                server.name = %self.key,
                "server {} is {}",
                self.key,
                self.life.name()
            );
            if let Life::Stopped {
                failure: Some(failure),
            } = &self.life
            {
                tracing::warn!(
                    user.name = %self.key.user,
                    server.name = %self.key,
                    "server {} failed: {}",
                    self.key,
                    failure.cause
                );
            }
        }
        self.route_first(&effects);
        let life = self.life.clone();
        self.publish.send_modify(|status| {
            if matches!(life, Life::Launching { .. }) {
                status.said.clear();
            }
            status.control_group.clone_from(&self.control_group);
            status.life = life;
        });
        for effect in effects {
            self.perform(effect);
        }
    }

    /// Nobody may see a server as stopping that is still routed, or as ready that is not routed yet.
    fn route_first(&self, effects: &[Effect]) {
        for effect in effects {
            match effect {
                Effect::WithdrawRoute => self.shared.withdraw(&self.key),
                Effect::PublishRoute => {
                    if let Some(target) = &self.target {
                        self.shared.publish(&self.key, target);
                    }
                }
                Effect::Launch | Effect::AwaitAnswer | Effect::Undo | Effect::Inspect => {}
            }
        }
    }

    fn perform(&mut self, effect: Effect) {
        let (shared, key) = (Arc::clone(&self.shared), self.key.clone());
        match effect {
            Effect::Launch => {
                self.control_group = None;
                let options = self.options.take();
                self.work = Some(Box::pin(start::launch(shared, key, options)));
            }
            Effect::AwaitAnswer => {
                if let Some(run) = self.life.run().copied() {
                    let publish = self.publish.clone();
                    self.work = Some(Box::pin(start::await_answer(shared, key, run, publish)));
                }
            }
            Effect::Undo => {
                let failed = matches!(
                    &self.life,
                    Life::Stopping {
                        failure: Some(_),
                        ..
                    }
                );
                let failed = self.life.run().copied().filter(|_| failed);
                self.work = Some(Box::pin(stop::undo(shared, key, failed)));
            }
            Effect::Inspect => self.inspect(),
            Effect::PublishRoute | Effect::WithdrawRoute => {}
        }
    }

    /// Looks at the unit beside whatever is under way; what it finds arrives as a command.
    fn inspect(&self) {
        let Some(run) = self.life.run().copied() else {
            return;
        };
        let (shared, key) = (Arc::clone(&self.shared), self.key.clone());
        self.shared.parts.tracker.spawn(async move {
            if let Some(event) = start::end_of(&shared, &key, &run).await {
                shared.tell(&key, event);
            }
        });
    }

    /// Ends the supervisor unless a command came in the meantime; sends happen under the same lock.
    fn retire(&self, commands: &mpsc::Receiver<Command>) -> bool {
        let mut table = self.shared.table();
        if commands.is_empty() {
            table.remove(&self.key);
            true
        } else {
            false
        }
    }
}

async fn next(work: &mut Option<Work>) -> Done {
    match work {
        Some(work) => work.await,
        None => std::future::pending().await,
    }
}
