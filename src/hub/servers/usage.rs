//! What servers use at the moment: memory, CPU time, processes.

use std::time::Duration;

use tokio::time::{Instant, timeout_at};

use super::Servers;
use crate::{
    domain::{
        names::{ServerKey, UnitName},
        server::Life,
    },
    systemd::cgroup::{Cgroups, Usage},
    telemetry::causes::Causes,
};

/// How long looking at all servers may take; those whose turn does not come are told without figures.
const LOOK_TIMEOUT: Duration = Duration::from_secs(5);

/// A server that runs, and what it uses.
#[derive(Debug, Clone)]
pub struct ServerUsage {
    /// Which server.
    pub key: ServerKey,
    /// Its unit.
    pub unit: UnitName,
    /// What its processes use.
    pub usage: Usage,
}

impl Servers {
    /// Returns how many bytes of memory a server uses, as far as systemd knows.
    pub async fn memory_bytes(&self, key: &ServerKey) -> Option<u64> {
        let unit = UnitName::for_server(key).ok()?;
        match self.shared.parts.systemd.unit_status(&unit).await {
            Ok(status) => status?.memory_bytes,
            Err(error) => {
                tracing::warn!(unit = %unit, "look at {unit}: {causes}", causes = Causes(&error));
                None
            }
        }
    }

    /// Returns what the servers use that run and answer, of those that `wanted` picks.
    pub async fn usage(&self, wanted: impl Fn(&ServerKey) -> bool) -> Vec<ServerUsage> {
        let end = Instant::now() + LOOK_TIMEOUT;
        let cgroups = Cgroups::system();
        let mut found = Vec::new();
        for (key, status) in self.list() {
            let (Life::Ready { .. }, Some(group)) = (&status.life, &status.control_group) else {
                continue;
            };
            // A server without a unit of its name cannot have been started.
            let Ok(unit) = UnitName::for_server(&key) else {
                continue;
            };
            if wanted(&key) {
                let read = timeout_at(end, cgroups.usage(group)).await;
                let usage = read.unwrap_or_default();
                found.push(ServerUsage { key, unit, usage });
            }
        }
        found.sort_by(|one, other| one.key.cmp(&other.key));
        found
    }
}
