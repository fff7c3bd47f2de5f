//! What systemd says, taken to the supervisors; and how a hub that comes back finds its servers.
//!
//! Units are the truth about what runs, records about what should. A unit with a record is adopted,
//! one without is stopped, a record without a unit is closed. The same rules serve a start of the
//! hub, a reload of systemd and a unit that appears late, started by a broker whose hub was killed.

use std::{collections::HashMap, time::Duration};

use tokio::time::{Instant, sleep};

use super::{Command, Servers, start};
use crate::{
    domain::{
        names::{Backend, ServerKey, UnitName},
        server::{Event, Life},
    },
    store::{self, servers::RecordedState},
    systemd::{self, UnitEvent, UnitStatus},
    telemetry::{
        causes::Causes,
        metrics::{METRICS, labels::Unlabelled},
    },
};

/// How long a unit may stay away that a killed hub had asked for; the broker that was asked goes on
/// alone and is done well before.
const LATE_UNIT: Duration = Duration::from_secs(5);
/// Pause before the bus is tried again.
const RECONNECT: Duration = Duration::from_secs(1);

impl Servers {
    /// Compares units and records, adopting, stopping and closing; then follows systemd for ever.
    ///
    /// Returns only when the store fails, which nothing here could go on without.
    pub async fn follow_units(&self) -> store::Error {
        loop {
            match self.follow_bus().await {
                Ok(never) => match never {},
                Err(Lost::Store(error)) => return error,
                Err(Lost::Bus(error)) => {
                    tracing::warn!(
                        "lost systemd, trying again: {causes}",
                        causes = Causes(&error)
                    );
                    sleep(RECONNECT).await;
                }
            }
        }
    }

    async fn follow_bus(&self) -> Result<std::convert::Infallible, Lost> {
        let systemd = &self.shared.parts.systemd;
        let mut watch = systemd.watch().await?;
        self.reconcile().await?;
        loop {
            match watch.next().await {
                UnitEvent::Changed(status) => self.on_unit(status).await?,
                UnitEvent::Removed(unit) => self.on_removed(&unit),
                UnitEvent::Resync => {
                    self.shared.parts.service_news.notify_one();
                    self.reconcile().await?;
                }
            }
        }
    }

    /// Brings supervisors in line with units and records.
    pub async fn reconcile(&self) -> Result<(), Lost> {
        let begun = Instant::now();
        let units = self.shared.parts.systemd.list_servers().await?;
        let mut units: HashMap<ServerKey, UnitStatus> = units.into_iter().collect();
        for record in self.shared.parts.store.list_unfinished_servers().await? {
            match units.remove(&record.key) {
                Some(unit) => self.on_unit_with_record(&record.key, &unit, record.state),
                None => self.on_record_without_unit(record.key),
            }
        }
        for key in units.into_keys() {
            self.on_unit_without_record(&key);
        }
        // A supervisor that believes in a unit must hear of its end too.
        let mut table = self.shared.table();
        let believing: Vec<ServerKey> = table
            .iter()
            .filter(|(_, handle)| handle.status.borrow().life.run().is_some())
            .map(|(key, _)| key.clone())
            .collect();
        for key in believing {
            self.shared.send_or_log(&mut table, &key, Command::Inspect);
        }
        METRICS.checks.observe(&Unlabelled, begun.elapsed());
        Ok(())
    }

    async fn on_unit(&self, unit: UnitStatus) -> Result<(), store::Error> {
        let Backend::Server(key) = &unit.backend else {
            self.shared.parts.service_news.notify_one();
            return Ok(());
        };
        if self.is_supervised(key) {
            self.on_unit_with_record(key, &unit, RecordedState::Running);
            return Ok(());
        }
        let record = self.shared.parts.store.find_server(key).await?;
        match record.map(|record| record.state) {
            Some(RecordedState::Stopped) | None if unit.active.is_up() => {
                self.on_unit_without_record(key);
            }
            Some(RecordedState::Stopped) | None => {}
            Some(state) => self.on_unit_with_record(key, &unit, state),
        }
        Ok(())
    }

    fn on_unit_with_record(&self, key: &ServerKey, unit: &UnitStatus, recorded: RecordedState) {
        let Some(run) = unit.invocation else {
            return;
        };
        let (up, supervised) = (unit.active.is_up(), self.is_supervised(key));
        if !supervised {
            if recorded == RecordedState::Stopping {
                self.tell(key, Event::FoundUnwanted);
                return;
            }
            tracing::info!(unit = %unit.unit, "found {}", unit.unit);
            self.tell(key, Event::Found(run));
        }
        if !up {
            self.tell(key, Event::Ended(run, start::end_in(unit)));
        }
    }

    fn on_record_without_unit(&self, key: ServerKey) {
        if self.is_supervised(&key) {
            return;
        }
        let servers = self.clone();
        self.shared.parts.tracker.spawn(async move {
            sleep(LATE_UNIT).await;
            if !servers.is_supervised(&key) {
                tracing::info!(server.name = %key, "the unit of {key} is gone");
                servers.tell(&key, Event::FoundUnwanted);
            }
        });
    }

    fn on_unit_without_record(&self, key: &ServerKey) {
        if !self.is_supervised(key) {
            tracing::warn!(server.name = %key, "stopping the unit of {key}, which nobody asked for");
            self.tell(key, Event::FoundUnwanted);
        }
    }

    fn on_removed(&self, unit: &UnitName) {
        let key = match UnitName::parse(unit.as_str()) {
            Some((_, Backend::Server(key))) => key,
            Some((_, Backend::Service(_))) => {
                self.shared.parts.service_news.notify_one();
                return;
            }
            None => return,
        };
        let mut table = self.shared.table();
        if table.contains_key(&key) {
            self.shared.send_or_log(&mut table, &key, Command::Inspect);
        }
    }

    /// Tells whether something is under way or running that a supervisor knows of.
    fn is_supervised(&self, key: &ServerKey) -> bool {
        let table = self.shared.table();
        table
            .get(key)
            .is_some_and(|handle| !matches!(handle.status.borrow().life, Life::Stopped { .. }))
    }
}

/// What ended the following of units.
#[derive(Debug, thiserror::Error)]
pub enum Lost {
    /// The bus or systemd.
    #[error("follow systemd")]
    Bus(#[from] systemd::Error),
    /// The database.
    #[error("read the records of servers")]
    Store(#[from] store::Error),
}
